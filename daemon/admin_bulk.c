/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Ending many keys at once: what an incident asks for. A request is one step, which looks at ROWS_MOST keys and changes
 * STEP_KEYS of them and no more, so that neither the writer nor the main thread is held up by a million; what a step
 * says it did is on disk. The client goes on behind the cursor. One that was cut short is done again and gives the
 * rest, for what has ended is only counted.
 *
 * Each step that changes something leaves one record with the ids and names of its keys, and all records of a run carry
 * the same batch: so a record stays bounded, and a list of a million keys is whole all the same.
 *
 * Sessions end with each step's keys, once the step is on disk; those of keys that had ended before too, or what was
 * cut short between the two would leave them open.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/network.h"
#include "crypto/crypto.h"
#include "daemon/admin.h"
#include "daemon/admin_session.h"
#include "daemon/audit_changes.h"
#include "daemon/key_cursor.h"
#include "daemon/key_fields.h"
#include "daemon/key_filter.h"
#include "daemon/session_sweep.h"
#include "proto/credential.h"

#define ROWS_MOST 1000   /* keys looked at in one step */
#define STEP_KEYS 200    /* keys changed in one step */
#define NAMES_MOST 40000 /* bytes of their names and owners: reply and record have room for them */
#define BATCH_BYTES 8    /* of randomness */

struct action {
	const char *event;
	enum store_state state; /* which a key gets */
	bool (*takes)(enum store_state state);
};

static bool is_not_revoked(enum store_state state)
{
	return state != STORE_REVOKED;
}

/* What is suspended stays so: that says more. */
static bool is_active(enum store_state state)
{
	return state == STORE_ACTIVE;
}

static const struct action *action_of(uint64_t number)
{
	static const struct action actions[] = {
		[MESSAGE_BULK_REVOKE] = { "keys_revoke", STORE_REVOKED, is_not_revoked },
		[MESSAGE_BULK_DEACTIVATE] = { "keys_deactivate", STORE_INACTIVE, is_active },
	};

	return number < ARRAY_SIZE(actions) && actions[number].event ? &actions[number] : NULL;
}

/* A step; large. */
struct bulk {
	struct admin_request *request;
	struct store_reader *reader;
	const struct message_key_bulk *wanted;
	const struct action *action;
	struct message_key_list list; /* what of it a list has as well */
	struct key_filter filter;
	const char *owner; /* looked at here; NULL: the walk does, or any */
	bool from_local;
	struct network from;
	char batch[2 * BATCH_BYTES + 1];
	size_t rows, count, names_size;
	uint64_t already;
	bool more;
	char cursor[WIRE_CURSOR_MAX + 1]; /* the last key that was looked at */
	int error;
	struct message_key_name names[STEP_KEYS];
	char ids[STEP_KEYS][CREDENTIAL_KEY_ID_MAX + 1];
	char key_names[STEP_KEYS][WIRE_NAME_MAX + 1];
	char owners[STEP_KEYS][WIRE_USER_MAX + 1];
	char tenants[STEP_KEYS][STORE_SCOPE_ID_MAX + 1];
};

/* ---- what is asked for ---- */

static bool says_something(const struct message_key_bulk *wanted)
{
	return wanted->owner || wanted->account || wanted->tenant || wanted->role || wanted->labels.count > 0 ||
	       wanted->issued_before != 0 || wanted->used_from || wanted->keys.count > 0;
}

static int read_source(struct bulk *bulk)
{
	const char *from = bulk->wanted->used_from;

	bulk->from_local = from && strcmp(from, "local") == 0;
	if (from && !bulk->from_local && !network_parse(from, &bulk->from))
		return admin_refuse(bulk->request, ANSWER_INVALID,
				    "'%.64s' is no network to look for: 192.0.2.0/24, 2001:db8::/32, an address, or "
				    "local",
				    from);
	if (!from && bulk->wanted->used_since != 0)
		return admin_refuse(bulk->request, ANSWER_INVALID, "a time of use goes with where the use came from");
	return 0;
}

/* The first step draws the name of the batch, the others bring it along. */
static int read_batch(struct bulk *bulk)
{
	const char *batch = bulk->wanted->batch;
	uint8_t random[BATCH_BYTES];
	int r;

	if (!batch) {
		r = crypto_random(random, sizeof(random));
		if (r == 0)
			encoding_hex(random, sizeof(random), bulk->batch);
		return r;
	}
	if (strlen(batch) != sizeof(bulk->batch) - 1 || !encoding_unhex(batch, random, sizeof(random)))
		return admin_refuse(bulk->request, ANSWER_INVALID, "the batch is none that a step has given");
	strcpy(bulk->batch, batch);
	return 0;
}

/* What is asked for stands in the audit, where no secret is to be. */
static bool names_a_secret(const struct message_key_bulk *wanted)
{
	bool found = (wanted->owner && credential_looks_secret(wanted->owner)) ||
		     (wanted->role && credential_looks_secret(wanted->role));

	for (size_t i = 0; i < wanted->labels.count; i++)
		found = found || credential_looks_secret(wanted->labels.items[i]);
	return found;
}

static int read_wanted(struct bulk *bulk)
{
	struct admin_request *request = bulk->request;
	const struct message_key_bulk *wanted = bulk->wanted;
	int r = admin_check_why(request, wanted->why);

	if (r != 0)
		return r;
	bulk->action = action_of(wanted->action);
	if (!bulk->action)
		return admin_refuse(request, ANSWER_INVALID, "say what is to be done to the keys");
	if (!says_something(wanted))
		return admin_refuse(request, ANSWER_INVALID,
				    "say which keys: by owner, tenant, account, role, label, age or use");
	if (names_a_secret(wanted))
		return admin_refuse(request, ANSWER_INVALID,
				    "this is a key and no name of an owner, role or label; 'apikeyctl key find' says "
				    "whose it is");
	bulk->list.role = wanted->role;
	bulk->list.labels = wanted->labels;
	if (!key_filter_read(&bulk->list, clock_wall_seconds(), &bulk->filter, request->detail,
			     sizeof(request->detail)))
		return ANSWER_INVALID;
	r = read_source(bulk);
	return r != 0 ? r : read_batch(bulk);
}

/* ---- which keys ---- */

static bool came_from(const struct bulk *bulk, const char *source, int64_t time)
{
	struct address address;

	if (time == 0 || time < bulk->wanted->used_since)
		return false;
	if (bulk->from_local)
		return strcmp(source, "local") == 0;
	return address_parse(source, &address) && network_contains(&bulk->from, &address);
}

/* 1: the first or the last use of a secret is one that is asked for; 0; or a negative errno. */
static int was_used(struct bulk *bulk, const struct store_key *key)
{
	struct store_use uses[STORE_SECRETS_MAX];
	int r = admin_find_uses(bulk->request, bulk->reader, key, uses);

	for (size_t i = 0; r == 0 && i < key->secret_count; i++) {
		if (came_from(bulk, uses[i].first_source, uses[i].first_time) ||
		    came_from(bulk, uses[i].last_source, uses[i].last_time))
			return 1;
	}
	return r;
}

/* 1: all that is said holds of it; 0; or a negative errno. */
static int fits(struct bulk *bulk, const struct store_key *key)
{
	const struct message_key_bulk *wanted = bulk->wanted;

	if (key->ending || (bulk->owner && strcmp(bulk->owner, key->owner) != 0))
		return 0;
	if (wanted->issued_before != 0 && key->created >= wanted->issued_before)
		return 0;
	if (!key_filter_takes(&bulk->filter, key, "", NULL))
		return 0;
	return wanted->used_from ? was_used(bulk, key) : 1;
}

/* False where this step has no room for it. */
static bool take(struct bulk *bulk, const struct store_key *key)
{
	size_t size = strlen(key->name) + strlen(key->owner) + strlen(key->tenant);
	size_t at = bulk->count;

	if (at == STEP_KEYS || bulk->names_size + size > NAMES_MOST)
		return false;
	bulk->names_size += size;
	snprintf(bulk->ids[at], sizeof(bulk->ids[at]), "%s", key->id);
	snprintf(bulk->key_names[at], sizeof(bulk->key_names[at]), "%s", key->name);
	snprintf(bulk->owners[at], sizeof(bulk->owners[at]), "%s", key->owner);
	snprintf(bulk->tenants[at], sizeof(bulk->tenants[at]), "%s", key->tenant);
	bulk->names[at] = (struct message_key_name){ .id = bulk->ids[at],
						     .name = bulk->key_names[at],
						     .owner = bulk->owners[at],
						     .tenant = *bulk->tenants[at] ? bulk->tenants[at] : NULL,
						     .state = key_state_name(key->state) };
	bulk->count++;
	return true;
}

/* What becomes of the sessions of a key that is asked for. 0 or a negative errno. */
static int decide_sessions(struct bulk *bulk, const struct store_key *key)
{
	if (bulk->wanted->dry_run == 1)
		return 0;
	return admin_sessions_decide_of(bulk->request, bulk->reader, key, bulk->wanted->end_sessions);
}

static bool visit(void *data, const struct store_key *key)
{
	struct bulk *bulk = data;
	int r;

	if (!authority_reaches(&bulk->request->authority, key))
		return true;
	if (bulk->rows >= ROWS_MOST) {
		bulk->more = true;
		return false;
	}
	bulk->rows++;
	r = fits(bulk, key);
	if (r > 0 && !bulk->action->takes(key->state)) {
		bulk->already++;
	} else if (r > 0 && !take(bulk, key)) {
		bulk->more = true;
		return false;
	}
	if (r > 0)
		r = decide_sessions(bulk, key);
	if (r < 0) {
		bulk->error = r;
		return false;
	}
	key_cursor_write(key, bulk->cursor);
	return true;
}

static int walk(struct bulk *bulk)
{
	const struct message_key_bulk *wanted = bulk->wanted;
	struct store_position position;
	struct store_filter reach;
	int r;

	if (!key_cursor_read(wanted->cursor, &position))
		return admin_refuse(bulk->request, ANSWER_INVALID, "the cursor is none that a step has given");
	r = admin_choose_reach(bulk->request, bulk->reader, wanted->account, wanted->tenant, &reach);
	if (r != 0)
		return r;
	/* No index leads to an owner's keys in all tenants of one account. */
	if (reach.account && !reach.tenant)
		bulk->owner = wanted->owner;
	else
		reach.owner = wanted->owner;
	r = store_list_keys(bulk->reader, &reach, &position, visit, bulk);
	return r < 0 ? r : bulk->error;
}

static bool is_taken(const struct bulk *bulk, const char *id)
{
	for (size_t i = 0; i < bulk->count; i++) {
		if (strcmp(bulk->ids[i], id) == 0)
			return true;
	}
	return false;
}

/* Those that are named, each of which has to be there. What else is said has to hold of them too. */
static int look_up(struct bulk *bulk)
{
	const struct message_key_bulk *wanted = bulk->wanted;
	struct admin_request *request = bulk->request;
	struct store_key *key = &request->keys[1];
	struct store_filter reach;
	int r = admin_choose_reach(request, bulk->reader, wanted->account, wanted->tenant, &reach);

	bulk->owner = wanted->owner;
	for (size_t i = 0; r == 0 && i < wanted->keys.count; i++) {
		r = admin_find_key(request, bulk->reader, wanted->keys.items[i], key);
		if (r == ANSWER_NOT_FOUND && !*request->detail)
			return admin_refuse(request, ANSWER_NOT_FOUND, "there is no key '%.128s': nothing was changed",
					    wanted->keys.items[i]);
		if (r != 0 || is_taken(bulk, key->id) || (reach.account && strcmp(reach.account, key->account) != 0) ||
		    (reach.tenant && strcmp(reach.tenant, key->tenant) != 0))
			continue;
		r = fits(bulk, key);
		if (r <= 0)
			continue;
		r = decide_sessions(bulk, key);
		if (!bulk->action->takes(key->state))
			bulk->already++;
		else if (!take(bulk, key))
			r = -EMSGSIZE; /* cannot be: there is room for as many as one request names */
	}
	return r;
}

/* ---- what is done to them ---- */

static int change(struct bulk *bulk, struct vault *vault)
{
	struct store_key *key = &bulk->request->keys[1];
	int64_t now = clock_wall_seconds();

	for (size_t i = 0; i < bulk->count; i++) {
		int r = store_find_key(bulk->reader, bulk->ids[i], key);

		if (r < 0)
			return r;
		key->state = bulk->action->state;
		key->state_reason = bulk->wanted->why ? bulk->wanted->why : "";
		key->state_since = now;
		r = store_update_key(vault->store, key);
		if (r < 0)
			return r;
	}
	return 0;
}

static void put_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, json_string(text));
}

static void put_time(json_t *object, const char *name, int64_t time)
{
	char text[CLOCK_TEXT_SIZE];

	if (time == 0)
		return;
	clock_format(time, text, sizeof(text));
	put_text(object, name, text);
}

static json_t *describe_filter(const struct message_key_bulk *wanted)
{
	json_t *object = json_object(), *labels;

	put_text(object, "owner", wanted->owner);
	put_text(object, "account", wanted->account);
	put_text(object, "tenant", wanted->tenant);
	put_text(object, "role", wanted->role);
	if (wanted->labels.count > 0) {
		labels = json_array();
		for (size_t i = 0; i < wanted->labels.count; i++)
			json_array_append_new(labels, json_string(wanted->labels.items[i]));
		json_object_set_new(object, "labels", labels);
	}
	put_time(object, "issued_before", wanted->issued_before);
	put_text(object, "used_from", wanted->used_from);
	put_time(object, "used_since", wanted->used_since);
	return object;
}

/* {"batch":…,"filter":{…},"keys":{ID:"OWNER/NAME",…},"after":{"state":…},"why":…} */
static char *describe(const struct bulk *bulk)
{
	json_t *changes = json_object(), *keys = json_object(), *after = json_object();
	char name[WIRE_USER_MAX + 1 + WIRE_NAME_MAX + 1];
	char *text;

	put_text(changes, "batch", bulk->batch);
	json_object_set_new(changes, "filter", describe_filter(bulk->wanted));
	for (size_t i = 0; i < bulk->count; i++) {
		snprintf(name, sizeof(name), "%s/%s", bulk->owners[i], bulk->key_names[i]);
		put_text(keys, bulk->ids[i], name);
	}
	json_object_set_new(changes, "keys", keys);
	put_text(after, "state", key_state_name(bulk->action->state));
	json_object_set_new(changes, "after", after);
	put_text(changes, "why", bulk->wanted->why);
	text = json_dumps(changes, JSON_COMPACT);
	json_decref(changes);
	return text;
}

/* An administrator's run that finds nothing is told of as well, once. Nobody else's: it costs no key, so it could be
 * asked for without end, and push the records of others out of the files that are kept. */
static bool is_recorded(const struct bulk *bulk)
{
	return bulk->count > 0 ||
	       (bulk->request->authority.kind == AUTHORITY_ADMINISTRATOR && !bulk->wanted->batch && !bulk->more);
}

static int log_step(const struct bulk *bulk, struct vault *vault)
{
	struct audit_record record = admin_record(bulk->request, bulk->action->event);
	CLEANUP_FREE char *changes = describe(bulk);

	return audit_changes_log(vault->store, &record, changes);
}

static int reply(struct admin_request *request, const struct bulk *bulk, const struct session_sweep_result *result)
{
	const struct message_key_bulk_page page = {
		.batch = bulk->batch,
		.touched = bulk->count,
		.already = bulk->already,
		.keys = { .count = bulk->count, .items = bulk->names },
		.cursor = bulk->more ? bulk->cursor : NULL,
		.sessions_asked = result != NULL,
		.sessions_ended = result ? result->ended : 0,
		.sessions_loose = result ? result->loose : 0,
		.sessions_fault = result && *result->fault ? result->fault : NULL,
	};

	return admin_reply(request, &message_key_bulk_page, &page);
}

static bool is_of_these(const struct admin_request *request, const struct message_session *session)
{
	return admin_sessions_are_of(request, session->key_id);
}

static int reply_swept(struct admin_request *request, const struct session_sweep_result *result)
{
	return reply(request, request->sessions.data, result);
}

int admin_key_bulk(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	static const struct admin_sessions_many sessions = { is_of_these, reply_swept, free };
	CLEANUP_FREE struct bulk *bulk = calloc(1, sizeof(*bulk));
	int r;

	if (!bulk)
		return -ENOMEM;
	bulk->request = request;
	bulk->reader = reader;
	bulk->wanted = &request->message.key_bulk;
	r = read_wanted(bulk);
	if (r == 0)
		r = bulk->wanted->keys.count > 0 ? look_up(bulk) : walk(bulk);
	if (r == 0 && bulk->wanted->dry_run != 1) {
		r = change(bulk, vault);
		if (r == 0 && is_recorded(bulk))
			r = log_step(bulk, vault);
	}
	if (r == 0)
		r = reply(request, bulk, NULL);
	if (r != 0 || !admin_sessions_are_to_end(request))
		return r;
	admin_sessions_end_many(request, &sessions, bulk);
	bulk = NULL;
	return 0;
}
