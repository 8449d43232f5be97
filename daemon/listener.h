/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The three sockets: handed over by systemd or made here; and accepting from them. A descriptor is kept in reserve, so
 * that a daemon that has run out of them answers by closing and not by spinning.
 */
#ifndef APIKEYD_DAEMON_LISTENER_H
#define APIKEYD_DAEMON_LISTENER_H

#include <stddef.h>

#include "daemon/connection.h"
#include "daemon/thread.h"

/* One descriptor for each enum connection_socket; -1 for none. */
struct listener_fds {
	int fds[CONNECTION_SOCKET_COUNT];
	char *paths[CONNECTION_SOCKET_COUNT]; /* of those made here, to be removed at the end; NULL otherwise */
};

/*
 * Takes what systemd handed over (by FileDescriptorName: login, verify, admin), or makes the sockets in a folder that
 * is there. A socket file that nobody listens on is replaced; one that somebody listens on is -EADDRINUSE. ret_fault
 * gets a sentence.
 */
int listener_open(const char *folder, struct listener_fds *ret_fds, char *ret_fault, size_t fault_size);

/* Closes, and removes the files of sockets made here. */
void listener_close(struct listener_fds *fds);

struct listener;

/* Accepts from fd in the thread's loop; fd stays the caller's. 0 or a negative errno. */
int listener_new(struct thread *thread, int fd, enum connection_socket socket, struct listener **ret_listener);
/* Accepts no more. Accepts NULL. In the listener's thread, or when that has ended. */
void listener_free(struct listener *listener);

#endif
