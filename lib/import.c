/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The call that imports keys: as many of them as one packet holds, and what comes back made the public structs (block.h
 * says how they are owned). A key that breaks a rule of the wire ends the request before it, so that the others get
 * their answers.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"

_Static_assert(APIKEY_SHA256_SIZE == MESSAGE_SHA256_SIZE, "the same hash");

#define NUMBER_SIZE (WIRE_FIELD_SIZE + 8)
#define TEXT_MAX WIRE_CREDENTIAL_MAX

void apikey_import_free(struct apikey_import *import)
{
	block_free(import);
}

/* ---- what comes back ---- */

static int build(struct block *block, const void *packet, size_t size)
{
	struct apikey_import *import = block_take(block, 1, sizeof(*import));
	struct apikey_import_result *results;
	struct message_key_imported message;
	struct message_import_result result;
	int r = codec_decode(&message_key_imported, packet, size, &message);

	if (r < 0)
		return r;
	results = block_take(block, message.results.count, sizeof(*results));
	if (!import || !results)
		return 0;
	*import = (struct apikey_import){ .count = message.results.count, .results = results };
	for (size_t i = 0; codec_next_record(&message.results, &message_import_result, &result); i++)
		results[i] = (struct apikey_import_result){
			/* What a later daemon may answer is no success. */
			.outcome = result.outcome == APIKEY_IMPORT_CREATED || result.outcome == APIKEY_IMPORT_UNCHANGED
					   ? (enum apikey_import_outcome)result.outcome
					   : APIKEY_IMPORT_REFUSED,
			.id = result.id ? result.id : "",
			.answer = (enum apikey_answer)result.answer,
			.message = result.detail ? result.detail : "",
		};
	return 0;
}

/* ---- what is sent ---- */

/* Adds the bytes of a text on the wire. False when it is too long for it. */
static bool add_text(const char *text, size_t *size)
{
	size_t length = text ? strlen(text) : 0;

	if (length > 0)
		*size += WIRE_FIELD_SIZE + length + 1;
	return length <= TEXT_MAX;
}

static bool add_texts(const char *const *given, struct codec_texts *ret_texts, size_t *size)
{
	if (texts_read(given, ret_texts) < 0)
		return false;
	for (size_t i = 0; i < ret_texts->count; i++) {
		if (*ret_texts->items[i] == '\0' || !add_text(ret_texts->items[i], size))
			return false;
	}
	return true;
}

/* One key as it is sent, and how many bytes it takes. False when it breaks a rule of the wire. */
static bool take_key(const struct apikey_import_key *given, struct message_import_key *ret_message, size_t *ret_size)
{
	struct apikey_import_key key;
	size_t size = WIRE_FIELD_SIZE;

	if (!given || versioned_read(given, &key, sizeof(key)) < 0 || key.not_before < 0 || key.expires < 0)
		return false;
	if (!add_text(key.name, &size) || !add_text(key.owner, &size) || !add_text(key.secret, &size) ||
	    !add_texts(key.permissions, &ret_message->permissions, &size) ||
	    !add_texts(key.roles, &ret_message->roles, &size) || !add_texts(key.users, &ret_message->users, &size) ||
	    !add_texts(key.sources, &ret_message->sources, &size) ||
	    !add_texts(key.labels, &ret_message->labels, &size) || !add_text(key.account, &size) ||
	    !add_text(key.tenant, &size))
		return false;
	ret_message->name = key.name;
	ret_message->owner = key.owner;
	ret_message->secret = key.secret;
	if (key.sha256) {
		ret_message->sha256 = (struct codec_bytes){ MESSAGE_SHA256_SIZE, key.sha256 };
		size += WIRE_FIELD_SIZE + MESSAGE_SHA256_SIZE;
	}
	ret_message->not_before = key.not_before;
	ret_message->expires = key.expires;
	ret_message->account = key.account;
	ret_message->tenant = key.tenant;
	size += (key.not_before != 0 ? NUMBER_SIZE : 0) + (key.expires != 0 ? NUMBER_SIZE : 0);
	*ret_size = size;
	return true;
}

/* How many of the first keys one packet holds. */
static size_t take_keys(const struct apikey_admin *admin, const struct apikey_import_key *const *keys, size_t count,
			struct message_import_key *messages)
{
	size_t used = WIRE_HEADER_SIZE + NUMBER_SIZE, taken = 0, size;

	(void)add_text(admin_credential(admin), &used);
	while (taken < count && take_key(keys[taken], &messages[taken], &size) && used + size <= WIRE_PACKET_MAX) {
		used += size;
		taken++;
	}
	return taken;
}

/* What to ask about the first of the keys, as many as one request holds, in *ret_messages, which the caller frees. */
static int take_request(struct apikey_admin *admin, const struct apikey_import_key *const *keys, size_t count,
			unsigned int flags, struct message_key_import *ret_request,
			struct message_import_key **ret_messages)
{
	CLEANUP_FREE struct message_import_key *messages = NULL;

	if (!keys || count == 0 || (flags & ~(unsigned int)APIKEY_IMPORT_DRY_RUN) != 0)
		return -EINVAL;
	if (count > MESSAGE_IMPORT_MAX)
		count = MESSAGE_IMPORT_MAX;
	messages = calloc(count, sizeof(*messages));
	if (!messages)
		return -ENOMEM;
	count = take_keys(admin, keys, count, messages);
	if (count == 0)
		return -EINVAL;
	*ret_request = (struct message_key_import){
		.credential = admin_credential(admin),
		.dry_run = (flags & APIKEY_IMPORT_DRY_RUN) != 0,
		.keys = { .count = count, .items = messages },
	};
	*ret_messages = messages;
	messages = NULL;
	return 0;
}

/* An answer is about one key or more, and about none that was not asked about. */
static int take_answer(struct apikey_import *import, size_t count, struct apikey_import **ret_import)
{
	if (import->count == 0 || import->count > count) {
		apikey_import_free(import);
		return -EPROTO;
	}
	*ret_import = import;
	return 0;
}

int apikey_key_import(struct apikey_admin *admin, const struct apikey_import_key *const *keys, size_t count,
		      unsigned int flags, struct apikey_import **ret_import)
{
	CLEANUP_FREE struct message_import_key *messages = NULL;
	struct message_key_import request;
	void *root;
	int r = take_request(admin, keys, count, flags, &request, &messages);

	if (r == 0)
		r = admin_call_patiently(admin, WIRE_KEY_IMPORT, &message_key_import, &request, build, &root);
	return r != 0 ? r : take_answer(root, request.keys.count, ret_import);
}

int apikey_key_import_send(struct apikey_admin *admin, const struct apikey_import_key *const *keys, size_t count,
			   unsigned int flags, size_t *ret_count)
{
	CLEANUP_FREE struct message_import_key *messages = NULL;
	struct message_key_import request;
	int r = take_request(admin, keys, count, flags, &request, &messages);

	if (r == 0)
		r = admin_send(admin, WIRE_KEY_IMPORT, &message_key_import, &request, request.keys.count);
	if (r == 0)
		*ret_count = request.keys.count;
	return r;
}

int apikey_key_import_receive(struct apikey_admin *admin, struct apikey_import **ret_import)
{
	size_t count;
	void *root;
	int r = admin_receive(admin, build, &root, &count);

	return r != 0 ? r : take_answer(root, count, ret_import);
}
