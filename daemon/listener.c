/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/listener.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/listen.h"
#include "daemon/closer.h"
#include "daemon/journal.h"
#include "daemon/limits.h"

#define ACCEPT_BATCH 16           /* connections a wake-up, so that those already in get their turn */
#define PAUSE_MICROSECONDS 100000 /* after running out of descriptors */
#define HURRY_MICROSECONDS 2000   /* after a wake-up with connections of a uid that makes too many */
#define BACKLOG 128               /* who comes behind a full queue of a uid in a hurry waits for 128 / 16 * 2 ms */

static const struct {
	const char *name, *file;
	mode_t mode;
} sockets[CONNECTION_SOCKET_COUNT] = {
	[CONNECTION_LOGIN] = { "login", WIRE_LOGIN_SOCKET, 0600 },
	[CONNECTION_VERIFY] = { "verify", WIRE_VERIFY_SOCKET, 0666 },
	[CONNECTION_ADMIN] = { "admin", WIRE_ADMIN_SOCKET, 0666 },
};

struct listener {
	struct thread *thread;
	int fd;
	enum connection_socket socket;
	int reserve;
	sd_event_source *io, *pause;
};

/* ---- opening ---- */

/* 1: systemd handed sockets over; 0: it did not. */
static int take_from_systemd(struct listener_fds *fds, char *ret_fault, size_t fault_size)
{
	CLEANUP(socket_names_free) char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	if (count <= 0)
		return count;
	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		bool known = false;

		for (size_t socket = 0; socket < CONNECTION_SOCKET_COUNT; socket++) {
			if (strcmp(names[i], sockets[socket].name) != 0 || fds->fds[socket] >= 0)
				continue;
			if (sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) <= 0) {
				snprintf(ret_fault, fault_size,
					 "the socket named %s that was handed over is no listening SEQPACKET socket",
					 names[i]);
				return -EINVAL;
			}
			/* A listener that blocks would hold its thread in accept when a client has gone meanwhile. */
			(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
			fds->fds[socket] = fd;
			known = true;
		}
		if (!known) {
			snprintf(
				ret_fault, fault_size,
				"a socket named '%s' was handed over; the names are login, verify and admin, each once",
				names[i]);
			return -EINVAL;
		}
	}
	return 1;
}

int listener_open(const char *folder, struct listener_fds *ret_fds, char *ret_fault, size_t fault_size)
{
	struct listener_fds fds = { .fds = { -1, -1, -1 } };
	int r = take_from_systemd(&fds, ret_fault, fault_size);

	if (r < 0)
		return r;
	for (size_t i = 0; i < CONNECTION_SOCKET_COUNT && r == 0; i++) {
		if (asprintf(&fds.paths[i], "%s/%s", folder, sockets[i].file) < 0) {
			fds.paths[i] = NULL;
			r = -ENOMEM;
			break;
		}
		fds.fds[i] = socket_listen(fds.paths[i], sockets[i].mode, BACKLOG);
		if (fds.fds[i] >= 0)
			continue;
		r = fds.fds[i];
		snprintf(ret_fault, fault_size, "%s cannot be made: %s", fds.paths[i],
			 r == -EADDRINUSE ? "another daemon listens there, or it is no socket" : strerror(-r));
		free(fds.paths[i]);
		fds.paths[i] = NULL;
	}
	if (r < 0) {
		listener_close(&fds);
		return r;
	}
	*ret_fds = fds;
	return 0;
}

void listener_close(struct listener_fds *fds)
{
	for (size_t i = 0; i < CONNECTION_SOCKET_COUNT; i++) {
		if (fds->paths[i])
			(void)unlink(fds->paths[i]);
		free(fds->paths[i]);
		fds->paths[i] = NULL;
		if (fds->fds[i] >= 0)
			close(fds->fds[i]);
		fds->fds[i] = -1;
	}
}

/* ---- accepting ---- */

static bool is_administrator(const struct thread *thread, int fd, const struct socket_peer *peer)
{
	const struct settings *settings = &thread->settings->settings;
	gid_t groups[256];
	socklen_t size = sizeof(groups);

	/* Who runs the daemon has its files anyway: this is how one without privileges is administered. */
	if (peer->uid == 0 || peer->uid == geteuid())
		return true;
	if (!settings->admin_group_known)
		return false;
	if (peer->gid == settings->admin_group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &size) < 0)
		return false;
	for (size_t i = 0; i < size / sizeof(gid_t); i++) {
		if (groups[i] == settings->admin_group)
			return true;
	}
	return false;
}

static int on_pause_end(sd_event_source *source, uint64_t usec, void *data)
{
	struct listener *listener = data;

	(void)source;
	(void)usec;
	if (listener->reserve < 0)
		listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	return sd_event_source_set_enabled(listener->io, SD_EVENT_ON);
}

/* Accepts nothing for a while. */
static void rest(struct listener *listener, uint64_t microseconds)
{
	(void)sd_event_source_set_enabled(listener->io, SD_EVENT_OFF);
	(void)sd_event_source_set_time_relative(listener->pause, microseconds);
	(void)sd_event_source_set_enabled(listener->pause, SD_EVENT_ONESHOT);
}

/* No descriptor is left: the one in reserve is spent to close the next client, who would otherwise wait; then accepting
 * rests. */
static void run_short(struct listener *listener)
{
	counter_add(&listener->thread->counters, COUNTER_DESCRIPTORS_EXHAUSTED, 0);
	if (listener->reserve >= 0) {
		close(listener->reserve);
		listener->reserve = accept4(listener->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
		if (listener->reserve >= 0)
			closer_close(listener->thread->daemon->closer, listener->reserve);
		listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	}
	rest(listener, PAUSE_MICROSECONDS);
}

/* True when its uid is in a hurry. */
static bool take_in(struct listener *listener, int fd)
{
	struct daemon *daemon = listener->thread->daemon;
	const struct settings *settings = &listener->thread->settings->settings;
	struct socket_peer peer;
	uint64_t delay = 0;
	bool administrator, hurries;

	if (socket_peer(fd, &peer) < 0 ||
	    (listener->socket == CONNECTION_LOGIN && peer.uid != 0 && peer.uid != geteuid())) {
		closer_close(daemon->closer, fd);
		return false;
	}
	hurries = limits_hurries(daemon->limits, peer.uid, clock_monotonic());
	if (!limits_enter(daemon->limits, peer.uid, settings->connections_per_uid)) {
		counter_add(&listener->thread->counters, COUNTER_REFUSED, 0);
		closer_close(daemon->closer, fd);
		return hurries;
	}
	administrator = listener->socket == CONNECTION_ADMIN && is_administrator(listener->thread, fd, &peer);
	if (listener->socket != CONNECTION_LOGIN && !administrator &&
	    limits_is_slow(daemon->limits, peer.uid, clock_monotonic()))
		delay = LIMITS_SLOW_MICROSECONDS;
	(void)connection_start(listener->thread, fd, listener->socket, &peer, administrator, delay);
	return hurries;
}

static int on_accept(sd_event_source *source, int listening, uint32_t events, void *data)
{
	struct listener *listener = data;
	bool hurry = false;

	(void)source;
	(void)events;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			hurry |= take_in(listener, fd);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			run_short(listener);
			return 0;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			break;
		}
	}
	if (hurry)
		rest(listener, HURRY_MICROSECONDS);
	return 0;
}

int listener_new(struct thread *thread, int fd, enum connection_socket socket, struct listener **ret_listener)
{
	struct listener *listener = calloc(1, sizeof(*listener));
	int r;

	if (!listener)
		return -ENOMEM;
	*listener = (struct listener){ .thread = thread, .fd = fd, .socket = socket };
	listener->reserve = open("/dev/null", O_RDONLY | O_CLOEXEC);
	r = sd_event_add_io(thread->event, &listener->io, fd, EPOLLIN, on_accept, listener);
	if (r >= 0)
		r = sd_event_add_time_relative(thread->event, &listener->pause, CLOCK_MONOTONIC, 0, 100, on_pause_end,
					       listener);
	if (r >= 0)
		r = sd_event_source_set_enabled(listener->pause, SD_EVENT_OFF);
	if (r < 0) {
		listener_free(listener);
		return r;
	}
	*ret_listener = listener;
	return 0;
}

void listener_free(struct listener *listener)
{
	if (!listener)
		return;
	sd_event_source_disable_unref(listener->io);
	sd_event_source_disable_unref(listener->pause);
	if (listener->reserve >= 0)
		close(listener->reserve);
	free(listener);
}
