/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests that are not decided before something is on disk: what may be used once has to be noted as used, a key to
 * be bound, a use to be counted. Each becomes a job of the writer and is answered when that is done, by the thread
 * whose connection it came on, which serves others meanwhile. Defends against a slow disk that would hold up
 * everybody's logins, against a key that is revoked between the two halves (the writer looks at it again, in the
 * transaction that consumes), and against a client that fills the memory with what it has in flight.
 */
#ifndef APIKEYD_DAEMON_PENDING_H
#define APIKEYD_DAEMON_PENDING_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/item.h"

#define PENDING_MAX 64          /* on one connection; with so many nothing more is read from it */
#define PENDING_THREAD_MAX 4096 /* in one thread, those of clients that have gone included */

struct pending;

/*
 * Hands a judged item whose outcome waits for the writer over to it, with a copy of its packet. It is recorded, counted
 * and answered when the writer has done its part; where the connection has gone by then, recorded and counted. False:
 * there is no room; nothing was begun.
 */
bool pending_start(struct connection *connection, const struct verify_caller *caller, const struct item *item,
		   const void *packet, size_t size);

/* The connection ends: nobody is answered. True where something is left to be done, which then leaves limits_leave() to
 * the last of it. */
bool pending_forget(struct connection *connection);

#endif
