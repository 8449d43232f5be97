/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A change of a key that no request at admin.sock asked for, with its record in the same transaction.
 */
#ifndef APIKEYD_DAEMON_KEY_CHANGE_H
#define APIKEYD_DAEMON_KEY_CHANGE_H

#include "daemon/audit.h"
#include "daemon/store.h"

/* Inside of a transaction: stores the key as it is after the change, and logs it. The record says the event, and who
 * did it; the time, the key and the changes are filled in. why may be NULL. 0 or a negative errno. */
int key_change_save(struct store *store, const struct store_key *before, const struct store_key *after,
		    struct audit_record record, const char *why);

#endif
