/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How many connections each uid has open, how fast it makes them, and which uids are being slowed down. Root is not
 * limited. A fixed table, safe for several threads.
 */
#ifndef APIKEYD_DAEMON_LIMITS_H
#define APIKEYD_DAEMON_LIMITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct limits;

/* connections: the most of all uids but root together. 0, -ENOMEM. */
int limits_new(size_t connections, struct limits **ret_limits);
void limits_free(struct limits *limits);

/*
 * Notes that a uid connects, at now (CLOCK_MONOTONIC, nanoseconds). True when it does so faster than LIMITS_RATE a
 * second, beyond a burst of LIMITS_BURST: its connections are then taken in more slowly, so that one that does nothing
 * but connect sleeps in connect(2) instead of taking the processor from everybody.
 */
#define LIMITS_RATE 1000
#define LIMITS_BURST 256
bool limits_hurries(struct limits *limits, uid_t uid, int64_t now);

/* Counts a connection in. False (nothing counted) when the uid has per_uid, or all have what limits_new() was told. */
bool limits_enter(struct limits *limits, uid_t uid, size_t per_uid);
void limits_leave(struct limits *limits, uid_t uid);

#define LIMITS_SLOW_NANOSECONDS INT64_C(2000000000) /* how long a uid over its failure limit is served slowly */
#define LIMITS_SLOW_MICROSECONDS 50000              /* what it waits each time before it is served */

/* Marks a uid to be served slowly until a moment (CLOCK_MONOTONIC, nanoseconds). Forgotten when its last connection
 * ends after that. */
void limits_slow(struct limits *limits, uid_t uid, int64_t until);
bool limits_is_slow(struct limits *limits, uid_t uid, int64_t now);

/* Connections open now, root's not counted. */
size_t limits_open(struct limits *limits);

#endif
