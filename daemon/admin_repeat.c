/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/admin_repeat.h"

#include <errno.h>
#include <string.h>

#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/crypto.h"
#include "daemon/admin_policy.h"
#include "daemon/key_secrets.h"
#include "daemon/store_repeat.h"
#include "proto/credential.h"

#define TIME_SLACK 300 /* seconds between two clocks, and between asking and being heard */
#define PURGE_STEP 8   /* of those that are too old, with each that is noted: so there are never many */

int admin_repeat_check(struct admin_request *request)
{
	const char *text = request->message.create.idempotency_key;

	if (!text || (*text && encoding_is_visible(text) && !credential_looks_secret(text)))
		return 0;
	return admin_refuse(request, ANSWER_INVALID,
			    "an idempotency key is 1 to %d visible ASCII characters without blanks, and no key of ours",
			    WIRE_IDEMPOTENCY_MAX);
}

/* What is asked for, the times apart: a MAC, since it may hold a private key. 0 or a negative errno. */
static int digest_request(struct admin_request *request, struct vault *vault, uint8_t ret_digest[STORE_DIGEST_SIZE])
{
	struct message_key_create asked = request->message.create;
	struct codec_header header = { .type = WIRE_KEY_CREATE };
	struct crypto_mac *mac = NULL;
	size_t size = 0;
	int r;

	asked.credential = asked.idempotency_key = NULL;
	asked.not_before = asked.expires = 0;
	/* There is nothing in the room for the reply yet. */
	r = codec_encode(&message_key_create, &asked, header, request->reply, sizeof(request->reply), &size);
	if (r == 0)
		r = crypto_mac_new(vault->keyring.pepper, &mac);
	if (r == 0)
		r = crypto_mac_compute(mac, request->reply, size, ret_digest);
	crypto_mac_free(mac);
	secret_wipe(request->reply, size);
	return r;
}

static bool is_same_time(int64_t then, int64_t made, int64_t time, int64_t now)
{
	int64_t moved;

	if (then == time)
		return true;
	if (then == 0 || time == 0 || then == TIME_NEVER || time == TIME_NEVER)
		return false;
	moved = (time - now) - (then - made);
	return moved >= -TIME_SLACK && moved <= TIME_SLACK;
}

/* Whether the text stands for this request. */
static int check_same(struct admin_request *request, struct vault *vault, const struct store_repeat *repeat,
		      int64_t now)
{
	const struct message_key_create *wanted = &request->message.create;
	uint8_t digest[STORE_DIGEST_SIZE];
	int r = digest_request(request, vault, digest);

	if (r < 0)
		return r;
	if (secret_equal(digest, repeat->digest, sizeof(digest)) &&
	    is_same_time(repeat->not_before, repeat->created, wanted->not_before, now) &&
	    is_same_time(repeat->expires, repeat->created, wanted->expires, now))
		return 0;
	return admin_refuse(
		request, ANSWER_EXISTS,
		"with this idempotency key another request made the key %s, with other options: repeat those, "
		"or take another idempotency key for another key",
		repeat->key);
}

/* ---- another secret ---- */

/* True where nobody has used the secret that was handed out, and nobody else has changed it. */
static bool is_untouched(const struct store_key *key, const struct store_repeat *repeat, const struct store_use *uses)
{
	size_t current = key_secrets_current(key);

	return key->secret_count > 0 && key->secrets[current].number == repeat->secret && uses[current].count == 0 &&
	       key_secrets_next_number(key) != 0 && (key->state == STORE_ACTIVE || key->state == STORE_INACTIVE);
}

/* Who may have it: it lets in as far as the key reaches now, which may be further than when it was made. */
static int check_minting(struct admin_request *request, struct store_reader *reader, const struct store_key *key,
			 int64_t now)
{
	const struct authority *authority = &request->authority;

	if (authority->kind == AUTHORITY_KEY && strcmp(authority->owner, key->owner) != 0)
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "a key gives new secrets to keys of its own owner alone, and this one is of %.100s",
				    key->owner);
	if (authority->kind == AUTHORITY_KEY && strcmp(authority->key_id, key->id) == 0)
		return admin_refuse(request, ANSWER_NOT_PERMITTED, "a key does not take its own secret away like this");
	return admin_policy_check_own_end(request, key, now) != 0 ? ANSWER_NOT_PERMITTED
								  : admin_check_reach(request, reader, key);
}

/* The secret that was handed out ends, and another is the current one. */
static int mint(struct admin_request *request, struct store_reader *reader, struct vault *vault,
		struct store_repeat *repeat, int64_t now)
{
	struct store_key *key = &request->keys[1];
	struct store_secret secret = { .number = key_secrets_next_number(key), .created = now };
	char token[ADMIN_TOKEN_MAX + 1];
	int r = check_minting(request, reader, key, now);

	if (r != 0)
		return r;
	/* Others that are good are not there: nobody has rotated it. */
	r = key_secrets_make_room(key, (struct key_overlap){ .seconds = 0 }, now);
	if (r == 0)
		r = admin_draw_secret(vault, key, &secret, token);
	if (r == 0) {
		key->secrets[key->secret_count++] = secret;
		repeat->secret = secret.number;
		r = store_save_repeat(vault->store, request->authority.actor, request->message.create.idempotency_key,
				      repeat);
	}
	if (r == 0)
		r = admin_save_key(request, reader, vault, token, "repeated with its idempotency key before first use");
	secret_wipe(&secret, sizeof(secret));
	secret_wipe(token, sizeof(token));
	return r;
}

/* ---- the request ---- */

int admin_repeat_find(struct admin_request *request, struct store_reader *reader, struct vault *vault, int64_t now,
		      bool *ret_found)
{
	const char *text = request->message.create.idempotency_key;
	struct store_use uses[STORE_SECRETS_MAX];
	struct store_repeat repeat;
	uint64_t once = 0;
	int r = text ? store_find_repeat(reader, request->authority.actor, text, &repeat) : -ENOENT;

	*ret_found = false;
	if (r == -ENOENT || (r == 0 && now >= repeat.created + REPEAT_KEPT_SECONDS))
		return 0;
	if (r == 0)
		r = check_same(request, vault, &repeat, now);
	if (r != 0)
		return r;
	r = admin_find_twice(request, reader, repeat.key);
	if (r == ANSWER_NOT_FOUND)
		return admin_refuse(
			request, ANSWER_WRONG_STATE,
			"the key %s, which was made with this idempotency key, is gone; take another one to "
			"make another key",
			repeat.key);
	if (r == 0)
		r = admin_find_uses(request, reader, &request->keys[1], uses);
	if (r == 0)
		r = store_count_once(reader, repeat.key, &once);
	if (r != 0)
		return r;
	*ret_found = true;
	request->repeated = true;
	/* What was brought along is with who brought it. */
	if (once > 0 || admin_imports(request) || !is_untouched(&request->keys[1], &repeat, uses))
		return admin_reply_key(request, reader, &request->keys[1], NULL);
	return mint(request, reader, vault, &repeat, now);
}

int admin_repeat_note(struct admin_request *request, struct vault *vault, const struct store_key *key)
{
	const struct message_key_create *wanted = &request->message.create;
	struct store_repeat repeat = { .secret = key->secrets[0].number,
				       .not_before = wanted->not_before,
				       .expires = wanted->expires,
				       .created = key->created };
	int r;

	if (!wanted->idempotency_key)
		return 0;
	strcpy(repeat.key, key->id);
	r = digest_request(request, vault, repeat.digest);
	if (r == 0)
		r = store_purge_repeats(vault->store, key->created - REPEAT_KEPT_SECONDS, PURGE_STEP);
	return r < 0 ? r : store_save_repeat(vault->store, request->authority.actor, wanted->idempotency_key, &repeat);
}
