/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Imports: keys whose secrets were made elsewhere, some hundreds in one request, one transaction and one record of the
 * audit. Each is answered by itself, and what is there already is left as it is, so that an import that was cut short
 * is simply done again. For administrators alone, since the answer tells whether a secret is somebody's; it says
 * nothing of a secret itself.
 *
 * Ids of one request begin alike: their rows come to lie beside each other, in few pages instead of one for each, which
 * is most of what an import costs.
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
#include "daemon/admin_policy.h"
#include "daemon/audit_changes.h"
#include "daemon/key_fields.h"
#include "proto/credential.h"

#define ID_START 6 /* characters that the ids of one request share */
#define ID_ATTEMPTS 8

/* What a request works with; large. */
struct import {
	struct admin_request *request;
	struct store_reader *reader;
	struct vault *vault;
	struct crypto_mac *pepper;
	int64_t now;
	bool dry_run;
	/* as the last key said them; request->account and ->tenant are where that is, if placed */
	const char *account, *tenant;
	bool placed;
	char id_start[ID_START + 1];
	struct key_lists lists;
	json_t *keys; /* those that were made, for the audit: id, and owner/name */
	size_t count, created, refused;
	struct message_import_result results[MESSAGE_IMPORT_MAX];
	char ids[MESSAGE_IMPORT_MAX][CREDENTIAL_KEY_ID_MAX + 1];
	char details[MESSAGE_IMPORT_REFUSED_MAX][WIRE_REASON_MAX + 1];
};

static void import_free(struct import **import)
{
	if (!*import)
		return;
	crypto_mac_free((*import)->pepper);
	json_decref((*import)->keys);
	free(*import);
}

static int import_new(struct admin_request *request, struct store_reader *reader, struct vault *vault,
		      struct import **ret_import)
{
	CLEANUP(import_free) struct import *import = calloc(1, sizeof(*import));
	int r;

	if (!import)
		return -ENOMEM;
	import->request = request;
	import->reader = reader;
	import->vault = vault;
	import->now = clock_wall_seconds();
	import->dry_run = request->message.key_import.dry_run == 1;
	import->keys = json_object();
	if (!import->keys)
		return -ENOMEM;
	r = crypto_mac_new(vault->keyring.pepper, &import->pepper);
	if (r == 0)
		r = crypto_random_base62(import->id_start, ID_START);
	if (r < 0)
		return r;
	*ret_import = import;
	import = NULL;
	return 0;
}

/* ---- the secret ---- */

static int check_secret(struct admin_request *request, const char *secret)
{
	struct credential shape = credential_classify(secret, strlen(secret));

	if (shape.kind == CREDENTIAL_OTHER && shape.start == 0)
		return 0;
	if (shape.kind == CREDENTIAL_NONE)
		return admin_refuse(request, ANSWER_INVALID, "a secret has %d to %d bytes and no control characters",
				    CREDENTIAL_OTHER_MIN, CREDENTIAL_OTHER_MAX);
	return admin_refuse(request, ANSWER_INVALID,
			    "the secret begins as credentials of apikeyd do, or as a header of HTTP does, and would be "
			    "taken for one at a login");
}

/* What is kept of the secret: HMAC(pepper, SHA-256(text)). */
static int take_secret(struct import *import, const struct message_import_key *wanted, struct store_secret *secret)
{
	uint8_t hash[CRYPTO_HASH_SIZE];
	int r;

	if ((wanted->secret != NULL) == (wanted->sha256.size > 0))
		return admin_refuse(import->request, ANSWER_INVALID, "a key has a secret or the SHA-256 of one, %s",
				    wanted->secret ? "and not both" : "and there is neither");
	if (wanted->secret) {
		r = check_secret(import->request, wanted->secret);
		if (r == 0)
			r = crypto_sha256(wanted->secret, strlen(wanted->secret), hash);
		if (r != 0)
			return r;
	} else if (wanted->sha256.size == sizeof(hash)) {
		memcpy(hash, wanted->sha256.data, sizeof(hash));
	} else {
		return admin_refuse(import->request, ANSWER_INVALID, "a SHA-256 has %zu bytes", sizeof(hash));
	}
	*secret = (struct store_secret){ .number = 1,
					 .form = STORE_FORM_IMPORTED,
					 .pepper = import->vault->keyring.pepper_version,
					 .created = import->now };
	r = crypto_mac_compute(import->pepper, hash, sizeof(hash), secret->digest);
	secret_wipe(hash, sizeof(hash));
	return r;
}

/* ---- the key ---- */

static int take_lists(struct import *import, const struct message_import_key *wanted)
{
	struct admin_request *request = import->request;
	struct key_lists *lists = &import->lists;
	char *detail = request->detail;
	size_t size = sizeof(request->detail);

	if (!key_permissions_join(&wanted->permissions, lists->permissions, detail, size) ||
	    !key_users_join(&wanted->users, lists->users, detail, size) ||
	    !key_sources_join(&wanted->sources, lists->sources, detail, size) ||
	    !key_labels_join(&wanted->labels, lists->labels, detail, size))
		return ANSWER_INVALID;
	return admin_take_roles(request, import->reader, &wanted->roles, lists->roles);
}

static bool is_same(const char *one, const char *other)
{
	return one == other || (one && other && strcmp(one, other) == 0);
}

/* Where a key is to be. Those of a file are about all of one tenant, which is looked up once. */
static int take_place(struct import *import, const struct message_import_key *wanted)
{
	int r;

	if (import->placed && is_same(import->account, wanted->account) && is_same(import->tenant, wanted->tenant))
		return 0;
	import->account = wanted->account;
	import->tenant = wanted->tenant;
	r = admin_place_key(import->request, import->reader, wanted->account, wanted->tenant, import->lists.roles);
	/* Where nobody said it, it depends on the roles. */
	import->placed = r == 0 && (wanted->account || wanted->tenant);
	return r;
}

static int fill_key(struct import *import, const struct message_import_key *wanted, struct store_key *key)
{
	struct admin_request *request = import->request;
	struct policies policies;
	int r = take_lists(import, wanted);

	if (r == 0)
		r = take_place(import, wanted);
	if (r == 0)
		r = admin_policy_find(request, import->reader, request->tenant, &policies);
	if (r != 0)
		return r;
	key->kind = STORE_OPAQUE;
	key->state = STORE_ACTIVE;
	key->test = false;
	/* Nobody is asked about a million names: such a key is the administrators' to look after. */
	key->owner_uid_known = false;
	key->owner_uid = 0;
	key->created = import->now;
	key->not_before = wanted->not_before;
	key->expires =
		wanted->expires != 0 ? wanted->expires : admin_policy_default_end(request, &policies, import->now);
	key->name = wanted->name ? wanted->name : "";
	key->owner = wanted->owner ? wanted->owner : "";
	key->account = request->account;
	key->tenant = request->tenant;
	key->state_reason = key->exclusive = "";
	key->max_uses = 0;
	key->client_side = false;
	key->state_since = 0;
	key->created_by = request->authority.actor;
	key->permissions = import->lists.permissions;
	key->roles = import->lists.roles;
	key->users = import->lists.users;
	key->sources = import->lists.sources;
	key->labels = import->lists.labels;
	key->secret_count = 1;
	if (!key_name_check(key->name, request->detail, sizeof(request->detail)) ||
	    !key_owner_check(key->owner, request->detail, sizeof(request->detail)) ||
	    !key_dates_check(key->not_before, key->expires, import->now, request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	r = admin_policy_check_end(request, &policies, key, import->now);
	if (r == 0)
		r = admin_check_roles(request, key);
	return r != 0 ? r : take_secret(import, wanted, &key->secrets[0]);
}

/* A key that has this secret already: the one that is meant, which stays as it is, or another. */
static int judge_known(struct import *import, const struct store_key *key, const char *id,
		       struct message_import_result *result)
{
	struct admin_request *request = import->request;
	struct store_key *known = &request->keys[0];
	int r = store_find_key(import->reader, id, known);

	if (r == -ENOENT)
		return admin_refuse(request, ANSWER_EXISTS,
				    "a key of a tenant that was deleted has the same secret, and is about to be "
				    "removed; try again in a moment");
	if (r < 0)
		return r;
	if (strcmp(known->account, key->account) != 0 || strcmp(known->tenant, key->tenant) != 0)
		return admin_refuse(request, ANSWER_EXISTS, "%.200s/%.128s of the %s %.36s has the same secret",
				    known->owner, known->name, *known->tenant ? "tenant" : "account",
				    *known->tenant ? known->tenant : known->account);
	if (strcmp(known->owner, key->owner) != 0 || strcmp(known->name, key->name) != 0)
		return admin_refuse(request, ANSWER_EXISTS, "%.200s/%.128s has the same secret", known->owner,
				    known->name);
	result->outcome = MESSAGE_IMPORT_UNCHANGED;
	strcpy(import->ids[import->count], known->id);
	return 0;
}

/* Notes a key that was made for the audit. */
static int note_key(struct import *import, const struct store_key *key)
{
	char name[WIRE_USER_MAX + 1 + WIRE_NAME_MAX + 1];

	snprintf(name, sizeof(name), "%s/%s", key->owner, key->name);
	return json_object_set_new(import->keys, key->id, json_string(name)) < 0 ? -ENOMEM : 0;
}

/* What a key that could not be made collides with: 0 where it is there already; a refusal; -EEXIST where it is only the
 * id. */
static int judge_collision(struct import *import, const struct store_key *key, struct message_import_result *result)
{
	struct store_filter scope = { .account = key->account, .tenant = key->tenant };
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	int r = store_find_digest(import->reader, key->secrets[0].digest, id);

	if (r == 0)
		return judge_known(import, key, id, result);
	if (r == -ENOENT)
		r = store_find_key_named(import->reader, &scope, key->owner, key->name, &import->request->keys[0]);
	if (r == 0)
		return admin_refuse(import->request, ANSWER_EXISTS,
				    "'%.200s' has a key named '%.128s' already, with another secret", key->owner,
				    key->name);
	return r == -ENOENT ? -EEXIST : r;
}

/* Makes the key, or finds out why it cannot be made: to look first would cost as much again, for a case that is rare.
 */
static int insert_key(struct import *import, struct store_key *key, struct message_import_result *result)
{
	int r = -EEXIST;

	memcpy(key->id, import->id_start, ID_START);
	for (int attempt = 0; attempt < ID_ATTEMPTS && r == -EEXIST; attempt++) {
		r = crypto_random_base62(key->id + ID_START, CREDENTIAL_ID_SIZE - ID_START);
		if (r == 0)
			r = store_insert_new_key(import->vault->store, key);
		if (r == 0) {
			result->outcome = MESSAGE_IMPORT_CREATED;
			return note_key(import, key);
		}
		if (r == -EEXIST)
			r = judge_collision(import, key, result);
	}
	return r;
}

static int import_key(struct import *import, const struct message_import_key *wanted,
		      struct message_import_result *result)
{
	struct store_key *key = &import->request->keys[1];
	int r = fill_key(import, wanted, key);

	if (r == 0)
		r = insert_key(import, key, result);
	if (r != 0 || result->outcome != MESSAGE_IMPORT_CREATED)
		return r;
	strcpy(import->ids[import->count], key->id);
	import->created++;
	return 0;
}

/* ---- the request ---- */

/* What is said about a key that is refused. */
static void refuse_key(struct import *import, enum answer answer, struct message_import_result *result)
{
	char *detail = import->details[import->refused++];

	strcpy(detail, import->request->detail);
	result->outcome = MESSAGE_IMPORT_REFUSED;
	result->answer = answer;
	result->detail = detail;
	import->request->detail[0] = '\0';
}

/* One key after the other, until there is no room for more that are refused. */
static int import_keys(struct import *import)
{
	struct codec_records left = import->request->message.key_import.keys;
	struct message_import_key wanted;

	while (import->refused < MESSAGE_IMPORT_REFUSED_MAX && codec_next_record(&left, &message_import_key, &wanted)) {
		struct message_import_result *result = &import->results[import->count];
		int r = import_key(import, &wanted, result);

		if (r < 0)
			return r;
		if (r > 0)
			refuse_key(import, (enum answer)r, result);
		else if (!import->dry_run)
			result->id = import->ids[import->count];
		import->count++;
	}
	return 0;
}

/*
 * One record for all keys that were made, with their ids and names: one for each would cost more than the keys do, and
 * push other records out of the files that are kept. What a key was made with follows from the records after it: each
 * change says what was before.
 */
static int log_import(struct import *import)
{
	struct audit_record record = admin_record(import->request, import->request->verb->event);
	CLEANUP_FREE char *changes = NULL;
	json_t *root;

	if (import->created == 0)
		return 0;
	root = json_pack("{s:{s:O},s:I}", "after", "keys", import->keys, "refused", (json_int_t)import->refused);
	changes = root ? json_dumps(root, JSON_COMPACT) : NULL;
	json_decref(root);
	record.count = import->created;
	return audit_changes_log(import->vault->store, &record, changes);
}

/* All that a dry run has written is undone. */
static int try_keys(struct import *import)
{
	struct store *store = import->vault->store;
	int r = store_savepoint(store);

	if (r < 0)
		return r;
	r = import_keys(import);
	store_savepoint_rollback(store);
	return r;
}

int admin_key_import(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	CLEANUP(import_free) struct import *import = NULL;
	struct message_key_imported reply;
	int r;

	if (request->message.key_import.keys.count == 0)
		return admin_refuse(request, ANSWER_INVALID, "there is no key to import");
	r = import_new(request, reader, vault, &import);
	if (r < 0)
		return r;
	r = store_begin_bulk(vault->store);
	if (r == 0)
		r = import->dry_run ? try_keys(import) : import_keys(import);
	if (r == 0 && !import->dry_run)
		r = log_import(import);
	if (r < 0)
		return r;
	reply = (struct message_key_imported){ .results = { .count = import->count, .items = import->results } };
	return admin_reply(request, &message_key_imported, &reply);
}
