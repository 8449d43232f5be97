/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The session phase: the ticket is asked for where the auth line says so, and out of the environment before anybody
 * else's session line runs, whatever becomes of it; the register is shown it once; who has a ticket that is worth
 * nothing is kept out, and nobody else is.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/answer.h"
#include "proto/verdict.h"
#include "tests/pam_module/fixture.h"
#include "tests/pam_module/trap.h"

#define VARIABLE "APIKEY_TICKET"
#define PUT VARIABLE "=" SERVER_TICKET

static struct server daemon_server;
static struct transaction transaction;

static void write_service(const char *auth, const char *session)
{
	scene_service(&scene, "demo",
		      "auth required " TEST_MODULE " socket=%s minimum_uid=0 timeout=20000 %s\n"
		      "session required " TEST_MODULE " socket=%s %s\n",
		      scene.folder, auth, scene.folder, session);
}

/* Logs in at a daemon with this script, as far as the session. */
static void log_in(const struct server_script *script)
{
	server_start(&daemon_server, &scene, script);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_SUCCESS);
}

static void log_out(void)
{
	transaction_close(&transaction);
	server_stop(&daemon_server);
}

static const char *ticket(void)
{
	return pam_getenv(transaction.pamh, VARIABLE);
}

/* What the PAM environment holds, in all of its entries. */
static void assert_no_ticket(void)
{
	char **list = pam_getenvlist(transaction.pamh);

	ck_assert_ptr_nonnull(list);
	for (size_t i = 0; list[i]; i++) {
		ck_assert_msg(!strstr(list[i], SERVER_TICKET) && !strstr(list[i], VARIABLE), "%s", list[i]);
		free(list[i]);
	}
	free(list);
}

START_TEST(a_ticket_is_asked_for_where_the_line_says_so)
{
	write_service("session", "");
	log_in(&grants);
	ck_assert(daemon_server.record->wants_ticket);
	ck_assert_str_eq(ticket(), SERVER_TICKET);
	log_out();
	write_service("", "");
	log_in(&grants);
	ck_assert(!daemon_server.record->wants_ticket);
	assert_no_ticket();
	log_out();
}
END_TEST

START_TEST(the_session_is_registered_and_its_record_ended)
{
	struct server server;

	write_service("session", "timeout=20000");
	server_start_register(&server, &scene, &grants);
	log_in(&grants);
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	assert_no_ticket();
	ck_assert_ptr_nonnull(pam_getenv(transaction.pamh, "APIKEY_ID"));
	ck_assert_uint_eq(server.record->opens, 1);
	ck_assert_str_eq(server.record->ticket, SERVER_TICKET);
	ck_assert_str_eq(server.record->service, "demo");
	ck_assert_str_eq(server.record->tty, "tty7");
	ck_assert(!server.record->standard_open || server.record->lowest_socket > 2);
	ck_assert_uint_eq(server.record->closes, 0);
	ck_assert_int_eq(pam_close_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_uint_eq(server.record->closes, 1);
	ck_assert_uint_eq(server.record->session, SERVER_SESSION);
	ck_assert_int_eq(pam_close_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_uint_eq(server.record->opens + server.record->closes, 2);
	ck_assert_uint_eq(transaction.messages, 0);
	log_out();
	server_stop(&server);
}
END_TEST

/* sshd authenticates in a child, of which nothing but the PAM environment comes back. */
START_TEST(the_environment_alone_carries_it_over)
{
	struct server server;

	write_service("session", "timeout=20000");
	server_start_register(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", key);
	ck_assert_int_eq(pam_putenv(transaction.pamh, PUT), PAM_SUCCESS);
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	assert_no_ticket();
	ck_assert_str_eq(server.record->ticket, SERVER_TICKET);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

static const struct server_script rude[] = {
	{ .manner = SERVER_SILENT },
	{ .manner = SERVER_CLOSES },
	{ .manner = SERVER_HANGS_UP },
	{ .manner = SERVER_EMPTY },
	{ .manner = SERVER_GARBAGE },
	{ .manner = SERVER_OVERSIZE },
	{ .manner = SERVER_CUT },
	{ .manner = SERVER_TRAILING },
	{ .manner = SERVER_ERROR },
	{ .manner = SERVER_DRIPS },
	{ .other_id = 1 },
	{ .other_type = 1 },
};

/* What the register says of the ticket, and what then the user and the log are told. */
static const struct {
	enum answer answer;
	const char *shown, *logged;
} refusals[] = {
	{ ANSWER_NOT_FOUND, "took too long: log in again", "forgets them after a minute" },
	{ ANSWER_WRONG_STATE, "no longer good", "the key was ended" },
	{ ANSWER_INVALID, "log in again", "for none" },
};

static const int flags[] = { 0, PAM_SILENT };

/* Or a client would hold the last question until its ticket is too old, and have a session that nothing can end. */
START_TEST(a_ticket_that_the_register_refuses_keeps_out)
{
	struct server server;
	char line[2048];

	write_service("session", "timeout=20000");
	fixture_log_open();
	for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
		struct server_script script = { .manner = SERVER_ERROR, .answer = refusals[i].answer };

		server_start_register(&server, &scene, &script);
		log_in(&grants);
		ck_assert_int_eq(pam_open_session(transaction.pamh, flags[_i]), PAM_PERM_DENIED);
		assert_no_ticket();
		ck_assert_uint_eq(server.record->opens, 1);
		ck_assert_uint_eq(transaction.messages, flags[_i] == 0);
		ck_assert_msg(flags[_i] != 0 || strstr(transaction.shown, refusals[i].shown), "%s", transaction.shown);
		ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
		ck_assert_msg(strstr(line, "the session is refused") && strstr(line, "user=alice") &&
				      strstr(line, refusals[i].logged) && !strstr(line, SERVER_TICKET),
			      "%s", line);
		/* There is nothing to close; libpam says again what the opening said. */
		(void)pam_close_session(transaction.pamh, 0);
		ck_assert_uint_eq(server.record->closes, 0);
		log_out();
		server_stop(&server);
	}
}
END_TEST

/* Who has no ears is kept out all the same. */
START_TEST(a_refusal_that_cannot_be_shown_is_one)
{
	struct server_script script = { .manner = SERVER_ERROR, .answer = ANSWER_NOT_FOUND };
	struct server server;

	write_service("session", "timeout=20000");
	server_start_register(&server, &scene, &script);
	log_in(&grants);
	transaction.mute = true;
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_PERM_DENIED);
	assert_no_ticket();
	log_out();
	server_stop(&server);
}
END_TEST

static const enum answer impediments[] = { ANSWER_UNKNOWN_REQUEST, ANSWER_NOT_PERMITTED, ANSWER_STORE_FAILED,
					   ANSWER_UNAVAILABLE,     ANSWER_BUSY,          ANSWER_COUNT };

/* A register that cannot serve says nothing of the ticket. */
START_TEST(a_register_that_cannot_serve_keeps_nobody_out)
{
	struct server_script script = { .manner = SERVER_ERROR, .answer = impediments[_i] };
	struct server server;
	char line[2048];

	write_service("session", "timeout=20000");
	fixture_log_open();
	server_start_register(&server, &scene, &script);
	log_in(&grants);
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	assert_no_ticket();
	ck_assert_uint_eq(server.record->opens, 1);
	ck_assert_uint_eq(transaction.messages, 0);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_msg(strstr(line, "not registered") != NULL, "%s", line);
	log_out();
	server_stop(&server);
}
END_TEST

/* What answers otherwise than it should has not registered anything. */
START_TEST(no_login_fails_for_the_register)
{
	struct server server;
	char line[2048];

	write_service("session", "timeout=300");
	fixture_log_open();
	server_start_register(&server, &scene, &rude[_i]);
	log_in(&grants);
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	assert_no_ticket();
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_msg(strstr(line, "not registered") && !strstr(line, SERVER_TICKET), "%s", line);
	ck_assert_int_eq(pam_close_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_uint_eq(server.record->closes, 0);
	log_out();
	server_stop(&server);
}
END_TEST

START_TEST(a_register_that_is_away_or_not_to_be_trusted_is_told_in_the_log)
{
	static const char *const sentences[] = { "apikey-sessiond.service", "does not belong to root alone" };
	struct server server;
	char line[2048];

	write_service("session", "timeout=300");
	fixture_log_open();
	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		log_in(&grants);
		if (i == 1) {
			server_start_register(&server, &scene, &grants);
			ck_assert_int_eq(chmod(scene.folder, 0777), 0);
		}
		ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
		ck_assert_int_eq(chmod(scene.folder, 0755), 0);
		assert_no_ticket();
		ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
		ck_assert_msg(strstr(line, sentences[i]) != NULL, "%s", line);
		if (i == 1) {
			ck_assert_uint_eq(server.record->connections, 0);
			server_stop(&server);
		}
		log_out();
	}
}
END_TEST

START_TEST(a_session_line_that_is_wrong_takes_the_ticket_out_too)
{
	struct server server;
	char line[2048];

	write_service("session", "no_such_option");
	fixture_log_open();
	server_start_register(&server, &scene, &grants);
	log_in(&grants);
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	assert_no_ticket();
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_msg(strstr(line, "no_such_option") != NULL, "%s", line);
	ck_assert_uint_eq(server.record->connections, 0);
	log_out();
	server_stop(&server);
}
END_TEST

/* Anybody's value may be there: pam_env(8) reads files of users. It is no way around the register. */
START_TEST(what_is_no_ticket_is_shown_to_nobody_and_keeps_out)
{
	static const char *const values[] = { VARIABLE "=", VARIABLE "=x", PUT "0",
					      VARIABLE "=00112233445566778899AABBCCDDEEFF",
					      VARIABLE "=00112233445566778899aabbccddee f" };
	struct server server;
	char line[2048];

	write_service("session", "");
	fixture_log_open();
	server_start_register(&server, &scene, &grants);
	for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
		transaction_open(&transaction, &scene, "demo", "alice", key);
		ck_assert_int_eq(pam_putenv(transaction.pamh, values[i]), PAM_SUCCESS);
		ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_PERM_DENIED);
		assert_no_ticket();
		ck_assert_uint_eq(transaction.messages, 1);
		ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
		ck_assert_msg(strstr(line, "no ticket") && !strstr(line, values[i]), "%s", line);
		/* It was that one attempt. */
		ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
		transaction_close(&transaction);
	}
	ck_assert_uint_eq(server.record->connections, 0);
	server_stop(&server);
}
END_TEST

/* As the only line of its kind it would refuse everybody, if it had no opinion. */
START_TEST(who_came_without_a_key_is_not_kept_out)
{
	struct server server;

	write_service("session", "");
	server_start_register(&server, &scene, &grants);
	transaction_open(&transaction, &scene, "demo", "alice", "password");
	ck_assert_int_eq(pam_open_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_int_eq(pam_close_session(transaction.pamh, 0), PAM_SUCCESS);
	ck_assert_uint_eq(server.record->connections, 0);
	transaction_close(&transaction);
	server_stop(&server);
}
END_TEST

static void authenticate_again(void)
{
	struct server_script refusal = { .verdict = VERDICT_DENIED };

	server_stop(&daemon_server);
	server_start(&daemon_server, &scene, &refusal);
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
}

static void authenticate_with_a_password(void)
{
	transaction_answer(&transaction, ANSWER_TEXT, "password");
	ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTH_ERR);
}

static void delete_credentials(void)
{
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_DELETE_CRED), PAM_SUCCESS);
}

static void (*const ends[])(void) = { authenticate_again, authenticate_with_a_password, delete_credentials };

START_TEST(a_ticket_that_no_session_took_goes_with_its_login)
{
	write_service("session", "");
	log_in(&grants);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_ESTABLISH_CRED), PAM_SUCCESS);
	ck_assert_int_eq(pam_setcred(transaction.pamh, PAM_REINITIALIZE_CRED), PAM_SUCCESS);
	ck_assert_str_eq(ticket(), SERVER_TICKET);
	ends[_i]();
	assert_no_ticket();
	log_out();
}
END_TEST

/* A daemon that gives what is no ticket is no honest one. */
START_TEST(a_grant_with_what_is_no_ticket_is_none)
{
	static const char *const texts[] = { "x", "00112233445566778899aabbccddeef", "00112233445566778899aabbccddeefF",
					     "0011223344556677 899aabbccddeeff" };
	struct server server;

	write_service("session", "");
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct server_script script = { .verdict = VERDICT_GRANTED, .ticket = texts[i] };

		server_start(&server, &scene, &script);
		transaction_open(&transaction, &scene, "demo", "alice", key);
		ck_assert_int_eq(pam_authenticate(transaction.pamh, 0), PAM_AUTHINFO_UNAVAIL);
		assert_no_ticket();
		ck_assert_ptr_null(pam_getenv(transaction.pamh, "APIKEY_ID"));
		transaction_close(&transaction);
		server_stop(&server);
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, a_ticket_is_asked_for_where_the_line_says_so);
	tcase_add_test(tests, the_session_is_registered_and_its_record_ended);
	tcase_add_test(tests, the_environment_alone_carries_it_over);
	FIXTURE_LOOP(tests, a_ticket_that_the_register_refuses_keeps_out, flags);
	tcase_add_test(tests, a_refusal_that_cannot_be_shown_is_one);
	FIXTURE_LOOP(tests, a_register_that_cannot_serve_keeps_nobody_out, impediments);
	FIXTURE_LOOP(tests, no_login_fails_for_the_register, rude);
	tcase_add_test(tests, a_register_that_is_away_or_not_to_be_trusted_is_told_in_the_log);
	tcase_add_test(tests, a_session_line_that_is_wrong_takes_the_ticket_out_too);
	tcase_add_test(tests, what_is_no_ticket_is_shown_to_nobody_and_keeps_out);
	tcase_add_test(tests, who_came_without_a_key_is_not_kept_out);
	FIXTURE_LOOP(tests, a_ticket_that_no_session_took_goes_with_its_login, ends);
	tcase_add_test(tests, a_grant_with_what_is_no_ticket_is_none);
}

int main(void)
{
	return fixture_main("session", add);
}
