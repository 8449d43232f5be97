/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A token bucket for each uid and source, kept as a backlog: how long it takes until the bucket is full again. A source
 * is known by 64 bits of a keyed hash, and may lie in one of few places; who wants two sources to collide, or to crowd
 * one set of places, would have to know the key, which is drawn at start and never shown. When a set is full the source
 * with the least backlog goes: one that is over its limit stays, whatever passes by.
 */
#include "daemon/throttle.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "proto/wire.h"

#define WAYS 8 /* places a source may lie in */
#define MINUTE 60000000000LL
#define RECORD_EVERY 10000000000LL /* nanoseconds between records of a source over its limit */
#define WORDS (2 + WIRE_SOURCE_MAX / 4)

struct place {
	struct throttle_source known; /* for people alone: what it is found by is the hash */
	uint64_t hash;
	bool taken;
	bool over;           /* the last failure was over the limit */
	int64_t updated;     /* nanoseconds; backlog is as of then */
	int64_t backlog;     /* nanoseconds, 0 to MINUTE */
	int64_t interval;    /* nanoseconds a failure adds */
	int64_t recorded;    /* when a failure over the limit was last recorded */
	bool has_recorded;   /* recorded is of this run over the limit */
	uint64_t suppressed; /* failures not recorded since the last record */
};

struct throttle {
	pthread_mutex_t lock; /* over the places */
	uint64_t keys[2][WORDS];
	size_t set_count; /* a power of two */
	struct place places[];
};

static int draw_keys(struct throttle *throttle)
{
	unsigned char *at = (unsigned char *)throttle->keys;
	size_t left = sizeof(throttle->keys);

	while (left > 0) {
		ssize_t count = getrandom(at, left, 0);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		at += count;
		left -= (size_t)count;
	}
	return 0;
}

int throttle_new(size_t entries, struct throttle **ret_throttle)
{
	struct throttle *throttle;
	size_t sets = 1, size;
	int r;

	while (sets < SIZE_MAX / WAYS / 2 && sets * WAYS < entries)
		sets *= 2;
	if (__builtin_mul_overflow(sets * WAYS, sizeof(struct place), &size) ||
	    __builtin_add_overflow(size, sizeof(*throttle), &size))
		return -ENOMEM;
	throttle = calloc(1, size);
	if (!throttle)
		return -ENOMEM;
	throttle->set_count = sets;
	r = draw_keys(throttle);
	if (r < 0) {
		free(throttle);
		return r;
	}
	pthread_mutex_init(&throttle->lock, NULL);
	*ret_throttle = throttle;
	return 0;
}

void throttle_free(struct throttle *throttle)
{
	if (!throttle)
		return;
	pthread_mutex_destroy(&throttle->lock);
	free(throttle);
}

/*
 * The sum of 32-bit words, each times a random 64-bit number of its own; of such a sum the upper half depends on two
 * texts that differ as two independent throws would. Two sums make 64 bits.
 */
static uint64_t hash_source(const struct throttle *throttle, uid_t uid, const char *source)
{
	uint32_t words[WORDS] = { 0 };
	size_t size = strnlen(source, WIRE_SOURCE_MAX);
	size_t count = 2 + (size + 3) / 4;
	uint64_t sums[2] = { 0, 0 };

	words[0] = uid;
	words[1] = (uint32_t)size;
	memcpy(words + 2, source, size);
	for (size_t half = 0; half < 2; half++) {
		for (size_t i = 0; i < count; i++)
			sums[half] += throttle->keys[half][i] * words[i];
	}
	return (sums[0] & ~(uint64_t)UINT32_MAX) | sums[1] >> 32;
}

/* Nanoseconds from a moment until now; 0 for a clock that went back, INT64_MAX for a jump beyond all measure. */
static int64_t elapsed(int64_t since, int64_t now)
{
	int64_t span;

	if (now < since)
		return 0;
	return __builtin_sub_overflow(now, since, &span) ? INT64_MAX : span;
}

/* What is left of the backlog now. */
static int64_t backlog_now(const struct place *place, int64_t now)
{
	int64_t span = elapsed(place->updated, now);

	return place->backlog > span ? place->backlog - span : 0;
}

static struct place *find_set(struct throttle *throttle, uint64_t hash)
{
	return throttle->places + (hash & (throttle->set_count - 1)) * WAYS;
}

/* The source's place: its own, a free one, or that of the least busy. */
static struct place *find_place(struct throttle *throttle, uint64_t hash, uid_t uid, const char *source, int64_t now)
{
	struct place *set = find_set(throttle, hash);
	struct place *least = set;
	int64_t least_backlog = INT64_MAX;

	for (struct place *place = set; place < set + WAYS; place++) {
		int64_t backlog = place->taken ? backlog_now(place, now) : -1;

		if (place->taken && place->hash == hash)
			return place;
		if (backlog < least_backlog) {
			least = place;
			least_backlog = backlog;
		}
	}
	*least = (struct place){ .known.uid = uid, .hash = hash, .taken = true, .updated = now };
	memcpy(least->known.source, source, strnlen(source, sizeof(least->known.source) - 1));
	return least;
}

/* True when a failure over the limit is due to be recorded. */
static bool record_is_due(const struct place *place, int64_t now)
{
	return !place->has_recorded || now < place->recorded || elapsed(place->recorded, now) >= RECORD_EVERY;
}

static struct throttle_answer count_failure(struct place *place, int64_t now, int64_t interval)
{
	struct throttle_answer answer = { .record = true };

	place->backlog = backlog_now(place, now);
	place->updated = now;
	place->interval = interval;
	place->over = place->backlog > MINUTE - interval;
	if (place->over) {
		answer.throttled = true;
		answer.record = record_is_due(place, now);
	} else {
		place->backlog += interval;
	}
	if (!answer.record) {
		place->suppressed++;
		return answer;
	}
	if (place->over) {
		place->recorded = now;
		place->has_recorded = true;
	}
	answer.suppressed = place->suppressed;
	place->suppressed = 0;
	return answer;
}

/* Nanoseconds that a failure adds. */
static int64_t interval_of(uint64_t per_minute)
{
	return per_minute == 0 ? MINUTE : (int64_t)(MINUTE / (per_minute > MINUTE ? MINUTE : per_minute));
}

/* The source's own place; NULL: it has none. */
static struct place *find_own(struct throttle *throttle, uid_t uid, const char *source)
{
	uint64_t hash = hash_source(throttle, uid, source);
	struct place *set = find_set(throttle, hash);

	for (struct place *place = set; place < set + WAYS; place++) {
		if (place->taken && place->hash == hash)
			return place;
	}
	return NULL;
}

bool throttle_is_over(struct throttle *throttle, uid_t uid, const char *source, int64_t now, uint64_t per_minute)
{
	const struct place *place;
	bool over;

	pthread_mutex_lock(&throttle->lock);
	place = find_own(throttle, uid, source);
	over = place && backlog_now(place, now) > MINUTE - interval_of(per_minute);
	pthread_mutex_unlock(&throttle->lock);
	return over;
}

void throttle_left_out(struct throttle *throttle, uid_t uid, const char *source, uint64_t count)
{
	struct place *place;

	pthread_mutex_lock(&throttle->lock);
	place = find_own(throttle, uid, source);
	if (place)
		place->suppressed += count;
	pthread_mutex_unlock(&throttle->lock);
}

static struct throttle_answer fail_at(struct throttle *throttle, uid_t uid, const char *source, int64_t now,
				      uint64_t per_minute, bool overrun)
{
	uint64_t hash = hash_source(throttle, uid, source);
	struct throttle_answer answer;
	struct place *place;

	pthread_mutex_lock(&throttle->lock);
	place = find_place(throttle, hash, uid, source, now);
	if (overrun) {
		place->backlog = MINUTE;
		place->updated = now;
	}
	answer = count_failure(place, now, interval_of(per_minute));
	pthread_mutex_unlock(&throttle->lock);
	return answer;
}

struct throttle_answer throttle_failure(struct throttle *throttle, uid_t uid, const char *source, int64_t now,
					uint64_t per_minute)
{
	return fail_at(throttle, uid, source, now, per_minute, false);
}

struct throttle_answer throttle_overrun(struct throttle *throttle, uid_t uid, const char *source, int64_t now,
					uint64_t per_minute)
{
	return fail_at(throttle, uid, source, now, per_minute, true);
}

size_t throttle_list(struct throttle *throttle, int64_t now, struct throttle_source *ret_sources, size_t most)
{
	size_t count = 0;

	pthread_mutex_lock(&throttle->lock);
	for (size_t i = 0; i < throttle->set_count * WAYS; i++) {
		const struct place *place = &throttle->places[i];

		if (!place->taken || !place->over || backlog_now(place, now) <= MINUTE - place->interval)
			continue;
		if (count < most)
			ret_sources[count] = place->known;
		count++;
	}
	pthread_mutex_unlock(&throttle->lock);
	return count;
}
