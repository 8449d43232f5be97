/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A new secret for a key, and the end of those before. Rotating is making: it takes the same authority, and never
 * brings a key back that was switched off or has ended. Taking a rotation back takes that authority too, since it gives
 * the secret before a life without an end. Retiring is ending: whoever may revoke a key may do it. Defends against two
 * rotations at once, of which one would lose its secret without a word, and against a secret that lives on through one
 * that is being retired, or through a clock that is set.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "daemon/admin.h"
#include "daemon/admin_policy.h"
#include "daemon/key_fields.h"
#include "daemon/key_secrets.h"
#include "daemon/policy.h"
#include "daemon/sources.h"

static struct store_secret *current_secret(struct store_key *key)
{
	return &key->secrets[key_secrets_current(key)];
}

/* ---- rotate ---- */

static int check_overlap(struct admin_request *request)
{
	const struct message_key_rotate *wanted = &request->message.rotate;

	uint64_t longest = wanted->overlap > wanted->after_use ? wanted->overlap : wanted->after_use;

	if (wanted->cancel && (wanted->now || longest > 0))
		return admin_refuse(request, ANSWER_INVALID, "a rotation that is taken back has no overlap");
	if (wanted->now && longest > 0)
		return admin_refuse(request, ANSWER_INVALID,
				    "either the secret before ends now, or there is an overlap");
	if (wanted->overlap > 0 && wanted->after_use > 0)
		return admin_refuse(request, ANSWER_INVALID,
				    "the overlap begins either now or with the first use of the new secret");
	if (longest > SETTINGS_OVERLAP_MAX)
		return admin_refuse(request, ANSWER_INVALID,
				    "the overlap is 365 days at most, and not %" PRIu64 " seconds", longest);
	return 0;
}

/* The states of a key that can have a new secret: one that is inactive stays so, and may get a new secret before it is
 * switched on again. */
static int check_state(struct admin_request *request, const struct store_key *key, int64_t now)
{
	char end[CLOCK_TEXT_SIZE];

	if (key->state == STORE_REVOKED)
		return admin_refuse(request, ANSWER_WRONG_STATE, "the key is revoked, which is final; make a new one");
	if (key->state == STORE_SUSPENDED && request->authority.kind != AUTHORITY_ADMINISTRATOR)
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "the key is suspended; an administrator can rotate it, and activate it");
	if (key->secret_count == 0)
		return admin_refuse(request, ANSWER_WRONG_STATE,
				    "the key has no secret that could be rotated; make a new key");
	if (now < key->expires)
		return 0;
	clock_format(key->expires, end, sizeof(end));
	return admin_refuse(
		request, ANSWER_WRONG_STATE,
		"the key expired at %s, and a new secret would be refused like the old one; first give it a "
		"new end: 'apikeyctl key update %s --expires 90d'",
		end, key->id);
}

/* A key makes keys for its own owner alone; with a new secret of somebody else's it would log in as them. */
static int check_owner(struct admin_request *request, const struct store_key *key)
{
	const struct authority *authority = &request->authority;

	if (authority->kind != AUTHORITY_KEY || strcmp(authority->owner, key->owner) == 0)
		return 0;
	return admin_refuse(request, ANSWER_NOT_PERMITTED,
			    "a key gives new secrets to keys of its own owner alone, and this one is of %.100s",
			    key->owner);
}

/* Who has a secret that is being retired must not be able to follow it with one that is not. */
static int check_actor(struct admin_request *request, struct store_key *key)
{
	const struct authority *authority = &request->authority;

	if (authority->kind != AUTHORITY_KEY || strcmp(authority->key_id, key->id) != 0 ||
	    authority->secret == current_secret(key)->number)
		return 0;
	return admin_refuse(request, ANSWER_NOT_PERMITTED,
			    "secret %" PRIu32
			    " of this key is being retired and makes no new one; act with the current "
			    "secret, number %" PRIu32,
			    authority->secret, current_secret(key)->number);
}

static int check_expected(struct admin_request *request, struct store_key *key)
{
	uint64_t expected = request->message.rotate.expected;
	uint32_t number = current_secret(key)->number;

	if (!request->message.rotate.cancel && key_secrets_next_number(key) == 0)
		return admin_refuse(request, ANSWER_WRONG_STATE, "the key has been rotated too often; make a new key");
	if (expected == 0 || expected == number)
		return 0;
	return admin_refuse(request, ANSWER_WRONG_STATE,
			    "it was rotated meanwhile: the current secret is number %" PRIu32 " and not %" PRIu64
			    "; nothing was changed. See 'apikeyctl key show %s'",
			    number, expected, key->id);
}

static int may_rotate(struct admin_request *request, struct store_reader *reader, struct store_key *key, int64_t now)
{
	int r = check_state(request, key, now);

	if (r == 0)
		r = admin_check_reach(request, reader, key);
	if (r == 0)
		r = check_owner(request, key);
	if (r == 0)
		r = admin_policy_check_own_end(request, key, now);
	if (r == 0)
		r = check_actor(request, key);
	return r != 0 ? r : check_expected(request, key);
}

static struct key_overlap overlap_of(const struct admin_request *request)
{
	const struct message_key_rotate *wanted = &request->message.rotate;

	if (wanted->now || wanted->after_use > 0)
		return (struct key_overlap){ .after_use = wanted->after_use };
	return (struct key_overlap){
		.seconds = wanted->overlap > 0 ? wanted->overlap : request->settings->settings.rotation_overlap,
	};
}

/* Puts a new secret behind the others. */
static int add_secret(struct admin_request *request, struct vault *vault, struct store_key *key, int64_t now,
		      char *ret_token)
{
	struct store_secret secret = { .number = key_secrets_next_number(key), .created = now };
	int r = key_secrets_make_room(key, overlap_of(request), now);

	if (r == -ERANGE)
		return admin_refuse(request, ANSWER_INVALID, "the overlap ends beyond all time");
	if (r == -ENOSPC)
		return admin_refuse(
			request, ANSWER_WRONG_STATE,
			"%d secrets before the current one are still good, and there can be no more; first end "
			"those that are not used any more: 'apikeyctl key retire %s'",
			STORE_SECRETS_MAX - 1, key->id);
	r = admin_draw_secret(vault, key, &secret, ret_token);
	if (r == 0)
		key->secrets[key->secret_count++] = secret;
	return r;
}

/* The new secret ends, and the one before is the current one again, if it is still good. */
static int take_back(struct admin_request *request, struct store_key *key, int64_t now)
{
	const struct store_secret *before = key_secrets_before(key);
	uint32_t number = current_secret(key)->number;
	char end[CLOCK_TEXT_SIZE];

	if (!before)
		return admin_refuse(request, ANSWER_WRONG_STATE,
				    "there is no rotation to take back: the key has no secret before number %" PRIu32,
				    number);
	if (policy_judge_secret(before, now) == REASON_NONE) {
		key_secrets_take_back(key, now);
		return 0;
	}
	clock_format(before->retires, end, sizeof(end));
	return admin_refuse(request, ANSWER_WRONG_STATE,
			    "the rotation cannot be taken back: secret %" PRIu32
			    ", the one before, is refused since %s and stays so; secret %" PRIu32
			    " stays the current one, and 'apikeyctl key rotate %s' makes another",
			    before->number, end, number, key->id);
}

/* From where the key was used counts no more once none of the secrets is good that it was used with; or who had one of
 * those would have its next use, by who holds the new one, taken for misuse. */
static void begin_networks_anew(const struct admin_request *request, struct store_key *key, int64_t now)
{
	const struct store_secret *current = current_secret(key);

	for (size_t i = 0; i < key->secret_count; i++) {
		if (&key->secrets[i] != current && policy_judge_secret(&key->secrets[i], now) == REASON_NONE)
			return;
	}
	sources_forget(request->thread->daemon->sources, key->id);
}

int admin_key_rotate(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct store_key *key = &request->keys[1];
	bool cancel = request->message.rotate.cancel;
	char token[ADMIN_TOKEN_MAX + 1];
	int64_t now = clock_wall_seconds();
	int r = check_overlap(request);

	if (r == 0)
		r = admin_find_twice(request, reader, request->message.rotate.key);
	if (r == 0)
		r = may_rotate(request, reader, key, now);
	if (r == 0)
		r = cancel ? take_back(request, key, now) : add_secret(request, vault, key, now, token);
	if (r == 0)
		r = admin_save_key(request, reader, vault, cancel ? NULL : token, NULL);
	if (r == 0)
		begin_networks_anew(request, key, now);
	secret_wipe(token, sizeof(token));
	return r;
}

/* ---- retire ---- */

/* Ends the secret that was named, or all but the current one. *ret_changed says whether any was not ended yet. */
static int end_secrets(struct admin_request *request, struct store_key *key, int64_t now, bool *ret_changed)
{
	uint64_t number = request->message.retire.secret;
	bool changed = false, found = number == 0;

	for (size_t i = 0; i < key->secret_count; i++) {
		struct store_secret *secret = &key->secrets[i];

		if (number != 0 && secret->number != number)
			continue;
		if (secret == current_secret(key) && number == 0)
			continue;
		if (secret == current_secret(key))
			return admin_refuse(request, ANSWER_WRONG_STATE,
					    "secret %" PRIu64 " is the current one: 'apikeyctl key rotate %s --now' "
					    "replaces it at once, 'apikeyctl key revoke %s' ends the key",
					    number, key->id, key->id);
		found = true;
		if (secret->form == STORE_FORM_ENDED)
			continue;
		key_secrets_end(secret, now);
		changed = true;
	}
	if (!found)
		return admin_refuse(request, ANSWER_NOT_FOUND,
				    "the key has no secret number %" PRIu64 "; 'apikeyctl key show %s' lists them",
				    number, key->id);
	*ret_changed = changed;
	return 0;
}

int admin_key_retire(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_key_retire *wanted = &request->message.retire;
	struct store_key *key = &request->keys[1];
	int64_t now = clock_wall_seconds();
	bool changed = false;
	int r = admin_check_why(request, wanted->why);

	if (r == 0)
		r = admin_find_twice(request, reader, wanted->key);
	if (r == 0)
		r = end_secrets(request, key, now, &changed);
	if (r != 0)
		return r;
	if (!changed)
		return admin_reply_key(request, reader, key, NULL);
	r = admin_save_key(request, reader, vault, NULL, wanted->why);
	if (r == 0)
		begin_networks_anew(request, key, now);
	return r;
}
