/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the use of a key writes: the service that its first use binds it to, and one use more of those it may have. In
 * the writer's transaction, for a request that has passed all steps of daemon/policy.h in it.
 */
#ifndef APIKEYD_DAEMON_KEY_USE_H
#define APIKEYD_DAEMON_KEY_USE_H

#include "daemon/verify.h"

/* 0 and the reason: REASON_NONE where all is written; or a negative errno. key is as it was read in this transaction.
 */
int key_use_write(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		  const struct store_key *key, enum reason *ret_reason);

#endif
