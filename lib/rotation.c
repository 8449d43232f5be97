/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/rotation.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "lib/ask.h"
#include "lib/options.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/answer.h"
#include "proto/message.h"

/* An answer and the packet its texts point into. */
struct rotation_answer {
	struct rotation rotation; /* first: rotation_free() gets its address */
	struct ask_packet packet;
};

void rotation_free(struct rotation *rotation)
{
	if (!rotation)
		return;
	secret_wipe(rotation, sizeof(struct rotation_answer));
	free(rotation);
}

static struct rotation nothing(enum apikey_verdict verdict, enum reason reason)
{
	return (struct rotation){
		.verdict = verdict,
		.reason = reason_name(reason),
		.problem = "",
		.key_id = "",
		.key_name = "",
		.secret = "",
	};
}

/* The daemon knows this request on login.sock alone. */
static int read_error(const struct ask_packet *packet, struct rotation *ret_rotation)
{
	struct message_error error;

	if (codec_decode(&message_error, packet->bytes, packet->size, &error) < 0)
		return -EBADMSG;
	*ret_rotation = nothing(APIKEY_UNAVAILABLE, REASON_DAEMON_UNREACHABLE);
	if (error.answer == ANSWER_UNKNOWN_REQUEST) {
		*ret_rotation = nothing(APIKEY_FORBIDDEN, REASON_NOT_ROTATED);
		ret_rotation->problem = "A key is rotated here by programs that run as root alone.";
	}
	return 0;
}

/* What is granted has to be whole: a check without a secret, a rotation with one and the end of the one before. */
static bool is_whole(const struct message_rotated *message, bool check)
{
	if (message->verdict != VERDICT_GRANTED)
		return !message->secret;
	return message->reason == REASON_NONE && message->key_id && !message->secret == check &&
	       (check || message->retires != 0);
}

static int read_answer(const struct ask_packet *packet, uint64_t id, const struct apikey_request *request, bool check,
		       struct rotation *ret_rotation)
{
	struct message_rotated message;
	struct codec_header header;

	if (codec_decode_header(packet->bytes, packet->size, &header) < 0 || header.request_id != id)
		return -EBADMSG;
	if (header.type == WIRE_ERROR)
		return read_error(packet, ret_rotation);
	if (header.type != (WIRE_ROTATE | WIRE_REPLY) ||
	    codec_decode(&message_rotated, packet->bytes, packet->size, &message) < 0 || !is_whole(&message, check) ||
	    strcmp(message.user, request->user) != 0 || strcmp(message.service, request->service) != 0)
		return -EBADMSG;
	*ret_rotation =
		nothing(APIKEY_DENIED, message.reason < REASON_COUNT ? (enum reason)message.reason : REASON_NONE);
	ret_rotation->problem = text_or_empty(message.problem);
	if (message.verdict != VERDICT_GRANTED) {
		ret_rotation->verdict = ask_refusal(message.verdict);
		return 0;
	}
	ret_rotation->key_id = message.key_id;
	ret_rotation->key_name = text_or_empty(message.key_name);
	ret_rotation->secret = text_or_empty(message.secret);
	ret_rotation->retires = message.retires;
	ret_rotation->verdict = APIKEY_GRANTED;
	return 0;
}

int rotation_ask(const struct apikey_options *given_options, const struct apikey_request *given_request, bool check,
		 struct rotation **ret_rotation)
{
	CLEANUP_ASK_PACKET struct ask_packet question;
	struct codec_header header = { .type = WIRE_ROTATE };
	struct message_rotate message;
	struct apikey_options options;
	struct apikey_request request;
	struct deadline deadline;
	struct rotation_answer *answer;
	int r;

	if (options_read(given_options, &options) < 0 || versioned_read(given_request, &request, sizeof(request)) < 0)
		return -EINVAL;
	deadline = deadline_in(options.timeout);
	header.request_id = (uint64_t)deadline.at;
	message = (struct message_rotate){ .credential = request.credential,
					   .user = request.user,
					   .service = request.service,
					   .check = check,
					   .tenant = request.tenant,
					   .rhost = request.rhost,
					   .tty = request.tty,
					   .ruser = request.ruser };
	if (!request.user || *request.user == '\0' || (request.tenant && *request.tenant == '\0') ||
	    codec_encode(&message_rotate, &message, header, question.bytes, sizeof(question.bytes), &question.size) < 0)
		return -EINVAL;
	answer = malloc(sizeof(*answer));
	if (!answer)
		return -ENOMEM;
	r = ask_exchange(options.path, CONNECT_VERIFY, &question, deadline, &answer->packet);
	if (r == 0)
		r = read_answer(&answer->packet, header.request_id, &request, check, &answer->rotation);
	if (r < 0)
		answer->rotation = nothing(APIKEY_UNAVAILABLE, ask_failure(r));
	*ret_rotation = &answer->rotation;
	return 0;
}
