/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/alarms.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "tests/suite.h"

#define SECOND INT64_C(1000000000)
#define LIMIT 5
#define OTHERS (ALARMS_MOST - ALARMS_USERS)

static struct alarms *alarms;
static struct alarm taken[ALARMS_MOST];
static uint64_t beyond;

static void setup(void)
{
	ck_assert_int_eq(alarms_new(&alarms), 0);
}

static void teardown(void)
{
	alarms_free(alarms);
}

static unsigned int guess_as(bool user, const char *id, unsigned int times, int64_t now)
{
	unsigned int burst = 0;

	while (times-- > 0)
		burst += alarms_note(alarms, id, user ? "uid:1000" : "192.0.2.1", user, now, LIMIT);
	return burst;
}

/* How many of so many are of a burst. */
static unsigned int guess(const char *id, unsigned int times, int64_t now)
{
	return guess_as(false, id, times, now);
}

/* All are keys. */
static size_t take(int64_t now)
{
	struct alarm unknown[ALARMS_MOST];
	size_t count = alarms_unknown(alarms, unknown);

	for (size_t i = 0; i < count; i++)
		alarms_settle(alarms, unknown[i].key_id, true);
	return alarms_take(alarms, now, taken, &beyond);
}

START_TEST(what_is_within_the_limit_is_no_burst)
{
	for (int64_t minute = 0; minute < 100; minute++)
		ck_assert_uint_eq(guess("a", LIMIT, minute * 60 * SECOND), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert(!alarms_note(alarms, "b", "192.0.2.1", false, 0, 0));
	ck_assert_uint_eq(take(0), 0);
	ck_assert_uint_eq(beyond, 0);
}
END_TEST

START_TEST(a_burst_is_told_of_once_in_a_while)
{
	ck_assert_uint_eq(guess("a", LIMIT + 3, SECOND), 3);
	ck_assert_uint_eq(guess("b", LIMIT, SECOND), 0);
	ck_assert_uint_eq(take(SECOND), 1);
	ck_assert_str_eq(taken[0].key_id, "a");
	ck_assert_str_eq(taken[0].source, "192.0.2.1");
	ck_assert_uint_eq(taken[0].count, 3);
	/* It goes on, and is told of no sooner. */
	ck_assert_uint_eq(guess("a", 1000, 2 * SECOND), 1000);
	ck_assert_uint_eq(take(3 * SECOND), 0);
	ck_assert_uint_eq(take(SECOND + ALARMS_INTERVAL - 1), 0);
	ck_assert_uint_eq(alarms_list(alarms, 3 * SECOND, taken), 1);
	ck_assert_uint_eq(taken[0].count, 1003);
	ck_assert_uint_eq(take(SECOND + ALARMS_INTERVAL), 1);
	ck_assert_uint_eq(taken[0].count, 1000);
	/* It is over. */
	ck_assert_uint_eq(take(SECOND + 2 * ALARMS_INTERVAL), 0);
	ck_assert_uint_eq(alarms_list(alarms, SECOND + 2 * ALARMS_INTERVAL, taken), 0);
}
END_TEST

static void burst_of_many(bool user, const char *name, unsigned int count, int64_t now)
{
	char id[24];

	for (unsigned int i = 0; i < count; i++) {
		snprintf(id, sizeof(id), "%s-%u", name, i);
		ck_assert_uint_ge(guess_as(user, id, LIMIT + 1, now), 1);
	}
}

static bool is_taken(size_t count, const char *id)
{
	while (count-- > 0)
		if (strcmp(taken[count].key_id, id) == 0)
			return true;
	return false;
}

/* Whoever knows many ids fills no log, and hides nothing for long: there is a place for who comes next. */
START_TEST(many_are_told_of_bit_by_bit)
{
	size_t told = 0, count;
	bool found = false;

	burst_of_many(false, "key", 3 * OTHERS, SECOND);
	ck_assert_uint_eq(take(SECOND), OTHERS / 2);
	ck_assert_uint_eq(beyond, 2 * OTHERS);
	ck_assert_uint_eq(guess("another", LIMIT + 1, SECOND), 1);
	for (int64_t now = 2 * SECOND; now < ALARMS_INTERVAL; now += SECOND) {
		count = take(now);
		ck_assert_uint_eq(beyond, 0);
		ck_assert_uint_le(count, 1);
		found = found || is_taken(count, "another");
		told += count;
	}
	ck_assert_uint_ge(told, OTHERS / 2 - 2);
	ck_assert_uint_le(told, OTHERS / 2);
	/* Those that were there before it had their turn first. */
	for (int64_t now = ALARMS_INTERVAL; now < ALARMS_INTERVAL + 60 * SECOND; now += SECOND)
		found = is_taken(take(now), "another") || found;
	ck_assert(found);
}
END_TEST

/* Who goes on with the same keys keeps nobody else from being named, nor do more keys mean more alarms. */
START_TEST(bursts_that_go_on_hold_no_places)
{
	size_t told[40 * 60] = { 0 };

	for (int64_t second = 1; second < 40 * 60; second++) {
		if (second % 30 == 1)
			burst_of_many(false, _i == 0 ? "same" : "other", _i == 0 ? OTHERS / 2 : OTHERS,
				      second * SECOND);
		if (second == 20 * 60)
			ck_assert_uint_eq(guess("victim", LIMIT + 1, second * SECOND), 1);
		told[second] = take(second * SECOND);
		if (is_taken(told[second], "victim")) {
			size_t all = 0;

			for (int64_t i = second; i > second - 600; i--)
				all += told[i];
			ck_assert_uint_le(all, OTHERS);
			return;
		}
	}
	ck_abort_msg("it was not named");
}
END_TEST

/* A user of the host has many keys of its own, and guesses at all of them, again and again. */
START_TEST(users_hide_no_others)
{
	for (int64_t now = SECOND; now < 3 * ALARMS_INTERVAL; now += 60 * SECOND) {
		size_t count;

		burst_of_many(true, "own", 4 * ALARMS_MOST, now);
		count = take(now);
		ck_assert_uint_le(count, ALARMS_USERS);
		ck_assert_uint_eq(guess("victim", LIMIT + 1, now + SECOND), 1);
		count = take(now + SECOND);
		if (now == SECOND)
			ck_assert(is_taken(count, "victim"));
	}
	ck_assert_uint_le(alarms_list(alarms, 3 * ALARMS_INTERVAL, taken), ALARMS_USERS + 1);
}
END_TEST

/* Who makes ids up takes no place for longer than it takes to look. */
START_TEST(ids_of_no_key_hold_no_places)
{
	struct alarm unknown[ALARMS_MOST];

	burst_of_many(false, "key", OTHERS / 2, SECOND);
	ck_assert_uint_eq(take(SECOND), OTHERS / 2);
	for (int64_t now = 2 * SECOND; now < 20 * SECOND; now += SECOND) {
		char name[24];
		size_t count;

		snprintf(name, sizeof(name), "none-%d", (int)(now / SECOND));
		burst_of_many(false, name, OTHERS, now);
		count = alarms_unknown(alarms, unknown);
		ck_assert_uint_eq(count, OTHERS);
		while (count-- > 0)
			alarms_settle(alarms, unknown[count].key_id, false);
		alarms_settle(alarms, "no such key", false);
		ck_assert_uint_eq(take(now), 0);
	}
	ck_assert_uint_eq(beyond, 0);
	ck_assert_uint_eq(guess("another", LIMIT + 1, 30 * SECOND), 1);
	ck_assert_uint_eq(take(30 * SECOND), 1);
	ck_assert_str_eq(taken[0].key_id, "another");
}
END_TEST

/* However many others pass by. */
START_TEST(a_burst_is_not_hidden_by_others)
{
	char id[16];

	ck_assert_uint_eq(guess("a", LIMIT + 1, SECOND), 1);
	for (unsigned int i = 0; i < 100000; i++) {
		snprintf(id, sizeof(id), "key-%u", i);
		ck_assert(!alarms_note(alarms, id, "192.0.2.1", false, SECOND, LIMIT));
	}
	ck_assert_uint_eq(guess("a", 1, SECOND), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/alarms");
	TCase *test_case = tcase_create("bursts");

	tcase_add_checked_fixture(test_case, setup, teardown);
	tcase_add_test(test_case, what_is_within_the_limit_is_no_burst);
	tcase_add_test(test_case, a_burst_is_told_of_once_in_a_while);
	tcase_add_test(test_case, many_are_told_of_bit_by_bit);
	tcase_add_loop_test(test_case, bursts_that_go_on_hold_no_places, 0, 2);
	tcase_add_test(test_case, users_hide_no_others);
	tcase_add_test(test_case, ids_of_no_key_hold_no_places);
	tcase_add_test(test_case, a_burst_is_not_hidden_by_others);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
