/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Failures of availability that modules like this one had elsewhere, each under its number in the project's list: a
 * login ends at its deadline whatever the daemon does, and who needs no key is not stopped.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/socket.h"
#include "pam_module/log.h"
#include "proto/verdict.h"
#include "proto/wire.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

START_TEST(failure_01_a_hung_daemon_costs_the_deadline_and_no_more)
{
	static const enum server_manner manners[] = { SERVER_SILENT, SERVER_DRIPS };
	int64_t took;
	int listener;

	for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
		struct server_script script = { .manner = manners[i], .verdict = VERDICT_GRANTED };

		ck_assert_int_eq(fixture_run(&script, "demo", &took), PAM_AUTHINFO_UNAVAIL);
		ck_assert_int_lt(took, FIXTURE_TIMEOUT + FIXTURE_SLACK);
		if (manners[i] == SERVER_SILENT)
			ck_assert_int_ge(took, FIXTURE_TIMEOUT);
	}
	/* connected, written, never accepted: what a frozen daemon looks like */
	listener = server_listen(&scene, 16);
	took = scene_clock();
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
	took = scene_clock() - took;
	ck_assert_int_ge(took, FIXTURE_TIMEOUT);
	ck_assert_int_lt(took, FIXTURE_TIMEOUT + FIXTURE_SLACK);
	close(listener);
}
END_TEST

static void do_nothing(int signal)
{
	(void)signal; /* and so interrupts system calls */
}

START_TEST(failure_01_signals_do_not_lengthen_the_deadline)
{
	const struct itimerval often = { .it_interval.tv_usec = 5000, .it_value.tv_usec = 5000 };
	const struct sigaction action = { .sa_handler = do_nothing };
	struct server_script script = { .manner = SERVER_SILENT };
	int64_t took;

	ck_assert_int_eq(sigaction(SIGALRM, &action, NULL), 0);
	ck_assert_int_eq(setitimer(ITIMER_REAL, &often, NULL), 0);
	ck_assert_int_eq(fixture_run(&script, "demo", &took), PAM_AUTHINFO_UNAVAIL);
	ck_assert_int_ge(took, FIXTURE_TIMEOUT);
	ck_assert_int_lt(took, FIXTURE_TIMEOUT + FIXTURE_SLACK);
}
END_TEST

START_TEST(failure_02_eof_is_an_end_and_not_a_wait)
{
	static const enum server_manner manners[] = { SERVER_CLOSES, SERVER_HANGS_UP, SERVER_EMPTY };
	struct rusage before, after;

	for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
		struct server_script script = { .manner = manners[i], .verdict = VERDICT_GRANTED };
		struct server server;
		int64_t took = scene_clock();

		server_start(&server, &scene, &script);
		ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
		ck_assert_int_eq(authenticate_once(&scene, "patient", "alice", key), PAM_AUTHINFO_UNAVAIL);
		ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
		ck_assert_int_lt(scene_clock() - took, 5000);
		ck_assert_int_le(after.ru_utime.tv_sec - before.ru_utime.tv_sec, 2);
		/* once more at most */
		ck_assert_uint_le(server.record->connections, 2);
		server_stop(&server);
	}
}
END_TEST

START_TEST(failure_03_a_full_backlog_ends_at_the_deadline)
{
	int listener = server_listen(&scene, 0);
	struct sockaddr_un address;
	socklen_t size;
	char path[128];
	int64_t took;
	int filled = 0;

	scene_socket_path(&scene, path, sizeof(path));
	ck_assert_int_eq(socket_address(path, &address, &size), 0);
	for (;; filled++) {
		int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		ck_assert_int_ge(fd, 0);
		if (connect(fd, (const struct sockaddr *)&address, size) < 0)
			break;
	}
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_int_gt(filled, 0);
	took = scene_clock();
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
	took = scene_clock() - took;
	ck_assert_int_ge(took, FIXTURE_TIMEOUT);
	ck_assert_int_lt(took, FIXTURE_TIMEOUT + FIXTURE_SLACK);
	close(listener);
}
END_TEST

START_TEST(failure_07_a_daemon_that_is_away_stops_nobody_who_needs_no_key)
{
	struct transaction transaction;

	scene_service(&scene, "beside",
		      "auth [success=done default=ignore] " TEST_MODULE " socket=%s minimum_uid=0 timeout=300\n"
		      "auth required " TEST_PROBE " show\n"
		      "account required " TEST_PROBE "\n"
		      "account [success=ok ignore=ignore default=bad] " TEST_MODULE " socket=%s timeout=300\n",
		      scene.folder, scene.folder);
	/* cron: the account phase alone */
	transaction_open(&transaction, &scene, "beside", "alice", NULL);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	transaction_close(&transaction);
	/* sudo, su: a password */
	transaction_open(&transaction, &scene, "beside", "alice", "password");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(pam_getenv(transaction.pamh, "PROBE_AUTHTOK"), "password");
	ck_assert_uint_eq(transaction.prompts, 1);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	transaction_close(&transaction);
	/* sudo goes on for the code a key gets */
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
}
END_TEST

START_TEST(failure_10_a_text_of_any_length_is_refused_unread)
{
	static const size_t sizes[] = { 2048, 2049, 50 * 1024, 8 * 1024 * 1024 };
	int listener = server_listen(&scene, 16);

	fixture_log_open();
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		CLEANUP_FREE char *text = malloc(sizes[i] + 1);
		char line[LOG_LINE_SIZE];
		int64_t begun;

		ck_assert_ptr_nonnull(text);
		memset(text, 'a', sizes[i]);
		text[sizes[i]] = '\0';
		memcpy(text, "ak_", 3);
		begun = scene_clock();
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", text), PAM_AUTH_ERR);
		ck_assert_int_lt(scene_clock() - begun, FIXTURE_SLACK);
		ck_assert(!server_was_called(listener));
		/* over the cap nothing of it was looked at, so it was nothing of ours */
		ck_assert_int_eq(trap_log_take(line, sizeof(line)) > 0, sizes[i] <= WIRE_CREDENTIAL_MAX);
		while (trap_log_take(line, sizeof(line)) > 0)
			;
	}
	close(listener);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, failure_01_a_hung_daemon_costs_the_deadline_and_no_more);
	tcase_add_test(tests, failure_01_signals_do_not_lengthen_the_deadline);
	tcase_add_test(tests, failure_02_eof_is_an_end_and_not_a_wait);
	tcase_add_test(tests, failure_03_a_full_backlog_ends_at_the_deadline);
	tcase_add_test(tests, failure_07_a_daemon_that_is_away_stops_nobody_who_needs_no_key);
	tcase_add_test(tests, failure_10_a_text_of_any_length_is_refused_unread);
}

int main(void)
{
	return fixture_main("availability", add_tests);
}
