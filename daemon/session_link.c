/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/session_link.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "daemon/arguments.h"
#include "proto/answer.h"
#include "proto/message.h"

struct session_link {
	struct daemon *daemon;
	struct session_link *previous, *next; /* of the daemon's */
	int fd;
	sd_event_source *io, *timer;
	int error; /* nothing more can be asked */
	struct codec_header asked;
	session_answered *answered; /* NULL: nothing is asked */
	void *data;
	unsigned char packet[WIRE_PACKET_MAX];
};

/* ---- answers ---- */

static void answer(struct session_link *link, int result, size_t size)
{
	session_answered *answered = link->answered;

	link->answered = NULL;
	if (result < 0)
		link->error = result;
	(void)sd_event_source_set_enabled(link->io, SD_EVENT_OFF);
	(void)sd_event_source_set_enabled(link->timer, SD_EVENT_OFF);
	/* Who is called may close the link. */
	answered(link->data, result, link->packet, size);
}

static int judge_packet(const struct session_link *link, size_t size)
{
	struct codec_header header;
	struct message_error error;

	if (codec_decode_header(link->packet, size, &header) < 0 || header.request_id != link->asked.request_id)
		return -EPROTO;
	if (header.type == (link->asked.type | WIRE_REPLY))
		return 0;
	if (header.type != WIRE_ERROR || codec_decode(&message_error, link->packet, size, &error) < 0 ||
	    error.answer == ANSWER_OK)
		return -EPROTO;
	return error.answer < ANSWER_COUNT ? (int)error.answer : ANSWER_UNAVAILABLE;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *data)
{
	struct session_link *link = data;
	ssize_t size = recv(fd, link->packet, sizeof(link->packet), MSG_DONTWAIT | MSG_TRUNC);

	(void)source;
	(void)events;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (size <= 0)
		answer(link, size < 0 ? -errno : -ECONNRESET, 0);
	else if ((size_t)size > sizeof(link->packet))
		answer(link, -EPROTO, 0);
	else
		answer(link, judge_packet(link, (size_t)size), (size_t)size);
	return 0;
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	struct session_link *link = data;

	(void)source;
	(void)usec;
	answer(link, -ETIMEDOUT, 0);
	return 0;
}

/* ---- the connection ---- */

static int connect_to_helper(const struct daemon *daemon)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/" WIRE_SESSION_CONTROL_SOCKET, daemon->arguments->runtime_folder) < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return socket_connect(path);
}

int session_link_open(struct thread *thread, struct session_link **ret_link)
{
	struct session_link *link;
	int r;

	if (thread->daemon->session_links_over)
		return -ECANCELED;
	link = calloc(1, sizeof(*link));
	if (!link)
		return -ENOMEM;
	link->fd = -1;
	link->daemon = thread->daemon;
	link->next = thread->daemon->session_links;
	if (link->next)
		link->next->previous = link;
	thread->daemon->session_links = link;
	link->fd = r = connect_to_helper(thread->daemon);
	if (r >= 0)
		r = sd_event_add_io(thread->event, &link->io, link->fd, EPOLLIN, on_io, link);
	if (r >= 0)
		r = sd_event_source_set_enabled(link->io, SD_EVENT_OFF);
	if (r >= 0)
		r = sd_event_add_time_relative(thread->event, &link->timer, CLOCK_MONOTONIC, 0, 0, on_deadline, link);
	if (r >= 0)
		r = sd_event_source_set_enabled(link->timer, SD_EVENT_OFF);
	if (r < 0) {
		session_link_close(link);
		return r;
	}
	*ret_link = link;
	return 0;
}

void session_link_close(struct session_link *link)
{
	if (!link)
		return;
	if (link->previous)
		link->previous->next = link->next;
	else
		link->daemon->session_links = link->next;
	if (link->next)
		link->next->previous = link->previous;
	sd_event_source_disable_unref(link->io);
	sd_event_source_disable_unref(link->timer);
	if (link->fd >= 0)
		close(link->fd);
	free(link);
}

int session_link_ask(struct session_link *link, uint16_t type, const struct codec_record *record, const void *message,
		     session_answered *answered, void *data)
{
	size_t size;
	int r;

	if (link->error < 0)
		return link->error;
	link->asked.type = type;
	link->asked.request_id++;
	r = codec_encode(record, message, link->asked, link->packet, sizeof(link->packet), &size);
	if (r < 0)
		return r;
	/* One question at a time always has room. */
	if (send(link->fd, link->packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return -errno;
	r = sd_event_source_set_enabled(link->io, SD_EVENT_ON);
	if (r >= 0)
		r = sd_event_source_set_time_relative(link->timer, SESSION_LINK_MILLISECONDS * 1000);
	if (r >= 0)
		r = sd_event_source_set_enabled(link->timer, SD_EVENT_ONESHOT);
	if (r < 0)
		return r;
	link->answered = answered;
	link->data = data;
	return 0;
}

void session_link_cancel_all(struct daemon *daemon)
{
	struct session_link *next;

	daemon->session_links_over = true;
	for (struct session_link *link = daemon->session_links; link; link = next) {
		next = link->next;
		link->error = -ECANCELED;
		if (link->answered)
			answer(link, -ECANCELED, 0);
	}
}

void session_link_fault(int result, char ret_fault[SESSION_LINK_FAULT_SIZE])
{
	const char *start = "is apikey-sessiond.service running?";

	if (result == -ETIMEDOUT)
		snprintf(ret_fault, SESSION_LINK_FAULT_SIZE, "apikey-sessiond did not answer in time; %s", start);
	else if (result == -ENOENT || result == -ECONNREFUSED)
		snprintf(ret_fault, SESSION_LINK_FAULT_SIZE, "apikey-sessiond is not there; %s", start);
	else if (result == -EPERM)
		snprintf(ret_fault, SESSION_LINK_FAULT_SIZE,
			 WIRE_SESSION_CONTROL_SOCKET " is not root's, so whoever answers there is not believed");
	else if (result > 0)
		snprintf(ret_fault, SESSION_LINK_FAULT_SIZE, "apikey-sessiond refused: %s",
			 answer_name((enum answer)result));
	else
		snprintf(ret_fault, SESSION_LINK_FAULT_SIZE, "apikey-sessiond cannot be asked: %s", strerror(-result));
}
