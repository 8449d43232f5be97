/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Failure counts by uid and source. They turn a denial into "throttled" and bound what is written about it; they never
 * refuse a good credential, but for imported secrets, which may be weak enough to be guessed; and they never count
 * against a key or user name, or anyone could lock anyone out. A fixed table: a flood from many sources evicts the
 * least busy entries and allocates nothing. Safe for several threads.
 */
#ifndef APIKEYD_DAEMON_THROTTLE_H
#define APIKEYD_DAEMON_THROTTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/wire.h"

struct throttle;

/* entries: size of the table, rounded up to a power of two. 0, -ENOMEM, or a negative errno when there is no
 * randomness. */
int throttle_new(size_t entries, struct throttle **ret_throttle);
/* Accepts NULL. */
void throttle_free(struct throttle *throttle);

/* What one uid, or one owner's keys in their tenant, may have recorded a minute of what it does with its own keys and
 * in its own name. */
#define CHATTER_PER_MINUTE 120
/* How often it may make and change its own keys. */
#define CHANGES_PER_MINUTE 60
/* The same of an owner's keys in their tenant: so that a program that makes many at once gets through. */
#define CHANGES_PER_MINUTE_BY_KEY 600

struct throttle_answer {
	bool throttled;      /* this failure is over the limit */
	uint64_t suppressed; /* when record: how many records were left out since the last one for this source */
	bool record; /* write a record for it; false for most of those over the limit (one in ten seconds is written,
			with a count) */
};

/* Counts one failure of a uid and source (an address text, "" for none) at now (CLOCK_MONOTONIC, nanoseconds) against
 * per_minute (a token bucket of that burst and rate). */
struct throttle_answer throttle_failure(struct throttle *throttle, uid_t uid, const char *source, int64_t now,
					uint64_t per_minute);

/* The same for a failure that is over the limit, however few there were before. */
struct throttle_answer throttle_overrun(struct throttle *throttle, uid_t uid, const char *source, int64_t now,
					uint64_t per_minute);

/* The record that was to stand for so many that were left out was not written: the next one stands for them, too. */
void throttle_left_out(struct throttle *throttle, uid_t uid, const char *source, uint64_t count);

/* Whether one failure more would be over the limit. Counts nothing. */
bool throttle_is_over(struct throttle *throttle, uid_t uid, const char *source, int64_t now, uint64_t per_minute);

struct throttle_source {
	uid_t uid;
	char source[WIRE_NETWORK_MAX + 1]; /* cut to its room; "" for none */
};

/* The sources that have gone over their limit and still are at now, as many as there is room for. Returns how many
 * there are. ret_sources may be NULL where most is 0. */
size_t throttle_list(struct throttle *throttle, int64_t now, struct throttle_source *ret_sources, size_t most);

#endif
