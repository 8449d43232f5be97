/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cli/retirement: whether old secrets are safe to retire, from what is known of their uses. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/retirement.h"
#include "cli/scope.h"
#include "tests/suite.h"

#define NOW INT64_C(1790000000)
#define HOUR 3600
#define DAY INT64_C(86400)

struct uses {
	int64_t retires;     /* from now; 0: current */
	int64_t first, last; /* before now; 0: never used */
};

static const struct {
	struct uses secrets[3];
	enum retirement retirement;
	const char *why;
} cases[] = {
	/* nothing to retire */
	{ { { 0, 9 * DAY, HOUR } }, RETIREMENT_NONE, "" },
	{ { { -1, 9 * DAY, HOUR }, { 0, HOUR, HOUR } }, RETIREMENT_NONE, "" },
	{ { { -DAY, 9 * DAY, HOUR }, { 0, 0, 0 } }, RETIREMENT_NONE, "" },
	/* the new one was not used, whatever the old one was */
	{ { { DAY, 9 * DAY, 8 * DAY }, { 0, 0, 0 } },
	  RETIREMENT_UNSAFE,
	  "secret 2, the new one, has not been used yet" },
	{ { { DAY, 0, 0 }, { 0, 0, 0 } }, RETIREMENT_UNSAFE, "secret 2, the new one, has not been used yet" },
	/* the old one was last used before the new one came into use */
	{ { { DAY, 9 * DAY, 3 * HOUR }, { 0, 2 * HOUR, HOUR } },
	  RETIREMENT_SAFE,
	  "secret 1 was last used 3 hours ago by dovecot from 192.0.2.7" },
	{ { { DAY, 0, 0 }, { 0, HOUR, HOUR } }, RETIREMENT_SAFE, "secret 1 was never used" },
	/* after it did, or in the same second */
	{ { { DAY, 9 * DAY, 2 * HOUR }, { 0, 3 * HOUR, HOUR } },
	  RETIREMENT_UNSAFE,
	  "secret 1 was used 2 hours ago by dovecot from 192.0.2.7, after the new one came into use" },
	{ { { DAY, 9 * DAY, HOUR }, { 0, HOUR, HOUR } },
	  RETIREMENT_UNSAFE,
	  "secret 1 was used 60 minutes ago by dovecot from 192.0.2.7, after the new one came into use" },
	/* long after it did, but for a day the new one alone */
	{ { { DAY, 9 * DAY, DAY }, { 0, 3 * DAY, HOUR } },
	  RETIREMENT_SAFE,
	  "secret 1 was last used 24 hours ago by dovecot from 192.0.2.7" },
	{ { { DAY, 9 * DAY, DAY - 1 }, { 0, 3 * DAY, HOUR } },
	  RETIREMENT_UNSAFE,
	  "secret 1 was used 24 hours ago by dovecot from 192.0.2.7, after the new one came into use" },
	/* neither was used for a day, and the old one last */
	{ { { DAY, 9 * DAY, 2 * DAY }, { 0, 3 * DAY, 2 * DAY } },
	  RETIREMENT_UNSAFE,
	  "secret 1 was used 2 days ago by dovecot from 192.0.2.7, after the new one came into use" },
	/* of two old ones the one that was used last decides; one that is over does not count */
	{ { { DAY, 9 * DAY, HOUR }, { DAY, 5 * DAY, 4 * DAY }, { 0, 3 * DAY, HOUR } },
	  RETIREMENT_UNSAFE,
	  "secret 1 was used 60 minutes ago by dovecot from 192.0.2.7, after the new one came into use" },
	{ { { DAY, 9 * DAY, 8 * DAY }, { DAY, 5 * DAY, HOUR }, { 0, 3 * DAY, HOUR } },
	  RETIREMENT_UNSAFE,
	  "secret 2 was used 60 minutes ago by dovecot from 192.0.2.7, after the new one came into use" },
	{ { { -1, 9 * DAY, HOUR }, { DAY, 5 * DAY, 4 * DAY }, { 0, 3 * DAY, HOUR } },
	  RETIREMENT_SAFE,
	  "secret 2 was last used 4 days ago by dovecot from 192.0.2.7" },
	/* the clock was ahead when they were used: what was used at all may be in use */
	{ { { DAY, 9 * DAY, HOUR }, { 0, -5 * DAY, -5 * DAY } },
	  RETIREMENT_UNSAFE,
	  "secret 1 was used 60 minutes ago by dovecot from 192.0.2.7, after the new one came into use" },
	{ { { DAY, 9 * DAY, -5 * DAY }, { 0, 3 * HOUR, HOUR } },
	  RETIREMENT_UNSAFE,
	  "secret 1 was used in 5 days by dovecot from 192.0.2.7, after the new one came into use" },
};

static struct apikey_use use_at(int64_t before_now)
{
	if (before_now == 0)
		return (struct apikey_use){ .service = "", .source = "" };
	return (struct apikey_use){ .time = NOW - before_now, .service = "dovecot", .source = "192.0.2.7" };
}

START_TEST(old_secrets_are_judged)
{
	struct apikey_secret secrets[3];
	struct apikey_key key = { .secrets = secrets };
	char why[RETIREMENT_REASON_SIZE];

	do {
		const struct uses *uses = &cases[_i].secrets[key.secret_count];

		secrets[key.secret_count] = (struct apikey_secret){
			.number = (uint32_t)key.secret_count + 1,
			.retires = uses->retires == 0 ? 0 : NOW + uses->retires,
			.use_count = uses->last != 0,
			.first_use = use_at(uses->first),
			.last_use = use_at(uses->last),
		};
	} while (secrets[key.secret_count++].retires != 0);
	ck_assert_int_eq(retirement_judge(&key, NOW, why), cases[_i].retirement);
	ck_assert_str_eq(why, cases[_i].why);
}
END_TEST

START_TEST(a_key_without_secrets_has_none_to_retire)
{
	struct apikey_key key = { .secret_count = 0 };
	struct apikey_secret alone = { .number = 1, .retires = NOW + 1 };
	char why[RETIREMENT_REASON_SIZE];

	ck_assert_int_eq(retirement_judge(&key, NOW, why), RETIREMENT_NONE);
	key = (struct apikey_key){ .secrets = &alone, .secret_count = 1 };
	ck_assert_int_eq(retirement_judge(&key, NOW, why), RETIREMENT_NONE);
}
END_TEST

START_TEST(long_names_are_cut)
{
	char text[2000], why[RETIREMENT_REASON_SIZE];
	struct apikey_secret secrets[] = {
		{ .number = 1, .retires = NOW + DAY, .use_count = 1, .last_use = { NOW - 1, text, text } },
		{ .number = 2, .use_count = 1, .first_use = { NOW - 2, "", "" }, .last_use = { NOW - 2, "", "" } },
	};
	struct apikey_key key = { .secrets = secrets, .secret_count = 2 };

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	ck_assert_int_eq(retirement_judge(&key, NOW, why), RETIREMENT_UNSAFE);
	ck_assert_ptr_nonnull(strstr(why, "came into use"));
	secrets[0].last_use.service = secrets[0].last_use.source = "";
	ck_assert_int_eq(retirement_judge(&key, NOW, why), RETIREMENT_UNSAFE);
	ck_assert_ptr_nonnull(strstr(why, "by ? from ?"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("retirement");
	TCase *tests = tcase_create("retirement");

	tcase_add_loop_test(tests, old_secrets_are_judged, 0, (int)COUNT_OF(cases));
	tcase_add_test(tests, a_key_without_secrets_has_none_to_retire);
	tcase_add_test(tests, long_names_are_cut);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
