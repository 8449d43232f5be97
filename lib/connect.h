/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A connection to the daemon, and packets over it, each within one monotonic deadline. Defends the caller's process: no
 * hang, no SIGPIPE, no descriptor 0 to 2, none inherited over exec, none received from the peer.
 */
#ifndef APIKEYD_LIB_CONNECT_H
#define APIKEYD_LIB_CONNECT_H

#include <stddef.h>

#include "common/clock.h"

/* Which socket of the runtime folder. */
enum connect_purpose {
	CONNECT_VERIFY,  /* login.sock for effective uid 0, else verify.sock */
	CONNECT_ADMIN,   /* admin.sock */
	CONNECT_SESSION, /* session.sock; where one socket is named, the one beside it */
};

/*
 * Connects to a server that is to be trusted. path is the runtime folder, one socket, or NULL for the folder of this
 * system; it may name folders by symbolic links, but not the socket. 0 and a descriptor that the caller closes;
 * -ETIMEDOUT at the deadline; -EPERM when the server is not to be trusted; -ENOENT, -ECONNREFUSED or another negative
 * errno when it cannot be reached.
 */
int connect_open(const char *path, enum connect_purpose purpose, struct deadline deadline, int *ret_fd);

/* connect_open(), and the announcement of a persistent client. Also -EBUSY and -ECONNREFUSED when the daemon says no,
 * -EPROTO when it makes no sense. */
int connect_open_persistent(const char *path, enum connect_purpose purpose, struct deadline deadline, int *ret_fd);

/* Sends one packet. 0; -ETIMEDOUT; -ECONNRESET when the peer has closed; another negative errno. */
int connect_send(int fd, const void *packet, size_t size, struct deadline deadline);

/*
 * Receives one packet and its size in bytes. 0; -ETIMEDOUT; -ECONNRESET when the peer has closed or sent nothing in a
 * packet; -EMSGSIZE when it is larger than capacity (its beginning is in buffer); another negative errno.
 */
int connect_receive(int fd, void *buffer, size_t capacity, struct deadline deadline, size_t *ret_size);

#endif
