/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/samples.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "tests/daemon/host.h"

void samples_init(struct samples *samples, const char *name, size_t room)
{
	*samples = (struct samples){ .name = name, .room = room, .times = calloc(room, sizeof(*samples->times)) };
	if (!samples->times)
		fail("out of memory");
}

void samples_done(struct samples *samples)
{
	free(samples->times);
	samples->times = NULL;
}

void samples_add(struct samples *samples, int64_t time)
{
	if (samples->count == samples->room)
		fail("more times than were expected");
	samples->times[samples->count++] = time;
}

static int compare(const void *a, const void *b)
{
	int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

	return (left > right) - (left < right);
}

/* Every step-th time from first on, in the order of size; to be freed. */
static int64_t *sort(const struct samples *samples, size_t first, size_t step, size_t *ret_count)
{
	int64_t *sorted = calloc(samples->count + 1, sizeof(*sorted));
	size_t count = 0;

	if (!sorted)
		fail("out of memory");
	for (size_t i = first; i < samples->count; i += step)
		sorted[count++] = samples->times[i];
	qsort(sorted, count, sizeof(*sorted), compare);
	*ret_count = count;
	return sorted;
}

static double distance(const int64_t *a, size_t a_count, const int64_t *b, size_t b_count)
{
	double greatest = 0;
	size_t i = 0, j = 0;

	while (i < a_count && j < b_count) {
		int64_t time = a[i] < b[j] ? a[i] : b[j];
		double apart;

		while (i < a_count && a[i] == time)
			i++;
		while (j < b_count && b[j] == time)
			j++;
		apart = fabs((double)i / (double)a_count - (double)j / (double)b_count);
		greatest = apart > greatest ? apart : greatest;
	}
	return greatest;
}

double samples_distance(const struct samples *a, const struct samples *b)
{
	size_t a_count, b_count;
	CLEANUP_FREE int64_t *a_sorted = sort(a, 0, 1, &a_count), *b_sorted = sort(b, 0, 1, &b_count);

	return distance(a_sorted, a_count, b_sorted, b_count);
}

double samples_noise(const struct samples *samples)
{
	size_t even_count, odd_count;
	CLEANUP_FREE int64_t *even = sort(samples, 0, 2, &even_count), *odd = sort(samples, 1, 2, &odd_count);

	return distance(even, even_count, odd, odd_count);
}

int64_t samples_median(const struct samples *samples)
{
	size_t count;
	CLEANUP_FREE int64_t *sorted = sort(samples, 0, 1, &count);

	return sorted[count / 2];
}

/* Of the times below a limit. */
static void describe(const struct samples *samples, int64_t limit, double *ret_mean, double *ret_variance)
{
	double sum = 0, squares = 0;
	size_t count = 0;

	for (size_t i = 0; i < samples->count; i++) {
		if (samples->times[i] >= limit)
			continue;
		sum += (double)samples->times[i];
		count++;
	}
	*ret_mean = sum / (double)count;
	for (size_t i = 0; i < samples->count; i++) {
		if (samples->times[i] < limit)
			squares += pow((double)samples->times[i] - *ret_mean, 2);
	}
	/* Of the mean, not of one time. */
	*ret_variance = squares / (double)count / (double)count;
}

double samples_welch(const struct samples *a, const struct samples *b)
{
	double a_mean, a_variance, b_mean, b_variance;
	size_t a_count, b_count;
	CLEANUP_FREE int64_t *a_sorted = sort(a, 0, 1, &a_count), *b_sorted = sort(b, 0, 1, &b_count);
	int64_t a_limit = a_sorted[a_count * 9 / 10], b_limit = b_sorted[b_count * 9 / 10];
	int64_t limit = a_limit > b_limit ? a_limit : b_limit;

	describe(a, limit, &a_mean, &a_variance);
	describe(b, limit, &b_mean, &b_variance);
	return a_variance + b_variance > 0 ? (b_mean - a_mean) / sqrt(a_variance + b_variance) : 0;
}
