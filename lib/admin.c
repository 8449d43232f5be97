/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/admin.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "lib/connect.h"
#include "lib/options.h"
#include "proto/answer.h"
#include "proto/message.h"
#include "proto/verdict.h"

/* Milliseconds for what reads or writes all of the store. */
#define PATIENCE (15 * 60 * 1000U)

/* Requests that are on their way together: no more than the daemon takes before it answers. */
#define SENT_MAX 64

struct sent {
	struct codec_header header;
	size_t tag;
};

struct apikey_admin {
	int fd; /* -1 after a failure: a late answer must not be taken for the next one */
	unsigned int timeout;
	uint64_t last_id;
	struct secret credential;
	char message[WIRE_REASON_MAX + 1];
	enum reason reason;
	struct sent sent[SENT_MAX]; /* a ring */
	size_t sent_first, sent_count;
	unsigned char packet[WIRE_PACKET_MAX]; /* the request, then the reply; wiped between calls */
};

int apikey_admin_open(const struct apikey_options *given_options, struct apikey_admin **ret_admin)
{
	struct apikey_admin *admin;
	struct apikey_options options;
	int fd, r;

	r = options_read(given_options, &options);
	if (r < 0)
		return r;
	r = connect_open_persistent(options.path, CONNECT_ADMIN, deadline_in(options.timeout), &fd);
	if (r < 0)
		return r;
	admin = calloc(1, sizeof(*admin));
	if (!admin) {
		cleanup_close_fd(&fd);
		return -ENOMEM;
	}
	admin->fd = fd;
	admin->timeout = options.timeout;
	*ret_admin = admin;
	return 0;
}

static void admin_disconnect(struct apikey_admin *admin)
{
	cleanup_close_fd(&admin->fd);
	admin->sent_count = 0;
}

void apikey_admin_free(struct apikey_admin *admin)
{
	if (!admin)
		return;
	admin_disconnect(admin);
	secret_done(&admin->credential);
	free(admin);
}

int apikey_admin_set_credential(struct apikey_admin *admin, const char *credential)
{
	struct secret copy = { 0 };
	size_t size = credential ? strlen(credential) : 0;

	/* An empty credential must not turn into "none", which is the caller's own uid. */
	if (credential && (size == 0 || size > WIRE_CREDENTIAL_MAX))
		return -EINVAL;
	if (credential && secret_init(&copy, credential, size) < 0)
		return -ENOMEM;
	secret_done(&admin->credential);
	admin->credential = copy;
	return 0;
}

int apikey_admin_fd(const struct apikey_admin *admin)
{
	return admin->fd;
}

const char *admin_credential(const struct apikey_admin *admin)
{
	return admin->credential.data;
}

const char *apikey_admin_message(const struct apikey_admin *admin)
{
	return admin->message;
}

const char *apikey_admin_reason(const struct apikey_admin *admin, enum apikey_verdict *ret_verdict)
{
	if (admin->reason == REASON_NONE)
		return "";
	if (ret_verdict)
		*ret_verdict = (enum apikey_verdict)reason_verdict(admin->reason);
	return reason_name(admin->reason);
}

/* Keeps the sentence of a no. The positive answer, or -EBADMSG. */
static int take_error(struct apikey_admin *admin, size_t size)
{
	struct message_error error;
	enum answer answer;
	const char *sentence;

	if (codec_decode(&message_error, admin->packet, size, &error) < 0 || error.answer == ANSWER_OK)
		return -EBADMSG;
	/* A later daemon may have answers that are not known here. */
	answer = error.answer < ANSWER_COUNT ? (enum answer)error.answer : ANSWER_UNAVAILABLE;
	sentence = error.detail ? error.detail : answer_sentence(answer);
	strncpy(admin->message, sentence, sizeof(admin->message) - 1);
	admin->reason = error.reason < REASON_COUNT ? (enum reason)error.reason : REASON_NONE;
	return (int)answer;
}

/* Reads the reply of size bytes to the request of this header. */
static int take_reply(struct apikey_admin *admin, struct codec_header request, size_t size, block_builder builder,
		      void **ret_root)
{
	struct codec_header header;

	if (codec_decode_header(admin->packet, size, &header) < 0 || header.request_id != request.request_id)
		return -EBADMSG;
	if (header.type == WIRE_ERROR)
		return take_error(admin, size);
	if (header.type != (request.type | WIRE_REPLY))
		return -EBADMSG;
	return block_build(builder, admin->packet, size, ret_root);
}

/* Sends the encoded request and receives the reply in its place. */
static int exchange(struct apikey_admin *admin, size_t size, unsigned int timeout, size_t *ret_size)
{
	struct deadline deadline = deadline_in(timeout);
	int r = connect_send(admin->fd, admin->packet, size, deadline);

	if (r < 0)
		return r;
	return connect_receive(admin->fd, admin->packet, sizeof(admin->packet), deadline, ret_size);
}

static unsigned int patience(const struct apikey_admin *admin)
{
	return admin->timeout > PATIENCE ? admin->timeout : PATIENCE;
}

/* Encodes a request, whose header gets the next id. */
static int encode(struct apikey_admin *admin, const struct codec_record *record, const void *request,
		  struct codec_header *header, size_t *ret_size)
{
	memset(admin->message, 0, sizeof(admin->message));
	admin->reason = REASON_NONE;
	if (admin->fd < 0)
		return -ENOTCONN;
	header->request_id = ++admin->last_id;
	if (codec_encode(record, request, *header, admin->packet, sizeof(admin->packet), ret_size) == 0)
		return 0;
	secret_wipe(admin->packet, sizeof(admin->packet));
	return -EINVAL;
}

/* What a call ends with. */
static int end_call(struct apikey_admin *admin, int r)
{
	secret_wipe(admin->packet, sizeof(admin->packet));
	if (r < 0 && r != -ENOMEM && r != -EAGAIN)
		admin_disconnect(admin);
	return r == -EBADMSG || r == -EMSGSIZE ? -EPROTO : r;
}

static int call_within(struct apikey_admin *admin, unsigned int timeout, uint16_t type,
		       const struct codec_record *record, const void *request, block_builder builder, void **ret_root)
{
	struct codec_header header = { .type = type };
	size_t size;
	int r;

	if (admin->sent_count > 0)
		return -EBUSY;
	r = encode(admin, record, request, &header, &size);
	if (r < 0)
		return r;
	r = exchange(admin, size, timeout, &size);
	if (r == 0)
		r = take_reply(admin, header, size, builder, ret_root);
	return end_call(admin, r);
}

int admin_call(struct apikey_admin *admin, uint16_t type, const struct codec_record *record, const void *request,
	       block_builder builder, void **ret_root)
{
	return call_within(admin, admin->timeout, type, record, request, builder, ret_root);
}

int admin_call_patiently(struct apikey_admin *admin, uint16_t type, const struct codec_record *record,
			 const void *request, block_builder builder, void **ret_root)
{
	return call_within(admin, patience(admin), type, record, request, builder, ret_root);
}

int admin_send(struct apikey_admin *admin, uint16_t type, const struct codec_record *record, const void *request,
	       size_t tag)
{
	struct codec_header header = { .type = type };
	size_t size;
	int r;

	if (admin->sent_count == SENT_MAX)
		return -EAGAIN;
	r = encode(admin, record, request, &header, &size);
	if (r < 0)
		return r;
	/* Where answers wait to be received, waiting for room would wait for ever. */
	r = connect_send(admin->fd, admin->packet, size, deadline_in(admin->sent_count > 0 ? 0 : patience(admin)));
	if (r == -ETIMEDOUT && admin->sent_count > 0)
		r = -EAGAIN;
	if (r == 0)
		admin->sent[(admin->sent_first + admin->sent_count++) % SENT_MAX] = (struct sent){ header, tag };
	return end_call(admin, r);
}

int admin_receive(struct apikey_admin *admin, block_builder builder, void **ret_root, size_t *ret_tag)
{
	struct sent sent = admin->sent[admin->sent_first];
	size_t size;
	int r;

	if (admin->sent_count == 0)
		return admin->fd < 0 ? -ENOTCONN : -ENOMSG;
	memset(admin->message, 0, sizeof(admin->message));
	admin->reason = REASON_NONE;
	admin->sent_first = (admin->sent_first + 1) % SENT_MAX;
	admin->sent_count--;
	r = connect_receive(admin->fd, admin->packet, sizeof(admin->packet), deadline_in(patience(admin)), &size);
	if (r == 0)
		r = take_reply(admin, sent.header, size, builder, ret_root);
	if (r == 0)
		*ret_tag = sent.tag;
	return end_call(admin, r);
}

void admin_set_message(struct apikey_admin *admin, const char *message)
{
	memset(admin->message, 0, sizeof(admin->message));
	strncpy(admin->message, message, sizeof(admin->message) - 1);
}
