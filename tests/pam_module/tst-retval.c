/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What each entry point of the built module returns to libpam, and what it leaves in the PAM handle. */
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "pam_module/log.h"
#include "proto/verdict.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

static const struct {
	uint64_t verdict, reason;
	const char *options;
	int authenticate, account;
} verdicts[] = {
	{ VERDICT_GRANTED, REASON_NONE, "", PAM_SUCCESS, PAM_SUCCESS },
	{ VERDICT_DENIED, REASON_NONE, "", PAM_AUTH_ERR, PAM_PERM_DENIED },
	{ VERDICT_DENIED, REASON_KEY_REVOKED, "", PAM_AUTH_ERR, PAM_PERM_DENIED },
	{ VERDICT_DENIED, REASON_EXPIRED, "", PAM_AUTH_ERR, PAM_ACCT_EXPIRED },
	{ VERDICT_DENIED, REASON_WRONG_USER, "maxtries", PAM_AUTH_ERR, PAM_PERM_DENIED },
	{ VERDICT_FORBIDDEN, REASON_INSUFFICIENT_PERMISSION, "", PAM_AUTH_ERR, PAM_PERM_DENIED },
	{ VERDICT_THROTTLED, REASON_TOO_MANY_FAILURES, "", PAM_AUTH_ERR, PAM_PERM_DENIED },
	{ VERDICT_THROTTLED, REASON_TOO_MANY_FAILURES, "maxtries", PAM_MAXTRIES, PAM_PERM_DENIED },
	{ VERDICT_UNAVAILABLE, REASON_STORE_FAILED, "", PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
};

START_TEST(authenticate_and_account_tell_the_verdict)
{
	struct server_script script = { .verdict = verdicts[_i].verdict, .reason = verdicts[_i].reason };
	struct transaction transaction;
	struct server server;

	scene_module_service(&scene, "demo", verdicts[_i].options);
	server_start(&server, &scene, &script);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), verdicts[_i].authenticate);
	ck_assert_int_eq(transaction.delay > 0, verdicts[_i].authenticate != PAM_SUCCESS);
	transaction_close(&transaction);
	server_stop(&server);

	script = (struct server_script){ .verdict = VERDICT_GRANTED,
					 .account_verdict = verdicts[_i].verdict,
					 .account_reason = verdicts[_i].reason };
	server_start(&server, &scene, &script);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), verdicts[_i].account);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(the_request_says_what_pam_knows)
{
	struct transaction transaction;
	struct server server;

	scene_module_service(&scene, "demo", "tenant=blue [permission=mail.imap OR mail.all]");
	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	pam_set_item(transaction.pamh, PAM_RUSER, "bob");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(server.record->credential, key);
	ck_assert_str_eq(server.record->user, "alice");
	ck_assert_str_eq(server.record->service, "demo");
	ck_assert_str_eq(server.record->permission, "mail.imap OR mail.all");
	ck_assert_str_eq(server.record->tenant, "blue");
	ck_assert_str_eq(server.record->rhost, "192.0.2.1");
	ck_assert_str_eq(server.record->tty, "tty7");
	ck_assert_str_eq(server.record->ruser, "bob");
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(server.record->credential, "handle-0123456789");
	ck_assert_str_eq(server.record->user, "alice");
	ck_assert_str_eq(server.record->service, "demo");
	ck_assert_str_eq(server.record->permission, "mail.imap OR mail.all");
	ck_assert_str_eq(server.record->tenant, "blue");
	ck_assert_str_eq(server.record->rhost, "192.0.2.1");
	ck_assert_uint_eq(server.record->verifies, 1);
	ck_assert_uint_eq(server.record->accounts, 1);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(an_account_line_without_restrictions_keeps_those_of_the_auth_line)
{
	struct transaction transaction;
	struct server server;

	scene_service(&scene, "demo",
		      "auth required " TEST_MODULE " socket=%s minimum_uid=0 tenant=blue permission=mail.imap\n"
		      "account required " TEST_MODULE " socket=%s\n",
		      scene.folder, scene.folder);
	scene_service(&scene, "more",
		      "auth required " TEST_MODULE " socket=%s minimum_uid=0 tenant=blue permission=mail.imap\n"
		      "account required " TEST_MODULE " socket=%s tenant=red permission=mail.send\n",
		      scene.folder, scene.folder);
	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(server.record->permission, "mail.imap");
	ck_assert_str_eq(server.record->tenant, "blue");
	transaction_close(&transaction);
	transaction_open(&transaction, &scene, "more", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(server.record->permission, "mail.send");
	ck_assert_str_eq(server.record->tenant, "red");
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(the_default_permission_names_the_service)
{
	struct server server;

	server_start(&server, &scene, &grants);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
	ck_assert_str_eq(server.record->permission, "pam.demo");
	ck_assert_str_eq(server.record->tenant, "");
	scene_module_service(&scene, "demo.app", "");
	ck_assert_int_eq(authenticate_once(&scene, "demo.app", "alice", key), PAM_SERVICE_ERR);
	scene_module_service(&scene, "demo.app", "permission=pam.demo");
	ck_assert_int_eq(authenticate_once(&scene, "demo.app", "alice", key), PAM_SUCCESS);
	server_stop(&server);
}
END_TEST

static const struct {
	const char *options, *line;
	int priority;
} mistakes[] = {
	{ "permission=", "permission=: this option needs a value", LOG_ALERT },
	{ "tenant=", "tenant=: this option needs a value", LOG_ALERT },
	{ "permission=mail.*", "permission=mail.*: ", LOG_ALERT },
	{ "timeout=soon", "timeout=soon: ", LOG_ALERT },
	{ "minimum_uid=-1", "minimum_uid=-1: ", LOG_ALERT },
	{ "tenant=a tenant=b", "tenant=b: this option was given before", LOG_ALERT },
	{ "quiet tenant=", "tenant=: this option needs a value", LOG_ALERT },
	{ "any_format=16", "any_format=16: this option takes no value", LOG_ALERT },
	{ "rotate=1", "rotate=1: this option takes no value", LOG_ALERT },
	{ "notice", "notice: unknown option", LOG_ERR },
	{ "fail_open", "fail_open: unknown option", LOG_ERR },
};

START_TEST(a_mistake_in_the_line_is_an_error_and_nobody_is_asked)
{
	char line[LOG_LINE_SIZE], priority[16];
	struct transaction transaction;
	struct server server;

	server_start(&server, &scene, &grants);
	fixture_log_open();
	scene_module_service(&scene, "demo", mistakes[_i].options);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SERVICE_ERR);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	snprintf(priority, sizeof(priority), "<%d>", LOG_AUTHPRIV | mistakes[_i].priority);
	ck_assert_int_eq(strncmp(line, priority, strlen(priority)), 0);
	ck_assert_ptr_nonnull(strstr(line, mistakes[_i].line));
	ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SERVICE_ERR);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_uint_eq(transaction.prompts + transaction.messages, 0);
	ck_assert_uint_eq(server.record->connections, 0);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(the_users_options_are_all_understood)
{
	struct server server;

	server_start(&server, &scene, &grants);
	scene_module_service(
		&scene, "demo",
		"permission=a.b tenant=blue timeout=500 [prompt=API key: ] try_first_pass keep_authtok env "
		"maxtries quiet debug any_format");
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
	server_stop(&server);
}
END_TEST

START_TEST(setcred_goes_by_the_pam_environment)
{
	struct transaction transaction;
	struct server server;

	scene_service(&scene, "granted", "auth [success=ok default=bad] " TEST_MODULE " socket=%s minimum_uid=0\n",
		      scene.folder);
	scene_service(&scene, "ignored",
		      "auth [ignore=ignore default=bad] " TEST_MODULE " socket=%s\n"
		      "auth required " TEST_PROBE "\n",
		      scene.folder);
	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "granted", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_REINITIALIZE_CRED), PAM_SUCCESS);
	transaction_close(&transaction);
	/* authenticate ran in another process: only the environment came back */
	transaction_open(&transaction, &scene, "granted", "alice", key);
	ck_assert_int_eq(pam_putenv(transaction.pamh, "APIKEY_ID=Key000000001"), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	transaction_close(&transaction);
	transaction_open(&transaction, &scene, "ignored", "alice", key);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	ck_assert_int_eq(pam_putenv(transaction.pamh, "APIKEY_ID="), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(the_environment_names_the_key)
{
	struct transaction transaction;
	struct server server;

	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_ID"), "Key000000001");
	ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_TENANT"));
	ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_PERMISSIONS"));
	/* the next to log in on this handle does so with a password, and inherits nothing */
	transaction_answer(&transaction, ANSWER_TEXT, "password");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
	ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_ID"));
	transaction_close(&transaction);

	scene_module_service(&scene, "demo", "env");
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_ID"), "Key000000001");
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_TENANT"), "default");
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_PERMISSIONS"), "pam.*");
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(account_has_no_opinion_on_others)
{
	struct transaction transaction;

	scene_service(&scene, "ignored",
		      "account [ignore=ignore default=bad] " TEST_MODULE " socket=%s\naccount required " TEST_PROBE
		      "\n",
		      scene.folder);
	transaction_open(&transaction, &scene, "ignored", "alice", key);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	transaction_close(&transaction);
	/* and is no success where it stands alone */
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_ne(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	transaction_close(&transaction);
}
END_TEST

START_TEST(a_second_login_by_password_is_not_judged_by_the_first_ones_key)
{
	const struct server_script script = { .verdict = VERDICT_GRANTED, .account_verdict = VERDICT_DENIED };
	struct transaction transaction;
	struct server server;

	scene_service(&scene, "demo",
		      "auth [success=done default=ignore] " TEST_MODULE " socket=%s minimum_uid=0\n"
		      "auth required " TEST_PROBE "\n"
		      "account [ignore=ignore default=bad] " TEST_MODULE " socket=%s\naccount required " TEST_PROBE
		      "\n",
		      scene.folder, scene.folder);
	server_start(&server, &scene, &script);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_PERM_DENIED);
	transaction_answer(&transaction, ANSWER_TEXT, "password");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(session_and_password_are_left_to_others)
{
	struct transaction transaction;

	scene_service(&scene, "ignored",
		      "session optional " TEST_MODULE " socket=%s\n"
		      "password [ignore=ignore default=bad] " TEST_MODULE " socket=%s\npassword required " TEST_PROBE
		      "\n",
		      scene.folder, scene.folder);
	transaction_open(&transaction, &scene, "ignored", "alice", key);
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_close_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_chauthtok(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_uint_eq(transaction.prompts + transaction.messages, 0);
	transaction_close(&transaction);
}
END_TEST

START_TEST(one_socket_may_be_named_and_a_wrong_place_is_unavailable)
{
	char path[128], options[200];
	struct server server;

	server_start(&server, &scene, &grants);
	scene_socket_path(&scene, path, sizeof(path));
	scene_service(&scene, "demo", "auth required " TEST_MODULE " socket=%s minimum_uid=0\n", path);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_SUCCESS);
	snprintf(options, sizeof(options), "%s/absent", scene.folder);
	scene_service(&scene, "demo", "auth required " TEST_MODULE " socket=%s minimum_uid=0\n", options);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", key), PAM_AUTHINFO_UNAVAIL);
	server_stop(&server);
}
END_TEST

static void add_tests(TCase *tests)
{
	FIXTURE_LOOP(tests, authenticate_and_account_tell_the_verdict, verdicts);
	tcase_add_test(tests, the_request_says_what_pam_knows);
	tcase_add_test(tests, an_account_line_without_restrictions_keeps_those_of_the_auth_line);
	tcase_add_test(tests, the_default_permission_names_the_service);
	FIXTURE_LOOP(tests, a_mistake_in_the_line_is_an_error_and_nobody_is_asked, mistakes);
	tcase_add_test(tests, the_users_options_are_all_understood);
	tcase_add_test(tests, setcred_goes_by_the_pam_environment);
	tcase_add_test(tests, the_environment_names_the_key);
	tcase_add_test(tests, account_has_no_opinion_on_others);
	tcase_add_test(tests, a_second_login_by_password_is_not_judged_by_the_first_ones_key);
	tcase_add_test(tests, session_and_password_are_left_to_others);
	tcase_add_test(tests, one_socket_may_be_named_and_a_wrong_place_is_unavailable);
}

int main(void)
{
	return fixture_main("retval", add_tests);
}
