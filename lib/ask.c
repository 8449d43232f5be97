/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/ask.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "common/secret.h"
#include "lib/texts.h"
#include "proto/message.h"

void ask_packet_done(struct ask_packet *packet)
{
	secret_wipe(packet, sizeof(*packet));
}

int ask_exchange(const char *path, enum connect_purpose purpose, const struct ask_packet *question,
		 struct deadline deadline, struct ask_packet *ret_answer)
{
	CLEANUP_CLOSE int fd = -1;
	int r = connect_open(path, purpose, deadline, &fd);

	if (r == 0)
		r = connect_send(fd, question->bytes, question->size, deadline);
	if (r == 0)
		r = connect_receive(fd, ret_answer->bytes, sizeof(ret_answer->bytes), deadline, &ret_answer->size);
	return r;
}

static bool is_empty(const char *text)
{
	return text && *text == '\0';
}

int ask_encode(uint16_t type, uint64_t id, const struct apikey_request *request, struct ask_packet *ret_packet)
{
	struct codec_header header = { .type = type, .request_id = id };
	struct message_verify verify = {
		.credential = request->credential,
		.user = request->user,
		.service = request->service,
		.permission = request->permission,
		.tenant = request->tenant,
		.rhost = request->rhost,
		.tty = request->tty,
		.ruser = request->ruser,
		.wants_ticket = (uint64_t)(request->wants_ticket != 0),
	};
	struct message_account account = {
		.handle = request->credential,
		.user = request->user,
		.service = request->service,
		.permission = request->permission,
		.tenant = request->tenant,
		.rhost = request->rhost,
		.tty = request->tty,
	};
	int r;

	/* An empty field of a login form must not turn into "whoever the key belongs to". */
	if (is_empty(request->user) || is_empty(request->tenant))
		return -EINVAL;
	if (type == WIRE_ACCOUNT)
		r = codec_encode(&message_account, &account, header, ret_packet->bytes, sizeof(ret_packet->bytes),
				 &ret_packet->size);
	else
		r = codec_encode(&message_verify, &verify, header, ret_packet->bytes, sizeof(ret_packet->bytes),
				 &ret_packet->size);
	return r < 0 ? -EINVAL : 0;
}

struct apikey_result ask_unavailable(enum reason reason)
{
	return (struct apikey_result){
		.verdict = APIKEY_UNAVAILABLE,
		.reason = reason_name(reason),
		.key_id = "",
		.key_name = "",
		.owner = "",
		.tenant = "",
		.permissions = "",
		.handle = "",
		.ticket = "",
	};
}

enum reason ask_failure(int error)
{
	switch (error) {
	case -ETIMEDOUT:
		return REASON_DEADLINE;
	case -EPERM:
		return REASON_UNTRUSTED_SERVER;
	default:
		return REASON_DAEMON_UNREACHABLE;
	}
}

enum apikey_verdict ask_refusal(uint64_t number)
{
	switch (number) {
	case VERDICT_FORBIDDEN:
		return APIKEY_FORBIDDEN;
	case VERDICT_THROTTLED:
		return APIKEY_THROTTLED;
	case VERDICT_UNAVAILABLE:
		return APIKEY_UNAVAILABLE;
	default:
		return APIKEY_DENIED;
	}
}

static struct apikey_result result_of(const struct message_verdict *message)
{
	struct apikey_result result = ask_unavailable(REASON_NONE);

	if (message->verdict != VERDICT_GRANTED) {
		result.verdict = ask_refusal(message->verdict);
		result.reason = message->reason < REASON_COUNT ? reason_name((enum reason)message->reason) : "";
		return result;
	}
	result.key_id = text_or_empty(message->key_id);
	result.key_name = text_or_empty(message->key_name);
	result.owner = text_or_empty(message->owner);
	result.tenant = text_or_empty(message->tenant);
	result.permissions = text_or_empty(message->permissions);
	result.handle = text_or_empty(message->handle);
	result.ticket = text_or_empty(message->ticket);
	result.expires = message->expires;
	for (size_t i = 0; i < message->notices.count && i < APIKEY_NOTICES_MAX; i++)
		result.notices[i] = message->notices.items[i];
	result.verdict = APIKEY_GRANTED;
	return result;
}

static bool is_echo(const char *said, const char *asked)
{
	return strcmp(text_or_empty(said), text_or_empty(asked)) == 0;
}

int ask_decode(const struct ask_echo *echo, const void *packet, size_t size, struct apikey_result *ret_result)
{
	struct codec_header header;
	struct message_error error;
	struct message_verdict verdict;

	if (codec_decode_header(packet, size, &header) < 0 || header.request_id != echo->id)
		return -EBADMSG;
	if (header.type == WIRE_ERROR) {
		if (codec_decode(&message_error, packet, size, &error) < 0)
			return -EBADMSG;
		*ret_result = ask_unavailable(REASON_DAEMON_UNREACHABLE);
		return 0;
	}
	if (header.type != (echo->type | WIRE_REPLY) || codec_decode(&message_verdict, packet, size, &verdict) < 0)
		return -EBADMSG;
	if (!is_echo(verdict.user, echo->user) || !is_echo(verdict.service, echo->service))
		return -EBADMSG;
	/* A grant with a reason to refuse contradicts itself. */
	if (verdict.verdict == VERDICT_GRANTED && verdict.reason != REASON_NONE)
		return -EBADMSG;
	*ret_result = result_of(&verdict);
	return 0;
}
