/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/notices.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/due.h"

void notices_add(struct notices *notices, const char *format, ...)
{
	va_list arguments;

	if (notices->count == WIRE_NOTICES_MAX)
		return;
	va_start(arguments, format);
	vsnprintf(notices->texts[notices->count++], WIRE_NOTICE_MAX + 1, format, arguments);
	va_end(arguments);
}

void notices_time(int64_t time, char *ret_text)
{
	char *day_end, *seconds;

	clock_format(time, ret_text, CLOCK_TEXT_SIZE);
	day_end = strchr(ret_text, 'T');
	seconds = strrchr(ret_text, ':');
	if (!day_end || !seconds)
		return;
	*day_end = ' ';
	snprintf(seconds, CLOCK_TEXT_SIZE - (size_t)(seconds - ret_text), " UTC");
}

/* A span that a person can read: whole hours or minutes, where it is one. */
static void format_span(uint32_t seconds, char *ret_text, size_t size)
{
	if (seconds % 3600 == 0)
		snprintf(ret_text, size, "%" PRIu32 " hour%s", seconds / 3600, seconds == 3600 ? "" : "s");
	else if (seconds % 60 == 0)
		snprintf(ret_text, size, "%" PRIu32 " minute%s", seconds / 60, seconds == 60 ? "" : "s");
	else
		snprintf(ret_text, size, "%" PRIu32 " second%s", seconds, seconds == 1 ? "" : "s");
}

static void tell_of_rotation(const struct store_key *key, const struct store_secret *secret, struct notices *notices)
{
	const char *what = key->kind == STORE_PAIR ? "private key" : "secret";
	char end[CLOCK_TEXT_SIZE], span[32];

	notices_time(secret->retires, end);
	if (secret->after_use == 0) {
		notices_add(notices, "Your key '%s' has a new %s. The one you used ends at %s: change to the new one.",
			    key->name, what, end);
		return;
	}
	format_span(secret->after_use, span, sizeof(span));
	notices_add(notices,
		    "Your key '%s' has a new %s. The one you used ends %s after the new one is first used, and at %s "
		    "at the latest: change to the new one.",
		    key->name, what, span, end);
}

/* What is due soon, or already, by the policies of the key's tenant. Who uses a secret that was rotated is told of
 * that, and not of the age of another. */
static void tell_of_due(const struct store_key *key, const struct policy_request *request, struct notices *notices)
{
	const char *what = key->kind == STORE_PAIR ? "private key" : "secret";
	struct due due[DUE_MAX];
	size_t count = due_find(key, request->policies, request->now, due);
	char date[CLOCK_TEXT_SIZE];

	for (size_t i = 0; i < count; i++) {
		notices_time(due[i].date, date);
		if (due[i].what == DUE_EXPIRY)
			notices_add(notices,
				    "Your key '%s' expires at %s: have it prolonged, or change to another one.",
				    key->name, date);
		else if (due[i].what == DUE_LIFETIME)
			notices_add(
				notices,
				"Your key '%s' may not live as long as it would: have it given an end that is nearer.",
				key->name);
		else if (due[i].what == DUE_SECRET_AGE && request->secret && request->secret->number == due[i].secret)
			notices_add(notices, "The %s of your key '%s' %s too old at %s: have the key rotated.", what,
				    key->name, due[i].date <= request->now ? "got" : "gets", date);
	}
}

void notices_collect(const struct store_key *key, const struct policy_request *request, struct notices *ret_notices)
{
	ret_notices->count = 0;
	if (request->secret && request->secret->retires != 0)
		tell_of_rotation(key, request->secret, ret_notices);
	if (request->policies)
		tell_of_due(key, request, ret_notices);
}
