/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/item.h"

#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "config.h"
#include "daemon/failure.h"
#include "daemon/journal.h"
#include "daemon/limits.h"
#include "daemon/message_ids.h"
#include "daemon/throttle.h"
#include "daemon/uses.h"
#include "daemon/writer.h"
#include "proto/answer.h"
#include "proto/credential.h"
#include "proto/permission.h"

#define CLAIM_NANOSECONDS INT64_C(10000000000) /* at most so often a refused claim goes to the log */

/* What a request of each type needs. */
struct item_handler {
	enum wire_type type;
	bool login_only; /* not there on verify.sock */
	const struct codec_record *request;
	const char *event; /* in the audit; NULL: not recorded */
	enum tally_phase phase;
	void (*take)(struct item *item); /* what the two kinds of judging have in common; NULL: nothing is judged */
	void (*judge)(struct item *item, struct thread *thread, const struct verify_caller *caller,
		      struct store_key *key);
	int (*reply)(const struct item *item, const struct connection *connection, void *buffer, size_t *ret_size);
};

/* ---- the handlers ---- */

static struct codec_header reply_header(const struct item *item)
{
	return (struct codec_header){ .type = item->header.type | WIRE_REPLY, .request_id = item->header.request_id };
}

static int reply_welcome(const struct item *item, const struct connection *connection, void *buffer, size_t *ret_size)
{
	struct message_welcome welcome = { .version = PACKAGE_VERSION };

	(void)connection;
	return codec_encode(&message_welcome, &welcome, reply_header(item), buffer, WIRE_VERIFY_PACKET_MAX, ret_size);
}

/* A gateway makes a code of it for its own client, of which there are fewer. */
static bool tells_reason(const struct connection *connection)
{
	return connection->socket == CONNECTION_LOGIN ||
	       settings_is_gateway(&connection->thread->settings->settings, connection->peer.uid);
}

static int reply_verdict(const struct item *item, const struct connection *connection, void *buffer, size_t *ret_size)
{
	const struct verify_outcome *outcome = &item->outcome;
	struct message_verdict verdict = { .verdict = outcome->verdict, .user = item->user, .service = item->service };

	if (tells_reason(connection))
		verdict.reason = outcome->reason;
	if (outcome->verdict == VERDICT_GRANTED) {
		verdict.key_id = outcome->key_id;
		verdict.key_name = outcome->key_name;
		verdict.owner = outcome->owner;
		verdict.tenant = outcome->tenant;
		verdict.expires = outcome->expires;
		verdict.handle = outcome->handle;
		verdict.permissions = outcome->permissions;
		verdict.ticket = *outcome->ticket ? outcome->ticket : NULL;
		for (size_t i = 0; i < outcome->notices.count; i++)
			verdict.notices.items[verdict.notices.count++] = outcome->notices.texts[i];
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

static void judge_verify(struct item *item, struct thread *thread, const struct verify_caller *caller,
			 struct store_key *key)
{
	verify_credential(thread, caller, &item->request.verify, clock_wall_seconds(), key, &item->outcome);
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

static void judge_account(struct item *item, struct thread *thread, const struct verify_caller *caller,
			  struct store_key *key)
{
	verify_handle(thread, caller, &item->request.account, clock_wall_seconds(), key, &item->outcome);
}

static void take_redeem(struct item *item)
{
	item->user = item->rhost = item->tty = item->permission = NULL;
	item->service = item->request.redeem.service;
}

static void judge_redeem(struct item *item, struct thread *thread, const struct verify_caller *caller,
			 struct store_key *key)
{
	(void)caller;
	verify_ticket(thread, &item->request.redeem, clock_wall_seconds(), key, &item->outcome, &item->redeemed);
	item->user = *item->redeemed.user ? item->redeemed.user : NULL;
	item->rhost = *item->redeemed.rhost ? item->redeemed.rhost : NULL;
}

/* A refusal says why: who asks is root. */
static int refuse_redeem(const struct item *item, void *buffer, size_t *ret_size)
{
	const struct verify_outcome *outcome = &item->outcome;
	struct message_error error = { .detail = reason_sentence(outcome->reason) };
	struct codec_header header = { .type = WIRE_ERROR, .request_id = item->header.request_id };

	if (outcome->verdict == VERDICT_UNAVAILABLE)
		error.answer = ANSWER_UNAVAILABLE;
	else
		error.answer = outcome->reason == REASON_BAD_TICKET ? ANSWER_NOT_FOUND : ANSWER_WRONG_STATE;
	return codec_encode(&message_error, &error, header, buffer, WIRE_VERIFY_PACKET_MAX, ret_size);
}

static int reply_redeemed(const struct item *item, const struct connection *connection, void *buffer, size_t *ret_size)
{
	const struct verify_outcome *outcome = &item->outcome;
	struct message_redeemed redeemed = {
		.key_id = outcome->key_id,
		.key_name = outcome->key_name,
		.owner = outcome->owner,
		.user = item->user,
		.tenant = *outcome->tenant ? outcome->tenant : NULL,
		.source = item->rhost ? item->rhost : "local",
	};

	(void)connection;
	if (outcome->verdict != VERDICT_GRANTED)
		return refuse_redeem(item, buffer, ret_size);
	return codec_encode(&message_redeemed, &redeemed, reply_header(item), buffer, WIRE_VERIFY_PACKET_MAX, ret_size);
}

static void take_rotate(struct item *item)
{
	const struct message_rotate *request = &item->request.rotate;

	item->user = request->user;
	item->service = request->service;
	item->rhost = request->rhost;
	item->tty = request->tty;
	item->permission = NULL;
}

static void judge_rotate(struct item *item, struct thread *thread, const struct verify_caller *caller,
			 struct store_key *key)
{
	const struct message_rotate *request = &item->request.rotate;

	holder_rotation_judge(thread, caller, request, clock_wall_seconds(), key, &item->outcome);
	item->rotates = item->outcome.verdict == VERDICT_GRANTED && !request->check;
	/* Not granted before there is a new secret. */
	if (item->rotates)
		item->outcome.verdict = VERDICT_DENIED;
}

static int reply_rotated(const struct item *item, const struct connection *connection, void *buffer, size_t *ret_size)
{
	const struct verify_outcome *outcome = &item->outcome;
	struct message_rotated rotated = {
		.verdict = outcome->verdict, .reason = outcome->reason, .user = item->user, .service = item->service
	};

	(void)connection;
	if (outcome->reason == REASON_NOT_ROTATED)
		rotated.problem = outcome->problem;
	if (outcome->verdict == VERDICT_GRANTED) {
		rotated.key_id = outcome->key_id;
		rotated.key_name = outcome->key_name;
	}
	if (outcome->verdict == VERDICT_GRANTED && item->rotates) {
		rotated.secret = item->rotation.secret;
		rotated.retires = item->rotation.retires;
	}
	return codec_encode(&message_rotated, &rotated, reply_header(item), buffer, WIRE_VERIFY_PACKET_MAX, ret_size);
}

static const struct item_handler handlers[] = {
	{ WIRE_HELLO, false, &message_hello, NULL, TALLY_AUTHENTICATE, NULL, NULL, reply_welcome },
	{ WIRE_VERIFY, false, &message_verify, "verify", TALLY_AUTHENTICATE, take_verify, judge_verify, reply_verdict },
	{ WIRE_ACCOUNT, false, &message_account, "account", TALLY_ACCOUNT, take_account, judge_account, reply_verdict },
	{ WIRE_REDEEM, true, &message_redeem, "session_open", TALLY_ACCOUNT, take_redeem, judge_redeem,
	  reply_redeemed },
	{ WIRE_ROTATE, true, &message_rotate, "rotate", TALLY_ROTATE, take_rotate, judge_rotate, reply_rotated },
};

static const struct item_handler *find_handler(uint16_t type, enum connection_socket socket)
{
	for (size_t i = 0; i < ARRAY_SIZE(handlers); i++) {
		if (handlers[i].type == type && (socket == CONNECTION_LOGIN || !handlers[i].login_only))
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

bool item_decode(struct item *item, enum connection_socket socket, const void *packet, size_t size)
{
	if (codec_decode_header(packet, size, &item->header) < 0)
		return false;
	item->handler = find_handler(item->header.type, socket);
	if (!item->handler)
		return true;
	if (codec_decode(item->handler->request, packet, size, &item->request) < 0)
		return false;
	if (item->handler->take)
		item->handler->take(item);
	return true;
}

int item_reply(const struct item *item, const struct connection *connection, void *buffer, size_t *ret_size)
{
	if (!item->handler)
		return reply_error(item, buffer, ret_size);
	return item->handler->reply(item, connection, buffer, ret_size);
}

/* ---- judging ---- */

struct verify_caller item_caller(const struct connection *connection)
{
	return (struct verify_caller){
		.uid = connection->peer.uid,
		.pid = connection->peer.pid,
		.root = connection->socket == CONNECTION_LOGIN,
		.services = settings_peer_services(&connection->thread->settings->settings, connection->peer.uid),
		.settings = &connection->thread->settings->settings,
		.sources = connection->thread->daemon->sources,
	};
}

bool item_is_judged(const struct item *item)
{
	return item->handler && item->handler->judge;
}

/* What was shown to be judged; NULL: no credential. */
static const char *credential_of(const struct item *item)
{
	if (item->header.type == WIRE_VERIFY)
		return item->request.verify.credential;
	return item->header.type == WIRE_ROTATE ? item->request.rotate.credential : NULL;
}

/* An imported secret may be so weak that it can be guessed. A source that has failed too often is not told any more
 * whether it has found one: not even how long it takes to look. */
static bool is_guess_too_many(const struct item *item, struct thread *thread, const struct verify_caller *caller)
{
	const char *text = credential_of(item);

	return text && credential_classify(text, strlen(text)).kind == CREDENTIAL_OTHER &&
	       throttle_is_over(thread->daemon->throttle, caller->uid, item->source, clock_monotonic(),
				thread->settings->settings.failures_per_minute);
}

void item_judge(struct item *item, struct thread *thread, const struct verify_caller *caller, struct store_key *key)
{
	item->rotates = false;
	verify_source(caller, item->rhost, item->source);
	if (is_guess_too_many(item, thread, caller)) {
		verify_turn_away(&item->outcome, REASON_TOO_MANY_FAILURES);
		return;
	}
	item->handler->judge(item, thread, caller, key);
}

bool item_is_undecided(const struct item *item)
{
	return item->outcome.undecided || item->rotates;
}

int item_consume(struct item *item, struct vault *vault, const struct daemon *daemon, const struct settings *settings,
		 const struct verify_caller *caller)
{
	struct store_key key;
	int r;

	if (item->rotates)
		return holder_rotation_do(vault, daemon->uses, settings->rotation_overlap, caller,
					  &item->request.rotate, clock_wall_seconds(), &item->outcome, &item->rotation);
	r = verify_consume(vault->store, caller, &item->request.verify, clock_wall_seconds(), &key, &item->outcome);
	secret_wipe(key.secrets, sizeof(key.secrets));
	return r;
}

void item_finish(struct item *item, struct thread *thread, const struct verify_caller *caller)
{
	if (!item->rotates)
		verify_finish(thread, caller, &item->request.verify, &item->outcome);
	else if (item->outcome.reason == REASON_NONE)
		item->outcome.verdict = VERDICT_GRANTED;
}

void item_announce(const struct item *item, struct thread *thread)
{
	const struct verify_outcome *outcome = &item->outcome;

	if (!outcome->suspended)
		return;
	journal_event(thread->daemon->journal, LOG_WARNING, MESSAGE_ID_KEY_SUSPENDED,
		      "key %s (%s/%s) is suspended, %s; 'apikeyctl key activate --why TEXT' lets it be used again",
		      outcome->key_id, outcome->owner, outcome->key_name, outcome->misuse);
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

static struct throttle_answer count_failure(const struct item *item, struct thread *thread,
					    const struct verify_caller *caller, int64_t now)
{
	struct failure failure = { .uid = caller->uid,
				   .source = item->source,
				   .user = !verify_is_believed(caller),
				   .key_id = credential_of(item) ? item->outcome.key_id : "",
				   .reason = item->outcome.reason };

	return failure_count(thread->daemon, &thread->settings->settings, &failure, now);
}

/* Nothing is wrong with the credential that was shown. */
static bool is_chatter(const struct item *item)
{
	return item->outcome.verdict == VERDICT_GRANTED || item->outcome.verdict == VERDICT_FORBIDDEN ||
	       item->outcome.reason == REASON_TOO_MANY_REQUESTS;
}

/* What callers that no [peers] line names do with good keys is theirs alone; but whoever has one could push the records
 * of others out of the files that are kept, so beyond so many a minute their records are summed up.
 *
 * A refusal is counted against uid and source; over the limit it becomes "throttled", and most of them are not written
 * down. */
bool item_throttle(struct item *item, struct thread *thread, const struct verify_caller *caller)
{
	struct throttle_answer answer;
	int64_t now = clock_monotonic();

	item->count = 0;
	/* A ticket is no guess: it has 128 bits, and root shows it. No login is to be late for one that is stale. */
	if (item->header.type == WIRE_REDEEM)
		return true;
	/* A key that is for another service is no matter of [peers]. */
	if (item->outcome.reason == REASON_WRONG_SERVICE && !*item->outcome.bound_to)
		log_claim(thread, caller, item->service);
	if (is_chatter(item)) {
		/* While nothing can be recorded nobody is let in, and so each has a record that fails. */
		if (verify_is_believed(caller) || audit_is_stopped(thread->daemon->audit))
			return true;
		answer = throttle_failure(thread->daemon->chatter, caller->uid, "", now, CHATTER_PER_MINUTE);
		item->count = answer.suppressed + 1;
		return answer.record;
	}
	/* What was turned away unseen counts like what was refused. */
	if (item->outcome.verdict != VERDICT_DENIED && item->outcome.reason != REASON_TOO_MANY_FAILURES)
		return true;
	answer = count_failure(item, thread, caller, now);
	item->count = answer.suppressed + 1;
	if (!answer.throttled && item->outcome.reason != REASON_TOO_MANY_FAILURES)
		return true;
	item->outcome.verdict = VERDICT_THROTTLED;
	item->outcome.reason = REASON_TOO_MANY_FAILURES;
	limits_slow(thread->daemon->limits, caller->uid, now + LIMITS_SLOW_NANOSECONDS);
	return answer.record;
}

struct audit_record item_record(const struct item *item, const struct verify_caller *caller)
{
	const struct verify_outcome *outcome = &item->outcome;

	return (struct audit_record){
		.time = clock_wall_microseconds(),
		.event = item->handler->event,
		.has_verdict = true,
		.verdict = outcome->verdict,
		.reason = outcome->reason,
		.key_id = *outcome->key_id ? outcome->key_id : NULL,
		.key_name = *outcome->key_name ? outcome->key_name : NULL,
		.owner = *outcome->owner ? outcome->owner : NULL,
		.unnamed = !outcome->described,
		.test = outcome->test,
		.user = item->user,
		.service = item->service,
		.tty = item->tty,
		.rhost = item->rhost,
		.permission = item->permission,
		.bound_to = outcome->bound_to,
		.misuse = outcome->misuse,
		.detail = outcome->problem,
		.has_peer = true,
		.peer_uid = caller->uid,
		.peer_pid = caller->pid,
		.count = item->count,
	};
}

static void leave_out(const struct item *item, struct daemon *daemon, uid_t uid)
{
	if (is_chatter(item))
		throttle_left_out(daemon->chatter, uid, "", item->count - 1);
	else
		throttle_left_out(daemon->throttle, uid, item->source, item->count - 1);
}

void item_fail_audit(struct item *item, struct thread *thread, const struct verify_caller *caller)
{
	/* A record that may follow after its answer waits until it is written. */
	if (item->count > 1 && !thread->settings->settings.audit_relaxed)
		leave_out(item, thread->daemon, caller->uid);
	item->outcome.verdict = VERDICT_UNAVAILABLE;
	item->outcome.reason = REASON_AUDIT_FAILED;
}

/* Only who may speak for a service makes its name known. */
static void tally(const struct item *item, struct thread *thread, const struct verify_caller *caller)
{
	const struct verify_outcome *outcome = &item->outcome;
	bool add = caller->root || policy_list_contains(caller->services, ' ', item->service);
	size_t service = services_find(thread->daemon->services, item->service, add);

	tally_verdict(thread->tally, item->handler->phase, service,
		      outcome->verdict == VERDICT_GRANTED ? REASON_NONE : outcome->reason);
}

void item_count(const struct item *item, struct thread *thread, const struct verify_caller *caller, enum tally_way way,
		int64_t begun)
{
	struct daemon *daemon = thread->daemon;

	/* That login was counted when it was verified. */
	if (item->header.type == WIRE_REDEEM)
		return;
	tally(item, thread, caller);
	tally_duration(thread->tally, way, clock_monotonic() - begun);
	if (item->outcome.verdict != VERDICT_GRANTED) {
		counter_add(&thread->counters, COUNTER_REASONS, item->outcome.reason);
		return;
	}
	counter_add(&thread->counters, COUNTER_GRANTED, 0);
	if (item->header.type != WIRE_VERIFY)
		return;
	/* The end of a secret that waited for this use is to be in the store before it comes, and not seconds later. */
	if (uses_note(daemon->uses, item->outcome.key_id, item->outcome.secret, clock_wall_seconds(), item->service,
		      item->source) ||
	    item->outcome.settles)
		writer_wake(daemon->writer);
}
