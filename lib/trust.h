/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether the server is to be believed: socket, every folder above it and the peer belong to root. Defends against
 * another account that poses as the daemon by making, replacing or renaming a socket, which would let everyone in.
 */
#ifndef APIKEYD_LIB_TRUST_H
#define APIKEYD_LIB_TRUST_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * The uid that is trusted beside root: the caller's own where it named the path itself and runs under one identity
 * (neither setuid nor setgid, nor with a uid put aside); else 0.
 */
uid_t trust_own_uid(bool explicit_path);

/*
 * Checks a socket by its absolute path, in which no part but the last may be missing and none may be a symbolic link.
 * The socket and all folders belong to root or also; the socket's own folder is writable by its owner alone, those
 * above it likewise or sticky. 0; -EPERM when it is not to be trusted; -ENOENT when there is none; another negative
 * errno when it cannot be looked at.
 */
int trust_path(const char *path, uid_t also);

/* Checks who listens at the other end of a connected socket. 0, -EPERM, or another negative errno. */
int trust_peer(int fd, uid_t also);

#endif
