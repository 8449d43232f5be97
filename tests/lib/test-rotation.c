/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A new secret for who holds a key: what is asked, and answers of a hostile or broken server, of which nothing but a
 * whole, matching one is a new secret.
 */
#include "lib/rotation.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/answer.h"
#include "proto/verdict.h"
#include "tests/lib/peer.h"
#include "tests/suite.h"

static const struct message_rotated granted = {
	.verdict = VERDICT_GRANTED,
	.user = "alice",
	.service = "passwd",
	.key_id = "0123456789ab",
	.key_name = "phone",
	.secret = PEER_OPAQUE,
	.retires = 4000000000,
};

static const struct message_rotated looked_at = {
	.verdict = VERDICT_GRANTED, .user = "alice", .service = "passwd", .key_id = "0123456789ab", .key_name = "phone"
};

static const struct message_rotated with_reason = { .verdict = VERDICT_GRANTED,
						    .reason = REASON_NOT_ROTATED,
						    .user = "alice",
						    .service = "passwd",
						    .key_id = "0123456789ab",
						    .secret = PEER_OPAQUE,
						    .retires = 9 };

static const struct message_rotated without_end = { .verdict = VERDICT_GRANTED,
						    .user = "alice",
						    .service = "passwd",
						    .key_id = "0123456789ab",
						    .secret = PEER_OPAQUE };

static const struct message_rotated of_bob = { .verdict = VERDICT_GRANTED,
					       .user = "bob",
					       .service = "passwd",
					       .key_id = "0123456789ab",
					       .secret = PEER_OPAQUE,
					       .retires = 9 };

static const struct message_rotated of_sshd = { .verdict = VERDICT_GRANTED,
						.user = "alice",
						.service = "sshd",
						.key_id = "0123456789ab",
						.secret = PEER_OPAQUE,
						.retires = 9 };

static const struct message_rotated denied = {
	.verdict = VERDICT_DENIED, .reason = REASON_BAD_SECRET, .user = "alice", .service = "passwd"
};

static const struct message_rotated denied_with_secret = {
	.verdict = VERDICT_DENIED, .user = "alice", .service = "passwd", .secret = PEER_OPAQUE
};

static const struct message_rotated not_rotated = { .verdict = VERDICT_FORBIDDEN,
						    .reason = REASON_NOT_ROTATED,
						    .user = "alice",
						    .service = "passwd",
						    .problem = "Show the new one." };

static const struct {
	const char *what;
	const struct message_rotated *reply; /* NULL: none, the connection ends */
	bool check;
	int type; /* what is added to that of the reply */
	enum apikey_verdict verdict;
	const char *reason;
} cases[] = {
	{ "a new secret", &granted, false, 0, APIKEY_GRANTED, "" },
	{ "a look", &looked_at, true, 0, APIKEY_GRANTED, "" },
	{ "no", &denied, false, 0, APIKEY_DENIED, "bad_secret" },
	{ "no to a look", &denied, true, 0, APIKEY_DENIED, "bad_secret" },
	{ "a good key that gets none", &not_rotated, true, 0, APIKEY_FORBIDDEN, "not_rotated" },
	{ "a look without a secret where one is asked for", &looked_at, false, 0, APIKEY_UNAVAILABLE,
	  "daemon_unreachable" },
	{ "a secret that nobody has asked for", &granted, true, 0, APIKEY_UNAVAILABLE, "daemon_unreachable" },
	{ "a reason beside a grant", &with_reason, false, 0, APIKEY_UNAVAILABLE, "daemon_unreachable" },
	{ "no end of the old one", &without_end, false, 0, APIKEY_UNAVAILABLE, "daemon_unreachable" },
	{ "another user's", &of_bob, false, 0, APIKEY_UNAVAILABLE, "daemon_unreachable" },
	{ "another service's", &of_sshd, false, 0, APIKEY_UNAVAILABLE, "daemon_unreachable" },
	{ "a refusal with a secret", &denied_with_secret, false, 0, APIKEY_UNAVAILABLE, "daemon_unreachable" },
	{ "the reply to something else", &granted, false, 1, APIKEY_UNAVAILABLE, "daemon_unreachable" },
	{ "no answer", NULL, false, 0, APIKEY_UNAVAILABLE, "daemon_unreachable" },
};

/* What came last. */
static struct message_rotate asked;
static struct peer_request request;

static void serve(struct peer *peer, int fd, unsigned int number)
{
	const int *which = peer->data;
	uint16_t type = (uint16_t)((WIRE_ROTATE | WIRE_REPLY) + cases[*which].type);

	(void)number;
	if (!peer_receive(fd, &request) || codec_decode(&message_rotate, request.bytes, request.size, &asked) < 0 ||
	    !cases[*which].reply)
		return;
	(void)peer_reply(fd, type, request.header.request_id, &message_rotated, cases[*which].reply);
}

static void serve_error(struct peer *peer, int fd, unsigned int number)
{
	const struct message_error *error = peer->data;

	(void)number;
	if (peer_receive(fd, &request))
		(void)peer_reply(fd, WIRE_ERROR, request.header.request_id, &message_error, error);
}

static int ask(const struct peer *peer, bool check, struct rotation **ret_rotation)
{
	struct apikey_options options = { .size = sizeof(options), .path = peer->socket, .timeout = 10000 };
	struct apikey_request wanted = { .size = sizeof(wanted),
					 .credential = PEER_OPAQUE,
					 .service = "passwd",
					 .user = "alice",
					 .tenant = "shop",
					 .rhost = "192.0.2.1",
					 .tty = "pts/1",
					 .ruser = "bob" };

	return rotation_ask(&options, &wanted, check, ret_rotation);
}

START_TEST(an_answer_is_whole_or_none)
{
	struct rotation *rotation;
	struct peer peer;
	int which = _i;

	peer_start(&peer, WIRE_LOGIN_SOCKET, serve, &which);
	ck_assert_int_eq(ask(&peer, cases[_i].check, &rotation), 0);
	ck_assert_msg(rotation->verdict == cases[_i].verdict, "%s: %d", cases[_i].what, rotation->verdict);
	ck_assert_str_eq(rotation->reason, cases[_i].reason);
	ck_assert_str_eq(rotation->secret, rotation->verdict == APIKEY_GRANTED && !cases[_i].check ? PEER_OPAQUE : "");
	ck_assert_str_eq(rotation->key_id, rotation->verdict == APIKEY_GRANTED ? "0123456789ab" : "");
	ck_assert_str_eq(rotation->problem, cases[_i].reply == &not_rotated ? "Show the new one." : "");
	ck_assert_int_eq(rotation->retires, *rotation->secret ? granted.retires : 0);
	rotation_free(rotation);
	peer_stop(&peer);
	/* Asked once, as it was said, whatever became of it. */
	ck_assert_uint_eq(peer.connections, 1);
	ck_assert_uint_eq(request.header.type, WIRE_ROTATE);
	ck_assert_uint_eq(asked.check, cases[_i].check);
	ck_assert_str_eq(asked.credential, PEER_OPAQUE);
	ck_assert_str_eq(asked.user, "alice");
	ck_assert_str_eq(asked.service, "passwd");
	ck_assert_str_eq(asked.tenant, "shop");
	ck_assert_str_eq(asked.rhost, "192.0.2.1");
	ck_assert_str_eq(asked.tty, "pts/1");
	ck_assert_str_eq(asked.ruser, "bob");
}
END_TEST

START_TEST(who_is_not_root_is_told)
{
	static const struct message_error unknown = { .answer = ANSWER_UNKNOWN_REQUEST },
					  busy = { .answer = ANSWER_BUSY };
	struct rotation *rotation;
	struct peer peer;

	peer_start(&peer, WIRE_LOGIN_SOCKET, serve_error, &unknown);
	ck_assert_int_eq(ask(&peer, true, &rotation), 0);
	ck_assert_int_eq(rotation->verdict, APIKEY_FORBIDDEN);
	ck_assert_ptr_nonnull(strstr(rotation->problem, "root"));
	rotation_free(rotation);
	peer_stop(&peer);
	peer_start(&peer, WIRE_LOGIN_SOCKET, serve_error, &busy);
	ck_assert_int_eq(ask(&peer, true, &rotation), 0);
	ck_assert_int_eq(rotation->verdict, APIKEY_UNAVAILABLE);
	rotation_free(rotation);
	peer_stop(&peer);
	/* Nobody is there any more. */
	ck_assert_int_eq(ask(&peer, true, &rotation), 0);
	ck_assert_int_eq(rotation->verdict, APIKEY_UNAVAILABLE);
	rotation_free(rotation);
	rotation_free(NULL);
}
END_TEST

START_TEST(what_makes_no_question_is_not_asked)
{
	struct apikey_options options = { .size = sizeof(options), .path = "/nowhere" };
	const struct apikey_request good = {
		.size = sizeof(good), .credential = PEER_OPAQUE, .service = "passwd", .user = "alice"
	};
	struct apikey_request wrong[] = { good, good, good, good, good };
	struct rotation *rotation = NULL;

	wrong[0].credential = NULL;
	wrong[1].service = NULL;
	wrong[2].user = NULL;
	wrong[3].user = "";
	wrong[4].tenant = "";
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		ck_assert_int_eq(rotation_ask(&options, &wrong[i], false, &rotation), -EINVAL);
	ck_assert_ptr_null(rotation);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("rotation");
	TCase *tests = tcase_create("tests");

	tcase_add_loop_test(tests, an_answer_is_whole_or_none, 0, ARRAY_SIZE(cases));
	tcase_add_test(tests, who_is_not_root_is_told);
	tcase_add_test(tests, what_makes_no_question_is_not_asked);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
