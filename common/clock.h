/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Time: clocks, deadlines, and RFC 3339 texts. Wall-clock times are seconds since 1970 UTC in an
 * int64_t; TIME_NEVER stands for "no end". Deadlines are on the monotonic clock, so that a clock
 * that is set does not turn into a hang or an early refusal.
 */
#ifndef APIKEYD_COMMON_CLOCK_H
#define APIKEYD_COMMON_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TIME_NEVER INT64_MAX

/* Seconds since 1970 UTC. */
int64_t clock_wall_seconds(void);
/* Microseconds since 1970 UTC. */
int64_t clock_wall_microseconds(void);
/* Nanoseconds on CLOCK_MONOTONIC. */
int64_t clock_monotonic(void);
/* Seconds since boot, sleep included (CLOCK_BOOTTIME): unaffected by a clock that is set. */
int64_t clock_boot_seconds(void);

/* A moment on the monotonic clock, in nanoseconds. */
struct deadline {
	int64_t at;
};

/* The moment milliseconds from now; the last there is when that lies too far away to be counted. */
struct deadline deadline_in(int64_t milliseconds);
/* Milliseconds left, rounded up, never negative, at most INT32_MAX: what poll(2) takes. */
int deadline_left(struct deadline deadline);

#define CLOCK_TEXT_SIZE sizeof("-292277022656-01-01T00:00:00.000000Z")

/* Writes "2026-11-21T18:03:07Z"; "never" for TIME_NEVER. size is at least CLOCK_TEXT_SIZE. */
void clock_format(int64_t seconds, char *ret_text, size_t size);
/* Writes "2026-11-21T18:03:07.000123Z". size is at least CLOCK_TEXT_SIZE. */
void clock_format_microseconds(int64_t microseconds, char *ret_text, size_t size);

/*
 * Reads a point in time: "never", "2027-01-31" (its first second, UTC), "2027-01-31T08:00:00Z", or a span
 * from now ("90d"; s, m, h, d, w, y = 365 d; digits then one unit). True and *ret_time, or false for anything else, for
 * a span of nothing and for what lies outside the years 1970 to 9999.
 */
bool clock_parse(const char *text, int64_t now, int64_t *ret_time);

#endif
