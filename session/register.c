/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/register.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/log.h"
#include "session/keep.h"
#include "session/leader.h"
#include "session/scope.h"

#define GRACE_MICROSECONDS 500000
#define GRACE_ACCURACY_MICROSECONDS 20000

struct sessions {
	sd_event *event;
	const struct scope_places *places;
	uint64_t last; /* the greatest number that was given */
	size_t count, most;
	struct session *items[REGISTER_MAX]; /* in the order of their numbers */
};

int register_new(sd_event *event, const struct scope_places *places, size_t most, struct sessions **ret_sessions)
{
	struct sessions *sessions = calloc(1, sizeof(*sessions));

	if (!sessions)
		return -ENOMEM;
	sessions->event = event;
	sessions->places = places;
	sessions->most = most < REGISTER_MAX ? most : REGISTER_MAX;
	*ret_sessions = sessions;
	return 0;
}

static void free_session(struct session *session)
{
	sd_event_source_disable_unref(session->leader_end);
	sd_event_source_disable_unref(session->grace);
	if (session->kill >= 0)
		close(session->kill);
	if (session->pidfd >= 0)
		close(session->pidfd);
	free(session);
}

static void kill_rest(struct session *session)
{
	int r = session->kill >= 0 ? scope_kill(session->kill) : 0;

	session->grace = sd_event_source_disable_unref(session->grace);
	cleanup_close_fd(&session->kill);
	/* One that has gone has nothing in it. */
	if (r < 0 && r != -ENODEV)
		log_line(LOG_ERR, "what is left of session %" PRIu64 " cannot be killed: %s", session->message.session,
			 strerror(-r));
}

void register_free(struct sessions *sessions)
{
	if (!sessions)
		return;
	for (size_t i = 0; i < sessions->count; i++) {
		kill_rest(sessions->items[i]);
		free_session(sessions->items[i]);
	}
	free(sessions);
}

bool register_is_full(const struct sessions *sessions)
{
	return sessions->count >= sessions->most;
}

/* The place of the first session whose number is not smaller. */
static size_t place_of(const struct sessions *sessions, uint64_t number)
{
	size_t low = 0, high = sessions->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (sessions->items[middle]->message.session < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void forget(struct session *session)
{
	struct sessions *sessions = session->sessions;
	size_t place = place_of(sessions, session->message.session);

	sessions->count--;
	memmove(&sessions->items[place], &sessions->items[place + 1],
		(sessions->count - place) * sizeof(sessions->items[0]));
	free_session(session);
}

void register_close(struct session *session)
{
	if (!session->closed) {
		session->closed = true;
		session->leader_end = sd_event_source_disable_unref(session->leader_end);
		keep_forget(session->message.session);
		log_line(LOG_INFO, "session %" PRIu64 " is over", session->message.session);
	}
	if (!session->grace)
		forget(session);
}

static int on_leader_end(sd_event_source *source, int fd, uint32_t events, void *data)
{
	(void)source;
	(void)fd;
	(void)events;
	register_close(data);
	return 0;
}

static int on_grace_end(sd_event_source *source, uint64_t usec, void *data)
{
	struct session *session = data;

	(void)source;
	(void)usec;
	kill_rest(session);
	if (session->closed)
		register_close(session);
	return 0;
}

static uint64_t next_number(const struct sessions *sessions)
{
	struct timespec now = { 0 };
	uint64_t milliseconds;

	clock_gettime(CLOCK_BOOTTIME, &now);
	milliseconds = (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
	return sessions->last < milliseconds ? milliseconds : sessions->last + 1;
}

/* A copy that owns its texts: they lie in the packet that holds it. */
static int copy_message(const struct message_session *message, struct session **ret_session)
{
	static const struct codec_header header = { .type = WIRE_SESSION_END | WIRE_REPLY };
	unsigned char packet[REGISTER_PACKET_MAX];
	struct session *session;
	size_t size;
	int r = codec_encode(&message_session, message, header, packet, sizeof(packet), &size);

	if (r < 0)
		return r;
	session = calloc(1, sizeof(*session) + size);
	if (!session)
		return -ENOMEM;
	memcpy(session->packet, packet, size);
	session->size = size;
	r = codec_decode(&message_session, session->packet, size, &session->message);
	if (r < 0) {
		free(session);
		return r;
	}
	*ret_session = session;
	return 0;
}

int register_add(struct sessions *sessions, const struct message_session *message, int pidfd,
		 struct session **ret_session)
{
	CLEANUP_CLOSE int owned = pidfd;
	struct message_session numbered = *message;
	struct session *session;
	size_t place;
	int r;

	if (register_is_full(sessions))
		return -ENOSPC;
	if (numbered.session == 0)
		numbered.session = next_number(sessions);
	place = place_of(sessions, numbered.session);
	if (place < sessions->count && sessions->items[place]->message.session == numbered.session)
		return -EEXIST;
	r = copy_message(&numbered, &session);
	if (r < 0)
		return r;
	session->sessions = sessions;
	session->kill = -1;
	session->pidfd = cleanup_take_fd(&owned);
	r = sd_event_add_io(sessions->event, &session->leader_end, session->pidfd, EPOLLIN, on_leader_end, session);
	if (r < 0) {
		free_session(session);
		return r;
	}
	memmove(&sessions->items[place + 1], &sessions->items[place],
		(sessions->count - place) * sizeof(sessions->items[0]));
	sessions->items[place] = session;
	sessions->count++;
	if (sessions->last < numbered.session)
		sessions->last = numbered.session;
	*ret_session = session;
	return 0;
}

struct session *register_find(struct sessions *sessions, uint64_t number)
{
	size_t place = place_of(sessions, number);
	struct session *session = place < sessions->count ? sessions->items[place] : NULL;

	return session && session->message.session == number && !session->closed ? session : NULL;
}

size_t register_list(const struct sessions *sessions, uint64_t after, const char *key,
		     struct message_session *ret_items, size_t most, bool *ret_more)
{
	size_t count = 0, place = after == UINT64_MAX ? sessions->count : place_of(sessions, after + 1);

	for (; place < sessions->count; place++) {
		const struct session *session = sessions->items[place];

		if (session->closed || (key && strcmp(session->message.key_id, key) != 0))
			continue;
		if (count == most)
			break;
		ret_items[count] = session->message;
		ret_items[count++].ending = session->ending;
	}
	*ret_more = place < sessions->count;
	return count;
}

/* What was to be killed is not. */
static void spare(struct session *session)
{
	session->grace = sd_event_source_disable_unref(session->grace);
	cleanup_close_fd(&session->kill);
	session->whole = false;
}

/* Finds what is to be killed while its leader is there to show it. */
static void begin_grace(struct session *session)
{
	struct sessions *sessions = session->sessions;
	int r = scope_open_kill(sessions->places, (pid_t)session->message.leader, session->pidfd);

	if (r == -ENXIO)
		return;
	if (r >= 0) {
		session->kill = r;
		r = sd_event_add_time_relative(sessions->event, &session->grace, CLOCK_MONOTONIC, GRACE_MICROSECONDS,
					       GRACE_ACCURACY_MICROSECONDS, on_grace_end, session);
	}
	session->whole = r >= 0;
	if (r >= 0)
		return;
	spare(session);
	log_line(LOG_WARNING, "the scope of session %" PRIu64 " cannot be used; only its leader is told to end: %s",
		 session->message.session, strerror(-r));
}

int register_end(struct session *session, bool *ret_whole)
{
	int r;

	if (!leader_is_alive(session->pidfd))
		return -ESRCH;
	if (!session->ending)
		begin_grace(session);
	r = leader_signal(session->pidfd, SIGTERM);
	if (r < 0) {
		if (!session->ending)
			spare(session);
		return r;
	}
	/* One that is stopped would not hear of it. */
	(void)leader_signal(session->pidfd, SIGCONT);
	if (!session->ending)
		log_line(LOG_NOTICE, "session %" PRIu64 " of %s is told to end, %s", session->message.session,
			 session->message.owner,
			 session->whole ? "with all that runs in its scope" : "its leader alone");
	session->ending = true;
	*ret_whole = session->whole;
	return 0;
}
