/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Connections counted by uid: one uid cannot take what belongs to others, and root is never counted.
 */
#include <check.h>
#include <stdlib.h>

#include "daemon/limits.h"
#include "tests/suite.h"

#define MOST 8

static struct limits *limits;

static void setup(void)
{
	ck_assert_int_eq(limits_new(MOST, &limits), 0);
}

static void teardown(void)
{
	limits_free(limits);
}

START_TEST(a_uid_has_its_limit)
{
	for (int i = 0; i < 3; i++)
		ck_assert(limits_enter(limits, 1000, 3));
	ck_assert(!limits_enter(limits, 1000, 3));
	ck_assert(limits_enter(limits, 1001, 3));
	limits_leave(limits, 1000);
	ck_assert(limits_enter(limits, 1000, 3));
	ck_assert_uint_eq(limits_open(limits), 4);
}
END_TEST

START_TEST(all_together_have_a_limit)
{
	for (uid_t uid = 1000; uid < 1000 + MOST; uid++)
		ck_assert(limits_enter(limits, uid, 4));
	ck_assert(!limits_enter(limits, 5000, 4));
	limits_leave(limits, 1003);
	ck_assert(limits_enter(limits, 5000, 4));
}
END_TEST

START_TEST(root_is_never_counted)
{
	for (int i = 0; i < 10 * MOST; i++)
		ck_assert(limits_enter(limits, 0, 1));
	ck_assert_uint_eq(limits_open(limits), 0);
	limits_leave(limits, 0);
	limits_slow(limits, 0, INT64_MAX);
	ck_assert(!limits_is_slow(limits, 0, 1));
}
END_TEST

START_TEST(a_uid_is_slow_until_the_moment)
{
	ck_assert(limits_enter(limits, 1000, 3));
	ck_assert(!limits_is_slow(limits, 1000, 0));
	limits_slow(limits, 1000, 500);
	ck_assert(limits_is_slow(limits, 1000, 499));
	ck_assert(!limits_is_slow(limits, 1000, 500));
	ck_assert(!limits_is_slow(limits, 1001, 0));
	/* It outlives the connection, or reconnecting would shake it off. */
	limits_leave(limits, 1000);
	ck_assert(limits_is_slow(limits, 1000, 499));
}
END_TEST

START_TEST(a_uid_without_connections_is_not_marked)
{
	limits_slow(limits, 1000, 500);
	ck_assert(!limits_is_slow(limits, 1000, 0));
}
END_TEST

/* More uids than slots come and go; each is counted right all the while. */
START_TEST(many_uids_come_and_go)
{
	for (uid_t uid = 1; uid <= 10000; uid++) {
		ck_assert(limits_enter(limits, uid, 2));
		ck_assert(limits_enter(limits, uid, 2));
		ck_assert(!limits_enter(limits, uid, 2));
		if (uid % 2 == 0)
			limits_leave(limits, uid);
		limits_leave(limits, uid);
		if (uid % 2 == 1)
			limits_leave(limits, uid);
		ck_assert_uint_eq(limits_open(limits), 0);
	}
	for (uid_t uid = 1; uid <= MOST; uid++)
		ck_assert(limits_enter(limits, uid * 7919, 1));
	for (uid_t uid = 1; uid <= MOST; uid++)
		ck_assert(!limits_enter(limits, uid * 7919, 1));
}
END_TEST

START_TEST(a_uid_may_connect_so_fast_and_no_faster)
{
	const int64_t second = 1000000000, price = second / LIMITS_RATE;
	int64_t now = 5 * second;
	size_t hurried = 0;

	/* a burst, and then one too many */
	for (int i = 0; i <= LIMITS_BURST; i++)
		ck_assert(!limits_hurries(limits, 1000, now));
	ck_assert(limits_hurries(limits, 1000, now));
	ck_assert(!limits_hurries(limits, 1001, now));
	/* At the rate it is in no hurry, at twice the rate every other time. */
	for (int i = 0; i < 1000; i++)
		ck_assert(!limits_hurries(limits, 1000, now += price));
	for (int i = 0; i < 1000; i++)
		hurried += limits_hurries(limits, 1000, now += price / 2);
	ck_assert_uint_ge(hurried, 499);
	ck_assert_uint_le(hurried, 501);
	/* After a rest it has its burst again, and no more than that. */
	now += 3600 * second;
	for (int i = 0; i <= LIMITS_BURST; i++)
		ck_assert(!limits_hurries(limits, 1000, now));
	ck_assert(limits_hurries(limits, 1000, now));
	for (int i = 0; i < 10 * LIMITS_BURST; i++)
		ck_assert(!limits_hurries(limits, 0, now));
}
END_TEST

START_TEST(leaving_without_entering_counts_nothing)
{
	limits_leave(limits, 1000);
	ck_assert_uint_eq(limits_open(limits), 0);
	ck_assert(limits_enter(limits, 1000, 1));
	ck_assert(!limits_enter(limits, 1000, 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("limits");
	TCase *counts = tcase_create("counts");

	tcase_add_checked_fixture(counts, setup, teardown);
	tcase_add_test(counts, a_uid_has_its_limit);
	tcase_add_test(counts, all_together_have_a_limit);
	tcase_add_test(counts, root_is_never_counted);
	tcase_add_test(counts, a_uid_is_slow_until_the_moment);
	tcase_add_test(counts, a_uid_without_connections_is_not_marked);
	tcase_add_test(counts, many_uids_come_and_go);
	tcase_add_test(counts, a_uid_may_connect_so_fast_and_no_faster);
	tcase_add_test(counts, leaving_without_entering_counts_nothing);
	suite_add_tcase(suite, counts);
	return suite_run(suite);
}
