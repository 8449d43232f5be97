/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What was counted lately, and how often the clock was set.
 */
#include <string.h>

#include "daemon/history.h"
#include "tests/suite.h"

#define START 5000

static struct history history;
static uint64_t numbers[COUNTER_COUNT];

static void setup(void)
{
	memset(&history, 0, sizeof(history));
	memset(numbers, 0, sizeof(numbers));
}

/* One grant a second, and a refusal every ten, noted every second, for so long. */
static int64_t run(int64_t from, int64_t seconds)
{
	for (int64_t now = from; now < from + seconds; now++) {
		history_note(&history, now, numbers);
		numbers[COUNTER_GRANTED]++;
		numbers[COUNTER_REASONS + REASON_BAD_SECRET] += now % 10 == 0;
		/* beyond what is remembered */
		numbers[COUNTER_OPENED]++;
	}
	return from + seconds;
}

static const struct {
	int64_t run, span, seconds;
} spans[] = {
	/* less is known than is asked for */
	{ 0, 60, 0 },
	{ 3, 60, 3 },
	{ 60, 60, 60 },
	{ 100, 900, 100 },
	/* the mark before */
	{ 63, 60, 63 },
	{ 64, 60, 64 },
	{ 65, 60, 60 },
	{ 1000, 60, 60 },
	{ 1003, 60, 63 },
	{ 1000, 900, 900 },
	{ 1004, 900, 904 },
	/* many times around */
	{ 10000, 900, 900 },
	{ 10001, 60, 61 },
	{ 10000, 1, 5 },
};

START_TEST(a_window_counts_what_is_in_it)
{
	uint64_t counts[COUNTER_VERDICTS];
	int64_t now = run(START, spans[_i].run), seconds = -1;

	history_look_back(&history, now, spans[_i].span, numbers, counts, &seconds);
	ck_assert_int_eq(seconds, spans[_i].seconds);
	ck_assert_uint_eq(counts[COUNTER_GRANTED], (uint64_t)seconds);
	ck_assert_uint_ge(counts[COUNTER_REASONS + REASON_BAD_SECRET], (uint64_t)seconds / 10);
	ck_assert_uint_le(counts[COUNTER_REASONS + REASON_BAD_SECRET], (uint64_t)seconds / 10 + 1);
	ck_assert_uint_eq(counts[COUNTER_REASONS + REASON_EXPIRED], 0);
}
END_TEST

START_TEST(marks_are_not_taken_more_often_than_they_should)
{
	run(START, HISTORY_STEP);
	ck_assert_uint_eq(history.count, 1);
	run(START + HISTORY_STEP, 1);
	ck_assert_uint_eq(history.count, 2);
}
END_TEST

/* A daemon that was stopped for an hour counts what has been since the last mark, and says how long that is. */
START_TEST(a_gap_is_told)
{
	uint64_t counts[COUNTER_VERDICTS];
	int64_t now = run(START, 100) + 3600, seconds;

	history_look_back(&history, now, 60, numbers, counts, &seconds);
	ck_assert_int_eq(seconds, 3605);
	ck_assert_uint_eq(counts[COUNTER_GRANTED], 5);
}
END_TEST

START_TEST(a_clock_that_is_set_is_noticed)
{
	static const struct {
		int64_t wall, boot;
		uint64_t jumps;
		int64_t last;
	} steps[] = {
		{ 1000000, 50, 0, 0 },
		{ 1000001, 51, 0, 0 },
		/* late, but both are */
		{ 1000061, 111, 0, 0 },
		/* off by no more than a clock may be */
		{ 1000064, 112, 0, 0 },
		{ 1000063, 113, 0, 0 },
		{ 1003664, 114, 1, 3600 },
		{ 1003665, 115, 1, 3600 },
		{ 1000, 116, 2, -1002666 },
		{ 1001, 117, 2, -1002666 },
		{ 1005, 118, 3, 3 },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		history_note_clock(&history, steps[i].wall, steps[i].boot);
		ck_assert_msg(history.jumps == steps[i].jumps, "step %zu: %llu jumps", i,
			      (unsigned long long)history.jumps);
		ck_assert_int_eq(history.last_jump, steps[i].last);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("history");
	TCase *tests = tcase_create("history");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, a_window_counts_what_is_in_it, 0, (int)(sizeof(spans) / sizeof(spans[0])));
	tcase_add_test(tests, marks_are_not_taken_more_often_than_they_should);
	tcase_add_test(tests, a_gap_is_told);
	tcase_add_test(tests, a_clock_that_is_set_is_noticed);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
