/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sign-ins at the real daemon: what a gateway gets for what its client showed, what it may do with that, and when that
 * is over.
 */
#include "tests/daemon/signin-fixture.h"
#include "tests/suite.h"

#define NOBODY_UID 65534 /* a user that every host has, and that is nobody's */

static void begin_with_a_token(void)
{
	begin();
	pair_token(&pair, "shown", NULL, token);
}

static struct message_signin_begin by(const char *proof)
{
	return (struct message_signin_begin){ .proof = proof, .lifetime = 30 };
}

static void change(uint16_t type, const char *id)
{
	struct message_key key;

	expect_answer(gateway, refer(gateway, type, actor.secret, id, &key), ANSWER_OK, NULL);
}

/* ---- what it is got with ---- */

START_TEST(a_key_signs_in_as_itself)
{
	struct message_signin_begin request = {
		.proof = actor.secret, .source = "192.0.2.7", .agent = "Firefox\n\x1b[2J", .portal = 1
	};
	struct signed_in signin = sign_in(gateway, &request);
	int64_t now = clock_wall_seconds();
	struct message_signin said;
	struct message_key key;
	bool own;

	ck_assert_str_eq(signin.kind, "key");
	ck_assert_str_eq(signin.key_id, actor.id);
	ck_assert_int_ge(signin.expires, now + 8 * 3600 - 60);
	ck_assert_int_le(signin.expires, now + 8 * 3600);
	expect_answer(gateway, show_signin(gateway, signin.credential, &said), ANSWER_OK, NULL);
	ck_assert_ptr_null(said.credential);
	ck_assert_str_eq(said.id, signin.id);
	ck_assert_str_eq(said.key_name, "actor");
	ck_assert_str_eq(said.owner, "alice");
	ck_assert_str_eq(said.account, "default");
	ck_assert_str_eq(said.account_name, "default");
	ck_assert_str_eq(said.tenant, "default");
	ck_assert_str_eq(said.tenant_name, "default");
	ck_assert_str_eq(said.permissions, "apikeyd.* test.use");
	ck_assert_str_eq(said.source, "192.0.2.7");
	ck_assert_str_eq(said.agent, "Firefox??[2J");
	ck_assert_uint_eq(said.own, 1);
	/* It acts as the key would. */
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, "alice/opaque", &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.id, opaque.id);
	ck_assert_uint_eq(count_signins(gateway, signin.credential, &own), 1);
	ck_assert(own);
	ck_assert_uint_eq(count_signins(gateway, actor.secret, &own), 1);
	ck_assert(!own);
	expect_answer(gateway, end_signin(gateway, signin.credential, NULL), ANSWER_OK, NULL);
	ck_assert(!is_signed_in(gateway, signin.credential));
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, "alice/opaque", &key),
		      ANSWER_BAD_CREDENTIAL, NULL);
}
END_TEST

START_TEST(what_is_good_once_is_used_up)
{
	struct message_signin_begin request = by(token);
	struct signed_in signin = sign_in(gateway, &request);
	CLEANUP_FREE char *record = NULL;
	struct message_signin said;

	ck_assert_str_eq(signin.key_id, pair.id);
	ck_assert_int_le(signin.expires, signin.created + 30);
	expect_refusal(gateway, &request, REASON_REPLAYED);
	request.proof = access_token;
	/* No browser for hours, and it is not used up by that. */
	request.portal = true;
	expect_refusal(gateway, &request, REASON_NOT_A_CREDENTIAL);
	request.portal = false;
	signin = sign_in(gateway, &request);
	ck_assert_str_eq(signin.key_id, opaque.id);
	record = last_record();
	ck_assert_ptr_nonnull(strstr(record, "\"event\":\"signin\",\"verdict\":\"granted\""));
	ck_assert_ptr_nonnull(strstr(record, opaque.id));
	ck_assert_ptr_nonnull(strstr(record, "\"service\":\"api\""));
	expect_refusal(gateway, &request, REASON_TOKEN_USED);
	/* Some requests go by it, and it is not listed. */
	for (int i = 0; i < 3; i++)
		expect_answer(gateway, show_signin(gateway, signin.credential, &said), ANSWER_OK, NULL);
}
END_TEST

START_TEST(what_is_no_proof_gets_none)
{
	char wrong[64], other_id[64];

	snprintf(wrong, sizeof(wrong), "%s", opaque.secret);
	credential_write_opaque(false, opaque.id, "00000000000000000000000000000000", wrong);
	credential_write_opaque(false, "0000000000zz", "00000000000000000000000000000000", other_id);
	const struct {
		const char *proof;
		enum reason reason;
	} cases[] = {
		{ wrong, REASON_BAD_SECRET },
		{ other_id, REASON_UNKNOWN_KEY },
		{ "a password of a user", REASON_NOT_A_CREDENTIAL },
		{ "ak_short", REASON_TRUNCATED },
		{ "akl_000000000000_00000000000000000000000000000000", REASON_UNKNOWN_KEY },
		{ "akl_", REASON_UNKNOWN_KEY },
		{ "aks_000000000000_00000000000000000000000000000000", REASON_NOT_A_CREDENTIAL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_signin_begin request = by(cases[i].proof);

		expect_refusal(gateway, &request, cases[i].reason);
	}
}
END_TEST

START_TEST(a_request_for_another_tenant_uses_nothing_up)
{
	struct message_signin_begin request = by(access_token);

	request.tenant = "elsewhere";
	expect_refusal(gateway, &request, REASON_WRONG_TENANT);
	request.tenant = NULL;
	request.account = "elsewhere";
	expect_refusal(gateway, &request, REASON_WRONG_TENANT);
	request.account = "default";
	request.tenant = "default";
	(void)sign_in(gateway, &request);
	expect_refusal(gateway, &request, REASON_TOKEN_USED);
}
END_TEST

START_TEST(a_key_counts_from_where_the_client_is)
{
	struct message_key_create wanted = { .credential = actor.secret, .name = "bound" };
	char secret[64];
	struct message_key key;
	struct message_signin_begin request = { .lifetime = 30 };

	wanted.permissions = wire_texts("test.use", NULL);
	wanted.sources = wire_texts("192.0.2.0/24", NULL);
	expect_answer(gateway, create(gateway, &wanted, &key), ANSWER_OK, NULL);
	snprintf(secret, sizeof(secret), "%s", key.secret);
	request.proof = secret;
	expect_refusal(gateway, &request, REASON_WRONG_SOURCE);
	request.source = "198.51.100.1";
	expect_refusal(gateway, &request, REASON_WRONG_SOURCE);
	request.source = "192.0.2.9";
	ck_assert(is_signed_in(gateway, sign_in(gateway, &request).credential));
}
END_TEST

/* ---- pages in browsers ---- */

START_TEST(a_page_gets_in_with_a_key_for_pages_alone)
{
	struct message_signin_begin request = {
		.proof = opaque.secret, .lifetime = 30, .source = "192.0.2.7", .page = 1
	};
	struct message_token_issue issue = { .proof = opaque.secret, .source = "192.0.2.7", .page = 1 };
	struct message_key_update loosen = {
		.credential = actor.secret, .key = opaque.id, .changes = MESSAGE_CHANGE_CLIENT_SIDE, .client_side = 1
	};
	struct message_key_rotate rotation = { .credential = actor.secret, .key = opaque.id, .now = 1 };
	CLEANUP_FREE char *record = NULL, *of_token = NULL;
	struct signed_in signin, plain;
	struct message_token issued;
	struct message_key key;
	char secret[64];

	expect_refusal(gateway, &request, REASON_NOT_CLIENT_SIDE);
	record = last_record();
	ck_assert_ptr_nonnull(strstr(record, "\"event\":\"signin\",\"verdict\":\"forbidden\","
					     "\"reason\":\"not_client_side\""));
	ck_assert_ptr_nonnull(strstr(record, opaque.id));
	ck_assert_ptr_nonnull(strstr(record, "192.0.2.7"));
	expect_answer(gateway,
		      wire_ask(gateway, WIRE_TOKEN_ISSUE, &message_token_issue, &issue, &message_token, &issued),
		      ANSWER_BAD_CREDENTIAL, NULL);
	of_token = last_record();
	ck_assert_ptr_nonnull(strstr(of_token, "\"reason\":\"not_client_side\""));
	ck_assert_ptr_nonnull(strstr(of_token, opaque.id));
	/* What is good once is used up by its signature, wherever it comes from. */
	request.proof = access_token;
	expect_refusal(gateway, &request, REASON_NOT_CLIENT_SIDE);
	expect_refusal(gateway, &request, REASON_TOKEN_USED);
	/* Who does not show the secret learns nothing of it. */
	request.proof = "ak_short";
	expect_refusal(gateway, &request, REASON_TRUNCATED);

	expect_answer(gateway, update(gateway, &loosen, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.client_side, 1);
	request.proof = opaque.secret;
	signin = sign_in(gateway, &request);
	ck_assert(is_signed_in(gateway, signin.credential));
	expect_answer(gateway,
		      wire_ask(gateway, WIRE_TOKEN_ISSUE, &message_token_issue, &issue, &message_token, &issued),
		      ANSWER_OK, NULL);
	/* A rotation changes nothing about it. */
	expect_answer(gateway, rotate(gateway, &rotation, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.client_side, 1);
	snprintf(secret, sizeof(secret), "%s", key.secret);
	request.proof = secret;
	signin = sign_in(gateway, &request);
	request.page = 0;
	plain = sign_in(gateway, &request);
	/* It is judged anew at each request: of the page's alone. */
	loosen.client_side = 0;
	expect_answer(gateway, update(gateway, &loosen, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.client_side, 0);
	ck_assert(!is_signed_in(gateway, signin.credential));
	ck_assert(is_signed_in(gateway, plain.credential));
}
END_TEST

START_TEST(a_page_uses_no_link_up)
{
	struct message_signin_begin request = { .portal = 1, .page = 1 };
	struct wire_client *root;
	char code[80];

	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	ck_assert_int_eq(make_link(root, true, code), ANSWER_OK);
	request.proof = code;
	expect_refusal(gateway, &request, REASON_NOT_CLIENT_SIDE);
	request.page = 0;
	(void)sign_in(gateway, &request);
	wire_close(root);
}
END_TEST

START_TEST(a_key_is_made_for_pages)
{
	struct message_key_create wanted = { .credential = actor.secret, .name = "shop", .client_side = 1 };
	struct message_signin_begin request = by(NULL);
	struct message_key key;
	char secret[64];

	wanted.permissions = wire_texts("test.use", NULL);
	expect_answer(gateway, create(gateway, &wanted, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.client_side, 1);
	snprintf(secret, sizeof(secret), "%s", key.secret);
	request.proof = secret;
	request.page = 1;
	ck_assert(is_signed_in(gateway, sign_in(gateway, &request).credential));
}
END_TEST

/* ---- what ends it ---- */

START_TEST(it_ends_with_its_key)
{
	struct message_signin_begin request = by(opaque.secret);
	struct signed_in signin = sign_in(gateway, &request);
	struct message_key_rotate rotation = { .credential = actor.secret, .key = opaque.id, .overlap = 60 };
	struct message_key_retire retirement = { .credential = actor.secret, .key = opaque.id };
	struct message_key key;

	change(WIRE_KEY_DEACTIVATE, opaque.id);
	ck_assert(!is_signed_in(gateway, signin.credential));
	change(WIRE_KEY_ACTIVATE, opaque.id);
	ck_assert(is_signed_in(gateway, signin.credential));
	/* The old secret is good for a while, */
	expect_answer(gateway, rotate(gateway, &rotation, &key), ANSWER_OK, NULL);
	ck_assert(is_signed_in(gateway, signin.credential));
	/* until it is not. */
	expect_answer(gateway, retire(gateway, &retirement, &key), ANSWER_OK, NULL);
	ck_assert(!is_signed_in(gateway, signin.credential));
	change(WIRE_KEY_DELETE, opaque.id);
	ck_assert(!is_signed_in(gateway, signin.credential));
}
END_TEST

START_TEST(what_it_may_do_is_what_its_key_may_do_now)
{
	struct message_key_create wanted = { .credential = actor.secret, .name = "second" };
	struct message_key_update update_request = { .credential = actor.secret,
						     .changes = MESSAGE_CHANGE_PERMISSIONS };
	struct message_signin_begin request = by(NULL);
	struct signed_in signin;
	struct message_key key;
	char id[64], secret[64];

	wanted.permissions = wire_texts("apikeyd.keys.read", NULL);
	expect_answer(gateway, create(gateway, &wanted, &key), ANSWER_OK, NULL);
	snprintf(id, sizeof(id), "%s", key.id);
	snprintf(secret, sizeof(secret), "%s", key.secret);
	request.proof = secret;
	signin = sign_in(gateway, &request);
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, id, &key), ANSWER_OK, NULL);
	expect_answer(gateway, refer(gateway, WIRE_KEY_REVOKE, signin.credential, id, &key), ANSWER_NOT_PERMITTED,
		      NULL);
	update_request.key = id;
	update_request.permissions = wire_texts("test.use", NULL);
	expect_answer(gateway, update(gateway, &update_request, &key), ANSWER_OK, NULL);
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, id, &key), ANSWER_NOT_PERMITTED, NULL);
}
END_TEST

START_TEST(a_restart_ends_all)
{
	struct message_signin_begin request = by(opaque.secret);
	struct signed_in signin = sign_in(gateway, &request);

	wire_close(gateway);
	host_end(&host, SIGKILL);
	host_start(&host);
	gateway = open_gateway(&host);
	ck_assert(!is_signed_in(gateway, signin.credential));
	ck_assert(is_signed_in(gateway, sign_in(gateway, &request).credential));
}
END_TEST

/* ---- by a link ---- */

START_TEST(a_link_signs_its_user_in_once)
{
	struct wire_client *user;
	struct message_signin_begin request = { .portal = 1 };
	struct signed_in signin;
	struct message_key key;
	char code[80];
	bool own;

	if (!have_other_users())
		return;
	(void)wire_make_key(&host, &(struct message_key_create){ .name = "nobodys", .owner = "nobody" });
	user = open_as(&host, NOBODY_UID);
	ck_assert_int_eq(make_link(user, false, code), ANSWER_OK);
	request.proof = code;
	request.tenant = "default";
	expect_answer(gateway, try_to_sign_in(gateway, &request, &(struct message_signin){ NULL }), ANSWER_INVALID,
		      NULL);
	request.tenant = NULL;
	signin = sign_in(gateway, &request);
	ck_assert_str_eq(signin.kind, "user");
	ck_assert_str_eq(signin.owner, "nobody");
	expect_refusal(gateway, &request, REASON_UNKNOWN_KEY);
	/* Its own keys, and no others. */
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, "nobody/nobodys", &key), ANSWER_OK,
		      NULL);
	expect_answer(gateway, refer(gateway, WIRE_KEY_DEACTIVATE, signin.credential, "nobody/nobodys", &key),
		      ANSWER_OK, NULL);
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, opaque.id, &key), ANSWER_NOT_FOUND,
		      NULL);
	/* The user sees and ends it without the gateway, */
	ck_assert_uint_eq(count_signins(user, NULL, &own), 1);
	ck_assert(!own);
	expect_answer(user, end_signin(user, NULL, signin.id), ANSWER_OK, NULL);
	ck_assert(!is_signed_in(gateway, signin.credential));
	/* but uses it no way but through it. */
	ck_assert_int_eq(make_link(user, false, code), ANSWER_OK);
	signin = sign_in(gateway, &request);
	expect_answer(user, refer(user, WIRE_KEY_SHOW, signin.credential, "nobody/nobodys", &key),
		      ANSWER_BAD_CREDENTIAL, NULL);
	ck_assert(is_signed_in(gateway, signin.credential));
	ck_assert_int_eq(make_link(user, true, code), ANSWER_NOT_PERMITTED);
	ck_assert_int_eq(make_link(gateway, false, code), ANSWER_NOT_PERMITTED);
	expect_answer(user, try_to_sign_in(user, &request, &(struct message_signin){ NULL }), ANSWER_NOT_PERMITTED,
		      "only gateways");
	wire_close(user);
}
END_TEST

START_TEST(an_administrator_signs_in_as_one_and_keeps_the_host_out_of_it)
{
	struct wire_client *root;
	struct message_signin_begin request = { .portal = 1 };
	struct message_status nothing = { NULL };
	struct message_lockdown lockdown = { .action = MESSAGE_LOCKDOWN_ON };
	struct message_lockdown_state state;
	struct message_backup backup;
	struct signed_in signin;
	struct message_key key;
	char code[80];

	if (!have_other_users())
		return;
	root = open_as(&host, 0);
	ck_assert_int_eq(make_link(root, false, code), ANSWER_INVALID);
	ck_assert_int_eq(make_link(root, true, code), ANSWER_OK);
	request.proof = code;
	signin = sign_in(gateway, &request);
	ck_assert_str_eq(signin.kind, "administrator");
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, "alice/opaque", &key), ANSWER_OK, NULL);
	nothing.credential = signin.credential;
	expect_answer(gateway, wire_ask(gateway, WIRE_BACKUP_OPEN, &message_status, &nothing, &message_backup, &backup),
		      ANSWER_NOT_PERMITTED, NULL);
	lockdown.credential = signin.credential;
	expect_answer(gateway,
		      wire_ask(gateway, WIRE_LOCKDOWN, &message_lockdown, &lockdown, &message_lockdown_state, &state),
		      ANSWER_NOT_PERMITTED, NULL);
	wire_close(root);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-signin");
	TCase *tests = tcase_create("signin");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, begin_with_a_token, end);
	tcase_add_test(tests, a_key_signs_in_as_itself);
	tcase_add_test(tests, what_is_good_once_is_used_up);
	tcase_add_test(tests, what_is_no_proof_gets_none);
	tcase_add_test(tests, a_request_for_another_tenant_uses_nothing_up);
	tcase_add_test(tests, a_key_counts_from_where_the_client_is);
	tcase_add_test(tests, a_page_gets_in_with_a_key_for_pages_alone);
	tcase_add_test(tests, a_page_uses_no_link_up);
	tcase_add_test(tests, a_key_is_made_for_pages);
	tcase_add_test(tests, it_ends_with_its_key);
	tcase_add_test(tests, what_it_may_do_is_what_its_key_may_do_now);
	tcase_add_test(tests, a_restart_ends_all);
	tcase_add_test(tests, a_link_signs_its_user_in_once);
	tcase_add_test(tests, an_administrator_signs_in_as_one_and_keeps_the_host_out_of_it);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
