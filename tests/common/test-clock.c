/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Times and deadlines: what is read, what is written, and that nothing wraps at either end of the calendar. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/suite.h"

#define LAST INT64_C(253402300799) /* 9999-12-31T23:59:59Z */
#define NOW INT64_C(1700000000)
#define REFUSED (-1)

static const struct {
	const char *text;
	int64_t now, expected;
} readings[] = {
	{ "never", NOW, TIME_NEVER },
	/* dates, from the first to the last there is */
	{ "1970-01-01", NOW, 0 },
	{ "1970-01-01T00:00:00Z", NOW, 0 },
	{ "1970-01-01T00:00:01Z", NOW, 1 },
	{ "1999-12-31T23:59:59Z", NOW, 946684799 },
	{ "2000-01-01", NOW, 946684800 },
	{ "2026-11-21T18:03:07Z", NOW, 1795284187 },
	{ "2038-01-19T03:14:07Z", NOW, INT32_MAX },
	{ "2038-01-19T03:14:08Z", NOW, INT64_C(2147483648) },
	{ "2106-02-07T06:28:16Z", NOW, INT64_C(4294967296) },
	{ "9999-12-31", NOW, LAST - 86399 },
	{ "9999-12-31T23:59:59Z", NOW, LAST },
	/* leap days */
	{ "2000-02-29", NOW, 951782400 },
	{ "2024-02-29", NOW, 1709164800 },
	{ "2024-03-01", NOW, 1709251200 },
	{ "2023-02-28", NOW, 1677542400 },
	{ "2023-02-29", NOW, REFUSED },
	{ "2100-02-29", NOW, REFUSED },
	{ "2100-03-01", NOW, INT64_C(4107542400) },
	{ "2024-02-30", NOW, REFUSED },
	/* out of range */
	{ "1969-12-31T23:59:59Z", NOW, REFUSED },
	{ "0000-01-01", NOW, REFUSED },
	{ "10000-01-01", NOW, REFUSED },
	{ "2027-00-10", NOW, REFUSED },
	{ "2027-13-10", NOW, REFUSED },
	{ "2027-01-00", NOW, REFUSED },
	{ "2027-01-32", NOW, REFUSED },
	{ "2027-04-31", NOW, REFUSED },
	{ "2027-01-31T24:00:00Z", NOW, REFUSED },
	{ "2027-01-31T23:60:00Z", NOW, REFUSED },
	{ "2016-12-31T23:59:60Z", NOW, REFUSED },
	/* another form */
	{ "", NOW, REFUSED },
	{ "Never", NOW, REFUSED },
	{ "never ", NOW, REFUSED },
	{ "2027-1-31", NOW, REFUSED },
	{ "2027-01-3", NOW, REFUSED },
	{ "2027-01", NOW, REFUSED },
	{ "2027", NOW, REFUSED },
	{ "27-01-31", NOW, REFUSED },
	{ " 2027-01-31", NOW, REFUSED },
	{ "2027-01-31 ", NOW, REFUSED },
	{ "2027/01/31", NOW, REFUSED },
	{ "2027-01-31T", NOW, REFUSED },
	{ "2027-01-31Z", NOW, REFUSED },
	{ "2027-01-31T08:00Z", NOW, REFUSED },
	{ "2027-01-31T08:00:00", NOW, REFUSED },
	{ "2027-01-31T08:00:00z", NOW, REFUSED },
	{ "2027-01-31t08:00:00Z", NOW, REFUSED },
	{ "2027-01-31 08:00:00Z", NOW, REFUSED },
	{ "2027-01-31T08:00:00.5Z", NOW, REFUSED },
	{ "2027-01-31T08:00:00+01:00", NOW, REFUSED },
	{ "2027-01-31T08:00:00Z0", NOW, REFUSED },
	{ "2027-01-31T08-00:00Z", NOW, REFUSED },
	{ "2027-01-31T08:00-00Z", NOW, REFUSED },
	{ "2027-01-31T-8:00:00Z", NOW, REFUSED },
	{ "2027-+1-31", NOW, REFUSED },
	{ "-027-01-31", NOW, REFUSED },
	/* spans */
	{ "1s", NOW, NOW + 1 },
	{ "2m", NOW, NOW + 120 },
	{ "3h", NOW, NOW + 10800 },
	{ "90d", NOW, NOW + 7776000 },
	{ "2w", NOW, NOW + 1209600 },
	{ "1y", NOW, NOW + 31536000 },
	{ "007d", NOW, NOW + 604800 },
	{ "9999999999s", NOW, NOW + INT64_C(9999999999) },
	{ "0d", NOW, REFUSED },
	{ "0000000000s", NOW, REFUSED },
	{ "00000000001s", NOW, REFUSED },
	{ "-1d", NOW, REFUSED },
	{ "+1d", NOW, REFUSED },
	{ "1", NOW, REFUSED },
	{ "d", NOW, REFUSED },
	{ "1D", NOW, REFUSED },
	{ "1 d", NOW, REFUSED },
	{ "1dd", NOW, REFUSED },
	{ "1d1h", NOW, REFUSED },
	{ "1.5d", NOW, REFUSED },
	{ "1x", NOW, REFUSED },
	/* spans that leave the calendar */
	{ "8040y", 0, REFUSED },
	{ "9999999999y", NOW, REFUSED },
	{ "9999999999w", NOW, REFUSED },
	{ "1s", LAST, REFUSED },
	{ "1s", LAST - 1, LAST },
	{ "1s", INT64_MAX, REFUSED },
	{ "1s", -1, 0 },
	{ "1s", -2, REFUSED },
	{ "1s", INT64_MIN, REFUSED },
};

START_TEST(points_in_time_are_read)
{
	int64_t time = 4711;
	bool read = clock_parse(readings[_i].text, readings[_i].now, &time);

	ck_assert_msg(read == (readings[_i].expected != REFUSED), "\"%s\" is %s", readings[_i].text,
		      read ? "read" : "refused");
	ck_assert_msg(time == (read ? readings[_i].expected : 4711), "\"%s\" gives %lld", readings[_i].text,
		      (long long)time);
}
END_TEST

static const struct {
	int64_t seconds;
	const char *text;
} writings[] = {
	{ 0, "1970-01-01T00:00:00Z" },
	{ 1, "1970-01-01T00:00:01Z" },
	{ -1, "1969-12-31T23:59:59Z" },
	{ 951782400, "2000-02-29T00:00:00Z" },
	{ 1795284187, "2026-11-21T18:03:07Z" },
	{ INT64_C(2147483648), "2038-01-19T03:14:08Z" },
	{ LAST, "9999-12-31T23:59:59Z" },
	{ LAST + 1, "10000-01-01T00:00:00Z" },
	{ TIME_NEVER, "never" },
	{ TIME_NEVER - 1, "never" }, /* no year that gmtime_r() can name */
	{ INT64_MIN, "never" },
};

START_TEST(points_in_time_are_written)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format(writings[_i].seconds, text, sizeof(text));
	ck_assert_str_eq(text, writings[_i].text);
}
END_TEST

static const struct {
	int64_t microseconds;
	const char *text;
} fine_writings[] = {
	{ 0, "1970-01-01T00:00:00.000000Z" },
	{ 1, "1970-01-01T00:00:00.000001Z" },
	{ -1, "1969-12-31T23:59:59.999999Z" },
	{ -1000000, "1969-12-31T23:59:59.000000Z" },
	{ INT64_C(1795284187000123), "2026-11-21T18:03:07.000123Z" },
	{ INT64_C(1795284187999999), "2026-11-21T18:03:07.999999Z" },
	{ INT64_MAX, "294247-01-10T04:00:54.775807Z" },
	{ INT64_MIN, "-290308-12-21T19:59:05.224192Z" },
};

START_TEST(microseconds_are_written)
{
	char text[CLOCK_TEXT_SIZE];

	clock_format_microseconds(fine_writings[_i].microseconds, text, sizeof(text));
	ck_assert_str_eq(text, fine_writings[_i].text);
}
END_TEST

START_TEST(what_is_written_is_read_back)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t time;

	/* A step that is no whole number of days, so that hours, minutes and seconds vary too. */
	for (int64_t seconds = 0; seconds <= LAST; seconds += 86400 * 101 + 49477) {
		clock_format(seconds, text, sizeof(text));
		ck_assert(clock_parse(text, NOW, &time));
		ck_assert_int_eq(time, seconds);
	}
	clock_format(TIME_NEVER, text, sizeof(text));
	ck_assert(clock_parse(text, NOW, &time));
	ck_assert(time == TIME_NEVER);
}
END_TEST

START_TEST(local_time_zone_does_not_matter)
{
	char text[CLOCK_TEXT_SIZE];
	int64_t time;

	setenv("TZ", "XYZ+11", 1);
	tzset();
	clock_format(951782400, text, sizeof(text));
	ck_assert_str_eq(text, "2000-02-29T00:00:00Z");
	ck_assert(clock_parse("2000-02-29", NOW, &time));
	ck_assert_int_eq(time, 951782400);
}
END_TEST

START_TEST(clocks_agree_with_the_system)
{
	int64_t before = time(NULL), boot = clock_boot_seconds(), steady = clock_monotonic();

	ck_assert_int_ge(clock_wall_seconds(), before - 1);
	ck_assert_int_le(clock_wall_seconds(), before + 60);
	ck_assert_int_ge(clock_wall_microseconds() / 1000000, before - 1);
	ck_assert_int_le(clock_wall_microseconds() / 1000000, before + 60);
	ck_assert_int_gt(steady, 0);
	ck_assert_int_ge(clock_monotonic(), steady);
	/* Boot time counts what the monotonic clock sleeps through. */
	ck_assert_int_ge(boot + 1, steady / 1000000000);
	ck_assert_int_ge(clock_boot_seconds(), boot);
}
END_TEST

START_TEST(deadlines_count_down)
{
	struct deadline deadline = deadline_in(60000);
	int left = deadline_left(deadline);

	ck_assert_int_gt(left, 50000);
	ck_assert_int_le(left, 60000);
	deadline = deadline_in(20);
	ck_assert_int_gt(deadline_left(deadline), 0);
	while ((left = deadline_left(deadline)) > 0)
		ck_assert_int_eq(poll(NULL, 0, left), 0);
	/* Rounded up: whoever waited for what was left does not find a rest of it. */
	ck_assert_int_ge(clock_monotonic(), deadline.at);
}
END_TEST

static const struct {
	int64_t milliseconds;
	bool passed;
} spans[] = {
	{ 0, true },
	{ -1, true },
	{ INT64_MIN, true },
	{ INT64_MIN / 1000000, true },
	{ INT32_MAX, false },
	{ INT64_MAX / 1000000, false },
	{ INT64_MAX / 1000000 + 1, false },
	{ INT64_MAX, false },
};

START_TEST(deadlines_do_not_wrap)
{
	int left = deadline_left(deadline_in(spans[_i].milliseconds));

	if (spans[_i].passed)
		ck_assert_int_eq(left, 0);
	else
		ck_assert_int_gt(left, INT32_MAX - 60000);
}
END_TEST

START_TEST(the_farthest_deadlines_have_an_end)
{
	ck_assert_int_eq(deadline_left((struct deadline){ .at = INT64_MAX }), INT32_MAX);
	ck_assert_int_eq(deadline_left((struct deadline){ .at = INT64_MIN }), 0);
	ck_assert_int_eq(deadline_left((struct deadline){ 0 }), 0);
	ck_assert_int_eq(deadline_left((struct deadline){ .at = clock_monotonic() }), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("clock");
	TCase *cases = tcase_create("clock");

	tcase_add_loop_test(cases, points_in_time_are_read, 0, ARRAY_SIZE(readings));
	tcase_add_loop_test(cases, points_in_time_are_written, 0, ARRAY_SIZE(writings));
	tcase_add_loop_test(cases, microseconds_are_written, 0, ARRAY_SIZE(fine_writings));
	tcase_add_test(cases, what_is_written_is_read_back);
	tcase_add_test(cases, local_time_zone_does_not_matter);
	tcase_add_test(cases, clocks_agree_with_the_system);
	tcase_add_test(cases, deadlines_count_down);
	tcase_add_loop_test(cases, deadlines_do_not_wrap, 0, ARRAY_SIZE(spans));
	tcase_add_test(cases, the_farthest_deadlines_have_an_end);
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
