/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What apikey_verify() and apikey_account() say to a good server and tell of its grant, and the requests they refuse
 * before anything is sent.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "proto/verdict.h"
#include "tests/lib/question.h"
#include "tests/suite.h"

/* ---- a good server ---- */

START_TEST(a_grant_is_told_whole)
{
	struct peer peer;
	struct apikey_result *result;

	peer_start(&peer, peer_verify_socket(), question_serve_grant, NULL);
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &question_whole);
	question_assert_granted(result);
	apikey_result_free(result);
	result = question_ask(apikey_account, peer.folder, QUESTION_PATIENT, &question_whole);
	question_assert_granted(result);
	apikey_result_free(result);
	result = question_ask(apikey_verify, peer.socket, QUESTION_PATIENT, &question_whole);
	question_assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
	apikey_result_free(NULL);
}
END_TEST

START_TEST(a_request_without_a_user_is_answered_without_one)
{
	struct apikey_request request = question_whole;
	struct apikey_result *result;
	struct peer peer;

	request.user = NULL;
	peer_start(&peer, peer_verify_socket(), question_serve_grant, NULL);
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &request);
	question_assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_ticket_comes_where_it_is_asked_for)
{
	struct apikey_request request = question_whole;
	struct apikey_result *result;
	struct peer peer;

	request.wants_ticket = 1;
	peer_start(&peer, peer_verify_socket(), question_serve_grant, NULL);
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &request);
	ck_assert_str_eq(result->ticket, PEER_TICKET);
	apikey_result_free(result);
	request.wants_ticket = 0;
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &request);
	ck_assert_str_eq(result->ticket, "");
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

static void serve_notices(struct peer *peer, int fd, unsigned int number)
{
	const size_t *count = peer->data;
	struct message_verdict verdict;
	struct peer_request request;

	(void)number;
	if (!peer_receive(fd, &request) || !peer_grant_of(&request, &verdict))
		return;
	while (verdict.notices.count < *count)
		verdict.notices.items[verdict.notices.count++] = "Your key ends soon.";
	(void)peer_reply(fd, WIRE_VERIFY | WIRE_REPLY, request.header.request_id, &message_verdict, &verdict);
}

START_TEST(what_the_user_should_know_is_told)
{
	static const size_t counts[] = { 0, 1, APIKEY_NOTICES_MAX, APIKEY_NOTICES_MAX + 3 };
	struct apikey_result *result;
	struct peer peer;

	for (size_t i = 0; i < ARRAY_SIZE(counts); i++) {
		size_t count = 0;

		peer_start(&peer, peer_verify_socket(), serve_notices, &counts[i]);
		result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &question_whole);
		question_assert_granted(result);
		for (; result->notices[count]; count++)
			ck_assert_str_eq(result->notices[count], "Your key ends soon.");
		/* Of a later daemon's, as many as there is room for. */
		ck_assert_uint_eq(count, counts[i] < APIKEY_NOTICES_MAX ? counts[i] : APIKEY_NOTICES_MAX);
		apikey_result_free(result);
		peer_stop(&peer);
	}
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
	struct apikey_request request = question_whole;
	struct apikey_result *result;
	struct peer peer;

	request.tenant = "t";
	request.rhost = "192.0.2.1";
	request.tty = "ssh";
	request.ruser = "bob";
	peer_start(&peer, peer_verify_socket(), script_compare, &request);
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &request);
	question_assert_granted(result);
	apikey_result_free(result);
	result = question_ask(apikey_account, peer.folder, QUESTION_PATIENT, &request);
	question_assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
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
	{ "no credential", sizeof(question_whole), NULL, "imap", "mail.imap", "alice", NULL, NULL },
	{ "an empty credential", sizeof(question_whole), "", "imap", "mail.imap", "alice", NULL, NULL },
	{ "a long credential", sizeof(question_whole), LONG(WIRE_CREDENTIAL_MAX), "imap", "mail.imap", "alice", NULL,
	  NULL },
	{ "no service", sizeof(question_whole), PEER_OPAQUE, NULL, "mail.imap", "alice", NULL, NULL },
	{ "a long service", sizeof(question_whole), PEER_OPAQUE, LONG(WIRE_SERVICE_MAX), "mail.imap", "alice", NULL,
	  NULL },
	{ "no permission", sizeof(question_whole), PEER_OPAQUE, "imap", NULL, "alice", NULL, NULL },
	{ "a long permission", sizeof(question_whole), PEER_OPAQUE, "imap", LONG(WIRE_PERMISSION_MAX), "alice", NULL,
	  NULL },
	{ "a long user", sizeof(question_whole), PEER_OPAQUE, "imap", "mail.imap", LONG(WIRE_USER_MAX), NULL, NULL },
	{ "an empty user", sizeof(question_whole), PEER_OPAQUE, "imap", "mail.imap", "", NULL, NULL },
	{ "an empty tenant", sizeof(question_whole), PEER_OPAQUE, "imap", "mail.imap", "alice", "", NULL },
	{ "a long address", sizeof(question_whole), PEER_OPAQUE, "imap", "mail.imap", "alice", NULL,
	  LONG(WIRE_SOURCE_MAX) },
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

	peer_start(&peer, peer_verify_socket(), question_serve_grant, NULL);
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
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &request);
	question_assert_granted(result);
	apikey_result_free(result);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_caller_of_a_later_version_is_understood_unless_it_says_more)
{
	struct {
		struct apikey_request request;
		const char *later;
	} later = { .request = question_whole };
	struct {
		struct apikey_options options;
		uint64_t later;
	} options = { .options = { .size = sizeof(options), .timeout = QUESTION_PATIENT } };
	struct apikey_result *result = NULL;
	struct peer peer;

	later.request.size = sizeof(later);
	peer_start(&peer, peer_verify_socket(), question_serve_grant, NULL);
	options.options.path = peer.folder;
	ck_assert_int_eq(apikey_verify(&options.options, &later.request, &result), 0);
	question_assert_granted(result);
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
	TCase *tcase = tcase_create("verify");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_grant_is_told_whole);
	tcase_add_test(tcase, a_request_without_a_user_is_answered_without_one);
	tcase_add_test(tcase, a_ticket_comes_where_it_is_asked_for);
	tcase_add_test(tcase, what_the_user_should_know_is_told);
	tcase_add_test(tcase, a_request_arrives_as_it_was_made);
	tcase_add_loop_test(tcase, a_request_that_cannot_be_is_refused_before_it_is_sent, 0, ARRAY_SIZE(bad_requests));
	tcase_add_test(tcase, texts_at_their_limits_are_taken);
	tcase_add_test(tcase, a_caller_of_a_later_version_is_understood_unless_it_says_more);
	tcase_add_test(tcase, names_are_the_documented_ones);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
