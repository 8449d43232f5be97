/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/when.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/scope.h"
#include "lib/apikey.h"

#define MINUTE 60
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define LATEST INT64_C(253402300799) /* the last second of the year 9999 */

static const struct {
	char letter;
	int64_t seconds;
} spans[] = {
	{ 's', 1 }, { 'm', MINUTE }, { 'h', HOUR }, { 'd', DAY }, { 'w', 7 * DAY }, { 'y', INT64_C(365) * DAY },
};

/* Each unit is used below the limit, in seconds, and up from where the one before it ends. */
static const struct {
	int64_t below, seconds;
	const char *one, *many;
} units[] = {
	{ 90, 1, "second", "seconds" },
	{ 90 * MINUTE, MINUTE, "minute", "minutes" },
	{ 36 * HOUR, HOUR, "hour", "hours" },
	{ 120 * DAY, DAY, "day", "days" },
	{ 730 * DAY, 30 * DAY + 10 * HOUR, "month", "months" },
	{ INT64_MAX, 365 * DAY + 6 * HOUR, "year", "years" },
};

static bool parse_span(const char *text, int64_t most, int64_t *ret_seconds)
{
	int64_t count = 0;
	size_t digits = strspn(text, "0123456789");

	if (digits == 0 || digits > 12 || text[digits] == '\0' || text[digits + 1] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++)
		count = 10 * count + (text[i] - '0');
	for (size_t i = 0; i < COUNT_OF(spans); i++) {
		if (spans[i].letter != text[digits])
			continue;
		if (count == 0 || count > most / spans[i].seconds)
			return false;
		*ret_seconds = count * spans[i].seconds;
		return true;
	}
	return false;
}

bool when_parse_span(const char *text, int64_t *ret_seconds)
{
	return parse_span(text, LATEST, ret_seconds);
}

/* Digits and separators exactly as in the form: "dddd-dd-dd". */
static bool has_form(const char *text, const char *form)
{
	for (; *form != '\0'; text++, form++)
		if (*form == 'd' ? *text < '0' || *text > '9' : *text != *form)
			return false;
	return *text == '\0';
}

static bool parse_date(const char *text, int64_t *ret_time)
{
	struct tm tm = { 0 }, read;
	time_t seconds;

	if (has_form(text, "dddd-dd-dd"))
		sscanf(text, "%4d-%2d-%2d", &tm.tm_year, &tm.tm_mon, &tm.tm_mday);
	else if (has_form(text, "dddd-dd-ddTdd:dd:ddZ"))
		sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2dZ", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour, &tm.tm_min,
		       &tm.tm_sec);
	else
		return false;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	read = tm;
	seconds = timegm(&tm);
	/* timegm() takes the 31st of February for a day in March. */
	if (tm.tm_year != read.tm_year || tm.tm_mon != read.tm_mon || tm.tm_mday != read.tm_mday ||
	    tm.tm_hour != read.tm_hour || tm.tm_min != read.tm_min || tm.tm_sec != read.tm_sec)
		return false;
	if (seconds < 0 || seconds > LATEST)
		return false;
	*ret_time = seconds;
	return true;
}

bool when_parse(const char *text, int64_t now, int64_t *ret_time)
{
	int64_t span;

	if (strcmp(text, "never") == 0) {
		*ret_time = APIKEY_NEVER;
		return true;
	}
	if (!parse_span(text, LATEST - now, &span))
		return parse_date(text, ret_time);
	*ret_time = now + span;
	return true;
}

bool when_parse_past(const char *text, int64_t now, int64_t *ret_time)
{
	int64_t span, time;

	if (parse_span(text, now, &span))
		time = now - span;
	else if (!parse_date(text, &time) || time > now)
		return false;
	*ret_time = time;
	return true;
}

/* A time as calendar and clock show it; false where no calendar reaches. */
static bool break_down(int64_t seconds, bool local, struct tm *ret_tm)
{
	time_t time = (time_t)seconds;

	return (int64_t)time == seconds && (local ? localtime_r(&time, ret_tm) : gmtime_r(&time, ret_tm));
}

void when_rfc3339(int64_t time, char ret_text[WHEN_TEXT_SIZE])
{
	struct tm tm;

	if (!break_down(time, false, &tm) || strftime(ret_text, WHEN_TEXT_SIZE, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		snprintf(ret_text, WHEN_TEXT_SIZE, "%" PRId64, time);
}

void when_span(uint64_t seconds, char ret_text[WHEN_TEXT_SIZE])
{
	size_t i = 3; /* days: nobody counts in weeks */

	while (seconds % (uint64_t)spans[i].seconds != 0)
		i--;
	snprintf(ret_text, WHEN_TEXT_SIZE, "%" PRIu64 "%c", seconds / (uint64_t)spans[i].seconds, spans[i].letter);
}

void when_relative(int64_t time, int64_t now, char ret_text[WHEN_TEXT_SIZE])
{
	int64_t distance, count;
	size_t i = 0;

	if (time == APIKEY_NEVER || __builtin_sub_overflow(time, now, &distance) || distance == INT64_MIN) {
		snprintf(ret_text, WHEN_TEXT_SIZE, "never");
		return;
	}
	if (distance == 0) {
		snprintf(ret_text, WHEN_TEXT_SIZE, "now");
		return;
	}
	while (llabs(distance) >= units[i].below && i + 1 < COUNT_OF(units))
		i++;
	count = llabs(distance) / units[i].seconds + (llabs(distance) % units[i].seconds >= units[i].seconds / 2);
	if (units[i].seconds == 1)
		count = llabs(distance);
	snprintf(ret_text, WHEN_TEXT_SIZE, "%s%" PRId64 " %s%s", distance > 0 ? "in " : "", count,
		 count == 1 ? units[i].one : units[i].many, distance > 0 ? "" : " ago");
}

void when_local(int64_t time, int64_t now, char ret_text[WHEN_TEXT_SIZE])
{
	char calendar[WHEN_TEXT_SIZE], relative[WHEN_TEXT_SIZE];
	struct tm tm;

	when_relative(time, now, relative);
	if (time == APIKEY_NEVER) {
		memcpy(ret_text, relative, WHEN_TEXT_SIZE);
		return;
	}
	if (!break_down(time, true, &tm) || strftime(calendar, sizeof(calendar), "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		snprintf(calendar, sizeof(calendar), "%" PRId64, time);
	snprintf(ret_text, WHEN_TEXT_SIZE, "%.34s (%.24s)", calendar, relative);
}
