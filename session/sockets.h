/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the helper starts with: its two sockets, handed over by systemd or made, and what systemd kept of sessions, told
 * apart by their names.
 */
#ifndef APIKEYD_SESSION_SOCKETS_H
#define APIKEYD_SESSION_SOCKETS_H

#include <stddef.h>
#include <sys/types.h>

#include "session/keep.h"
#include "session/server.h"

struct sockets {
	int fds[SERVER_SOCKET_COUNT];     /* -1: none */
	char *paths[SERVER_SOCKET_COUNT]; /* of those that were made, to be removed at the end */
	struct keep_item *kept;
	size_t kept_count;
};

/* Takes what systemd hands over. What has no name that is known is closed. 0; a negative errno and the fault where a
 * socket is none, or one is there twice. */
int sockets_take(struct sockets *sockets, char *ret_fault, size_t fault_size);

/* Makes those that are missing in a folder; the one for the daemon belongs to owner. 0, or a negative errno and the
 * fault.
 */
int sockets_make(struct sockets *sockets, const char *folder, uid_t owner, char *ret_fault, size_t fault_size);

/* Closes the sockets, removes those that were made. */
void sockets_done(struct sockets *sockets);

#endif
