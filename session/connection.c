/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/connection.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/log.h"
#include "common/secret.h"
#include "common/socket.h"
#include "proto/answer.h"
#include "session/keep.h"
#include "session/leader.h"
#include "session/redeem.h"

#define PAGE_MOST 256

struct connection {
	struct server *server;
	enum server_socket socket;
	struct connection *next, *previous;
	int fd;
	struct socket_peer peer;
	int pidfd; /* of the peer, on session.sock */
	sd_event_source *io, *deadline;
	/* while a ticket is being redeemed */
	struct redeem *redeem;
	uint64_t request_id;
	char service[WIRE_SERVICE_MAX + 1];
	char tty[WIRE_SOURCE_MAX + 1];
};

void connection_close(struct connection *connection)
{
	struct server_listener *listener = &connection->server->listeners[connection->socket];

	redeem_cancel(connection->redeem);
	sd_event_source_disable_unref(connection->io);
	sd_event_source_disable_unref(connection->deadline);
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		listener->first = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	listener->connections--;
	(void)sd_event_source_set_enabled(listener->io, SD_EVENT_ON);
	if (connection->pidfd >= 0)
		close(connection->pidfd);
	close(connection->fd);
	free(connection);
}

/* ---- replies: 0, or a negative errno and the connection is to be closed ---- */

static int reply(struct connection *connection, uint16_t type, uint64_t request_id, const struct codec_record *record,
		 const void *message)
{
	unsigned char packet[WIRE_PACKET_MAX];
	const struct codec_header header = { .type = type, .request_id = request_id };
	size_t size;
	int r = codec_encode(record, message, header, packet, sizeof(packet), &size);

	if (r < 0)
		return r;
	/* Who leaves replies unread until there is no room for another has had its chance. */
	return send(connection->fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 ? -errno : 0;
}

static int refuse(struct connection *connection, uint64_t request_id, enum answer answer, const char *detail)
{
	const struct message_error error = { .answer = answer, .detail = detail };

	return reply(connection, WIRE_ERROR, request_id, &message_error, &error);
}

/* ---- session.sock ---- */

/* True for an absent text too. */
static bool is_plain(const char *text)
{
	return !text || encoding_is_printable_utf8(text, strlen(text));
}

/* What names no key may be odd, since a session that was not registered could not be ended; but not in a log. */
static const char *tame(const char *text)
{
	return is_plain(text) ? text : "?";
}

static int enter(struct connection *connection, const struct message_redeemed *redeemed)
{
	const struct message_session message = {
		.leader = (uint64_t)connection->peer.pid,
		.key_id = redeemed->key_id,
		.key_name = redeemed->key_name,
		.owner = redeemed->owner,
		.user = tame(redeemed->user),
		.tenant = redeemed->tenant,
		.service = connection->service,
		.tty = tame(connection->tty),
		.source = tame(redeemed->source),
		.since = clock_wall_seconds(),
	};
	struct message_session_reference reference;
	struct session *session;
	int pidfd, r;

	if (!is_plain(redeemed->key_id) || !is_plain(redeemed->key_name) || !is_plain(redeemed->owner) ||
	    !is_plain(redeemed->tenant))
		return refuse(connection, connection->request_id, ANSWER_UNAVAILABLE, "apikeyd names an odd key");
	/* The leader has waited all the time, or there is nothing to register. */
	if (!leader_is_connected(connection->fd) || !leader_is_alive(connection->pidfd))
		return -ENOTCONN;
	pidfd = connection->pidfd;
	connection->pidfd = -1;
	r = register_add(connection->server->sessions, &message, pidfd, &session);
	if (r < 0)
		return refuse(connection, connection->request_id, ANSWER_BUSY, strerror(-r));
	r = keep_store(session);
	if (r < 0)
		log_line(LOG_WARNING, "session %" PRIu64 " is forgotten when apikey-sessiond is restarted: %s",
			 session->message.session, strerror(-r));
	log_line(LOG_INFO, "session %" PRIu64 ": %s, service %s, process %" PRIu64 ", by key %s (%s of %s)",
		 session->message.session, session->message.user ? session->message.user : "-",
		 session->message.service, session->message.leader, session->message.key_id, session->message.key_name,
		 session->message.owner);
	reference.session = session->message.session;
	return reply(connection, WIRE_SESSION_OPEN | WIRE_REPLY, connection->request_id, &message_session_reference,
		     &reference);
}

static void on_redeemed(void *data, int result, const struct message_redeemed *redeemed, const char *detail)
{
	struct connection *connection = data;
	char text[WIRE_REASON_MAX];
	int r;

	connection->redeem = NULL;
	if (result == 0) {
		r = enter(connection, redeemed);
	} else if (result > 0) {
		r = refuse(connection, connection->request_id, (enum answer)result, is_plain(detail) ? detail : NULL);
	} else {
		snprintf(text, sizeof(text), "apikeyd cannot be asked about the ticket: %s", strerror(-result));
		r = refuse(connection, connection->request_id, ANSWER_UNAVAILABLE, text);
	}
	/* It has had its request; its pidfd is the register's now. */
	(void)r;
	connection_close(connection);
}

static bool is_ticket(const char *text)
{
	unsigned char bytes[WIRE_TICKET_SIZE / 2];
	bool is = strlen(text) == WIRE_TICKET_SIZE && encoding_unhex(text, bytes, sizeof(bytes));

	secret_wipe(bytes, sizeof(bytes));
	return is;
}

static int open_session(struct connection *connection, uint64_t request_id, const void *message)
{
	const struct message_session_open *request = message;
	struct message_redeem redeem = { .ticket = request->ticket, .service = request->service };
	int r;

	if (!is_ticket(request->ticket) || !is_plain(request->service))
		return refuse(connection, request_id, ANSWER_INVALID,
			      "a ticket is 32 hexadecimal digits, and a service has no control characters");
	/* A ticket is not used up for who is not there. */
	if (!leader_is_alive(connection->pidfd))
		return -ESRCH;
	if (register_is_full(connection->server->sessions))
		return refuse(connection, request_id, ANSWER_BUSY, "the register of sessions is full");
	snprintf(connection->service, sizeof(connection->service), "%s", request->service);
	snprintf(connection->tty, sizeof(connection->tty), "%s", request->tty ? request->tty : "");
	connection->request_id = request_id;
	r = redeem_start(connection->server->event, connection->server->login_socket, &redeem, on_redeemed, connection,
			 &connection->redeem);
	if (r < 0)
		return refuse(connection, request_id, ANSWER_UNAVAILABLE, "apikeyd does not listen on login.sock");
	/* Nothing more is read until it is answered; a hang-up is told of. */
	return sd_event_source_set_io_events(connection->io, EPOLLRDHUP);
}

static int close_session(struct connection *connection, uint64_t request_id, const void *message)
{
	const struct message_session_reference *request = message;
	struct session *session = register_find(connection->server->sessions, request->session);

	/* A number means one process at a time: while both are alive, the same number is the same process. */
	if (!session || session->message.leader != (uint64_t)connection->peer.pid || !leader_is_alive(session->pidfd) ||
	    !leader_is_alive(connection->pidfd))
		return refuse(connection, request_id, ANSWER_NOT_FOUND, "this process leads no such session");
	register_close(session);
	return reply(connection, WIRE_SESSION_CLOSE | WIRE_REPLY, request_id, &message_session_reference, request);
}

/* ---- session-control.sock ---- */

static int list_sessions(struct connection *connection, uint64_t request_id, const void *message)
{
	const struct message_session_list *request = message;
	struct message_session items[PAGE_MOST];
	struct message_session_page page = { .sessions.items = items };
	bool more;
	int r;

	page.sessions.count =
		register_list(connection->server->sessions, request->after, request->key, items, PAGE_MOST, &more);
	page.more = more;
	/* As many as fit. */
	do {
		r = reply(connection, WIRE_SESSION_LIST | WIRE_REPLY, request_id, &message_session_page, &page);
		if (r == -EMSGSIZE) {
			page.sessions.count /= 2;
			page.more = 1;
		}
	} while (r == -EMSGSIZE && page.sessions.count > 0);
	return r;
}

static int end_session(struct connection *connection, uint64_t request_id, const void *message)
{
	const struct message_session_reference *request = message;
	struct session *session = register_find(connection->server->sessions, request->session);
	struct message_session told;
	bool whole = false;
	int r = session ? register_end(session, &whole) : -ESRCH;

	if (r == -ESRCH) {
		if (session)
			register_close(session);
		return refuse(connection, request_id, ANSWER_NOT_FOUND, "there is no such session, or it is over");
	}
	if (r < 0)
		return refuse(connection, request_id, ANSWER_UNAVAILABLE, strerror(-r));
	told = session->message;
	told.ending = 1;
	told.whole = whole;
	return reply(connection, WIRE_SESSION_END | WIRE_REPLY, request_id, &message_session, &told);
}

/* ---- requests ---- */

static const struct {
	enum wire_type type;
	enum server_socket socket;
	const struct codec_record *record;
	int (*serve)(struct connection *connection, uint64_t request_id, const void *message);
} requests[] = {
	{ WIRE_SESSION_OPEN, SERVER_SESSION, &message_session_open, open_session },
	{ WIRE_SESSION_CLOSE, SERVER_SESSION, &message_session_reference, close_session },
	{ WIRE_SESSION_LIST, SERVER_CONTROL, &message_session_list, list_sessions },
	{ WIRE_SESSION_END, SERVER_CONTROL, &message_session_reference, end_session },
};

static int serve_packet(struct connection *connection, const void *packet, size_t size)
{
	union {
		struct message_session_open open;
		struct message_session_reference reference;
		struct message_session_list list;
	} message;
	struct codec_header header;

	if (codec_decode_header(packet, size, &header) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
		if (requests[i].type != header.type || requests[i].socket != connection->socket)
			continue;
		if (codec_decode(requests[i].record, packet, size, &message) < 0)
			return -EBADMSG;
		return requests[i].serve(connection, header.request_id, &message);
	}
	return refuse(connection, header.request_id, ANSWER_UNKNOWN_REQUEST,
		      "this socket does not serve such requests");
}

/* The packet's size, 0 at the end, or a negative errno: -EPERM where another process sent it than connected. */
static ssize_t receive(struct connection *connection, void *buffer, size_t capacity)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(struct ucred))];
	} control;
	struct iovec vector = { .iov_base = buffer, .iov_len = capacity };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t size = recvmsg(connection->fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	const struct cmsghdr *header;
	struct ucred sender;

	if (size <= 0)
		return size < 0 ? -errno : 0;
	if (message.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return -EBADMSG;
	header = CMSG_FIRSTHDR(&message);
	if (!header || header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_CREDENTIALS ||
	    header->cmsg_len != CMSG_LEN(sizeof(sender)))
		return -EBADMSG;
	memcpy(&sender, CMSG_DATA(header), sizeof(sender));
	/* Its uid here is the real one, of sudo the caller's; who may connect was seen to. */
	if (sender.pid == connection->peer.pid)
		return size;
	log_line(LOG_WARNING, "process %jd asks on a connection of process %jd; it is not heard", (intmax_t)sender.pid,
		 (intmax_t)connection->peer.pid);
	return -EPERM;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	connection_close(data);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct connection *connection = data;
	unsigned char packet[WIRE_VERIFY_PACKET_MAX];
	ssize_t size;
	int r;

	(void)source;
	(void)fd;
	(void)events;
	/* Only a hang-up is waited for while a ticket is redeemed. */
	if (connection->redeem) {
		connection_close(connection);
		return 0;
	}
	size = receive(connection, packet, sizeof(packet));
	if (size == -EAGAIN || size == -EINTR)
		return 0;
	r = size > 0 ? serve_packet(connection, packet, (size_t)size) : -ENOTCONN;
	secret_wipe(packet, sizeof(packet)); /* a ticket */
	if (r < 0)
		connection_close(connection);
	else
		(void)sd_event_source_set_time_relative(connection->deadline,
							CONNECTION_PATIENCE_SECONDS * UINT64_C(1000000));
	return 0;
}

/* ---- start ---- */

static int begin(struct connection *connection)
{
	static const int on = 1;
	sd_event *event = connection->server->event;
	int64_t priority = connection->socket == SERVER_SESSION ? SD_EVENT_PRIORITY_NORMAL : SD_EVENT_PRIORITY_IDLE;
	int r;

	if (setsockopt(connection->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
		return -errno;
	r = sd_event_add_io(event, &connection->io, connection->fd, EPOLLIN, on_io, connection);
	if (r >= 0)
		r = sd_event_source_set_priority(connection->io, priority);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &connection->deadline, CLOCK_MONOTONIC,
					       CONNECTION_PATIENCE_SECONDS * UINT64_C(1000000), 0, on_deadline,
					       connection);
	return r;
}

int connection_start(struct server *server, enum server_socket socket, int fd)
{
	struct server_listener *listener = &server->listeners[socket];
	CLEANUP_CLOSE int owned = fd, pidfd = -1;
	struct connection *connection;
	struct socket_peer peer;
	int r;

	r = socket_peer(fd, &peer);
	if (r < 0)
		return r;
	if (peer.uid != 0 && peer.uid != listener->also)
		return -EPERM;
	if (socket == SERVER_SESSION) {
		pidfd = leader_open(fd, peer.pid);
		if (pidfd < 0)
			return pidfd;
	}
	connection = calloc(1, sizeof(*connection));
	if (!connection)
		return -ENOMEM;
	connection->server = server;
	connection->socket = socket;
	connection->peer = peer;
	connection->fd = cleanup_take_fd(&owned);
	connection->pidfd = cleanup_take_fd(&pidfd);
	connection->next = listener->first;
	if (connection->next)
		connection->next->previous = connection;
	listener->first = connection;
	listener->connections++;
	r = begin(connection);
	if (r < 0)
		connection_close(connection);
	return r < 0 ? r : 0;
}
