/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cli/when: times read and written. */
#include <check.h>
#include <stdlib.h>
#include <time.h>

#include "cli/scope.h"
#include "cli/when.h"
#include "lib/apikey.h"
#include "tests/suite.h"

#define NOW INT64_C(1790000000) /* 2026-09-21T14:13:20Z */
#define DAY INT64_C(86400)

static const struct {
	const char *text;
	int64_t time; /* -1: refused */
} readings[] = {
	{ "never", APIKEY_NEVER },
	{ "1s", NOW + 1 },
	{ "90m", NOW + 5400 },
	{ "12h", NOW + 43200 },
	{ "90d", NOW + 90 * DAY },
	{ "2w", NOW + 14 * DAY },
	{ "2y", NOW + 730 * DAY },
	{ "1970-01-01", 0 },
	{ "2027-01-31", 1801353600 },
	{ "2027-01-31T08:00:00Z", 1801382400 },
	{ "2028-02-29", 1835395200 },
	/* past the year 2038 */
	{ "2099-12-31T23:59:59Z", INT64_C(4102444799) },
	{ "9999-12-31", INT64_C(253402214400) },
	{ "", -1 },
	{ "0d", -1 },
	{ "d", -1 },
	{ "90", -1 },
	{ "90D", -1 },
	{ "90 d", -1 },
	{ "-90d", -1 },
	{ "+90d", -1 },
	{ " 90d", -1 },
	{ "90d ", -1 },
	{ "1d12h", -1 },
	{ "9999y", -1 },
	{ "999999999999y", -1 },
	{ "99999999999999999999s", -1 },
	{ "Never", -1 },
	{ "tomorrow", -1 },
	{ "2027-02-29", -1 },
	{ "2027-02-31", -1 },
	{ "2027-13-01", -1 },
	{ "2027-00-10", -1 },
	{ "2027-01-00", -1 },
	{ "2027-1-31", -1 },
	{ "31.01.2027", -1 },
	{ "1969-12-31", -1 },
	{ "0000-01-01", -1 },
	{ "10000-01-01", -1 },
	{ "2027-01-31T08:00:00", -1 },
	{ "2027-01-31T08:00:00+01:00", -1 },
	{ "2027-01-31T24:00:00Z", -1 },
	{ "2027-01-31T08:60:00Z", -1 },
	{ "2027-01-31T08:00:60Z", -1 },
	{ "2027-01-31T08:00:00Zx", -1 },
};

START_TEST(a_time_is_read_exactly_or_refused)
{
	int64_t time = -1;
	bool good = when_parse(readings[_i].text, NOW, &time);

	ck_assert_msg(good == (readings[_i].time != -1), "%s", readings[_i].text);
	ck_assert_msg(time == readings[_i].time, "%s is read as %lld", readings[_i].text, (long long)time);
}
END_TEST

static const struct {
	int64_t distance;
	const char *text;
} relatives[] = {
	{ 0, "now" },
	{ 1, "in 1 second" },
	{ -1, "1 second ago" },
	{ 89, "in 89 seconds" },
	{ 90, "in 2 minutes" },
	{ -300, "5 minutes ago" },
	{ 5399, "in 90 minutes" },
	{ 7200, "in 2 hours" },
	{ -35 * 3600, "35 hours ago" },
	{ 2 * DAY, "in 2 days" },
	{ 90 * DAY - 1, "in 90 days" },
	{ -365 * DAY, "12 months ago" },
	{ 731 * DAY, "in 2 years" },
	{ 7300 * DAY, "in 20 years" },
};

static const struct {
	const char *text;
	int64_t time; /* -1: refused */
} past[] = {
	{ "90d", NOW - 90 * DAY },
	{ "1s", NOW - 1 },
	{ "2026-09-21", 1789948800 },
	{ "2026-09-21T14:13:20Z", NOW },
	{ "2026-09-21T14:13:21Z", -1 },
	{ "2027-01-31", -1 },
	{ "60y", -1 },
	{ "never", -1 },
	{ "0d", -1 },
	{ "", -1 },
};

START_TEST(what_has_been_is_read_back_from_now)
{
	int64_t time = -1;
	bool good = when_parse_past(past[_i].text, NOW, &time);

	ck_assert_int_eq(good, past[_i].time != -1);
	ck_assert_int_eq(time, past[_i].time);
}
END_TEST

START_TEST(a_distance_is_told_in_the_unit_that_fits)
{
	char text[WHEN_TEXT_SIZE];

	when_relative(NOW + relatives[_i].distance, NOW, text);
	ck_assert_str_eq(text, relatives[_i].text);
}
END_TEST

START_TEST(no_end_is_never)
{
	char text[WHEN_TEXT_SIZE];

	when_relative(APIKEY_NEVER, NOW, text);
	ck_assert_str_eq(text, "never");
	when_local(APIKEY_NEVER, NOW, text);
	ck_assert_str_eq(text, "never");
}
END_TEST

START_TEST(programs_get_utc_and_people_their_own_time)
{
	char text[WHEN_TEXT_SIZE];

	setenv("TZ", "XYZ-1", 1);
	tzset();
	when_rfc3339(1801382400, text);
	ck_assert_str_eq(text, "2027-01-31T08:00:00Z");
	when_local(1801382400, 1801382400 - 2 * DAY, text);
	ck_assert_str_eq(text, "2027-01-31 09:00:00 XYZ (in 2 days)");
}
END_TEST

START_TEST(a_time_beyond_all_calendars_is_a_number)
{
	char text[WHEN_TEXT_SIZE];

	when_rfc3339(APIKEY_NEVER - 1, text);
	ck_assert_str_eq(text, "9223372036854775806");
	when_relative(INT64_MIN, NOW, text);
	when_local(INT64_MIN, NOW, text);
	when_rfc3339(INT64_MIN, text);
	ck_assert_str_eq(text, "-9223372036854775808");
}
END_TEST

START_TEST(a_span_alone_is_read)
{
	static const struct {
		const char *text;
		int64_t seconds; /* -1: refused */
	} spans[] = {
		{ "1s", 1 },         { "12h", 43200 },        { "7d", 7 * DAY },
		{ "1y", 365 * DAY }, { "999999999999s", -1 }, { "0s", -1 },
		{ "never", -1 },     { "2027-01-31", -1 },    { "", -1 },
		{ "7", -1 },         { "-7d", -1 },           { "99999999999999999999d", -1 },
	};

	for (size_t i = 0; i < COUNT_OF(spans); i++) {
		int64_t seconds = -1;

		ck_assert_int_eq(when_parse_span(spans[i].text, &seconds), spans[i].seconds >= 0);
		ck_assert_int_eq(seconds, spans[i].seconds);
	}
}
END_TEST

/* Written in the largest unit that leaves nothing over. */
START_TEST(a_span_is_written_as_it_is_read)
{
	static const struct {
		uint64_t seconds;
		const char *text;
	} spans[] = {
		{ 1, "1s" },       { 59, "59s" },   { 60, "1m" },     { 5400, "90m" },     { 3600, "1h" },
		{ 129600, "36h" }, { 86400, "1d" }, { 604800, "7d" }, { 86401, "86401s" }, { UINT32_MAX, "4294967295s" }
	};

	for (size_t i = 0; i < COUNT_OF(spans); i++) {
		char text[WHEN_TEXT_SIZE];
		int64_t seconds = -1;

		when_span(spans[i].seconds, text);
		ck_assert_str_eq(text, spans[i].text);
		ck_assert(when_parse_span(text, &seconds));
		ck_assert_int_eq(seconds, (int64_t)spans[i].seconds);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/when");
	TCase *tests = tcase_create("when");

	tcase_add_loop_test(tests, a_time_is_read_exactly_or_refused, 0, (int)COUNT_OF(readings));
	tcase_add_loop_test(tests, what_has_been_is_read_back_from_now, 0, (int)COUNT_OF(past));
	tcase_add_test(tests, a_span_alone_is_read);
	tcase_add_test(tests, a_span_is_written_as_it_is_read);
	tcase_add_loop_test(tests, a_distance_is_told_in_the_unit_that_fits, 0, (int)COUNT_OF(relatives));
	tcase_add_test(tests, no_end_is_never);
	tcase_add_test(tests, programs_get_utc_and_people_their_own_time);
	tcase_add_test(tests, a_time_beyond_all_calendars_is_a_number);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
