/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/batch.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "config.h"
#include "daemon/audit.h"
#include "daemon/closer.h"
#include "daemon/journal.h"
#include "daemon/limits.h"
#include "daemon/throttle.h"
#include "daemon/uses.h"
#include "daemon/verify.h"
#include "daemon/writer.h"
#include "proto/answer.h"
#include "proto/message.h"
#include "proto/permission.h"

#define BATCH_SIZE 32
#define CLAIM_NANOSECONDS INT64_C(10000000000) /* at most so often a refused claim goes to the log */
#define SLOW_NANOSECONDS INT64_C(2000000000)   /* how long a uid over its failure limit is served slowly */

struct item {
	struct codec_header header;
	const struct handler *handler; /* NULL: no such request here */
	union {
		struct message_hello hello;
		struct message_verify verify;
		struct message_account account;
	} request;
	/* of the request, whichever it is; they point into its packet */
	const char *user, *service, *rhost, *tty, *permission;
	struct verify_outcome outcome;
	char source[WIRE_NETWORK_MAX + 1]; /* where it is counted */
	bool recorded;                     /* a record of the batch is its */
	uint64_t count;                    /* how many failures the record stands for */
};

struct batch {
	size_t count;
	struct item items[BATCH_SIZE];
	struct store_key key;
	size_t record_count;
	struct audit_record records[BATCH_SIZE];
	struct mmsghdr messages[BATCH_SIZE];
	struct iovec vectors[BATCH_SIZE];
	size_t received[BATCH_SIZE]; /* bytes of each packet */
	size_t sizes[BATCH_SIZE];    /* bytes of each reply */
	unsigned char packets[BATCH_SIZE][WIRE_VERIFY_PACKET_MAX];
	unsigned char replies[BATCH_SIZE][WIRE_VERIFY_PACKET_MAX];
};

/* What a request of each type needs. */
struct handler {
	enum wire_type type;
	const struct codec_record *request;
	const char *event;               /* in the audit; NULL: not recorded */
	void (*take)(struct item *item); /* what the two kinds of judging have in common; NULL: nothing is judged */
	void (*judge)(struct thread *thread, const struct verify_caller *caller, struct batch *batch,
		      struct item *item);
	int (*reply)(const struct connection *connection, const struct item *item, void *buffer, size_t *ret_size);
};

void batch_free(struct batch *batch)
{
	if (!batch)
		return;
	secret_wipe(batch, sizeof(*batch));
	free(batch);
}

/* ---- the handlers ---- */

static struct codec_header reply_header(const struct item *item)
{
	return (struct codec_header){ .type = item->header.type | WIRE_REPLY, .request_id = item->header.request_id };
}

static int reply_welcome(const struct connection *connection, const struct item *item, void *buffer, size_t *ret_size)
{
	struct message_welcome welcome = { .version = PACKAGE_VERSION };

	(void)connection;
	return codec_encode(&message_welcome, &welcome, reply_header(item), buffer, WIRE_VERIFY_PACKET_MAX, ret_size);
}

static int reply_verdict(const struct connection *connection, const struct item *item, void *buffer, size_t *ret_size)
{
	const struct verify_outcome *outcome = &item->outcome;
	struct message_verdict verdict = { .verdict = outcome->verdict, .user = item->user, .service = item->service };

	if (connection->socket == CONNECTION_LOGIN)
		verdict.reason = outcome->reason;
	if (outcome->verdict == VERDICT_GRANTED) {
		verdict.key_id = outcome->key_id;
		verdict.key_name = outcome->key_name;
		verdict.owner = outcome->owner;
		verdict.tenant = outcome->tenant;
		verdict.expires = outcome->expires;
		verdict.handle = outcome->handle;
		verdict.permissions = outcome->permissions;
	}
	return codec_encode(&message_verdict, &verdict, reply_header(item), buffer, WIRE_VERIFY_PACKET_MAX, ret_size);
}

static void take_verify(struct item *item)
{
	const struct message_verify *request = &item->request.verify;

	item->user = request->user;
	item->service = request->service;
	item->rhost = request->rhost;
	item->tty = request->tty;
	item->permission = request->permission;
}

static void judge_verify(struct thread *thread, const struct verify_caller *caller, struct batch *batch,
			 struct item *item)
{
	verify_credential(thread, caller, &item->request.verify, clock_wall_seconds(), &batch->key, &item->outcome);
}

static void take_account(struct item *item)
{
	const struct message_account *request = &item->request.account;

	item->user = request->user;
	item->service = request->service;
	item->rhost = request->rhost;
	item->tty = request->tty;
	item->permission = request->permission;
}

static void judge_account(struct thread *thread, const struct verify_caller *caller, struct batch *batch,
			  struct item *item)
{
	verify_handle(thread, caller, &item->request.account, clock_wall_seconds(), &batch->key, &item->outcome);
}

static const struct handler handlers[] = {
	{ WIRE_HELLO, &message_hello, NULL, NULL, NULL, reply_welcome },
	{ WIRE_VERIFY, &message_verify, "verify", take_verify, judge_verify, reply_verdict },
	{ WIRE_ACCOUNT, &message_account, "account", take_account, judge_account, reply_verdict },
};

static const struct handler *find_handler(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		if (handlers[i].type == type)
			return &handlers[i];
	}
	return NULL;
}

static int reply_error(const struct item *item, void *buffer, size_t *ret_size)
{
	struct message_error error = { .answer = ANSWER_UNKNOWN_REQUEST };
	struct codec_header header = { .type = WIRE_ERROR, .request_id = item->header.request_id };

	return codec_encode(&message_error, &error, header, buffer, WIRE_VERIFY_PACKET_MAX, ret_size);
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

/* Reads one packet's request into an item. False when it breaks a rule of the wire. */
static bool decode_item(struct batch *batch, size_t index)
{
	const struct mmsghdr *message = &batch->messages[index];
	struct item *item = &batch->items[index];

	if (message->msg_hdr.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		return false;
	if (codec_decode_header(batch->packets[index], message->msg_len, &item->header) < 0)
		return false;
	item->recorded = false;
	item->handler = find_handler(item->header.type);
	if (!item->handler)
		return true;
	if (codec_decode(item->handler->request, batch->packets[index], message->msg_len, &item->request) < 0)
		return false;
	if (item->handler->take)
		item->handler->take(item);
	return true;
}

/* Receives and decodes. *ret_end: the peer has gone or broke a rule behind the items. */
static int receive(struct connection *connection, struct batch *batch, bool *ret_end)
{
	/* A client that has said hello may have many in flight; any other has one. */
	unsigned int wanted = connection->persistent ? BATCH_SIZE : 1;
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
		} else if (!decode_item(batch, (size_t)i)) {
			counter_add(&connection->thread->counters, COUNTER_BAD_PACKETS, 0);
			*ret_end = true;
		} else {
			batch->count++;
		}
	}
	return received;
}

/* ---- judging ---- */

/* What callers that no [peers] line names do with good keys is theirs alone; but whoever has one could push the records
 * of others out of the files that are kept, so beyond so many a minute their records are summed up.
 *
 * A refusal is counted against uid and source; over the limit it becomes "throttled", and most of them are not written
 * down. */
static bool throttle_outcome(struct thread *thread, const struct verify_caller *caller, struct item *item)
{
	struct throttle_answer answer;
	int64_t now = clock_monotonic();

	item->count = 0;
	if (item->outcome.verdict == VERDICT_GRANTED || item->outcome.verdict == VERDICT_FORBIDDEN) {
		if (caller->root || *caller->services)
			return true;
		answer = throttle_failure(thread->daemon->chatter, caller->uid, "", now, CHATTER_PER_MINUTE);
		item->count = answer.suppressed + 1;
		return answer.record;
	}
	if (item->outcome.verdict != VERDICT_DENIED)
		return true;
	answer = throttle_failure(thread->daemon->throttle, caller->uid, item->source, now,
				  thread->settings->settings.failures_per_minute);
	item->count = answer.suppressed + 1;
	if (!answer.throttled)
		return true;
	item->outcome.verdict = VERDICT_THROTTLED;
	item->outcome.reason = REASON_TOO_MANY_FAILURES;
	limits_slow(thread->daemon->limits, caller->uid, now + SLOW_NANOSECONDS);
	return answer.record;
}

static void record_item(struct batch *batch, const struct verify_caller *caller, struct item *item)
{
	struct audit_record *record = &batch->records[batch->record_count++];
	const struct verify_outcome *outcome = &item->outcome;

	*record = (struct audit_record){
		.time = clock_wall_microseconds(),
		.event = item->handler->event,
		.has_verdict = true,
		.verdict = outcome->verdict,
		.reason = outcome->reason,
		.key_id = *outcome->key_id ? outcome->key_id : NULL,
		.key_name = *outcome->key_name ? outcome->key_name : NULL,
		.owner = *outcome->owner ? outcome->owner : NULL,
		.test = outcome->test,
		.user = item->user,
		.service = item->service,
		.tty = item->tty,
		.rhost = item->rhost,
		.permission = item->permission,
		.has_peer = true,
		.peer_uid = caller->uid,
		.peer_pid = caller->pid,
		.count = item->count,
	};
	item->recorded = true;
}

/* Tells the administrator which line would let a caller speak for the service it named. */
static void log_claim(struct thread *thread, const struct verify_caller *caller, const char *service)
{
	int64_t now = clock_monotonic();

	if (!permission_is_name(service) || (thread->claim_logged && now - thread->claim_logged < CLAIM_NANOSECONDS))
		return;
	thread->claim_logged = now;
	journal_print(
		thread->daemon->journal, LOG_NOTICE,
		"uid %u showed a good key for the service %s, which it may not speak for; this line in [peers] of the "
		"configuration lets it: %u = %s",
		(unsigned int)caller->uid, service, (unsigned int)caller->uid, service);
}

static void judge(struct connection *connection, struct batch *batch)
{
	struct thread *thread = connection->thread;
	struct verify_caller caller = {
		.uid = connection->peer.uid,
		.pid = connection->peer.pid,
		.root = connection->socket == CONNECTION_LOGIN,
		.services = settings_peer_services(&thread->settings->settings, connection->peer.uid),
	};
	/* One look-up alone is a transaction of its own, begun no earlier. */
	bool reading = thread_vault(thread) && batch->count > 1 && store_read_begin(thread->reader) == 0;

	batch->record_count = 0;
	for (size_t i = 0; i < batch->count; i++) {
		struct item *item = &batch->items[i];

		if (!item->handler || !item->handler->judge)
			continue;
		verify_source(&caller, item->rhost, item->source);
		item->handler->judge(thread, &caller, batch, item);
		if (item->outcome.reason == REASON_WRONG_SERVICE)
			log_claim(thread, &caller, item->service);
		if (throttle_outcome(thread, &caller, item))
			record_item(batch, &caller, item);
	}
	if (reading)
		store_read_end(thread->reader);
}

static void fail_recorded(struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		if (!batch->items[i].recorded)
			continue;
		batch->items[i].outcome.verdict = VERDICT_UNAVAILABLE;
		batch->items[i].outcome.reason = REASON_AUDIT_FAILED;
	}
}

/* Writes the records. What cannot be recorded is not decided, unless the administrator chose otherwise. */
static void record(struct thread *thread, struct batch *batch)
{
	if (batch->record_count == 0)
		return;
	if (audit_write(thread->daemon->audit, batch->records, batch->record_count) < 0 &&
	    thread->settings->settings.audit_strict)
		fail_recorded(batch);
}

static void count(struct thread *thread, struct batch *batch)
{
	struct daemon *daemon = thread->daemon;

	for (size_t i = 0; i < batch->count; i++) {
		const struct item *item = &batch->items[i];

		if (!item->handler || !item->handler->judge)
			continue;
		if (item->outcome.verdict != VERDICT_GRANTED) {
			counter_add(&thread->counters, COUNTER_REASONS, item->outcome.reason);
			continue;
		}
		counter_add(&thread->counters, COUNTER_GRANTED, 0);
		if (item->header.type == WIRE_VERIFY &&
		    uses_note(daemon->uses, item->outcome.key_id, item->outcome.secret, clock_wall_seconds(),
			      item->service, item->source))
			writer_wake(daemon->writer);
	}
}

/* ---- answering ---- */

static int encode_replies(struct connection *connection, struct batch *batch)
{
	for (size_t i = 0; i < batch->count; i++) {
		const struct item *item = &batch->items[i];
		int r = item->handler ? item->handler->reply(connection, item, batch->replies[i], &batch->sizes[i])
				      : reply_error(item, batch->replies[i], &batch->sizes[i]);

		if (r < 0)
			return r;
		if (item->header.type == WIRE_HELLO && !connection->persistent)
			connection->persistent = connection->hand_over = true;
	}
	return 0;
}

static int send_replies(struct connection *connection, struct batch *batch)
{
	size_t sent = 0;

	prepare_messages(batch, batch->replies, batch->sizes, batch->count);
	while (sent < batch->count) {
		int r = sendmmsg(connection->fd, batch->messages + sent, (unsigned int)(batch->count - sent),
				 MSG_DONTWAIT | MSG_NOSIGNAL);

		if (r > 0) {
			sent += (size_t)r;
			continue;
		}
		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0 && errno != EAGAIN)
			return -errno;
		for (; sent < batch->count; sent++) {
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
	for (size_t i = 0; i < batch->count; i++) {
		secret_wipe(batch->replies[i], batch->sizes[i]);
		secret_wipe(batch->items[i].outcome.handle, sizeof(batch->items[i].outcome.handle));
	}
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
	if (batch->count > 0) {
		judge(connection, batch);
		if (!thread->settings->settings.audit_relaxed)
			record(thread, batch);
		r = encode_replies(connection, batch);
		if (r == 0)
			r = send_replies(connection, batch);
		if (thread->settings->settings.audit_relaxed)
			record(thread, batch);
		count(thread, batch);
		connection->answered = true;
	}
	wipe(batch, (size_t)received);
	return end || r < 0 ? BATCH_CLOSE : BATCH_SERVED;
}
