/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Where the text and the user come from, which of them never reach the daemon, and what later modules find. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "pam_module/log.h"
#include "proto/verdict.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

START_TEST(a_password_never_leaves_the_process)
{
	static const char *const passwords[] = {
		"correct horse battery staple",
		"",
		"ak_",
		"ak_tually a password",
		"AK_Key000000001_0123456789abcdefghijkl0000000001000000",
		"\b\n\r\177INCORRECT",
		"b3b1c8f2a4d5e6f708192a3b4c5d6e7f",
		"Bearer something",
		"A123456B-C12C-123D-1AB4-18BD8C8E88A3:n:1:JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y=",
		"eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJqdGkiOiIxIn0.",
		"eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjF9.JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y",
		" ",
	};
	int listener = server_listen(&scene, 16);
	char line[LOG_LINE_SIZE], wrong[SCENE_KEY_SIZE + 2];

	fixture_log_open();
	for (size_t i = 0; i < ARRAY_SIZE(passwords); i++) {
		bool ours = strncmp(passwords[i], "ak_", 3) == 0;

		trap_sockets_made();
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", passwords[i]), PAM_AUTH_ERR);
		ck_assert(!server_was_called(listener));
		/* for a text that is not of our shape no socket is made at all: not even a log line says that it was
		 * there */
		if (!ours)
			ck_assert_uint_eq(trap_sockets_made(), 0);
		while (trap_log_take(line, sizeof(line)) > 0)
			ck_assert(ours && !strstr(line, "password"));
	}
	/* nor does a key with one wrong character, cut, or with a line end behind it */
	for (size_t at = 0; at < strlen(key); at++) {
		strcpy(wrong, key);
		wrong[at] = wrong[at] == '7' ? '8' : '7';
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", wrong), PAM_AUTH_ERR);
		strcpy(wrong, key);
		wrong[at] = '\0';
		ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", wrong), PAM_AUTH_ERR);
	}
	snprintf(wrong, sizeof(wrong), "%s\n", key);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", wrong), PAM_AUTH_ERR);
	ck_assert(!server_was_called(listener));
	close(listener);
}
END_TEST

#define PAIR "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"

static const struct {
	const char *text, *log;
	size_t pad; /* as many bytes of '0' behind it */
} unlike[] = {
	{ "ak_Key000000001_0123456789",
	  "reason=truncated: The key was cut short; copy the whole of it. 26 bytes came.\n", 0 },
	{ "ak_Key000000001_0123456789abcdefghijkl0000000001000000", "reason=malformed: The check characters", 0 },
	{ "ak_Key000000001-", "reason=malformed: The text begins like a key", 0 },
	{ PAIR ":n:1:", "reason=truncated: The HMAC token was cut short; ", 12 },
	{ PAIR ":nonces-of-40-characters-fill-the-buffer.:1535617532:", " 127 bytes came, the limit of OpenVPN.\n",
	  38 },
	{ PAIR ":nonces-of-40-characters-fill-the-buffer.:1535617532:", " 128 bytes came, the limit of RADIUS.\n", 39 },
	{ PAIR ":nonces-of-40-characters-fill-the-buffer.:1535617532:", " 126 bytes came.\n", 37 },
	{ HEADER ".", " 1023 bytes came, the limit of sudo or the ssh client.\n", 986 },
	{ PAIR ":a nonce:1:x", "reason=malformed: The nonce of the HMAC token has a character", 0 },
	{ "Hmac secret", "reason=malformed: The HMAC token does not begin with a public key", 0 },
	{ HEADER ".e30=.", "reason=malformed: The payload of the access token has a character", 0 },
};

/* What only begins like one of ours is refused here, and the log says what is wrong, whose limit it may be, and nothing
 * of the text. */
START_TEST(a_mistake_in_the_text_is_told)
{
	size_t length = strlen(unlike[_i].text);
	int listener = server_listen(&scene, 16);
	char text[2048], line[LOG_LINE_SIZE];

	fixture_log_open();
	memset(stpcpy(text, unlike[_i].text), '0', unlike[_i].pad);
	text[length + unlike[_i].pad] = '\0';
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", text), PAM_AUTH_ERR);
	ck_assert(!server_was_called(listener));
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, "authentication failure;"));
	ck_assert_uint_gt(trap_log_take(line, sizeof(line) - 1), 0);
	strcat(line, "\n");
	ck_assert_ptr_nonnull(strstr(line, "denied; user=alice key= reason="));
	ck_assert_msg(strstr(line, unlike[_i].log) != NULL, "%s", line);
	ck_assert(!strstr(line, "a123456b") && !strstr(line, "eyJ") && !strstr(line, "0123456789"));
	ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	close(listener);
}
END_TEST

#define SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y"
#define HMAC PAIR ":randomuniquestring123:1535617532:" SIG "="
#define ACCESS HEADER ".eyJleHAiOjF9." SIG
#define EIGHTY "a password of eighty characters, as nobody remembers one and some tools make it "

static const struct {
	const char *text, *options, *key_id; /* of the grant that the server gives */
	int code;
	bool asked;
} kinds[] = {
	{ HMAC, "", PAIR, PAM_SUCCESS, true },
	{ "hmac " HMAC, "", PAIR, PAM_SUCCESS, true },
	{ HMAC, "any_format", PAIR, PAM_SUCCESS, true },
	{ "a normal password", "", "Key000000001", PAM_AUTH_ERR, false },
	{ "a normal password", "any_format", "Key000000001", PAM_SUCCESS, true },
	{ "d41d8cd98f00b204e9800998ecf8427e", "any_format", PAIR, PAM_SUCCESS, true },
	{ PAIR, "any_format", "Key000000001", PAM_SUCCESS, true },
	/* too short, too long, made up by sshd, and what looks like one of ours */
	{ "fifteen letters", "any_format", "Key000000001", PAM_AUTH_ERR, false },
	{ EIGHTY EIGHTY EIGHTY EIGHTY EIGHTY EIGHTY EIGHTY, "any_format", "Key000000001", PAM_AUTH_ERR, false },
	{ "\b\n\r\177INCORRECT\b\n\r\177INCORRECT", "any_format", "Key000000001", PAM_AUTH_ERR, false },
	{ "", "any_format", "Key000000001", PAM_AUTH_ERR, false },
	{ "ak_not such a key", "any_format", "Key000000001", PAM_AUTH_ERR, false },
	{ PAIR ":n:1:", "any_format", PAIR, PAM_AUTH_ERR, false },
	/* a grant to another key than the one the text names, and to none */
	{ HMAC, "", "Key000000001", PAM_AUTHINFO_UNAVAIL, true },
	{ HMAC, "", "b123456b-c12c-123d-1ab4-18bd8c8e88a3", PAM_AUTHINFO_UNAVAIL, true },
	{ HMAC, "", "-", PAM_AUTHINFO_UNAVAIL, true },
	{ "a normal password", "any_format", "no id", PAM_AUTHINFO_UNAVAIL, true },
	{ "a normal password", "any_format", "-", PAM_AUTHINFO_UNAVAIL, true },
	/* an access token names none: any key, but a key */
	{ ACCESS, "", "Key000000001", PAM_SUCCESS, true },
	{ ACCESS, "any_format", "Key000000001", PAM_SUCCESS, true },
	{ "Bearer " ACCESS, "", PAIR, PAM_SUCCESS, true },
	{ "bearer " ACCESS, "any_format", "Key000000001", PAM_SUCCESS, true },
	{ ACCESS "A", "", PAIR, PAM_AUTH_ERR, false },
	{ HEADER ".eyJleHAiOjF9.JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9ia", "any_format", PAIR, PAM_AUTH_ERR, false },
	{ ACCESS, "", "-", PAM_AUTHINFO_UNAVAIL, true },
	{ ACCESS, "", "no id", PAM_AUTHINFO_UNAVAIL, true },
};

START_TEST(the_daemon_is_asked_about_what_has_a_shape_and_any_text_only_with_any_format)
{
	const struct server_script script = { .verdict = VERDICT_GRANTED,
					      .account_verdict = VERDICT_GRANTED,
					      .key_id = kinds[_i].key_id };
	struct transaction transaction;
	struct server server;
	const char *id;

	server_start(&server, &scene, &script);
	scene_module_service(&scene, "demo", kinds[_i].options);
	transaction_open(&transaction, &scene, "demo", "alice", kinds[_i].text);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), kinds[_i].code);
	ck_assert_uint_eq(server.record->requests, kinds[_i].asked);
	if (kinds[_i].asked)
		ck_assert_str_eq(server.record->credential, kinds[_i].text);
	id = pam_getenv(transaction.pamh, "APIKEY_ID");
	ck_assert_int_eq(id != NULL, kinds[_i].code == PAM_SUCCESS);
	if (id)
		ck_assert_str_eq(id, kinds[_i].key_id);
	ck_assert_int_eq(pam_acct_mgmt(transaction.pamh, 0) == PAM_SUCCESS, kinds[_i].code == PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED) == PAM_SUCCESS,
			 kinds[_i].code == PAM_SUCCESS);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

static const struct {
	const char *text;
	uint64_t verdict, reason;
	bool counted;
} any_texts[] = {
	/* nobody's: a normal password */
	{ "a normal password", VERDICT_DENIED, REASON_UNKNOWN_KEY, false },
	{ "a normal password", VERDICT_DENIED, REASON_NOT_A_CREDENTIAL, false },
	{ "a normal password", VERDICT_DENIED, REASON_NONE, false },
	{ "a normal password", VERDICT_THROTTLED, REASON_TOO_MANY_FAILURES, false },
	/* somebody's key */
	{ "a normal password", VERDICT_DENIED, REASON_EXPIRED, true },
	{ "a normal password", VERDICT_DENIED, REASON_KEY_REVOKED, true },
	{ "a normal password", VERDICT_FORBIDDEN, REASON_INSUFFICIENT_PERMISSION, true },
	/* no password in any case */
	{ HMAC, VERDICT_DENIED, REASON_UNKNOWN_KEY, true },
	{ HMAC, VERDICT_DENIED, REASON_BAD_SIGNATURE, true },
};

/* Whoever counts failures must not ban those who log in by a password. */
START_TEST(a_password_that_is_nobodys_key_is_no_failure)
{
	const struct server_script script = { .verdict = any_texts[_i].verdict, .reason = any_texts[_i].reason };
	char line[LOG_LINE_SIZE];
	struct server server;

	server_start(&server, &scene, &script);
	fixture_log_open();
	scene_module_service(&scene, "demo", "any_format");
	ck_assert_int_eq(authenticate_once(&scene, "demo", "alice", any_texts[_i].text), PAM_AUTH_ERR);
	ck_assert_uint_eq(server.record->requests, 1);
	ck_assert_int_eq(trap_log_take(line, sizeof(line)) > 0, any_texts[_i].counted);
	if (any_texts[_i].counted) {
		ck_assert_ptr_nonnull(strstr(line, "authentication failure;"));
		ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
		ck_assert(!strstr(line, "normal") && !strstr(line, SIG));
	}
	ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	server_stop(&server);
}
END_TEST

/* minimum_uid keeps the password of root from a daemon that may be somebody else's by now. */
START_TEST(a_password_of_a_user_below_minimum_uid_stays_here)
{
	int listener = server_listen(&scene, 16);
	char line[LOG_LINE_SIZE];

	fixture_log_open();
	scene_service(&scene, "demo", "auth required " TEST_MODULE " socket=%s any_format\n", scene.folder);
	ck_assert_int_eq(authenticate_once(&scene, "demo", "root", "a normal password"), PAM_AUTH_ERR);
	ck_assert(!server_was_called(listener));
	ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	close(listener);
}
END_TEST

static const struct {
	const char *give, *options;
	int code;
	unsigned int prompts, requests;
} sources[] = {
	{ "", "", PAM_SUCCESS, 1, 1 },
	{ "", "try_first_pass", PAM_SUCCESS, 1, 1 },
	{ "", "use_first_pass", PAM_AUTH_ERR, 0, 0 },
	{ "KEY", "", PAM_SUCCESS, 0, 1 },
	{ "KEY", "try_first_pass", PAM_SUCCESS, 0, 1 },
	{ "KEY", "use_first_pass", PAM_SUCCESS, 0, 1 },
	{ "give=password", "", PAM_AUTH_ERR, 0, 0 },
	{ "give=password", "try_first_pass", PAM_AUTH_ERR, 0, 0 },
	{ "give=password", "use_first_pass", PAM_AUTH_ERR, 0, 0 },
	{ "give=", "", PAM_AUTH_ERR, 0, 0 },
};

START_TEST(a_stacked_text_is_used_and_nobody_is_asked_twice)
{
	char give[SCENE_KEY_SIZE + 8];
	struct transaction transaction;
	struct server server;

	snprintf(give, sizeof(give), "give=%s", key);
	server_start(&server, &scene, &grants);
	scene_service(&scene, "demo",
		      "auth required " TEST_PROBE " %s\n"
		      "auth required " TEST_MODULE " socket=%s minimum_uid=0 %s\n",
		      strcmp(sources[_i].give, "KEY") == 0 ? give : sources[_i].give, scene.folder,
		      sources[_i].options);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), sources[_i].code);
	ck_assert_uint_eq(transaction.prompts, sources[_i].prompts);
	ck_assert_uint_eq(transaction.messages, 0);
	ck_assert_uint_eq(server.record->requests, sources[_i].requests);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(the_prompt_is_the_configured_one)
{
	struct transaction transaction;

	transaction_open(&transaction, &scene, "demo", "alice", "password");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
	ck_assert_str_eq(transaction.prompt, "Password: ");
	transaction_close(&transaction);
	scene_module_service(&scene, "demo", "[prompt=API key: ]");
	transaction_open(&transaction, &scene, "demo", "alice", "password");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
	ck_assert_str_eq(transaction.prompt, "API key: ");
	transaction_close(&transaction);
}
END_TEST

static const struct {
	const char *options, *answer, *shown;
	int code;
} handed_on[] = {
	{ "", "KEY", NULL, PAM_SUCCESS },
	{ "keep_authtok", "KEY", "KEY", PAM_SUCCESS },
	{ "", "a normal password", "a normal password", PAM_AUTH_ERR },
	{ "", "", "", PAM_AUTH_ERR },
	{ "", "ak_something", "ak_something", PAM_AUTH_ERR },
};

START_TEST(later_modules_find_a_password_but_no_accepted_key)
{
	const char *shown = handed_on[_i].shown;
	struct transaction transaction;
	struct server server;
	const char *found;

	server_start(&server, &scene, &grants);
	scene_service(&scene, "demo",
		      "auth [success=ok default=bad] " TEST_MODULE " socket=%s minimum_uid=0 %s\n"
		      "auth required " TEST_PROBE " show\n",
		      scene.folder, handed_on[_i].options);
	transaction_open(&transaction, &scene, "demo", "alice",
			 strcmp(handed_on[_i].answer, "KEY") == 0 ? key : handed_on[_i].answer);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), handed_on[_i].code);
	found = pam_getenv(transaction.pamh, "PROBE_AUTHTOK");
	if (!shown)
		ck_assert_ptr_null(found);
	else
		ck_assert_str_eq(found, strcmp(shown, "KEY") == 0 ? key : shown);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

static const struct {
	enum answer_mode mode;
	int code;
} conversations[] = {
	{ ANSWER_NO_TEXT, PAM_CONV_ERR }, { ANSWER_NOTHING, PAM_CONV_ERR }, { ANSWER_FAILURE, PAM_CONV_ERR },
	{ ANSWER_UNKNOWN, PAM_CONV_ERR }, { ANSWER_MEMORY, PAM_BUF_ERR },   { ANSWER_LATER, PAM_INCOMPLETE },
};

START_TEST(a_conversation_that_fails_is_no_login)
{
	struct transaction transaction;
	struct server server;

	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	transaction_answer(&transaction, conversations[_i].mode, key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), conversations[_i].code);
	ck_assert_uint_eq(transaction.prompts, 1);
	ck_assert_uint_eq(server.record->connections, 0);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(a_conversation_that_comes_later_goes_on)
{
	struct transaction transaction;
	struct server server;

	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	transaction_answer(&transaction, ANSWER_LATER, NULL);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_INCOMPLETE);
	transaction_answer(&transaction, ANSWER_TEXT, key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

START_TEST(a_user_who_cannot_be_named_is_refused_without_traffic)
{
	char longest[300];
	struct server server;

	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	server_start(&server, &scene, &grants);
	/* An absent user would mean "whoever the key belongs to". */
	ck_assert_int_eq(authenticate_once(&scene, "demo", "", key), PAM_AUTH_ERR);
	ck_assert_int_eq(authenticate_once(&scene, "demo", longest, key), PAM_AUTH_ERR);
	ck_assert_uint_eq(server.record->connections, 0);
	server_stop(&server);
}
END_TEST

START_TEST(an_address_that_is_too_long_is_not_left_out)
{
	struct transaction transaction;
	struct server server;
	char longest[300];

	memset(longest, '1', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	server_start(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	pam_set_item(transaction.pamh, PAM_RHOST, longest);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
	ck_assert_uint_eq(server.record->connections, 0);
	pam_set_item(transaction.pamh, PAM_RHOST, "");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_str_eq(server.record->rhost, "");
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

static const struct {
	const char *user;
	const char *options;
	int lookup_error;
	int code;
	unsigned int requests;
} users[] = {
	{ "root", "", 0, PAM_AUTH_ERR, 0 },
	{ "root", "minimum_uid=1", 0, PAM_AUTH_ERR, 0 },
	{ "root", "minimum_uid=0", 0, PAM_SUCCESS, 1 },
	{ "no-such-user@example.org", "", 0, PAM_SUCCESS, 1 },
	{ "no-such-user@example.org", "minimum_uid=4294967294", 0, PAM_SUCCESS, 1 },
	{ "alice", "", EIO, PAM_AUTHINFO_UNAVAIL, 0 },
	{ "alice", "", ENOENT, PAM_AUTHINFO_UNAVAIL, 0 },
	{ "alice", "", EMFILE, PAM_AUTHINFO_UNAVAIL, 0 },
	{ "alice", "", ERANGE, PAM_AUTHINFO_UNAVAIL, 0 },
	{ "alice", "minimum_uid=0", EIO, PAM_SUCCESS, 1 },
};

START_TEST(local_users_below_minimum_uid_are_out_of_reach)
{
	struct server server;

	server_start(&server, &scene, &grants);
	scene_service(&scene, "demo", "auth required " TEST_MODULE " socket=%s %s\n", scene.folder, users[_i].options);
	trap_lookup_fail(users[_i].lookup_error);
	ck_assert_int_eq(authenticate_once(&scene, "demo", users[_i].user, key), users[_i].code);
	ck_assert_uint_eq(server.record->requests, users[_i].requests);
	server_stop(&server);
}
END_TEST

static void add_tests(TCase *tests)
{
	tcase_add_test(tests, a_password_never_leaves_the_process);
	FIXTURE_LOOP(tests, a_mistake_in_the_text_is_told, unlike);
	FIXTURE_LOOP(tests, the_daemon_is_asked_about_what_has_a_shape_and_any_text_only_with_any_format, kinds);
	FIXTURE_LOOP(tests, a_password_that_is_nobodys_key_is_no_failure, any_texts);
	tcase_add_test(tests, a_password_of_a_user_below_minimum_uid_stays_here);
	FIXTURE_LOOP(tests, a_stacked_text_is_used_and_nobody_is_asked_twice, sources);
	tcase_add_test(tests, the_prompt_is_the_configured_one);
	FIXTURE_LOOP(tests, later_modules_find_a_password_but_no_accepted_key, handed_on);
	FIXTURE_LOOP(tests, a_conversation_that_fails_is_no_login, conversations);
	tcase_add_test(tests, a_conversation_that_comes_later_goes_on);
	tcase_add_test(tests, a_user_who_cannot_be_named_is_refused_without_traffic);
	tcase_add_test(tests, an_address_that_is_too_long_is_not_left_out);
	FIXTURE_LOOP(tests, local_users_below_minimum_uid_are_out_of_reach, users);
}

int main(void)
{
	return fixture_main("credential", add_tests);
}
