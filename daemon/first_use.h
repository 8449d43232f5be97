/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What follows from the first use of a new secret: those before it that waited for that get the date of their end. It
 * is written in the transaction that notes the use, so that after a crash both are there or neither; then the next use
 * is the first.
 */
#ifndef APIKEYD_DAEMON_FIRST_USE_H
#define APIKEYD_DAEMON_FIRST_USE_H

#include "daemon/store.h"

/* Inside of a transaction: use is the first one of its secret. 0, also where nothing waited; or a negative errno. */
int first_use_settle(struct store *store, const struct store_use *use);

#endif
