/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/redeem.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/secret.h"
#include "common/socket.h"
#include "proto/answer.h"

#define REQUEST_ID 1 /* one request on a connection */

struct redeem {
	int fd;
	sd_event_source *io, *deadline;
	redeem_done *done;
	void *data;
};

void redeem_cancel(struct redeem *redeem)
{
	if (!redeem)
		return;
	sd_event_source_disable_unref(redeem->io);
	sd_event_source_disable_unref(redeem->deadline);
	if (redeem->fd >= 0)
		close(redeem->fd);
	free(redeem);
}

static void finish(struct redeem *redeem, int result, const struct message_redeemed *redeemed, const char *detail)
{
	redeem_done *done = redeem->done;
	void *data = redeem->data;

	redeem_cancel(redeem);
	done(data, result, redeemed, detail);
}

static int on_deadline(sd_event_source *source, uint64_t usec, void *data)
{
	(void)source;
	(void)usec;
	finish(data, -ETIMEDOUT, NULL, NULL);
	return 0;
}

static int on_reply(sd_event_source *source, int fd, uint32_t events, void *data)
{
	unsigned char packet[WIRE_VERIFY_PACKET_MAX];
	struct message_redeemed redeemed;
	struct message_error error;
	struct codec_header header;
	ssize_t size;

	(void)source;
	(void)events;
	size = recv(fd, packet, sizeof(packet), MSG_DONTWAIT | MSG_TRUNC);
	if (size < 0) {
		if (errno != EAGAIN && errno != EINTR)
			finish(data, -errno, NULL, NULL);
		return 0;
	}
	if (size == 0) {
		finish(data, -ECONNRESET, NULL, NULL);
		return 0;
	}
	if ((size_t)size > sizeof(packet) || codec_decode_header(packet, (size_t)size, &header) < 0 ||
	    header.request_id != REQUEST_ID)
		header.type = 0;
	if (header.type == (WIRE_REDEEM | WIRE_REPLY) &&
	    codec_decode(&message_redeemed, packet, (size_t)size, &redeemed) == 0)
		finish(data, 0, &redeemed, NULL);
	else if (header.type == WIRE_ERROR && codec_decode(&message_error, packet, (size_t)size, &error) == 0)
		finish(data, error.answer > 0 && error.answer < ANSWER_COUNT ? (int)error.answer : ANSWER_UNAVAILABLE,
		       NULL, error.detail);
	else
		finish(data, -EPROTO, NULL, NULL);
	return 0;
}

/* Connects without waiting: a queue that is full is a daemon that cannot serve. */
static int ask(const char *socket_path, const struct message_redeem *request)
{
	static const struct codec_header header = { .type = WIRE_REDEEM, .request_id = REQUEST_ID };
	CLEANUP_CLOSE int fd = socket_connect(socket_path);
	unsigned char packet[WIRE_VERIFY_PACKET_MAX];
	size_t size;
	ssize_t sent;
	int r;

	if (fd < 0)
		return fd;
	r = codec_encode(&message_redeem, request, header, packet, sizeof(packet), &size);
	if (r < 0)
		return r;
	sent = send(fd, packet, size, MSG_NOSIGNAL);
	secret_wipe(packet, size);
	return sent < 0 ? -errno : cleanup_take_fd(&fd);
}

int redeem_start(sd_event *event, const char *socket_path, const struct message_redeem *request, redeem_done *done,
		 void *data, struct redeem **ret_redeem)
{
	struct redeem *redeem = calloc(1, sizeof(*redeem));
	int r;

	if (!redeem)
		return -ENOMEM;
	redeem->done = done;
	redeem->data = data;
	redeem->fd = r = ask(socket_path, request);
	if (r >= 0)
		r = sd_event_add_io(event, &redeem->io, redeem->fd, EPOLLIN, on_reply, redeem);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &redeem->deadline, CLOCK_MONOTONIC, REDEEM_MILLISECONDS * 1000, 0,
					       on_deadline, redeem);
	if (r < 0) {
		redeem_cancel(redeem);
		return r;
	}
	*ret_redeem = redeem;
	return 0;
}
