/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Sockets that a server makes by itself, where systemd hands it none. Apart from common/socket.h, since making them
 * sets the umask for a moment, and the module is in processes of others. */
#ifndef APIKEYD_COMMON_LISTEN_H
#define APIKEYD_COMMON_LISTEN_H

#include <sys/types.h>

/*
 * A listening SEQPACKET socket that does not block, under a name that has its mode from the start. One that nobody
 * listens on any more is replaced. The descriptor, -EADDRINUSE where somebody listens there or it is no socket, or
 * another negative errno.
 */
int socket_listen(const char *path, mode_t mode, int backlog);

/* For CLEANUP(): the names of the sockets that systemd handed over, malloc'ed as the list of them, which a NULL ends.
 */
void socket_names_free(char ***names);

#endif
