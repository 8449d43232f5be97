/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/server.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "session/connection.h"

static const size_t most[SERVER_SOCKET_COUNT] = {
	[SERVER_SESSION] = CONNECTION_MOST_SESSION,
	[SERVER_CONTROL] = CONNECTION_MOST_CONTROL,
};

/* One connection a wake-up, so that those of the other socket get their turn. */
static int on_accept(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct server *server = data;
	enum server_socket socket = fd == server->listeners[SERVER_SESSION].fd ? SERVER_SESSION : SERVER_CONTROL;
	struct server_listener *listener = &server->listeners[socket];
	int client;

	(void)events;
	client = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (client < 0) {
		/* Never out of descriptors by the bounds there are; should it be, the watchdog is the way out. */
		if (errno != EAGAIN && errno != EINTR && errno != ECONNABORTED)
			log_line(LOG_ERR, "a connection cannot be accepted: %s", strerror(errno));
		return 0;
	}
	(void)connection_start(server, socket, client);
	/* Who comes now waits until one of them has gone, which each does before long. */
	if (listener->connections >= most[socket])
		return sd_event_source_set_enabled(source, SD_EVENT_OFF);
	return 0;
}

/* Who owns the socket's file may connect to it. */
static int owner_of(int fd, uid_t *ret_uid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t size = sizeof(address) - 1; /* a NUL is left at its end */
	struct stat status;

	if (getsockname(fd, (struct sockaddr *)&address, &size) < 0)
		return -errno;
	if (address.sun_family != AF_UNIX || address.sun_path[0] != '/')
		return -EINVAL;
	if (lstat(address.sun_path, &status) < 0)
		return -errno;
	if (!S_ISSOCK(status.st_mode) || status.st_mode & (S_IRWXG | S_IRWXO))
		return -EPERM;
	*ret_uid = status.st_uid;
	return 0;
}

int server_start(struct server *server)
{
	static const int on = 1;

	for (size_t i = 0; i < SERVER_SOCKET_COUNT; i++) {
		struct server_listener *listener = &server->listeners[i];
		int r = owner_of(listener->fd, &listener->also);

		if (r < 0)
			return r;
		/* What is sent before it is accepted has to say by whom, too. */
		if (setsockopt(listener->fd, SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)) < 0)
			return -errno;
		r = sd_event_add_io(server->event, &listener->io, listener->fd, EPOLLIN, on_accept, server);
		if (r >= 0 && i == SERVER_CONTROL)
			r = sd_event_source_set_priority(listener->io, SD_EVENT_PRIORITY_IDLE);
		if (r < 0)
			return r;
	}
	return 0;
}

void server_stop(struct server *server)
{
	for (size_t i = 0; i < SERVER_SOCKET_COUNT; i++) {
		while (server->listeners[i].first)
			connection_close(server->listeners[i].first);
		server->listeners[i].io = sd_event_source_disable_unref(server->listeners[i].io);
	}
}
