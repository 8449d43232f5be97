/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/session.h"

#include <errno.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "lib/connect.h"
#include "lib/options.h"
#include "proto/answer.h"
#include "proto/message.h"

#define PACKET_MAX 1024 /* a ticket and two names, or an answer with its sentence */

/* Wiped at the end of its scope: it may hold a ticket. */
struct packet {
	size_t size;
	unsigned char bytes[PACKET_MAX];
};

static void packet_done(struct packet *packet)
{
	secret_wipe(packet->bytes, sizeof(packet->bytes));
}

static int exchange(const char *path, struct packet *packet, struct deadline deadline)
{
	CLEANUP_CLOSE int fd = -1;
	int r = connect_open(path, CONNECT_SESSION, deadline, &fd);

	if (r == 0)
		r = connect_send(fd, packet->bytes, packet->size, deadline);
	if (r == 0)
		r = connect_receive(fd, packet->bytes, sizeof(packet->bytes), deadline, &packet->size);
	return r == -EMSGSIZE ? -EPROTO : r;
}

static int read_reply(const struct packet *packet, struct codec_header asked, uint64_t *ret_session)
{
	struct message_session_reference reply;
	struct codec_header header;
	struct message_error error;

	if (codec_decode_header(packet->bytes, packet->size, &header) < 0 || header.request_id != asked.request_id)
		return -EPROTO;
	if (header.type == WIRE_ERROR) {
		if (codec_decode(&message_error, packet->bytes, packet->size, &error) < 0 || error.answer == ANSWER_OK)
			return -EPROTO;
		return error.answer < ANSWER_COUNT ? (int)error.answer : ANSWER_UNAVAILABLE;
	}
	if (header.type != (asked.type | WIRE_REPLY) ||
	    codec_decode(&message_session_reference, packet->bytes, packet->size, &reply) < 0 || reply.session == 0)
		return -EPROTO;
	*ret_session = reply.session;
	return 0;
}

static int ask(const struct apikey_options *given_options, uint16_t type, const struct codec_record *record,
	       const void *message, uint64_t *ret_session)
{
	CLEANUP(packet_done) struct packet packet;
	struct codec_header header = { .type = type };
	struct apikey_options options;
	struct deadline deadline;
	int r = options_read(given_options, &options);

	if (r < 0)
		return r;
	deadline = deadline_in(options.timeout);
	header.request_id = (uint64_t)deadline.at;
	r = codec_encode(record, message, header, packet.bytes, sizeof(packet.bytes), &packet.size);
	if (r == 0)
		r = exchange(options.path, &packet, deadline);
	return r < 0 ? r : read_reply(&packet, header, ret_session);
}

int session_open(const struct apikey_options *options, const char *ticket, const char *service, const char *tty,
		 uint64_t *ret_session)
{
	struct message_session_open request = { .ticket = ticket, .service = service, .tty = tty };

	return ask(options, WIRE_SESSION_OPEN, &message_session_open, &request, ret_session);
}

int session_close(const struct apikey_options *options, uint64_t session)
{
	struct message_session_reference request = { .session = session };
	uint64_t closed;

	return ask(options, WIRE_SESSION_CLOSE, &message_session_reference, &request, &closed);
}
