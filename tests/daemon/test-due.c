/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* due: what has to be done about a key, at its bounds. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/due.h"
#include "tests/suite.h"

#define NOW 1000000
#define WARN 1000

static struct store_key key;
static struct policies policies;

static void setup(void)
{
	policies_default(&policies);
	policies.warn_before = WARN;
	key = (struct store_key){
		.state = STORE_ACTIVE,
		.created = 5000,
		.expires = TIME_NEVER,
		.secret_count = 2,
		.secrets = { { .number = 1, .form = STORE_FORM_TOKEN, .created = 5000, .retires = NOW + 5000 },
			     { .number = 2, .form = STORE_FORM_TOKEN, .created = 6000 } },
	};
}

/* "1.0@1000500 3.1@…": what, of which secret, when. */
static void expect(const char *wanted)
{
	struct due due[DUE_MAX];
	size_t count = due_find(&key, &policies, NOW, due);
	char text[256] = "";

	for (size_t i = 0; i < count; i++)
		sprintf(text + strlen(text), "%s%d.%u@%lld", i > 0 ? " " : "", (int)due[i].what,
			(unsigned int)due[i].secret, (long long)due[i].date);
	ck_assert_str_eq(text, wanted);
}

START_TEST(what_lies_far_ahead_is_not_due)
{
	policies.max_secret_age = NOW - 6000 + WARN + 1;
	key.expires = NOW + WARN + 1;
	key.secrets[0].retires = NOW + WARN + 1;
	expect("");
	policies.max_secret_age--;
	expect("2.2@1001000");
	key.secrets[0].retires--;
	expect("3.1@1001000 2.2@1001000");
	key.expires--;
	expect("1.0@1001000 3.1@1001000 2.2@1001000");
	key.state = STORE_INACTIVE;
	expect("1.0@1001000 3.1@1001000 2.2@1001000");
	key.state = STORE_REVOKED;
	expect("");
}
END_TEST

START_TEST(what_is_over_is_due)
{
	policies.max_secret_age = 60;
	expect("2.2@6060");
	/* An old secret that has ended needs nobody; of a key that has, its secrets need nobody. */
	key.secrets[0].retires = NOW;
	expect("2.2@6060");
	key.expires = NOW;
	expect("1.0@1000000");
	key.expires = 1;
	expect("1.0@1");
}
END_TEST

START_TEST(without_warnings_only_what_is_over_is_due)
{
	policies.warn_before = TIME_NEVER;
	policies.max_secret_age = NOW - 6000 + 1;
	key.expires = NOW + 1;
	key.secrets[0].retires = NOW + 1;
	expect("");
	policies.max_secret_age--;
	expect("2.2@1000000");
}
END_TEST

START_TEST(a_secret_that_was_ended_by_hand_is_not_due)
{
	key.secrets[0].form = STORE_FORM_ENDED;
	key.secrets[0].retires = NOW + 1;
	expect("");
}
END_TEST

START_TEST(an_end_that_lies_too_far_is_due)
{
	policies.max_lifetime = 2000;
	expect("4.0@0");
	key.expires = NOW + 2000;
	expect("");
	key.expires = NOW + 1;
	expect("1.0@1000001");
}
END_TEST

START_TEST(each_has_a_sentence)
{
	static const struct {
		struct due due;
		const char *text;
	} cases[] = {
		{ { DUE_EXPIRY, 0, NOW + 1 }, "expires at 1970-01-12T13:46:41Z" },
		{ { DUE_EXPIRY, 0, NOW }, "expired at 1970-01-12T13:46:40Z" },
		{ { DUE_SECRET_AGE, 4294967295, NOW + 1 },
		  "secret 4294967295 gets too old at 1970-01-12T13:46:41Z (max_secret_age)" },
		{ { DUE_SECRET_AGE, 2, NOW }, "secret 2 got too old at 1970-01-12T13:46:40Z (max_secret_age)" },
		{ { DUE_RETIREMENT, 1, NOW + 1 }, "secret 1, which was rotated, ends at 1970-01-12T13:46:41Z" },
		{ { DUE_LIFETIME, 0, 0 }, "its end lies further ahead than max_lifetime allows" },
	};
	char text[DUE_TEXT_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		due_describe(&cases[i].due, NOW, text);
		ck_assert_str_eq(text, cases[i].text);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("due");
	TCase *test_case = tcase_create("due");

	tcase_add_checked_fixture(test_case, setup, NULL);
	tcase_add_test(test_case, what_lies_far_ahead_is_not_due);
	tcase_add_test(test_case, what_is_over_is_due);
	tcase_add_test(test_case, without_warnings_only_what_is_over_is_due);
	tcase_add_test(test_case, a_secret_that_was_ended_by_hand_is_not_due);
	tcase_add_test(test_case, an_end_that_lies_too_far_is_due);
	tcase_add_test(test_case, each_has_a_sentence);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
