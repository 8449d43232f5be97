/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Making the keys that sign access tokens, with the record of it in the change log. In the writer's thread. */
#ifndef APIKEYD_DAEMON_SIGNING_KEY_MAKE_H
#define APIKEYD_DAEMON_SIGNING_KEY_MAKE_H

#include <stdint.h>

#include "daemon/audit.h"
#include "daemon/vault.h"

/* In a transaction of its own, where there is anything to do: a store without a key gets one, one whose key is old the
 * next, and those that are good no more go. 0 or a negative errno. */
int signing_keys_settle(struct vault *vault);

/* The same inside an open write transaction. */
int signing_keys_settle_within(struct vault *vault);

/* Inside an open write transaction, where another record says what was done: one key, and none before it any more. The
 * database has its sealed keys. 0 or a negative errno. */
int signing_key_start(struct store *store, const uint8_t master[CRYPTO_KEY_SIZE], int64_t now);

/* Inside an open write transaction: puts the record of a new key into the change log; event and who did it are said. */
int signing_key_log(struct vault *vault, const struct audit_record *record, uint32_t version);

#endif
