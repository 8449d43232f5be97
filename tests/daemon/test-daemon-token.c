/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Access tokens at the real daemon: got with a proof, good once, with what their key may do then, and worth nothing
 * when that has ended.
 */
#include <signal.h>
#include <string.h>

#include "tests/daemon/admin-requests.h"
#include "tests/daemon/once-fixture.h"
#include "tests/daemon/token-client.h"
#include "tests/long.h"
#include "tests/suite.h"

#define RACERS 48 /* with those that issue, and those that were closed just now, no more than one uid may have */
#define ROUNDS 20

static struct message_token_state inspect(struct wire_client *client, const char *text)
{
	struct message_token_state state;

	expect_answer(client, token_refer(client, WIRE_TOKEN_INSPECT, NULL, text, &state), ANSWER_OK, NULL);
	return state;
}

static void end_token(struct wire_client *client, const char *text)
{
	struct message_token_state state;

	expect_answer(client, token_refer(client, WIRE_TOKEN_REVOKE, NULL, text, &state), ANSWER_OK, NULL);
}

START_TEST(a_token_lets_its_user_in_once)
{
	struct message_token said = token_issue(&host, opaque.secret);
	struct message_verify request = request_for(access_token);
	struct message_verdict verdict;
	struct message_account account;
	char handle[WIRE_HANDLE_MAX + 1], with_scheme[WIRE_CREDENTIAL_MAX + 8];
	int64_t now = clock_wall_seconds();

	ck_assert_str_eq(said.key_id, opaque.id);
	ck_assert_str_eq(said.account, "default");
	ck_assert_str_eq(said.tenant, "default");
	ck_assert_int_ge(said.expires, now + 1700);
	ck_assert_int_le(said.expires, now + 1800);
	ck_assert_uint_eq(said.reuse, 0);
	verdict = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	expect_said(&verdict, REASON_NONE);
	ck_assert_str_eq(verdict.key_id, opaque.id);
	ck_assert_str_eq(verdict.owner, "alice");
	ck_assert_str_eq(verdict.permissions, "test.use");
	snprintf(handle, sizeof(handle), "%s", verdict.handle);
	expect(access_token, REASON_TOKEN_USED);
	account = (struct message_account){
		.handle = handle, .user = "alice", .service = "test", .permission = "test.use"
	};
	for (int i = 0; i < 2; i++) {
		verdict = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
		expect_said(&verdict, REASON_NONE);
	}
	snprintf(with_scheme, sizeof(with_scheme), "Bearer %s", access_token);
	expect(with_scheme, REASON_TOKEN_USED);
	token_issue(&host, opaque.secret);
	snprintf(with_scheme, sizeof(with_scheme), "bEARER %s", access_token);
	expect(with_scheme, REASON_NONE);
	expect(access_token, REASON_TOKEN_USED);
	/* After a crash too; and what was not used is still good. */
	token_issue(&host, opaque.secret);
	host_end(&host, SIGKILL);
	host_start(&host);
	expect(with_scheme, REASON_TOKEN_USED);
	expect(access_token, REASON_NONE);
	expect(access_token, REASON_TOKEN_USED);
	/* The key itself is none the worse. */
	expect(opaque.secret, REASON_NONE);
}
END_TEST

START_TEST(an_hmac_token_is_used_up_by_getting_one)
{
	struct message_token said;

	pair_token(&pair, "issue", NULL, token);
	said = token_issue(&host, token);
	ck_assert_str_eq(said.key_id, pair.id);
	expect(token, REASON_REPLAYED);
	ck_assert_int_eq(token_try(&host, token, &said), ANSWER_BAD_CREDENTIAL);
	expect(access_token, REASON_NONE);
	expect(access_token, REASON_TOKEN_USED);
	/* Also where the key is refused after that. */
	wire_change(&host, WIRE_KEY_DEACTIVATE, pair.id);
	pair_token(&pair, "inactive", NULL, token);
	ck_assert_int_eq(token_try(&host, token, &said), ANSWER_BAD_CREDENTIAL);
	wire_change(&host, WIRE_KEY_ACTIVATE, pair.id);
	expect(token, REASON_REPLAYED);
}
END_TEST

START_TEST(what_is_no_proof_gets_none)
{
	char wrong[64];
	struct message_token said;

	snprintf(wrong, sizeof(wrong), "%s", opaque.secret);
	wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
	ck_assert_int_eq(token_try(&host, wrong, &said), ANSWER_BAD_CREDENTIAL);
	ck_assert_int_eq(token_try(&host, "a normal password", &said), ANSWER_BAD_CREDENTIAL);
	pair_token(&pair, "stale", epoch_at(-1000, ""), token);
	ck_assert_int_eq(token_try(&host, token, &said), ANSWER_BAD_CREDENTIAL);
	/* No token by a token, or one would live for ever. */
	token_issue(&host, opaque.secret);
	ck_assert_int_eq(token_try(&host, access_token, &said), ANSWER_BAD_CREDENTIAL);
	expect(access_token, REASON_NONE);
	wire_change(&host, WIRE_KEY_REVOKE, opaque.id);
	ck_assert_int_eq(token_try(&host, opaque.secret, &said), ANSWER_BAD_CREDENTIAL);
}
END_TEST

START_TEST(a_token_ends_with_its_key)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_rotate change = { .key = pair.id, .overlap = 3600 };
	struct message_key_retire end = { .key = pair.id };
	struct message_key key;

	token_issue(&host, opaque.secret);
	wire_change(&host, WIRE_KEY_DEACTIVATE, opaque.id);
	expect(access_token, REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, opaque.id);
	/* It was good, so it was spent. */
	expect(access_token, REASON_TOKEN_USED);
	/* What it may do is what its key may do when it is used. */
	token_issue(&host, opaque.secret);
	run_sql("UPDATE key SET permissions = 'other.use' WHERE name = 'opaque'");
	expect(access_token, REASON_INSUFFICIENT_PERMISSION);
	run_sql("UPDATE key SET permissions = 'test.use' WHERE name = 'opaque'");
	token_issue(&host, opaque.secret);
	run_sql("UPDATE key SET state = 3 WHERE name = 'opaque'");
	expect(access_token, REASON_KEY_SUSPENDED);
	run_sql("UPDATE key SET state = 1 WHERE name = 'opaque'");
	/* A secret that is good for a while yet has tokens that are; they end with it. */
	pair_token(&pair, "rotated", NULL, token);
	token_issue(&host, token);
	expect_answer(admin, rotate(admin, &change, &key), ANSWER_OK, NULL);
	expect(access_token, REASON_NONE);
	pair_token(&pair, "retired", NULL, token);
	token_issue(&host, token);
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	expect(access_token, REASON_SECRET_RETIRED);
	token_issue(&host, opaque.secret);
	wire_change(&host, WIRE_KEY_REVOKE, opaque.id);
	expect(access_token, REASON_KEY_REVOKED);
	wire_change(&host, WIRE_KEY_DELETE, opaque.id);
	expect(access_token, REASON_UNKNOWN_KEY);
	wire_close(admin);
}
END_TEST

START_TEST(a_token_lives_no_longer_than_its_tenant_says_and_its_key)
{
	int64_t now = clock_wall_seconds();
	struct message_token said;
	char sql[128];

	run_sql("UPDATE tenant SET token_lifetime = 60");
	said = token_issue(&host, opaque.secret);
	ck_assert_int_le(said.expires, clock_wall_seconds() + 60);
	/* Beyond all that is allowed. */
	run_sql("UPDATE tenant SET token_lifetime = 86401");
	said = token_issue(&host, opaque.secret);
	ck_assert_int_le(said.expires, clock_wall_seconds() + 1800);
	snprintf(sql, sizeof(sql), "UPDATE key SET expires = %" PRId64 " WHERE name = 'opaque'", now + 600);
	run_sql(sql);
	said = token_issue(&host, opaque.secret);
	ck_assert_int_eq(said.expires, now + 600);
}
END_TEST

START_TEST(a_tenant_may_let_tokens_be_used_again)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_token_state state;
	struct message_token said;

	run_sql("UPDATE tenant SET token_reuse = 1");
	said = token_issue(&host, opaque.secret);
	ck_assert_uint_eq(said.reuse, 1);
	for (int i = 0; i < 3; i++)
		expect(access_token, REASON_NONE);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM one_time"), 0);
	state = inspect(admin, access_token);
	ck_assert_uint_eq(state.verdict, VERDICT_GRANTED);
	ck_assert_uint_eq(state.reuse, 1);
	/* Until it is revoked, or the tenant says otherwise. */
	end_token(admin, access_token);
	expect(access_token, REASON_TOKEN_USED);
	token_issue(&host, opaque.secret);
	expect(access_token, REASON_NONE);
	run_sql("UPDATE tenant SET token_reuse = 0");
	expect(access_token, REASON_NONE);
	expect(access_token, REASON_TOKEN_USED);
	wire_close(admin);
}
END_TEST

START_TEST(inspecting_uses_nothing_up_and_revoking_ends)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_explain question = { .subject = access_token, .user = "alice", .permission = "test.use" };
	struct message_token_reference request = { .token = "a normal password" };
	CLEANUP_FREE char *audit = NULL;
	struct message_token_state state;
	struct message_token said = token_issue(&host, opaque.secret);
	char id[64];

	snprintf(id, sizeof(id), "%s", said.id);
	for (int i = 0; i < 2; i++) {
		state = inspect(admin, access_token);
		ck_assert_uint_eq(state.verdict, VERDICT_GRANTED);
		ck_assert_str_eq(state.id, id);
		ck_assert_str_eq(state.key_id, opaque.id);
		ck_assert_str_eq(state.tenant, "default");
		ck_assert_int_gt(state.expires, state.issued);
		ck_assert_uint_eq(explain(admin, &question).verdict, VERDICT_GRANTED);
	}
	end_token(admin, access_token);
	end_token(admin, access_token);
	state = inspect(admin, access_token);
	ck_assert_uint_eq(state.reason, REASON_TOKEN_USED);
	expect(access_token, REASON_TOKEN_USED);
	ck_assert_int_eq(
		wire_ask(admin, WIRE_TOKEN_INSPECT, &message_token_reference, &request, &message_token_state, &state),
		ANSWER_INVALID);
	ck_assert_int_eq(
		wire_ask(admin, WIRE_TOKEN_REVOKE, &message_token_reference, &request, &message_token_state, &state),
		ANSWER_INVALID);
	/* Both are recorded, the token is not. */
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"token_issue\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"token_revoke\""));
	ck_assert_ptr_nonnull(strstr(audit, id));
	ck_assert_ptr_null(strstr(audit, strrchr(access_token, '.')));
	wire_close(admin);
}
END_TEST

START_TEST(a_token_administers_nothing)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_reference request = { .credential = access_token, .key = opaque.id };
	struct message_key key;

	run_sql("UPDATE key SET permissions = '*'");
	for (int reuse = 0; reuse < 2; reuse++) {
		if (reuse)
			run_sql("UPDATE tenant SET token_reuse = 1");
		token_issue(&host, opaque.secret);
		ck_assert_int_eq(wire_ask(admin, WIRE_KEY_SHOW, &message_key_reference, &request, &message_key, &key),
				 ANSWER_BAD_CREDENTIAL);
		expect(access_token, REASON_NONE);
	}
	wire_close(admin);
}
END_TEST

static void rotate_key(struct wire_client *admin, bool now)
{
	struct message_signing_key request = { .now = now };
	struct message_item version;

	expect_answer(admin,
		      wire_ask(admin, WIRE_SIGNING_KEY_ROTATE, &message_signing_key, &request, &message_item, &version),
		      ANSWER_OK, NULL);
}

START_TEST(the_keys_that_sign_are_replaced)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	char before[WIRE_CREDENTIAL_MAX + 1];
	CLEANUP_FREE char *audit = NULL;

	token_issue(&host, opaque.secret);
	rotate_key(admin, false);
	expect(access_token, REASON_NONE);
	token_issue(&host, opaque.secret);
	memcpy(before, access_token, sizeof(before));
	rotate_key(admin, true);
	expect(before, REASON_BAD_SIGNATURE);
	token_issue(&host, opaque.secret);
	expect(access_token, REASON_NONE);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM signing_key"), 1);
	ck_assert_int_eq(run_sql("SELECT max(version) FROM signing_key"), 3);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"signing_key_rotate\""));
	/* One is made in passing where there is none. */
	run_sql("DELETE FROM signing_key");
	token_issue(&host, opaque.secret);
	expect(access_token, REASON_NONE);
	wire_close(admin);
}
END_TEST

static bool last_change_of_keys_is_ours(void)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	const char *found = strstr(audit, "\"event\":\"signing_key_rotate\"");

	return found && memmem(found, strcspn(found, "\n"), "\"actor\":\"apikeyd\"", strlen("\"actor\":\"apikeyd\""));
}

/* Time passes while the daemon is away. */
START_TEST(the_keys_that_sign_are_replaced_by_themselves)
{
	char first[sizeof(access_token)], second[sizeof(access_token)];

	token_issue(&host, opaque.secret);
	strcpy(first, access_token);
	token_issue(&host, opaque.secret);
	strcpy(second, access_token);
	host_end(&host, SIGKILL);
	run_sql("UPDATE signing_key SET created = created - 30 * 86400");
	host_start(&host);
	poll_until("SELECT max(version) FROM signing_key", 2);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM signing_key"), 2);
	/* The writer has done with the audit before it signs. */
	token_issue(&host, opaque.secret);
	ck_assert(last_change_of_keys_is_ours());
	/* What the one before has signed is good for as long as any token may live. */
	expect(first, REASON_NONE);
	host_end(&host, SIGKILL);
	run_sql("UPDATE signing_key SET created = created - 86400");
	host_start(&host);
	poll_until("SELECT count(*) FROM signing_key", 1);
	expect(second, REASON_BAD_SIGNATURE);
	expect(access_token, REASON_NONE);
	ck_assert_int_eq(run_sql("SELECT max(version) FROM signing_key"), 2);
}
END_TEST

static void set_number(const char *name, int64_t number)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES ('%s', %" PRId64 ")", name, number);
	run_sql(sql);
}

/* As it looks when this is an hour before what was forgotten already. */
START_TEST(a_clock_that_was_set_back_revives_no_token)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	int64_t now = clock_wall_seconds();
	CLEANUP_FREE char *back = NULL, *ahead = NULL;

	for (int reuse = 0; reuse < 2; reuse++) {
		run_sql(reuse ? "UPDATE tenant SET token_reuse = 1" : "UPDATE tenant SET token_reuse = 0");
		set_number("purged_exp", 0);
		token_issue(&host, opaque.secret);
		if (reuse)
			end_token(admin, access_token);
		else
			expect(access_token, REASON_NONE);
		run_sql("DELETE FROM one_time");
		run_sql("DELETE FROM one_time_tally");
		set_number("purged_exp", now + 3000);
		expect(access_token, REASON_CLOCK_MOVED);
		ck_assert_uint_eq(inspect(admin, access_token).reason, REASON_CLOCK_MOVED);
	}
	set_number("clock_seen", now + 3600);
	back = host_text(&host, "why.1");
	ck_assert_msg(strstr(back, "the clock was set back") != NULL, "%s", back);
	/* Had the clock stood ahead, and stood right again, new ones would be refused as well; that is said, and
	 * mended. */
	set_number("clock_seen", now);
	ahead = host_text(&host, "why.1");
	ck_assert_msg(strstr(ahead, "access tokens are refused") && strstr(ahead, "rotate-key --now"), "%s", ahead);
	rotate_key(admin, false);
	token_issue(&host, opaque.secret);
	expect(access_token, REASON_CLOCK_MOVED);
	rotate_key(admin, true);
	host_expect_text(&host, "state", "ok");
	expect(access_token, REASON_BAD_SIGNATURE);
	token_issue(&host, opaque.secret);
	expect(access_token, REASON_NONE);
	wire_close(admin);
}
END_TEST

START_TEST(of_many_that_race_one_wins)
{
	struct wire_client *clients[RACERS];
	int rounds = tests_are_long() ? 1000 : ROUNDS;

	for (size_t i = 0; i < RACERS; i++) {
		clients[i] = wire_open(&host, WIRE_LOGIN_SOCKET);
		wire_hello(clients[i]);
	}
	for (int round = 0; round < rounds; round++) {
		size_t granted = 0;

		token_issue(&host, opaque.secret);
		for (size_t i = 0; i < RACERS; i++)
			send_token(clients[i], access_token);
		for (size_t i = 0; i < RACERS; i++) {
			struct message_verdict said;

			wire_expect(clients[i], WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
			granted += said.verdict == VERDICT_GRANTED;
			if (said.verdict != VERDICT_GRANTED)
				expect_said(&said, REASON_TOKEN_USED);
		}
		ck_assert_uint_eq(granted, 1);
	}
	for (size_t i = 0; i < RACERS; i++)
		wire_close(clients[i]);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM one_time WHERE kind = 2"), rounds);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-token");
	TCase *cases = tcase_create("tokens");

	tcase_set_timeout(cases, 300);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_token_lets_its_user_in_once);
	tcase_add_test(cases, an_hmac_token_is_used_up_by_getting_one);
	tcase_add_test(cases, what_is_no_proof_gets_none);
	tcase_add_test(cases, a_token_ends_with_its_key);
	tcase_add_test(cases, a_token_lives_no_longer_than_its_tenant_says_and_its_key);
	tcase_add_test(cases, a_tenant_may_let_tokens_be_used_again);
	tcase_add_test(cases, inspecting_uses_nothing_up_and_revoking_ends);
	tcase_add_test(cases, a_token_administers_nothing);
	tcase_add_test(cases, the_keys_that_sign_are_replaced);
	tcase_add_test(cases, the_keys_that_sign_are_replaced_by_themselves);
	tcase_add_test(cases, a_clock_that_was_set_back_revives_no_token);
	tcase_add_test(cases, of_many_that_race_one_wins);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
