/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Failures of trust, each under its number in the project's list: errors that count as consent, servers that are not
 * apikeyd, verdicts on someone else. What needs the daemon itself is in tst-daemon.c.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "pam_module/log.h"
#include "proto/verdict.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

static const struct server_script errors[] = {
	{ .manner = SERVER_SILENT, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_CLOSES, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_HANGS_UP, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_EMPTY, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_GARBAGE, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_OVERSIZE, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_CUT, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_TRAILING, .verdict = VERDICT_GRANTED },
	{ .manner = SERVER_ERROR, .verdict = VERDICT_GRANTED },
	{ .verdict = VERDICT_UNAVAILABLE, .reason = REASON_AUDIT_FAILED },
	{ .verdict = VERDICT_DENIED },
	{ .verdict = VERDICT_THROTTLED },
	{ .verdict = VERDICT_FORBIDDEN },
};

START_TEST(failure_17_no_error_is_ignored)
{
	struct transaction transaction;
	struct server_script account = errors[_i];
	struct server server;
	int code;

	/* "required M" ignored, then a module that lets everyone in: the whole bypass */
	scene_service(&scene, "bypass",
		      "auth required " TEST_MODULE " socket=%s minimum_uid=0 timeout=300\n"
		      "auth required " TEST_PROBE "\n"
		      "account required " TEST_MODULE " socket=%s timeout=300\n"
		      "account required " TEST_PROBE "\n",
		      scene.folder, scene.folder);
	server_start(&server, &scene, &errors[_i]);
	transaction_open(&transaction, &scene, "bypass", "alice", key);
	code = pam_authenticate(transaction.pamh, 0);
	ck_assert(code == PAM_AUTH_ERR || code == PAM_AUTHINFO_UNAVAIL);
	ck_assert_uint_gt(transaction.delay, 0);
	ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_ID"));
	transaction_close(&transaction);
	server_stop(&server);

	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "bypass", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	server_stop(&server);
	account.account_verdict = account.verdict;
	account.account_reason = account.reason;
	server_start(&server, &scene, &account);
	code = pam_acct_mgmt(transaction.pamh, 0);
	ck_assert(code == PAM_PERM_DENIED || code == PAM_AUTHINFO_UNAVAIL);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(failure_17_an_absent_daemon_is_not_ignored)
{
	scene_service(&scene, "bypass",
		      "auth required " TEST_MODULE " socket=%s minimum_uid=0\nauth required " TEST_PROBE "\n",
		      scene.folder);
	ck_assert_int_eq(authenticate_once(&scene, "bypass", "alice", key), PAM_AUTHINFO_UNAVAIL);
	ck_assert_int_eq(authenticate_once(&scene, "bypass", "alice", "password"), PAM_AUTH_ERR);
}
END_TEST

START_TEST(failure_18_a_server_in_an_open_folder_is_not_believed)
{
	static const mode_t modes[] = { 0777, 0775, 01777, 0757 };
	char line[LOG_LINE_SIZE];

	fixture_log_open();
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct server server;

		server_start(&server, &scene, &grants);
		ck_assert_int_eq(chmod(scene.folder, modes[i]), 0);
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
		ck_assert_uint_eq(server.record->requests, 0);
		ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
		ck_assert_ptr_nonnull(strstr(line, "untrusted_server"));
		ck_assert_int_eq(chmod(scene.folder, 0755), 0);
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
		server_stop(&server);
	}
}
END_TEST

START_TEST(failure_18_a_file_that_is_no_socket_is_not_believed)
{
	char path[128];

	scene_socket_path(&scene, path, sizeof(path));
	scene_service(&scene, "file", "auth required " TEST_MODULE " socket=%s minimum_uid=0\n", path);
	ck_assert_int_eq(close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600)), 0);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
	ck_assert_int_eq(authenticate_once(&scene, "file", "alice", key), PAM_AUTHINFO_UNAVAIL);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(symlink("/dev/null", path), 0);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
	ck_assert_int_eq(authenticate_once(&scene, "file", "alice", key), PAM_AUTHINFO_UNAVAIL);
}
END_TEST

static const struct server_script lies[] = {
	{ .verdict = VERDICT_GRANTED, .key_id = "Key000000002" },
	{ .verdict = VERDICT_GRANTED, .key_id = "Key" },
	{ .verdict = VERDICT_GRANTED, .key_id = "-" },
	{ .verdict = VERDICT_GRANTED, .key_id = "Key000000001\nLD_PRELOAD=x" },
	{ .verdict = VERDICT_GRANTED, .handle = "-" },
	{ .verdict = VERDICT_GRANTED, .tenant = "a\nLD_PRELOAD=x" },
	{ .verdict = VERDICT_GRANTED, .permissions = "pam.*\x1b[2J" },
	{ .verdict = VERDICT_GRANTED, .reason = REASON_KEY_REVOKED },
};

START_TEST(failure_18_what_a_server_says_is_not_taken_unchecked)
{
	struct transaction transaction;
	struct server server;

	scene_module_service(&scene, "demo", "timeout=300 env");
	server_start(&server, &scene, &lies[_i]);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTHINFO_UNAVAIL);
	ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_ID"));
	ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_TENANT"));
	ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_PERMISSIONS"));
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

static const struct server_script misdirected[] = {
	{ .verdict = VERDICT_GRANTED, .user = "bob" },   { .verdict = VERDICT_GRANTED, .user = "-" },
	{ .verdict = VERDICT_GRANTED, .user = "alic" },  { .verdict = VERDICT_GRANTED, .user = "alice2" },
	{ .verdict = VERDICT_GRANTED, .user = "Alice" }, { .verdict = VERDICT_GRANTED, .service = "other" },
	{ .verdict = VERDICT_GRANTED, .other_id = 1 },   { .verdict = VERDICT_GRANTED, .other_type = 1 },
};

START_TEST(failure_19_a_verdict_on_someone_else_is_no_verdict)
{
	int64_t took;

	ck_assert_int_eq(fixture_run(&misdirected[_i], "demo", &took), PAM_AUTHINFO_UNAVAIL);
}
END_TEST

START_TEST(failure_20_nothing_is_remembered_between_transactions)
{
	struct server_script script = grants;
	int64_t took;

	ck_assert_int_eq(fixture_run(&script, "demo", &took), PAM_SUCCESS);
	script.verdict = VERDICT_DENIED;
	ck_assert_int_eq(fixture_run(&script, "demo", &took), PAM_AUTH_ERR);
	script.verdict = VERDICT_GRANTED;
	ck_assert_int_eq(fixture_run(&script, "demo", &took), PAM_SUCCESS);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
}
END_TEST

static void add_tests(TCase *tests)
{
	FIXTURE_LOOP(tests, failure_17_no_error_is_ignored, errors);
	tcase_add_test(tests, failure_17_an_absent_daemon_is_not_ignored);
	tcase_add_test(tests, failure_18_a_server_in_an_open_folder_is_not_believed);
	tcase_add_test(tests, failure_18_a_file_that_is_no_socket_is_not_believed);
	FIXTURE_LOOP(tests, failure_18_what_a_server_says_is_not_taken_unchecked, lies);
	FIXTURE_LOOP(tests, failure_19_a_verdict_on_someone_else_is_no_verdict, misdirected);
	tcase_add_test(tests, failure_20_nothing_is_remembered_between_transactions);
}

int main(void)
{
	return fixture_main("trust", add_tests);
}
