/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Verdicts, counted for metrics by phase, service and reason, and how long they took. Each thread has a tally of its
 * own, as it has counters (daemon/counters.h), and is the only one that adds to it. Numbers only grow.
 */
#ifndef APIKEYD_DAEMON_TALLY_H
#define APIKEYD_DAEMON_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/services.h"
#include "proto/verdict.h"

enum tally_phase {
	TALLY_AUTHENTICATE, /* a credential was shown */
	TALLY_ACCOUNT,      /* the handle of a verdict */
	TALLY_ROTATE,       /* a secret that is to be changed */
	TALLY_PHASES,
};

/* What has to be on disk before it is answered takes as long as the disk does. */
enum tally_way {
	TALLY_READ,
	TALLY_WRITTEN,
	TALLY_WAYS,
};

#define TALLY_SERVICES (SERVICES_MOST + 1)
#define TALLY_BOUNDS 16

/* The upper bounds of the durations that are told apart, in nanoseconds; what is longer comes behind them. */
extern const int64_t tally_bounds[TALLY_BOUNDS];

struct tally {
	atomic_uint_fast64_t verdicts[TALLY_PHASES][TALLY_SERVICES][REASON_COUNT]; /* REASON_NONE: granted */
	struct tally_durations {
		atomic_uint_fast64_t counts[TALLY_BOUNDS + 1];
		atomic_uint_fast64_t sum; /* nanoseconds */
	} durations[TALLY_WAYS];
};

/* Called by the thread whose tally it is. */
void tally_verdict(struct tally *tally, enum tally_phase phase, size_t service, enum reason reason);
void tally_duration(struct tally *tally, enum tally_way way, int64_t nanoseconds);

struct daemon;

/* Adds up what all threads have counted. Any thread. */
void tally_sum_verdicts(const struct daemon *daemon, enum tally_phase phase, size_t service,
			uint64_t ret_counts[REASON_COUNT]);
void tally_sum_durations(const struct daemon *daemon, enum tally_way way, uint64_t ret_counts[TALLY_BOUNDS + 1],
			 uint64_t *ret_sum);

#endif
