/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A backup that is being read or a restore that is being written, part by part, over one connection to admin.sock. It
 * belongs to that connection and ends with it; there is one at a time, so that nobody fills the disk with many. The
 * main thread's alone, but for what is handed to a chore or the writer while working is set.
 */
#ifndef APIKEYD_DAEMON_TRANSFER_H
#define APIKEYD_DAEMON_TRANSFER_H

#include <stdbool.h>

#include "daemon/backup.h"
#include "daemon/connection.h"
#include "daemon/restore.h"

/* Seconds a client may be silent with one open: a person reads what a dry run says and thinks about it. */
#define TRANSFER_PATIENCE 900

struct transfer {
	struct connection *owner; /* NULL: the peer has gone, and it is freed when the work is done */
	bool working;
	struct backup backup;    /* .fd -1: this is none */
	struct restore *restore; /* or NULL */
};

/* Begins one for a connection, ending what it has. NULL: another connection has one, or memory is short. */
struct transfer *transfer_begin(struct connection *connection);

/* The one of this connection that is not being worked at, or NULL. */
struct transfer *transfer_of(const struct connection *connection);

/* Ends and frees. */
void transfer_end(struct daemon *daemon, struct transfer *transfer);

/* Work at it is done. False when its owner has gone meanwhile: it is freed then. */
bool transfer_worked(struct daemon *daemon, struct transfer *transfer);

/* The connection has ended. */
void transfer_forget(struct connection *connection);

#endif
