/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/retirement.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/when.h"

/* What speaks against ending a secret: a use after the current one had come into use, less than a day ago. A time that
 * lies ahead says nothing, since the clock was set: then every use speaks against it. */
static bool is_in_use(const struct apikey_secret *secret, const struct apikey_secret *current, int64_t now)
{
	int64_t replaced = current->first_use.time <= now ? current->first_use.time : 0;
	int64_t used = secret->last_use.time;

	if (used == 0 || used < replaced)
		return false;
	return used > now - RETIREMENT_QUIET || current->last_use.time <= used;
}

/* "secret 1 was used 2 hours ago by dovecot from 192.0.2.7" */
static void tell_use(const struct apikey_secret *secret, const char *word, const char *end, int64_t now,
		     char ret_reason[RETIREMENT_REASON_SIZE])
{
	const struct apikey_use *use = &secret->last_use;
	char time[WHEN_TEXT_SIZE];

	when_relative(use->time, now, time);
	snprintf(ret_reason, RETIREMENT_REASON_SIZE, "secret %" PRIu32 " was %s %s by %.256s from %.256s%s",
		 secret->number, word, time, use->service[0] != '\0' ? use->service : "?",
		 use->source[0] != '\0' ? use->source : "?", end);
}

enum retirement retirement_judge(const struct apikey_key *key, int64_t now, char ret_reason[RETIREMENT_REASON_SIZE])
{
	const struct apikey_secret *current = NULL, *last = NULL;

	ret_reason[0] = '\0';
	for (size_t i = 0; i < key->secret_count; i++) {
		const struct apikey_secret *secret = &key->secrets[i];

		if (secret->retires == 0)
			current = secret;
		else if (secret->retires > now && (!last || secret->last_use.time >= last->last_use.time))
			last = secret;
	}
	if (!last || !current)
		return RETIREMENT_NONE;
	if (current->use_count == 0) {
		snprintf(ret_reason, RETIREMENT_REASON_SIZE, "secret %" PRIu32 ", the new one, has not been used yet",
			 current->number);
		return RETIREMENT_UNSAFE;
	}
	/* What holds for the one that was used last holds for those used before it. */
	if (is_in_use(last, current, now)) {
		tell_use(last, "used", ", after the new one came into use", now, ret_reason);
		return RETIREMENT_UNSAFE;
	}
	if (last->last_use.time == 0)
		snprintf(ret_reason, RETIREMENT_REASON_SIZE, "secret %" PRIu32 " was never used", last->number);
	else
		tell_use(last, "last used", "", now, ret_reason);
	return RETIREMENT_SAFE;
}
