/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"

#define NANOSECONDS 1000000000LL
#define TIME_LAST 253402300799LL /* 9999-12-31T23:59:59Z: the last that RFC 3339 can write */

static struct timespec read_clock(clockid_t id)
{
	struct timespec now = { 0 };

	clock_gettime(id, &now);
	return now;
}

int64_t clock_wall_seconds(void)
{
	return read_clock(CLOCK_REALTIME).tv_sec;
}

int64_t clock_wall_microseconds(void)
{
	struct timespec now = read_clock(CLOCK_REALTIME);

	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_monotonic(void)
{
	struct timespec now = read_clock(CLOCK_MONOTONIC);

	return (int64_t)now.tv_sec * NANOSECONDS + now.tv_nsec;
}

int64_t clock_boot_seconds(void)
{
	return read_clock(CLOCK_BOOTTIME).tv_sec;
}

struct deadline deadline_in(int64_t milliseconds)
{
	struct deadline deadline;

	/* A span too long to count is a deadline that is never reached; it must not wrap into one that has passed. */
	if (__builtin_mul_overflow(milliseconds, INT64_C(1000000), &deadline.at) ||
	    __builtin_add_overflow(deadline.at, clock_monotonic(), &deadline.at))
		deadline.at = milliseconds < 0 ? 0 : INT64_MAX;
	return deadline;
}

int deadline_left(struct deadline deadline)
{
	int64_t now = clock_monotonic(), left;

	if (deadline.at <= now)
		return 0;
	left = (deadline.at - now - 1) / 1000000 + 1;
	return left > INT32_MAX ? INT32_MAX : (int)left;
}

void clock_format(int64_t seconds, char *ret_text, size_t size)
{
	time_t time = (time_t)seconds;
	struct tm parts;

	if (seconds == TIME_NEVER || time != seconds || !gmtime_r(&time, &parts) ||
	    strftime(ret_text, size, "%Y-%m-%dT%H:%M:%SZ", &parts) == 0)
		snprintf(ret_text, size, "never");
}

void clock_format_microseconds(int64_t microseconds, char *ret_text, size_t size)
{
	int64_t seconds = microseconds / 1000000, rest = microseconds % 1000000;
	char *end;

	/* Before 1970 the fraction still counts forward. */
	if (rest < 0) {
		seconds--;
		rest += 1000000;
	}
	clock_format(seconds, ret_text, size);
	end = strchr(ret_text, 'Z');
	if (end)
		snprintf(end, size - (size_t)(end - ret_text), ".%06dZ", (int)rest);
}

/* Reads exactly count digits at *text and moves on. -1 when they are not all digits. */
static int take_digits(const char **text, int count)
{
	int value = 0;

	for (int i = 0; i < count; i++, (*text)++) {
		if (**text < '0' || **text > '9')
			return -1;
		value = value * 10 + (**text - '0');
	}
	return value;
}

static bool take_character(const char **text, char character)
{
	if (**text != character)
		return false;
	(*text)++;
	return true;
}

static bool parse_span(const char *text, int64_t now, int64_t *ret_time)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 's', 1 }, { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 604800 }, { 'y', 31536000 } };
	int64_t count = 0, span;
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 10 || text[digits] == '\0' || text[digits + 1] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		count = count * 10 + (text[i] - '0');
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (units[i].unit != text[digits])
			continue;
		if (count < 1 || count > TIME_LAST / units[i].seconds)
			return false;
		span = count * units[i].seconds;
		if (now > TIME_LAST - span || now < -span)
			return false;
		*ret_time = now + span;
		return true;
	}
	return false;
}

static bool parse_date(const char *text, int64_t *ret_time)
{
	static const int month_days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	struct tm parts = { 0 };
	time_t time;
	int year, month, day, hour = 0, minute = 0, second = 0, leap, last;

	if ((year = take_digits(&text, 4)) < 1970 || !take_character(&text, '-') ||
	    (month = take_digits(&text, 2)) < 1 || month > 12 || !take_character(&text, '-') ||
	    (day = take_digits(&text, 2)) < 1)
		return false;
	leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
	last = month_days[month - 1] + (month == 2 ? leap : 0);
	if (day > last)
		return false;
	if (*text != '\0') {
		if (!take_character(&text, 'T') || (hour = take_digits(&text, 2)) < 0 || !take_character(&text, ':') ||
		    (minute = take_digits(&text, 2)) < 0 || !take_character(&text, ':') ||
		    (second = take_digits(&text, 2)) < 0 || !take_character(&text, 'Z') || *text != '\0' || hour > 23 ||
		    minute > 59 || second > 59)
			return false;
	}
	parts.tm_year = year - 1900;
	parts.tm_mon = month - 1;
	parts.tm_mday = day;
	parts.tm_hour = hour;
	parts.tm_min = minute;
	parts.tm_sec = second;
	time = timegm(&parts);
	if (time < 0) /* a time_t too narrow for it */
		return false;
	*ret_time = time;
	return true;
}

bool clock_parse(const char *text, int64_t now, int64_t *ret_time)
{
	if (strcmp(text, "never") == 0) {
		*ret_time = TIME_NEVER;
		return true;
	}
	return parse_span(text, now, ret_time) || parse_date(text, ret_time);
}
