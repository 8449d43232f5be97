/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What somebody who was let in is told of their key. */
#include <check.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/notices.h"
#include "tests/suite.h"

#define END 1798761600 /* 2027-01-01 */

static const struct {
	enum store_kind kind;
	int64_t retires;
	uint32_t after_use;
	const char *notice; /* NULL: none */
} rotations[] = {
	{ STORE_OPAQUE, 0, 0, NULL },
	{ STORE_OPAQUE, END, 0,
	  "Your key 'phone' has a new secret. The one you used ends at 2027-01-01 00:00 UTC: change to the new one." },
	{ STORE_PAIR, END, 0,
	  "Your key 'phone' has a new private key. The one you used ends at 2027-01-01 00:00 UTC: change to the new "
	  "one." },
	{ STORE_OPAQUE, END, 3600,
	  "Your key 'phone' has a new secret. The one you used ends 1 hour after the new one is first used, and at "
	  "2027-01-01 00:00 UTC at the latest: change to the new one." },
	{ STORE_OPAQUE, END, 5400,
	  "Your key 'phone' has a new secret. The one you used ends 90 minutes after the new one is first used, and at "
	  "2027-01-01 00:00 UTC at the latest: change to the new one." },
	{ STORE_OPAQUE, END, 1,
	  "Your key 'phone' has a new secret. The one you used ends 1 second after the new one is first used, and at "
	  "2027-01-01 00:00 UTC at the latest: change to the new one." },
};

START_TEST(who_uses_an_old_secret_is_told)
{
	struct store_key key = { .kind = rotations[_i].kind, .name = "phone" };
	struct store_secret secret = { .number = 1,
				       .retires = rotations[_i].retires,
				       .after_use = rotations[_i].after_use };
	struct policy_request request = { .now = END - 86400, .secret = &secret };
	struct notices notices;

	notices_collect(&key, &request, &notices);
	ck_assert_uint_eq(notices.count, rotations[_i].notice != NULL);
	if (rotations[_i].notice)
		ck_assert_str_eq(notices.texts[0], rotations[_i].notice);
	/* Of a key that was only named there is none to tell of. */
	request.secret = NULL;
	notices_collect(&key, &request, &notices);
	ck_assert_uint_eq(notices.count, 0);
}
END_TEST

START_TEST(who_uses_what_is_due_soon_is_told)
{
	struct policies policies;
	struct store_key key = { .kind = STORE_OPAQUE,
				 .state = STORE_ACTIVE,
				 .name = "phone",
				 .expires = TIME_NEVER,
				 .secret_count = 2,
				 .secrets = { { .number = 1, .form = STORE_FORM_TOKEN, .retires = END + 60 },
					      { .number = 2, .form = STORE_FORM_TOKEN, .created = END - 1000 } } };
	struct policy_request request = { .now = END, .secret = &key.secrets[1], .policies = &policies };
	struct notices notices;

	policies_default(&policies);
	notices_collect(&key, &request, &notices);
	ck_assert_uint_eq(notices.count, 0);
	policies.max_secret_age = 4600;
	key.expires = END + 7200;
	notices_collect(&key, &request, &notices);
	ck_assert_uint_eq(notices.count, 2);
	ck_assert_str_eq(notices.texts[0],
			 "Your key 'phone' expires at 2027-01-01 02:00 UTC: have it prolonged, or change "
			 "to another one.");
	ck_assert_str_eq(notices.texts[1],
			 "The secret of your key 'phone' gets too old at 2027-01-01 01:00 UTC: have the key rotated.");
	key.kind = STORE_PAIR;
	key.expires = TIME_NEVER;
	policies.max_lifetime = 86400;
	request.now = END + 3600;
	notices_collect(&key, &request, &notices);
	ck_assert_uint_eq(notices.count, 2);
	ck_assert_ptr_nonnull(strstr(notices.texts[0], "an end that is nearer"));
	ck_assert_str_eq(
		notices.texts[1],
		"The private key of your key 'phone' got too old at 2027-01-01 01:00 UTC: have the key rotated.");
	/* With the secret before, that one is what there is to tell of. */
	request.now = END;
	request.secret = &key.secrets[0];
	policies.max_lifetime = TIME_NEVER;
	notices_collect(&key, &request, &notices);
	ck_assert_uint_eq(notices.count, 1);
	ck_assert_ptr_nonnull(strstr(notices.texts[0], "The one you used ends"));
}
END_TEST

START_TEST(there_is_room_for_so_many_and_no_more)
{
	char name[WIRE_NAME_MAX + 1], longer[2 * WIRE_NOTICE_MAX], time[CLOCK_TEXT_SIZE];
	struct store_secret secret = { .number = 1, .retires = END, .after_use = UINT32_MAX };
	struct store_key key = { .kind = STORE_PAIR, .name = name };
	struct policy_request request = { .secret = &secret };
	struct notices notices;

	/* The longest name leaves room for the end of the sentence. */
	memset(name, 'n', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	notices_collect(&key, &request, &notices);
	ck_assert_ptr_nonnull(strstr(notices.texts[0], "change to the new one."));
	memset(longer, 'l', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	for (size_t i = 0; i < 2 * WIRE_NOTICES_MAX; i++)
		notices_add(&notices, "%s", longer);
	ck_assert_uint_eq(notices.count, WIRE_NOTICES_MAX);
	for (size_t i = 1; i < WIRE_NOTICES_MAX; i++)
		ck_assert_uint_eq(strlen(notices.texts[i]), WIRE_NOTICE_MAX);
	ck_assert_ptr_nonnull(strstr(notices.texts[0], "change to the new one."));
	notices_time(0, time);
	ck_assert_str_eq(time, "1970-01-01 00:00 UTC");
	notices_time(END + 86399, time);
	ck_assert_str_eq(time, "2027-01-01 23:59 UTC");
	notices_time(TIME_NEVER, time);
	ck_assert_str_eq(time, "never");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("notices");
	TCase *cases = tcase_create("cases");

	tcase_add_loop_test(cases, who_uses_an_old_secret_is_told, 0, ARRAY_SIZE(rotations));
	tcase_add_test(cases, who_uses_what_is_due_soon_is_told);
	tcase_add_test(cases, there_is_room_for_so_many_and_no_more);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
