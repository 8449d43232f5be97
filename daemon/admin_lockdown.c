/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The lockdown, begun and ended, and told of. It is about credentials, so administrators alone, who need none, have a
 * say in it: no key ends what refuses keys. Who, when and why is in the store, in the audit and in the journal.
 */
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/journal.h"
#include "daemon/key_fields.h"
#include "daemon/lockdown.h"
#include "daemon/message_ids.h"

/* ---- the answer ---- */

/* The keys that are let in all the same, with the names they have now. Large. */
struct spared {
	size_t count;
	struct message_key_name keys[STORE_LOCKDOWN_KEYS];
	char names[STORE_LOCKDOWN_KEYS][WIRE_NAME_MAX + 1];
	char owners[STORE_LOCKDOWN_KEYS][WIRE_USER_MAX + 1];
	char tenants[STORE_LOCKDOWN_KEYS][STORE_SCOPE_ID_MAX + 1];
};

/* One that was deleted meanwhile is still told of, by its id. */
static int name_spared(struct admin_request *request, struct store_reader *reader,
		       const struct store_lockdown *lockdown, struct spared *spared)
{
	struct store_key *key = &request->keys[0];

	for (size_t i = 0; i < lockdown->key_count; i++) {
		int r = store_find_key(reader, lockdown->keys[i], key);

		if (r < 0 && r != -ENOENT)
			return r;
		spared->keys[i] = (struct message_key_name){ .id = lockdown->keys[i] };
		spared->count++;
		if (r == -ENOENT)
			continue;
		snprintf(spared->names[i], sizeof(spared->names[i]), "%s", key->name);
		snprintf(spared->owners[i], sizeof(spared->owners[i]), "%s", key->owner);
		snprintf(spared->tenants[i], sizeof(spared->tenants[i]), "%s", key->tenant);
		spared->keys[i].name = spared->names[i];
		spared->keys[i].owner = spared->owners[i];
		spared->keys[i].tenant = *spared->tenants[i] ? spared->tenants[i] : NULL;
		spared->keys[i].state = key_state_name(key->state);
	}
	return 0;
}

static int answer(struct admin_request *request, struct store_reader *reader, const struct store_lockdown *told,
		  bool on, bool was_on)
{
	CLEANUP_FREE struct spared *spared = calloc(1, sizeof(*spared));
	struct message_lockdown_state reply = { .on = on, .was_on = was_on };
	int r;

	if (!spared)
		return -ENOMEM;
	r = name_spared(request, reader, told, spared);
	if (r < 0)
		return r;
	if (told->on) {
		reply.since = told->since;
		reply.by = told->actor;
		reply.why = *told->why ? told->why : NULL;
		reply.keys = (struct codec_records){ .count = spared->count, .items = spared->keys };
	}
	return admin_reply(request, &message_lockdown_state, &reply);
}

/* ---- the change ---- */

/* The keys that are named have to be there, and able to open something. */
static int read_spared(struct admin_request *request, struct store_reader *reader, struct store_lockdown *lockdown)
{
	const struct codec_texts *names = &request->message.lockdown.keys;
	struct store_key *key = &request->keys[0];

	for (size_t i = 0; i < names->count; i++) {
		int r = admin_find_key(request, reader, names->items[i], key);

		if (r == ANSWER_NOT_FOUND && !*request->detail)
			return admin_refuse(request, ANSWER_NOT_FOUND,
					    "there is no key '%.128s' to let in: nothing was changed", names->items[i]);
		if (r != 0)
			return r;
		if (key->state != STORE_ACTIVE || key->expires <= clock_wall_seconds())
			return admin_refuse(request, ANSWER_WRONG_STATE,
					    "the key %s is %s and would let nobody in: nothing was changed", key->id,
					    key->state != STORE_ACTIVE ? key_state_name(key->state) : "expired");
		if (lockdown_spares(lockdown, key->id))
			continue;
		snprintf(lockdown->keys[lockdown->key_count++], sizeof(lockdown->keys[0]), "%s", key->id);
	}
	return 0;
}

static json_t *describe(const struct store_lockdown *lockdown)
{
	json_t *object = json_object(), *keys;

	json_object_set_new(object, "on", json_boolean(lockdown->on));
	if (!lockdown->on)
		return object;
	keys = json_array();
	for (size_t i = 0; i < lockdown->key_count; i++)
		json_array_append_new(keys, json_string(lockdown->keys[i]));
	json_object_set_new(object, "except", keys);
	if (*lockdown->why)
		json_object_set_new(object, "why", json_string(lockdown->why));
	return object;
}

int admin_lockdown(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_lockdown *wanted = &request->message.lockdown;
	CLEANUP_FREE struct store_lockdown *fresh = calloc(1, sizeof(*fresh));
	struct store_lockdown before;
	int r = store_find_lockdown(reader, &before);

	if (!fresh)
		return -ENOMEM;
	if (r == 0 && wanted->action == MESSAGE_LOCKDOWN_ASK)
		return answer(request, reader, &before, before.on, before.on);
	if (r == 0)
		r = admin_check_why(request, wanted->why);
	if (r == 0 && wanted->action == MESSAGE_LOCKDOWN_OFF && wanted->keys.count > 0)
		r = admin_refuse(request, ANSWER_INVALID, "keys are let in while a lockdown is on, not when it ends");
	if (r == 0 && wanted->action == MESSAGE_LOCKDOWN_ON) {
		fresh->on = true;
		fresh->since = clock_wall_seconds();
		snprintf(fresh->actor, sizeof(fresh->actor), "%s", request->authority.actor);
		snprintf(fresh->why, sizeof(fresh->why), "%s", wanted->why ? wanted->why : "");
		r = read_spared(request, reader, fresh);
	}
	if (r != 0)
		return r;
	if (fresh->on || before.on) {
		r = store_save_lockdown(vault->store, fresh);
		if (r == 0)
			r = admin_log_scope(request, vault, describe(&before), describe(fresh), wanted->why);
	}
	if (r == 0)
		r = answer(request, reader, fresh->on ? fresh : &before, fresh->on, before.on);
	if (r != 0)
		return r;
	request->lockdown = fresh;
	fresh = NULL;
	return 0;
}

void admin_lockdown_written(struct admin_request *request)
{
	struct daemon *daemon = request->thread->daemon;
	const struct store_lockdown *lockdown = request->lockdown;
	const char *why = request->message.lockdown.why;
	struct store_lockdown before;

	lockdown_get(vault_lockdown(daemon->keeper), &before);
	lockdown_set(vault_lockdown(daemon->keeper), lockdown);
	if (lockdown->on)
		journal_event(daemon->journal, LOG_WARNING, MESSAGE_ID_LOCKDOWN_ON,
			      "LOCKDOWN by %s%s%s: every key is refused but %zu", lockdown->actor, why ? ": " : "",
			      why ? why : "", lockdown->key_count);
	else if (before.on)
		journal_event(daemon->journal, LOG_WARNING, MESSAGE_ID_LOCKDOWN_OFF,
			      "the lockdown is over, ended by %s%s%s", request->authority.actor, why ? ": " : "",
			      why ? why : "");
}
