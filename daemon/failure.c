/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/failure.h"

#include <stdio.h>

#include "daemon/alarms.h"

/* A secret, or a signature, that is none of the key that was named, or of none: which of the two makes no difference
 * here. */
static bool is_wrong_secret(const struct failure *failure)
{
	return failure->reason == REASON_BAD_SECRET || failure->reason == REASON_BAD_SIGNATURE ||
	       failure->reason == REASON_UNKNOWN_KEY;
}

/* True: it is one of a burst of wrong secrets for its key. */
static bool note(struct alarms *alarms, const struct failure *failure, int64_t now, uint64_t per_minute)
{
	char peer[32];
	const char *source = failure->source;

	if (*failure->key_id == '\0')
		return false;
	if (!is_wrong_secret(failure)) {
		alarms_pass(alarms, failure->key_id, now, per_minute);
		return false;
	}
	snprintf(peer, sizeof(peer), "uid:%u", (unsigned int)failure->uid);
	return alarms_note(alarms, failure->key_id, *source ? source : peer, failure->user, now, per_minute);
}

struct throttle_answer failure_count(struct daemon *daemon, const struct settings *settings,
				     const struct failure *failure, int64_t now)
{
	/* Who takes part in a burst of wrong secrets for one key has had its failures. */
	bool burst = note(daemon->alarms, failure, now, settings->failures_per_key);

	return (burst ? throttle_overrun : throttle_failure)(daemon->throttle, failure->uid, failure->source, now,
							     settings->failures_per_minute);
}
