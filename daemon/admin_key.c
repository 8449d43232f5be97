/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The requests about keys. Each change carries its audit record in its own transaction; what is not the caller's to
 * know does not exist.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/crypto.h"
#include "daemon/admin.h"
#include "daemon/admin_policy.h"
#include "daemon/admin_repeat.h"
#include "daemon/admin_session.h"
#include "daemon/audit_changes.h"
#include "daemon/key_fields.h"
#include "daemon/key_message.h"
#include "daemon/key_pair.h"
#include "daemon/sources.h"
#include "daemon/store_limit.h"
#include "daemon/uses.h"
#include "proto/permission.h"

_Static_assert(ADMIN_TOKEN_MAX >= KEY_PAIR_TEXT_SIZE, "a private key has room where a token has");

#define ID_ATTEMPTS 8 /* 71 random bits collide about never */

static void free_key_message(struct key_message **message)
{
	key_message_free(*message);
}

/* ---- what all of them do ---- */

int admin_find_uses(struct admin_request *request, struct store_reader *reader, const struct store_key *key,
		    struct store_use ret_uses[STORE_SECRETS_MAX])
{
	for (size_t i = 0; i < key->secret_count; i++) {
		int r = store_find_use(reader, key->id, key->secrets[i].number, &ret_uses[i]);

		if (r < 0)
			return r;
		uses_merge(request->thread->daemon->uses, &ret_uses[i]);
	}
	return 0;
}

int admin_reply_key(struct admin_request *request, struct store_reader *reader, const struct store_key *key,
		    const char *token)
{
	CLEANUP(free_key_message) struct key_message *message = NULL;
	struct store_use uses[STORE_SECRETS_MAX];
	struct policies policies;
	const char *grants;
	uint64_t counted = 0;
	int r = admin_find_uses(request, reader, key, uses);

	if (r == 0 && key->max_uses > 0)
		r = store_find_counted(reader, key->id, &counted);
	if (r == 0)
		r = admin_policy_find(request, reader, key->tenant, &policies);
	if (r == 0)
		r = role_grants_find(reader, key, &request->grants, &grants);
	if (r != 0)
		return r;
	message = key_message_new(key, uses, counted, grants);
	if (!message)
		return -ENOMEM;
	key_message_set_due(message, key, &policies, clock_wall_seconds());
	if (key->kind == STORE_PAIR)
		key_message_get(message)->private_key = token;
	else
		key_message_get(message)->secret = token;
	key_message_get(message)->repeated = request->repeated;
	r = admin_reply(request, &message_key, key_message_get(message));
	/* What comes of the sessions is added to it. */
	if (r == 0 && request->sessions.end) {
		key_message_free(request->sessions.answered);
		request->sessions.answered = message;
		message = NULL;
	}
	return r;
}

static const char *event_of(const struct admin_request *request)
{
	if (admin_imports(request))
		return "key_import";
	if (request->header.type == WIRE_KEY_ROTATE && request->message.rotate.cancel)
		return "key_rotate_cancel";
	return request->verb->event;
}

/* The audit record of a change, into the change log under the next rev. key is the one of before and after that is not
 * NULL. */
static int log_change(struct admin_request *request, struct vault *vault, const struct store_key *key,
		      const struct store_key *before, const struct store_key *after, const char *why)
{
	struct audit_record record = admin_record(request, event_of(request));
	CLEANUP_FREE char *changes = key_changes(before, after, why);

	record.key_id = key->id;
	record.key_name = key->name;
	record.owner = key->owner;
	record.test = key->test;
	return audit_changes_log(vault->store, &record, changes);
}

/* ---- create ---- */

struct count {
	uint64_t keys, most;
};

/* No further than it matters: the writer, and who waits for it, would wait for as long as a user has keys. */
static bool count_key(void *data, const struct store_key *key)
{
	struct count *count = data;

	(void)key;
	return ++count->keys < count->most;
}

/* How many keys a user has; an administrator's are not counted. */
static int check_number(struct admin_request *request, struct store_reader *reader)
{
	struct count count = { .most = request->settings->settings.self_service_keys };
	struct store_filter filter = { .owner = request->owner,
				       .account = request->account,
				       .tenant = request->tenant };
	struct store_position start = { .owner = "" };
	int r;

	if (request->authority.kind != AUTHORITY_USER)
		return 0;
	r = store_list_keys(reader, &filter, &start, count_key, &count);
	if (r < 0)
		return r;
	return count.keys < count.most
		       ? 0
		       : admin_refuse(request, ANSWER_NOT_PERMITTED,
				      "you may have %llu keys, and have as many or more; delete those you do not use",
				      (unsigned long long)count.most);
}

/* A test key holds what lies below "test." and nothing else, whoever makes it. */
static int check_test(struct admin_request *request, const struct store_key *key, const char *grants)
{
	if (!key->test || permission_grants_cover_all("test.*", grants))
		return 0;
	return admin_refuse(
		request, ANSWER_INVALID,
		"a test key holds permissions below 'test.' only, test.mail for one; it would have '%.300s'", grants);
}

int admin_check_reach(struct admin_request *request, struct store_reader *reader, const struct store_key *key)
{
	const char *grants;
	int r = role_grants_find(reader, key, &request->grants, &grants);

	if (r == 0)
		r = check_test(request, key, grants);
	if (r != 0)
		return r;
	if (!authority_covers(&request->authority, key->permissions))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "nobody grants what they do not hold: '%.300s' reaches further than you may grant",
				    key->permissions);
	if (!authority_covers(&request->authority, grants))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "nobody grants what they do not hold: one of the roles '%.300s' is none you know, "
				    "or reaches further than you may grant",
				    key->roles);
	if (request->authority.kind != AUTHORITY_ADMINISTRATOR && *key->users)
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "only administrators let a key log in further users");
	return 0;
}

static int fill_key(struct admin_request *request, struct store_reader *reader, const struct key_lists *lists,
		    int64_t now, struct store_key *key)
{
	const struct message_key_create *wanted = &request->message.create;
	struct policies policies;
	int r = admin_policy_find(request, reader, request->tenant, &policies);

	if (r < 0)
		return r;
	*key->id = '\0';
	key->kind = admin_wants_pair(wanted) ? STORE_PAIR : STORE_OPAQUE;
	key->state = STORE_ACTIVE;
	key->test = wanted->test == 1;
	key->client_side = wanted->client_side == 1;
	key->owner_uid_known = request->owner_uid_known;
	key->owner_uid = request->owner_uid;
	key->created = now;
	key->not_before = wanted->not_before;
	key->expires = wanted->expires != 0 ? wanted->expires : admin_policy_default_end(request, &policies, now);
	key->name = wanted->name;
	key->owner = request->owner;
	key->account = request->account;
	key->tenant = request->tenant;
	key->state_reason = "";
	key->created_by = request->authority.actor;
	key->permissions = lists->permissions;
	key->roles = lists->roles;
	key->users = lists->users;
	key->sources = lists->sources;
	key->labels = lists->labels;
	key->exclusive = wanted->exclusive ? wanted->exclusive : "";
	key->max_uses = (uint32_t)wanted->max_uses;
	key->state_since = 0;
	key->secret_count = 1;
	key->secrets[0] = (struct store_secret){ .number = 1, .created = now };
	if (!key_name_check(key->name, request->detail, sizeof(request->detail)) ||
	    !key_owner_check(key->owner, request->detail, sizeof(request->detail)) ||
	    !key_dates_check(key->not_before, key->expires, now, request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	r = admin_policy_check_end(request, &policies, key, now);
	if (r == 0)
		r = admin_check_bounds(request, reader, NULL, key);
	if (r == 0)
		r = admin_check_roles(request, key);
	return r != 0 ? r : admin_check_reach(request, reader, key);
}

int admin_draw_secret(struct vault *vault, const struct store_key *key, struct store_secret *secret, char *ret_token)
{
	char text[CREDENTIAL_SECRET_SIZE + 1];
	struct crypto_mac *mac = NULL;
	int r;

	if (key->kind == STORE_PAIR)
		return key_pair_draw(&vault->keyring, key->id, secret, ret_token);
	r = crypto_mac_new(vault->keyring.pepper, &mac);
	if (r == 0)
		r = crypto_random_base62(text, CREDENTIAL_SECRET_SIZE);
	if (r < 0) {
		crypto_mac_free(mac);
		return r;
	}
	credential_write_opaque(key->test, key->id, text, ret_token);
	secret->form = STORE_FORM_TOKEN;
	secret->pepper = vault->keyring.pepper_version;
	r = crypto_mac_compute(mac, ret_token, strlen(ret_token), secret->digest);
	crypto_mac_free(mac);
	secret_wipe(text, sizeof(text));
	return r;
}

/* Draws a key's id, which for a pair is its public key. */
static int draw_id(enum store_kind kind, char ret_id[CREDENTIAL_KEY_ID_MAX + 1])
{
	return kind == STORE_PAIR ? key_pair_draw_public(ret_id) : crypto_random_base62(ret_id, CREDENTIAL_ID_SIZE);
}

static int insert_key(struct admin_request *request, struct store_reader *reader, struct vault *vault,
		      struct store_key *key, char *ret_token)
{
	/* In another tenant there may be one of that name, which nobody learns of here. */
	const struct store_filter place = { .account = key->account, .tenant = key->tenant };
	int r = store_find_key_named(reader, &place, key->owner, key->name, &request->keys[0]);

	if (r == 0)
		return admin_refuse(request, ANSWER_EXISTS,
				    "'%.200s' has a key named '%.128s' already; choose another name", key->owner,
				    key->name);
	if (r != -ENOENT)
		return r;
	if (admin_imports(request))
		return admin_insert_pair(request, reader, vault, key);
	r = -EEXIST;
	for (int attempt = 0; attempt < ID_ATTEMPTS && r == -EEXIST; attempt++) {
		r = draw_id(key->kind, key->id);
		if (r == 0)
			r = admin_draw_secret(vault, key, &key->secrets[0], ret_token);
		if (r == 0)
			r = store_insert_key(vault->store, key);
	}
	return r;
}

static bool join_lists(struct admin_request *request, const struct codec_texts *permissions,
		       const struct codec_texts *users, const struct codec_texts *sources,
		       const struct codec_texts *labels, struct key_lists *lists)
{
	return key_permissions_join(permissions, lists->permissions, request->detail, sizeof(request->detail)) &&
	       key_users_join(users, lists->users, request->detail, sizeof(request->detail)) &&
	       key_sources_join(sources, lists->sources, request->detail, sizeof(request->detail)) &&
	       key_labels_join(labels, lists->labels, request->detail, sizeof(request->detail));
}

/* Stores keys[1], which may be made, and replies with it. */
static int make_key(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct store_key *key = &request->keys[1];
	char token[ADMIN_TOKEN_MAX + 1];
	int r = check_number(request, reader);

	if (r == 0)
		r = insert_key(request, reader, vault, key, token);
	if (r == 0)
		r = admin_repeat_note(request, vault, key);
	if (r == 0)
		r = log_change(request, vault, key, NULL, key, NULL);
	if (r == 0)
		r = admin_reply_key(request, reader, key, admin_imports(request) ? NULL : token);
	secret_wipe(token, sizeof(token));
	return r;
}

int admin_key_create(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_key_create *wanted = &request->message.create;
	struct store_key *key = &request->keys[1];
	int64_t now = clock_wall_seconds();
	struct key_lists lists;
	bool found = false;
	int r;

	if (!join_lists(request, &wanted->permissions, &wanted->users, &wanted->sources, &wanted->labels, &lists))
		return ANSWER_INVALID;
	r = admin_check_kind(request);
	if (r == 0)
		r = admin_repeat_check(request);
	if (r == 0)
		r = admin_take_roles(request, reader, &wanted->roles, lists.roles);
	if (r == 0)
		r = admin_place_key(request, reader, wanted->account, wanted->tenant, lists.roles);
	if (r == 0)
		r = fill_key(request, reader, &lists, now, key);
	if (r == 0)
		r = admin_repeat_find(request, reader, vault, now, &found);
	return r != 0 || found ? r : make_key(request, reader, vault);
}

/* ---- show ---- */

int admin_key_show(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct store_key *key = &request->keys[0];
	int r = admin_find_key(request, reader, request->message.reference.key, key);

	(void)vault;
	return r != 0 ? r : admin_reply_key(request, reader, key, NULL);
}

/* ---- changes ---- */

int admin_find_twice(struct admin_request *request, struct store_reader *reader, const char *name)
{
	int r = admin_find_key(request, reader, name, &request->keys[0]);

	return r != 0 ? r : store_find_key(reader, request->keys[0].id, &request->keys[1]);
}

int admin_save_key(struct admin_request *request, struct store_reader *reader, struct vault *vault, const char *token,
		   const char *why)
{
	int r = store_update_key(vault->store, &request->keys[1]);

	if (r == -EEXIST)
		return admin_refuse(request, ANSWER_EXISTS,
				    "'%.200s' has a key named '%.128s' already; choose another name",
				    request->keys[1].owner, request->keys[1].name);
	if (r == 0)
		r = log_change(request, vault, &request->keys[1], &request->keys[0], &request->keys[1], why);
	return r != 0 ? r : admin_reply_key(request, reader, &request->keys[1], token);
}

int admin_key_update(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_key_update *wanted = &request->message.update;
	struct store_key *key = &request->keys[1];
	int64_t now = clock_wall_seconds();
	struct policies policies;
	struct key_lists lists;
	int r;

	if (!join_lists(request, &wanted->permissions, &wanted->users, &wanted->sources, &wanted->labels, &lists))
		return ANSWER_INVALID;
	if (wanted->changes == 0)
		return admin_refuse(request, ANSWER_INVALID, "nothing to change was named");
	r = admin_find_twice(request, reader, wanted->key);
	if (r == 0)
		r = admin_take_roles(request, reader, &wanted->roles, lists.roles);
	if (r == 0)
		r = admin_policy_find(request, reader, key->tenant, &policies);
	if (r != 0)
		return r;
	if (key->state == STORE_REVOKED)
		return admin_refuse(request, ANSWER_WRONG_STATE, "the key is revoked, which is final; make a new one");
	if (wanted->changes & MESSAGE_CHANGE_NAME)
		key->name = wanted->name ? wanted->name : "";
	if (wanted->changes & MESSAGE_CHANGE_PERMISSIONS)
		key->permissions = lists.permissions;
	if (wanted->changes & MESSAGE_CHANGE_ROLES)
		key->roles = lists.roles;
	if (wanted->changes & MESSAGE_CHANGE_USERS)
		key->users = lists.users;
	if (wanted->changes & MESSAGE_CHANGE_SOURCES)
		key->sources = lists.sources;
	if (wanted->changes & MESSAGE_CHANGE_LABELS)
		key->labels = lists.labels;
	if (wanted->changes & MESSAGE_CHANGE_NOT_BEFORE)
		key->not_before = wanted->not_before;
	if (wanted->changes & MESSAGE_CHANGE_EXPIRES)
		key->expires =
			wanted->expires != 0 ? wanted->expires : admin_policy_default_end(request, &policies, now);
	if (!key_name_check(key->name, request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	if (wanted->changes & (MESSAGE_CHANGE_NOT_BEFORE | MESSAGE_CHANGE_EXPIRES) &&
	    !key_dates_check(key->not_before, key->expires, now, request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	if (wanted->changes & MESSAGE_CHANGE_EXPIRES)
		r = admin_policy_check_end(request, &policies, key, now);
	if (wanted->changes & MESSAGE_CHANGE_EXCLUSIVE)
		key->exclusive = wanted->exclusive ? wanted->exclusive : "";
	if (wanted->changes & MESSAGE_CHANGE_MAX_USES)
		key->max_uses = (uint32_t)wanted->max_uses;
	if (wanted->changes & MESSAGE_CHANGE_CLIENT_SIDE)
		key->client_side = wanted->client_side == 1;
	if (r == 0 && wanted->changes & (MESSAGE_CHANGE_EXCLUSIVE | MESSAGE_CHANGE_MAX_USES))
		r = admin_check_bounds(request, reader, &request->keys[0], key);
	if (r == 0 && wanted->changes & MESSAGE_CHANGE_ROLES)
		r = admin_check_roles(request, key);
	if (r == 0)
		r = admin_check_reach(request, reader, key);
	return r != 0 ? r : admin_save_key(request, reader, vault, NULL, NULL);
}

/* From which states a request leads where. A key that is there already stays as it is, and that is no error. */
static int change_state(struct admin_request *request, struct store_reader *reader, struct store_key *key)
{
	switch (request->header.type) {
	case WIRE_KEY_ACTIVATE:
		if (key->state == STORE_REVOKED)
			return admin_refuse(request, ANSWER_WRONG_STATE,
					    "the key is revoked, which is final; make a new one");
		if (key->state == STORE_SUSPENDED && request->authority.kind != AUTHORITY_ADMINISTRATOR)
			return admin_refuse(request, ANSWER_NOT_PERMITTED,
					    "the key is suspended; an administrator can activate it");
		if (key->state == STORE_SUSPENDED && !request->message.reference.why)
			return admin_refuse(request, ANSWER_INVALID,
					    "the key is suspended%s%.300s; say why it may be used again: --why TEXT",
					    *key->state_reason ? ": " : "", key->state_reason);
		key->state = STORE_ACTIVE;
		return admin_check_reach(request, reader, key);
	case WIRE_KEY_DEACTIVATE:
		if (key->state == STORE_REVOKED || key->state == STORE_SUSPENDED)
			return admin_refuse(request, ANSWER_WRONG_STATE, "the key is %s already, which says more",
					    key_state_name(key->state));
		key->state = STORE_INACTIVE;
		return 0;
	default:
		key->state = STORE_REVOKED;
		return 0;
	}
}

int admin_check_why(struct admin_request *request, const char *why)
{
	if (!why || (encoding_is_printable_utf8(why, strlen(why)) && !credential_looks_secret(why)))
		return 0;
	return admin_refuse(request, ANSWER_INVALID, "the reason is UTF-8 without control characters, and no key");
}

int admin_key_change_state(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_key_reference *wanted = &request->message.reference;
	struct store_key *key = &request->keys[1];
	int r = admin_check_why(request, wanted->why);

	if (r == 0)
		r = admin_find_twice(request, reader, wanted->key);
	if (r == 0)
		r = change_state(request, reader, key);
	if (r == 0)
		r = admin_sessions_decide(request, reader);
	if (r != 0)
		return r;
	if (key->state == request->keys[0].state)
		return admin_reply_key(request, reader, key, NULL);
	key->state_reason = wanted->why ? wanted->why : "";
	key->state_since = clock_wall_seconds();
	/* It begins anew, or its next use would be misuse again. Not where its owner has switched it off and on. */
	if (key->state == STORE_ACTIVE && request->keys[0].state == STORE_SUSPENDED)
		sources_forget(request->thread->daemon->sources, key->id);
	return admin_save_key(request, reader, vault, NULL, NULL);
}

int admin_key_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_key_reference *wanted = &request->message.reference;
	struct store_key *key = &request->keys[0];
	int r = admin_check_why(request, wanted->why);

	if (r == 0)
		r = admin_find_key(request, reader, wanted->key, key);
	if (r == 0)
		r = admin_sessions_decide(request, reader);
	/* The reply shows the key as it was, uses included, so it is made before they go. */
	if (r == 0)
		r = admin_reply_key(request, reader, key, NULL);
	if (r == 0)
		r = store_delete_key(vault->store, key->id);
	return r != 0 ? r : log_change(request, vault, key, key, NULL, wanted->why);
}
