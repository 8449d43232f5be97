/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the daemon counts about itself, for status. Any thread adds; numbers only grow.
 */
#ifndef APIKEYD_DAEMON_COUNTERS_H
#define APIKEYD_DAEMON_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "proto/verdict.h"

struct counters {
	atomic_uint_fast64_t granted;
	atomic_uint_fast64_t reasons[REASON_COUNT]; /* refusals */
	atomic_uint_fast64_t connections;           /* accepted */
	atomic_uint_fast64_t connections_refused;   /* over a limit */
	atomic_uint_fast64_t descriptors_exhausted; /* times accept met EMFILE or ENFILE */
	atomic_uint_fast64_t bad_packets;           /* connections closed for breaking the wire's rules */
	atomic_uint_fast64_t admin_requests;
	atomic_uint_fast64_t changes; /* committed */
};

static inline void counter_add(atomic_uint_fast64_t *counter)
{
	atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

static inline uint64_t counter_read(atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif
