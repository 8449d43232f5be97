/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The two sockets, and who may connect: root to session.sock, the daemon's user and root to session-control.sock. Modes
 * say the same; that is not relied on. The number of connections is bounded for each, so that the daemon cannot keep
 * logins out, and who comes when there are too many waits.
 */
#ifndef APIKEYD_SESSION_SERVER_H
#define APIKEYD_SESSION_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <systemd/sd-event.h>

#include "session/register.h"

enum server_socket {
	SERVER_SESSION,
	SERVER_CONTROL,
	SERVER_SOCKET_COUNT,
};

struct server_listener {
	int fd;
	uid_t also; /* who may connect besides root: who owns the socket's file */
	size_t connections;
	sd_event_source *io;
	struct connection *first;
};

struct server {
	sd_event *event;
	struct sessions *sessions;
	const char *login_socket;
	struct server_listener listeners[SERVER_SOCKET_COUNT];
};

/* Begins to accept on the listeners, whose fds are set. 0 or a negative errno. */
int server_start(struct server *server);
/* Closes all connections. The listeners' descriptors stay the caller's. */
void server_stop(struct server *server);

#endif
