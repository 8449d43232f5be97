/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/counters.h"

#include <string.h>

#include "daemon/connection.h"

_Static_assert(COUNTER_SOCKETS == CONNECTION_SOCKET_COUNT, "a socket without counters");

void counters_sum(const struct daemon *daemon, uint64_t ret_numbers[COUNTER_COUNT])
{
	memset(ret_numbers, 0, COUNTER_COUNT * sizeof(*ret_numbers));
	for (struct thread *thread = daemon->threads; thread; thread = thread->next) {
		for (size_t i = 0; i < COUNTER_COUNT; i++)
			ret_numbers[i] += atomic_load_explicit(&thread->counters.numbers[i], memory_order_relaxed);
	}
}
