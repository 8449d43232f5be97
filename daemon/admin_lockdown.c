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
#include "daemon/admin_session.h"
#include "daemon/audit.h"
#include "daemon/journal.h"
#include "daemon/key_fields.h"
#include "daemon/lockdown.h"
#include "daemon/message_ids.h"
#include "daemon/session_sweep.h"

/* ---- the answer ---- */

/* The keys that are let in all the same, with the names they have now. Large. */
struct spared {
	bool on, was_on;
	uint64_t refused; /* all others that are switched on; expired ones too, for the tally knows no dates */
	size_t count;
	struct message_key_name keys[STORE_LOCKDOWN_KEYS];
	char names[STORE_LOCKDOWN_KEYS][WIRE_NAME_MAX + 1];
	char owners[STORE_LOCKDOWN_KEYS][WIRE_USER_MAX + 1];
	char tenants[STORE_LOCKDOWN_KEYS][STORE_SCOPE_ID_MAX + 1];
};

/* One that was deleted meanwhile is still told of, by its id. */
static int find_spared(struct admin_request *request, struct store_reader *reader,
		       const struct store_lockdown *lockdown, struct spared *spared)
{
	uint64_t counts[STORE_STATE_COUNT];
	struct store_key *key = &request->keys[0];
	int r = store_count_keys(reader, counts);

	if (r < 0)
		return r;
	spared->refused = counts[STORE_ACTIVE];
	for (size_t i = 0; i < lockdown->key_count; i++) {
		r = store_find_key(reader, lockdown->keys[i], key);
		if (r < 0 && r != -ENOENT)
			return r;
		spared->keys[i] = (struct message_key_name){ .id = lockdown->keys[i] };
		spared->count++;
		if (r == -ENOENT)
			continue;
		if (key->state == STORE_ACTIVE && spared->refused > 0)
			spared->refused--;
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

static int reply(struct admin_request *request, const struct spared *spared, const struct store_lockdown *told,
		 const struct session_sweep_result *result)
{
	struct message_lockdown_state state = { .on = spared->on,
						.was_on = spared->was_on,
						.refused = spared->refused };

	if (told->on) {
		state.since = told->since;
		state.by = told->actor;
		state.why = *told->why ? told->why : NULL;
		state.keys = (struct codec_records){ .count = spared->count, .items = spared->keys };
	}
	if (result) {
		state.sessions_asked = 1;
		state.sessions_ended = result->ended;
		state.sessions_loose = result->loose;
		state.sessions_fault = *result->fault ? result->fault : NULL;
	}
	return admin_reply(request, &message_lockdown_state, &state);
}

static bool is_refused(const struct admin_request *request, const struct message_session *session)
{
	return !lockdown_spares(request->lockdown, session->key_id);
}

static int reply_swept(struct admin_request *request, const struct session_sweep_result *result)
{
	return reply(request, request->sessions.data, request->lockdown, result);
}

/* Takes what is spared over. */
static int answer(struct admin_request *request, const struct store_lockdown *told, struct spared *spared)
{
	static const struct admin_sessions_many sessions = { is_refused, reply_swept, free };
	int r = reply(request, spared, told, NULL);

	if (r == 0 && request->message.lockdown.end_sessions == 1)
		admin_sessions_end_many(request, &sessions, spared);
	else
		free(spared);
	return r;
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

/* refused: how many keys, where it begins; NULL: that is not told. */
static json_t *describe(const struct store_lockdown *lockdown, const uint64_t *refused)
{
	json_t *object = json_object(), *keys;

	json_object_set_new(object, "on", json_boolean(lockdown->on));
	if (!lockdown->on)
		return object;
	keys = json_array();
	for (size_t i = 0; i < lockdown->key_count; i++)
		json_array_append_new(keys, json_string(lockdown->keys[i]));
	json_object_set_new(object, "except", keys);
	if (refused)
		json_object_set_new(object, "refused", json_integer((json_int_t)*refused));
	if (*lockdown->why)
		json_object_set_new(object, "why", json_string(lockdown->why));
	return object;
}

int admin_lockdown(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_lockdown *wanted = &request->message.lockdown;
	CLEANUP_FREE struct store_lockdown *fresh = calloc(1, sizeof(*fresh));
	CLEANUP_FREE struct spared *spared = calloc(1, sizeof(*spared));
	struct store_lockdown before;
	const struct store_lockdown *told;
	bool asked, changes;
	int r = store_find_lockdown(reader, &before);

	if (!fresh || !spared)
		return -ENOMEM;
	if (r == 0 && wanted->action != MESSAGE_LOCKDOWN_ON && wanted->end_sessions == 1)
		r = admin_refuse(request, ANSWER_INVALID, "sessions end when a lockdown begins");
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
	asked = wanted->action == MESSAGE_LOCKDOWN_ASK;
	changes = !asked && (fresh->on || before.on);
	told = fresh->on ? fresh : &before;
	spared->on = asked ? before.on : fresh->on;
	spared->was_on = before.on;
	if (changes)
		r = store_save_lockdown(vault->store, fresh);
	if (r == 0)
		r = find_spared(request, reader, told, spared);
	if (r == 0 && changes)
		r = admin_log_scope(request, vault, describe(&before, NULL), describe(fresh, &spared->refused),
				    wanted->why);
	if (r == 0) {
		r = answer(request, told, spared);
		spared = NULL;
	}
	if (r != 0 || asked)
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
		admin_signins_lock_out(daemon, lockdown);
	if (lockdown->on)
		journal_event(daemon->journal, LOG_WARNING, MESSAGE_ID_LOCKDOWN_ON,
			      "LOCKDOWN by %s%s%s: every key is refused but %zu", lockdown->actor, why ? ": " : "",
			      why ? why : "", lockdown->key_count);
	else if (before.on)
		journal_event(daemon->journal, LOG_WARNING, MESSAGE_ID_LOCKDOWN_OFF,
			      "the lockdown is over, ended by %s%s%s", request->authority.actor, why ? ": " : "",
			      why ? why : "");
}
