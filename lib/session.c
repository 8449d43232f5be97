/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/session.h"

#include <errno.h>

#include "common/clock.h"
#include "lib/ask.h"
#include "lib/options.h"
#include "proto/answer.h"
#include "proto/message.h"

static int read_reply(const struct ask_packet *packet, struct codec_header asked, uint64_t *ret_session)
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
	CLEANUP_ASK_PACKET struct ask_packet packet; /* it may hold a ticket */
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
		r = ask_exchange(options.path, CONNECT_SESSION, &packet, deadline, &packet);
	if (r < 0)
		return r == -EMSGSIZE ? -EPROTO : r;
	return read_reply(&packet, header, ret_session);
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
