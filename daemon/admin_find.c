/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whose the credentials are that somebody found in a log, a diff or a dump. What is asked for may be live, so it goes
 * no further than a login would take it: it is digested, compared with the secrets of the one key that it names, and
 * wiped with the request. Of a key that the authority does not reach nothing is said, as if there were none.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "crypto/crypto.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/key_fields.h"
#include "proto/credential.h"

struct find {
	struct admin_request *request;
	struct store_reader *reader;
	struct vault *vault;
	struct crypto_mac *pepper;
	int64_t now;
	json_t *keys; /* that were found, for the audit: id, and which secret */
	size_t count;
	struct message_found found[WIRE_LIST_MAX];
	struct message_key_name names[WIRE_LIST_MAX];
	char ids[WIRE_LIST_MAX][CREDENTIAL_KEY_ID_MAX + 1];
	char key_names[WIRE_LIST_MAX][WIRE_NAME_MAX + 1];
	char owners[WIRE_LIST_MAX][WIRE_USER_MAX + 1];
	char tenants[WIRE_LIST_MAX][STORE_SCOPE_ID_MAX + 1];
};

static void find_free(struct find **find)
{
	if (!*find)
		return;
	crypto_mac_free((*find)->pepper);
	json_decref((*find)->keys);
	free(*find);
}

static const char *secret_name(enum message_found_secret secret)
{
	static const char *const names[] = { "named", "current", "retiring", "retired", "wrong" };

	return names[secret];
}

/* Which secret of the key a whole token is. 0 or a negative errno. */
static int compare(struct find *find, const struct store_key *key, const char *token, struct message_found *ret_found)
{
	const struct store_secret *secret;
	uint8_t digest[CRYPTO_MAC_SIZE];
	int r = find->pepper ? 0 : crypto_mac_new(find->vault->keyring.pepper, &find->pepper);

	if (r == 0)
		r = crypto_mac_compute(find->pepper, token, strlen(token), digest);
	if (r < 0)
		return r;
	secret = verify_find_secret(key, STORE_FORM_TOKEN, digest);
	secret_wipe(digest, sizeof(digest));
	ret_found->secret = MESSAGE_FOUND_WRONG;
	if (!secret)
		return 0;
	ret_found->number = secret->number;
	ret_found->secret = policy_judge_secret(secret, find->now) != REASON_NONE ? MESSAGE_FOUND_RETIRED
			    : secret->retires != 0                                ? MESSAGE_FOUND_RETIRING
										  : MESSAGE_FOUND_CURRENT;
	ret_found->retires = ret_found->secret == MESSAGE_FOUND_RETIRING ? secret->retires : 0;
	return 0;
}

static void add(struct find *find, const struct store_key *key, struct message_found found)
{
	size_t at = find->count++;

	snprintf(find->ids[at], sizeof(find->ids[at]), "%s", key->id);
	snprintf(find->key_names[at], sizeof(find->key_names[at]), "%s", key->name);
	snprintf(find->owners[at], sizeof(find->owners[at]), "%s", key->owner);
	snprintf(find->tenants[at], sizeof(find->tenants[at]), "%s", key->tenant);
	find->names[at] = (struct message_key_name){ .id = find->ids[at],
						     .name = find->key_names[at],
						     .owner = find->owners[at],
						     .tenant = *key->tenant ? find->tenants[at] : NULL,
						     .state = key_state_name(key->state) };
	found.key = (struct codec_records){ .count = 1, .items = &find->names[at] };
	find->found[at] = found;
	/* Of two secrets of one key the record tells the one that still opens something. */
	if (json_object_get(find->keys, key->id) && found.secret != MESSAGE_FOUND_CURRENT)
		return;
	json_object_set_new(find->keys, key->id, json_string(secret_name((enum message_found_secret)found.secret)));
}

/* 0; a refusal; or a negative errno. number: its place, from 1 on. */
static int look_up(struct find *find, const char *subject, size_t number)
{
	struct store_key *key = &find->request->keys[0];
	struct message_found found = { .subject = number };
	struct credential shape = { .kind = CREDENTIAL_NONE };
	const char *id = subject;
	int r;

	if (!credential_is_id(subject)) {
		shape = credential_classify(subject, strlen(subject));
		id = shape.id;
		if (shape.kind != CREDENTIAL_OPAQUE || shape.start > 0)
			return admin_refuse(find->request, ANSWER_INVALID,
					    "text %zu is neither a whole key nor the id of one", number);
	}
	r = store_find_key(find->reader, id, key);
	if (r == -ENOENT || (r == 0 && !authority_reaches(&find->request->authority, key)))
		return 0;
	if (r == 0 && shape.kind == CREDENTIAL_OPAQUE)
		r = compare(find, key, subject, &found);
	if (r == 0)
		add(find, key, found);
	return r;
}

/* That somebody knows where a key has been seen is worth a record; but nobody pushes those of others out with it. */
static int record(struct find *find)
{
	struct admin_request *request = find->request;
	struct audit_record record = admin_record(request, request->verb->event);
	CLEANUP_FREE char *changes = NULL;
	struct throttle_answer answer;
	json_t *object;

	if (find->count == 0)
		return 0;
	answer = admin_count_record(request, "");
	if (!answer.record)
		return 0;
	object = json_pack("{s:O}", "found", find->keys);
	changes = object ? json_dumps(object, JSON_COMPACT) : NULL;
	json_decref(object);
	record.changes = changes;
	record.count = answer.suppressed + 1;
	if (audit_write(request->thread->daemon->audit, &record, 1) < 0 &&
	    request->authority.kind != AUTHORITY_ADMINISTRATOR && request->settings->settings.audit_strict)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "the audit file cannot be written");
	return 0;
}

int admin_key_find(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct codec_texts *subjects = &request->message.key_find.subjects;
	CLEANUP(find_free) struct find *find = calloc(1, sizeof(*find));
	struct message_key_found reply;
	int r = 0;

	if (!find)
		return -ENOMEM;
	find->request = request;
	find->reader = reader;
	find->vault = vault;
	find->now = clock_wall_seconds();
	find->keys = json_object();
	for (size_t i = 0; r == 0 && i < subjects->count; i++)
		r = look_up(find, subjects->items[i], i + 1);
	if (r != 0)
		return r;
	r = record(find);
	if (r != 0)
		return r;
	reply = (struct message_key_found){ .found = { .count = find->count, .items = find->found } };
	return admin_reply(request, &message_key_found, &reply);
}
