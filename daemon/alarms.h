/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Bursts of wrong secrets for one key. They are counted for each id, whether there is such a key or not, so that nobody
 * learns that from what comes of it; in a fixed table. Beyond so many a minute each further one counts as the last that
 * its source may have (daemon/throttle.h), and administrators are told of the key, where there is one: by a record and
 * an event in the journal, ALARMS_MOST in ALARMS_INTERVAL at most, and once for each key, so that nobody fills a log
 * with them; those of users of this host ALARMS_USERS at most, so that nobody with many keys hides what others do. None
 * of this touches the key, nor anybody who has its secret.
 */
#ifndef APIKEYD_DAEMON_ALARMS_H
#define APIKEYD_DAEMON_ALARMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/credential.h"
#include "proto/wire.h"

#define ALARMS_MOST 64
#define ALARMS_USERS 8                        /* of them: of callers that are neither root nor named in [peers] */
#define ALARMS_INTERVAL INT64_C(600000000000) /* nanoseconds */

struct alarms;
struct thread;

/* 0, -ENOMEM, or a negative errno when there is no randomness. */
int alarms_new(struct alarms **ret_alarms);
/* Accepts NULL. */
void alarms_free(struct alarms *alarms);

/* Counts a wrong secret for an id that came from a source (a text to be shown), at now (CLOCK_MONOTONIC, nanoseconds).
 * user: the caller is neither root nor named in [peers]. True: it is one of a burst, beyond per_minute. Any thread. */
bool alarms_note(struct alarms *alarms, const char *key_id, const char *source, bool user, int64_t now,
		 uint64_t per_minute);

/* For what is refused for another reason: takes as long, and counts nothing. */
void alarms_pass(struct alarms *alarms, const char *key_id, int64_t now, uint64_t per_minute);

struct alarm {
	char key_id[CREDENTIAL_KEY_ID_MAX + 1];
	char source[WIRE_NETWORK_MAX + 1]; /* of the last one; cut to its room */
	uint64_t count;                    /* beyond the limit, since it was told of before */
};

/* Those of which it is not known yet whether there is such a key; ALARMS_MOST at most. None is told of before. */
size_t alarms_unknown(struct alarms *alarms, struct alarm ret_alarms[ALARMS_MOST]);
void alarms_settle(struct alarms *alarms, const char *key_id, bool is_key);
/* Takes those that are to be told of now; they are told of again ALARMS_INTERVAL later, where they go on. *ret_beyond:
 * how many found no room, 0 where that was told of lately. Returns how many there are, ALARMS_MOST at most. */
size_t alarms_take(struct alarms *alarms, int64_t now, struct alarm ret_alarms[ALARMS_MOST], uint64_t *ret_beyond);
/* Those that were told of in the last ALARMS_INTERVAL, with all that was counted. */
size_t alarms_list(struct alarms *alarms, int64_t now, struct alarm ret_alarms[ALARMS_MOST]);

/* In the main thread, about once a second: tells of those that are to be told of. */
void alarms_tell(struct thread *thread);

#endif
