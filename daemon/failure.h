/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Counts a credential that was refused: against its source (daemon/throttle.h), and, where it was a wrong secret,
 * against the key it named (daemon/alarms.h), wherever it was shown. It takes as long for each reason.
 */
#ifndef APIKEYD_DAEMON_FAILURE_H
#define APIKEYD_DAEMON_FAILURE_H

#include "daemon/daemon.h"
#include "daemon/settings.h"
#include "daemon/throttle.h"
#include "proto/verdict.h"

struct failure {
	uid_t uid;          /* of the peer */
	const char *source; /* as throttle_failure() takes it */
	bool user;          /* the peer is neither root nor one that is believed when it speaks of others */
	const char *key_id; /* that the credential names; "" for none */
	enum reason reason;
};

/* At now, CLOCK_MONOTONIC in nanoseconds. Any thread. */
struct throttle_answer failure_count(struct daemon *daemon, const struct settings *settings,
				     const struct failure *failure, int64_t now);

#endif
