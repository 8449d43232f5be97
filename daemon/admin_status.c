/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The state of the daemon as an operator wants to see it: administrators all of it, everybody else its version and
 * whether it serves. What degrades the state is said in sentences, so that nobody has to know which number is bad.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "config.h"
#include "daemon/admin.h"
#include "daemon/admin_settings.h"
#include "daemon/alarms.h"
#include "daemon/journal.h"
#include "daemon/key_fields.h"
#include "daemon/limits.h"
#include "daemon/outlook.h"
#include "daemon/throttle.h"

#define ITEM_MAX (512 + ADMIN_SETTINGS_MAX)
#define NAME_SIZE 64
#define ALARMS_SHOWN 16   /* keys that are named */
#define THROTTLED_MOST 16 /* sources that are named */
#define LOOK_BACK_SHORT 60
#define LOOK_BACK_LONG 900

/* The items of one reply. Whatever their texts point to lives until it is encoded. */
struct state {
	size_t count;
	struct message_item items[ITEM_MAX];
	char names[ITEM_MAX][NAME_SIZE];
	struct outlook outlook;
	char times[6][CLOCK_TEXT_SIZE];
	struct throttle_source throttled[THROTTLED_MOST];
	struct alarm alarms[ALARMS_MOST];
};

/* name and text are static, or outlive the reply. */
static void add_text(struct state *state, const char *name, const char *text)
{
	if (state->count < ITEM_MAX)
		state->items[state->count++] = (struct message_item){ .name = name, .text = text };
}

static void add_number(struct state *state, const char *name, uint64_t number)
{
	if (state->count < ITEM_MAX)
		state->items[state->count++] = (struct message_item){ .name = name, .number = number };
}

/* Makes "group.name" for the item that is added next. */
static const char *join_name(struct state *state, const char *group, const char *name)
{
	size_t at = state->count < ITEM_MAX ? state->count : ITEM_MAX - 1;

	snprintf(state->names[at], NAME_SIZE, "%s.%s", group, name);
	return state->names[at];
}

static void add_named_number(struct state *state, const char *group, const char *name, uint64_t number)
{
	add_number(state, join_name(state, group, name), number);
}

/* ---- the groups ---- */

static void add_time(struct state *state, const char *name, size_t room, int64_t time)
{
	clock_format(time, state->times[room], sizeof(state->times[room]));
	add_text(state, name, state->times[room]);
}

static void add_clock(struct state *state, const struct daemon *daemon)
{
	const struct history *history = daemon->history;

	add_time(state, "started", 0, daemon->started);
	add_number(state, "uptime", (uint64_t)((clock_monotonic() - daemon->started_at) / 1000000000));
	add_time(state, "clock.time", 1, clock_wall_seconds());
	add_number(state, "clock.jumps", history->jumps);
	if (history->jumps > 0) {
		add_number(state, "clock.last_jump", (uint64_t)llabs(history->last_jump));
		add_text(state, "clock.last_jump_direction", history->last_jump < 0 ? "back" : "forward");
	}
	if (state->outlook.clock_latest > 0)
		add_time(state, "clock.latest", 4, state->outlook.clock_latest);
	add_number(state, "clock.behind", (uint64_t)state->outlook.clock_behind);
}

static void add_lockdown(struct state *state)
{
	const struct store_lockdown *lockdown = &state->outlook.lockdown;

	add_text(state, "lockdown.state", lockdown->on ? "on" : "off");
	if (!lockdown->on)
		return;
	add_text(state, "lockdown.since", state->outlook.lockdown_since);
	add_text(state, "lockdown.by", lockdown->actor);
	if (*lockdown->why)
		add_text(state, "lockdown.why", lockdown->why);
	add_number(state, "lockdown.except", lockdown->key_count);
}

/* What cannot be read is not shown, and store.fault says why. */
static void add_keys(struct state *state, struct store_reader *reader)
{
	uint64_t counts[STORE_STATE_COUNT], rev;

	if (!reader || store_read_begin(reader) < 0)
		return;
	if (store_rev(reader, &rev) == 0)
		add_number(state, "store.rev", rev);
	if (store_count_keys(reader, counts) == 0) {
		for (enum store_state of = STORE_ACTIVE; of < STORE_STATE_COUNT; of++)
			add_named_number(state, "keys", key_state_name(of), counts[of]);
	}
	store_read_end(reader);
}

static void add_store(struct state *state, uint64_t low_disk)
{
	const struct store_health *store = &state->outlook.store;
	const struct writer_health *writer = &state->outlook.writer;

	add_number(state, "store.schema", store_schema());
	add_text(state, "store.writable", store->writable && !*writer->fault ? "yes" : "no");
	add_number(state, "store.size", store->size);
	add_number(state, "store.log_size", store->log_size);
	if (store->disk_known) {
		add_number(state, "store.disk_free", store->disk_free);
		add_text(state, "store.disk", store->disk_free < low_disk ? "low" : "ok");
	}
	if (*state->outlook.store_fault)
		add_text(state, "store.fault", state->outlook.store_fault);
	if (*writer->fault)
		add_text(state, "store.write_fault", writer->fault);
	if (writer->last_failed != 0) {
		add_text(state, "store.last_write_fault", writer->last_fault);
		add_time(state, "store.last_write_failed", 2, writer->last_failed);
	}
}

static void add_master_key(struct state *state)
{
	if (state->outlook.wrap == 0)
		return;
	add_number(state, "master_key.wrap", state->outlook.wrap);
	add_text(state, "master_key.restart", state->outlook.master_key_followed ? "yes" : "no");
}

static void add_chain(struct state *state)
{
	const struct audit_keeper_health *keeper = &state->outlook.audit_keeper;
	const struct audit_health *health = &state->outlook.audit;

	add_text(state, "audit.chain", health->keyed ? health->chain : "none");
	add_text(state, "audit.head", health->head);
	add_number(state, "audit.head_published", keeper->published);
	add_number(state, "audit.sealed_from", keeper->sealed_from);
	if (keeper->sealed_at != 0)
		add_time(state, "audit.sealed", 5, keeper->sealed_at);
	add_text(state, "audit.first_key", !keeper->sealed ? "none" : keeper->has_first ? "here" : "taken");
}

static void add_audit(struct state *state, uint64_t low_disk)
{
	const struct audit_health *health = &state->outlook.audit;

	add_text(state, "audit.state", health->writable ? "ok" : "failing");
	if (*health->fault)
		add_text(state, "audit.fault", health->fault);
	add_number(state, "audit.seq", health->seq);
	add_number(state, "audit.size", health->size);
	add_number(state, "audit.max_size", health->max_size);
	add_number(state, "audit.rotated", health->rotated);
	add_number(state, "audit.keep", health->keep);
	add_number(state, "audit.failures", health->failures);
	if (health->last_failed != 0) {
		add_text(state, "audit.last_fault", health->last_fault);
		add_time(state, "audit.last_failed", 3, health->last_failed);
	}
	add_number(state, "audit.spool", health->spool_records);
	add_number(state, "audit.spool_size", health->spool_bytes);
	add_number(state, "audit.spool_max", health->spool_max);
	add_number(state, "audit.dropped", health->dropped);
	add_chain(state);
	if (health->disk_known) {
		add_number(state, "audit.disk_free", health->disk_free);
		add_text(state, "audit.disk", health->disk_free < low_disk ? "low" : "ok");
	}
}

/* Verdicts, all of them, and the reasons that there were. */
static void add_verdicts(struct state *state, const char *group, const uint64_t *numbers)
{
	static const enum verdict order[VERDICT_COUNT] = { VERDICT_GRANTED, VERDICT_DENIED, VERDICT_FORBIDDEN,
							   VERDICT_THROTTLED, VERDICT_UNAVAILABLE };
	uint64_t verdicts[VERDICT_COUNT] = { [VERDICT_GRANTED] = numbers[COUNTER_GRANTED] };

	for (enum reason reason = REASON_NONE + 1; reason < REASON_COUNT; reason++)
		verdicts[reason_verdict(reason)] += numbers[COUNTER_REASONS + reason];
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		add_named_number(state, group, verdict_name(order[i]), verdicts[order[i]]);
	for (enum reason reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
		uint64_t number = numbers[COUNTER_REASONS + reason];

		if (number > 0)
			add_named_number(state, group, reason_name(reason), number);
	}
}

static void add_window(struct state *state, const struct history *history, const char *group, int64_t span,
		       const uint64_t *numbers)
{
	uint64_t counts[COUNTER_VERDICTS];
	int64_t seconds;

	history_look_back(history, clock_monotonic() / 1000000000, span, numbers, counts, &seconds);
	add_named_number(state, group, "seconds", (uint64_t)seconds);
	add_verdicts(state, group, counts);
}

static void add_connections(struct state *state, struct daemon *daemon, const uint64_t *numbers)
{
	static const char *const sockets[COUNTER_SOCKETS] = {
		[CONNECTION_LOGIN] = "login",
		[CONNECTION_VERIFY] = "verify",
		[CONNECTION_ADMIN] = "admin",
	};
	uint64_t accepted = 0;

	for (size_t i = 0; i < COUNTER_SOCKETS; i++) {
		uint64_t opened = numbers[COUNTER_OPENED + i], closed = numbers[COUNTER_CLOSED + i];

		/* The threads are not asked in one moment: one that was handed over may have been closed meanwhile. */
		add_named_number(state, "connections", sockets[i], opened > closed ? opened - closed : 0);
		accepted += opened;
	}
	add_number(state, "connections.open", limits_open(daemon->limits));
	add_number(state, "connections.accepted", accepted);
	add_number(state, "connections.refused", numbers[COUNTER_REFUSED]);
	add_number(state, "connections.bad_packets", numbers[COUNTER_BAD_PACKETS]);
	add_number(state, "connections.descriptors_exhausted", numbers[COUNTER_DESCRIPTORS_EXHAUSTED]);
	add_number(state, "admin.requests", numbers[COUNTER_ADMIN_REQUESTS]);
	add_number(state, "admin.changes", numbers[COUNTER_CHANGES]);
	add_number(state, "journal.dropped", journal_dropped(daemon->journal));
}

static void add_throttled(struct state *state, struct throttle *throttle)
{
	size_t count = throttle_list(throttle, clock_monotonic(), state->throttled, THROTTLED_MOST);
	char group[sizeof("throttle.18446744073709551615")];

	add_number(state, "throttle.sources", count);
	for (size_t i = 0; i < count && i < THROTTLED_MOST; i++) {
		snprintf(group, sizeof(group), "throttle.%zu", i + 1);
		add_named_number(state, group, "uid", state->throttled[i].uid);
		add_text(state, join_name(state, group, "source"),
			 *state->throttled[i].source ? state->throttled[i].source : "none");
	}
}

static void add_alarms(struct state *state, struct alarms *alarms)
{
	size_t count = alarms_list(alarms, clock_monotonic(), state->alarms);
	char group[sizeof("alarms.18446744073709551615")];

	add_number(state, "alarms.keys", count);
	for (size_t i = 0; i < count && i < ALARMS_SHOWN; i++) {
		snprintf(group, sizeof(group), "alarms.%zu", i + 1);
		add_text(state, join_name(state, group, "key"), state->alarms[i].key_id);
		add_text(state, join_name(state, group, "source"), state->alarms[i].source);
		add_named_number(state, group, "failures", state->alarms[i].count);
	}
}

/* How long ago each thread has been heard of; of those of one name, the one that has been silent for longest. */
static void add_threads(struct state *state, const struct daemon *daemon)
{
	int64_t now = clock_monotonic();
	uint64_t count = 0;

	for (struct thread *thread = daemon->threads; thread; thread = thread->next) {
		int64_t silent = (now - atomic_load(&thread->heartbeat)) / 1000000000;
		struct message_item *known = NULL;
		const char *name = join_name(state, "threads", thread->name);

		for (size_t i = 0; i < state->count && !known; i++)
			known = strcmp(state->items[i].name, name) == 0 ? &state->items[i] : NULL;
		silent = silent < 0 ? 0 : silent;
		if (!known)
			add_number(state, name, (uint64_t)silent);
		else if ((uint64_t)silent > known->number)
			known->number = (uint64_t)silent;
		count++;
	}
	add_number(state, "threads.count", count);
}

static void add_all(struct state *state, struct daemon *daemon, const struct settings *settings,
		    struct store_reader *reader)
{
	uint64_t numbers[COUNTER_COUNT];

	counters_sum(daemon, numbers);
	for (size_t i = 0; i < state->outlook.why_count; i++) {
		char number[sizeof("18446744073709551615")];

		snprintf(number, sizeof(number), "%zu", i + 1);
		add_text(state, join_name(state, "why", number), state->outlook.whys[i]);
	}
	add_lockdown(state);
	add_clock(state, daemon);
	add_keys(state, reader);
	add_store(state, settings->low_disk);
	add_master_key(state);
	add_audit(state, settings->low_disk);
	add_verdicts(state, "verdicts", numbers);
	add_window(state, daemon->history, "verdicts_1m", LOOK_BACK_SHORT, numbers);
	add_window(state, daemon->history, "verdicts_15m", LOOK_BACK_LONG, numbers);
	add_throttled(state, daemon->throttle);
	add_alarms(state, daemon->alarms);
	add_connections(state, daemon, numbers);
	add_threads(state, daemon);
}

static void add_settings(struct state *state, const struct admin_settings *list)
{
	for (size_t i = 0; i < list->count && state->count < ITEM_MAX; i++)
		state->items[state->count++] = list->items[i];
}

int admin_status(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct daemon *daemon = request->thread->daemon;
	const struct settings *settings = &request->settings->settings;
	CLEANUP_FREE struct state *state = calloc(1, sizeof(*state));
	struct message_state reply;
	struct admin_settings configured;

	if (!state)
		return -ENOMEM;
	outlook_take(daemon, settings, reader, vault, &state->outlook);
	add_text(state, "version", PACKAGE_VERSION);
	add_text(state, "state", outlook_state(&state->outlook));
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR) {
		add_all(state, daemon, settings, reader);
		admin_settings_list(daemon, request->settings, &configured);
		add_settings(state, &configured);
	}
	reply = (struct message_state){ .items = { .count = state->count, .items = state->items } };
	return admin_reply(request, &message_state, &reply);
}
