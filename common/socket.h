/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Unix SEQPACKET sockets: addresses and who is at the other end.
 */
#ifndef APIKEYD_COMMON_SOCKET_H
#define APIKEYD_COMMON_SOCKET_H

#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <sys/un.h>

/* Writes the address of a path. 0, or -ENAMETOOLONG. */
int socket_address(const char *path, struct sockaddr_un *ret_address, socklen_t *ret_size);

/* Who connected, as the kernel recorded it then (SO_PEERCRED). The pid may be another's by now: for the log only. */
struct socket_peer {
	uid_t uid;
	gid_t gid;
	pid_t pid;
};

/* 0, or a negative errno; -ENOTCONN for a socket without a peer. */
int socket_peer(int fd, struct socket_peer *ret_peer);

/*
 * Connects to a server of root's or of the own user's, without waiting. A descriptor that does not block; -EAGAIN where
 * the server's queue is full; -EPERM where it is another user's; or another negative errno.
 */
int socket_connect(const char *path);

#endif
