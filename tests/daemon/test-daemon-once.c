/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * HMAC tokens at the real daemon: each lets in once, and what is said about one that does not.
 */
#include <signal.h>
#include <string.h>

#include "common/encoding.h"
#include "crypto/pair_signature.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/once-fixture.h"
#include "tests/suite.h"

/* ---- one token ---- */

START_TEST(a_token_lets_its_user_in_once)
{
	struct message_verify request;
	struct message_verdict said;
	struct message_account account;
	char handle[WIRE_HANDLE_MAX + 1], with_scheme[PAIR_TOKEN_SIZE + 8];

	pair_token(&pair, "once", NULL, token);
	request = request_for(token);
	said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	expect_said(&said, REASON_NONE);
	ck_assert_str_eq(said.key_id, pair.id);
	ck_assert_str_eq(said.key_name, "pair-1");
	ck_assert_str_eq(said.owner, "alice");
	ck_assert_str_eq(said.tenant, "default");
	ck_assert_str_eq(said.permissions, "test.use");
	ck_assert_int_eq(said.expires, TIME_NEVER);
	snprintf(handle, sizeof(handle), "%s", said.handle);
	expect(token, REASON_REPLAYED);
	/* The account phase goes by the handle and uses nothing up. */
	account = (struct message_account){
		.handle = handle, .user = "alice", .service = "test", .permission = "test.use"
	};
	for (int i = 0; i < 2; i++) {
		said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
		expect_said(&said, REASON_NONE);
	}
	/* Written in another way it is the same token. */
	snprintf(with_scheme, sizeof(with_scheme), "Hmac %s", token);
	expect(with_scheme, REASON_REPLAYED);
	snprintf(with_scheme, sizeof(with_scheme), "hMAC %s", token);
	expect(with_scheme, REASON_REPLAYED);
	/* The nonce counts, whatever time is signed with it. */
	pair_token(&pair, "once", epoch_at(-5, ".5"), token);
	expect(token, REASON_REPLAYED);
	pair_token(&pair, "twice", epoch_at(-5, ".123456789"), token);
	expect(token, REASON_NONE);
	/* After a restart too. */
	host_end(&host, SIGKILL);
	host_start(&host);
	expect(token, REASON_REPLAYED);
}
END_TEST

START_TEST(a_token_of_another_time_is_stale)
{
	static const int64_t distances[] = { -100000, -310, 320, 100000 };
	static const int64_t near[] = { -280, 280 };
	char nonce[32];

	for (size_t i = 0; i < ARRAY_SIZE(distances); i++) {
		pair_token(&pair, "stale", epoch_at(distances[i], ""), token);
		expect(token, REASON_STALE_TIMESTAMP);
	}
	/* What was stale is not used. */
	pair_token(&pair, "stale", NULL, token);
	expect(token, REASON_NONE);
	for (size_t i = 0; i < ARRAY_SIZE(near); i++) {
		snprintf(nonce, sizeof(nonce), "near-%zu", i);
		pair_token(&pair, nonce, epoch_at(near[i], ".9"), token);
		expect(token, REASON_NONE);
	}
}
END_TEST

START_TEST(a_wrong_signature_uses_nothing_up)
{
	struct pair other = pair, nobody = pair;
	char changed[PAIR_TOKEN_SIZE];

	pair_token(&pair, "signed", NULL, token);
	other.private_key[0] ^= 1;
	pair_token(&other, "signed", NULL, changed);
	expect(changed, REASON_BAD_SIGNATURE);
	/* A private key of all zeros opens nothing, whatever is or is not in the store. */
	memset(nobody.private_key, 0, sizeof(nobody.private_key));
	pair_token(&nobody, "signed", NULL, changed);
	expect(changed, REASON_BAD_SIGNATURE);
	memcpy(nobody.id, "00000000-0000-0000-0000-000000000000", sizeof(nobody.id));
	pair_token(&nobody, "signed", NULL, changed);
	expect(changed, REASON_UNKNOWN_KEY);
	/* Another nonce under the same signature. */
	snprintf(changed, sizeof(changed), "%s", token);
	changed[CREDENTIAL_PUBLIC_KEY_SIZE + 1] = 'S';
	expect(changed, REASON_BAD_SIGNATURE);
	expect(token, REASON_NONE);
}
END_TEST

START_TEST(a_seal_that_was_moved_does_not_open)
{
	struct pair second;

	pairs_make(&host, 2, &second, 1);
	run_sql("UPDATE key SET secrets = (SELECT secrets FROM key WHERE name = 'pair-2') WHERE name = 'pair-1'");
	memcpy(second.id, pair.id, sizeof(pair.id));
	pair_token(&second, "moved", NULL, token);
	expect(token, REASON_STORE_FAILED);
	pair_token(&pair, "moved", NULL, token);
	expect(token, REASON_STORE_FAILED);
}
END_TEST

START_TEST(a_pair_is_rotated_without_an_outage)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_rotate change = { .key = pair.id, .overlap = 3600 };
	struct message_key_retire end = { .key = pair.id };
	struct message_account account = { .user = "alice", .service = "test", .permission = "test.use" };
	struct pair second = pair;
	struct message_verify request;
	struct message_verdict said;
	char handle[WIRE_HANDLE_MAX + 1];
	struct message_key key;

	expect_answer(admin, rotate(admin, &change, &key), ANSWER_OK, NULL);
	ck_assert_int_eq(pair_read_private_key(key.private_key, strlen(key.private_key), second.private_key), 0);
	pair_token(&second, "new", NULL, token);
	expect(token, REASON_NONE);
	pair_token(&pair, "old", NULL, token);
	request = request_for(token);
	said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	expect_said(&said, REASON_NONE);
	snprintf(handle, sizeof(handle), "%s", said.handle);
	/* A nonce is the pair's, under whichever of its private keys. */
	pair_token(&pair, "new", NULL, token);
	expect(token, REASON_REPLAYED);
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	account.handle = handle;
	said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
	expect_said(&said, REASON_SECRET_RETIRED);
	/* The private key is gone with the end of its secret, so nobody can tell what it signed. */
	pair_token(&pair, "older", NULL, token);
	expect(token, REASON_BAD_SIGNATURE);
	pair_token(&second, "newer", NULL, token);
	expect(token, REASON_NONE);
	wire_close(admin);
}
END_TEST

START_TEST(what_is_refused_after_the_signature_is_spent)
{
	static const struct {
		struct message_verify request;
		enum reason reason;
	} cases[] = {
		{ { .user = "alice", .service = "test", .permission = "other.use" }, REASON_INSUFFICIENT_PERMISSION },
		{ { .user = "bob", .service = "test", .permission = "test.use" }, REASON_WRONG_USER },
		{ { .user = "alice", .service = "test", .permission = "test.use", .tenant = "other" },
		  REASON_WRONG_TENANT },
	};
	char nonce[32];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_verify request = cases[i].request;

		snprintf(nonce, sizeof(nonce), "spent-%zu", i);
		pair_token(&pair, nonce, NULL, token);
		request.credential = token;
		expect_request(&request, cases[i].reason);
		expect(token, REASON_REPLAYED);
	}
	pair_token(&pair, "inactive", NULL, token);
	wire_change(&host, WIRE_KEY_DEACTIVATE, pair.id);
	expect(token, REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, pair.id);
	expect(token, REASON_REPLAYED);
	pair_token(&pair, "active", NULL, token);
	expect(token, REASON_NONE);
	/* What it has used goes with the key. */
	wire_change(&host, WIRE_KEY_DELETE, pair.id);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM one_time"), 0);
	expect(token, REASON_UNKNOWN_KEY);
}
END_TEST

START_TEST(what_is_malformed_is_told_to_the_audit_alone)
{
	static const struct {
		const char *rest; /* behind the public key */
		enum reason reason;
		const char *detail;
	} cases[] = {
		{ "::1790000000:AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", REASON_MALFORMED, "nonce" },
		{ ":n!:1790000000:AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", REASON_MALFORMED, "nonce" },
		{ ":n:1790000000000:AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", REASON_MALFORMED, "milliseconds" },
		{ ":n:1790000000:AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Z=", REASON_MALFORMED, "base64" },
		{ ":n:1790000000:AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=:", REASON_MALFORMED, "four fields" },
		{ ":n:1790000000:AGHYR1aWYgHgyjhJLkVCd7b8XfAV", REASON_TRUNCATED, "cut short" },
	};
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		CLEANUP_FREE char *record = NULL;
		struct message_explain question = { .subject = token };
		struct message_explanation explanation;
		struct message_step step;

		snprintf(token, sizeof(token), "%s%s", pair.id, cases[i].rest);
		expect(token, cases[i].reason);
		record = last_record();
		ck_assert_msg(strstr(record, "\"detail\":\"") && strstr(record, cases[i].detail), "%s", record);
		ck_assert_ptr_null(strstr(record, "AGHYR1"));
		explanation = explain(admin, &question);
		ck_assert_uint_eq(explanation.reason, cases[i].reason);
		ck_assert(codec_next_record(&explanation.steps, &message_step, &step));
		ck_assert_ptr_nonnull(strstr(step.detail, cases[i].detail));
	}
	wire_close(admin);
}
END_TEST

static void expect_step(struct message_explanation *explanation, const char *name, enum message_outcome outcome)
{
	struct message_step step;

	do
		ck_assert_msg(codec_next_record(&explanation->steps, &message_step, &step), "no step %s", name);
	while (strcmp(step.name, name) != 0);
	ck_assert_uint_eq(step.outcome, outcome);
}

START_TEST(explaining_uses_nothing_up)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_explain question = { .subject = token, .user = "alice", .permission = "test.use" };
	struct message_explanation explanation;

	pair_token(&pair, "explained", NULL, token);
	for (int i = 0; i < 2; i++) {
		explanation = explain(admin, &question);
		ck_assert_uint_eq(explanation.verdict, VERDICT_GRANTED);
		ck_assert_str_eq(explanation.key_id, pair.id);
		expect_step(&explanation, "secret", MESSAGE_OUTCOME_PASSED);
		expect_step(&explanation, "time", MESSAGE_OUTCOME_PASSED);
		expect_step(&explanation, "nonce", MESSAGE_OUTCOME_PASSED);
		expect_step(&explanation, "permission", MESSAGE_OUTCOME_PASSED);
	}
	expect(token, REASON_NONE);
	explanation = explain(admin, &question);
	ck_assert_uint_eq(explanation.reason, REASON_REPLAYED);
	expect_step(&explanation, "time", MESSAGE_OUTCOME_PASSED);
	expect_step(&explanation, "nonce", MESSAGE_OUTCOME_FAILED);
	pair_token(&pair, "explained-stale", epoch_at(-400, ""), token);
	explanation = explain(admin, &question);
	ck_assert_uint_eq(explanation.reason, REASON_STALE_TIMESTAMP);
	expect_step(&explanation, "secret", MESSAGE_OUTCOME_PASSED);
	expect_step(&explanation, "time", MESSAGE_OUTCOME_FAILED);
	wire_close(admin);
}
END_TEST

START_TEST(a_token_administers_nothing)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_reference request = { .credential = token, .key = pair.id };
	struct message_key key;

	run_sql("UPDATE key SET permissions = '*'");
	pair_token(&pair, "admin", NULL, token);
	for (int i = 0; i < 2; i++)
		ck_assert_int_eq(wire_ask(admin, WIRE_KEY_SHOW, &message_key_reference, &request, &message_key, &key),
				 ANSWER_BAD_CREDENTIAL);
	wire_close(admin);
}
END_TEST

/* ---- what is remembered ---- */

START_TEST(a_key_that_is_full_is_refused_alone)
{
	struct pair second;

	pairs_make(&host, 2, &second, 1);
	pair_token(&pair, "first", NULL, token);
	expect(token, REASON_NONE);
	run_sql("UPDATE one_time_tally SET live = 10000");
	pair_token(&pair, "second", NULL, token);
	expect(token, REASON_TOO_MANY_REQUESTS);
	run_sql("UPDATE one_time_tally SET live = 9999");
	expect(token, REASON_NONE);
	pair_token(&pair, "third", NULL, token);
	expect(token, REASON_TOO_MANY_REQUESTS);
	pair_token(&second, "third", NULL, token);
	expect(token, REASON_NONE);
}
END_TEST

START_TEST(what_has_expired_is_forgotten)
{
	char sql[512];
	int64_t now = clock_wall_seconds();

	snprintf(sql, sizeof(sql),
		 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
		 " INSERT INTO one_time SELECT '%s', 1, 'old-' || i, %" PRId64 " - i FROM n",
		 pair.id, now - 100);
	run_sql(sql);
	snprintf(sql, sizeof(sql), "INSERT INTO one_time_tally VALUES ('%s', 1, 1000)", pair.id);
	run_sql(sql);
	pair_token(&pair, "new", NULL, token);
	expect(token, REASON_NONE);
	poll_until("SELECT count(*) FROM one_time", 1);
	ck_assert_int_eq(run_sql("SELECT live FROM one_time_tally"), 1);
	ck_assert_int_eq(run_sql("SELECT number FROM meta WHERE name = 'purged_epoch'"), now - 101 - STORE_NONCE_KEPT);
	expect(token, REASON_REPLAYED);
}
END_TEST

START_TEST(a_clock_that_was_set_back_revives_nothing)
{
	CLEANUP_FREE char *why = NULL;
	int64_t now = clock_wall_seconds();
	char sql[128];

	pair_token(&pair, "before", NULL, token);
	expect(token, REASON_NONE);
	ck_assert_uint_eq(host_number(&host, "clock.behind"), 0);
	/* As it looks when this is an hour before what was forgotten already. */
	snprintf(sql, sizeof(sql), "INSERT OR REPLACE INTO meta VALUES ('purged_epoch', %" PRId64 ")", now + 3000);
	run_sql(sql);
	snprintf(sql, sizeof(sql), "UPDATE meta SET number = %" PRId64 " WHERE name = 'clock_seen'", now + 3600);
	run_sql(sql);
	run_sql("DELETE FROM one_time");
	run_sql("DELETE FROM one_time_tally");
	expect(token, REASON_CLOCK_MOVED);
	pair_token(&pair, "after", NULL, token);
	expect(token, REASON_CLOCK_MOVED);
	ck_assert_uint_ge(host_number(&host, "clock.behind"), 3000);
	host_expect_text(&host, "state", "degraded");
	why = host_text(&host, "why.1");
	ck_assert_ptr_nonnull(strstr(why, "the clock was set back"));
	/* Had the clock stood ahead, and stood right again, they would be refused as well, and that is said. */
	free(why);
	snprintf(sql, sizeof(sql), "UPDATE meta SET number = %" PRId64 " WHERE name = 'clock_seen'", now);
	run_sql(sql);
	why = host_text(&host, "why.1");
	ck_assert_ptr_nonnull(strstr(why, "HMAC tokens are refused until"));
	/* Whoever brings a key instead of a token is let in. */
	expect(opaque.secret, REASON_NONE);
}
END_TEST

/* ---- pairs of other tenants ---- */

static void make_tenant(struct wire_client *admin, const char *name, char ret_id[STORE_SCOPE_ID_MAX + 1])
{
	struct message_tenant_create request = { .name = name };
	struct message_tenant_entry entry;

	expect_answer(
		admin,
		wire_ask(admin, WIRE_TENANT_CREATE, &message_tenant_create, &request, &message_tenant_entry, &entry),
		ANSWER_OK, NULL);
	ck_assert_uint_le(strlen(entry.id), STORE_SCOPE_ID_MAX);
	strcpy(ret_id, entry.id);
}

/* A pair of alice's that opens "test.use" in a tenant. */
static struct pair make_pair_in(struct wire_client *admin, const char *tenant)
{
	struct message_key_create request = { .name = "theirs",
					      .owner = "alice",
					      .expires = TIME_NEVER,
					      .kind = MESSAGE_KIND_PAIR,
					      .tenant = tenant,
					      .permissions = wire_texts("test.use", NULL) };
	struct message_key key;
	struct pair made;
	size_t size;

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	snprintf(made.id, sizeof(made.id), "%s", key.id);
	ck_assert(encoding_base64_decode(key.private_key, strlen(key.private_key), made.private_key,
					 sizeof(made.private_key), &size));
	ck_assert_uint_eq(size, sizeof(made.private_key));
	return made;
}

/* The tenant is judged where the token is spent, and again by the handle. */
START_TEST(a_token_opens_what_its_tenant_does)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	char blue[STORE_SCOPE_ID_MAX + 1], handle[WIRE_HANDLE_MAX + 1];
	struct message_tenant_reference reference = { .tenant = "blue", .with_keys = 1 };
	struct message_tenant_entry entry;
	struct message_account account;
	struct message_verify request;
	struct message_verdict said;
	struct pair theirs;

	make_tenant(admin, "blue", blue);
	theirs = make_pair_in(admin, "blue");
	pair_token(&theirs, "by-name", NULL, token);
	request = request_for(token);
	request.tenant = "blue";
	said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	expect_said(&said, REASON_NONE);
	ck_assert_str_eq(said.tenant, blue);
	snprintf(handle, sizeof(handle), "%s", said.handle);
	account = (struct message_account){
		.handle = handle, .user = "alice", .service = "test", .permission = "test.use", .tenant = "blue"
	};
	said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
	expect_said(&said, REASON_NONE);
	account.tenant = NULL;
	said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
	expect_said(&said, REASON_WRONG_TENANT);

	pair_token(&theirs, "by-id", NULL, token);
	request.tenant = blue;
	expect_request(&request, REASON_NONE);
	/* Where it is refused it is spent all the same. */
	pair_token(&theirs, "elsewhere", NULL, token);
	request.tenant = NULL;
	expect_request(&request, REASON_WRONG_TENANT);
	request.tenant = "blue";
	expect_request(&request, REASON_REPLAYED);
	pair_token(&theirs, "nowhere", NULL, token);
	request.tenant = "nobody";
	expect_request(&request, REASON_WRONG_TENANT);
	pair_token(&pair, "own", NULL, token);
	request.tenant = "blue";
	expect_request(&request, REASON_WRONG_TENANT);

	/* With its tenant the key is gone, and its tokens are like those of none. */
	expect_answer(admin,
		      wire_ask(admin, WIRE_TENANT_DELETE, &message_tenant_reference, &reference, &message_tenant_entry,
			       &entry),
		      ANSWER_OK, NULL);
	pair_token(&theirs, "late", NULL, token);
	request.tenant = blue;
	expect_request(&request, REASON_UNKNOWN_KEY);
	account.tenant = blue;
	said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
	expect_said(&said, REASON_UNKNOWN_KEY);
	wire_close(admin);
}
END_TEST

/* ---- a store that cannot be written ---- */

START_TEST(a_store_that_cannot_be_written_grants_no_token)
{
	sqlite3 *database = host_store(&host);

	pair_token(&pair, "locked", NULL, token);
	ck_assert_int_eq(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	expect(token, REASON_STORE_FAILED);
	expect(opaque.secret, REASON_NONE);
	ck_assert_int_eq(sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
	expect(token, REASON_NONE);
	expect(token, REASON_REPLAYED);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-once");
	TCase *plain = tcase_create("tokens");

	tcase_set_timeout(plain, 300);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, a_token_lets_its_user_in_once);
	tcase_add_test(plain, a_token_of_another_time_is_stale);
	tcase_add_test(plain, a_wrong_signature_uses_nothing_up);
	tcase_add_test(plain, a_seal_that_was_moved_does_not_open);
	tcase_add_test(plain, a_pair_is_rotated_without_an_outage);
	tcase_add_test(plain, what_is_refused_after_the_signature_is_spent);
	tcase_add_test(plain, what_is_malformed_is_told_to_the_audit_alone);
	tcase_add_test(plain, explaining_uses_nothing_up);
	tcase_add_test(plain, a_token_administers_nothing);
	tcase_add_test(plain, a_key_that_is_full_is_refused_alone);
	tcase_add_test(plain, what_has_expired_is_forgotten);
	tcase_add_test(plain, a_clock_that_was_set_back_revives_nothing);
	tcase_add_test(plain, a_token_opens_what_its_tenant_does);
	tcase_add_test(plain, a_store_that_cannot_be_written_grants_no_token);
	suite_add_tcase(suite, plain);
	return suite_run(suite);
}
