/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/connection.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "daemon/admin.h"
#include "daemon/batch.h"
#include "daemon/closer.h"
#include "daemon/limits.h"
#include "daemon/pending.h"
#include "daemon/transfer.h"

/* How much longer than others an administrator's connection may be silent: a person may be thinking at the other end.
 */
#define ADMIN_PATIENCE 6

static void link_connection(struct thread *thread, struct connection *connection)
{
	connection->thread = thread;
	connection->previous = NULL;
	connection->next = thread->connections;
	if (connection->next)
		connection->next->previous = connection;
	thread->connections = connection;
}

static void unlink_connection(struct connection *connection)
{
	if (connection->previous)
		connection->previous->next = connection->next;
	else
		connection->thread->connections = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
}

static void leave_loop(struct connection *connection)
{
	connection->io = sd_event_source_disable_unref(connection->io);
	connection->delay = sd_event_source_disable_unref(connection->delay);
}

void connection_close(struct connection *connection)
{
	/* It has the ones or the others. */
	bool pending = pending_forget(connection), administering = admin_forget(connection);

	if (connection->transferring)
		transfer_forget(connection);
	leave_loop(connection);
	unlink_connection(connection);
	counter_add(&connection->thread->counters, COUNTER_CLOSED, connection->socket);
	/* root needs no trick to hold a daemon up, and its logins are closed without any ado */
	if (connection->peer.uid == 0)
		close(connection->fd);
	else
		closer_close(connection->thread->daemon->closer, connection->fd);
	/* What it has left to do counts against its uid until it is done, or hanging up would lift the limits. */
	if (!pending && !administering)
		limits_leave(connection->thread->daemon->limits, connection->peer.uid);
	if (connection->kept)
		secret_wipe(connection->kept, connection->kept_size);
	free(connection->kept);
	free(connection);
}

/* ---- replies that wait ---- */

int connection_keep(struct connection *connection, const void *packet, size_t size)
{
	uint32_t prefix = (uint32_t)size;
	unsigned char *kept = malloc(connection->kept_size + sizeof(prefix) + size);

	if (!kept)
		return -ENOMEM;
	if (connection->kept) {
		memcpy(kept, connection->kept, connection->kept_size);
		secret_wipe(connection->kept, connection->kept_size);
		free(connection->kept);
	}
	memcpy(kept + connection->kept_size, &prefix, sizeof(prefix));
	memcpy(kept + connection->kept_size + sizeof(prefix), packet, size);
	connection->kept = kept;
	connection->kept_size += sizeof(prefix) + size;
	return 0;
}

/* Sends what was kept. 0: all of it; -EAGAIN: some is left. */
static int send_kept(struct connection *connection)
{
	while (connection->kept_sent < connection->kept_size) {
		const unsigned char *at = connection->kept + connection->kept_sent;
		uint32_t size;
		ssize_t sent;

		memcpy(&size, at, sizeof(size));
		do
			sent = send(connection->fd, at + sizeof(size), size, MSG_DONTWAIT | MSG_NOSIGNAL);
		while (sent < 0 && errno == EINTR);
		if (sent < 0)
			return -errno;
		connection->kept_sent += sizeof(size) + size;
		connection->active = clock_monotonic();
	}
	if (connection->kept)
		secret_wipe(connection->kept, connection->kept_size);
	free(connection->kept);
	connection->kept = NULL;
	connection->kept_size = connection->kept_sent = 0;
	return 0;
}

int connection_send(struct connection *connection, const void *packet, size_t size)
{
	ssize_t sent;

	if (connection->kept)
		return connection_keep(connection, packet, size);
	do
		sent = send(connection->fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent >= 0)
		return 0;
	return errno == EAGAIN ? connection_keep(connection, packet, size) : -errno;
}

/* ---- serving ---- */

static int enter_loop(struct connection *connection);

/* In the worker: takes the connection in. */
static void arrive(struct thread *thread, struct thread_task *task)
{
	struct connection *connection = (struct connection *)((char *)task - offsetof(struct connection, task));

	link_connection(thread, connection);
	if (thread->draining || enter_loop(connection) < 0)
		connection_close(connection);
}

/* Gives a client that announced itself persistent to the next worker. */
static void hand_over(struct connection *connection)
{
	struct workers *workers = connection->thread->daemon->workers;
	unsigned int next = atomic_fetch_add(&workers->next, 1);

	connection->hand_over = false;
	leave_loop(connection);
	unlink_connection(connection);
	connection->task.run = arrive;
	thread_post(&workers->threads[next % workers->count], &connection->task);
}

/* Whether nothing is left to say on it. */
static bool is_over(const struct connection *connection)
{
	return !connection->kept &&
	       ((connection->answered && !connection->persistent) || (connection->finishing && !connection->pendings));
}

/* Serves once. BATCH_CLOSE: it is gone, closed or handed over. */
static enum batch_result serve(struct connection *connection)
{
	enum batch_result result = connection->socket == CONNECTION_ADMIN ? admin_serve(connection)
									  : batch_serve(connection->thread, connection);

	if (result == BATCH_END) {
		connection->finishing = connection->pendings != NULL;
		result = connection->finishing ? BATCH_SERVED : BATCH_CLOSE;
	}
	if (result == BATCH_CLOSE || is_over(connection)) {
		connection_close(connection);
		return BATCH_CLOSE;
	}
	if (connection->hand_over && !connection->kept && !connection->pendings) {
		hand_over(connection);
		return BATCH_CLOSE;
	}
	return result;
}

/* Whether nothing is read from it before something that is being served is answered. */
static bool is_waiting(const struct connection *connection)
{
	return (connection->requests && connection->request_count >= connection->request_most) || connection->delay ||
	       connection->finishing || connection->pending_count >= (connection->persistent ? PENDING_MAX : 1);
}

/* What to wait for: room for kept replies before anything else is read. */
static uint32_t wanted_events(const struct connection *connection)
{
	if (connection->kept)
		return EPOLLOUT;
	return is_waiting(connection) ? 0 : EPOLLIN;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct connection *connection = data;

	(void)source;
	(void)fd;
	if (connection->kept) {
		int r = send_kept(connection);

		/* A hang-up is reported whether it is waited for or not. */
		if ((r < 0 && r != -EAGAIN) || (events & (EPOLLHUP | EPOLLERR) && r < 0)) {
			connection_close(connection);
			return 0;
		}
		if (r == 0 && is_over(connection)) {
			connection_close(connection);
			return 0;
		}
	} else if (is_waiting(connection)) {
		/* The peer hung up while it is being served; the answer finds nobody. */
		if (events & (EPOLLHUP | EPOLLERR)) {
			connection_close(connection);
			return 0;
		}
	} else if (serve(connection) == BATCH_CLOSE) {
		return 0;
	}
	(void)sd_event_source_set_io_events(connection->io, wanted_events(connection));
	return 0;
}

static int enter_loop(struct connection *connection)
{
	int r;

	if (connection->io)
		return 0;
	r = sd_event_add_io(connection->thread->event, &connection->io, connection->fd, wanted_events(connection),
			    on_io, connection);
	return r < 0 ? r : 0;
}

static int on_delay(sd_event_source *source, uint64_t usec, void *data)
{
	struct connection *connection = data;

	(void)source;
	(void)usec;
	connection->delay = sd_event_source_disable_unref(connection->delay);
	/* One that has rested; else what it has to say has waited for as long as it was to. */
	if (connection->io)
		(void)sd_event_source_set_io_events(connection->io, wanted_events(connection));
	else if (serve(connection) != BATCH_CLOSE && enter_loop(connection) < 0)
		connection_close(connection);
	return 0;
}

static int be_silent(struct connection *connection, uint64_t delay)
{
	return sd_event_add_time_relative(connection->thread->event, &connection->delay, CLOCK_MONOTONIC, delay,
					  delay / 4, on_delay, connection);
}

int connection_start(struct thread *thread, int fd, enum connection_socket socket, const struct socket_peer *peer,
		     bool administrator, uint64_t delay)
{
	struct connection *connection = calloc(1, sizeof(*connection));
	int r = 0;

	if (!connection) {
		closer_close(thread->daemon->closer, fd);
		limits_leave(thread->daemon->limits, peer->uid);
		return -ENOMEM;
	}
	connection->fd = fd;
	connection->socket = socket;
	connection->peer = *peer;
	connection->administrator = administrator;
	connection->active = clock_monotonic();
	link_connection(thread, connection);
	counter_add(&thread->counters, COUNTER_OPENED, socket);
	if (delay > 0)
		r = be_silent(connection, delay);
	else if (serve(connection) != BATCH_CLOSE)
		r = enter_loop(connection);
	if (r < 0)
		connection_close(connection);
	return r < 0 ? r : 0;
}

void connection_resume(struct connection *connection, uint64_t rest)
{
	connection->active = clock_monotonic();
	if (rest > 0 && !connection->delay)
		(void)be_silent(connection, rest);
	if (connection->io)
		(void)sd_event_source_set_io_events(connection->io, wanted_events(connection));
}

void connection_answer(struct connection *connection, const void *packet, size_t size)
{
	connection->active = clock_monotonic();
	connection->answered = true;
	if (connection_send(connection, packet, size) < 0 || is_over(connection)) {
		connection_close(connection);
		return;
	}
	if (connection->io)
		(void)sd_event_source_set_io_events(connection->io, wanted_events(connection));
}

static int64_t patience(const struct connection *connection)
{
	int64_t idle = (int64_t)connection->thread->settings->settings.idle_timeout;

	if (connection->kept)
		return idle;
	if (connection->transferring)
		return TRANSFER_PATIENCE;
	if (connection->socket == CONNECTION_ADMIN)
		return idle * ADMIN_PATIENCE;
	return connection->persistent ? INT32_MAX : idle;
}

void connection_sweep(struct thread *thread, int64_t now)
{
	struct connection *next;

	for (struct connection *connection = thread->connections; connection; connection = next) {
		next = connection->next;
		if (!connection->requests && !connection->pendings &&
		    now - connection->active > patience(connection) * INT64_C(1000000000))
			connection_close(connection);
	}
}

bool connection_drain(struct thread *thread)
{
	struct connection *next;

	for (struct connection *connection = thread->connections; connection; connection = next) {
		next = connection->next;
		if (connection->kept)
			(void)send_kept(connection);
		if (connection->kept || connection->requests || connection->pendings || connection->delay)
			continue;
		/* A persistent client is served, a batch each time, until it has nothing left in flight; one that has
		 * not asked yet may still do so. */
		if (!connection->persistent && connection->socket != CONNECTION_ADMIN && !connection->answered)
			continue;
		if (serve(connection) == BATCH_EMPTY)
			connection_close(connection);
	}
	return thread->connections == NULL;
}
