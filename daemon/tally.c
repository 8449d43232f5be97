/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/tally.h"

#include <string.h>

#include "daemon/thread.h"

#define MICROSECOND INT64_C(1000)
#define MILLISECOND INT64_C(1000000)

const int64_t tally_bounds[TALLY_BOUNDS] = {
	25 * MICROSECOND,  50 * MICROSECOND,  100 * MICROSECOND,  250 * MICROSECOND,
	500 * MICROSECOND, MILLISECOND,       2500 * MICROSECOND, 5 * MILLISECOND,
	10 * MILLISECOND,  25 * MILLISECOND,  50 * MILLISECOND,   100 * MILLISECOND,
	250 * MILLISECOND, 500 * MILLISECOND, 1000 * MILLISECOND, 2500 * MILLISECOND,
};

/* The thread is the only one that writes: no instruction has to lock the bus. */
static void add(atomic_uint_fast64_t *number, uint64_t more)
{
	atomic_store_explicit(number, atomic_load_explicit(number, memory_order_relaxed) + more, memory_order_relaxed);
}

void tally_verdict(struct tally *tally, enum tally_phase phase, size_t service, enum reason reason)
{
	add(&tally->verdicts[phase][service][reason], 1);
}

void tally_duration(struct tally *tally, enum tally_way way, int64_t nanoseconds)
{
	struct tally_durations *durations = &tally->durations[way];
	size_t i = 0;

	while (i < TALLY_BOUNDS && nanoseconds > tally_bounds[i])
		i++;
	add(&durations->counts[i], 1);
	add(&durations->sum, nanoseconds > 0 ? (uint64_t)nanoseconds : 0);
}

void tally_sum_verdicts(const struct daemon *daemon, enum tally_phase phase, size_t service,
			uint64_t ret_counts[REASON_COUNT])
{
	memset(ret_counts, 0, REASON_COUNT * sizeof(*ret_counts));
	for (struct thread *thread = daemon->threads; thread; thread = thread->next) {
		for (size_t i = 0; i < REASON_COUNT; i++)
			ret_counts[i] +=
				atomic_load_explicit(&thread->tally->verdicts[phase][service][i], memory_order_relaxed);
	}
}

void tally_sum_durations(const struct daemon *daemon, enum tally_way way, uint64_t ret_counts[TALLY_BOUNDS + 1],
			 uint64_t *ret_sum)
{
	memset(ret_counts, 0, (TALLY_BOUNDS + 1) * sizeof(*ret_counts));
	*ret_sum = 0;
	for (struct thread *thread = daemon->threads; thread; thread = thread->next) {
		const struct tally_durations *durations = &thread->tally->durations[way];

		for (size_t i = 0; i <= TALLY_BOUNDS; i++)
			ret_counts[i] += atomic_load_explicit(&durations->counts[i], memory_order_relaxed);
		*ret_sum += atomic_load_explicit(&durations->sum, memory_order_relaxed);
	}
}
