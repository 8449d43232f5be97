/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the daemon counts about itself, for status. Each thread has counters of its own and is the only one that adds to
 * them: no lock, no instruction that locks the bus, and no line of memory that two processors fight for. Who wants to
 * know adds up what all threads have. Numbers only grow.
 */
#ifndef APIKEYD_DAEMON_COUNTERS_H
#define APIKEYD_DAEMON_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "proto/verdict.h"

#define COUNTER_SOCKETS 3 /* enum connection_socket */

enum counter {
	COUNTER_GRANTED,
	COUNTER_REASONS,                                    /* refusals, one for each enum reason */
	COUNTER_VERDICTS = COUNTER_REASONS + REASON_COUNT,  /* so many are about verdicts */
	COUNTER_OPENED = COUNTER_VERDICTS,                  /* connections, for each socket */
	COUNTER_CLOSED = COUNTER_OPENED + COUNTER_SOCKETS,  /* by the thread they ended in */
	COUNTER_REFUSED = COUNTER_CLOSED + COUNTER_SOCKETS, /* connections over a limit */
	COUNTER_DESCRIPTORS_EXHAUSTED,                      /* times accept met EMFILE or ENFILE */
	COUNTER_BAD_PACKETS,                                /* connections closed for breaking the wire's rules */
	COUNTER_ADMIN_REQUESTS,
	COUNTER_CHANGES, /* committed */
	COUNTER_COUNT,
};

struct counters {
	atomic_uint_fast64_t numbers[COUNTER_COUNT];
};

/* Called by the thread whose counters these are. index: the reason, the socket; 0 for what has none. */
static inline void counter_add(struct counters *counters, enum counter counter, unsigned int index)
{
	atomic_uint_fast64_t *number = &counters->numbers[counter + index];

	atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + 1, memory_order_relaxed);
}

struct daemon;

/* Adds up what all threads have counted. Any thread. */
void counters_sum(const struct daemon *daemon, uint64_t ret_numbers[COUNTER_COUNT]);

#endif
