/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * apikey_verify() and apikey_account() against good, slow and hostile servers: nothing but a whole, matching grant is
 * a grant, and every call ends at its deadline.
 */
#include "lib/apikey.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/socket.h"
#include "proto/answer.h"
#include "proto/verdict.h"
#include "tests/lib/peer.h"

#define TIMEOUT 200 /* milliseconds; where silence is what is tested */
#define PATIENT 20000
#define SLACK 5000 /* how late a busy machine may be */

static const struct apikey_request question = {
	.size = sizeof(question),
	.credential = PEER_OPAQUE,
	.service = "imap",
	.permission = "mail.imap",
	.user = "alice",
};

typedef int (*call)(const struct apikey_options *, const struct apikey_request *, struct apikey_result **);

static struct apikey_result *ask(call function, const char *path, unsigned int timeout,
				 const struct apikey_request *request)
{
	struct apikey_options options = { .size = sizeof(options), .path = path, .timeout = timeout };
	struct apikey_result *result = NULL;

	ck_assert_int_eq(function(&options, request, &result), 0);
	ck_assert_ptr_nonnull(result);
	return result;
}

static void assert_refused(const struct apikey_result *result, enum apikey_verdict verdict, const char *reason)
{
	ck_assert_str_eq(apikey_verdict_name(result->verdict), apikey_verdict_name(verdict));
	ck_assert_str_eq(result->reason, reason);
	ck_assert_str_eq(result->key_id, "");
	ck_assert_str_eq(result->key_name, "");
	ck_assert_str_eq(result->owner, "");
	ck_assert_str_eq(result->tenant, "");
	ck_assert_str_eq(result->permissions, "");
	ck_assert_str_eq(result->handle, "");
	ck_assert_int_eq(result->expires, 0);
}

static void assert_granted(const struct apikey_result *result)
{
	ck_assert_int_eq(result->verdict, APIKEY_GRANTED);
	ck_assert_str_eq(result->reason, "");
	ck_assert_str_eq(result->key_id, "0123456789ab");
	ck_assert_str_eq(result->key_name, "laptop");
	ck_assert_str_eq(result->owner, "alice");
	ck_assert_str_eq(result->tenant, "default");
	ck_assert_str_eq(result->permissions, "mail.* pam.sshd");
	ck_assert_str_eq(result->handle, "handle-of-60-seconds");
	ck_assert(result->expires == APIKEY_NEVER);
}

/* ---- a good server ---- */

static void script_grant(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	peer_serve_grant(fd);
}

START_TEST(a_grant_is_told_whole)
{
	struct peer peer;
	struct apikey_result *result;

	peer_start(&peer, peer_verify_socket(), script_grant, NULL);
	result = ask(apikey_verify, peer.folder, PATIENT, &question);
	assert_granted(result);
	apikey_result_free(result);
	result = ask(apikey_account, peer.folder, PATIENT, &question);
	assert_granted(result);
	apikey_result_free(result);
	result = ask(apikey_verify, peer.socket, PATIENT, &question);
	assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
	apikey_result_free(NULL);
}
END_TEST

START_TEST(a_request_without_a_user_is_answered_without_one)
{
	struct apikey_request request = question;
	struct apikey_result *result;
	struct peer peer;

	request.user = NULL;
	peer_start(&peer, peer_verify_socket(), script_grant, NULL);
	result = ask(apikey_verify, peer.folder, PATIENT, &request);
	assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

static bool is(const char *said, const char *wanted)
{
	return said && wanted ? strcmp(said, wanted) == 0 : said == wanted;
}

/* Grants only what says exactly what the test's request says. */
static void script_compare(struct peer *peer, int fd, unsigned int number)
{
	const struct apikey_request *wanted = peer->data;
	struct message_account account;
	struct message_verify verify;
	struct message_verdict verdict;
	struct peer_request request;
	bool same = false;

	(void)number;
	if (!peer_receive(fd, &request) || !peer_grant_of(&request, &verdict))
		return;
	if (request.header.type == WIRE_VERIFY &&
	    codec_decode(&message_verify, request.bytes, request.size, &verify) == 0)
		same = is(verify.credential, wanted->credential) && is(verify.user, wanted->user) &&
		       is(verify.service, wanted->service) && is(verify.permission, wanted->permission) &&
		       is(verify.tenant, wanted->tenant) && is(verify.rhost, wanted->rhost) &&
		       is(verify.tty, wanted->tty) && is(verify.ruser, wanted->ruser);
	if (request.header.type == WIRE_ACCOUNT &&
	    codec_decode(&message_account, request.bytes, request.size, &account) == 0)
		same = is(account.handle, wanted->credential) && is(account.user, wanted->user) &&
		       is(account.service, wanted->service) && is(account.permission, wanted->permission) &&
		       is(account.tenant, wanted->tenant) && is(account.rhost, wanted->rhost) &&
		       is(account.tty, wanted->tty);
	if (!same)
		verdict.verdict = VERDICT_DENIED;
	peer_reply(fd, request.header.type | WIRE_REPLY, request.header.request_id, &message_verdict, &verdict);
}

START_TEST(a_request_arrives_as_it_was_made)
{
	struct apikey_request request = question;
	struct apikey_result *result;
	struct peer peer;

	request.tenant = "t";
	request.rhost = "192.0.2.1";
	request.tty = "ssh";
	request.ruser = "bob";
	peer_start(&peer, peer_verify_socket(), script_compare, &request);
	result = ask(apikey_verify, peer.folder, PATIENT, &request);
	assert_granted(result);
	apikey_result_free(result);
	result = ask(apikey_account, peer.folder, PATIENT, &request);
	assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

/* ---- answers other than a grant, and packets that are none ---- */

struct reply {
	const char *name;
	/* Changes the grant before it is encoded, or the packet behind; NULL: not changed. */
	void (*change)(struct message_verdict *verdict);
	size_t (*damage)(unsigned char *packet, size_t size);
	enum apikey_verdict verdict;
	const char *reason;
};

static void change_denied(struct message_verdict *verdict)
{
	verdict->verdict = VERDICT_DENIED;
	verdict->reason = REASON_BAD_SECRET;
}

static void change_denied_undisclosed(struct message_verdict *verdict)
{
	verdict->verdict = VERDICT_DENIED;
}

static void change_denied_unknown_reason(struct message_verdict *verdict)
{
	verdict->verdict = VERDICT_DENIED;
	verdict->reason = 999;
}

static void change_forbidden(struct message_verdict *verdict)
{
	verdict->verdict = VERDICT_FORBIDDEN;
	verdict->reason = REASON_INSUFFICIENT_PERMISSION;
}

static void change_throttled(struct message_verdict *verdict)
{
	verdict->verdict = VERDICT_THROTTLED;
	verdict->reason = REASON_TOO_MANY_FAILURES;
}

static void change_unavailable(struct message_verdict *verdict)
{
	verdict->verdict = VERDICT_UNAVAILABLE;
	verdict->reason = REASON_STORE_FAILED;
}

static void change_contradiction(struct message_verdict *verdict)
{
	verdict->reason = REASON_BAD_SECRET;
}

static void change_user(struct message_verdict *verdict)
{
	verdict->user = "bob";
}

static void change_no_user(struct message_verdict *verdict)
{
	verdict->user = NULL;
}

static void change_longer_user(struct message_verdict *verdict)
{
	verdict->user = "alicea";
}

static void change_service(struct message_verdict *verdict)
{
	verdict->service = "smtp";
}

static size_t damage_verdict(unsigned char *packet, size_t size)
{
	packet[WIRE_HEADER_SIZE + WIRE_FIELD_SIZE + 7] = 77;
	return size;
}

static size_t damage_id(unsigned char *packet, size_t size)
{
	packet[15] ^= 1;
	return size;
}

static size_t damage_magic(unsigned char *packet, size_t size)
{
	packet[0] ^= 1;
	return size;
}

static size_t damage_version(unsigned char *packet, size_t size)
{
	packet[5] = WIRE_VERSION + 1;
	return size;
}

/* The type of the request itself. */
static size_t damage_type_not_a_reply(unsigned char *packet, size_t size)
{
	packet[6] = 0;
	return size;
}

/* Verify's for account and the other way round. */
static size_t damage_type_of_other(unsigned char *packet, size_t size)
{
	packet[7] = packet[7] == WIRE_VERIFY ? WIRE_ACCOUNT : WIRE_VERIFY;
	return size;
}

static size_t damage_type_welcome(unsigned char *packet, size_t size)
{
	packet[7] = WIRE_HELLO;
	return size;
}

static size_t damage_trailing(unsigned char *packet, size_t size)
{
	packet[size] = 0;
	return size + 1;
}

static size_t damage_all(unsigned char *packet, size_t size)
{
	memset(packet, 'x', size);
	return size;
}

static size_t damage_nothing_left(unsigned char *packet, size_t size)
{
	(void)packet;
	(void)size;
	return 0;
}

static size_t damage_one_byte_left(unsigned char *packet, size_t size)
{
	(void)packet;
	(void)size;
	return 1;
}

/* Appends a field that may be skipped, so that the packet has the size given. */
static size_t pad(unsigned char *packet, size_t size, size_t wanted)
{
	size_t field = wanted - size - WIRE_FIELD_SIZE, length = wanted - WIRE_HEADER_SIZE;

	memset(packet + size, 0, wanted - size);
	packet[size] = 0x80;
	packet[size + 2] = (unsigned char)(field >> 8);
	packet[size + 3] = (unsigned char)field;
	packet[18] = (unsigned char)(length >> 8);
	packet[19] = (unsigned char)length;
	return wanted;
}

static size_t damage_largest(unsigned char *packet, size_t size)
{
	return pad(packet, size, WIRE_VERIFY_PACKET_MAX);
}

static size_t damage_too_large(unsigned char *packet, size_t size)
{
	return pad(packet, size, WIRE_VERIFY_PACKET_MAX + 1);
}

static size_t damage_far_too_large(unsigned char *packet, size_t size)
{
	return pad(packet, size, WIRE_PACKET_MAX);
}

#define UNREACHABLE APIKEY_UNAVAILABLE, "daemon_unreachable"

static const struct reply replies[] = {
	{ "denied", change_denied, NULL, APIKEY_DENIED, "bad_secret" },
	{ "denied, not disclosed why", change_denied_undisclosed, NULL, APIKEY_DENIED, "" },
	{ "denied for a reason not known here", change_denied_unknown_reason, NULL, APIKEY_DENIED, "" },
	{ "forbidden", change_forbidden, NULL, APIKEY_FORBIDDEN, "insufficient_permission" },
	{ "throttled", change_throttled, NULL, APIKEY_THROTTLED, "too_many_failures" },
	{ "unavailable", change_unavailable, NULL, APIKEY_UNAVAILABLE, "store_failed" },
	{ "a grant with a reason to refuse", change_contradiction, NULL, UNREACHABLE },
	{ "another user", change_user, NULL, UNREACHABLE },
	{ "no user", change_no_user, NULL, UNREACHABLE },
	{ "a user that begins alike", change_longer_user, NULL, UNREACHABLE },
	{ "another service", change_service, NULL, UNREACHABLE },
	{ "verdict 77", NULL, damage_verdict, UNREACHABLE },
	{ "another request id", NULL, damage_id, UNREACHABLE },
	{ "another magic", NULL, damage_magic, UNREACHABLE },
	{ "another version", NULL, damage_version, UNREACHABLE },
	{ "a request's type", NULL, damage_type_not_a_reply, UNREACHABLE },
	{ "the other question's type", NULL, damage_type_of_other, UNREACHABLE },
	{ "a welcome", NULL, damage_type_welcome, UNREACHABLE },
	{ "a byte behind", NULL, damage_trailing, UNREACHABLE },
	{ "garbage", NULL, damage_all, UNREACHABLE },
	{ "an empty packet", NULL, damage_nothing_left, UNREACHABLE },
	{ "one byte", NULL, damage_one_byte_left, UNREACHABLE },
	{ "the largest packet", NULL, damage_largest, APIKEY_GRANTED, "" },
	{ "a packet one byte too large", NULL, damage_too_large, UNREACHABLE },
	{ "a packet far too large", NULL, damage_far_too_large, UNREACHABLE },
};

static void script_reply(struct peer *peer, int fd, unsigned int number)
{
	static unsigned char packet[WIRE_PACKET_MAX + 1];
	const struct reply *reply = peer->data;
	struct message_verdict verdict;
	struct peer_request request;
	struct codec_header header;
	size_t size;

	(void)number;
	if (!peer_receive(fd, &request) || !peer_grant_of(&request, &verdict))
		return;
	header = request.header;
	header.type |= WIRE_REPLY;
	if (reply->change)
		reply->change(&verdict);
	if (codec_encode(&message_verdict, &verdict, header, packet, WIRE_PACKET_MAX, &size) < 0)
		return;
	if (reply->damage)
		size = reply->damage(packet, size);
	peer_send(fd, packet, size);
}

START_TEST(only_a_matching_grant_grants)
{
	static const call calls[] = { apikey_verify, apikey_account };
	const struct reply *reply = &replies[_i];
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_reply, reply);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct apikey_result *result = ask(calls[i], peer.folder, PATIENT, &question);

		ck_assert_msg(result->verdict == reply->verdict, "%s: %s", reply->name,
			      apikey_verdict_name(result->verdict));
		if (reply->verdict == APIKEY_GRANTED)
			assert_granted(result);
		else
			assert_refused(result, reply->verdict, reply->reason);
		apikey_result_free(result);
	}
	peer_stop(&peer);
}
END_TEST

/* Sends the first number + 1 bytes of a grant; its last byte is never among them. */
static void script_cut(struct peer *peer, int fd, unsigned int number)
{
	size_t *ret_whole = (size_t *)(uintptr_t)peer->data;
	unsigned char packet[WIRE_VERIFY_PACKET_MAX];
	struct message_verdict verdict;
	struct peer_request request;
	struct codec_header header;
	size_t size;

	if (!peer_receive(fd, &request) || !peer_grant_of(&request, &verdict))
		return;
	header = request.header;
	header.type |= WIRE_REPLY;
	if (codec_encode(&message_verdict, &verdict, header, packet, sizeof(packet), &size) < 0)
		return;
	*ret_whole = size;
	if (number + 1 < size)
		peer_send(fd, packet, number + 1);
}

START_TEST(a_grant_cut_anywhere_is_none)
{
	struct apikey_result *result;
	size_t whole = SIZE_MAX;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_cut, &whole);
	for (size_t size = 1; size < whole; size++) {
		result = ask(apikey_account, peer.folder, PATIENT, &question);
		assert_refused(result, UNREACHABLE);
		apikey_result_free(result);
	}
	ck_assert_uint_gt(whole, 100);
	peer_stop(&peer);
}
END_TEST

static const struct message_error errors[] = {
	{ .answer = ANSWER_BUSY },
	{ .answer = ANSWER_UNAVAILABLE, .detail = "The store is not open yet." },
	{ .answer = ANSWER_UNKNOWN_REQUEST },
	{ .answer = ANSWER_OK },
	{ .answer = 999 },
};

static void script_error(struct peer *peer, int fd, unsigned int number)
{
	struct peer_request request;

	(void)number;
	if (peer_receive(fd, &request))
		peer_reply(fd, WIRE_ERROR, request.header.request_id, &message_error, peer->data);
}

START_TEST(an_error_is_no_decision)
{
	struct apikey_result *result;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_error, &errors[_i]);
	result = ask(apikey_verify, peer.folder, PATIENT, &question);
	assert_refused(result, UNREACHABLE);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

/* ---- connections that end ---- */

static void script_close_at_once(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)fd;
	(void)number;
}

static void script_close_after_request(struct peer *peer, int fd, unsigned int number)
{
	struct peer_request request;

	(void)peer;
	(void)number;
	peer_receive(fd, &request);
}

static void script_close_then_grant(struct peer *peer, int fd, unsigned int number)
{
	if (number == 0)
		script_close_after_request(peer, fd, number);
	else
		peer_serve_grant(fd);
}

static void script_close_at_once_then_grant(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	if (number > 0)
		peer_serve_grant(fd);
}

static void script_empty_packet_then_grant(struct peer *peer, int fd, unsigned int number)
{
	struct peer_request request;

	(void)peer;
	if (number > 0)
		peer_serve_grant(fd);
	else if (peer_receive(fd, &request))
		peer_send(fd, "", 0);
}

#define MALFORMED "ak_0123456789ab_ABCDEFGHIJKLMNOPQRSTUVWXYZ012345000000"

static const struct {
	const char *name;
	peer_script script;
	call function;
	const char *credential;
	bool granted;
	unsigned int connections;
} ends[] = {
	{ "at once, each time", script_close_at_once, apikey_verify, PEER_OPAQUE, false, 2 },
	{ "after the request, each time", script_close_after_request, apikey_verify, PEER_OPAQUE, false, 2 },
	{ "after the request, once", script_close_then_grant, apikey_verify, PEER_OPAQUE, true, 2 },
	{ "at once, once", script_close_at_once_then_grant, apikey_verify, PEER_OPAQUE, true, 2 },
	{ "an empty packet, once", script_empty_packet_then_grant, apikey_verify, PEER_OPAQUE, true, 2 },
	{ "what may be good for one use", script_close_then_grant, apikey_verify, "some-other-text", false, 1 },
	{ "a malformed token", script_close_then_grant, apikey_verify, MALFORMED, false, 1 },
	{ "the account phase", script_close_then_grant, apikey_account, PEER_OPAQUE, false, 1 },
};

START_TEST(an_early_end_is_tried_once_more_where_that_is_safe)
{
	struct apikey_request request = question;
	struct apikey_result *result;
	struct peer peer;

	request.credential = ends[_i].credential;
	peer_start(&peer, peer_verify_socket(), ends[_i].script, NULL);
	result = ask(ends[_i].function, peer.folder, PATIENT, &request);
	if (ends[_i].granted)
		assert_granted(result);
	else
		assert_refused(result, UNREACHABLE);
	apikey_result_free(result);
	ck_assert_msg(peer.connections == ends[_i].connections, "%s: %u connections", ends[_i].name, peer.connections);
	peer_stop(&peer);
}
END_TEST

/* ---- the deadline ---- */

static void script_silence(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	peer_await_end(fd);
}

static void script_close_then_silence(struct peer *peer, int fd, unsigned int number)
{
	if (number == 0)
		script_close_after_request(peer, fd, number);
	else
		peer_await_end(fd);
}

/* Asks what nobody answers, and looks at the clock. */
static void assert_deadline(const char *path)
{
	int64_t start = clock_monotonic(), took;
	struct apikey_result *result = ask(apikey_verify, path, TIMEOUT, &question);

	took = (clock_monotonic() - start) / 1000000;
	assert_refused(result, APIKEY_UNAVAILABLE, "deadline");
	apikey_result_free(result);
	ck_assert_int_ge(took, TIMEOUT);
	ck_assert_int_lt(took, TIMEOUT + SLACK);
}

START_TEST(silence_ends_at_the_deadline)
{
	static const peer_script scripts[] = { script_silence, script_close_then_silence };
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), scripts[_i], NULL);
	assert_deadline(peer.folder);
	peer_stop(&peer);
}
END_TEST

/* A socket that nobody accepts from, its backlog full. */
struct crowd {
	char folder[32], socket[64];
	int listener, waiting[8];
};

static void crowd_make(struct crowd *crowd)
{
	struct sockaddr_un address;
	socklen_t size;
	size_t i = 0;

	peer_make_folder(crowd->folder);
	snprintf(crowd->socket, sizeof(crowd->socket), "%s/%s", crowd->folder, peer_verify_socket());
	crowd->listener = peer_listen(crowd->socket, 0);
	ck_assert_int_eq(socket_address(crowd->socket, &address, &size), 0);
	do {
		ck_assert_uint_lt(i, ARRAY_SIZE(crowd->waiting));
		crowd->waiting[i] = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		ck_assert_int_ge(crowd->waiting[i], 0);
	} while (connect(crowd->waiting[i++], (struct sockaddr *)&address, size) == 0);
	ck_assert_int_eq(errno, EAGAIN);
}

START_TEST(a_full_backlog_ends_at_the_deadline)
{
	struct crowd crowd;

	crowd_make(&crowd);
	assert_deadline(crowd.folder);
	peer_remove_folder(crowd.folder);
}
END_TEST

static void ignore_signal(int number)
{
	(void)number;
}

START_TEST(signals_neither_shorten_nor_stretch_the_deadline)
{
	struct sigaction action = { .sa_handler = ignore_signal }; /* without SA_RESTART */
	struct itimerval often = { .it_interval = { .tv_usec = 3000 }, .it_value = { .tv_usec = 3000 } };
	struct itimerval never = { 0 };
	struct crowd crowd;
	struct peer peer;
	sigset_t alarm;

	/* The timer's signals are for the asking thread alone. */
	sigemptyset(&alarm);
	sigaddset(&alarm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alarm, NULL);
	peer_start(&peer, peer_verify_socket(), script_silence, NULL);
	sigprocmask(SIG_UNBLOCK, &alarm, NULL);
	crowd_make(&crowd);
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &often, NULL);
	assert_deadline(peer.folder);
	assert_deadline(crowd.folder);
	setitimer(ITIMER_REAL, &never, NULL);
	peer_stop(&peer);
	peer_remove_folder(crowd.folder);
}
END_TEST

/* Answers when half the deadline is over. */
static void script_late(struct peer *peer, int fd, unsigned int number)
{
	struct message_verdict verdict;
	struct peer_request request;

	(void)peer;
	(void)number;
	if (!peer_receive(fd, &request) || !peer_grant_of(&request, &verdict))
		return;
	poll(NULL, 0, TIMEOUT / 2);
	peer_reply(fd, request.header.type | WIRE_REPLY, request.header.request_id, &message_verdict, &verdict);
}

START_TEST(a_slow_answer_inside_the_deadline_counts)
{
	struct apikey_result *result;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_late, NULL);
	result = ask(apikey_verify, peer.folder, PATIENT, &question);
	assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

/* ---- nobody there ---- */

START_TEST(a_daemon_that_is_not_there_is_unavailable)
{
	char folder[32], path[64], longest[200];
	struct apikey_result *result;
	int fd;

	peer_make_folder(folder);
	snprintf(path, sizeof(path), "%s/%s", folder, peer_verify_socket());
	memset(longest, 'x', sizeof(longest));
	memcpy(longest, folder, strlen(folder));
	longest[strlen(folder)] = '/';
	longest[sizeof(longest) - 1] = '\0';
	/* A folder without a socket, a path to nothing, one that fits no address. */
	for (size_t i = 0; i < 3; i++) {
		const char *const paths[] = { folder, path, longest };

		result = ask(apikey_verify, paths[i], PATIENT, &question);
		assert_refused(result, UNREACHABLE);
		apikey_result_free(result);
	}
	/* A socket that nobody listens on any more. */
	fd = peer_listen(path, 1);
	close(fd);
	result = ask(apikey_verify, folder, PATIENT, &question);
	assert_refused(result, UNREACHABLE);
	apikey_result_free(result);
	peer_remove_folder(folder);
}
END_TEST

/* ---- requests that cannot be ---- */

static const char long_text[WIRE_CREDENTIAL_MAX + 2] = { [0 ... WIRE_CREDENTIAL_MAX] = 'x' };
#define LONG(limit) (long_text + WIRE_CREDENTIAL_MAX - (limit)) /* limit + 1 bytes */

static const struct {
	const char *name;
	size_t size;
	const char *credential, *service, *permission, *user, *tenant, *rhost;
} bad_requests[] = {
	{ "no size", 0, PEER_OPAQUE, "imap", "mail.imap", "alice", NULL, NULL },
	{ "half a size", sizeof(size_t) + 4, PEER_OPAQUE, "imap", "mail.imap", "alice", NULL, NULL },
	{ "no credential", sizeof(question), NULL, "imap", "mail.imap", "alice", NULL, NULL },
	{ "an empty credential", sizeof(question), "", "imap", "mail.imap", "alice", NULL, NULL },
	{ "a long credential", sizeof(question), LONG(WIRE_CREDENTIAL_MAX), "imap", "mail.imap", "alice", NULL, NULL },
	{ "no service", sizeof(question), PEER_OPAQUE, NULL, "mail.imap", "alice", NULL, NULL },
	{ "a long service", sizeof(question), PEER_OPAQUE, LONG(WIRE_SERVICE_MAX), "mail.imap", "alice", NULL, NULL },
	{ "no permission", sizeof(question), PEER_OPAQUE, "imap", NULL, "alice", NULL, NULL },
	{ "a long permission", sizeof(question), PEER_OPAQUE, "imap", LONG(WIRE_PERMISSION_MAX), "alice", NULL, NULL },
	{ "a long user", sizeof(question), PEER_OPAQUE, "imap", "mail.imap", LONG(WIRE_USER_MAX), NULL, NULL },
	{ "an empty user", sizeof(question), PEER_OPAQUE, "imap", "mail.imap", "", NULL, NULL },
	{ "an empty tenant", sizeof(question), PEER_OPAQUE, "imap", "mail.imap", "alice", "", NULL },
	{ "a long address", sizeof(question), PEER_OPAQUE, "imap", "mail.imap", "alice", NULL, LONG(WIRE_SOURCE_MAX) },
};

START_TEST(a_request_that_cannot_be_is_refused_before_it_is_sent)
{
	struct apikey_result *result = NULL;
	struct apikey_options options = { .size = sizeof(options) };
	struct apikey_request request = {
		.size = bad_requests[_i].size,
		.credential = bad_requests[_i].credential,
		.service = bad_requests[_i].service,
		.permission = bad_requests[_i].permission,
		.user = bad_requests[_i].user,
		.tenant = bad_requests[_i].tenant,
		.rhost = bad_requests[_i].rhost,
	};
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_grant, NULL);
	options.path = peer.folder;
	ck_assert_int_eq(apikey_verify(&options, &request, &result), -EINVAL);
	ck_assert_int_eq(apikey_account(&options, &request, &result), -EINVAL);
	ck_assert_ptr_null(result);
	ck_assert_uint_eq(peer.connections, 0);
	peer_stop(&peer);
}
END_TEST

START_TEST(texts_at_their_limits_are_taken)
{
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = LONG(WIRE_CREDENTIAL_MAX) + 1,
		.service = LONG(WIRE_SERVICE_MAX) + 1,
		.permission = LONG(WIRE_PERMISSION_MAX) + 1,
		.user = LONG(WIRE_USER_MAX) + 1,
		.tenant = LONG(WIRE_NAME_MAX) + 1,
		.rhost = LONG(WIRE_SOURCE_MAX) + 1,
		.tty = LONG(WIRE_SOURCE_MAX) + 1,
		.ruser = LONG(WIRE_USER_MAX) + 1,
	};
	struct apikey_result *result;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_compare, &request);
	result = ask(apikey_verify, peer.folder, PATIENT, &request);
	assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_caller_of_a_later_version_is_understood_unless_it_says_more)
{
	struct {
		struct apikey_request request;
		const char *later;
	} later = { .request = question };
	struct {
		struct apikey_options options;
		uint64_t later;
	} options = { .options = { .size = sizeof(options), .timeout = PATIENT } };
	struct apikey_result *result = NULL;
	struct peer peer;

	later.request.size = sizeof(later);
	peer_start(&peer, peer_verify_socket(), script_grant, NULL);
	options.options.path = peer.folder;
	ck_assert_int_eq(apikey_verify(&options.options, &later.request, &result), 0);
	assert_granted(result);
	apikey_result_free(result);
	result = NULL;
	later.later = "must also hold";
	ck_assert_int_eq(apikey_verify(&options.options, &later.request, &result), -EINVAL);
	later.later = NULL;
	options.later = 1;
	ck_assert_int_eq(apikey_verify(&options.options, &later.request, &result), -EINVAL);
	options.later = 0;
	options.options.path = "";
	ck_assert_int_eq(apikey_verify(&options.options, &later.request, &result), -EINVAL);
	ck_assert_int_eq(apikey_verify(&options.options, NULL, &result), -EINVAL);
	ck_assert_ptr_null(result);
	peer_stop(&peer);
}
END_TEST

START_TEST(names_are_the_documented_ones)
{
	ck_assert_str_eq(apikey_verdict_name(APIKEY_GRANTED), "granted");
	ck_assert_str_eq(apikey_verdict_name(APIKEY_UNAVAILABLE), "unavailable");
	ck_assert_str_eq(apikey_verdict_name((enum apikey_verdict)77), "denied");
	ck_assert_str_eq(apikey_answer_name(APIKEY_NOT_FOUND), "not_found");
	ck_assert_str_eq(apikey_answer_name((enum apikey_answer)999), "unavailable");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *answers = tcase_create("answers"), *trouble = tcase_create("trouble"),
	      *requests = tcase_create("requests");
	SRunner *runner;
	int failed;

	tcase_set_timeout(trouble, 60);
	tcase_set_timeout(answers, 60);
	tcase_add_test(answers, a_grant_is_told_whole);
	tcase_add_test(answers, a_request_without_a_user_is_answered_without_one);
	tcase_add_test(answers, a_request_arrives_as_it_was_made);
	tcase_add_loop_test(answers, only_a_matching_grant_grants, 0, ARRAY_SIZE(replies));
	tcase_add_test(answers, a_grant_cut_anywhere_is_none);
	tcase_add_loop_test(answers, an_error_is_no_decision, 0, ARRAY_SIZE(errors));
	tcase_add_loop_test(trouble, an_early_end_is_tried_once_more_where_that_is_safe, 0, ARRAY_SIZE(ends));
	tcase_add_loop_test(trouble, silence_ends_at_the_deadline, 0, 2);
	tcase_add_test(trouble, a_full_backlog_ends_at_the_deadline);
	tcase_add_test(trouble, signals_neither_shorten_nor_stretch_the_deadline);
	tcase_add_test(trouble, a_slow_answer_inside_the_deadline_counts);
	tcase_add_test(trouble, a_daemon_that_is_not_there_is_unavailable);
	tcase_add_loop_test(requests, a_request_that_cannot_be_is_refused_before_it_is_sent, 0,
			    ARRAY_SIZE(bad_requests));
	tcase_add_test(requests, texts_at_their_limits_are_taken);
	tcase_add_test(requests, a_caller_of_a_later_version_is_understood_unless_it_says_more);
	tcase_add_test(requests, names_are_the_documented_ones);
	suite_add_tcase(suite, answers);
	suite_add_tcase(suite, trouble);
	suite_add_tcase(suite, requests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
