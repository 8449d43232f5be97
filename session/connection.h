/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A connection and its requests, one at a time. Who asks is what the kernel says: the process that connected, and that
 * it is the one that sent the packet. Defends against packets of any form, peers that say nothing, peers that do not
 * read, and a connection that was handed on to another process.
 *
 * Descriptors that come with a packet are closed unseen. A close can be made to last, and nothing is done about that:
 * root has simpler ways, and all that the daemon can hold up here is what needs the daemon; in the end the watchdog
 * acts.
 */
#ifndef APIKEYD_SESSION_CONNECTION_H
#define APIKEYD_SESSION_CONNECTION_H

#include "session/server.h"

#define CONNECTION_MOST_SESSION 64
#define CONNECTION_MOST_CONTROL 16
#define CONNECTION_PATIENCE_SECONDS 5 /* for a request, and for one to be answered */

/* Takes fd over, on failure too. 0, or a negative errno where it was closed. */
int connection_start(struct server *server, enum server_socket socket, int fd);
void connection_close(struct connection *connection);

#endif
