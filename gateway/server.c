/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/server.h"

#include <errno.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "crypto/tls.h"
#include "gateway/bridge.h"
#include "gateway/exchange.h"
#include "gateway/strict.h"

#define LISTENERS_MOST 16
#define ACCEPT_MOST 32               /* connections in one wake-up */
#define YOUNG_RUNS 4                 /* so often the library runs before a new connection may lose its place */
#define LOOK_MOST 512                /* connections of a list in one look at who has closed */
#define ACCEPT_REST UINT64_C(100000) /* microseconds without descriptors */
#define TICK UINT64_C(250000)        /* microseconds between two looks at the deadlines */
#define NANOSECONDS INT64_C(1000000000)

struct list {
	struct server_connection *first, *last;
	struct server_connection *look; /* where the next look at who has closed begins; NULL: at the first */
};

struct listener {
	struct server *server;
	sd_event_source *source;
	size_t connections;
	size_t bodies; /* bytes of room that bodies have */
	bool tls;
};

struct server {
	sd_event *event;
	struct server_settings settings;
	struct MHD_Daemon *daemon;
	sd_event_source *io, *run, *tick, *rest;
	struct listener listeners[LISTENERS_MOST];
	size_t listener_count, connections;
	uint64_t runs; /* of the library */
	struct list lists[SERVER_PHASES];
	/* What the library is just given, for on_connection(), which it calls meanwhile. */
	struct server_connection *arriving;
	struct bridges *bridges; /* to clients that speak TLS; NULL: there are none */
	size_t bodies;           /* bytes of room that the bodies of all have */
	bool bytes;
	uint64_t answers[SERVER_STATUS_MOST - SERVER_STATUS_LEAST + 1];
};

/* ---- deadlines ---- */

static void list_remove(struct list *list, struct server_connection *connection)
{
	*(connection->previous ? &connection->previous->next : &list->first) = connection->next;
	*(connection->next ? &connection->next->previous : &list->last) = connection->previous;
	if (list->look == connection)
		list->look = connection->next;
}

static void list_append(struct list *list, struct server_connection *connection)
{
	connection->previous = list->last;
	connection->next = NULL;
	*(list->last ? &list->last->next : &list->first) = connection;
	list->last = connection;
}

/* Each phase lasts equally long for all, so whoever is put at the end has the latest deadline. */
static void enter(struct server_connection *connection, enum server_phase phase)
{
	struct server *server = connection->server;
	unsigned int seconds =
		phase == SERVER_QUIET ? server->settings.quiet_timeout : server->settings.request_timeout;

	connection->phase = phase;
	connection->step = SERVER_COMING;
	connection->closed = false;
	connection->deadline = clock_monotonic() + (int64_t)seconds * NANOSECONDS;
	list_append(&server->lists[phase], connection);
}

void server_phase(struct server_connection *connection, enum server_phase phase)
{
	list_remove(&connection->server->lists[connection->phase], connection);
	enter(connection, phase);
}

void server_step(struct server_connection *connection, enum server_step step)
{
	connection->step = step;
}

/* The library finds the connection closed, and ends it in its own time. */
static void end(struct server_connection *connection)
{
	connection->over = true;
	shutdown(connection->fd, SHUT_RDWR);
	server_kick(connection->server);
}

/* Nothing more will come, and all that came was read. */
static bool is_closed(const struct server_connection *connection)
{
	char byte;
	ssize_t r = recv(connection->fd, &byte, sizeof(byte), MSG_PEEK | MSG_DONTWAIT);

	return r == 0 || (r < 0 && errno != EAGAIN && errno != EINTR);
}

/*
 * The library is told of a change once, and does not see that a connection was closed before it was handed over. What
 * was read of it may still hold a request; so it ends at the second look, and the library has run between them.
 */
static void end_closed(struct list *list)
{
	struct server_connection *connection = list->look ? list->look : list->first;

	for (size_t i = 0; connection && i < LOOK_MOST; i++) {
		if (!connection->over && connection->step == SERVER_COMING && is_closed(connection)) {
			if (connection->closed)
				end(connection);
			connection->closed = true;
			server_kick(connection->server);
		}
		connection = connection->next;
	}
	list->look = connection;
}

static int on_tick(sd_event_source *source, uint64_t usec, void *data)
{
	struct server *server = data;
	int64_t now = clock_monotonic();

	(void)usec;
	for (size_t i = 0; i < SERVER_PHASES; i++) {
		for (struct server_connection *connection = server->lists[i].first;
		     connection && connection->deadline <= now; connection = connection->next) {
			if (!connection->over)
				end(connection);
		}
		end_closed(&server->lists[i]);
	}
	(void)sd_event_source_set_time_relative(source, TICK);
	return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* ---- the library ---- */

void server_kick(struct server *server)
{
	(void)sd_event_source_set_enabled(server->run, SD_EVENT_ONESHOT);
}

static void run(struct server *server)
{
	MHD_UNSIGNED_LONG_LONG timeout;

	server->runs++;
	(void)MHD_run(server->daemon);
	/* It may hold bytes that were read already, of which no socket tells. */
	if (MHD_get_timeout(server->daemon, &timeout) == MHD_YES && timeout == 0)
		server_kick(server);
}

static int on_run(sd_event_source *source, void *data)
{
	(void)source;
	run(data);
	return 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source;
	(void)fd;
	(void)events;
	run(data);
	return 0;
}

static void forget(struct server_connection *connection)
{
	struct server *server = connection->server;

	list_remove(&server->lists[connection->phase], connection);
	server->listeners[connection->listener].connections--;
	server->connections--;
	free(connection);
}

static void on_connection(void *data, struct MHD_Connection *handle, void **context,
			  enum MHD_ConnectionNotificationCode code)
{
	struct server *server = data;
	struct server_connection *connection = *context;

	(void)handle;
	if (code == MHD_CONNECTION_NOTIFY_STARTED) {
		*context = server->arriving;
		server->arriving = NULL;
	} else if (connection) {
		forget(connection);
		*context = NULL;
	}
}

/* ---- accepting ---- */

/* Places that are kept for the clients of each listening socket, and those that one of them may take. */
static size_t reserve(const struct server *server)
{
	return server->listener_count > 1 ? server->settings.connections / (2 * server->listener_count) : 0;
}

static size_t share(const struct server *server)
{
	return server->settings.connections - reserve(server) * (server->listener_count - 1);
}

static bool is_full(const struct listener *listener)
{
	return listener->connections >= share(listener->server);
}

/* Whether a connection may lose its place to who comes to a listening socket. */
static bool may_end(const struct server_connection *connection, const struct listener *listener)
{
	const struct listener *own = &connection->server->listeners[connection->listener];

	if (connection->step == SERVER_WORKING)
		return false;
	return own == listener || (!is_full(listener) && own->connections > reserve(connection->server));
}

/* Ends those that have kept the gateway waiting longest. False where there is none, nor will be in a moment. */
static bool make_room(struct server *server, const struct listener *listener)
{
	size_t ended = 0, most = 1 + server->settings.connections / ACCEPT_MOST;
	bool young = false;

	if (most > ACCEPT_MOST)
		most = ACCEPT_MOST;
	for (size_t i = 0; i < SERVER_PHASES; i++) {
		struct server_connection *connection = server->lists[i].first;

		for (; connection && ended < most; connection = connection->next) {
			if (!may_end(connection, listener))
				continue;
			/* Its request may be here, and nobody has read it yet. */
			if (!connection->over && server->runs - connection->arrived < YOUNG_RUNS) {
				young = true;
				continue;
			}
			if (!connection->over)
				end(connection);
			ended++;
		}
	}
	if (ended == 0 && young)
		server_kick(server);
	return ended > 0 || young;
}

static void take(struct listener *listener, int fd, const struct sockaddr_storage *address, socklen_t size)
{
	static const int on = 1;
	struct server *server = listener->server;
	struct server_connection *connection = calloc(1, sizeof(*connection));

	if (!connection) {
		close(fd);
		return;
	}
	if (address->ss_family == AF_INET || address->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (listener->tls && bridges_add(server->bridges, fd, &fd) < 0) {
		free(connection);
		return;
	}
	connection->server = server;
	connection->fd = fd;
	connection->secure = listener->tls;
	connection->address = *address;
	connection->listener = (size_t)(listener - server->listeners);
	connection->arrived = server->runs;
	enter(connection, SERVER_QUIET);
	listener->connections++;
	server->connections++;
	server->arriving = connection;
	/* It closes the descriptor where it fails. */
	(void)MHD_add_connection(server->daemon, fd, (const struct sockaddr *)address, size);
	if (server->arriving) {
		server->arriving = NULL;
		forget(connection);
	}
	server_kick(server);
}

static int on_rest(sd_event_source *source, uint64_t usec, void *data)
{
	struct server *server = data;

	(void)source;
	(void)usec;
	for (size_t i = 0; i < server->listener_count; i++)
		(void)sd_event_source_set_enabled(server->listeners[i].source, SD_EVENT_ON);
	return 0;
}

/* Accepts nothing there for a moment, in which connections end. */
static void rest(struct listener *listener)
{
	struct server *server = listener->server;
	int enabled = SD_EVENT_OFF;

	(void)sd_event_source_set_enabled(listener->source, SD_EVENT_OFF);
	if (sd_event_source_get_enabled(server->rest, &enabled) >= 0 && enabled != SD_EVENT_OFF)
		return;
	(void)sd_event_source_set_time_relative(server->rest, ACCEPT_REST);
	(void)sd_event_source_set_enabled(server->rest, SD_EVENT_ONESHOT);
}

static int on_accept(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct listener *listener = data;
	struct server *server = listener->server;

	(void)source;
	(void)events;
	for (size_t i = 0; i < ACCEPT_MOST; i++) {
		struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
		socklen_t size = sizeof(address);
		int client;

		if (server->connections >= server->settings.connections || is_full(listener)) {
			if (!make_room(server, listener))
				rest(listener);
			return 0;
		}
		client = accept4(fd, (struct sockaddr *)&address, &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (client < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)) {
			(void)make_room(server, listener);
			rest(listener);
		}
		if (client < 0)
			return 0;
		take(listener, client, &address, size);
	}
	return 0;
}

static int listen_to(struct server *server, int fd, bool tls)
{
	struct listener *listener = &server->listeners[server->listener_count];
	int r;

	if (server->listener_count == LISTENERS_MOST)
		return -ENOBUFS;
	listener->server = server;
	listener->tls = tls;
	r = sd_event_add_io(server->event, &listener->source, fd, EPOLLIN, on_accept, listener);
	if (r < 0)
		return r;
	server->listener_count++;
	return 0;
}

int server_listen(struct server *server, int fd)
{
	return listen_to(server, fd, false);
}

int server_listen_tls(struct server *server, int fd)
{
	return server->bridges ? listen_to(server, fd, true) : -EINVAL;
}

int server_set_identity(struct server *server, struct tls_identity *identity)
{
	int r = server->bridges ? 0
				: bridges_new(server->event, server->settings.connections,
					      server->settings.request_timeout, &server->bridges);

	if (r < 0)
		tls_identity_free(identity);
	else
		bridges_set_identity(server->bridges, identity);
	return r;
}

static void stop_listening(struct server *server)
{
	for (size_t i = 0; i < server->listener_count; i++)
		server->listeners[i].source = sd_event_source_disable_unref(server->listeners[i].source);
}

/* ---- life ---- */

static int start_library(struct server *server)
{
	const union MHD_DaemonInfo *info;

	/* One place more than is given away, so that it never refuses one itself. */
	server->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_USE_NO_LISTEN_SOCKET | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, exchange_on_request,
		server, MHD_OPTION_CONNECTION_LIMIT, (unsigned int)server->settings.connections + 1,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, server->settings.memory, MHD_OPTION_CONNECTION_MEMORY_INCREMENT,
		(size_t)1024, MHD_OPTION_CONNECTION_TIMEOUT, 0U, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_URI_LOG_CALLBACK, exchange_on_target, server, MHD_OPTION_NOTIFY_COMPLETED,
		exchange_on_completed, server, MHD_OPTION_NOTIFY_CONNECTION, on_connection, server, MHD_OPTION_END);
	if (!server->daemon)
		return errno > 0 ? -errno : -EIO;
	info = MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	if (!info)
		return -EIO;
	return sd_event_add_io(server->event, &server->io, info->epoll_fd, EPOLLIN, on_io, server);
}

int server_new(sd_event *event, const struct server_settings *settings, struct server **ret_server)
{
	struct server *server = calloc(1, sizeof(*server));
	int r;

	if (!server)
		return -ENOMEM;
	server->event = sd_event_ref(event);
	server->settings = *settings;
	server->bytes = strict_has_bytes();
	r = sd_event_add_defer(event, &server->run, on_run, server);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &server->tick, CLOCK_MONOTONIC, TICK, 0, on_tick, server);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &server->rest, CLOCK_MONOTONIC, 0, 0, on_rest, server);
	if (r >= 0)
		r = start_library(server);
	if (r < 0) {
		server_free(server);
		return r;
	}
	*ret_server = server;
	return 0;
}

void server_free(struct server *server)
{
	if (!server)
		return;
	stop_listening(server);
	sd_event_source_disable_unref(server->io);
	sd_event_source_disable_unref(server->run);
	sd_event_source_disable_unref(server->tick);
	sd_event_source_disable_unref(server->rest);
	if (server->daemon)
		MHD_stop_daemon(server->daemon);
	bridges_free(server->bridges);
	sd_event_unref(server->event);
	free(server);
}

size_t server_connections(const struct server *server)
{
	return server->connections;
}

uint64_t server_answers(const struct server *server, unsigned int status)
{
	return status < SERVER_STATUS_LEAST || status > SERVER_STATUS_MOST
		       ? 0
		       : server->answers[status - SERVER_STATUS_LEAST];
}

void server_count_answer(struct server *server, unsigned int status)
{
	if (status >= SERVER_STATUS_LEAST && status <= SERVER_STATUS_MOST)
		server->answers[status - SERVER_STATUS_LEAST]++;
}

const struct server_settings *server_settings(const struct server *server)
{
	return &server->settings;
}

/* Of the room that is kept for the clients of each listening socket, what those of the others have not taken. */
static size_t kept_for_others(const struct server *server, size_t listener)
{
	size_t each = server->settings.bodies / (2 * server->listener_count), kept = 0;

	for (size_t i = 0; i < server->listener_count; i++) {
		if (i != listener && server->listeners[i].bodies < each)
			kept += each - server->listeners[i].bodies;
	}
	return kept;
}

bool server_take_room(const struct server_connection *connection, size_t size)
{
	struct server *server = connection->server;

	if (size + kept_for_others(server, connection->listener) > server->settings.bodies - server->bodies)
		return false;
	server->listeners[connection->listener].bodies += size;
	server->bodies += size;
	return true;
}

void server_give_room(const struct server_connection *connection, size_t size)
{
	connection->server->listeners[connection->listener].bodies -= size;
	connection->server->bodies -= size;
}

bool server_has_bytes(const struct server *server)
{
	return server->bytes;
}
