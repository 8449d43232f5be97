/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A persistent connection with many questions in flight. Every question is called back exactly once: by its answer, or
 * by the end of the connection, which a server brings about that breaks a rule, answers what was not asked, or goes.
 */
#include "lib/apikey.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/clock.h"
#include "common/secret.h"
#include "lib/ask.h"
#include "lib/connect.h"
#include "lib/options.h"
#include "lib/versioned.h"
#include "proto/codec.h"

#define FLIGHT_BITS 10
#define FLIGHT_MAX (1 << FLIGHT_BITS)
#define BATCH_MAX 32 /* packets a system call */
/* Batches received by one call of apikey_client_process(), so that callbacks which ask again cannot keep it for ever.
 */
#define ROUND_MAX (2 * FLIGHT_MAX / BATCH_MAX)

/* One question that has no answer yet. What it must echo lies behind the packet, which is wiped once it is sent. */
struct flight {
	struct ask_echo echo;
	apikey_callback callback;
	void *data;
	bool sent;
	size_t packet_size, size; /* bytes of the packet; of the whole allocation */
	unsigned char packet[];
};

struct apikey_client {
	int fd;
	int error; /* why the connection ended; 0 while it stands */
	bool processing;
	bool hold;
	bool saw_reset;
	uint64_t submitted; /* ever: with the slot, it makes an id that is used once */
	size_t pending;
	struct flight *flights[FLIGHT_MAX];
	uint16_t spare[FLIGHT_MAX]; /* slots without a flight, a stack */
	uint16_t queue[FLIGHT_MAX]; /* slots to be sent, a ring */
	size_t queue_start, queue_count;
	unsigned char received[BATCH_MAX][WIRE_VERIFY_PACKET_MAX];
};

int apikey_client_open(const struct apikey_options *given_options, struct apikey_client **ret_client)
{
	struct apikey_client *client;
	struct apikey_options options;
	int fd, r;

	r = options_read(given_options, &options);
	if (r < 0)
		return r;
	r = connect_open_persistent(options.path, CONNECT_VERIFY, deadline_in(options.timeout), &fd);
	if (r < 0)
		return r;
	client = calloc(1, sizeof(*client));
	if (!client) {
		cleanup_close_fd(&fd);
		return -ENOMEM;
	}
	client->fd = fd;
	for (size_t i = 0; i < FLIGHT_MAX; i++)
		client->spare[i] = (uint16_t)(FLIGHT_MAX - 1 - i);
	*ret_client = client;
	return 0;
}

/* ---- flights ---- */

static int flight_new(uint64_t id, const struct apikey_request *request, struct flight **ret_flight)
{
	CLEANUP_ASK_PACKET struct ask_packet packet;
	size_t user_size, service_size, size;
	struct flight *flight;
	char *texts;
	int r;

	r = ask_encode(WIRE_VERIFY, id, request, &packet);
	if (r < 0)
		return r;
	user_size = request->user ? strlen(request->user) + 1 : 0;
	service_size = strlen(request->service) + 1;
	size = sizeof(*flight) + packet.size + user_size + service_size;
	flight = calloc(1, size);
	if (!flight)
		return -ENOMEM;
	memcpy(flight->packet, packet.bytes, packet.size);
	texts = (char *)flight->packet + packet.size;
	flight->echo = (struct ask_echo){ .type = WIRE_VERIFY, .id = id, .service = texts };
	memcpy(texts, request->service, service_size);
	if (user_size > 0)
		flight->echo.user = memcpy(texts + service_size, request->user, user_size);
	flight->packet_size = packet.size;
	flight->size = size;
	*ret_flight = flight;
	return 0;
}

static void flight_sent(struct flight *flight)
{
	flight->sent = true;
	secret_wipe(flight->packet, flight->packet_size);
}

/* Takes the flight out of its slot, calls back and frees it. */
static void client_land(struct apikey_client *client, size_t slot, const struct apikey_result *result)
{
	struct flight *flight = client->flights[slot];

	client->flights[slot] = NULL;
	client->pending--;
	client->spare[FLIGHT_MAX - 1 - client->pending] = (uint16_t)slot;
	flight->callback(flight->data, result);
	secret_wipe(flight, flight->size);
	free(flight);
}

/* Ends the connection and calls back for what is left; their callbacks find that nothing can be submitted any more. */
static void client_end(struct apikey_client *client, int error)
{
	struct apikey_result result = ask_unavailable(REASON_DAEMON_UNREACHABLE);

	client->error = error;
	client->queue_count = 0;
	shutdown(client->fd, SHUT_RDWR);
	for (size_t slot = 0; slot < FLIGHT_MAX; slot++) {
		if (client->flights[slot])
			client_land(client, slot, &result);
	}
}

/* ---- sending ---- */

static void client_unqueue(struct apikey_client *client, size_t count)
{
	for (size_t i = 0; i < count; i++)
		flight_sent(client->flights[client->queue[(client->queue_start + i) % FLIGHT_MAX]]);
	client->queue_start = (client->queue_start + count) % FLIGHT_MAX;
	client->queue_count -= count;
}

/*
 * Sends of the queue what the socket takes. On a failure the connection is shut down, so that what was answered before
 * can still be read, and then its end.
 */
static void client_flush(struct apikey_client *client)
{
	struct mmsghdr messages[BATCH_MAX];
	struct iovec parts[BATCH_MAX];

	while (client->queue_count > 0) {
		size_t count = client->queue_count < BATCH_MAX ? client->queue_count : BATCH_MAX;
		int sent;

		for (size_t i = 0; i < count; i++) {
			struct flight *flight = client->flights[client->queue[(client->queue_start + i) % FLIGHT_MAX]];

			parts[i] = (struct iovec){ .iov_base = flight->packet, .iov_len = flight->packet_size };
			messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &parts[i], .msg_iovlen = 1 } };
		}
		sent = sendmmsg(client->fd, messages, (unsigned int)count, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0) {
			if (errno != EAGAIN)
				shutdown(client->fd, SHUT_RDWR);
			return;
		}
		client_unqueue(client, (size_t)sent);
	}
}

int apikey_client_submit(struct apikey_client *client, const struct apikey_request *given_request,
			 apikey_callback callback, void *data)
{
	struct apikey_request request;
	struct flight *flight;
	uint16_t slot;
	int r;

	if (client->error < 0)
		return -ENOTCONN;
	if (client->pending == FLIGHT_MAX)
		return -EAGAIN;
	r = versioned_read(given_request, &request, sizeof(request));
	if (r < 0)
		return r;
	slot = client->spare[FLIGHT_MAX - 1 - client->pending];
	r = flight_new((client->submitted + 1) << FLIGHT_BITS | slot, &request, &flight);
	if (r < 0)
		return r;
	flight->callback = callback;
	flight->data = data;
	client->submitted++;
	client->pending++;
	client->flights[slot] = flight;
	client->queue[(client->queue_start + client->queue_count++) % FLIGHT_MAX] = slot;
	/* What callbacks submit is sent together behind their batch. */
	if (!client->processing && !client->hold)
		client_flush(client);
	return 0;
}

/* ---- receiving ---- */

/* Hands one answer to the question it belongs to. 0, or -EPROTO when it belongs to none. */
static int client_deliver(struct apikey_client *client, const void *packet, size_t size)
{
	struct apikey_result result;
	struct codec_header header;
	struct flight *flight;
	size_t slot;

	if (codec_decode_header(packet, size, &header) < 0)
		return -EPROTO;
	slot = header.request_id % FLIGHT_MAX;
	flight = client->flights[slot];
	if (!flight || !flight->sent || ask_decode(&flight->echo, packet, size, &result) < 0)
		return -EPROTO;
	client_land(client, slot, &result);
	return 0;
}

/* Receives up to a batch. How many packets, 0 when there is none; -EAGAIN is never returned; a negative errno at the
 * end of the connection. */
static int client_receive(struct apikey_client *client, struct mmsghdr messages[BATCH_MAX])
{
	struct iovec parts[BATCH_MAX];
	int count;

	for (size_t i = 0; i < BATCH_MAX; i++) {
		parts[i] = (struct iovec){ .iov_base = client->received[i], .iov_len = sizeof(client->received[i]) };
		messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &parts[i], .msg_iovlen = 1 } };
	}
	for (;;) {
		count = recvmmsg(client->fd, messages, BATCH_MAX, MSG_DONTWAIT, NULL);
		if (count >= 0)
			return count;
		if (errno == EAGAIN)
			return 0;
		/* The kernel tells of a peer that left questions unread before it hands out the answers it did send. */
		if (errno == ECONNRESET && !client->saw_reset)
			client->saw_reset = true;
		else if (errno != EINTR)
			return -errno;
	}
}

/* Delivers a batch. 0, or a negative errno at the end of the connection. */
static int client_deliver_batch(struct apikey_client *client, const struct mmsghdr *messages, size_t count)
{
	int r = 0;

	for (size_t i = 0; i < count; i++) {
		if (r == 0 && messages[i].msg_len == 0)
			r = -ECONNRESET;
		if (r == 0 && (messages[i].msg_hdr.msg_flags & MSG_TRUNC) != 0)
			r = -EPROTO;
		if (r == 0)
			r = client_deliver(client, client->received[i], messages[i].msg_len);
		secret_wipe(client->received[i], messages[i].msg_len);
	}
	return r;
}

static int client_receive_all(struct apikey_client *client)
{
	struct mmsghdr messages[BATCH_MAX];

	for (size_t round = 0; round < ROUND_MAX; round++) {
		int count = client_receive(client, messages);
		int r = count < 0 ? count : client_deliver_batch(client, messages, (size_t)count);

		if (r < 0)
			return r;
		if (count < BATCH_MAX)
			return 0;
		client_flush(client);
	}
	return 0;
}

int apikey_client_process(struct apikey_client *client)
{
	int r;

	if (client->error < 0)
		return client->error;
	if (client->processing)
		return -EBUSY;
	client->processing = true;
	client_flush(client);
	r = client_receive_all(client);
	if (r < 0)
		client_end(client, r);
	else
		client_flush(client);
	client->processing = false;
	return r;
}

int apikey_client_wait(struct apikey_client *client, unsigned int timeout)
{
	struct deadline deadline = deadline_in(timeout);

	for (;;) {
		struct pollfd watched = { .fd = client->fd };
		int left, r = apikey_client_process(client);

		if (r < 0)
			return r;
		if (client->pending == 0)
			return 0;
		left = deadline_left(deadline);
		if (left == 0)
			return -ETIMEDOUT;
		watched.events = apikey_client_events(client);
		if (poll(&watched, 1, left) < 0 && errno != EINTR)
			return -errno;
	}
}

/* ---- the rest ---- */

int apikey_client_fd(const struct apikey_client *client)
{
	return client->fd;
}

short apikey_client_events(const struct apikey_client *client)
{
	if (client->error < 0)
		return 0;
	return (short)(POLLIN | (client->queue_count > 0 ? POLLOUT : 0));
}

void apikey_client_hold(struct apikey_client *client, int hold)
{
	client->hold = hold != 0;
}

size_t apikey_client_pending(const struct apikey_client *client)
{
	return client->pending;
}

void apikey_client_free(struct apikey_client *client)
{
	if (!client)
		return;
	if (client->error == 0)
		client_end(client, -ENOTCONN);
	cleanup_close_fd(&client->fd);
	free(client);
}
