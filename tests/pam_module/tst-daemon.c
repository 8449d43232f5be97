/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The built module and the built daemon: keys made, used, refused and revoked; and a daemon that is frozen or dead. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "pam_module/log.h"
#include "proto/credential.h"
#include "tests/pam_module/daemon.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

static struct daemon apikeyd;
static char secret[SCENE_KEY_SIZE], id[SCENE_KEY_SIZE];

/* Every test begins with a daemon and a key of alice's for "demo". */
static void begin(void)
{
	daemon_start(&apikeyd, &scene, "demo, smtp, imap");
	daemon_make_key(&apikeyd, "alice", "pam.demo", NULL, secret, id);
	scene_module_service(&scene, "demo", "timeout=5000 env");
}

static void end(void)
{
	daemon_stop(&apikeyd, SIGTERM);
}

START_TEST(a_key_opens_its_service_until_it_is_revoked)
{
	struct transaction transaction;

	begin();
	transaction_open(&transaction, &scene, "demo", "alice", secret);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_ID"), id);
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_TENANT"), "default");
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_PERMISSIONS"), "pam.demo");
	daemon_revoke_key(&apikeyd, id);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_PERM_DENIED);
	transaction_close(&transaction);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_AUTH_ERR);
	end();
}
END_TEST

static void get_token(char ret_token[2048 + 1])
{
	struct apikey_token *token = NULL;

	ck_assert_int_eq(apikey_token_issue(apikeyd.admin, secret, &token), 0);
	snprintf(ret_token, 2048 + 1, "%s", token->token);
	apikey_token_free(token);
}

START_TEST(an_access_token_opens_its_service_once_while_its_key_may)
{
	struct transaction transaction;
	char token[2048 + 1], another[2048 + 1];

	begin();
	get_token(token);
	get_token(another);
	transaction_open(&transaction, &scene, "demo", "alice", token);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	ck_assert_str_eq(pam_getenv(transaction.pamh, "APIKEY_ID"), id);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", token), PAM_AUTH_ERR);
	/* The key that it stands for is none the worse, nor is it when others are tried. */
	ck_assert_int_eq(authenticate_once(&scene, "demo", "bob", another), PAM_AUTH_ERR);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", another), PAM_AUTH_ERR);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
	get_token(token);
	daemon_revoke_key(&apikeyd, id);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_PERM_DENIED);
	transaction_close(&transaction);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", token), PAM_AUTH_ERR);
	end();
}
END_TEST

START_TEST(an_expired_key_opens_nothing_and_root_is_told)
{
	const int64_t patience = scene_clock() + 10000;
	struct transaction transaction;
	int code;

	begin();
	transaction_open(&transaction, &scene, "demo", "alice", secret);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	daemon_expire_key(&apikeyd, id, time(NULL) + 2);
	do
		code = pam_acct_mgmt(transaction.pamh, 0);
	while (code == PAM_SUCCESS && scene_clock() < patience);
	ck_assert_int_eq(code, geteuid() == 0 ? PAM_ACCT_EXPIRED : PAM_PERM_DENIED);
	transaction_close(&transaction);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_AUTH_ERR);
	end();
}
END_TEST

START_TEST(the_reason_is_in_the_log_of_root_callers_alone)
{
	char line[LOG_LINE_SIZE];

	begin();
	daemon_revoke_key(&apikeyd, id);
	fixture_log_open();
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_AUTH_ERR);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, "authentication failure; "));
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, geteuid() == 0 ? "reason=key_revoked: " : "reason=undisclosed"));
	end();
}
END_TEST

START_TEST(failure_01_a_frozen_daemon_is_not_waited_for)
{
	int64_t took;
	int status;

	begin();
	scene_module_service(&scene, "demo", "timeout=300");
	ck_assert_int_eq(kill(apikeyd.pid, SIGSTOP), 0);
	/* kill() returns before every thread has stopped. */
	ck_assert_int_eq(waitpid(apikeyd.pid, &status, WUNTRACED), apikeyd.pid);
	ck_assert(WIFSTOPPED(status));
	took = scene_clock();
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_AUTHINFO_UNAVAIL);
	took = scene_clock() - took;
	ck_assert_int_ge(took, FIXTURE_TIMEOUT);
	ck_assert_int_lt(took, FIXTURE_TIMEOUT + FIXTURE_SLACK);
	/* a password does not notice */
	took = scene_clock();
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", "password"), PAM_AUTH_ERR);
	ck_assert_int_lt(scene_clock() - took, FIXTURE_SLACK);
	ck_assert_int_eq(kill(apikeyd.pid, SIGCONT), 0);
	scene_module_service(&scene, "demo", "timeout=5000");
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
	end();
}
END_TEST

START_TEST(failure_07_a_daemon_that_died_is_unavailable_at_once)
{
	static const int signals[] = { SIGKILL, SIGTERM };

	for (size_t i = 0; i < ARRAY_SIZE(signals); i++) {
		int64_t took;

		begin();
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
		daemon_stop(&apikeyd, signals[i]);
		took = scene_clock();
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_AUTHINFO_UNAVAIL);
		ck_assert_int_lt(scene_clock() - took, FIXTURE_SLACK);
		/* with the next daemon the key is there again */
		daemon_start(&apikeyd, &scene, "demo");
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
		daemon_delete_key(&apikeyd, id);
		end();
	}
}
END_TEST

START_TEST(failure_19_a_key_opens_its_owners_accounts_alone)
{
	char shared[SCENE_KEY_SIZE], shared_id[SCENE_KEY_SIZE];

	begin();
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "bob", secret), PAM_AUTH_ERR);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "Alice", secret), PAM_AUTH_ERR);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "", secret), PAM_AUTH_ERR);
	daemon_make_key(&apikeyd, "bob", "pam.demo", "deploy", shared, shared_id);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "bob", shared), PAM_SUCCESS);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "deploy", shared), PAM_SUCCESS);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", shared), PAM_AUTH_ERR);
	end();
}
END_TEST

START_TEST(failure_20_a_key_for_one_service_does_not_open_another)
{
	struct transaction transaction;

	begin();
	scene_module_service(&scene, "smtp", "timeout=5000");
	scene_service(&scene, "imap",
		      "auth required " TEST_MODULE " socket=%s minimum_uid=0 permission=pam.demo\n"
		      "account required " TEST_MODULE " socket=%s permission=pam.imap\n",
		      scene.folder, scene.folder);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
	ck_assert_int_eq(authenticate_once(&scene, "smtp", "alice", secret), PAM_AUTH_ERR);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
	/* the account line may ask for more */
	transaction_open(&transaction, &scene, "imap", "alice", secret);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_PERM_DENIED);
	transaction_close(&transaction);
	end();
}
END_TEST

START_TEST(failure_20_a_grant_does_not_pass_to_another_user_or_address)
{
	static const struct {
		int item;
		const char *text;
	} changes[] = { { PAM_USER, "bob" }, { PAM_RHOST, "198.51.100.1" }, { PAM_SERVICE, "smtp" } };

	begin();
	scene_module_service(&scene, "smtp", "timeout=5000 permission=pam.demo");
	for (size_t i = 0; i < ARRAY_SIZE(changes); i++) {
		struct transaction transaction;

		transaction_open(&transaction, &scene, "demo", "alice", secret);
		ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
		ck_assert_int_eq(pam_set_item(transaction.pamh, changes[i].item, changes[i].text), PAM_SUCCESS);
		ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0), PAM_PERM_DENIED);
		transaction_close(&transaction);
	}
	end();
}
END_TEST

/* Writes a well-formed key that differs from the given one in its secret, or in its id too. */
static void forge(const char *key_id, char ret_text[static SCENE_KEY_SIZE])
{
	credential_write_opaque(false, key_id, "0123456789abcdefghijklmnopqrstuv", ret_text);
}

START_TEST(failure_21_unknown_keys_and_wrong_secrets_look_alike)
{
	char forged[SCENE_KEY_SIZE];
	const char *const ids[] = { id, "000000000000" };

	begin();
	for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
		struct transaction transaction;

		forge(ids[i], forged);
		transaction_open(&transaction, &scene, "demo", "alice", forged);
		ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
		ck_assert_uint_gt(transaction.delay, 500000);
		ck_assert_uint_eq(transaction.prompts, 1);
		ck_assert_uint_eq(transaction.messages, 0);
		transaction_close(&transaction);
	}
	end();
}
END_TEST

START_TEST(failure_25_bad_guesses_do_not_lock_the_owner_out)
{
	char forged[SCENE_KEY_SIZE];
	int code = PAM_AUTH_ERR;

	begin();
	scene_module_service(&scene, "demo", "timeout=5000 maxtries");
	forge(id, forged);
	for (int i = 0; i < 100; i++) {
		code = authenticate_once(&scene, "demo", "alice", forged);
		ck_assert(code == PAM_AUTH_ERR || code == PAM_MAXTRIES);
	}
	/* by now they are throttled, and told so; a good key is not */
	ck_assert_int_eq(code, PAM_MAXTRIES);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", secret), PAM_SUCCESS);
	end();
}
END_TEST

START_TEST(a_service_this_user_may_not_speak_for)
{
	char other[SCENE_KEY_SIZE], other_id[SCENE_KEY_SIZE];

	begin();
	scene_module_service(&scene, "sshd", "timeout=5000");
	daemon_make_key(&apikeyd, "bob", "pam.sshd", NULL, other, other_id);
	ck_assert_int_eq(authenticate_once(&scene, "sshd", "bob", other), geteuid() == 0 ? PAM_SUCCESS : PAM_AUTH_ERR);
	end();
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_key_opens_its_service_until_it_is_revoked);
	tcase_add_test(tests, an_access_token_opens_its_service_once_while_its_key_may);
	tcase_add_test(tests, an_expired_key_opens_nothing_and_root_is_told);
	tcase_add_test(tests, the_reason_is_in_the_log_of_root_callers_alone);
	tcase_add_test(tests, failure_01_a_frozen_daemon_is_not_waited_for);
	tcase_add_test(tests, failure_07_a_daemon_that_died_is_unavailable_at_once);
	tcase_add_test(tests, failure_19_a_key_opens_its_owners_accounts_alone);
	tcase_add_test(tests, failure_20_a_key_for_one_service_does_not_open_another);
	tcase_add_test(tests, failure_20_a_grant_does_not_pass_to_another_user_or_address);
	tcase_add_test(tests, failure_21_unknown_keys_and_wrong_secrets_look_alike);
	tcase_add_test(tests, failure_25_bad_guesses_do_not_lock_the_owner_out);
	tcase_add_test(tests, a_service_this_user_may_not_speak_for);
}

int main(void)
{
	return fixture_main("daemon", add_tests);
}
