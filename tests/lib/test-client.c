/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The persistent client: answers in any order, a thousand in flight, servers that die or lie midway. Whatever happens,
 * every submitted request is called back exactly once.
 */
#include "lib/apikey.h"

#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "proto/answer.h"
#include "proto/verdict.h"
#include "tests/lib/question.h"
#include "tests/suite.h"

#define IN_FLIGHT 1024
#define PATIENT 20000 /* milliseconds */

/* One submitted request and what became of it. */
struct asked {
	unsigned int calls;
	enum apikey_verdict verdict;
	char key_name[32], reason[32];
};

static void note(void *data, const struct apikey_result *result)
{
	struct asked *asked = data;

	asked->calls++;
	asked->verdict = result->verdict;
	snprintf(asked->key_name, sizeof(asked->key_name), "%s", result->key_name);
	snprintf(asked->reason, sizeof(asked->reason), "%s", result->reason);
}

static struct apikey_client *open_client(const struct peer *peer)
{
	struct apikey_options options = { .size = sizeof(options), .path = peer->folder, .timeout = PATIENT };
	struct apikey_client *client = NULL;

	ck_assert_int_eq(apikey_client_open(&options, &client), 0);
	return client;
}

/* Asks as the user "user-NUMBER", by which answers can be told apart. */
static int submit(struct apikey_client *client, unsigned int number, struct asked *asked)
{
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = PEER_OPAQUE,
		.service = "imap",
		.permission = "mail.imap",
	};
	char user[32];

	snprintf(user, sizeof(user), "user-%u", number);
	request.user = user;
	return apikey_client_submit(client, &request, note, asked);
}

static void submit_all(struct apikey_client *client, struct asked *asked, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		ck_assert_int_eq(submit(client, i, &asked[i]), 0);
}

static unsigned int count_verdicts(const struct asked *asked, unsigned int count, enum apikey_verdict verdict)
{
	unsigned int found = 0;

	for (unsigned int i = 0; i < count; i++) {
		ck_assert_msg(asked[i].calls == 1, "request %u was called back %u times", i, asked[i].calls);
		found += asked[i].verdict == verdict;
	}
	return found;
}

/* ---- good servers ---- */

/* A question as a script keeps it. */
struct kept {
	uint64_t id;
	char user[32];
};

static bool keep(int fd, struct kept *ret_kept)
{
	struct peer_request request;
	struct message_verify verify;

	if (!peer_receive(fd, &request) || request.header.type != WIRE_VERIFY ||
	    codec_decode(&message_verify, request.bytes, request.size, &verify) < 0 || !verify.user)
		return false;
	ret_kept->id = request.header.request_id;
	snprintf(ret_kept->user, sizeof(ret_kept->user), "%s", verify.user);
	return true;
}

/* Grants with the user's name as the key's. */
static bool grant(int fd, const struct kept *kept)
{
	struct message_verdict verdict = {
		.verdict = VERDICT_GRANTED,
		.user = kept->user,
		.service = "imap",
		.key_id = "0123456789ab",
		.key_name = kept->user,
		.owner = "alice",
	};

	return peer_reply(fd, WIRE_VERIFY | WIRE_REPLY, kept->id, &message_verdict, &verdict);
}

/* Reads as many requests as the test says, then answers them in another order: 0, 7, 14, … modulo their count. */
static void script_shuffle(struct peer *peer, int fd, unsigned int number)
{
	unsigned int count = *(const unsigned int *)peer->data;
	struct kept *kept = calloc(count, sizeof(*kept));

	(void)number;
	if (kept && peer_welcome(fd)) {
		for (unsigned int i = 0; i < count; i++) {
			if (!keep(fd, &kept[i]))
				break;
		}
		for (unsigned int i = 0; i < count; i++)
			grant(fd, &kept[i * 7 % count]);
		peer_await_end(fd);
	}
	free(kept);
}

START_TEST(answers_find_their_questions_in_any_order)
{
	static const unsigned int counts[] = { 1, 5, 64, IN_FLIGHT };
	static struct asked asked[IN_FLIGHT + 1];
	unsigned int count = counts[_i];
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_shuffle, &count);
	client = open_client(&peer);
	submit_all(client, asked, count);
	ck_assert_uint_eq(apikey_client_pending(client), count);
	if (count == IN_FLIGHT)
		ck_assert_int_eq(submit(client, count, &asked[count]), -EAGAIN);
	ck_assert_int_eq(apikey_client_wait(client, PATIENT), 0);
	ck_assert_uint_eq(apikey_client_pending(client), 0);
	ck_assert_uint_eq(count_verdicts(asked, count, APIKEY_GRANTED), count);
	for (unsigned int i = 0; i < count; i++) {
		char user[32];

		snprintf(user, sizeof(user), "user-%u", i);
		ck_assert_str_eq(asked[i].key_name, user);
	}
	ck_assert_uint_eq(asked[count].calls, 0);
	apikey_client_free(client);
	peer_stop(&peer);
}
END_TEST

static void script_answer_each(struct peer *peer, int fd, unsigned int number)
{
	struct kept kept;

	(void)peer;
	(void)number;
	if (!peer_welcome(fd))
		return;
	while (keep(fd, &kept) && grant(fd, &kept))
		;
}

struct chain {
	struct apikey_client *client;
	struct asked asked;
	unsigned int left;
};

/* Asks again from within the callback. */
static void ask_again(void *data, const struct apikey_result *result)
{
	struct chain *chain = data;

	note(&chain->asked, result);
	if (chain->left-- > 1)
		ck_assert_int_eq(apikey_client_submit(chain->client, &question_whole, ask_again, chain), 0);
}

START_TEST(callbacks_may_submit)
{
	enum { CHAINS = 64, LENGTH = 40 };
	static struct chain chains[CHAINS];
	struct apikey_result start = { .verdict = APIKEY_DENIED, .key_name = "", .reason = "" };
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_answer_each, NULL);
	client = open_client(&peer);
	for (unsigned int i = 0; i < CHAINS; i++) {
		chains[i] = (struct chain){ .client = client, .left = LENGTH };
		ask_again(&chains[i], &start);
	}
	ck_assert_int_eq(apikey_client_wait(client, PATIENT), 0);
	for (unsigned int i = 0; i < CHAINS; i++) {
		ck_assert_uint_eq(chains[i].asked.calls, LENGTH);
		ck_assert_int_eq(chains[i].asked.verdict, APIKEY_GRANTED);
	}
	apikey_client_free(client);
	peer_stop(&peer);
}
END_TEST

/* Requests may be held until it comes around. */
START_TEST(an_event_loop_can_drive_it)
{
	static struct asked asked[IN_FLIGHT];
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_answer_each, NULL);
	client = open_client(&peer);
	ck_assert_int_eq(apikey_client_process(client), 0);
	ck_assert_int_eq(apikey_client_events(client), POLLIN);
	apikey_client_hold(client, _i);
	submit_all(client, asked, IN_FLIGHT);
	if (_i)
		ck_assert_int_eq(apikey_client_events(client), POLLIN | POLLOUT);
	while (apikey_client_pending(client) > 0) {
		struct pollfd watched = {
			.fd = apikey_client_fd(client),
			.events = apikey_client_events(client),
		};

		ck_assert_int_eq(poll(&watched, 1, PATIENT), 1);
		ck_assert_int_eq(apikey_client_process(client), 0);
	}
	ck_assert_uint_eq(count_verdicts(asked, IN_FLIGHT, APIKEY_GRANTED), IN_FLIGHT);
	ck_assert_int_eq(apikey_client_events(client), POLLIN);
	apikey_client_free(client);
	peer_stop(&peer);
}
END_TEST

/* ---- servers that do not read, or do not answer ---- */

static void script_deaf(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	if (peer_welcome(fd)) {
		struct pollfd watched = { .fd = fd }; /* until the other end hangs up */

		poll(&watched, 1, PATIENT);
	}
}

START_TEST(a_server_that_reads_nothing_blocks_nobody)
{
	static struct asked asked[IN_FLIGHT];
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_deaf, NULL);
	client = open_client(&peer);
	submit_all(client, asked, IN_FLIGHT);
	ck_assert_int_eq(apikey_client_events(client), POLLIN | POLLOUT);
	ck_assert_int_eq(apikey_client_process(client), 0);
	ck_assert_int_eq(apikey_client_wait(client, 50), -ETIMEDOUT);
	ck_assert_uint_eq(apikey_client_pending(client), IN_FLIGHT);
	apikey_client_free(client);
	ck_assert_uint_eq(count_verdicts(asked, IN_FLIGHT, APIKEY_UNAVAILABLE), IN_FLIGHT);
	peer_stop(&peer);
}
END_TEST

/* Reads nothing, and yet answers the last of a thousand requests, which the client cannot have sent. Ids are the
 * count of requests before it and the slot it lies in. */
static void script_answer_unasked(struct peer *peer, int fd, unsigned int number)
{
	const struct kept guess = { .id = (uint64_t)IN_FLIGHT << 10 | (IN_FLIGHT - 1), .user = "user-1023" };

	(void)peer;
	(void)number;
	if (peer_welcome(fd)) {
		struct pollfd watched = { .fd = fd };

		grant(fd, &guess);
		poll(&watched, 1, PATIENT);
	}
}

START_TEST(a_request_not_sent_yet_cannot_be_answered)
{
	static struct asked asked[IN_FLIGHT];
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_answer_unasked, NULL);
	client = open_client(&peer);
	submit_all(client, asked, IN_FLIGHT);
	ck_assert_int_eq(apikey_client_wait(client, PATIENT), -EPROTO);
	ck_assert_uint_eq(count_verdicts(asked, IN_FLIGHT, APIKEY_UNAVAILABLE), IN_FLIGHT);
	apikey_client_free(client);
	peer_stop(&peer);
}
END_TEST

/* ---- servers that die or lie midway ---- */

enum { ASKED = 40, ANSWERED = 10 };

/* Answers ten of forty well, then does the mischief. */
struct mischief {
	const char *name;
	/* kept are all forty; the first ten are answered. */
	void (*act)(int fd, const struct kept *kept);
	int error;
	bool unread; /* the thirty are not even read */
};

static void act_close(int fd, const struct kept *kept)
{
	(void)kept;
	shutdown(fd, SHUT_RDWR);
}

static void act_empty_packet(int fd, const struct kept *kept)
{
	(void)kept;
	peer_send(fd, "", 0);
}

static void act_garbage(int fd, const struct kept *kept)
{
	(void)kept;
	peer_send(fd, "what is this, and why?", 22);
}

/* A grant that would be whole when it is cut to the client's buffer. */
static void act_too_large(int fd, const struct kept *kept)
{
	struct message_verdict verdict = { .verdict = VERDICT_GRANTED, .user = kept[20].user, .service = "imap" };
	struct codec_header header = { .type = WIRE_VERIFY | WIRE_REPLY, .request_id = kept[20].id };
	unsigned char packet[WIRE_VERIFY_PACKET_MAX + 1] = { 0 };
	size_t size;

	if (codec_encode(&message_verdict, &verdict, header, packet, WIRE_VERIFY_PACKET_MAX, &size) == 0)
		peer_send(fd, packet, peer_pad(packet, size, WIRE_VERIFY_PACKET_MAX) + 1);
}

static void act_answer_twice(int fd, const struct kept *kept)
{
	grant(fd, &kept[0]);
}

static void act_another_id(int fd, const struct kept *kept)
{
	struct kept other = kept[ASKED - 1];

	other.id += 1 << 20;
	grant(fd, &other);
}

static void act_another_user(int fd, const struct kept *kept)
{
	struct kept other = kept[ASKED - 1];

	other.id = kept[ASKED - 2].id;
	grant(fd, &other);
}

static void act_another_service(int fd, const struct kept *kept)
{
	struct message_verdict verdict = { .verdict = VERDICT_GRANTED, .user = kept[20].user, .service = "smtp" };

	peer_reply(fd, WIRE_VERIFY | WIRE_REPLY, kept[20].id, &message_verdict, &verdict);
}

static void act_error_for_nobody(int fd, const struct kept *kept)
{
	struct message_error error = { .answer = ANSWER_BUSY };

	(void)kept;
	peer_reply(fd, WIRE_ERROR, 0, &message_error, &error);
}

static const struct mischief mischiefs[] = {
	{ "closes", act_close, -ECONNRESET, false },
	{ "closes, and has not read all", act_close, -ECONNRESET, true },
	{ "an empty packet", act_empty_packet, -ECONNRESET, false },
	{ "garbage", act_garbage, -EPROTO, false },
	{ "a packet too large", act_too_large, -EPROTO, false },
	{ "an answer given before", act_answer_twice, -EPROTO, false },
	{ "an answer to what was not asked", act_another_id, -EPROTO, false },
	{ "an answer for another user", act_another_user, -EPROTO, false },
	{ "an answer for another service", act_another_service, -EPROTO, false },
	{ "an error without a request", act_error_for_nobody, -EPROTO, false },
};

static void script_mischief(struct peer *peer, int fd, unsigned int number)
{
	const struct mischief *mischief = peer->data;
	struct kept kept[ASKED] = { 0 };

	(void)number;
	if (!peer_welcome(fd))
		return;
	for (unsigned int i = 0; i < (mischief->unread ? ANSWERED : ASKED); i++) {
		if (!keep(fd, &kept[i]))
			return;
	}
	for (unsigned int i = 0; i < ANSWERED; i++)
		grant(fd, &kept[i]);
	mischief->act(fd, kept);
	if (!mischief->unread)
		peer_await_end(fd);
}

START_TEST(when_the_server_goes_wrong_all_are_called_back_once)
{
	static struct asked asked[ASKED + 1];
	const struct mischief *mischief = &mischiefs[_i];
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_mischief, mischief);
	client = open_client(&peer);
	submit_all(client, asked, ASKED);
	ck_assert_int_eq(apikey_client_wait(client, PATIENT), mischief->error);
	ck_assert_uint_eq(apikey_client_pending(client), 0);
	ck_assert_msg(count_verdicts(asked, ASKED, APIKEY_GRANTED) == ANSWERED, "%s: %u grants", mischief->name,
		      count_verdicts(asked, ASKED, APIKEY_GRANTED));
	ck_assert_uint_eq(count_verdicts(asked, ASKED, APIKEY_UNAVAILABLE), ASKED - ANSWERED);
	ck_assert_str_eq(asked[ASKED - 1].reason, "daemon_unreachable");
	/* The connection is over, and says so to whoever asks. */
	ck_assert_int_eq(submit(client, ASKED, &asked[ASKED]), -ENOTCONN);
	ck_assert_int_eq(apikey_client_process(client), mischief->error);
	ck_assert_int_eq(apikey_client_wait(client, PATIENT), mischief->error);
	ck_assert_int_eq(apikey_client_events(client), 0);
	apikey_client_free(client);
	ck_assert_uint_eq(count_verdicts(asked, ASKED, APIKEY_GRANTED), ANSWERED);
	ck_assert_uint_eq(asked[ASKED].calls, 0);
	peer_stop(&peer);
}
END_TEST

static void script_welcome_and_go(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	peer_welcome(fd);
}

START_TEST(sending_to_a_server_that_has_gone_raises_no_signal)
{
	static struct asked asked[2];
	struct apikey_client *client;
	struct pollfd watched;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_welcome_and_go, NULL);
	client = open_client(&peer);
	watched = (struct pollfd){ .fd = apikey_client_fd(client), .events = POLLIN };
	ck_assert_int_eq(poll(&watched, 1, PATIENT), 1);
	submit_all(client, asked, 2);
	ck_assert_uint_eq(apikey_client_pending(client), 2);
	ck_assert_int_eq(apikey_client_process(client), -ECONNRESET);
	ck_assert_uint_eq(count_verdicts(asked, 2, APIKEY_UNAVAILABLE), 2);
	apikey_client_free(client);
	peer_stop(&peer);
}
END_TEST

/* Answers every third with an error. */
static void script_errors_between(struct peer *peer, int fd, unsigned int number)
{
	struct message_error error = { .answer = ANSWER_BUSY };
	struct kept kept;

	(void)peer;
	(void)number;
	if (!peer_welcome(fd))
		return;
	for (unsigned int i = 0; keep(fd, &kept); i++) {
		if (i % 3 == 0)
			peer_reply(fd, WIRE_ERROR, kept.id, &message_error, &error);
		else
			grant(fd, &kept);
	}
}

START_TEST(an_error_is_for_its_request_alone)
{
	static struct asked asked[ASKED];
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_errors_between, NULL);
	client = open_client(&peer);
	submit_all(client, asked, 30);
	ck_assert_int_eq(apikey_client_wait(client, PATIENT), 0);
	ck_assert_uint_eq(count_verdicts(asked, 30, APIKEY_GRANTED), 20);
	ck_assert_uint_eq(count_verdicts(asked, 30, APIKEY_UNAVAILABLE), 10);
	apikey_client_free(client);
	peer_stop(&peer);
}
END_TEST

struct last_words {
	struct apikey_client *client;
	unsigned int calls;
	int submitted;
};

static void submit_at_the_end(void *data, const struct apikey_result *result)
{
	struct last_words *words = data;
	static struct asked unused;

	ck_assert_int_eq(result->verdict, APIKEY_UNAVAILABLE);
	words->calls++;
	words->submitted = submit(words->client, 0, &unused);
}

START_TEST(nothing_can_be_submitted_while_the_client_is_freed)
{
	struct last_words words = { 0 };
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_deaf, NULL);
	words.client = open_client(&peer);
	ck_assert_int_eq(apikey_client_submit(words.client, &question_whole, submit_at_the_end, &words), 0);
	apikey_client_free(words.client);
	ck_assert_uint_eq(words.calls, 1);
	ck_assert_int_eq(words.submitted, -ENOTCONN);
	apikey_client_free(NULL);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_bad_request_is_refused_and_the_rest_goes_on)
{
	struct apikey_request request = { .size = sizeof(request), .credential = PEER_OPAQUE, .service = "imap" };
	static struct asked asked[2];
	struct apikey_client *client;
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_answer_each, NULL);
	client = open_client(&peer);
	ck_assert_int_eq(apikey_client_submit(client, &request, note, &asked[1]), -EINVAL);
	request.permission = "mail.imap";
	request.user = "";
	ck_assert_int_eq(apikey_client_submit(client, &request, note, &asked[1]), -EINVAL);
	request.size = 1;
	ck_assert_int_eq(apikey_client_submit(client, &request, note, &asked[1]), -EINVAL);
	ck_assert_int_eq(apikey_client_submit(client, NULL, note, &asked[1]), -EINVAL);
	ck_assert_uint_eq(apikey_client_pending(client), 0);
	ck_assert_int_eq(submit(client, 0, &asked[0]), 0);
	ck_assert_int_eq(apikey_client_wait(client, PATIENT), 0);
	ck_assert_uint_eq(count_verdicts(asked, 1, APIKEY_GRANTED), 1);
	ck_assert_uint_eq(asked[1].calls, 0);
	apikey_client_free(client);
	peer_stop(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("client");
	TCase *tcase = tcase_create("client");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, answers_find_their_questions_in_any_order, 0, 4);
	tcase_add_test(tcase, callbacks_may_submit);
	tcase_add_loop_test(tcase, an_event_loop_can_drive_it, 0, 2);
	tcase_add_test(tcase, a_server_that_reads_nothing_blocks_nobody);
	tcase_add_test(tcase, a_request_not_sent_yet_cannot_be_answered);
	tcase_add_loop_test(tcase, when_the_server_goes_wrong_all_are_called_back_once, 0, ARRAY_SIZE(mischiefs));
	tcase_add_test(tcase, sending_to_a_server_that_has_gone_raises_no_signal);
	tcase_add_test(tcase, an_error_is_for_its_request_alone);
	tcase_add_test(tcase, nothing_can_be_submitted_while_the_client_is_freed);
	tcase_add_test(tcase, a_bad_request_is_refused_and_the_rest_goes_on);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
