/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One client's connection, owned by one thread. A client that does not announce itself persistent gets one answer on
 * login.sock and verify.sock and is closed; most are served by the listener's wake-up and never enter the event loop.
 */
#ifndef APIKEYD_DAEMON_CONNECTION_H
#define APIKEYD_DAEMON_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-event.h>

#include "common/socket.h"
#include "daemon/thread.h"

enum connection_socket {
	CONNECTION_LOGIN,
	CONNECTION_VERIFY,
	CONNECTION_ADMIN,
	CONNECTION_SOCKET_COUNT,
};

struct admin_request;
struct pending;

struct connection {
	struct thread *thread;
	int fd;
	enum connection_socket socket;
	struct socket_peer peer;
	bool administrator; /* admin.sock: root or of the admin group */
	bool persistent;    /* has said hello */
	bool hand_over;     /* to a worker, when this batch is done */
	bool answered;      /* has had its one answer */
	bool transferring;  /* admin.sock: has a backup or restore open (daemon/transfer.h) */
	bool audited;       /* admin.sock: has read the audit, and audit_query is what it asked for */
	uint8_t audit_query[CRYPTO_HASH_SIZE];
	struct admin_request *requests; /* admin.sock: those being served, */
	struct admin_request *deferred; /* one of them, to be begun when the others are answered */
	size_t request_count;
	size_t request_most;      /* and how many there may be; nothing is read when there are */
	struct pending *pendings; /* login.sock, verify.sock: what waits for the writer */
	size_t pending_count;
	bool finishing;              /* the peer sends no more; closed when nothing is pending */
	int64_t active;              /* last progress, CLOCK_MONOTONIC, nanoseconds */
	sd_event_source *io, *delay; /* NULL: not in the event loop */
	unsigned char *kept;         /* replies not sent yet: size (4 bytes, native), packet, … */
	size_t kept_size, kept_sent;
	struct connection *previous, *next; /* of the thread's */
	struct thread_task task;            /* on its way to another thread */
};

/*
 * Takes over a connected descriptor whose peer limits_enter() has let in, and serves it: at once, or after delay
 * microseconds. Closes by itself. 0, or a negative errno (the descriptor is closed, the peer let out).
 */
int connection_start(struct thread *thread, int fd, enum connection_socket socket, const struct socket_peer *peer,
		     bool administrator, uint64_t delay);

/* Ends it: lets the peer out and frees. A request still being served is told and answers nobody. */
void connection_close(struct connection *connection);

/* Sends one packet, or keeps it until the socket takes it. */
int connection_send(struct connection *connection, const void *packet, size_t size);

/* Sends the answer to what was pending and is so no more; ends the connection where that was the last. */
void connection_answer(struct connection *connection, const void *packet, size_t size);

/* Keeps packets that the socket did not take; they go out before anything else is read. 0, -ENOMEM. */
int connection_keep(struct connection *connection, const void *packet, size_t size);

/* admin.sock: a request is answered and among those served no more; goes on reading, at once or when it has rested for
 * so many microseconds. */
void connection_resume(struct connection *connection, uint64_t rest);

/* Closes what has been silent for too long, or does not take its replies. Called now and then by the owner thread. */
void connection_sweep(struct thread *thread, int64_t now);

/* Serves what has been accepted a last time and closes what is idle. True when none is left. */
bool connection_drain(struct thread *thread);

/* Where persistent clients go. */
struct workers {
	struct thread *threads;
	size_t count;
	atomic_uint next;
};

#endif
