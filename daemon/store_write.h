/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the changes of the store share: statements inside the open write transaction. Private to the store.
 */
#ifndef APIKEYD_DAEMON_STORE_WRITE_H
#define APIKEYD_DAEMON_STORE_WRITE_H

#include "daemon/store_connection.h"

/* Watches how long the write-ahead log gets. Once, after opening. */
void store_log_watch(struct store *store);

/* 0 when a transaction is open and whole; -EINVAL when none is, or the error that has undone it. */
int store_write_ready(struct store *store);

/* Runs a statement without rows, bound before, in the open transaction, and resets it. 0 or a negative errno. */
int store_write_run(struct store *store, enum store_write which);

/* Runs one that changes one row, or none: then it returns none, a negative errno. */
int store_write_one(struct store *store, enum store_write which, int none);

/* Notes what a failed statement has left of the transaction. Returns error. */
int store_write_failed(struct store *store, int error);

/*
 * One change that takes several statements: begins it, and ends it with its result, which comes back. A result other
 * than 0 undoes it whole. The end is called when the beginning returned 0.
 */
int store_step_begin(struct store *store);
int store_step_end(struct store *store, int result);

#endif
