/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What comes out, in answers, requests and log lines, and what must not: failures under their number in the project's
 * list, and the log's own promises.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "pam_module/log.h"
#include "proto/verdict.h"
#include "proto/wire.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

START_TEST(failure_21_refusals_look_alike_to_the_caller)
{
	static const enum reason reasons[] = { REASON_UNKNOWN_KEY,  REASON_BAD_SECRET, REASON_WRONG_USER,
					       REASON_WRONG_TENANT, REASON_EXPIRED,    REASON_KEY_REVOKED };
	struct transaction transaction;

	for (size_t i = 0; i < ARRAY_SIZE(reasons); i++) {
		struct server_script script = { .verdict = VERDICT_DENIED, .reason = reasons[i] };
		struct server server;

		server_start(&server, &scene, &script);
		transaction_open(&transaction, &scene, "demo", "alice", key);
		ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
		ck_assert_str_eq(transaction.prompt, "Password: ");
		ck_assert_uint_gt(transaction.delay, 500000);
		transaction_close(&transaction);
		server_stop(&server);
	}
	/* the junk sshd sends for a user it does not know, and a password: no daemon, the same answer and delay */
	transaction_open(&transaction, &scene, "demo", "nobody-here", "\b\n\r\177INCORRECT\b\n\r\177INCORRECT");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
	ck_assert_str_eq(transaction.prompt, "Password: ");
	ck_assert_uint_gt(transaction.delay, 500000);
	transaction_close(&transaction);
}
END_TEST

START_TEST(failure_22_fields_cannot_be_injected)
{
	static const char user[] = "alice\n\nservice=sshd\ttenant=\x01root";
	struct transaction transaction;
	struct server server;

	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", user, key);
	pam_set_item(transaction.pamh, PAM_RHOST, "192.0.2.1\nuser=root");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(server.record->user, user);
	ck_assert_str_eq(server.record->rhost, "192.0.2.1\nuser=root");
	ck_assert_str_eq(server.record->service, "demo");
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(failure_22_log_lines_cannot_be_injected)
{
	const struct server_script script = { .verdict = VERDICT_DENIED, .reason = REASON_BAD_SECRET };
	char line[LOG_LINE_SIZE];
	struct server server;

	fixture_log_open();
	server_start(&server, &scene, &script);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "x rhost=198.51.100.9\n<86>sshd[1]: Accepted", key),
			 PAM_AUTH_ERR);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_ptr_null(strchr(line, '\n'));
	ck_assert_ptr_nonnull(strstr(line, " rhost=192.0.2.1 user=x\\x20rhost=198.51.100.9\\x0a"));
	server_stop(&server);
}
END_TEST

START_TEST(failure_23_the_environment_and_home_folders_are_not_read)
{
	static const char *const names[] = {
		"HOME",           "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR", "APIKEY_SOCKET",
		"APIKEYD_SOCKET", "APIKEY_PATH",     "TMPDIR",          "RUNTIME_DIRECTORY"
	};
	struct server server;

	scene_service(&scene, "installed", "auth required " TEST_MODULE " minimum_uid=0 timeout=300\n");
	if (access(WIRE_RUNTIME_DIR, F_OK) == 0)
		return; /* apikeyd is installed here; what it says is no part of this test */
	server_start(&server, &scene, &grants);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		ck_assert_int_eq(setenv(names[i], scene.folder, 1), 0);
	ck_assert_int_eq(authenticate_once(&scene, "installed", "alice", key), PAM_AUTHINFO_UNAVAIL);
	ck_assert_uint_eq(server.record->connections, 0);
	server_stop(&server);
}
END_TEST

START_TEST(failure_24_host_names_are_passed_on_unresolved)
{
	static const char *const hosts[] = { "mail.example.org", "UNKNOWN", "::ffff:192.0.2.7", "fe80::1%eth0" };
	struct transaction transaction;
	struct server server;

	server_start(&server, &scene, &grants);
	for (size_t i = 0; i < ARRAY_SIZE(hosts); i++) {
		transaction_open(&transaction, &scene, "demo", "alice", key);
		pam_set_item(transaction.pamh, PAM_RHOST, hosts[i]);
		trap_sockets_made();
		ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
		/* the one to the daemon: nobody was asked for an address */
		ck_assert_uint_eq(trap_sockets_made(), 1);
		ck_assert_str_eq(server.record->rhost, hosts[i]);
		transaction_close(&transaction);
	}
	server_stop(&server);
}
END_TEST

START_TEST(failure_26_a_key_typed_for_a_name_stays_out_of_the_log)
{
	static const struct server_script scripts[] = {
		{ .verdict = VERDICT_DENIED, .reason = REASON_UNKNOWN_KEY },
		{ .manner = SERVER_CLOSES },
		{ .verdict = VERDICT_GRANTED },
	};

	fixture_log_open();
	scene_module_service(&scene, "demo", "debug timeout=300");
	for (size_t i = 0; i < ARRAY_SIZE(scripts); i++) {
		struct transaction transaction;
		char line[LOG_LINE_SIZE];
		struct server server;
		unsigned int lines = 0;

		server_start(&server, &scene, &scripts[i]);
		transaction_open(&transaction, &scene, "demo", key, key);
		pam_set_item(transaction.pamh, PAM_RUSER, key);
		pam_authenticate(transaction.pamh, 0);
		pam_acct_mgmt(transaction.pamh, 0);
		transaction_close(&transaction);
		for (; trap_log_take(line, sizeof(line)) > 0; lines++)
			ck_assert_ptr_null(strstr(line, "0123456789abcdef"));
		ck_assert_uint_gt(lines, 0);
		server_stop(&server);
	}
}
END_TEST

START_TEST(a_refused_key_is_logged_with_its_reason_and_a_daemon_that_is_away_is_no_failure)
{
	static const struct {
		struct server_script script;
		const char *first, *second; /* pieces of the lines */
	} cases[] = {
		{ { .verdict = VERDICT_DENIED, .reason = REASON_KEY_REVOKED },
		  "<85>",
		  "denied; user=alice key=Key000000001 reason=key_revoked: The key is revoked" },
		{ { .verdict = VERDICT_DENIED }, "<85>", "denied; user=alice key=Key000000001 reason=undisclosed" },
		{ { .verdict = VERDICT_FORBIDDEN, .reason = REASON_INSUFFICIENT_PERMISSION },
		  "<85>",
		  "forbidden; user=alice key=Key000000001 reason=insufficient_permission: " },
		{ { .verdict = VERDICT_THROTTLED, .reason = REASON_TOO_MANY_FAILURES },
		  "<85>",
		  "throttled; user=alice key=Key000000001 reason=too_many_failures: " },
		{ { .manner = SERVER_SILENT }, "<83>", NULL },
		{ { .manner = SERVER_CLOSES }, "<83>", NULL },
	};

	fixture_log_open();
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char line[LOG_LINE_SIZE];
		int64_t took;

		fixture_run(&cases[i].script, "demo", &took);
		ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
		ck_assert_int_eq(strncmp(line, cases[i].first, 4), 0);
		ck_assert_ptr_null(strstr(line, "0123456789abcdef"));
		if (cases[i].second) {
			ck_assert_ptr_nonnull(
				strstr(line, "pam_apikey(demo:auth): authentication failure; logname= uid="));
			ck_assert_ptr_nonnull(strstr(line, " tty=tty7 ruser= rhost=192.0.2.1 user=alice"));
			ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
			ck_assert_ptr_nonnull(strstr(line, cases[i].second));
		} else {
			ck_assert_ptr_nonnull(strstr(line, "unavailable; user=alice reason="));
			ck_assert_ptr_null(strstr(line, "authentication failure"));
		}
		ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	}
}
END_TEST

START_TEST(quiet_and_silent)
{
	const struct server_script script = { .verdict = VERDICT_DENIED };
	struct transaction transaction;
	char line[LOG_LINE_SIZE];
	struct server server;

	fixture_log_open();
	server_start(&server, &scene, &script);
	scene_module_service(&scene, "quiet", "quiet debug");
	ck_assert_int_eq(authenticate_once(&scene, "quiet", "alice", key), PAM_AUTH_ERR);
	ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	/* sudo and others that are attacked set PAM_SILENT always: their refusals are counted all the same */
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, PAM_SILENT), PAM_AUTH_ERR);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_uint_eq(transaction.messages, 0);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(a_stopped_log_daemon_stops_nobody)
{
	const struct server_script script = { .verdict = VERDICT_DENIED };
	int64_t took;

	fixture_log_open();
	trap_log_fill();
	ck_assert_int_eq(fixture_run(&script, "patient", &took), PAM_AUTH_ERR);
	ck_assert_int_lt(took, FIXTURE_SLACK);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, failure_21_refusals_look_alike_to_the_caller);
	tcase_add_test(tests, failure_22_fields_cannot_be_injected);
	tcase_add_test(tests, failure_22_log_lines_cannot_be_injected);
	tcase_add_test(tests, failure_23_the_environment_and_home_folders_are_not_read);
	tcase_add_test(tests, failure_24_host_names_are_passed_on_unresolved);
	tcase_add_test(tests, failure_26_a_key_typed_for_a_name_stays_out_of_the_log);
	tcase_add_test(tests, a_refused_key_is_logged_with_its_reason_and_a_daemon_that_is_away_is_no_failure);
	tcase_add_test(tests, quiet_and_silent);
	tcase_add_test(tests, a_stopped_log_daemon_stops_nobody);
}

int main(void)
{
	return fixture_main("disclosure", add_tests);
}
