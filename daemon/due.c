/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/due.h"

#include <stdio.h>

#include "common/clock.h"
#include "daemon/policy.h"

/* Whether a date is near enough; of what is over, it always is. */
static bool is_near(int64_t date, const struct policies *policies, int64_t now)
{
	if (date <= now)
		return true;
	return policies->warn_before != TIME_NEVER && date <= now + policies->warn_before;
}

size_t due_find(const struct store_key *key, const struct policies *policies, int64_t now, struct due ret_due[DUE_MAX])
{
	size_t count = 0;

	if (key->state == STORE_REVOKED)
		return 0;
	if (key->expires != TIME_NEVER && is_near(key->expires, policies, now))
		ret_due[count++] = (struct due){ .what = DUE_EXPIRY, .date = key->expires };
	else if (policy_breaks_lifetime(key, policies, now))
		ret_due[count++] = (struct due){ .what = DUE_LIFETIME };
	for (size_t i = 0; i < key->secret_count; i++) {
		const struct store_secret *secret = &key->secrets[i];

		if (policy_judge_secret(secret, now) != REASON_NONE)
			continue;
		/* The current one is the last that would be missed for its age: those before it end anyhow. */
		if (secret->retires != 0) {
			if (is_near(secret->retires, policies, now))
				ret_due[count++] = (struct due){ .what = DUE_RETIREMENT,
								 .secret = secret->number,
								 .date = secret->retires };
		} else if (key->expires > now && policies->max_secret_age != TIME_NEVER &&
			   is_near(secret->created + policies->max_secret_age, policies, now)) {
			ret_due[count++] = (struct due){ .what = DUE_SECRET_AGE,
							 .secret = secret->number,
							 .date = secret->created + policies->max_secret_age };
		}
	}
	return count;
}

void due_describe(const struct due *due, int64_t now, char ret_text[DUE_TEXT_SIZE])
{
	bool over = due->date <= now;
	char date[CLOCK_TEXT_SIZE];

	clock_format(due->date, date, sizeof(date));
	switch (due->what) {
	case DUE_EXPIRY:
		snprintf(ret_text, DUE_TEXT_SIZE, "%s at %s", over ? "expired" : "expires", date);
		break;
	case DUE_SECRET_AGE:
		snprintf(ret_text, DUE_TEXT_SIZE, "secret %u %s too old at %s (max_secret_age)",
			 (unsigned int)due->secret, over ? "got" : "gets", date);
		break;
	case DUE_RETIREMENT:
		snprintf(ret_text, DUE_TEXT_SIZE, "secret %u, which was rotated, ends at %s", (unsigned int)due->secret,
			 date);
		break;
	case DUE_LIFETIME:
		snprintf(ret_text, DUE_TEXT_SIZE, "its end lies further ahead than max_lifetime allows");
		break;
	}
}
