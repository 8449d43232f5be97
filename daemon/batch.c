/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "daemon/closer.h"
#include "daemon/item.h"
#include "daemon/pending.h"

#define BATCH_SIZE 32

enum state {
	STATE_DECIDED,
	STATE_RECORDED, /* a record of the batch is its */
	STATE_PENDING,  /* the writer has it; it is recorded and answered later */
};

struct batch {
	size_t count;
	struct item items[BATCH_SIZE];
	enum state states[BATCH_SIZE];
	struct store_key key;
	size_t record_count;
	struct audit_record records[BATCH_SIZE];
	struct mmsghdr messages[BATCH_SIZE];
	struct iovec vectors[BATCH_SIZE];
	size_t received[BATCH_SIZE]; /* bytes of each packet */
	size_t reply_count;
	size_t sizes[BATCH_SIZE]; /* bytes of each reply */
	unsigned char packets[BATCH_SIZE][WIRE_VERIFY_PACKET_MAX];
	unsigned char replies[BATCH_SIZE][WIRE_VERIFY_PACKET_MAX];
};

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	secret_wipe(batch, sizeof(*batch));
	free(batch);
}

/* ---- receiving ---- */

static void prepare_messages(struct batch *batch, unsigned char (*buffers)[WIRE_VERIFY_PACKET_MAX], const size_t *sizes,
			     size_t count)
{
	for (size_t i = 0; i < count; i++) {
		batch->vectors[i] = (struct iovec){ buffers[i], sizes ? sizes[i] : WIRE_VERIFY_PACKET_MAX };
		batch->messages[i] = (struct mmsghdr){ .msg_hdr = { .msg_iov = &batch->vectors[i], .msg_iovlen = 1 } };
	}
}

static bool decode(struct batch *batch, enum connection_socket socket, size_t index)
{
	const struct mmsghdr *message = &batch->messages[index];

	if (message->msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return false;
	batch->states[index] = STATE_DECIDED;
	return item_decode(&batch->items[index], socket, batch->packets[index], message->msg_len);
}

/* A client that has said hello may have many in flight; any other has one. */
static unsigned int receive_most(const struct connection *connection)
{
	size_t room = PENDING_MAX - connection->pending_count;

	if (!connection->persistent)
		return 1;
	return room < BATCH_SIZE ? (unsigned int)room : BATCH_SIZE;
}

/* Receives and decodes. *ret_end: the peer has gone or broke a rule behind the items. */
static int receive(struct connection *connection, struct batch *batch, bool *ret_end)
{
	unsigned int wanted = receive_most(connection);
	int received;

	prepare_messages(batch, batch->packets, NULL, wanted);
	if (connection->peer.uid != 0) {
		received = closer_peek(connection->fd, batch->messages, wanted);
		if (received == -EBADMSG)
			counter_add(&connection->thread->counters, COUNTER_BAD_PACKETS, 0);
		if (received < 0)
			return received;
		wanted = (unsigned int)received;
		prepare_messages(batch, batch->packets, NULL, wanted);
	}
	do
		received = recvmmsg(connection->fd, batch->messages, wanted, MSG_DONTWAIT, NULL);
	while (received < 0 && errno == EINTR);
	if (received < 0)
		return -errno;
	batch->count = 0;
	*ret_end = false;
	for (int i = 0; i < received; i++)
		batch->received[i] = batch->messages[i].msg_len;
	for (int i = 0; i < received && !*ret_end; i++) {
		if (batch->messages[i].msg_len == 0) {
			/* end of file, or an empty packet, which looks the same */
			*ret_end = true;
		} else if (!decode(batch, connection->socket, (size_t)i)) {
			counter_add(&connection->thread->counters, COUNTER_BAD_PACKETS, 0);
			*ret_end = true;
		} else {
			batch->count++;
		}
	}
	return received;
}

/* ---- judging ---- */

static void judge_item(struct connection *connection, const struct verify_caller *caller, struct batch *batch, size_t i)
{
	struct item *item = &batch->items[i];

	item_judge(item, connection->thread, caller, &batch->key);
	if (item_is_undecided(item)) {
		if (pending_start(connection, caller, item, batch->packets[i], batch->received[i])) {
			batch->states[i] = STATE_PENDING;
			return;
		}
		verify_refuse(&item->outcome, REASON_STORE_FAILED);
	}
	if (!item_throttle(item, connection->thread, caller))
		return;
	batch->records[batch->record_count++] = item_record(item, caller);
	batch->states[i] = STATE_RECORDED;
}

static void judge(struct connection *connection, const struct verify_caller *caller, struct batch *batch)
{
	struct thread *thread = connection->thread;

	/* One look-up alone is a transaction of its own, begun no earlier. */
	if (thread_vault(thread) && batch->count > 1)
		(void)store_read_begin(thread->reader);
	batch->record_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		if (item_is_judged(&batch->items[i]))
			judge_item(connection, caller, batch, i);
	}
	if (thread->reader)
		store_read_end(thread->reader);
}

/* One without a record of its own is summed up with those that have one. */
static bool needs_record(const struct batch *batch, size_t i)
{
	return batch->states[i] == STATE_RECORDED ||
	       (batch->states[i] == STATE_DECIDED && item_is_judged(&batch->items[i]) &&
		batch->items[i].outcome.verdict == VERDICT_GRANTED);
}

/* Writes the records. What cannot be recorded is not decided, unless the administrator chose otherwise. */
static void record(struct thread *thread, const struct verify_caller *caller, struct batch *batch)
{
	if (batch->record_count == 0 || audit_write(thread->daemon->audit, batch->records, batch->record_count) == 0 ||
	    !thread->settings->settings.audit_strict)
		return;
	for (size_t i = 0; i < batch->count; i++) {
		if (needs_record(batch, i))
			item_fail_audit(&batch->items[i], thread, caller);
	}
}

static void count(const struct connection *connection, const struct verify_caller *caller, const struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (item_is_judged(&batch->items[i]) && batch->states[i] != STATE_PENDING)
			item_count(&batch->items[i], connection->thread, caller, TALLY_READ, connection->active);
	}
}

/* ---- answering ---- */

static int encode_replies(struct connection *connection, struct batch *batch)
{
	batch->reply_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		const struct item *item = &batch->items[i];
		size_t at = batch->reply_count;
		int r;

		if (batch->states[i] == STATE_PENDING)
			continue;
		r = item_reply(item, connection, batch->replies[at], &batch->sizes[at]);
		if (r < 0)
			return r;
		batch->reply_count++;
		if (item->header.type == WIRE_HELLO && !connection->persistent)
			connection->persistent = connection->hand_over = true;
	}
	return 0;
}

static int send_replies(struct connection *connection, struct batch *batch)
{
	size_t sent = 0;

	prepare_messages(batch, batch->replies, batch->sizes, batch->reply_count);
	while (sent < batch->reply_count) {
		int r = sendmmsg(connection->fd, batch->messages + sent, (unsigned int)(batch->reply_count - sent),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r > 0) {
			sent += (size_t)r;
			continue;
		}
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno != EAGAIN)
			return -errno;
		for (; sent < batch->reply_count; sent++) {
			r = connection_keep(connection, batch->replies[sent], batch->sizes[sent]);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Credentials came in and handles went out: neither stays in memory longer than it is needed. */
static void wipe(struct batch *batch, size_t received)
{
	for (size_t i = 0; i < received; i++)
		secret_wipe(batch->packets[i], batch->received[i]);
	for (size_t i = 0; i < batch->reply_count; i++)
		secret_wipe(batch->replies[i], batch->sizes[i]);
	for (size_t i = 0; i < batch->count; i++)
		verify_outcome_wipe(&batch->items[i].outcome);
}

enum batch_result batch_serve(struct thread *thread, struct connection *connection)
{
	struct batch *batch = thread->batch;
	bool end = false;
	int received, r = 0;

	if (!batch) {
		batch = thread->batch = malloc(sizeof(*batch));
		if (!batch)
			return BATCH_CLOSE;
	}
	received = receive(connection, batch, &end);
	if (received == -EAGAIN)
		return BATCH_EMPTY;
	if (received <= 0)
		return BATCH_CLOSE;
	connection->active = clock_monotonic();
	batch->reply_count = 0;
	if (batch->count > 0) {
		struct verify_caller caller = item_caller(connection);

		judge(connection, &caller, batch);
		if (!thread->settings->settings.audit_relaxed)
			record(thread, &caller, batch);
		r = encode_replies(connection, batch);
		if (r == 0)
			r = send_replies(connection, batch);
		if (thread->settings->settings.audit_relaxed)
			record(thread, &caller, batch);
		count(connection, &caller, batch);
		connection->answered = connection->answered || batch->reply_count > 0;
	}
	wipe(batch, (size_t)received);
	if (r < 0)
		return BATCH_CLOSE;
	return end ? BATCH_END : BATCH_SERVED;
}
