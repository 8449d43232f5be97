/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Access tokens and tenants in the real daemon: what a tenant says about the tokens of its keys, that they end with it
 * and with its account, and that other tenants learn nothing of them.
 */
#include "common/clock.h"
#include "tests/daemon/tenant-host.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

static void expect(const char *text, const char *tenant, enum reason reason)
{
	struct message_verify request = {
		.credential = text, .user = "bob", .service = "test", .permission = "test.use", .tenant = tenant
	};
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);

	ck_assert_msg(said.reason == reason && (said.verdict == VERDICT_GRANTED) == (reason == REASON_NONE),
		      "%s instead of %s", reason_name((enum reason)said.reason), reason_name(reason));
}

static enum answer change(const char *tenant, uint64_t changes, uint64_t lifetime, bool reuse)
{
	struct message_tenant_update request = { .tenant = tenant,
						 .changes = changes,
						 .name = "renamed",
						 .token_lifetime = lifetime,
						 .token_reuse = reuse };
	struct message_tenant_entry entry;

	return wire_ask(admin, WIRE_TENANT_UPDATE, &message_tenant_update, &request, &message_tenant_entry, &entry);
}

/* The token of a key lives for so long, and it is said how often it may be used. */
static void expect_issued(const struct wire_key *key, int64_t lifetime, bool reuse)
{
	int64_t before = clock_wall_seconds();
	struct message_token said = token_issue(&host, key->secret);

	ck_assert_int_ge(said.expires, before + lifetime);
	ck_assert_int_le(said.expires, clock_wall_seconds() + lifetime);
	ck_assert_uint_eq(said.reuse, reuse);
	ck_assert_str_eq(said.key_id, key->id);
}

START_TEST(a_tenant_says_how_long_tokens_live)
{
	struct wire_key key = make("acme", "acme/blue", "laptop", "test.use");
	struct wire_key other = make("acme", "acme/red", "laptop", "test.use");

	expect_issued(&key, 1800, false);
	ck_assert_int_eq(change(blue, MESSAGE_TENANT_TOKEN_LIFETIME, 3600, false), ANSWER_OK);
	expect_issued(&key, 3600, false);
	expect_issued(&other, 1800, false);
	expect(access_token, red, REASON_NONE);
	ck_assert_int_eq(change(blue, MESSAGE_TENANT_TOKEN_LIFETIME, MESSAGE_TOKEN_LIFETIME_MAX, false), ANSWER_OK);
	expect_issued(&key, MESSAGE_TOKEN_LIFETIME_MAX, false);
	expect(access_token, blue, REASON_NONE);
	/* 0: as where nothing was said. */
	ck_assert_int_eq(change(blue, MESSAGE_TENANT_TOKEN_LIFETIME, 0, false), ANSWER_OK);
	expect_issued(&key, 1800, false);
	expect(access_token, blue, REASON_NONE);
	expect(access_token, blue, REASON_TOKEN_USED);
}
END_TEST

START_TEST(a_tenant_says_whether_tokens_are_used_again)
{
	struct wire_key key = make("acme", "acme/blue", "laptop", "test.use");
	struct wire_key other = make("acme", "acme/red", "laptop", "test.use");
	char before[sizeof(access_token)];

	/* It counts when the token is used: for those too that are there already. */
	expect_issued(&key, 1800, false);
	ck_assert_int_eq(change(blue, MESSAGE_TENANT_TOKEN_REUSE, 0, true), ANSWER_OK);
	for (int i = 0; i < 3; i++)
		expect(access_token, blue, REASON_NONE);
	expect_issued(&key, 1800, true);
	strcpy(before, access_token);
	expect_issued(&other, 1800, false);
	expect(access_token, red, REASON_NONE);
	expect(access_token, red, REASON_TOKEN_USED);
	/* A service of another tenant gets none of them, and uses none up. */
	expect(before, red, REASON_WRONG_TENANT);
	expect(before, NULL, REASON_WRONG_TENANT);
	expect(before, blue, REASON_NONE);
	/* Another name is no other tenant. */
	ck_assert_int_eq(change(blue, MESSAGE_TENANT_NAME, 0, false), ANSWER_OK);
	expect(before, blue, REASON_NONE);
	expect(before, "acme/renamed", REASON_NONE);
	ck_assert_int_eq(change(blue, MESSAGE_TENANT_TOKEN_REUSE, 0, false), ANSWER_OK);
	expect(before, blue, REASON_NONE);
	expect(before, blue, REASON_TOKEN_USED);
}
END_TEST

START_TEST(a_tenant_is_made_with_it)
{
	struct message_tenant_create request = {
		.account = "acme", .name = "green", .token_lifetime = 60, .token_reuse = 1
	};
	struct message_tenant_entry entry;
	struct wire_key key;
	char green[ID_SIZE];

	ck_assert_int_eq(
		wire_ask(admin, WIRE_TENANT_CREATE, &message_tenant_create, &request, &message_tenant_entry, &entry),
		ANSWER_OK);
	take_id(entry.id, green);
	key = make("acme", "acme/green", "laptop", "test.use");
	expect_issued(&key, 60, true);
	expect(access_token, green, REASON_NONE);
	expect(access_token, green, REASON_NONE);
}
END_TEST

/* Without tenant, reusable or not: each ends when the key does, or what it belongs to. */
enum ending {
	END_DEACTIVATE,
	END_REVOKE,
	END_DELETE,
	END_TENANT,
	END_ACCOUNT,
	END_COUNT,
};

static void end(enum ending ending, const char *key)
{
	static const uint16_t types[] = {
		[END_DEACTIVATE] = WIRE_KEY_DEACTIVATE,
		[END_REVOKE] = WIRE_KEY_REVOKE,
		[END_DELETE] = WIRE_KEY_DELETE,
	};
	struct message_tenant_entry tenant;
	struct message_account_entry account;

	if (ending == END_TENANT)
		ck_assert_int_eq(refer_tenant(admin, WIRE_TENANT_DELETE, NULL, blue, true, &tenant), ANSWER_OK);
	else if (ending == END_ACCOUNT)
		ck_assert_int_eq(refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, acme, true, &account), ANSWER_OK);
	else
		wire_change(&host, types[ending], key);
}

START_TEST(what_a_key_was_used_for_ends_with_it)
{
	static const enum reason reasons[] = {
		[END_DEACTIVATE] = REASON_KEY_INACTIVE, [END_REVOKE] = REASON_KEY_REVOKED,
		[END_DELETE] = REASON_UNKNOWN_KEY,      [END_TENANT] = REASON_UNKNOWN_KEY,
		[END_ACCOUNT] = REASON_UNKNOWN_KEY,
	};
	enum ending ending = (enum ending)(_i / 2);
	bool reuse = _i % 2 == 1;
	struct wire_key key = make("acme", "acme/blue", "laptop", "test.use");
	struct wire_key other = make("beta", "beta/blue", "laptop", "test.use");
	char others[sizeof(access_token)];
	struct message_token_state state;
	struct message_token said;

	ck_assert_int_eq(change(blue, MESSAGE_TENANT_TOKEN_REUSE, 0, reuse), ANSWER_OK);
	expect_issued(&other, 1800, false);
	strcpy(others, access_token);
	expect_issued(&key, 1800, reuse);
	if (reuse)
		expect(access_token, blue, REASON_NONE);
	ck_assert_int_eq(token_refer(admin, WIRE_TOKEN_INSPECT, NULL, access_token, &state), ANSWER_OK);
	ck_assert_uint_eq(state.verdict, VERDICT_GRANTED);
	end(ending, key.id);
	/* From the answer on, also to who asks without using it. */
	ck_assert_int_eq(token_refer(admin, WIRE_TOKEN_INSPECT, NULL, access_token, &state), ANSWER_OK);
	ck_assert_uint_eq(state.verdict, VERDICT_DENIED);
	ck_assert_uint_eq(state.reason, reasons[ending]);
	expect(access_token, blue, reasons[ending]);
	ck_assert_int_eq(token_try(&host, key.secret, &said), ANSWER_BAD_CREDENTIAL);
	expect(others, far, REASON_NONE);
}
END_TEST

/* A key of the account itself has no tenant, and the rules of none. */
START_TEST(a_key_of_an_account_gets_tokens)
{
	struct wire_key key = make("acme", NULL, "chief", "test.use");
	struct message_account_entry entry;
	struct message_token_state state;
	struct message_token said;

	said = token_issue(&host, key.secret);
	ck_assert_str_eq(said.account, acme);
	ck_assert_ptr_null(said.tenant);
	ck_assert_uint_eq(said.reuse, 0);
	ck_assert_int_eq(token_refer(admin, WIRE_TOKEN_INSPECT, NULL, access_token, &state), ANSWER_OK);
	ck_assert_uint_eq(state.verdict, VERDICT_GRANTED);
	ck_assert_ptr_null(state.tenant);
	/* It opens what the key opens: no service of a tenant. It was good, so it is spent. */
	expect(access_token, blue, REASON_WRONG_TENANT);
	expect(access_token, blue, REASON_TOKEN_USED);
	token_issue(&host, key.secret);
	ck_assert_int_eq(refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, acme, true, &entry), ANSWER_OK);
	expect(access_token, blue, REASON_UNKNOWN_KEY);
}
END_TEST

/* Who acts, and whether it reaches a key of acme/blue. */
static const struct {
	const char *account, *tenant, *permission;
	bool reaches;
} actors[] = {
	{ "acme", "acme/blue", "apikeyd.keys.write", true },
	{ "acme", NULL, "apikeyd.keys.write", true },
	{ "acme", "acme/red", "apikeyd.keys.write", false },
	{ "beta", "beta/blue", "apikeyd.keys.write", false },
	{ "beta", NULL, "apikeyd.keys.write", false },
	{ NULL, NULL, "apikeyd.keys.write", false },
	{ "acme", "acme/red", "*", false },
	{ "beta", NULL, "*", false },
};

START_TEST(a_token_is_its_tenants_to_see_and_to_end)
{
	struct wire_key key = make("acme", "acme/blue", "laptop", "test.use");
	struct wire_key actor = make(actors[_i].account, actors[_i].tenant, "actor", actors[_i].permission);
	struct message_token_state state;
	enum answer answer;

	token_issue(&host, key.secret);
	ck_assert_int_eq(token_refer(admin, WIRE_TOKEN_INSPECT, actor.secret, access_token, &state), ANSWER_OK);
	ck_assert_int_eq(state.key_id != NULL, actors[_i].reaches);
	ck_assert_int_eq(state.id != NULL, actors[_i].reaches);
	ck_assert_int_eq(state.tenant != NULL, actors[_i].reaches);
	ck_assert_int_eq(state.expires != 0, actors[_i].reaches);
	answer = token_refer(admin, WIRE_TOKEN_REVOKE, actor.secret, access_token, &state);
	expect_answer(admin, answer, actors[_i].reaches ? ANSWER_OK : ANSWER_NOT_FOUND, NULL);
	expect(access_token, blue, actors[_i].reaches ? REASON_TOKEN_USED : REASON_NONE);
	/* The same words for one that is refused, and of a key that is not there. */
	ck_assert_int_eq(token_refer(admin, WIRE_TOKEN_INSPECT, actor.secret, access_token, &state), ANSWER_OK);
	ck_assert_uint_eq(state.verdict, VERDICT_DENIED);
	ck_assert_int_eq(state.reason != REASON_NONE, actors[_i].reaches);
	wire_change(&host, WIRE_KEY_DELETE, key.id);
	ck_assert_int_eq(token_refer(admin, WIRE_TOKEN_INSPECT, actor.secret, access_token, &state), ANSWER_OK);
	ck_assert_uint_eq(state.verdict, VERDICT_DENIED);
	ck_assert_uint_eq(state.reason, REASON_NONE);
	ck_assert_ptr_null(state.key_id);
	expect_answer(admin, token_refer(admin, WIRE_TOKEN_REVOKE, actor.secret, access_token, &state),
		      ANSWER_NOT_FOUND, "not issued here by a key you may see");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-token-tenant");
	TCase *cases = tcase_create("tenants");

	tcase_set_timeout(cases, 300);
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_tenant_says_how_long_tokens_live);
	tcase_add_test(cases, a_tenant_says_whether_tokens_are_used_again);
	tcase_add_test(cases, a_tenant_is_made_with_it);
	tcase_add_loop_test(cases, what_a_key_was_used_for_ends_with_it, 0, 2 * END_COUNT);
	tcase_add_test(cases, a_key_of_an_account_gets_tokens);
	tcase_add_loop_test(cases, a_token_is_its_tenants_to_see_and_to_end, 0, (int)ARRAY_SIZE(actors));
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
