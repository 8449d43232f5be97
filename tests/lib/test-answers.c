/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Answers of a hostile or broken server to apikey_verify() and apikey_account(): nothing but a whole, matching grant is
 * a grant.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "proto/answer.h"
#include "proto/verdict.h"
#include "tests/lib/question.h"
#include "tests/suite.h"

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

static size_t damage_largest(unsigned char *packet, size_t size)
{
	return peer_pad(packet, size, WIRE_VERIFY_PACKET_MAX);
}

static size_t damage_too_large(unsigned char *packet, size_t size)
{
	return peer_pad(packet, size, WIRE_VERIFY_PACKET_MAX + 1);
}

static size_t damage_far_too_large(unsigned char *packet, size_t size)
{
	return peer_pad(packet, size, WIRE_PACKET_MAX);
}

/* Cut to the client's buffer, it would be whole. */
static size_t damage_whole_when_cut(unsigned char *packet, size_t size)
{
	return peer_pad(packet, size, WIRE_VERIFY_PACKET_MAX) + 1;
}

static const struct reply replies[] = {
	{ "denied", change_denied, NULL, APIKEY_DENIED, "bad_secret" },
	{ "denied, not disclosed why", change_denied_undisclosed, NULL, APIKEY_DENIED, "" },
	{ "denied for a reason not known here", change_denied_unknown_reason, NULL, APIKEY_DENIED, "" },
	{ "forbidden", change_forbidden, NULL, APIKEY_FORBIDDEN, "insufficient_permission" },
	{ "throttled", change_throttled, NULL, APIKEY_THROTTLED, "too_many_failures" },
	{ "unavailable", change_unavailable, NULL, APIKEY_UNAVAILABLE, "store_failed" },
	{ "a grant with a reason to refuse", change_contradiction, NULL, QUESTION_UNREACHABLE },
	{ "another user", change_user, NULL, QUESTION_UNREACHABLE },
	{ "no user", change_no_user, NULL, QUESTION_UNREACHABLE },
	{ "a user that begins alike", change_longer_user, NULL, QUESTION_UNREACHABLE },
	{ "another service", change_service, NULL, QUESTION_UNREACHABLE },
	{ "verdict 77", NULL, damage_verdict, QUESTION_UNREACHABLE },
	{ "another request id", NULL, damage_id, QUESTION_UNREACHABLE },
	{ "another magic", NULL, damage_magic, QUESTION_UNREACHABLE },
	{ "another version", NULL, damage_version, QUESTION_UNREACHABLE },
	{ "a request's type", NULL, damage_type_not_a_reply, QUESTION_UNREACHABLE },
	{ "the other question's type", NULL, damage_type_of_other, QUESTION_UNREACHABLE },
	{ "a welcome", NULL, damage_type_welcome, QUESTION_UNREACHABLE },
	{ "a byte behind", NULL, damage_trailing, QUESTION_UNREACHABLE },
	{ "garbage", NULL, damage_all, QUESTION_UNREACHABLE },
	{ "an empty packet", NULL, damage_nothing_left, QUESTION_UNREACHABLE },
	{ "one byte", NULL, damage_one_byte_left, QUESTION_UNREACHABLE },
	{ "the largest packet", NULL, damage_largest, APIKEY_GRANTED, "" },
	{ "a packet one byte too large", NULL, damage_too_large, QUESTION_UNREACHABLE },
	{ "a packet that would be whole when cut", NULL, damage_whole_when_cut, QUESTION_UNREACHABLE },
	{ "a packet far too large", NULL, damage_far_too_large, QUESTION_UNREACHABLE },
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
	static const question_call calls[] = { apikey_verify, apikey_account };
	const struct reply *reply = &replies[_i];
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_reply, reply);
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct apikey_result *result = question_ask(calls[i], peer.folder, QUESTION_PATIENT, &question_whole);

		ck_assert_msg(result->verdict == reply->verdict, "%s: %s", reply->name,
			      apikey_verdict_name(result->verdict));
		if (reply->verdict == APIKEY_GRANTED)
			question_assert_granted(result);
		else
			question_assert_refused(result, reply->verdict, reply->reason);
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
		result = question_ask(apikey_account, peer.folder, QUESTION_PATIENT, &question_whole);
		question_assert_refused(result, QUESTION_UNREACHABLE);
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
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &question_whole);
	question_assert_refused(result, QUESTION_UNREACHABLE);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("answers");
	TCase *tcase = tcase_create("answers");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, only_a_matching_grant_grants, 0, ARRAY_SIZE(replies));
	tcase_add_test(tcase, a_grant_cut_anywhere_is_none);
	tcase_add_loop_test(tcase, an_error_is_no_decision, 0, ARRAY_SIZE(errors));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
