/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Who leads a session: the process that connected, as the kernel says, held by a pidfd. A number of a process is
 * another process's before long; a pidfd never is. Defends against a session that is registered, closed or ended in the
 * name of a process that has nothing to do with it.
 */
#ifndef APIKEYD_SESSION_LEADER_H
#define APIKEYD_SESSION_LEADER_H

#include <stdbool.h>
#include <sys/types.h>

/*
 * A pidfd of the process that connected to the other end, pid as in its SO_PEERCRED. Where the kernel (before 6.5) has
 * no SO_PEERPIDFD it is opened by number while the peer waits, and is taken only if the peer is still connected after
 * that. -ESRCH where that process has gone, -ENOTCONN where it hung up, another negative errno.
 */
int leader_open(int fd, pid_t pid);

/* The way of older kernels: what leader_open() falls back to, for tests on others. */
int leader_open_by_number(int fd, pid_t pid);

/* True until the process has exited, reaped or not. */
bool leader_is_alive(int pidfd);

/* True while the other end of a socket is open. */
bool leader_is_connected(int fd);

/* The process a pidfd stands for. -EINVAL where fd is no pidfd, -ESRCH where its process has been reaped. */
int leader_of(int pidfd, pid_t *ret_pid);

/* Sends a signal to that very process. 0 or a negative errno. */
int leader_signal(int pidfd, int number);

#endif
