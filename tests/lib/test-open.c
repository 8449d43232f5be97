/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Opening a handle: a server that does not welcome, or not as it should, gives none, and says why.
 */
#include "lib/apikey.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "proto/answer.h"
#include "tests/lib/peer.h"
#include "tests/suite.h"

#define PATIENT 20000 /* milliseconds */

static void script_silence(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)number;
	peer_await_end(fd);
}

static void script_close(struct peer *peer, int fd, unsigned int number)
{
	(void)peer;
	(void)fd;
	(void)number;
}

static void script_hello_busy(struct peer *peer, int fd, unsigned int number)
{
	struct message_error error = { .answer = ANSWER_BUSY, .detail = "64 connections of uid 33 are open." };
	struct peer_request request;

	(void)peer;
	(void)number;
	if (peer_receive(fd, &request))
		peer_reply(fd, WIRE_ERROR, request.header.request_id, &message_error, &error);
}

static void script_hello_refused(struct peer *peer, int fd, unsigned int number)
{
	struct message_error error = { .answer = ANSWER_UNKNOWN_REQUEST };
	struct peer_request request;

	(void)peer;
	(void)number;
	if (peer_receive(fd, &request))
		peer_reply(fd, WIRE_ERROR, request.header.request_id, &message_error, &error);
}

static void script_hello_wrong_id(struct peer *peer, int fd, unsigned int number)
{
	struct message_welcome welcome = { .version = "1.0" };
	struct peer_request request;

	(void)peer;
	(void)number;
	if (peer_receive(fd, &request))
		peer_reply(fd, WIRE_HELLO | WIRE_REPLY, request.header.request_id + 1, &message_welcome, &welcome);
}

static void script_hello_wrong_type(struct peer *peer, int fd, unsigned int number)
{
	struct message_welcome welcome = { .version = "1.0" };
	struct peer_request request;

	(void)peer;
	(void)number;
	if (peer_receive(fd, &request))
		peer_reply(fd, WIRE_VERIFY | WIRE_REPLY, request.header.request_id, &message_welcome, &welcome);
}

static void script_hello_too_large(struct peer *peer, int fd, unsigned int number)
{
	static const unsigned char packet[WIRE_PACKET_MAX];
	struct peer_request request;

	(void)peer;
	(void)number;
	if (peer_receive(fd, &request))
		peer_send(fd, packet, sizeof(packet));
}

static void script_hello_garbage(struct peer *peer, int fd, unsigned int number)
{
	struct peer_request request;

	(void)peer;
	(void)number;
	if (peer_receive(fd, &request))
		peer_send(fd, "?", 1);
}

static const struct {
	const char *name;
	peer_script script;
	int error;
} refusals[] = {
	{ "silence", script_silence, -ETIMEDOUT },
	{ "closes", script_close, -ECONNRESET },
	{ "busy", script_hello_busy, -EBUSY },
	{ "refused", script_hello_refused, -ECONNREFUSED },
	{ "another id", script_hello_wrong_id, -EPROTO },
	{ "another type", script_hello_wrong_type, -EPROTO },
	{ "too large", script_hello_too_large, -EPROTO },
	{ "garbage", script_hello_garbage, -EPROTO },
};

START_TEST(a_server_that_does_not_welcome_gives_no_client)
{
	bool silent = refusals[_i].script == script_silence;
	struct apikey_options options = { .size = sizeof(options), .timeout = silent ? 100 : PATIENT };
	unsigned int before = peer_count_fds();
	struct apikey_client *client = NULL;
	struct peer peer;
	int r;

	peer_start(&peer, peer_verify_socket(), refusals[_i].script, NULL);
	options.path = peer.folder;
	r = apikey_client_open(&options, &client);
	ck_assert_msg(r == refusals[_i].error, "%s: %d", refusals[_i].name, r);
	ck_assert_ptr_null(client);
	peer_stop(&peer);
	ck_assert_uint_eq(peer_count_fds(), before);
}
END_TEST

START_TEST(an_open_that_cannot_be_says_why)
{
	struct apikey_options options = { .size = sizeof(options), .path = "/nowhere/at-all" };
	struct apikey_client *client = NULL;

	ck_assert_int_eq(apikey_client_open(&options, &client), -ENOENT);
	options.path = "/dev/null";
	ck_assert_int_eq(apikey_client_open(&options, &client), -EPERM);
	options.path = "";
	ck_assert_int_eq(apikey_client_open(&options, &client), -EINVAL);
	options.size = 0;
	ck_assert_int_eq(apikey_client_open(&options, &client), -EINVAL);
	ck_assert_ptr_null(client);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("open");
	TCase *tcase = tcase_create("open");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_server_that_does_not_welcome_gives_no_client, 0, ARRAY_SIZE(refusals));
	tcase_add_test(tcase, an_open_that_cannot_be_says_why);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
