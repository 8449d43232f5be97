/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Throttling: the bucket, what is recorded, clocks at their ends, floods that try to evict, threads.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/throttle.h"
#include "tests/suite.h"

#define SECOND INT64_C(1000000000)
#define START (1000 * SECOND)

static struct throttle *throttle;

static void begin(void)
{
	ck_assert_int_eq(throttle_new(1024, &throttle), 0);
}

static void end(void)
{
	throttle_free(throttle);
}

/* How many failures in a row at one moment are not throttled. */
static uint64_t count_allowed(const char *source, int64_t now, uint64_t per_minute)
{
	uint64_t allowed = 0;

	while (allowed <= 2 * per_minute + 2 && !throttle_failure(throttle, 0, source, now, per_minute).throttled)
		allowed++;
	return allowed;
}

static const uint64_t limits[] = { 1, 2, 7, 30, 59, 1000, 100000 };

START_TEST(test_burst_and_rate)
{
	uint64_t limit = limits[_i];
	int64_t interval = 60 * SECOND / (int64_t)limit;

	ck_assert_uint_eq(count_allowed("192.0.2.1", START, limit), limit);
	/* one more for each interval that passes, and none before */
	ck_assert(throttle_failure(throttle, 0, "192.0.2.1", START + interval - interval / 10 - 1, limit).throttled);
	ck_assert(!throttle_failure(throttle, 0, "192.0.2.1", START + interval + 1000, limit).throttled);
	ck_assert(throttle_failure(throttle, 0, "192.0.2.1", START + interval + 1000, limit).throttled);
	/* a minute later all of them again, and no more after an hour */
	ck_assert_uint_eq(count_allowed("192.0.2.1", START + interval + 61 * SECOND, limit), limit);
	ck_assert_uint_eq(count_allowed("192.0.2.1", START + 3600 * SECOND, limit), limit);
}
END_TEST

START_TEST(test_no_limit_of_nothing)
{
	ck_assert_uint_eq(count_allowed("a", START, 0), 1);
	ck_assert(!throttle_failure(throttle, 0, "b", START, UINT64_MAX).throttled);
	ck_assert(!throttle_failure(throttle, 0, "b", START, UINT64_MAX).throttled);
}
END_TEST

START_TEST(test_asking_counts_nothing)
{
	for (int i = 0; i < 100; i++)
		ck_assert(!throttle_is_over(throttle, 0, "192.0.2.1", START, 5));
	ck_assert_uint_eq(count_allowed("192.0.2.1", START, 5), 5);
	ck_assert(throttle_is_over(throttle, 0, "192.0.2.1", START, 5));
	ck_assert(!throttle_is_over(throttle, 1, "192.0.2.1", START, 5));
	ck_assert(!throttle_is_over(throttle, 0, "192.0.2.2", START, 5));
	/* one more after a fifth of a minute */
	ck_assert(throttle_is_over(throttle, 0, "192.0.2.1", START + 11 * SECOND, 5));
	ck_assert(!throttle_is_over(throttle, 0, "192.0.2.1", START + 13 * SECOND, 5));
	ck_assert(!throttle_failure(throttle, 0, "192.0.2.1", START + 13 * SECOND, 5).throttled);
	ck_assert(throttle_is_over(throttle, 0, "192.0.2.1", START + 13 * SECOND, 5));
	/* a source that was never seen, and a limit of nothing */
	ck_assert(!throttle_is_over(throttle, 0, "", START, 0));
}
END_TEST

START_TEST(test_sources_are_apart)
{
	static const struct {
		uid_t uid;
		const char *source;
	} others[] = { { 0, "" },           { 0, "192.0.2.10" },        { 0, "192.0.2" },  { 1, "192.0.2.1" },
		       { 0, "192.0.2.1 " }, { (uid_t)-1, "192.0.2.1" }, { 0, "1.2.0.291" } };

	count_allowed("192.0.2.1", START, 5);
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		ck_assert(!throttle_failure(throttle, others[i].uid, others[i].source, START, 5).throttled);
	ck_assert(throttle_failure(throttle, 0, "192.0.2.1", START, 5).throttled);
	ck_assert_uint_eq(throttle_list(throttle, START, NULL, 0), 1);
	ck_assert_uint_eq(throttle_list(throttle, START + 13 * SECOND, NULL, 0), 0);
}
END_TEST

START_TEST(test_throttled_sources_are_named)
{
	struct throttle_source sources[3];
	char long_source[WIRE_NETWORK_MAX + 100];

	memset(long_source, 'x', sizeof(long_source) - 1);
	long_source[sizeof(long_source) - 1] = '\0';
	ck_assert_uint_eq(throttle_list(throttle, START, sources, 3), 0);
	for (int i = 0; i < 3; i++) {
		throttle_failure(throttle, 33, "192.0.2.1", START, 1);
		throttle_failure(throttle, 1000, long_source, START, 1);
	}
	throttle_failure(throttle, 7, "within", START, 1);
	ck_assert_uint_eq(throttle_list(throttle, START, sources, 3), 2);
	for (int i = 0; i < 2; i++) {
		if (sources[i].uid == 33)
			ck_assert_str_eq(sources[i].source, "192.0.2.1");
		else
			ck_assert_uint_eq(strlen(sources[i].source), WIRE_NETWORK_MAX);
	}
	ck_assert_uint_ne(sources[0].uid, sources[1].uid);
	/* No more than there is room for. */
	sources[1].uid = 12345;
	ck_assert_uint_eq(throttle_list(throttle, START, sources, 1), 2);
	ck_assert_uint_eq(sources[1].uid, 12345);
	ck_assert_uint_eq(throttle_list(throttle, START + 61 * SECOND, sources, 3), 0);
}
END_TEST

START_TEST(test_long_sources)
{
	char source[5000];

	memset(source, 'x', sizeof(source) - 1);
	source[sizeof(source) - 1] = '\0';
	ck_assert_uint_eq(count_allowed(source, START, 3), 3);
	source[255] = 'y'; /* within what counts */
	ck_assert_uint_eq(count_allowed(source, START, 3), 3);
}
END_TEST

/* Over the limit one record in ten seconds is written, and says how many were not. */
START_TEST(test_records)
{
	uint64_t failures = 0, records = 0, suppressed = 0;
	struct throttle_answer answer;

	for (int64_t now = START; now < START + 600 * SECOND; now += SECOND / 10, failures++) {
		answer = throttle_failure(throttle, 0, "192.0.2.1", now, 6);
		records += answer.record;
		suppressed += answer.suppressed;
		ck_assert(answer.record || answer.suppressed == 0);
		ck_assert(answer.throttled || answer.record);
	}
	/* the burst, then 6 a minute within the limit and 6 a minute beyond */
	ck_assert_uint_ge(records, 6 + 2 * 59);
	ck_assert_uint_le(records, 6 + 2 * 60 + 2);
	answer = throttle_failure(throttle, 0, "192.0.2.1", START + 700 * SECOND, 6);
	ck_assert(answer.record && !answer.throttled);
	ck_assert_uint_eq(records + suppressed + answer.suppressed, failures);
	answer = throttle_failure(throttle, 0, "192.0.2.1", START + 700 * SECOND, 6);
	ck_assert_uint_eq(answer.suppressed, 0);
}
END_TEST

/* A record that could not be written tells nothing of those it was for. */
START_TEST(test_what_was_not_recorded_is_in_the_next_record)
{
	struct throttle_answer answer;

	/* Of a source that is not known there is nothing to tell. */
	throttle_left_out(throttle, 0, "192.0.2.1", 7);
	for (int i = 0; i < 4; i++)
		answer = throttle_failure(throttle, 0, "192.0.2.1", START, 1);
	ck_assert(!answer.record);
	answer = throttle_failure(throttle, 0, "192.0.2.1", START + 10 * SECOND, 1);
	ck_assert(answer.record);
	ck_assert_uint_eq(answer.suppressed, 2);
	throttle_left_out(throttle, 0, "192.0.2.1", answer.suppressed);
	throttle_left_out(throttle, 1, "192.0.2.1", 100);
	answer = throttle_failure(throttle, 0, "192.0.2.1", START + 20 * SECOND, 1);
	ck_assert(answer.record);
	ck_assert_uint_eq(answer.suppressed, 2);
}
END_TEST

START_TEST(test_first_throttled_failure_is_recorded)
{
	struct throttle_answer answer;

	for (size_t i = 0; i < 3; i++)
		throttle_failure(throttle, 0, "a", START, 3);
	answer = throttle_failure(throttle, 0, "a", START, 3);
	ck_assert(answer.throttled && answer.record);
	answer = throttle_failure(throttle, 0, "a", START + 10 * SECOND - 1, 3);
	ck_assert(answer.throttled && !answer.record);
	answer = throttle_failure(throttle, 0, "a", START + 10 * SECOND, 3);
	ck_assert(answer.throttled && answer.record);
	ck_assert_uint_eq(answer.suppressed, 1);
}
END_TEST

/* Whatever the clock does, a source that comes back after a minute of it is free again. */
START_TEST(test_clock_at_its_ends)
{
	static const int64_t moments[] = { INT64_MIN, INT64_MIN + 1, -1, 0, 1, START, INT64_MAX - 1, INT64_MAX };
	const size_t count = sizeof(moments) / sizeof(moments[0]);

	for (size_t from = 0; from < count; from++) {
		for (size_t to = 0; to < count; to++) {
			char source[32];

			snprintf(source, sizeof(source), "%zu-%zu", from, to);
			ck_assert_uint_eq(count_allowed(source, moments[from], 5), 5);
			throttle_failure(throttle, 0, source, moments[to], 5);
			throttle_list(throttle, moments[to], NULL, 0);
			if (moments[to] < INT64_MAX - 61 * SECOND)
				ck_assert_uint_eq(count_allowed(source, moments[to] + 61 * SECOND, 5), 5);
		}
	}
}
END_TEST

/* A million sources go by; the one that is over its limit stays so, and what they cost is bounded. */
START_TEST(test_flood_evicts_the_idle)
{
	const clock_t before = clock();
	char source[32];
	size_t throttled = 0;

	count_allowed("192.0.2.1", START, 30);
	count_allowed("192.0.2.2", START, 30);
	for (uint32_t i = 0; i < 1000000; i++) {
		snprintf(source, sizeof(source), "2001:db8::%x:%x", i >> 16, i & 0xffff);
		throttled += throttle_failure(throttle, 0, source, START + i, 30).throttled;
	}
	ck_assert_uint_eq(throttled, 0);
	ck_assert(throttle_failure(throttle, 0, "192.0.2.1", START + 1000000, 30).throttled);
	ck_assert(throttle_failure(throttle, 0, "192.0.2.2", START + 1000000, 30).throttled);
	ck_assert_uint_eq(throttle_list(throttle, START + 1000000, NULL, 0), 2);
	/* Of the processor, which may have others to serve. */
	ck_assert_int_lt((clock() - before) / CLOCKS_PER_SEC, 30);
}
END_TEST

/* A table full of sources over their limit still takes the next one in. Where a source goes is up to random numbers
 * that the table draws: with some of them texts that are so much alike leave places free for long. */
START_TEST(test_table_full_of_busy_sources)
{
	char source[32];

	for (uint32_t i = 0; i < 10000 || (i < 1000000 && throttle_list(throttle, START, NULL, 0) <= 900); i++) {
		snprintf(source, sizeof(source), "%u", i);
		ck_assert_uint_eq(count_allowed(source, START, 2), 2);
	}
	ck_assert_uint_gt(throttle_list(throttle, START, NULL, 0), 900);
	ck_assert_uint_le(throttle_list(throttle, START, NULL, 0), 1024);
}
END_TEST

START_TEST(test_sizes)
{
	static const size_t sizes[] = { 0, 1, 7, 8, 9, 1000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct throttle *small;

		ck_assert_int_eq(throttle_new(sizes[i], &small), 0);
		ck_assert(!throttle_failure(small, 0, "a", START, 1).throttled);
		ck_assert(throttle_failure(small, 0, "a", START, 1).throttled);
		throttle_free(small);
	}
	throttle_free(NULL);
}
END_TEST

#ifndef __SANITIZE_THREAD__ /* which ends the process where malloc would fail */
#ifndef __SANITIZE_ADDRESS__
START_TEST(test_size_beyond_memory)
{
	struct throttle *none = NULL;

	ck_assert_int_eq(throttle_new(SIZE_MAX, &none), -ENOMEM);
	ck_assert_ptr_null(none);
}
END_TEST
#define HAVE_BEYOND_MEMORY
#endif
#endif

#define THREADS 8
#define FAILURES 20000

static void *fail_often(void *data)
{
	uint64_t *allowed = data;
	char source[32];

	for (uint32_t i = 0; i < FAILURES; i++) {
		*allowed += !throttle_failure(throttle, 7, "shared", START, 1000).throttled;
		snprintf(source, sizeof(source), "%p %u", data, i);
		throttle_failure(throttle, 7, source, START, 1000);
		if (i % 1000 == 0)
			throttle_list(throttle, START, NULL, 0);
	}
	return NULL;
}

START_TEST(test_threads_share_a_bucket)
{
	pthread_t threads[THREADS];
	uint64_t allowed[THREADS] = { 0 }, sum = 0;

	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, fail_often, &allowed[i]), 0);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		sum += allowed[i];
	}
	ck_assert_uint_eq(sum, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("throttle");
	TCase *test_case = tcase_create("throttle");

	tcase_add_checked_fixture(test_case, begin, end);
	tcase_set_timeout(test_case, 120);
	tcase_add_loop_test(test_case, test_burst_and_rate, 0, sizeof(limits) / sizeof(limits[0]));
	tcase_add_test(test_case, test_no_limit_of_nothing);
	tcase_add_test(test_case, test_asking_counts_nothing);
	tcase_add_test(test_case, test_sources_are_apart);
	tcase_add_test(test_case, test_long_sources);
	tcase_add_test(test_case, test_throttled_sources_are_named);
	tcase_add_test(test_case, test_records);
	tcase_add_test(test_case, test_what_was_not_recorded_is_in_the_next_record);
	tcase_add_test(test_case, test_first_throttled_failure_is_recorded);
	tcase_add_test(test_case, test_clock_at_its_ends);
	tcase_add_test(test_case, test_flood_evicts_the_idle);
	tcase_add_test(test_case, test_table_full_of_busy_sources);
	tcase_add_test(test_case, test_sizes);
#ifdef HAVE_BEYOND_MEMORY
	tcase_add_test(test_case, test_size_beyond_memory);
#endif
	tcase_add_test(test_case, test_threads_share_a_bucket);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
