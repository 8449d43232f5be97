/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The state of the daemon as an operator wants to see it: administrators all of it, everybody else whether it serves.
 */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "config.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/journal.h"
#include "daemon/key_fields.h"
#include "daemon/limits.h"
#include "daemon/throttle.h"

#define ITEM_MAX 96
#define NAME_SIZE 64

struct state {
	size_t count;
	struct message_item items[ITEM_MAX];
	char names[ITEM_MAX][NAME_SIZE];
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

static void add_named_number(struct state *state, const char *group, const char *name, uint64_t number)
{
	if (state->count == ITEM_MAX)
		return;
	snprintf(state->names[state->count], NAME_SIZE, "%s.%s", group, name);
	add_number(state, state->names[state->count], number);
}

static void add_verdicts(struct state *state, struct counters *counters)
{
	add_number(state, "verdicts.granted", counter_read(&counters->granted));
	for (enum reason reason = REASON_NONE + 1; reason < REASON_COUNT; reason++) {
		uint64_t number = counter_read(&counters->reasons[reason]);

		if (number > 0)
			add_named_number(state, "verdicts", reason_name(reason), number);
	}
}

/* Nothing here is an error: what cannot be read is not shown, and store.fault says why. */
static void add_store(struct state *state, struct store_reader *reader)
{
	uint64_t counts[STORE_STATE_COUNT], rev;

	add_number(state, "store.schema", store_schema());
	if (store_read_begin(reader) < 0)
		return;
	if (store_rev(reader, &rev) == 0)
		add_number(state, "store.rev", rev);
	if (store_count_keys(reader, counts) == 0) {
		for (enum store_state of = STORE_ACTIVE; of < STORE_STATE_COUNT; of++)
			add_named_number(state, "keys", key_state_name(of), counts[of]);
	}
	store_read_end(reader);
}

static void add_daemon(struct state *state, struct daemon *daemon)
{
	struct counters *counters = &daemon->counters;

	add_number(state, "connections.open", limits_open(daemon->limits));
	add_number(state, "connections.accepted", counter_read(&counters->connections));
	add_number(state, "connections.refused", counter_read(&counters->connections_refused));
	add_number(state, "connections.bad_packets", counter_read(&counters->bad_packets));
	add_number(state, "connections.descriptors_exhausted", counter_read(&counters->descriptors_exhausted));
	add_number(state, "admin.requests", counter_read(&counters->admin_requests));
	add_number(state, "admin.changes", counter_read(&counters->changes));
	add_number(state, "throttle.sources", throttle_count(daemon->throttle, clock_monotonic()));
	add_number(state, "journal.dropped", journal_dropped(daemon->journal));
}

static void add_audit(struct state *state, const struct audit_health *health)
{
	add_text(state, "audit.state", health->writable ? "ok" : "failing");
	if (!health->writable)
		add_text(state, "audit.fault", health->fault);
	add_number(state, "audit.seq", health->seq);
	add_number(state, "audit.size", health->size);
	add_number(state, "audit.failures", health->failures);
	add_number(state, "audit.disk_free", health->disk_free);
}

int admin_status(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct daemon *daemon = request->thread->daemon;
	struct state state = { .count = 0 };
	struct message_state reply;
	struct audit_health health;
	char vault_sentence[VAULT_FAULT_SIZE], writer_sentence[VAULT_FAULT_SIZE], started[CLOCK_TEXT_SIZE];

	(void)vault;
	vault_fault(daemon->keeper, vault_sentence, sizeof(vault_sentence));
	writer_fault(daemon->writer, writer_sentence, sizeof(writer_sentence));
	audit_health(daemon->audit, &health);
	clock_format(daemon->started, started, sizeof(started));
	add_text(&state, "version", PACKAGE_VERSION);
	if (!reader)
		add_text(&state, "state", "unavailable");
	else
		add_text(&state, "state",
			 *vault_sentence || *writer_sentence || !health.writable ? "degraded" : "serving");
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR) {
		add_text(&state, "started", started);
		if (*vault_sentence)
			add_text(&state, "store.fault", vault_sentence);
		if (*writer_sentence)
			add_text(&state, "store.write_fault", writer_sentence);
		if (reader)
			add_store(&state, reader);
		add_audit(&state, &health);
		add_verdicts(&state, &daemon->counters);
		add_daemon(&state, daemon);
	}
	reply = (struct message_state){ .items = { .count = state.count, .items = state.items } };
	return admin_reply(request, &message_state, &reply);
}
