/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a backup would bring back that has been taken away since, found by holding it against the present store key by
 * key; and taking it away again. Nothing that was revoked may work again because somebody restored a backup.
 */
#ifndef APIKEYD_DAEMON_RESTORE_MERGE_H
#define APIKEYD_DAEMON_RESTORE_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"
#include "proto/message.h"

struct restore_listed {
	enum message_fate fate;
	unsigned int why; /* sum of enum message_taken */
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	char name[WIRE_NAME_MAX + 1];
	char owner[WIRE_USER_MAX + 1];
};

struct restore_report {
	uint64_t keys; /* in the backup */
	uint64_t returning, revived, lost;
	size_t listed_count; /* the first of them; revived ones push others out */
	struct restore_listed listed[MESSAGE_RESTORED_LISTED];
};

/*
 * What was taken away from a key between then and now; 0: nothing, or nothing that is not over by time (seconds since
 * 1970 UTC) anyway. Pure.
 */
unsigned int restore_taken(const struct store_key *then, const struct store_key *now, int64_t time);

/* Takes it away from the key as it was then: state, secrets, and what was narrowed become as they are now. Its texts
 * then point into either key. */
void restore_take(struct store_key *key, const struct store_key *now, unsigned int taken);

/*
 * Holds the backup against the present store. backup: what is merged into, in an open write transaction, or NULL, which
 * only reports; then and present read the two. accept_revived: nothing is taken away again, but ids of deleted keys
 * stay unused. 0; -EIO and *ret_present_failed, whether it was the present store that could not be read.
 */
int restore_merge(struct store *backup, struct store_reader *then, struct store_reader *present, bool accept_revived,
		  int64_t time, struct restore_report *ret_report, bool *ret_present_failed);

#endif
