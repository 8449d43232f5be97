/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/state_view.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/table.h"
#include "cli/when.h"

#define LINE_SIZE 700

static const struct apikey_item *find_item(const struct apikey_status *state, const char *name)
{
	for (size_t i = 0; i < state->item_count; i++)
		if (strcmp(state->items[i].name, name) == 0)
			return &state->items[i];
	return NULL;
}

const char *state_text(const struct apikey_status *state, const char *name)
{
	const struct apikey_item *item = find_item(state, name);

	return item ? item->text : "";
}

uint64_t state_number(const struct apikey_status *state, const char *name)
{
	const struct apikey_item *item = find_item(state, name);

	return item ? item->number : 0;
}

void state_size(uint64_t bytes, char ret_text[STATE_SIZE_TEXT])
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
	double size = (double)bytes / 1024;
	size_t unit = 0;

	if (bytes < 1024) {
		snprintf(ret_text, STATE_SIZE_TEXT, "%" PRIu64 " bytes", bytes);
		return;
	}
	/* What would be shown as 1024.0 is one of the next. */
	while (size >= 1023.95 && unit + 1 < COUNT_OF(units)) {
		size /= 1024;
		unit++;
	}
	snprintf(ret_text, STATE_SIZE_TEXT, "%.1f %s", size, units[unit]);
}

static const char *size_of(const struct apikey_status *state, const char *name, char text[STATE_SIZE_TEXT])
{
	state_size(state_number(state, name), text);
	return text;
}

/* ---- lines ---- */

static void add(struct table *table, const char *name, const char *form, ...) __attribute__((format(printf, 3, 4)));

static void add(struct table *table, const char *name, const char *form, ...)
{
	char line[LINE_SIZE];
	va_list values;

	va_start(values, form);
	vsnprintf(line, sizeof(line), form, values);
	va_end(values);
	table_add(table, (const char *[]){ name, line });
}

static void add_time(struct table *table, const char *name, const char *time, int64_t now, const char *note)
{
	char text[WHEN_TEXT_SIZE];
	int64_t seconds;

	if (!when_parse(time, now, &seconds))
		return;
	when_local(seconds, now, text);
	add(table, name, "%s%s%s", text, note[0] != '\0' ? ": " : "", note);
}

static void add_state(struct table *table, const struct apikey_status *state, int64_t now)
{
	char name[32], span[WHEN_TEXT_SIZE];

	add(table, "State", "%s", state_text(state, "state"));
	for (size_t i = 1; snprintf(name, sizeof(name), "why.%zu", i) > 0 && state_text(state, name)[0] != '\0'; i++)
		add(table, i == 1 ? "Why" : "", "%s", state_text(state, name));
	add(table, "Version", "%s", state_text(state, "version"));
	add_time(table, "Started", state_text(state, "started"), now, "");
	if (state_number(state, "clock.jumps") == 0)
		return;
	when_relative((int64_t)state_number(state, "clock.last_jump"), 0, span);
	add(table, "Clock", "set %" PRIu64 " times since; last by %s, %s", state_number(state, "clock.jumps"),
	    strncmp(span, "in ", 3) == 0 ? span + 3 : span, state_text(state, "clock.last_jump_direction"));
}

static void add_store(struct table *table, const struct apikey_status *state, int64_t now)
{
	char size[STATE_SIZE_TEXT], log[STATE_SIZE_TEXT], left[STATE_SIZE_TEXT];

	if (find_item(state, "keys.active")) {
		add(table, "Keys",
		    "%" PRIu64 " active, %" PRIu64 " inactive, %" PRIu64 " suspended, %" PRIu64 " revoked",
		    state_number(state, "keys.active"), state_number(state, "keys.inactive"),
		    state_number(state, "keys.suspended"), state_number(state, "keys.revoked"));
		add(table, "Revision", "%" PRIu64, state_number(state, "store.rev"));
	}
	if (!find_item(state, "store.writable"))
		return;
	add(table, "Store", "%s; %s and a log of %s; %s free%s",
	    strcmp(state_text(state, "store.writable"), "yes") == 0 ? "writable" : "not writable",
	    size_of(state, "store.size", size), size_of(state, "store.log_size", log),
	    size_of(state, "store.disk_free", left),
	    strcmp(state_text(state, "store.disk"), "low") == 0 ? ", which is little" : "");
	add_time(table, "  last failure", state_text(state, "store.last_write_failed"), now,
		 state_text(state, "store.last_write_fault"));
}

static void add_audit(struct table *table, const struct apikey_status *state, int64_t now)
{
	char size[STATE_SIZE_TEXT], most[STATE_SIZE_TEXT], left[STATE_SIZE_TEXT];

	if (!find_item(state, "audit.state"))
		return;
	add(table, "Audit", "%s; record %" PRIu64 "; %s of %s, %" PRIu64 " of %" PRIu64 " older files; %s free%s",
	    state_text(state, "audit.state"), state_number(state, "audit.seq"), size_of(state, "audit.size", size),
	    size_of(state, "audit.max_size", most), state_number(state, "audit.rotated"),
	    state_number(state, "audit.keep"), size_of(state, "audit.disk_free", left),
	    strcmp(state_text(state, "audit.disk"), "low") == 0 ? ", which is little" : "");
	if (state_number(state, "audit.spool") > 0 || state_number(state, "audit.dropped") > 0)
		add(table, "  in memory", "%" PRIu64 " records wait to be written, %" PRIu64 " were lost",
		    state_number(state, "audit.spool"), state_number(state, "audit.dropped"));
	add(table, "  chain", "%s; the key is sealed for record %" PRIu64 " and later%s",
	    state_text(state, "audit.chain"), state_number(state, "audit.sealed_from"),
	    strcmp(state_text(state, "audit.first_key"), "here") == 0
		    ? "; take its first key with 'apikeyctl audit key'"
		    : "");
	add_time(table, "  last failure", state_text(state, "audit.last_failed"), now,
		 state_text(state, "audit.last_fault"));
	if (state_number(state, "journal.dropped") > 0)
		add(table, "Journal", "%" PRIu64 " lines dropped", state_number(state, "journal.dropped"));
}

static void add_connections(struct table *table, const struct apikey_status *state)
{
	uint64_t slowest = 0;

	if (!find_item(state, "connections.accepted"))
		return;
	add(table, "Connections",
	    "open: %" PRIu64 " login, %" PRIu64 " verify, %" PRIu64 " admin; %" PRIu64 " accepted, %" PRIu64
	    " refused, %" PRIu64 " broken off",
	    state_number(state, "connections.login"), state_number(state, "connections.verify"),
	    state_number(state, "connections.admin"), state_number(state, "connections.accepted"),
	    state_number(state, "connections.refused"), state_number(state, "connections.bad_packets"));
	for (size_t i = 0; i < state->item_count; i++)
		if (strncmp(state->items[i].name, "threads.", 8) == 0 &&
		    strcmp(state->items[i].name, "threads.count") != 0 && state->items[i].number > slowest)
			slowest = state->items[i].number;
	add(table, "Threads", "%" PRIu64 ", each heard of within %" PRIu64 " %s", state_number(state, "threads.count"),
	    slowest > 0 ? slowest : 1, slowest > 1 ? "seconds" : "second");
}

static void add_throttled(struct table *table, const struct apikey_status *state)
{
	uint64_t count = state_number(state, "throttle.sources"), named = 0;
	char name[40];

	for (; named < count; named++) {
		const struct apikey_item *uid;

		snprintf(name, sizeof(name), "throttle.%" PRIu64 ".uid", named + 1);
		uid = find_item(state, name);
		if (!uid)
			break;
		snprintf(name, sizeof(name), "throttle.%" PRIu64 ".source", named + 1);
		add(table, named == 0 ? "Throttled" : "", "uid %" PRIu64 ", source %s", uid->number,
		    state_text(state, name));
	}
	if (named < count)
		add(table, named == 0 ? "Throttled" : "", "%" PRIu64 " more sources", count - named);
}

static void add_alarms(struct table *table, const struct apikey_status *state)
{
	uint64_t count = state_number(state, "alarms.keys"), named = 0;
	char name[40];

	for (; named < count; named++) {
		const struct apikey_item *key;
		const char *source;

		snprintf(name, sizeof(name), "alarms.%" PRIu64 ".key", named + 1);
		key = find_item(state, name);
		if (!key)
			break;
		snprintf(name, sizeof(name), "alarms.%" PRIu64 ".source", named + 1);
		source = state_text(state, name);
		snprintf(name, sizeof(name), "alarms.%" PRIu64 ".failures", named + 1);
		add(table, named == 0 ? "Alarms" : "", "key %s: %" PRIu64 " wrong secrets too many, the last from %s",
		    key->text, state_number(state, name), source);
	}
	if (named < count)
		add(table, named == 0 ? "Alarms" : "", "%" PRIu64 " more keys", count - named);
}

/* ---- verdicts ---- */

/* What was counted in a window, for a minute of it. */
static void per_minute(const struct apikey_status *state, const char *group, const char *name, char text[32])
{
	char item[100];
	uint64_t count, seconds;

	snprintf(item, sizeof(item), "%s.seconds", group);
	seconds = state_number(state, item);
	snprintf(item, sizeof(item), "%s.%s", group, name);
	count = state_number(state, item);
	/* What a daemon has seen in its first seconds is no rate yet. */
	if (seconds <= 60 || count == 0)
		snprintf(text, 32, "%" PRIu64, count);
	else
		snprintf(text, 32, "%.1f", (double)count * 60 / (double)seconds);
}

static bool is_verdict(const char *name)
{
	for (enum apikey_verdict verdict = APIKEY_DENIED; verdict <= APIKEY_UNAVAILABLE; verdict++)
		if (strcmp(apikey_verdict_name(verdict), name) == 0)
			return true;
	return false;
}

static void add_verdict(struct table *table, const struct apikey_status *state, const char *name)
{
	char item[100], shown[100], minute[32], quarter[32], all[32];

	snprintf(shown, sizeof(shown), "%s%s", is_verdict(name) ? "" : "  ", name);
	snprintf(item, sizeof(item), "verdicts.%s", name);
	snprintf(all, sizeof(all), "%" PRIu64, state_number(state, item));
	per_minute(state, "verdicts_1m", name, minute);
	per_minute(state, "verdicts_15m", name, quarter);
	table_add(table, (const char *[]){ shown, minute, quarter, all });
}

/* The verdicts that there were, then the reasons. */
static bool print_verdicts(const struct apikey_status *state)
{
	static const struct table_column columns[] = {
		{ "VERDICTS", 0, true },
		{ "PER MIN (1)", 0, false },
		{ "PER MIN (15)", 0, false },
		{ "TOTAL", 0, false },
	};
	static const char prefix[] = "verdicts.";
	SCOPED_TABLE struct table *table = NULL;

	if (!find_item(state, "verdicts.granted"))
		return true;
	table = table_new(columns, COUNT_OF(columns), true);
	if (!table)
		return false;
	for (size_t i = 0; i < state->item_count; i++) {
		const struct apikey_item *item = &state->items[i];
		const char *name = item->name + sizeof(prefix) - 1;

		if (strncmp(item->name, prefix, sizeof(prefix) - 1) == 0 &&
		    (item->number > 0 || strcmp(name, "granted") == 0 || strcmp(name, "denied") == 0))
			add_verdict(table, state, name);
	}
	putchar('\n');
	return table_print(table) == 0;
}

bool state_view_print(const struct apikey_status *state, int64_t now)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);

	if (!table)
		return false;
	add_state(table, state, now);
	add_store(table, state, now);
	add_audit(table, state, now);
	add_connections(table, state);
	add_throttled(table, state);
	add_alarms(table, state);
	return table_print(table) == 0 && print_verdicts(state);
}
