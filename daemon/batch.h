/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Serving login.sock and verify.sock: what waits on a connection is received at once, judged inside one read
 * transaction begun after the last packet came, recorded with one write, and answered at once. What has to be written
 * before it is decided goes on in daemon/pending.c. A thread has one batch and reuses it.
 */
#ifndef APIKEYD_DAEMON_BATCH_H
#define APIKEYD_DAEMON_BATCH_H

#include "daemon/connection.h"
#include "daemon/thread.h"

struct batch;

/* Accepts NULL. Wipes. */
void batch_free(struct batch *batch);

enum batch_result {
	BATCH_SERVED, /* something was answered; more may wait */
	BATCH_EMPTY,  /* nothing waits */
	BATCH_END,    /* the peer sends no more, or broke a rule; what is pending is still answered */
	BATCH_CLOSE,  /* it cannot be answered any more */
};

/* Serves what waits on a connection. Replies that the socket does not take now are left with connection_keep(). */
enum batch_result batch_serve(struct thread *thread, struct connection *connection);

#endif
