/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The example program of the manual, run as an application is: by its own process, against a server, through the
 * shared library.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "proto/verdict.h"
#include "tests/lib/peer.h"
#include "tests/suite.h"

/* Grants the one credential to the service imap for the permission mail.imap. */
static void script_judge(struct peer *peer, int fd, unsigned int number)
{
	struct message_verdict verdict;
	struct message_verify verify;
	struct peer_request request;

	(void)peer;
	(void)number;
	if (!peer_receive(fd, &request) || !peer_grant_of(&request, &verdict) ||
	    codec_decode(&message_verify, request.bytes, request.size, &verify) < 0)
		return;
	if (strcmp(verify.credential, PEER_OPAQUE) != 0) {
		verdict.verdict = VERDICT_DENIED;
		verdict.reason = REASON_BAD_SECRET;
	} else if (strcmp(verify.permission, "mail.imap") != 0) {
		verdict.verdict = VERDICT_FORBIDDEN;
		verdict.reason = REASON_INSUFFICIENT_PERMISSION;
	}
	peer_reply(fd, request.header.type | WIRE_REPLY, request.header.request_id, &message_verdict, &verdict);
}

/* Runs the example with a line on its standard input. Its exit status and what it prints. */
static int run_example(const char *folder, const char *permission, const char *line, char ret_output[128])
{
	int input[2], output[2], status;
	size_t size = 0;
	ssize_t got;
	pid_t pid;

	ck_assert_int_eq(pipe(input), 0);
	ck_assert_int_eq(pipe(output), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		dup2(input[0], STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		close(input[1]);
		close(output[0]);
		execl("./lib/example", "example", "imap", permission, folder, (char *)NULL);
		_exit(127);
	}
	close(input[0]);
	close(output[1]);
	ck_assert_int_eq(write(input[1], line, strlen(line)), (ssize_t)strlen(line));
	close(input[1]);
	while (size < 127 && (got = read(output[0], ret_output + size, 127 - size)) > 0)
		size += (size_t)got;
	ret_output[size] = '\0';
	close(output[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

static const struct {
	const char *permission, *line, *output;
	int status;
} runs[] = {
	{ "mail.imap", PEER_OPAQUE "\n", "granted alice\n", 0 },
	{ "mail.imap", PEER_OPAQUE, "granted alice\n", 0 },
	{ "mail.smtp", PEER_OPAQUE "\n", "forbidden insufficient_permission\n", 1 },
	{ "mail.imap", "ak_wrong\n", "denied bad_secret\n", 1 },
	{ "mail.imap", "\n", "", 2 },
	{ "mail.imap", "", "", 2 },
};

START_TEST(the_example_says_what_the_server_says)
{
	char output[128];
	struct peer peer;

	peer_start(&peer, peer_verify_socket(), script_judge, NULL);
	ck_assert_int_eq(run_example(peer.folder, runs[_i].permission, runs[_i].line, output), runs[_i].status);
	ck_assert_str_eq(output, runs[_i].output);
	peer_stop(&peer);
}
END_TEST

START_TEST(the_example_says_that_nobody_is_there)
{
	char output[128], folder[32];

	peer_make_folder(folder);
	ck_assert_int_eq(run_example(folder, "mail.imap", PEER_OPAQUE "\n", output), 1);
	ck_assert_str_eq(output, "unavailable daemon_unreachable\n");
	peer_remove_folder(folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("example");
	TCase *tcase = tcase_create("example");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, the_example_says_what_the_server_says, 0, ARRAY_SIZE(runs));
	tcase_add_test(tcase, the_example_says_that_nobody_is_there);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
