/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/admin.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/crypto.h"
#include "daemon/admin_session.h"
#include "daemon/admin_standing.h"
#include "daemon/audit.h"
#include "daemon/closer.h"
#include "daemon/failure.h"
#include "daemon/key_secrets.h"
#include "daemon/limits.h"
#include "daemon/throttle.h"
#include "daemon/uses.h"

#define SERVICE "admin" /* what a use of the credential that acts is noted under */

/* ---- answering ---- */

int admin_reply(struct admin_request *request, const struct codec_record *record, const void *message)
{
	struct codec_header header = { .type = request->header.type | WIRE_REPLY,
				       .request_id = request->header.request_id };

	return codec_encode(record, message, header, request->reply, sizeof(request->reply), &request->reply_size);
}

int admin_refuse(struct admin_request *request, enum answer answer, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(request->detail, sizeof(request->detail), format, arguments);
	va_end(arguments);
	return (int)answer;
}

struct audit_record admin_record(const struct admin_request *request, const char *event)
{
	return (struct audit_record){
		.time = clock_wall_microseconds(),
		.event = event,
		.has_peer = true,
		.peer_uid = request->peer.uid,
		.peer_pid = request->peer.pid,
		.actor = request->authority.actor,
		.rhost = *request->authority.signin.source ? request->authority.signin.source : NULL,
	};
}

void admin_record_proof(const struct admin_request *request, const struct verify_proof *proof, bool found,
			enum reason reason, struct audit_record *record)
{
	const struct store_key *key = found ? &request->keys[0] : &verify_nobodys;

	record->has_verdict = true;
	record->verdict = reason == REASON_NONE ? VERDICT_GRANTED : reason_verdict(reason);
	record->reason = reason;
	record->key_id = *proof->id ? proof->id : NULL;
	record->key_name = key->name;
	record->owner = key->owner;
	record->unnamed = !found;
	record->test = key->test;
}

static void free_request(struct admin_request *request)
{
	if (request->counted)
		limits_leave(request->thread->daemon->limits, request->peer.uid);
	secret_wipe(&request->token, sizeof(request->token));
	secret_wipe(&request->signin, sizeof(request->signin));
	admin_sessions_done(request);
	free(request->lockdown);
	secret_wipe(request->packet, request->packet_size);
	secret_wipe(request->reply, request->reply_size);
	settings_unshare(request->settings);
	free(request);
}

static void encode_error(struct admin_request *request, enum answer answer)
{
	bool gateway = settings_is_gateway(&request->settings->settings, request->peer.uid);
	struct message_error error = {
		.answer = answer,
		.detail = request->detail,
		.reason = gateway && answer == ANSWER_BAD_CREDENTIAL ? request->authority.reason : REASON_NONE,
	};
	struct codec_header header = { .type = WIRE_ERROR, .request_id = request->header.request_id };

	/* The reply may hold a secret whose key did not come about. */
	secret_wipe(request->reply, request->reply_size);
	if (codec_encode(&message_error, &error, header, request->reply, sizeof(request->reply), &request->reply_size) <
	    0)
		request->reply_size = 0;
}

bool admin_acts_for_others(const struct admin_request *request)
{
	const struct settings *settings = &request->settings->settings;

	return settings_is_gateway(settings, request->peer.uid) ||
	       *settings_peer_services(settings, request->peer.uid) != '\0';
}

struct throttle_answer admin_count_failure(struct admin_request *request, const char *key_id, enum reason reason)
{
	struct daemon *daemon = request->thread->daemon;
	int64_t now = clock_monotonic();
	bool administrator = request->connection && request->connection->administrator;
	bool user = !administrator && !admin_acts_for_others(request);
	struct failure failure = { .uid = request->peer.uid,
				   .source = request->authority.signin.source,
				   .user = user,
				   .key_id = key_id,
				   .reason = reason };
	struct throttle_answer answer = failure_count(daemon, &request->settings->settings, &failure, now);

	if (!answer.throttled || !request->connection || !user)
		return answer;
	/* Else this socket would be the one to guess at. */
	request->slow = true;
	limits_slow(daemon->limits, request->peer.uid, now + LIMITS_SLOW_NANOSECONDS);
	return answer;
}

/* What counts together of an authority: its uid; or of keys, the owner in their tenant, since who has one may make
 * many. */
static struct throttle_answer count(struct admin_request *request, const char *what, uint64_t per_minute)
{
	const struct authority *authority = &request->authority;
	char bucket[WIRE_NETWORK_MAX + 1];
	uint8_t digest[CRYPTO_HASH_SIZE];
	char text[sizeof(authority->account) + sizeof(authority->tenant) + sizeof(authority->owner)];
	int size = snprintf(text, sizeof(text), "%s/%s/%s", authority->account, authority->tenant, authority->owner);
	char hash[ENCODING_BASE64URL_SIZE(12) + 1] = "";

	if (authority->kind == AUTHORITY_KEY && crypto_sha256(text, (size_t)size, digest) == 0)
		encoding_base64url_encode(digest, 12, hash);
	snprintf(bucket, sizeof(bucket), "%s%s%s", what, *hash ? ":" : "", hash);
	return throttle_failure(request->thread->daemon->chatter, authority->uid, bucket, clock_monotonic(),
				per_minute);
}

struct throttle_answer admin_count_record(struct admin_request *request, const char *what)
{
	/* While nothing can be recorded, each has a record that fails, or more would be done than is recorded later. */
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR || audit_is_stopped(request->thread->daemon->audit))
		return (struct throttle_answer){ .record = true };
	return count(request, what, CHATTER_PER_MINUTE);
}

/* Attempts beyond one's authority are recorded, but not so many that a user could push others' records out of the files
 * that are kept; what succeeded has its record in the change log. */
static void record_refusal(struct admin_request *request, enum answer answer)
{
	struct daemon *daemon = request->thread->daemon;
	struct throttle_answer throttled;
	struct audit_record record;

	if ((answer != ANSWER_NOT_PERMITTED && answer != ANSWER_BAD_CREDENTIAL) || request->recorded)
		return;
	throttled = admin_count_failure(request, request->authority.key_id, request->authority.reason);
	if (!throttled.record)
		return;
	record = admin_record(request, request->verb && request->verb->event ? request->verb->event : "admin");
	record.has_verdict = true;
	record.verdict = answer == ANSWER_NOT_PERMITTED ? VERDICT_FORBIDDEN : VERDICT_DENIED;
	record.count = throttled.suppressed + 1;
	(void)audit_write(daemon->audit, &record, 1);
}

/* ---- those of one connection ---- */

/*
 * Imports that a connection may have waiting: more of them are then in one transaction. An administrator's alone, since
 * each takes room for two packets. Answers come in the order of the requests: what is answered at once, as a refusal
 * is, or is no import, waits until all before it are answered, and nothing is read behind it.
 */
#define IMPORTS_MAX 64

static void enlist(struct connection *connection, struct admin_request *request)
{
	request->next = connection->requests;
	connection->requests = request;
	connection->request_count++;
	connection->request_most = 1;
}

static void delist(struct connection *connection, const struct admin_request *request)
{
	struct admin_request **at = &connection->requests;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	connection->request_count--;
}

/* True where it has to wait for others; it is begun later. */
static bool defer(struct admin_request *request)
{
	if (request->connection->request_count <= 1)
		return false;
	request->connection->deferred = request;
	return true;
}

static void begin(struct admin_request *request);

static void begin_deferred(struct connection *connection)
{
	struct admin_request *request = connection->deferred;

	if (!request || connection->request_count > 1)
		return;
	connection->deferred = NULL;
	/* It is judged by those of now, which are to stay for as long as it does. */
	settings_unshare(request->settings);
	request->settings = settings_share(request->thread->settings);
	begin(request);
}

static void finish(struct admin_request *request, int result)
{
	struct connection *connection = request->connection;
	enum answer answer = result < 0 ? ANSWER_STORE_FAILED : (enum answer)result;

	if (answer != ANSWER_OK) {
		record_refusal(request, answer);
		encode_error(request, answer);
	}
	if (connection) {
		bool sent = request->reply_size > 0 &&
			    connection_send(connection, request->reply, request->reply_size) == 0;

		delist(connection, request);
		connection_resume(connection, request->slow ? LIMITS_SLOW_MICROSECONDS : 0);
		if (!sent)
			(void)shutdown(connection->fd, SHUT_RDWR);
	}
	free_request(request);
	if (connection)
		begin_deferred(connection);
}

/* ---- the way of a request ---- */

static void on_written(struct thread *thread, struct thread_task *task)
{
	struct admin_request *request =
		(struct admin_request *)((char *)task - offsetof(struct admin_request, job.done));

	if (request->job.result == 0)
		counter_add(&thread->counters, COUNTER_CHANGES, 0);
	if (request->job.result == 0 && request->header.type == WIRE_LOCKDOWN)
		admin_lockdown_written(request);
	/* The keys of what was deleted go from now on. */
	if (request->job.result == 0 &&
	    (request->header.type == WIRE_TENANT_DELETE || request->header.type == WIRE_ACCOUNT_DELETE))
		writer_wake(thread->daemon->writer);
	if (request->job.result == 0 && request->sessions.end)
		admin_sessions_end(request);
	else
		finish(request, request->job.result);
}

int admin_renew(struct admin_request *request, struct vault *vault)
{
	struct daemon *daemon = request->thread->daemon;
	const struct signin *signin = &request->authority.signin;
	enum answer answer;

	if (request->authority.kind == AUTHORITY_KEY &&
	    lockdown_refuses(vault_lockdown(daemon->keeper), request->authority.key_id))
		return ANSWER_BAD_CREDENTIAL;
	if (*signin->id && (!signins_hold(daemon->signins, signin->id, signin_now()) ||
			    lockdown_refuses(vault_lockdown(daemon->keeper), signin->key_id)))
		return ANSWER_BAD_CREDENTIAL;
	answer = authority_renew(vault->store, clock_wall_seconds(), &request->keys[0], &request->authority);
	if (answer == ANSWER_OK && !authority_allows(&request->authority, request->verb->deed))
		answer = ANSWER_NOT_PERMITTED;
	return (int)answer;
}

static int write_request(struct writer_job *job, struct vault *vault)
{
	struct admin_request *request = (struct admin_request *)((char *)job - offsetof(struct admin_request, job));
	int r = admin_renew(request, vault);

	return r != 0 ? r : request->verb->run(request, store_writer(vault->store), vault);
}

void admin_finish(struct admin_request *request, int result)
{
	finish(request, result);
}

static int read_request(struct admin_request *request)
{
	struct thread *thread = request->thread;
	int r;

	if (!request->verb->needs_store)
		return request->verb->run(request, thread->reader, thread->vault);
	r = store_read_begin(thread->reader);
	if (r == 0) {
		r = request->verb->run(request, thread->reader, thread->vault);
		store_read_end(thread->reader);
	}
	if (r == -EIO)
		thread_vault_failed(thread);
	return r;
}

/* What could write, and is only asked. */
static bool only_asks(const struct admin_request *request)
{
	return (request->header.type == WIRE_LOCKDOWN && request->message.lockdown.action == MESSAGE_LOCKDOWN_ASK) ||
	       (request->header.type == WIRE_KEY_BULK && request->message.key_bulk.dry_run == 1);
}

static void run_request(struct admin_request *request)
{
	if (!request->verb->writes || only_asks(request)) {
		int r = read_request(request);

		if (r != ADMIN_LATER)
			finish(request, r);
		return;
	}
	request->job.run = write_request;
	request->job.origin = request->thread;
	request->job.done.run = on_written;
	request->job.bulk = request->header.type == WIRE_KEY_IMPORT;
	if (request->job.bulk && request->connection)
		request->connection->request_most = IMPORTS_MAX;
	writer_submit(request->thread->daemon->writer, &request->job);
}

/* The owner of a new key is found, or is no local user. */
static void on_owner(void *data, int error, uid_t uid, const char *name)
{
	struct admin_request *request = data;
	bool by_name = request->message.create.owner != NULL;

	request->query = NULL;
	if (error == 0) {
		snprintf(request->owner, sizeof(request->owner), "%s", name);
		request->owner_uid_known = true;
		request->owner_uid = uid;
	} else if (error == -ENOENT && by_name) {
		/* An owner need not exist on this host: alice@example.org */
		snprintf(request->owner, sizeof(request->owner), "%s", request->message.create.owner);
	} else if (error == -ENOENT) {
		finish(request, admin_refuse(request, ANSWER_INVALID, "uid %u has no user name here; name the owner",
					     (unsigned int)request->authority.uid));
		return;
	} else {
		finish(request, admin_refuse(request, ANSWER_UNAVAILABLE, "the name service did not answer: %s",
					     strerror(-error)));
		return;
	}
	run_request(request);
}

/* A key made through a key has that key's owner; a user's own is the user; an administrator says whose. */
static void find_owner(struct admin_request *request)
{
	const char *owner = request->message.create.owner;
	const struct authority *authority = &request->authority;
	int r;

	if (authority->kind != AUTHORITY_ADMINISTRATOR && owner &&
	    (authority->kind != AUTHORITY_KEY || strcmp(owner, authority->owner) != 0)) {
		finish(request, admin_refuse(request, ANSWER_NOT_PERMITTED,
					     "only administrators make keys for others: leave the owner out"));
		return;
	}
	if (authority->kind == AUTHORITY_KEY) {
		snprintf(request->owner, sizeof(request->owner), "%s", authority->owner);
		request->owner_uid_known = authority->owner_uid_known;
		request->owner_uid = authority->owner_uid;
		run_request(request);
		return;
	}
	if (!owner && authority->uid == 0) {
		finish(request, admin_refuse(request, ANSWER_INVALID, "root must say whose the key is: --owner USER"));
		return;
	}
	r = names_look_up(request->thread->daemon->names, request->thread, owner, authority->uid, on_owner, request,
			  &request->query);
	if (r < 0)
		on_owner(request, r, (uid_t)-1, "");
}

/* What makes, and what ends is never refused: it ends with that. Nobody deletes more tenants than were made. */
static bool makes_more(const struct admin_verb *verb)
{
	return verb->writes && (verb->deed == AUTHORITY_CREATE || verb->deed == AUTHORITY_CHANGE_ROLES ||
				verb->deed == AUTHORITY_CHANGE_TENANTS);
}

/* Each change stays in the change log for long, and in the audit: whoever may change own keys, or those of a tenant,
 * must not be able to fill the disk with that, nor push the records of others out. */
static int check_pace(struct admin_request *request)
{
	const struct authority *authority = &request->authority;
	bool key = authority->kind == AUTHORITY_KEY && !authority->root;
	int most = key ? CHANGES_PER_MINUTE_BY_KEY : CHANGES_PER_MINUTE;

	if ((!key && authority->kind != AUTHORITY_USER) || !makes_more(request->verb) ||
	    !count(request, "changes", (uint64_t)most).throttled)
		return 0;
	return admin_refuse(request, ANSWER_BUSY,
			    "you may make and change keys %d times a minute; nothing was changed, try again in a "
			    "moment. Revoking, retiring and deleting goes on",
			    most);
}

/* Greeting and the short form of status; and what takes a proof of its own. */
static bool is_for_everybody(const struct admin_verb *verb)
{
	return verb->deed == AUTHORITY_PROVE || (!verb->needs_store && verb->deed == AUTHORITY_SEE);
}

int admin_lacks_store(struct admin_request *request)
{
	vault_fault(request->thread->daemon->keeper, request->detail, sizeof(request->detail));
	return ANSWER_UNAVAILABLE;
}

static const char *credential_of(const struct admin_request *request)
{
	return request->header.type == WIRE_HELLO ? NULL : request->message.credential;
}

/* Whether it can be served, as far as that takes the store. */
static bool has_store(const struct admin_request *request)
{
	return thread_vault(request->thread) || (!request->verb->needs_store && !credential_of(request));
}

static void go_on(struct admin_request *request)
{
	if (request->verb->names_owner)
		find_owner(request);
	else
		run_request(request);
}

void admin_go_on(struct admin_request *request)
{
	/* It may have failed while the request waited. */
	if (has_store(request))
		go_on(request);
	else
		finish(request, admin_lacks_store(request));
}

void admin_note_use(struct admin_request *request, uint32_t secret, int64_t time, const char *service,
		    const char *source)
{
	const struct store_key *key = &request->keys[0];
	struct daemon *daemon = request->thread->daemon;

	if (uses_note(daemon->uses, key->id, secret, time, service, source) ||
	    key_secrets_wait(key->secrets, key->secret_count, secret))
		writer_wake(daemon->writer);
}

static void begin(struct admin_request *request)
{
	enum answer answer;
	int r;

	if (request->header.type != WIRE_KEY_IMPORT && defer(request))
		return;
	if (!request->verb) {
		finish(request, ANSWER_UNKNOWN_REQUEST);
		return;
	}
	if (!has_store(request)) {
		if (!defer(request))
			finish(request, admin_lacks_store(request));
		return;
	}
	answer = authority_decide(request->connection, credential_of(request), clock_wall_seconds(), &request->keys[0],
				  &request->authority);
	if (answer == ANSWER_NOT_PERMITTED && is_for_everybody(request->verb))
		answer = ANSWER_OK;
	else if (answer == ANSWER_OK && !authority_allows(&request->authority, request->verb->deed))
		answer = ANSWER_NOT_PERMITTED;
	if (answer == ANSWER_OK)
		answer = (enum answer)check_pace(request);
	if (answer != ANSWER_OK && defer(request))
		return;
	/* Of a sign-in, its beginning was the use. */
	if (answer == ANSWER_OK && request->authority.kind == AUTHORITY_KEY && !*request->authority.signin.id)
		admin_note_use(request, request->authority.secret, clock_wall_seconds(), SERVICE, "local");
	r = answer == ANSWER_OK ? admin_standing(request) : (int)answer;
	if (r == 0)
		go_on(request);
	else if (r != ADMIN_LATER)
		finish(request, r);
}

bool admin_forget(struct connection *connection)
{
	struct admin_request *request, *last = NULL;

	while ((request = connection->requests) != NULL) {
		connection->requests = request->next;
		request->connection = NULL;
		if (request->query)
			names_cancel(request->query);
		if (request->query || request == connection->deferred)
			free_request(request);
		else if (!last)
			last = request; /* the newest is first in the list, and done last */
	}
	if (last)
		last->counted = true;
	return last != NULL;
}

/* Decodes the packet. False when it breaks a rule of the wire. */
static bool decode(struct admin_request *request)
{
	if (codec_decode_header(request->packet, request->packet_size, &request->header) < 0)
		return false;
	request->verb = admin_find_verb(request->header.type);
	if (!request->verb)
		return true;
	return codec_decode(request->verb->record, request->packet, request->packet_size, &request->message) == 0;
}

/* All but the rooms for texts and packets, which are most of it, and written before they are read. */
static void clear_request(struct admin_request *request)
{
	memset(request, 0, offsetof(struct admin_request, authority.permissions));
	for (size_t i = 0; i < ARRAY_SIZE(request->keys); i++)
		memset(&request->keys[i], 0, offsetof(struct store_key, text));
}

enum batch_result admin_serve(struct connection *connection)
{
	struct admin_request *request;
	struct iovec vector;
	struct msghdr message = { .msg_iov = &vector, .msg_iovlen = 1 };
	struct mmsghdr peeked = { .msg_len = 0 };
	ssize_t size;

	if (connection->peer.uid != 0) {
		int r = closer_peek(connection->fd, &peeked, 1);

		if (r == -EBADMSG)
			counter_add(&connection->thread->counters, COUNTER_BAD_PACKETS, 0);
		if (r < 0)
			return r == -EAGAIN ? BATCH_EMPTY : BATCH_CLOSE;
	}
	request = malloc(sizeof(*request));
	if (!request)
		return BATCH_CLOSE;
	clear_request(request);
	vector = (struct iovec){ request->packet, sizeof(request->packet) };
	do
		size = recvmsg(connection->fd, &message, MSG_DONTWAIT);
	while (size < 0 && errno == EINTR);
	if (size <= 0) {
		free(request);
		return size < 0 && errno == EAGAIN ? BATCH_EMPTY : BATCH_CLOSE;
	}
	connection->active = clock_monotonic();
	request->packet_size = (size_t)size;
	request->connection = connection;
	request->thread = connection->thread;
	request->settings = settings_share(connection->thread->settings);
	request->peer = connection->peer;
	if (message.msg_flags & MSG_TRUNC || !decode(request)) {
		counter_add(&connection->thread->counters, COUNTER_BAD_PACKETS, 0);
		free_request(request);
		return BATCH_CLOSE;
	}
	counter_add(&connection->thread->counters, COUNTER_ADMIN_REQUESTS, 0);
	connection->persistent = true; /* as many requests as the client likes, one after the other */
	enlist(connection, request);
	begin(request);
	return BATCH_SERVED;
}
