/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Against descriptors that clients send along with a packet. Nobody here takes them, so the kernel closes them in the
 * thread that reads the packet, or that closes a connection with the packet unread; and such a close lasts as long as
 * the sender likes when it is the last one of a socket that lingers (SO_LINGER). So packets are looked at before they
 * are read, and connections in which something lies unread are closed in a thread of its own, which is called back from
 * each such wait.
 */
#ifndef APIKEYD_DAEMON_CLOSER_H
#define APIKEYD_DAEMON_CLOSER_H

#include <stdbool.h>
#include <sys/socket.h>

struct closer;

/* Starts the thread. 0 or a negative errno. */
int closer_start(struct closer **ret_closer);
/* Closes what waits, ends the thread and frees. Accepts NULL. */
void closer_stop(struct closer *closer);

/* Any thread: closes a connected socket, at once when nothing lies unread in it. */
void closer_close(struct closer *closer, int fd);

/*
 * Looks at up to count packets that wait, without reading them: how many of the first may be read, because no
 * descriptors come with them. messages is room for that many; vectors and buffers that they name are overwritten. An
 * end of file counts as one. -EBADMSG when the first carries descriptors; -EAGAIN; another negative errno.
 */
int closer_peek(int fd, struct mmsghdr *messages, unsigned int count);

#endif
