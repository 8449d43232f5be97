/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Verdicts and PAM's codes: every pair, and what is none. */
#include <check.h>
#include <security/_pam_types.h>
#include <string.h>

#include "common/cleanup.h"
#include "pam_module/result.h"
#include "proto/verdict.h"
#include "tests/suite.h"

static const struct {
	enum apikey_verdict verdict;
	const char *reason;
	bool maxtries;
	int authenticate, account, rotate;
} rules[] = {
	{ APIKEY_GRANTED, "", false, PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS },
	{ APIKEY_DENIED, "", false, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTH_ERR },
	{ APIKEY_DENIED, "key_revoked", false, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTH_ERR },
	{ APIKEY_DENIED, "expired", false, PAM_AUTH_ERR, PAM_ACCT_EXPIRED, PAM_AUTH_ERR },
	{ APIKEY_DENIED, "token_expired", true, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTH_ERR },
	{ APIKEY_FORBIDDEN, "insufficient_permission", false, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED },
	{ APIKEY_FORBIDDEN, "expired", true, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED },
	{ APIKEY_THROTTLED, "too_many_failures", false, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_AUTH_ERR },
	{ APIKEY_THROTTLED, "too_many_failures", true, PAM_MAXTRIES, PAM_PERM_DENIED, PAM_AUTH_ERR },
	{ APIKEY_UNAVAILABLE, "deadline", false, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ APIKEY_FORBIDDEN, "not_rotated", false, PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_PERM_DENIED },
	{ APIKEY_UNAVAILABLE, "", true, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL },
	{ (enum apikey_verdict)5, "", true, PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_AUTH_ERR },
	{ (enum apikey_verdict)4711, "expired", false, PAM_AUTH_ERR, PAM_AUTH_ERR, PAM_AUTH_ERR },
};

START_TEST(each_verdict_has_its_code)
{
	ck_assert_int_eq(result_code(RESULT_AUTHENTICATE, rules[_i].verdict, rules[_i].reason, rules[_i].maxtries),
			 rules[_i].authenticate);
	ck_assert_int_eq(result_code(RESULT_ACCOUNT, rules[_i].verdict, rules[_i].reason, rules[_i].maxtries),
			 rules[_i].account);
	ck_assert_int_eq(result_code(RESULT_ROTATE, rules[_i].verdict, rules[_i].reason, false), rules[_i].rotate);
	ck_assert_int_eq(result_code(RESULT_PHASES, rules[_i].verdict, rules[_i].reason, rules[_i].maxtries),
			 PAM_AUTH_ERR);
}
END_TEST

START_TEST(only_a_grant_succeeds_and_nothing_is_ignored)
{
	for (int verdict = -1; verdict < 300; verdict++)
		for (enum reason reason = REASON_NONE; reason <= REASON_COUNT; reason++)
			for (int phase = -1; phase <= RESULT_PHASES; phase++)
				for (int maxtries = 0; maxtries < 2; maxtries++) {
					int code = result_code((enum result_phase)phase, (enum apikey_verdict)verdict,
							       reason_name(reason), maxtries);

					ck_assert_int_ne(code, PAM_IGNORE);
					if (verdict != APIKEY_GRANTED)
						ck_assert_int_ne(code, PAM_SUCCESS);
				}
}
END_TEST

START_TEST(each_reason_has_its_sentence)
{
	for (enum reason reason = REASON_NOT_A_CREDENTIAL; reason < REASON_COUNT; reason++)
		ck_assert_str_eq(result_sentence(reason_name(reason)), reason_sentence(reason));
	ck_assert_str_eq(result_sentence(""), "");
	ck_assert_str_eq(result_sentence("no_such_reason"), "");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("result");
	TCase *tests = tcase_create("result");

	tcase_add_loop_test(tests, each_verdict_has_its_code, 0, (int)ARRAY_SIZE(rules));
	tcase_add_test(tests, only_a_grant_succeeds_and_nothing_is_ignored);
	tcase_add_test(tests, each_reason_has_its_sentence);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
