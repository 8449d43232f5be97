/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/bridge.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "crypto/tls.h"
#include "gateway/problem.h"

#define PIECE ((size_t)16 * 1024) /* bytes of a record of TLS */
#define SPARE 64                  /* bridges, besides, that wait for a client to take the rest */

/* Which of a bridge's own lists it is in. */
enum place {
	PLACE_QUIET,     /* nothing has come, or the rest of a handshake is waited for */
	PLACE_BEGINNING, /* a handshake that can be gone on with */
	PLACE_OPEN,
	PLACE_ENDING, /* the server is done; the client has to take the rest */
	PLACES,
};

struct bridge {
	struct bridges *bridges;
	TAILQ_ENTRY(bridge) entry;
	enum place place;
	struct tls_session *session; /* NULL: nothing has come */
	int client, server;
	sd_event_source *client_source, *server_source, *timer;
	short read_events, write_events; /* for which the session waits */
	bool heard;                      /* all that the client will say */
	bool ended;                      /* by the server: what it said last is still there */
	struct secret in, out;           /* what the other side has not taken */
};

TAILQ_HEAD(bridge_list, bridge);

struct bridges {
	sd_event *event;
	sd_event_source *turn;
	struct tls_identity *identity;
	struct bridge_list lists[PLACES];
	size_t count, most;
	unsigned int seconds;
	char piece[PIECE];
};

static void move(struct bridge *bridge, enum place place)
{
	TAILQ_REMOVE(&bridge->bridges->lists[bridge->place], bridge, entry);
	bridge->place = place;
	TAILQ_INSERT_TAIL(&bridge->bridges->lists[place], bridge, entry);
}

static void end(struct bridge *bridge)
{
	TAILQ_REMOVE(&bridge->bridges->lists[bridge->place], bridge, entry);
	bridge->bridges->count--;
	sd_event_source_disable_unref(bridge->client_source);
	sd_event_source_disable_unref(bridge->server_source);
	sd_event_source_disable_unref(bridge->timer);
	tls_session_free(bridge->session);
	secret_done(&bridge->in);
	secret_done(&bridge->out);
	close(bridge->client);
	close(bridge->server);
	free(bridge);
}

/* Nothing more is said. What the client said meanwhile is taken out of the socket, or the kernel would throw away with
 * it what the client has not read yet. */
static void end_politely(struct bridge *bridge)
{
	char *piece = bridge->bridges->piece;

	(void)shutdown(bridge->client, SHUT_WR);
	for (int i = 0; i < 16; i++) {
		if (recv(bridge->client, piece, PIECE, MSG_DONTWAIT) <= 0)
			break;
	}
	end(bridge);
}

/* ---- both ways ---- */

/* Keeps what was not taken. */
static int keep(struct secret *rest, const char *bytes, size_t size)
{
	struct secret kept = { NULL, 0 };
	int r = size > 0 ? secret_init(&kept, bytes, size) : 0;

	if (r < 0)
		return r;
	secret_done(rest);
	*rest = kept;
	return 0;
}

/* As much as the server takes. 0, or a negative errno: it takes nothing any more. */
static int give_server(struct bridge *bridge, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t r = send(bridge->server, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno != EAGAIN)
			return -errno;
		if (r < 0)
			break;
		bytes += r;
		size -= (size_t)r;
	}
	return keep(&bridge->in, bytes, size);
}

/* As much as the client takes. */
static int give_client(struct bridge *bridge, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t r = tls_session_write(bridge->session, bytes, size, &bridge->write_events);

		if (r == -EAGAIN)
			break;
		if (r < 0)
			return (int)r;
		bytes += r;
		size -= (size_t)r;
	}
	return keep(&bridge->out, bytes, size);
}

/* From the client, until one of the two has to be waited for. The server's socket takes so much and no more. */
static int carry_in(struct bridge *bridge)
{
	char *piece = bridge->bridges->piece;
	int r = bridge->in.size > 0 ? give_server(bridge, bridge->in.data, bridge->in.size) : 0;

	while (r == 0 && bridge->in.size == 0 && !bridge->heard) {
		ssize_t size = tls_session_read(bridge->session, piece, PIECE, &bridge->read_events);

		if (size == -EAGAIN)
			return 0;
		if (size < 0)
			return (int)size;
		bridge->heard = size == 0;
		r = give_server(bridge, piece, (size_t)size);
		secret_wipe(piece, (size_t)size);
		if (bridge->heard)
			(void)shutdown(bridge->server, SHUT_WR);
	}
	return r;
}

/* From the server. 1: there will be nothing more, and the client has it all. */
static int carry_out(struct bridge *bridge)
{
	char *piece = bridge->bridges->piece;
	int r = bridge->out.size > 0 ? give_client(bridge, bridge->out.data, bridge->out.size) : 0;

	while (r == 0 && bridge->out.size == 0) {
		ssize_t size = recv(bridge->server, piece, PIECE, MSG_DONTWAIT);

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0 && errno == EAGAIN)
			return 0;
		if (size <= 0)
			return 1;
		r = give_client(bridge, piece, (size_t)size);
		secret_wipe(piece, (size_t)size);
	}
	return r;
}

static uint32_t epoll_events(short events)
{
	return events == POLLOUT ? EPOLLOUT : EPOLLIN;
}

/* Waits for what has to come next. */
static void watch(struct bridge *bridge)
{
	uint32_t client = 0, server = 0;

	if (bridge->in.size == 0 && !bridge->heard && !bridge->ended)
		client |= epoll_events(bridge->read_events);
	if (bridge->out.size > 0)
		client |= epoll_events(bridge->write_events);
	if (bridge->out.size == 0)
		server |= EPOLLIN;
	if (bridge->in.size > 0)
		server |= EPOLLOUT;
	(void)sd_event_source_set_io_events(bridge->client_source, client);
	(void)sd_event_source_set_io_events(bridge->server_source, server);
}

static void carry(struct bridge *bridge)
{
	int r = bridge->ended ? 0 : carry_in(bridge);

	if (r == 0)
		r = carry_out(bridge);
	if (r == 1) {
		tls_session_end(bridge->session);
		end_politely(bridge);
	} else if (r < 0) {
		end(bridge);
	} else {
		watch(bridge);
	}
}

/* ---- the beginning ---- */

/* Who forgets the s of https is told so, and not left with what looks like noise. */
static void tell_scheme(struct bridge *bridge)
{
	CLEANUP_FREE char *body = problem_body(PROBLEM_INVALID_REQUEST,
					       "Only HTTPS is spoken here: write https:// in front of the address.", "",
					       clock_wall_seconds());
	char text[1024];
	int size;

	if (!body)
		return;
	size = snprintf(text, sizeof(text),
			"HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
			"Cache-Control: no-store\r\nConnection: close\r\n\r\n%s",
			strlen(body), body);
	if (size > 0 && (size_t)size < sizeof(text))
		(void)send(bridge->client, text, (size_t)size, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void begin(struct bridge *bridge)
{
	short events = POLLIN;
	int r = bridge->session ? 0 : tls_session_new(bridge->bridges->identity, bridge->client, &bridge->session);

	if (r == 0)
		r = tls_session_begin(bridge->session, &events);
	if (r == -EAGAIN) {
		move(bridge, PLACE_QUIET);
		(void)sd_event_source_set_io_events(bridge->client_source, epoll_events(events));
		(void)sd_event_source_set_enabled(bridge->client_source, SD_EVENT_ON);
		return;
	}
	if (r == -EPROTOTYPE)
		tell_scheme(bridge);
	if (r < 0) {
		end_politely(bridge);
		return;
	}
	move(bridge, PLACE_OPEN);
	(void)sd_event_source_set_enabled(bridge->client_source, SD_EVENT_ON);
	carry(bridge);
}

static int on_turn(sd_event_source *source, void *data)
{
	struct bridges *bridges = data;
	struct bridge *bridge = TAILQ_FIRST(&bridges->lists[PLACE_BEGINNING]);

	if (bridge)
		begin(bridge);
	if (!TAILQ_EMPTY(&bridges->lists[PLACE_BEGINNING]))
		(void)sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
	return 0;
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct bridge *bridge = data;

	(void)fd;
	if ((events & EPOLLERR) || ((events & EPOLLHUP) && !(events & EPOLLIN))) {
		end(bridge);
	} else if (bridge->place == PLACE_QUIET) {
		(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
		move(bridge, PLACE_BEGINNING);
		(void)sd_event_source_set_enabled(bridge->bridges->turn, SD_EVENT_ONESHOT);
	} else {
		carry(bridge);
	}
	return 0;
}

/* ---- the end ---- */

static int on_late(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	end(data);
	return 0;
}

static int on_server(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct bridge *bridge = data;
	struct bridges *bridges = bridge->bridges;

	(void)fd;
	if (!(events & (EPOLLHUP | EPOLLERR))) {
		carry(bridge);
		return 0;
	}
	if (bridge->place != PLACE_OPEN) {
		end(bridge);
		return 0;
	}
	/* It would be told again and again. */
	(void)sd_event_source_set_enabled(source, SD_EVENT_OFF);
	bridge->ended = true;
	move(bridge, PLACE_ENDING);
	if (sd_event_add_time_relative(bridges->event, &bridge->timer, CLOCK_MONOTONIC,
				       bridges->seconds * UINT64_C(1000000), 0, on_late, bridge) < 0)
		end(bridge);
	else
		carry(bridge);
	return 0;
}

/* ---- life ---- */

static int connect_server(struct bridge *bridge, int *ret_fd)
{
	sd_event *event = bridge->bridges->event;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
		return -errno;
	bridge->server = pair[0];
	r = sd_event_add_io(event, &bridge->client_source, bridge->client, EPOLLIN, on_client, bridge);
	/* Until the client is ready, only whether the server ends it. */
	if (r >= 0)
		r = sd_event_add_io(event, &bridge->server_source, bridge->server, 0, on_server, bridge);
	if (r < 0) {
		close(pair[1]);
		return r;
	}
	*ret_fd = pair[1];
	return 0;
}

int bridges_add(struct bridges *bridges, int fd, int *ret_fd)
{
	struct bridge *bridge = calloc(1, sizeof(*bridge));
	struct bridge *oldest = TAILQ_FIRST(&bridges->lists[PLACE_ENDING]);
	int r;

	if (!bridge) {
		close(fd);
		return -ENOMEM;
	}
	if (bridges->count >= bridges->most + SPARE && oldest)
		end(oldest);
	bridge->bridges = bridges;
	bridge->client = fd;
	bridge->server = -1;
	bridge->read_events = POLLIN;
	bridge->write_events = POLLOUT;
	TAILQ_INSERT_TAIL(&bridges->lists[PLACE_QUIET], bridge, entry);
	bridges->count++;
	r = connect_server(bridge, ret_fd);
	if (r < 0)
		end(bridge);
	return r;
}

void bridges_set_identity(struct bridges *bridges, struct tls_identity *identity)
{
	tls_identity_free(bridges->identity);
	bridges->identity = identity;
}

int bridges_new(sd_event *event, size_t most, unsigned int seconds, struct bridges **ret_bridges)
{
	struct bridges *bridges = calloc(1, sizeof(*bridges));
	int r;

	if (!bridges)
		return -ENOMEM;
	bridges->event = sd_event_ref(event);
	bridges->most = most;
	bridges->seconds = seconds;
	for (size_t i = 0; i < PLACES; i++)
		TAILQ_INIT(&bridges->lists[i]);
	r = sd_event_add_defer(event, &bridges->turn, on_turn, bridges);
	if (r >= 0)
		r = sd_event_source_set_enabled(bridges->turn, SD_EVENT_OFF);
	if (r < 0) {
		bridges_free(bridges);
		return r;
	}
	*ret_bridges = bridges;
	return 0;
}

void bridges_free(struct bridges *bridges)
{
	struct bridge *bridge;

	if (!bridges)
		return;
	for (size_t i = 0; i < PLACES; i++) {
		while ((bridge = TAILQ_FIRST(&bridges->lists[i])))
			end(bridge);
	}
	sd_event_source_disable_unref(bridges->turn);
	sd_event_unref(bridges->event);
	tls_identity_free(bridges->identity);
	free(bridges);
}
