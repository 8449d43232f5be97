/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a sign-in is for: the account and the tenant that a request names, by id or name, against those of the key it
 * shows. A wrong one is refused before anything is used up.
 */
#include "tests/daemon/signin-client.h"

#include "tests/daemon/tenant-host.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

static struct wire_client *gateway;
static struct wire_key of_account, of_tenant;

static void begin(void)
{
	setup();
	of_account = make("acme", NULL, "boss", "apikeyd.*");
	of_tenant = make("acme", "blue", "clerk", "apikeyd.*");
	token_issue(&host, of_account.secret);
	make_gateway(&host, HOST_UNTHROTTLED);
	gateway = open_gateway(&host);
}

static void end(void)
{
	wire_close(gateway);
	teardown();
}

START_TEST(a_request_names_what_its_key_reaches)
{
	const struct {
		const char *account, *tenant;
		bool account_key, tenant_key; /* get in */
	} cases[] = {
		{ NULL, NULL, true, true },
		{ "acme", NULL, true, true },
		{ acme, NULL, true, true },
		{ "beta", NULL, false, false },
		{ beta, NULL, false, false },
		{ "default", NULL, false, false },
		{ "none", NULL, false, false },
		{ "acme", "blue", true, true },
		{ acme, blue, true, true },
		{ NULL, blue, true, true },
		{ NULL, "acme/blue", true, true },
		{ acme, "red", true, false },
		{ acme, red, true, false },
		{ NULL, far, false, false },
		{ acme, far, false, false },
		{ NULL, "beta/blue", false, false },
		{ beta, far, false, false },
		{ NULL, "default", false, false },
		{ NULL, NOBODYS_TENANT, false, false },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_signin_begin request = { .account = cases[i].account,
							.tenant = cases[i].tenant,
							.lifetime = 30 };

		for (int k = 0; k < 2; k++) {
			request.proof = k == 0 ? of_account.secret : of_tenant.secret;
			if (k == 0 ? cases[i].account_key : cases[i].tenant_key)
				(void)sign_in(gateway, &request);
			else
				expect_refusal(gateway, &request, REASON_WRONG_TENANT);
		}
		/* What is good once stays so. */
		request.proof = access_token;
		if (!cases[i].account_key)
			expect_refusal(gateway, &request, REASON_WRONG_TENANT);
	}
	(void)sign_in(gateway, &(struct message_signin_begin){ .proof = access_token, .account = "acme" });
}
END_TEST

START_TEST(it_says_where_it_is)
{
	struct message_signin_begin request = { .proof = access_token, .lifetime = 30 };
	struct signed_in signin = sign_in(gateway, &request);
	struct message_signin said;
	struct message_key key;

	expect_answer(gateway, show_signin(gateway, signin.credential, &said), ANSWER_OK, NULL);
	ck_assert_str_eq(said.account, acme);
	ck_assert_str_eq(said.account_name, "acme");
	ck_assert_ptr_null(said.tenant);
	ck_assert_ptr_null(said.tenant_name);
	/* By a token it administers as its key would. */
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, of_tenant.id, &key), ANSWER_OK, NULL);
	request.proof = of_tenant.secret;
	signin = sign_in(gateway, &request);
	expect_answer(gateway, show_signin(gateway, signin.credential, &said), ANSWER_OK, NULL);
	ck_assert_str_eq(said.tenant, blue);
	ck_assert_str_eq(said.tenant_name, "blue");
	expect_answer(gateway, refer(gateway, WIRE_KEY_SHOW, signin.credential, of_account.id, &key), ANSWER_NOT_FOUND,
		      NULL);
}
END_TEST

/* A tenant that is deleted takes the sign-ins of its keys along. */
START_TEST(it_ends_with_its_tenant)
{
	struct message_signin_begin request = { .proof = of_tenant.secret, .portal = 1 };
	struct signed_in signin = sign_in(gateway, &request);
	struct message_tenant_entry entry;

	ck_assert(is_signed_in(gateway, signin.credential));
	expect_answer(gateway, refer_tenant(gateway, WIRE_TENANT_DELETE, of_account.secret, blue, true, &entry),
		      ANSWER_OK, NULL);
	ck_assert(!is_signed_in(gateway, signin.credential));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-signin-scope");
	TCase *tests = tcase_create("scope");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, a_request_names_what_its_key_reaches);
	tcase_add_test(tests, it_says_where_it_is);
	tcase_add_test(tests, it_ends_with_its_tenant);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
