/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Servers that end the connection, say nothing, take nobody in or are not there: every call ends at its deadline, and
 * none is a grant.
 */
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
#include "tests/lib/question.h"
#include "tests/suite.h"

#define TIMEOUT 200 /* milliseconds; where silence is what is tested */
#define SLACK 5000  /* how late a busy machine may be */

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
	question_call function;
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
	struct apikey_request request = question_whole;
	struct apikey_result *result;
	struct peer peer;

	request.credential = ends[_i].credential;
	peer_start(&peer, peer_verify_socket(), ends[_i].script, NULL);
	result = question_ask(ends[_i].function, peer.folder, QUESTION_PATIENT, &request);
	if (ends[_i].granted)
		question_assert_granted(result);
	else
		question_assert_refused(result, QUESTION_UNREACHABLE);
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
	struct apikey_result *result = question_ask(apikey_verify, path, TIMEOUT, &question_whole);

	took = (clock_monotonic() - start) / 1000000;
	question_assert_refused(result, APIKEY_UNAVAILABLE, "deadline");
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
	result = question_ask(apikey_verify, peer.folder, QUESTION_PATIENT, &question_whole);
	question_assert_granted(result);
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

		result = question_ask(apikey_verify, paths[i], QUESTION_PATIENT, &question_whole);
		question_assert_refused(result, QUESTION_UNREACHABLE);
		apikey_result_free(result);
	}
	/* A socket that nobody listens on any more. */
	fd = peer_listen(path, 1);
	close(fd);
	result = question_ask(apikey_verify, folder, QUESTION_PATIENT, &question_whole);
	question_assert_refused(result, QUESTION_UNREACHABLE);
	apikey_result_free(result);
	peer_remove_folder(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("deadline");
	TCase *tcase = tcase_create("deadline");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, an_early_end_is_tried_once_more_where_that_is_safe, 0, ARRAY_SIZE(ends));
	tcase_add_loop_test(tcase, silence_ends_at_the_deadline, 0, 2);
	tcase_add_test(tcase, a_full_backlog_ends_at_the_deadline);
	tcase_add_test(tcase, signals_neither_shorten_nor_stretch_the_deadline);
	tcase_add_test(tcase, a_slow_answer_inside_the_deadline_counts);
	tcase_add_test(tcase, a_daemon_that_is_not_there_is_unavailable);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
