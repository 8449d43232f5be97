/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Failures in the caller's process, each under its number in the project's list: no signal, thread, descriptor, prompt
 * or output that the caller has not asked for.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "pam_module/log.h"
#include "proto/verdict.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

START_TEST(failure_11_no_sigpipe)
{
	struct sigaction action;
	int64_t took;

	ck_assert_int_eq(sigaction(SIGPIPE, NULL, &action), 0);
	ck_assert_ptr_eq((void *)action.sa_handler, (void *)SIG_DFL);
	fixture_log_open();
	for (int i = 0; i < 20; i++) {
		struct server_script script = { .manner = i % 2 ? SERVER_CLOSES : SERVER_HANGS_UP };

		ck_assert_int_eq(fixture_run(&script, "demo", &took), PAM_AUTHINFO_UNAVAIL);
	}
	/* a signal would have ended this process */
}
END_TEST

static unsigned int count_entries(const char *path)
{
	DIR *folder = opendir(path);
	unsigned int count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder))
		count++;
	closedir(folder);
	return count;
}

static bool is_mapped(const char *name)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[4096];
	bool found = false;

	ck_assert_ptr_nonnull(maps);
	while (fgets(line, sizeof(line), maps))
		found |= strstr(line, name) != NULL;
	fclose(maps);
	return found;
}

START_TEST(failure_12_no_threads_no_handlers_and_nothing_after_dlclose)
{
	struct sigaction before[NSIG], after;
	unsigned int threads = count_entries("/proc/self/task");
	struct transaction transaction;
	struct server server;

	for (int number = 1; number < NSIG; number++)
		if (sigaction(number, NULL, &before[number]) < 0)
			before[number].sa_handler = SIG_ERR;
	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert(is_mapped("/pam_apikey.so"));
	ck_assert_uint_eq(count_entries("/proc/self/task"), threads);
	for (int number = 1; number < NSIG; number++) {
		if (before[number].sa_handler == SIG_ERR)
			continue;
		ck_assert_int_eq(sigaction(number, NULL, &after), 0);
		ck_assert_ptr_eq((void *)after.sa_handler, (void *)before[number].sa_handler);
		ck_assert_int_eq(after.sa_flags, before[number].sa_flags);
	}
	transaction_close(&transaction);
	/* unloaded: nothing in the process holds on to it; what it had left behind would crash at exit */
	ck_assert(!is_mapped("/pam_apikey.so"));
	server_stop(&server);
}
END_TEST

START_TEST(failure_12_children_of_the_caller_stay_the_callers)
{
	const struct sigaction wait = { .sa_handler = SIG_DFL };
	pid_t child = fork();
	struct server server;

	if (child == 0)
		_exit(7);
	ck_assert_int_gt(child, 0);
	ck_assert_int_eq(sigaction(SIGCHLD, &wait, NULL), 0);
	server_start(&server, &scene, &grants);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
	ck_assert_int_eq(waitpid(child, NULL, 0), child);
	server_stop(&server);
}
END_TEST

START_TEST(failure_13_descriptors_are_not_kept)
{
	static const struct server_script scripts[] = {
		{ .verdict = VERDICT_GRANTED, .account_verdict = VERDICT_GRANTED },
		{ .verdict = VERDICT_DENIED },
		{ .manner = SERVER_CLOSES },
		{ .manner = SERVER_SILENT },
		{ .manner = SERVER_GARBAGE },
	};

	fixture_log_open();
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct transaction transaction;
		struct server server;
		unsigned int open;

		server_start(&server, &scene, &scripts[i]);
		transaction_open(&transaction, &scene, "demo", "alice", key);
		open = count_entries("/proc/self/fd");
		pam_authenticate(transaction.pamh, 0);
		ck_assert_uint_eq(count_entries("/proc/self/fd"), open);
		pam_acct_mgmt(transaction.pamh, 0);
		ck_assert_uint_eq(count_entries("/proc/self/fd"), open);
		transaction_close(&transaction);
		server_stop(&server);
	}
}
END_TEST

START_TEST(failure_13_descriptors_are_close_on_exec_and_never_the_standard_ones)
{
	const struct server_script script = { .verdict = VERDICT_DENIED };
	char line[LOG_LINE_SIZE];
	struct server server;
	int code;

	server_start(&server, &scene, &script);
	fflush(NULL);
	fixture_log_open();
	for (int fd = 0; fd <= 2; fd++)
		close(fd);
	code = authenticate_once(&scene, "demo", "alice", key);
	for (int fd = 0; fd <= 2; fd++)
		ck_assert_int_eq(open("/dev/null", O_RDWR), fd);
	ck_assert_int_eq(code, PAM_AUTH_ERR);
	ck_assert_uint_eq(server.record->requests, 1);
	ck_assert(!server.record->standard_open);
	ck_assert_int_gt(server.record->lowest_socket, 2);
	ck_assert_uint_eq(server.record->inherited, 0);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert(!trap_log_on_standard());
	server_stop(&server);
}
END_TEST

START_TEST(failure_13_no_descriptors_left_is_unavailable)
{
	static const int errors_of_socket[] = { EMFILE, ENFILE, ENOMEM, EACCES };
	struct server server;

	fixture_log_open();
	server_start(&server, &scene, &grants);
	for (size_t i = 0; i < ARRAY_SIZE(errors_of_socket); i++) {
		trap_socket_fail(errors_of_socket[i]);
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
		trap_socket_fail(0);
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
	}
	server_stop(&server);
}
END_TEST

static void *authenticate_often(void *data)
{
	const char *user = data;
	uintptr_t refusals = 0;

	for (int i = 0; i < 50; i++) {
		struct transaction transaction;

		transaction_open(&transaction, &scene, "patient", user, key);
		refusals += pam_authenticate(transaction.pamh, 0) != PAM_SUCCESS;
		refusals += pam_acct_mgmt(transaction.pamh, 0) != PAM_SUCCESS;
		refusals += strcmp(pam_getenv(transaction.pamh, "APIKEY_ID"), "Key000000001") != 0;
		transaction_close(&transaction);
	}
	return (void *)refusals;
}

START_TEST(failure_14_threads_of_the_caller_do_not_meet)
{
	static const char *const users[] = { "alice", "bob", "deploy", "carol" };
	pthread_t threads[ARRAY_SIZE(users)];
	struct server server;

	server_start(&server, &scene, &grants);
	for (size_t i = 0; i < ARRAY_SIZE(users); i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, authenticate_often, (void *)(uintptr_t)users[i]), 0);
	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		void *refusals;

		ck_assert_int_eq(pthread_join(threads[i], &refusals), 0);
		ck_assert_ptr_null(refusals);
	}
	server_stop(&server);
}
END_TEST

START_TEST(failure_14_options_do_not_stick)
{
	char line[LOG_LINE_SIZE];
	struct server server;

	fixture_log_open();
	server_start(&server, &scene, &grants);
	scene_module_service(&scene, "talkative", "debug");
	ck_assert_int_eq(authenticate_once(&scene, "talkative", "alice", key), PAM_SUCCESS);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	while (trap_log_take(line, sizeof(line)) > 0)
		;
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
	ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	server_stop(&server);
}
END_TEST

START_TEST(failure_15_a_caller_without_a_conversation)
{
	struct transaction transaction;
	const struct pam_conv none = { .conv = NULL, .appdata_ptr = &transaction };
	struct server server;

	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_set_item(transaction.pamh, PAM_CONV, &none), PAM_SUCCESS);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_CONV_ERR);
	transaction_close(&transaction);
	/* nor is there one to ask for the user */
	transaction_open(&transaction, &scene, "demo", NULL, key);
	ck_assert_int_eq(pam_set_item(transaction.pamh, PAM_CONV, &none), PAM_SUCCESS);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_CONV_ERR);
	transaction_close(&transaction);
	ck_assert_uint_eq(server.record->connections, 0);
	server_stop(&server);
}
END_TEST

START_TEST(failure_15_one_prompt_and_never_a_message)
{
	static const struct server_script scripts[] = {
		{ .verdict = VERDICT_GRANTED, .account_verdict = VERDICT_GRANTED },
		{ .verdict = VERDICT_DENIED, .reason = REASON_EXPIRED },
		{ .verdict = VERDICT_THROTTLED, .reason = REASON_TOO_MANY_FAILURES },
		{ .manner = SERVER_GARBAGE },
	};

	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct transaction transaction;
		struct server server;

		server_start(&server, &scene, &scripts[i]);
		transaction_open(&transaction, &scene, "demo", "alice", key);
		pam_authenticate(transaction.pamh, 0);
		pam_acct_mgmt(transaction.pamh, 0);
		pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED);
		ck_assert_uint_eq(transaction.prompts, 1);
		ck_assert_uint_eq(transaction.messages, 0);
		transaction_close(&transaction);
		server_stop(&server);
	}
}
END_TEST

START_TEST(failure_16_nothing_is_written_to_the_users_streams)
{
	static const struct server_script scripts[] = {
		{ .verdict = VERDICT_GRANTED, .account_verdict = VERDICT_GRANTED },
		{ .verdict = VERDICT_DENIED, .reason = REASON_EXPIRED },
		{ .manner = SERVER_GARBAGE },
	};
	char byte;
	int streams[2], saved[3];

	scene_module_service(&scene, "demo", "timeout=300 debug");
	scene_module_service(&scene, "broken", "no_such_option");
	ck_assert_int_eq(pipe2(streams, O_CLOEXEC | O_NONBLOCK), 0);
	fflush(NULL);
	for (int fd = 1; fd <= 2; fd++) {
		saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 10);
		ck_assert_int_eq(dup2(streams[1], fd), fd);
	}
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct server server;

		server_start(&server, &scene, &scripts[i]);
		authenticate_once(&scene, "demo", "alice", key);
		authenticate_once(&scene, "broken", "alice", key);
		server_stop(&server);
	}
	fflush(NULL);
	for (int fd = 1; fd <= 2; fd++)
		dup2(saved[fd], fd);
	ck_assert_int_eq(read(streams[0], &byte, 1), -1);
	ck_assert_int_eq(errno, EAGAIN);
}
END_TEST

START_TEST(failure_16_no_cryptography_is_brought_along)
{
	struct server server;

	server_start(&server, &scene, &grants);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
	ck_assert_ptr_null(dlopen("libcrypto.so.3", RTLD_NOLOAD | RTLD_LAZY));
	server_stop(&server);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, failure_11_no_sigpipe);
	tcase_add_test(tests, failure_12_no_threads_no_handlers_and_nothing_after_dlclose);
	tcase_add_test(tests, failure_12_children_of_the_caller_stay_the_callers);
	tcase_add_test(tests, failure_13_descriptors_are_not_kept);
	tcase_add_test(tests, failure_13_descriptors_are_close_on_exec_and_never_the_standard_ones);
	tcase_add_test(tests, failure_13_no_descriptors_left_is_unavailable);
	tcase_add_test(tests, failure_14_threads_of_the_caller_do_not_meet);
	tcase_add_test(tests, failure_14_options_do_not_stick);
	tcase_add_test(tests, failure_15_a_caller_without_a_conversation);
	tcase_add_test(tests, failure_15_one_prompt_and_never_a_message);
	tcase_add_test(tests, failure_16_nothing_is_written_to_the_users_streams);
	tcase_add_test(tests, failure_16_no_cryptography_is_brought_along);
}

int main(void)
{
	return fixture_main("process", add_tests);
}
