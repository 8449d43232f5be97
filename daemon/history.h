/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What was counted lately: marks of the verdicts' counters, taken every few seconds, from which the numbers of the last
 * minute and of the last quarter of an hour follow; and how often the wall clock was set. Kept and read by one thread.
 * Pure: times are inputs.
 */
#ifndef APIKEYD_DAEMON_HISTORY_H
#define APIKEYD_DAEMON_HISTORY_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/counters.h"

#define HISTORY_STEP 5   /* seconds between two marks */
#define HISTORY_SPAN 900 /* seconds back that can be asked for */
#define HISTORY_JUMP 2   /* seconds a clock has to be off for it to have been set */

struct history_mark {
	int64_t time; /* CLOCK_MONOTONIC, seconds */
	uint64_t numbers[COUNTER_VERDICTS];
};

struct history {
	size_t count, next;
	struct history_mark marks[HISTORY_SPAN / HISTORY_STEP + 2];
	/* the wall clock against the time since boot */
	int64_t offset;
	int64_t last_jump; /* seconds it was set by, the last time; negative: back */
	uint64_t jumps;
};

/* Zeroed memory is an empty history. Notes what the counters say at now, when it is time for a mark. */
void history_note(struct history *history, int64_t now, const uint64_t *numbers);

/* What was counted in the last span seconds, of numbers that are the counters' now. ret_seconds: how long that was,
 * less while the daemon is young, and up to HISTORY_STEP more. */
void history_look_back(const struct history *history, int64_t now, int64_t span, const uint64_t *numbers,
		       uint64_t ret_counts[COUNTER_VERDICTS], int64_t *ret_seconds);

/* Compares the wall clock with the time since boot, which nobody sets; about once a second. */
void history_note_clock(struct history *history, int64_t wall, int64_t boot);

#endif
