/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/apart.h"

#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/cleanup.h"
#include "tests/daemon/host.h"
#include "tests/daemon/samples.h"

#define WARM_UP 500 /* of each kind, not measured */

/* Two kinds are apart when their distance is so many times that of two halves of one kind, and their medians are so
 * many nanoseconds apart, or this part of a request on a slow machine: on one that does something else the first grows,
 * on one that is idle it becomes so small that it sees what nobody could use. */
#define NOISE_TIMES 2.0
#define MEDIAN_APART 1000
#define MEDIAN_APART_OF_MANY 500
#define MEDIAN_PART 64

/* ---- asking ---- */

static int64_t nanoseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t apart_draw(uint64_t *state, uint64_t below)
{
	*state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (*state >> 33) % below;
}

/* all NULL: it is not measured. */
static void measure(size_t kind_count, size_t count, apart_asker ask, void *data, struct samples *all)
{
	CLEANUP_FREE unsigned char *order = malloc(kind_count * count);
	uint64_t state = (uint64_t)nanoseconds();

	if (!order)
		fail("out of memory");
	for (size_t i = 0; i < kind_count * count; i++)
		order[i] = (unsigned char)(i % kind_count);
	for (size_t i = kind_count * count - 1; i > 0; i--) {
		size_t other = (size_t)apart_draw(&state, i + 1);
		unsigned char kept = order[i];

		order[i] = order[other];
		order[other] = kept;
	}
	for (size_t i = 0; i < kind_count * count; i++) {
		uint64_t drawn = apart_draw(&state, UINT32_MAX);
		int64_t begin = nanoseconds();

		ask(data, order[i], drawn);
		if (all)
			samples_add(&all[order[i]], nanoseconds() - begin);
	}
}

void apart_share_processor(void)
{
	cpu_set_t set;
	int first = 0;

	if (sched_getaffinity(0, sizeof(set), &set) < 0)
		return;
	while (first < CPU_SETSIZE - 1 && !CPU_ISSET(first, &set))
		first++;
	CPU_ZERO(&set);
	CPU_SET(first, &set);
	(void)sched_setaffinity(0, sizeof(set), &set);
}

/* ---- judging ---- */

static double greatest_noise(const struct apart_kind *kinds, size_t kind_count, const struct samples *all,
			     unsigned int group)
{
	double greatest = 0;

	for (size_t i = 0; i < kind_count; i++) {
		double noise = kinds[i].group == group ? samples_noise(&all[i]) : 0;

		greatest = noise > greatest ? noise : greatest;
	}
	return greatest;
}

/* Which is slower, for each two kinds that are apart: 1 the second, -1 the first; 0: they are not. */
typedef signed char verdicts[APART_KINDS_MOST][APART_KINDS_MOST];

/* Every kind of a group to every other. How many are apart, and were so before, in the same direction. */
static unsigned int judge(const struct apart_kind *kinds, size_t kind_count, const struct samples *all,
			  unsigned int group, int64_t least, verdicts before, verdicts ret_now)
{
	int64_t part = samples_median(&all[0]) / MEDIAN_PART, limit = part > least ? part : least;
	double noise = greatest_noise(kinds, kind_count, all, group);
	unsigned int apart = 0;

	printf("noise %.4f: the distance of two halves of one kind, at most; apart from %.4f and %lld ns\n", noise,
	       NOISE_TIMES * noise, (long long)limit);
	for (size_t i = 0; i < kind_count; i++) {
		for (size_t j = i + 1; j < kind_count; j++) {
			double distance = samples_distance(&all[i], &all[j]);
			int64_t medians = samples_median(&all[j]) - samples_median(&all[i]);
			bool is_apart = distance > NOISE_TIMES * noise && llabs(medians) > limit;

			if (kinds[i].group != group || kinds[j].group != group)
				continue;
			printf("%-34s %-34s distance %.4f  medians %+6lld ns  t %+7.1f%s\n", kinds[i].name,
			       kinds[j].name, distance, (long long)medians, samples_welch(&all[i], &all[j]),
			       is_apart ? "  APART" : "");
			ret_now[i][j] = (signed char)(!is_apart ? 0 : medians > 0 ? 1 : -1);
			apart += is_apart && (!before || before[i][j] == ret_now[i][j]);
		}
	}
	return apart;
}

static unsigned int compare_once(const struct apart_kind *kinds, size_t kind_count, size_t count, int64_t least,
				 apart_asker ask, void *data, verdicts before, verdicts ret_now)
{
	struct samples all[APART_KINDS_MOST];
	unsigned int apart = 0, groups = 0;

	for (size_t i = 0; i < kind_count; i++) {
		samples_init(&all[i], kinds[i].name, count);
		groups = kinds[i].group + 1 > groups ? kinds[i].group + 1 : groups;
	}
	measure(kind_count, WARM_UP, ask, data, NULL);
	measure(kind_count, count, ask, data, all);
	printf("%zu requests of each kind, median:\n", count);
	for (size_t i = 0; i < kind_count; i++)
		printf("%-34s %6lld ns\n", kinds[i].name, (long long)samples_median(&all[i]));
	for (unsigned int group = 0; group < groups; group++)
		apart += judge(kinds, kind_count, all, group, least, before, ret_now);
	for (size_t i = 0; i < kind_count; i++)
		samples_done(&all[i]);
	return apart;
}

unsigned int apart_compare(const struct apart_kind *kinds, size_t kind_count, size_t count, apart_asker ask, void *data)
{
	int64_t least = count < APART_MANY ? MEDIAN_APART : MEDIAN_APART_OF_MANY;
	verdicts first = { { 0 } }, second = { { 0 } };

	if (kind_count > APART_KINDS_MOST)
		fail("there are too many kinds");
	if (compare_once(kinds, kind_count, count, least, ask, data, NULL, first) == 0)
		return 0;
	puts("once more, to see whether it stays:");
	return compare_once(kinds, kind_count, count, least, ask, data, first, second);
}
