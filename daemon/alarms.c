/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The counting is a throttle by ids in the place of sources, so that those of a burst stay whatever passes by. Threads
 * that refuse note what is beyond the limit, which takes as long for every id; which of them are keys is looked up
 * later, in the main thread.
 *
 * A burst waits to be told of, the oldest first, and what was told of makes room at once: nobody keeps others from
 * being named by going on. Half of those of an interval may be told of at once, the others follow one by one, so that
 * there is one left for the burst that comes next. Who is nobody in particular on this host is named by its uid, and
 * may have hundreds of keys of its own to guess at: it has a few places of its own.
 */
#include "daemon/alarms.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "common/network.h"
#include "common/secret.h"
#include "daemon/audit.h"
#include "daemon/daemon.h"
#include "daemon/journal.h"
#include "daemon/message_ids.h"
#include "daemon/store.h"
#include "daemon/thread.h"
#include "daemon/throttle.h"

#define COUNTED 4096 /* ids */

_Static_assert(CREDENTIAL_KEY_ID_MAX <= WIRE_SOURCE_MAX, "an id is counted as a source is");

struct burst {
	struct alarm alarm; /* its count is since it was told of */
	uint64_t all;       /* since it is here */
	bool is_key;
	int64_t told_at;
};

struct bursts {
	struct burst list[ALARMS_MOST];
	size_t count;
};

struct lot {
	size_t most;          /* in an interval */
	struct bursts fresh;  /* in the order they came in */
	struct bursts told;   /* in the interval */
	int64_t booked_until; /* with so many that were told of */
};

enum { LOT_OTHERS, LOT_USERS, LOT_COUNT };

struct alarms {
	struct throttle *counts;
	pthread_mutex_t lock; /* over what follows */
	struct lot lots[LOT_COUNT];
	uint64_t beyond; /* that found no room, since that was told of */
	bool beyond_told;
	int64_t beyond_told_at;
};

int alarms_new(struct alarms **ret_alarms)
{
	struct alarms *alarms = calloc(1, sizeof(*alarms));
	int r;

	if (!alarms)
		return -ENOMEM;
	r = throttle_new(COUNTED, &alarms->counts);
	if (r < 0) {
		free(alarms);
		return r;
	}
	pthread_mutex_init(&alarms->lock, NULL);
	alarms->lots[LOT_OTHERS].most = ALARMS_MOST - ALARMS_USERS;
	alarms->lots[LOT_USERS].most = ALARMS_USERS;
	*ret_alarms = alarms;
	return 0;
}

void alarms_free(struct alarms *alarms)
{
	if (!alarms)
		return;
	throttle_free(alarms->counts);
	pthread_mutex_destroy(&alarms->lock);
	free(alarms);
}

static struct burst *find(struct bursts *bursts, const char *key_id)
{
	for (struct burst *burst = bursts->list; burst < bursts->list + bursts->count; burst++) {
		if (strcmp(burst->alarm.key_id, key_id) == 0)
			return burst;
	}
	return NULL;
}

/* NULL: there is no room. */
static struct burst *add(struct bursts *bursts, size_t most)
{
	return bursts->count < most ? &bursts->list[bursts->count++] : NULL;
}

static void drop(struct bursts *bursts, struct burst *burst)
{
	struct burst *end = bursts->list + bursts->count--;

	memmove(burst, burst + 1, (size_t)((char *)end - (char *)(burst + 1)));
}

static void note_burst(struct alarms *alarms, struct lot *lot, const char *key_id, const char *source)
{
	struct burst *burst = find(&lot->told, key_id);

	if (!burst)
		burst = find(&lot->fresh, key_id);
	if (!burst) {
		burst = add(&lot->fresh, lot->most);
		if (!burst) {
			alarms->beyond++;
			return;
		}
		*burst = (struct burst){ .all = 0 };
		snprintf(burst->alarm.key_id, sizeof(burst->alarm.key_id), "%s", key_id);
	}
	snprintf(burst->alarm.source, sizeof(burst->alarm.source), "%s", source);
	burst->alarm.count++;
	burst->all++;
}

bool alarms_note(struct alarms *alarms, const char *key_id, const char *source, bool user, int64_t now,
		 uint64_t per_minute)
{
	if (per_minute == 0 || !throttle_failure(alarms->counts, 0, key_id, now, per_minute).throttled)
		return false;
	pthread_mutex_lock(&alarms->lock);
	note_burst(alarms, &alarms->lots[user ? LOT_USERS : LOT_OTHERS], key_id, source);
	pthread_mutex_unlock(&alarms->lock);
	return true;
}

void alarms_pass(struct alarms *alarms, const char *key_id, int64_t now, uint64_t per_minute)
{
	if (per_minute > 0)
		(void)throttle_is_over(alarms->counts, 0, key_id, now, per_minute);
}

size_t alarms_unknown(struct alarms *alarms, struct alarm ret_alarms[ALARMS_MOST])
{
	size_t count = 0;

	pthread_mutex_lock(&alarms->lock);
	for (struct lot *lot = alarms->lots; lot < alarms->lots + LOT_COUNT; lot++) {
		for (size_t i = 0; i < lot->fresh.count; i++) {
			if (!lot->fresh.list[i].is_key)
				ret_alarms[count++] = lot->fresh.list[i].alarm;
		}
	}
	pthread_mutex_unlock(&alarms->lock);
	return count;
}

void alarms_settle(struct alarms *alarms, const char *key_id, bool is_key)
{
	pthread_mutex_lock(&alarms->lock);
	for (struct lot *lot = alarms->lots; lot < alarms->lots + LOT_COUNT; lot++) {
		struct burst *burst = find(&lot->fresh, key_id);

		if (burst && is_key)
			burst->is_key = true;
		else if (burst)
			drop(&lot->fresh, burst);
	}
	pthread_mutex_unlock(&alarms->lock);
}

static bool is_recent(int64_t told_at, int64_t now)
{
	return now - told_at < ALARMS_INTERVAL;
}

/* What was told of an interval ago waits anew where it went on. */
static void age(struct alarms *alarms, struct lot *lot, int64_t now)
{
	for (size_t i = 0; i < lot->told.count;) {
		struct burst *burst = &lot->told.list[i], *fresh;

		if (is_recent(burst->told_at, now)) {
			i++;
			continue;
		}
		fresh = burst->alarm.count > 0 ? add(&lot->fresh, lot->most) : NULL;
		if (fresh)
			*fresh = *burst;
		else
			alarms->beyond += burst->alarm.count;
		drop(&lot->told, burst);
	}
}

/* Half of what an interval may have at once, the other half over the interval. */
static bool book(struct lot *lot, int64_t now)
{
	int64_t half = (int64_t)lot->most / 2, step = ALARMS_INTERVAL / half;

	if (lot->booked_until > now + (half - 1) * step)
		return false;
	lot->booked_until = (lot->booked_until > now ? lot->booked_until : now) + step;
	return true;
}

static size_t take_lot(struct lot *lot, int64_t now, struct alarm *ret_alarms)
{
	size_t count = 0;

	for (size_t i = 0; i < lot->fresh.count && lot->told.count < lot->most;) {
		struct burst *burst = &lot->fresh.list[i], *told;

		if (!burst->is_key) {
			i++;
			continue;
		}
		if (!book(lot, now))
			break;
		ret_alarms[count++] = burst->alarm;
		burst->alarm.count = 0;
		burst->told_at = now;
		told = add(&lot->told, lot->most);
		*told = *burst;
		drop(&lot->fresh, burst);
	}
	return count;
}

size_t alarms_take(struct alarms *alarms, int64_t now, struct alarm ret_alarms[ALARMS_MOST], uint64_t *ret_beyond)
{
	size_t count = 0;

	*ret_beyond = 0;
	pthread_mutex_lock(&alarms->lock);
	for (struct lot *lot = alarms->lots; lot < alarms->lots + LOT_COUNT; lot++) {
		age(alarms, lot, now);
		count += take_lot(lot, now, ret_alarms + count);
	}
	if (alarms->beyond > 0 && !(alarms->beyond_told && is_recent(alarms->beyond_told_at, now))) {
		*ret_beyond = alarms->beyond;
		alarms->beyond = 0;
		alarms->beyond_told = true;
		alarms->beyond_told_at = now;
	}
	pthread_mutex_unlock(&alarms->lock);
	return count;
}

size_t alarms_list(struct alarms *alarms, int64_t now, struct alarm ret_alarms[ALARMS_MOST])
{
	size_t count = 0;

	pthread_mutex_lock(&alarms->lock);
	for (const struct lot *lot = alarms->lots; lot < alarms->lots + LOT_COUNT; lot++) {
		for (size_t i = 0; i < lot->told.count; i++) {
			if (!is_recent(lot->told.list[i].told_at, now))
				continue;
			ret_alarms[count] = lot->told.list[i].alarm;
			ret_alarms[count++].count = lot->told.list[i].all;
		}
	}
	pthread_mutex_unlock(&alarms->lock);
	return count;
}

/* ---- telling ---- */

static void record(struct thread *thread, const struct store_key *key, const char *rhost, const char *detail,
		   uint64_t count)
{
	struct audit_record record = {
		.time = clock_wall_microseconds(),
		.event = "key_alarm",
		.reason = REASON_BAD_SECRET,
		.rhost = rhost,
		.detail = detail,
		.count = count,
	};

	if (key) {
		record.key_id = key->id;
		record.key_name = key->name;
		record.owner = key->owner;
		record.test = key->test;
	}
	(void)audit_write(thread->daemon->audit, &record, 1);
}

static void tell_one(struct thread *thread, const struct alarm *alarm, const struct store_key *key)
{
	struct address address;
	const char *source = encoding_is_printable_utf8(alarm->source, strlen(alarm->source)) ? alarm->source
											      : "a host without a name";

	record(thread, key, address_parse(alarm->source, &address) ? alarm->source : NULL,
	       "a burst of wrong secrets for this key; count has those beyond failures_per_key", alarm->count);
	journal_event(thread->daemon->journal, LOG_WARNING, MESSAGE_ID_KEY_ALARM,
		      "wrong secrets for the key %s (%s/%s), %" PRIu64
		      " beyond failures_per_key, the last from %s; the key itself is as good as before",
		      key->id, key->owner, key->name, alarm->count, source);
}

/* Those that are no keys make room, before there is any telling: nobody fills it with ids made up. */
static void settle(struct thread *thread)
{
	struct alarms *alarms = thread->daemon->alarms;
	struct alarm unknown[ALARMS_MOST];
	size_t count = alarms_unknown(alarms, unknown);

	for (size_t i = 0; i < count; i++) {
		struct store_key key;
		int r = store_find_key(thread->reader, unknown[i].key_id, &key);

		alarms_settle(alarms, unknown[i].key_id, r == 0);
		secret_wipe(key.secrets, sizeof(key.secrets));
	}
}

void alarms_tell(struct thread *thread)
{
	struct alarms *alarms = thread->daemon->alarms;
	struct alarm taken[ALARMS_MOST];
	uint64_t beyond;
	size_t count;

	/* What cannot be looked up waits. */
	if (!thread_vault(thread))
		return;
	settle(thread);
	count = alarms_take(alarms, clock_monotonic(), taken, &beyond);
	for (size_t i = 0; i < count; i++) {
		struct store_key key;
		int r = store_find_key(thread->reader, taken[i].key_id, &key);

		if (r == 0)
			tell_one(thread, &taken[i], &key);
		secret_wipe(key.secrets, sizeof(key.secrets));
	}
	if (beyond == 0)
		return;
	record(thread, NULL, NULL, "bursts of wrong secrets for more keys than are told of one by one", beyond);
	journal_event(thread->daemon->journal, LOG_WARNING, MESSAGE_ID_KEY_ALARM,
		      "wrong secrets for more keys than are told of one by one, %" PRIu64 " beyond failures_per_key",
		      beyond);
}
