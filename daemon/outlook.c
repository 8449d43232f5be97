/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/outlook.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/thread.h"
#include "daemon/vault.h"

#define SILENT_NANOSECONDS INT64_C(10000000000) /* after so long a thread is said to hang */
#define AHEAD_MOST 600 /* seconds that tokens may be refused for, as after a restore, without a word */
#define BEHIND_MOST 60 /* seconds the clock may stand behind the latest time without a word */

static void add_why(struct outlook *outlook, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void add_why(struct outlook *outlook, const char *format, ...)
{
	va_list values;

	if (outlook->why_count == OUTLOOK_WHYS)
		return;
	va_start(values, format);
	vsnprintf(outlook->whys[outlook->why_count++], sizeof(outlook->whys[0]), format, values);
	va_end(values);
}

static void find_low_disk(struct outlook *outlook, const char *what, bool known, uint64_t disk_free, uint64_t low)
{
	if (known && disk_free < low)
		add_why(outlook,
			"%" PRIu64 " MiB are free where the %s lies, which is less than the %" PRIu64
			" MiB of low_disk; make room",
			disk_free >> 20, what, low >> 20);
}

static void find_silent_threads(struct outlook *outlook, const struct daemon *daemon, int64_t now)
{
	for (struct thread *thread = daemon->threads; thread; thread = thread->next) {
		int64_t silent = now - atomic_load(&thread->heartbeat);

		if (silent > SILENT_NANOSECONDS)
			add_why(outlook, "the thread '%s' has not been heard of for %" PRId64 " seconds", thread->name,
				silent / 1000000000);
	}
}

/* The clock had stood far ahead; what is as old as what was used and forgotten then is refused. */
static void find_refused(struct outlook *outlook, struct store_reader *reader, const char *name, int64_t now,
			 const char *what, const char *mend)
{
	char text[CLOCK_TEXT_SIZE];
	uint64_t purged = 0;

	if (store_load_number(reader, name, &purged) < 0 || purged > INT64_MAX || (int64_t)purged <= now + AHEAD_MOST)
		return;
	clock_format((int64_t)purged, text, sizeof(text));
	add_why(outlook, "%s %s: the clock stood ahead, and what was used then is not remembered any more; %s", what,
		text, mend);
}

/* A clock that was set back, perhaps while nothing ran that could have noticed. */
static void find_clock(struct outlook *outlook, struct store_reader *reader)
{
	int64_t now = clock_wall_seconds();
	char text[CLOCK_TEXT_SIZE];
	uint64_t latest = 0;

	if (!reader || store_load_number(reader, WRITER_CLOCK, &latest) < 0 || latest > INT64_MAX)
		return;
	outlook->clock_latest = (int64_t)latest;
	outlook->clock_behind = outlook->clock_latest > now ? outlook->clock_latest - now : 0;
	if (outlook->clock_behind > BEHIND_MOST) {
		clock_format(outlook->clock_latest, text, sizeof(text));
		add_why(outlook,
			"the clock was set back: it stands %" PRId64
			" seconds behind %s, the latest time seen here; mend it, "
			"or tokens that are good once may be refused until it has caught up",
			outlook->clock_behind, text);
		return;
	}
	find_refused(outlook, reader, STORE_PURGED_EPOCH, now, "HMAC tokens are refused until",
		     "until that time use other keys");
	find_refused(outlook, reader, STORE_PURGED_EXP, now, "access tokens are refused that expire before",
		     "'apikeyctl token rotate-key --now' ends those there are, and lets new ones in");
}

/* Everything that an operator should do something about, the worst first. */
static void find_whys(struct outlook *outlook, const struct daemon *daemon, const struct settings *settings,
		      struct store_reader *reader)
{
	if (outlook->lockdown.on)
		add_why(outlook,
			"LOCKDOWN since %s, by %s%s%s: every key is refused but %zu; 'apikeyctl lockdown status' tells "
			"which, 'apikeyctl lockdown off' ends it",
			outlook->lockdown_since, outlook->lockdown.actor, *outlook->lockdown.why ? ": " : "",
			outlook->lockdown.why, outlook->lockdown.key_count);
	if (*outlook->store_fault)
		add_why(outlook, "%s", outlook->store_fault);
	if (*outlook->writer.fault)
		add_why(outlook, "%s", outlook->writer.fault);
	if (!outlook->audit.writable || *outlook->audit.fault)
		add_why(outlook, "%s",
			*outlook->audit.fault ? outlook->audit.fault : "the audit file cannot be written");
	if (outlook->audit.spool_records > 0 || (!outlook->audit.writable && outlook->audit.dropped > 0))
		add_why(outlook,
			"%" PRIu64 " records of the audit wait in memory until it can be written, and %" PRIu64
			" found no room there since the start: keys are verified all the same, as on_failure says",
			outlook->audit.spool_records, outlook->audit.dropped);
	if (*outlook->audit_keeper.fault)
		add_why(outlook, "%s", outlook->audit_keeper.fault);
	find_low_disk(outlook, "key store", outlook->store.disk_known, outlook->store.disk_free, settings->low_disk);
	find_low_disk(outlook, "audit file", outlook->audit.disk_known, outlook->audit.disk_free, settings->low_disk);
	find_silent_threads(outlook, daemon, clock_monotonic());
	if (outlook->master_key_followed)
		add_why(outlook,
			"the master key was rotated, and apikeyd runs with the one before, which opens the key store "
			"until then: restart it (systemctl restart apikeyd). Where that changes nothing the rotation "
			"was cut short: run 'apikeyctl master-key rotate' again");
	find_clock(outlook, reader);
}

/* What cannot be read is told of as a fault of the store. */
static void read_wraps(struct outlook *outlook, struct store_reader *reader, const struct vault *vault)
{
	uint32_t oldest = 0, newest = 0;

	if (!reader || !vault || store_wraps(reader, &oldest, &newest) < 0)
		return;
	outlook->wrap = newest;
	outlook->master_key_followed = newest > vault->keyring.wrap;
}

void outlook_take(const struct daemon *daemon, const struct settings *settings, struct store_reader *reader,
		  const struct vault *vault, struct outlook *ret_outlook)
{
	struct outlook *outlook = ret_outlook;

	*outlook = (struct outlook){ .serves = reader != NULL };
	vault_fault(daemon->keeper, outlook->store_fault, sizeof(outlook->store_fault));
	store_health(vault_folder(daemon->keeper), &outlook->store);
	writer_health(daemon->writer, &outlook->writer);
	audit_health(daemon->audit, &outlook->audit);
	audit_keeper_health(daemon->audit_keeper, &outlook->audit_keeper);
	lockdown_get(vault_lockdown(daemon->keeper), &outlook->lockdown);
	clock_format(outlook->lockdown.since, outlook->lockdown_since, sizeof(outlook->lockdown_since));
	read_wraps(outlook, reader, vault);
	find_whys(outlook, daemon, settings, reader);
}

const char *outlook_state(const struct outlook *outlook)
{
	if (!outlook->serves)
		return "unavailable";
	return outlook->why_count > 0 ? "degraded" : "ok";
}
