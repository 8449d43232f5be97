/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the daemon counts and measures, in the terms of Prometheus, for administrators and gateways. What there is has
 * an order, by which a long answer is parted: first what has one number each, a table; then how long verdicts took;
 * then the verdicts by phase, service and reason, of which those that never came are left out. Defends against telling
 * of anybody: no label carries a key, a user, an address or a text of a client's choice.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "config.h"
#include "daemon/admin.h"
#include "daemon/alarms.h"
#include "daemon/journal.h"
#include "daemon/key_fields.h"
#include "daemon/limits.h"
#include "daemon/outlook.h"
#include "daemon/throttle.h"

#define PAGE 128 /* samples in a reply: they fit a packet, whatever their labels */
#define LABEL_SIZE (WIRE_SERVICE_MAX + 16)
#define LABELS_MOST 4

/* What has one number each. */
enum reading {
	READING_VERSION,
	READING_STARTED,
	READING_OK,
	READING_DEGRADED,
	READING_UNAVAILABLE,
	READING_LOCKDOWN,
	READING_KEYS_ACTIVE,
	READING_KEYS_INACTIVE,
	READING_KEYS_SUSPENDED,
	READING_KEYS_REVOKED,
	READING_STORE_WRITABLE,
	READING_STORE_SIZE,
	READING_STORE_LOG,
	READING_STORE_FREE,
	READING_AUDIT_WRITABLE,
	READING_AUDIT_RECORDS,
	READING_AUDIT_FAILURES,
	READING_AUDIT_SPOOL,
	READING_AUDIT_DROPPED,
	READING_AUDIT_FREE,
	READING_JOURNAL_DROPPED,
	READING_THROTTLED,
	READING_ALARMS,
	READING_LOGIN_OPEN,
	READING_VERIFY_OPEN,
	READING_ADMIN_OPEN,
	READING_LOGIN_OPENED,
	READING_VERIFY_OPENED,
	READING_ADMIN_OPENED,
	READING_REFUSED,
	READING_EXHAUSTED,
	READING_BAD_PACKETS,
	READING_ADMIN_REQUESTS,
	READING_CHANGES,
	READING_CLOCK_BEHIND,
	READING_CLOCK_JUMPS,
	READING_SILENT,
	READING_COUNT,
};

static const struct metric {
	const char *name;
	enum message_metric type;
	const char *help;
	const char *label; /* NULL: none */
} metrics[READING_COUNT] = {
	[READING_VERSION] = { "apikeyd_build_info", MESSAGE_GAUGE, "Always 1; the version of apikeyd is a label.",
			      "version=" PACKAGE_VERSION },
	[READING_STARTED] = { "apikeyd_start_time_seconds", MESSAGE_GAUGE, "When apikeyd was started.", NULL },
#define STATE "apikeyd_state", MESSAGE_GAUGE, "1 for the state apikeyd is in: 'apikeyctl status' says why."
	[READING_OK] = { STATE, "state=ok" },
	[READING_DEGRADED] = { STATE, "state=degraded" },
	[READING_UNAVAILABLE] = { STATE, "state=unavailable" },
	[READING_LOCKDOWN] = { "apikeyd_lockdown", MESSAGE_GAUGE, "1 while a lockdown refuses every key but a few.",
			       NULL },
#define KEYS "apikeyd_keys", MESSAGE_GAUGE, "Keys, by their state."
	[READING_KEYS_ACTIVE] = { KEYS, "state=active" },
	[READING_KEYS_INACTIVE] = { KEYS, "state=inactive" },
	[READING_KEYS_SUSPENDED] = { KEYS, "state=suspended" },
	[READING_KEYS_REVOKED] = { KEYS, "state=revoked" },
	[READING_STORE_WRITABLE] = { "apikeyd_store_writable", MESSAGE_GAUGE,
				     "1 where the last write to the key store went well.", NULL },
	[READING_STORE_SIZE] = { "apikeyd_store_size_bytes", MESSAGE_GAUGE, "Size of the key store.", NULL },
	[READING_STORE_LOG] = { "apikeyd_store_log_size_bytes", MESSAGE_GAUGE,
				"Size of the key store's write-ahead log.", NULL },
	[READING_STORE_FREE] = { "apikeyd_store_disk_free_bytes", MESSAGE_GAUGE, "Room left where the key store lies.",
				 NULL },
	[READING_AUDIT_WRITABLE] = { "apikeyd_audit_writable", MESSAGE_GAUGE,
				     "1 where the last write to the audit file went well.", NULL },
	[READING_AUDIT_RECORDS] = { "apikeyd_audit_records_total", MESSAGE_COUNTER,
				    "Records of the audit, since there is one.", NULL },
	[READING_AUDIT_FAILURES] = { "apikeyd_audit_write_failures_total", MESSAGE_COUNTER,
				     "Writes to the audit file that failed.", NULL },
	[READING_AUDIT_SPOOL] = { "apikeyd_audit_spool_records", MESSAGE_GAUGE,
				  "Records of the audit that wait in memory until they can be written.", NULL },
	[READING_AUDIT_DROPPED] = { "apikeyd_audit_dropped_total", MESSAGE_COUNTER,
				    "Records of the audit that found no room there.", NULL },
	[READING_AUDIT_FREE] = { "apikeyd_audit_disk_free_bytes", MESSAGE_GAUGE, "Room left where the audit file lies.",
				 NULL },
	[READING_JOURNAL_DROPPED] = { "apikeyd_journal_dropped_total", MESSAGE_COUNTER,
				      "Lines that the journal did not take in time.", NULL },
	[READING_THROTTLED] = { "apikeyd_throttled_sources", MESSAGE_GAUGE, "Sources over their limit of failures now.",
				NULL },
	[READING_ALARMS] = { "apikeyd_alarmed_keys", MESSAGE_GAUGE,
			     "Keys that wrong secrets were shown for in a burst lately.", NULL },
#define OPEN "apikeyd_connections", MESSAGE_GAUGE, "Connections that are open, by socket."
	[READING_LOGIN_OPEN] = { OPEN, "socket=login" },
	[READING_VERIFY_OPEN] = { OPEN, "socket=verify" },
	[READING_ADMIN_OPEN] = { OPEN, "socket=admin" },
#define OPENED "apikeyd_connections_accepted_total", MESSAGE_COUNTER, "Connections that were accepted, by socket."
	[READING_LOGIN_OPENED] = { OPENED, "socket=login" },
	[READING_VERIFY_OPENED] = { OPENED, "socket=verify" },
	[READING_ADMIN_OPENED] = { OPENED, "socket=admin" },
	[READING_REFUSED] = { "apikeyd_connections_refused_total", MESSAGE_COUNTER,
			      "Connections that were closed because there were too many.", NULL },
	[READING_EXHAUSTED] = { "apikeyd_descriptors_exhausted_total", MESSAGE_COUNTER,
				"Times that no descriptor was left for a connection.", NULL },
	[READING_BAD_PACKETS] = { "apikeyd_bad_packets_total", MESSAGE_COUNTER,
				  "Connections that were closed for breaking the protocol.", NULL },
	[READING_ADMIN_REQUESTS] = { "apikeyd_admin_requests_total", MESSAGE_COUNTER, "Administrative requests.",
				     NULL },
	[READING_CHANGES] = { "apikeyd_changes_total", MESSAGE_COUNTER, "Changes that were made on request.", NULL },
	[READING_CLOCK_BEHIND] = { "apikeyd_clock_behind_seconds", MESSAGE_GAUGE,
				   "How far the clock stands behind the latest time that was seen.", NULL },
	[READING_CLOCK_JUMPS] = { "apikeyd_clock_jumps_total", MESSAGE_COUNTER, "Times that the clock was set.", NULL },
	[READING_SILENT] = { "apikeyd_threads_silent_seconds", MESSAGE_GAUGE,
			     "How long the thread that was heard of least lately has been silent.", NULL },
};

#define DURATIONS "apikeyd_verdict_duration_seconds"
#define DURATIONS_HELP                                                                                                 \
	"From a request to its answer; written: what had to be on disk first, which is what is good once."
#define VERDICTS "apikeyd_verdicts_total"
#define VERDICTS_HELP "Verdicts, by phase, service and reason; service other: those that have no name here."

/* What there is in all, in its order. Of a histogram: its buckets, the last without a bound, then sum and count. */
#define HISTOGRAM (TALLY_BOUNDS + 3)
#define DURATIONS_AT ((uint64_t)READING_COUNT)
#define VERDICTS_AT (DURATIONS_AT + (uint64_t)TALLY_WAYS * HISTOGRAM)
#define REASONS_AT(phase, service) (VERDICTS_AT + ((uint64_t)(phase)*TALLY_SERVICES + (service)) * REASON_COUNT)
#define END REASONS_AT(TALLY_PHASES, 0)

static const char *const way_labels[TALLY_WAYS] = {
	[TALLY_READ] = "way=read",
	[TALLY_WRITTEN] = "way=written",
};

static const char *const phase_labels[TALLY_PHASES] = {
	[TALLY_AUTHENTICATE] = "phase=authenticate",
	[TALLY_ACCOUNT] = "phase=account",
	[TALLY_ROTATE] = "phase=rotate",
};

struct page {
	size_t count;
	struct message_sample samples[PAGE];
	char labels[PAGE][LABELS_MOST][LABEL_SIZE];
};

static bool is_full(const struct page *page)
{
	return page->count == PAGE;
}

static struct message_sample *add_sample(struct page *page, const char *name, enum message_metric type,
					 const char *help)
{
	struct message_sample *sample = &page->samples[page->count++];

	sample->name = name;
	sample->type = type;
	sample->help = help;
	return sample;
}

/* label lives as long as the page. */
static void add_label(struct message_sample *sample, const char *label)
{
	sample->labels.items[sample->labels.count++] = label;
}

/* Of the sample that was added last. */
static void make_label(struct page *page, const char *name, const char *value)
{
	struct message_sample *sample = &page->samples[page->count - 1];
	char *label = page->labels[page->count - 1][sample->labels.count];

	snprintf(label, LABEL_SIZE, "%s=%s", name, value);
	add_label(sample, label);
}

/* ---- what has one number ---- */

struct readings {
	uint64_t numbers[READING_COUNT];
	bool unknown[READING_COUNT];
};

static void read_outlook(const struct outlook *outlook, struct readings *readings)
{
	uint64_t *numbers = readings->numbers;

	numbers[READING_OK] = outlook->serves && outlook->why_count == 0;
	numbers[READING_DEGRADED] = outlook->serves && outlook->why_count > 0;
	numbers[READING_UNAVAILABLE] = !outlook->serves;
	numbers[READING_LOCKDOWN] = outlook->lockdown.on;
	numbers[READING_STORE_WRITABLE] = outlook->serves && outlook->store.writable && !*outlook->writer.fault;
	numbers[READING_STORE_SIZE] = outlook->store.size;
	numbers[READING_STORE_LOG] = outlook->store.log_size;
	numbers[READING_STORE_FREE] = outlook->store.disk_free;
	readings->unknown[READING_STORE_FREE] = !outlook->store.disk_known;
	numbers[READING_AUDIT_WRITABLE] = outlook->audit.writable;
	numbers[READING_AUDIT_RECORDS] = outlook->audit.seq;
	numbers[READING_AUDIT_FAILURES] = outlook->audit.failures;
	numbers[READING_AUDIT_SPOOL] = outlook->audit.spool_records;
	numbers[READING_AUDIT_DROPPED] = outlook->audit.dropped;
	numbers[READING_AUDIT_FREE] = outlook->audit.disk_free;
	readings->unknown[READING_AUDIT_FREE] = !outlook->audit.disk_known;
	numbers[READING_CLOCK_BEHIND] = (uint64_t)outlook->clock_behind;
	readings->unknown[READING_CLOCK_BEHIND] = outlook->clock_latest == 0;
}

static void read_keys(struct store_reader *reader, struct readings *readings)
{
	uint64_t counts[STORE_STATE_COUNT];
	bool known = false;

	if (reader && store_read_begin(reader) == 0) {
		known = store_count_keys(reader, counts) == 0;
		store_read_end(reader);
	}
	for (size_t i = 0; i < STORE_STATE_COUNT - STORE_ACTIVE; i++) {
		readings->unknown[READING_KEYS_ACTIVE + i] = !known;
		readings->numbers[READING_KEYS_ACTIVE + i] = known ? counts[STORE_ACTIVE + i] : 0;
	}
}

static void read_counters(const struct daemon *daemon, struct readings *readings)
{
	static const struct {
		enum reading reading;
		enum counter counter;
	} same[] = {
		{ READING_REFUSED, COUNTER_REFUSED },         { READING_EXHAUSTED, COUNTER_DESCRIPTORS_EXHAUSTED },
		{ READING_BAD_PACKETS, COUNTER_BAD_PACKETS }, { READING_ADMIN_REQUESTS, COUNTER_ADMIN_REQUESTS },
		{ READING_CHANGES, COUNTER_CHANGES },
	};
	uint64_t numbers[COUNTER_COUNT];

	counters_sum(daemon, numbers);
	for (size_t i = 0; i < ARRAY_SIZE(same); i++)
		readings->numbers[same[i].reading] = numbers[same[i].counter];
	for (size_t i = 0; i < COUNTER_SOCKETS; i++) {
		uint64_t opened = numbers[COUNTER_OPENED + i], closed = numbers[COUNTER_CLOSED + i];

		readings->numbers[READING_LOGIN_OPENED + i] = opened;
		/* The threads are not asked in one moment. */
		readings->numbers[READING_LOGIN_OPEN + i] = opened > closed ? opened - closed : 0;
	}
}

static uint64_t longest_silence(const struct daemon *daemon)
{
	int64_t now = clock_monotonic(), longest = 0;

	for (struct thread *thread = daemon->threads; thread; thread = thread->next) {
		int64_t silent = now - atomic_load(&thread->heartbeat);

		longest = silent > longest ? silent : longest;
	}
	return (uint64_t)longest / 1000000000;
}

static void read_all(struct admin_request *request, struct store_reader *reader, const struct vault *vault,
		     struct readings *readings)
{
	const struct daemon *daemon = request->thread->daemon;
	struct outlook outlook;
	struct alarm alarms[ALARMS_MOST];

	*readings = (struct readings){ .numbers = {
					       [READING_VERSION] = 1, [READING_STARTED] = (uint64_t)daemon->started } };
	outlook_take(daemon, &request->settings->settings, reader, vault, &outlook);
	read_outlook(&outlook, readings);
	read_keys(reader, readings);
	read_counters(daemon, readings);
	readings->numbers[READING_JOURNAL_DROPPED] = journal_dropped(daemon->journal);
	readings->numbers[READING_THROTTLED] = throttle_list(daemon->throttle, clock_monotonic(), NULL, 0);
	readings->numbers[READING_ALARMS] = alarms_list(daemon->alarms, clock_monotonic(), alarms);
	readings->numbers[READING_CLOCK_JUMPS] = daemon->history->jumps;
	readings->numbers[READING_SILENT] = longest_silence(daemon);
}

/* Each of these returns how far it came: the first that found no room. */

static uint64_t add_readings(struct page *page, const struct readings *readings, uint64_t from)
{
	for (; from < READING_COUNT && !is_full(page); from++) {
		const struct metric *metric = &metrics[from];
		struct message_sample *sample;

		if (readings->unknown[from])
			continue;
		sample = add_sample(page, metric->name, metric->type, metric->help);
		sample->number = readings->numbers[from];
		if (metric->label)
			add_label(sample, metric->label);
	}
	return from;
}

/* ---- durations ---- */

static void add_bucket(struct page *page, const char *way, size_t bucket, uint64_t count)
{
	struct message_sample *sample = add_sample(page, DURATIONS, MESSAGE_HISTOGRAM, DURATIONS_HELP);
	char bound[32] = "+Inf";

	sample->suffix = "_bucket";
	sample->number = count;
	add_label(sample, way);
	if (bucket < TALLY_BOUNDS)
		snprintf(bound, sizeof(bound), "%" PRId64 ".%06" PRId64, tally_bounds[bucket] / 1000000000,
			 tally_bounds[bucket] % 1000000000 / 1000);
	make_label(page, "le", bound);
}

/* It has room. A bucket counts those before it, too. */
static void add_histogram(struct page *page, const struct daemon *daemon, enum tally_way way)
{
	uint64_t counts[TALLY_BOUNDS + 1], sum, count = 0;
	struct message_sample *sample;

	tally_sum_durations(daemon, way, counts, &sum);
	for (size_t i = 0; i <= TALLY_BOUNDS; i++) {
		count += counts[i];
		add_bucket(page, way_labels[way], i, count);
	}
	sample = add_sample(page, DURATIONS, MESSAGE_HISTOGRAM, DURATIONS_HELP);
	sample->suffix = "_sum";
	sample->number = sum;
	sample->divisor = 1000000000;
	add_label(sample, way_labels[way]);
	sample = add_sample(page, DURATIONS, MESSAGE_HISTOGRAM, DURATIONS_HELP);
	sample->suffix = "_count";
	sample->number = count;
	add_label(sample, way_labels[way]);
}

static uint64_t add_durations(struct page *page, const struct daemon *daemon, uint64_t from)
{
	while (from < VERDICTS_AT && page->count + HISTOGRAM <= PAGE) {
		size_t way = (size_t)(from - DURATIONS_AT) / HISTOGRAM;

		add_histogram(page, daemon, (enum tally_way)way);
		from = DURATIONS_AT + (way + 1) * (uint64_t)HISTOGRAM;
	}
	return from;
}

/* ---- verdicts ---- */

static void add_verdict(struct page *page, size_t phase, const char *service, enum reason reason, uint64_t count)
{
	struct message_sample *sample = add_sample(page, VERDICTS, MESSAGE_COUNTER, VERDICTS_HELP);
	enum verdict verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);

	sample->number = count;
	add_label(sample, phase_labels[phase]);
	make_label(page, "service", service);
	make_label(page, "verdict", verdict_name(verdict));
	make_label(page, "reason", reason == REASON_NONE ? "none" : reason_name(reason));
}

/* Of one service. */
static uint64_t add_reasons(struct page *page, const struct daemon *daemon, uint64_t from)
{
	uint64_t counts[REASON_COUNT];
	size_t row = (size_t)(from - VERDICTS_AT) / REASON_COUNT;
	size_t phase = row / TALLY_SERVICES, service = row % TALLY_SERVICES;
	size_t reason = (size_t)(from - VERDICTS_AT) % REASON_COUNT;
	const char *name = service == SERVICES_OTHER ? SERVICES_OTHER_NAME : services_name(daemon->services, service);

	if (!name)
		return REASONS_AT(phase, service + 1);
	tally_sum_verdicts(daemon, (enum tally_phase)phase, service, counts);
	for (; reason < REASON_COUNT && !is_full(page); reason++) {
		if (counts[reason] > 0)
			add_verdict(page, phase, name, (enum reason)reason, counts[reason]);
	}
	return REASONS_AT(phase, service) + reason;
}

static uint64_t add_all(struct page *page, struct admin_request *request, struct store_reader *reader,
			const struct vault *vault, uint64_t from)
{
	const struct daemon *daemon = request->thread->daemon;
	struct readings readings;

	if (from < READING_COUNT) {
		read_all(request, reader, vault, &readings);
		from = add_readings(page, &readings, from);
	}
	if (from >= DURATIONS_AT && from < VERDICTS_AT)
		from = add_durations(page, daemon, from);
	while (from >= VERDICTS_AT && from < END && !is_full(page))
		from = add_reasons(page, daemon, from);
	return from;
}

int admin_metrics(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	uint64_t after = request->message.metrics.after;
	CLEANUP_FREE struct page *page = NULL;
	struct message_samples reply;

	if (request->authority.kind != AUTHORITY_ADMINISTRATOR &&
	    !settings_is_gateway(&request->settings->settings, request->peer.uid))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "metrics are for administrators, and for the gateways of [gateway]");
	if (after >= END)
		return admin_refuse(request, ANSWER_INVALID, "no page of metrics ends there");
	page = calloc(1, sizeof(*page));
	if (!page)
		return -ENOMEM;
	after = add_all(page, request, reader, vault, after);
	reply = (struct message_samples){ .samples = { .count = page->count, .items = page->samples },
					  .after = after < END ? after : 0 };
	return admin_reply(request, &message_samples, &reply);
}
