/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A new secret for who shows the present one, at the real daemon: who gets one, what stays good, what is on record, and
 * what is left when the daemon, the disk or the caller fails in between.
 */
#include <check.h>
#include <signal.h>

#include "tests/daemon/admin-requests.h"
#include "tests/daemon/once-fixture.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

#define DAY 86400

static struct message_rotate asking(const char *credential)
{
	return (struct message_rotate){ .credential = credential, .user = "alice", .service = "passwd" };
}

/* Texts live until the next call. */
static struct message_rotated ask(const struct message_rotate *request)
{
	static struct wire_client *client;
	struct message_rotated said;

	if (client)
		wire_close(client);
	client = wire_open(&host, WIRE_LOGIN_SOCKET);
	wire_send(client, WIRE_ROTATE, &message_rotate, request);
	wire_expect(client, WIRE_ROTATE | WIRE_REPLY, &message_rotated, &said);
	return said;
}

static void refused(const struct message_rotate *request, enum reason reason)
{
	struct message_rotated said = ask(request);

	ck_assert_msg(said.verdict == reason_verdict(reason) && said.reason == reason, "%s (%s) instead of %s",
		      verdict_name((enum verdict)said.verdict), reason_name((enum reason)said.reason),
		      reason_name(reason));
	ck_assert_ptr_null(said.secret);
	ck_assert_ptr_null(said.key_id);
	ck_assert_int_eq(!said.problem, reason != REASON_NOT_ROTATED);
}

static void changed(const char *credential, char ret_secret[64])
{
	struct message_rotate request = asking(credential);
	struct message_rotated said = ask(&request);

	ck_assert_msg(said.verdict == VERDICT_GRANTED, "%s", reason_name((enum reason)said.reason));
	ck_assert_ptr_nonnull(said.secret);
	snprintf(ret_secret, 64, "%s", said.secret);
}

/* Of the tenant that there is. */
static void set_policies(struct codec_texts policies)
{
	struct message_tenant_update request = { .tenant = "default",
						 .changes = MESSAGE_TENANT_POLICIES,
						 .policies = policies };
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_tenant_entry entry;

	ck_assert_int_eq(
		wire_ask(admin, WIRE_TENANT_UPDATE, &message_tenant_update, &request, &message_tenant_entry, &entry),
		ANSWER_OK);
	wire_close(admin);
}

static int64_t count_secrets(void)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_secret secret;
	struct message_key key;
	int64_t good = 0;

	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, opaque.id, &key), ANSWER_OK, NULL);
	while (codec_next_record(&key.secrets, &message_secret, &secret))
		good += secret.retires == 0 || secret.retires > clock_wall_seconds();
	wire_close(admin);
	return good;
}

START_TEST(who_shows_the_secret_gets_another)
{
	struct message_rotate request = asking(opaque.secret);
	struct message_rotated said;
	CLEANUP_FREE char *audit = NULL;
	int64_t before = clock_wall_seconds();
	char second[64];

	request.check = 1;
	said = ask(&request);
	ck_assert_uint_eq(said.verdict, VERDICT_GRANTED);
	ck_assert_str_eq(said.key_id, opaque.id);
	ck_assert_ptr_null(said.secret);
	ck_assert_int_eq(count_secrets(), 1);
	request.check = 0;
	request.tty = "pts/3";
	said = ask(&request);
	ck_assert_uint_eq(said.verdict, VERDICT_GRANTED);
	ck_assert_str_eq(said.key_name, "opaque");
	ck_assert_int_ge(said.retires, before + 7 * DAY);
	ck_assert_int_le(said.retires, clock_wall_seconds() + 7 * DAY);
	snprintf(second, sizeof(second), "%s", said.secret);
	expect(second, REASON_NONE);
	expect(opaque.secret, REASON_NONE);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"rotate\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_rotate\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"tty\":\"pts/3\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"why\":\"by who holds it\""));
	ck_assert_ptr_null(strstr(audit, second + 16));
	ck_assert_ptr_null(strstr(audit, opaque.secret + 16));
}
END_TEST

START_TEST(the_key_has_to_be_good_for_the_user)
{
	struct message_rotate request = asking(opaque.secret), other;
	char wrong[64];

	other = request;
	other.user = "bob";
	refused(&other, REASON_WRONG_USER);
	other = request;
	other.tenant = "another";
	refused(&other, REASON_WRONG_TENANT);
	snprintf(wrong, sizeof(wrong), "%s", opaque.secret);
	wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
	other = asking(wrong);
	refused(&other, REASON_MALFORMED);
	credential_write_opaque(false, opaque.id, "00000000000000000000000000000000", wrong);
	refused(&other, REASON_BAD_SECRET);
	credential_write_opaque(false, "000000000000", "00000000000000000000000000000000", wrong);
	refused(&other, REASON_UNKNOWN_KEY);
	other = asking("a normal password");
	refused(&other, REASON_UNKNOWN_KEY);
	/* Neither does it take a permission, nor is one of the service's asked for. */
	run_sql("UPDATE key SET permissions = '' WHERE name = 'opaque'");
	request.check = 1;
	ck_assert_uint_eq(ask(&request).verdict, VERDICT_GRANTED);
	request.check = 0;
	run_sql("UPDATE key SET sources = '192.0.2.0/24' WHERE name = 'opaque'");
	refused(&request, REASON_WRONG_SOURCE);
	request.rhost = "192.0.2.7";
	run_sql("UPDATE key SET expires = 1000000000 WHERE name = 'opaque'");
	refused(&request, REASON_EXPIRED);
	run_sql("UPDATE key SET expires = NULL, not_before = 4000000000 WHERE name = 'opaque'");
	refused(&request, REASON_NOT_YET_VALID);
	/* What a policy refuses gets no new secret: else the rule against a secret that is too old, which somebody may
	 * have found, would give that one a young one. */
	run_sql("UPDATE key SET not_before = 0 WHERE name = 'opaque'");
	set_policies(wire_texts("max_lifetime=30d", "on_violation=refuse", NULL));
	refused(&request, REASON_EXPIRED);
	set_policies(wire_texts("max_lifetime=", "on_violation=", NULL));
	run_sql("UPDATE key SET not_before = 0, state = 3 WHERE name = 'opaque'");
	refused(&request, REASON_KEY_SUSPENDED);
	run_sql("UPDATE key SET state = 1 WHERE name = 'opaque'");
	wire_change(&host, WIRE_KEY_REVOKE, opaque.id);
	refused(&request, REASON_KEY_REVOKED);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM change_log WHERE record LIKE '%\"key_rotate\"%'"), 0);
}
END_TEST

START_TEST(pairs_and_tokens_get_none)
{
	struct message_rotate request;

	pair_token(&pair, "a", NULL, token);
	request = asking(token);
	refused(&request, REASON_NOT_ROTATED);
	request.check = 1;
	refused(&request, REASON_NOT_ROTATED);
	/* It was not even used up. */
	expect(token, REASON_NONE);
	token_issue(&host, opaque.secret);
	request = asking(access_token);
	refused(&request, REASON_NOT_ROTATED);
	expect(access_token, REASON_NONE);
}
END_TEST

START_TEST(only_login_sock_knows_of_it)
{
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);
	struct message_rotate request = asking(opaque.secret);

	wire_send(client, WIRE_ROTATE, &message_rotate, &request);
	wire_expect_error(client, ANSWER_UNKNOWN_REQUEST);
	wire_close(client);
	ck_assert_int_eq(count_secrets(), 1);
}
END_TEST

/* Many at once with the same secret: none gets two that are good beside the one that was shown, unless one was used. */
START_TEST(of_many_at_once_the_last_one_counts)
{
	struct wire_client *clients[16];
	struct message_rotate request = asking(opaque.secret);
	struct message_rotated said;

	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		clients[i] = wire_open(&host, WIRE_LOGIN_SOCKET);
		wire_send(clients[i], WIRE_ROTATE, &message_rotate, &request);
	}
	for (size_t i = 0; i < ARRAY_SIZE(clients); i++) {
		wire_expect(clients[i], WIRE_ROTATE | WIRE_REPLY, &message_rotated, &said);
		ck_assert_uint_eq(said.verdict, VERDICT_GRANTED);
		wire_close(clients[i]);
	}
	ck_assert_int_eq(count_secrets(), 2);
	expect(opaque.secret, REASON_NONE);
}
END_TEST

/* What is not committed is not shown, and what is not shown is replaced. */
START_TEST(what_fails_in_between_loses_nothing)
{
	struct message_rotate request = asking(opaque.secret);
	struct wire_client *client;
	char second[64];

	/* A caller that goes away. */
	for (int i = 0; i < 8; i++) {
		client = wire_open(&host, WIRE_LOGIN_SOCKET);
		wire_send(client, WIRE_ROTATE, &message_rotate, &request);
		wire_close(client);
	}
	/* A crash in the middle of the commit. */
	disk_stops();
	client = wire_open(&host, WIRE_LOGIN_SOCKET);
	wire_send(client, WIRE_ROTATE, &message_rotate, &request);
	wire_expect_silence(client, 50);
	host_end(&host, SIGKILL);
	wire_close(client);
	disk_goes_on();
	host_start(&host);
	expect(opaque.secret, REASON_NONE);
	changed(opaque.secret, second);
	expect(opaque.secret, REASON_NONE);
	expect(second, REASON_NONE);
	ck_assert_int_eq(count_secrets(), 2);
	/* What was acknowledged is there after the next crash. */
	host_end(&host, SIGKILL);
	host_start(&host);
	expect(second, REASON_NONE);
}
END_TEST

/* A key that was switched off while its rotation waited for the disk gets no secret. */
START_TEST(it_is_judged_again_where_it_is_written)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct message_rotate request = asking(opaque.secret);
	struct message_rotated said;
	sqlite3 *connection = host_store(&host);

	ck_assert_int_eq(sqlite3_exec(connection, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	wire_send(client, WIRE_ROTATE, &message_rotate, &request);
	wire_expect_silence(client, 50);
	ck_assert_int_eq(
		sqlite3_exec(connection, "UPDATE key SET state = 2 WHERE name = 'opaque'; COMMIT", NULL, NULL, NULL),
		SQLITE_OK);
	sqlite3_close(connection);
	wire_expect(client, WIRE_ROTATE | WIRE_REPLY, &message_rotated, &said);
	ck_assert_uint_eq(said.reason, REASON_KEY_INACTIVE);
	ck_assert_ptr_null(said.secret);
	wire_close(client);
	ck_assert_int_eq(count_secrets(), 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-holder");
	TCase *cases = tcase_create("cases");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, who_shows_the_secret_gets_another);
	tcase_add_test(cases, the_key_has_to_be_good_for_the_user);
	tcase_add_test(cases, pairs_and_tokens_get_none);
	tcase_add_test(cases, only_login_sock_knows_of_it);
	tcase_add_test(cases, of_many_at_once_the_last_one_counts);
	tcase_add_test(cases, it_is_judged_again_where_it_is_written);
	/* Unless another program is to be tried than the one whose disk can be stopped. */
	if (!getenv("APIKEYD")) {
		setenv("APIKEYD", "tests/daemon/slow-disk", 1);
		tcase_add_test(cases, what_fails_in_between_loses_nothing);
	}
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
