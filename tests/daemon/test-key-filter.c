/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which keys a list is asked for: each filter alone, at its bounds, and all together.
 */
#include <string.h>

#include "common/clock.h"
#include "daemon/key_filter.h"
#include "tests/suite.h"

#define NOW 1000000
#define LABELS(...)                                                                                                    \
	{                                                                                                              \
		.count = sizeof((const char *[]){ __VA_ARGS__ }) / sizeof(char *), .items = { __VA_ARGS__ }            \
	}

static char fault[512];
static struct store_key key;
static struct policies policies;

static void setup(void)
{
	policies_default(&policies);
	policies.warn_before = 100000;
	key = (struct store_key){
		.state = STORE_ACTIVE,
		.created = 1000,
		.expires = 2000000,
		.permissions = "mail.*",
		.roles = "admin payments-read",
		.labels = "team=blue\nroom=4\nnote=",
		.secret_count = 2,
		.secrets = { { .number = 1, .created = 1000, .retires = 1500000 }, { .number = 2, .created = 5000 } },
	};
}

static const struct {
	struct message_key_list wanted;
	bool taken;
} cases[] = {
	{ { .limit = 0 }, true },
	{ { .state = "active" }, true },
	{ { .state = "inactive" }, false },
	{ { .state = "suspended" }, false },
	{ { .state = "revoked" }, false },
	{ { .permission = "pam.sshd" }, true },
	{ { .role = "admin" }, true },
	{ { .role = "payments-read" }, true },
	{ { .role = "payments" }, false },
	{ { .role = "admin payments-read" }, false },
	{ { .permission = "mail.imap" }, true },
	{ { .permission = "mail.imap.read" }, true },
	{ { .permission = "mail" }, false },
	{ { .permission = "pam.sudo" }, false },
	{ { .permission = "pam.sudo OR pam.sshd" }, true },
	{ { .permission = "pam.sudo AND pam.sshd" }, false },
	{ { .permission = "mail.*" }, true },
	{ { .permission = "mail.imap.*" }, true },
	{ { .permission = "pam.*" }, false },
	{ { .permission = "*" }, false },
	{ { .labels = LABELS("team") }, true },
	{ { .labels = LABELS("team=blue") }, true },
	{ { .labels = LABELS("team=blu") }, false },
	{ { .labels = LABELS("team=blue2") }, false },
	{ { .labels = LABELS("tea") }, false },
	{ { .labels = LABELS("eam=blue") }, false },
	{ { .labels = LABELS("room") }, true },
	{ { .labels = LABELS("note") }, true },
	{ { .labels = LABELS("note=") }, true },
	{ { .labels = LABELS("room=") }, false },
	{ { .labels = LABELS("blue") }, false },
	{ { .labels = LABELS("team", "room=4") }, true },
	{ { .labels = LABELS("team", "room=5") }, false },
	{ { .expires_before = 2000000 }, false },
	{ { .expires_before = 2000001 }, true },
	{ { .expires_before = TIME_NEVER }, true },
	{ { .unused_since = 1000 }, false },
	{ { .unused_since = 1001 }, true },
	/* the retiring secret */
	{ { .due_before = 1500000 }, false },
	{ { .due_before = 1500001 }, true },
	{ { .due_before = 2000001 }, true },
	{ { .due = 1 }, false },
	{ { .state = "active", .permission = "mail.*", .labels = LABELS("room"), .expires_before = 3000000 }, true },
	{ { .state = "revoked", .permission = "mail.*", .labels = LABELS("room"), .expires_before = 3000000 }, false },
};

static bool takes(const struct message_key_list *wanted)
{
	struct key_filter filter;

	ck_assert_msg(key_filter_read(wanted, NOW, &filter, fault, sizeof(fault)), "%s", fault);
	/* with what its roles grant */
	return key_filter_takes(&filter, &key, "mail.* pam.sshd", &policies);
}

START_TEST(a_key_is_taken_for_what_it_is)
{
	ck_assert_int_eq(takes(&cases[_i].wanted), cases[_i].taken);
}
END_TEST

/* Within warn_before of its policies; tests/daemon/test-due.c has all cases. */
START_TEST(what_is_due_is_for_the_policies_to_say)
{
	const struct message_key_list due = { .due = 1 };

	key.secrets[0].form = STORE_FORM_TOKEN;
	ck_assert(!takes(&due));
	policies.warn_before = 500000;
	ck_assert(takes(&due));
	key.state = STORE_REVOKED;
	ck_assert(!takes(&due));
}
END_TEST

START_TEST(what_needs_nobody_is_not_due)
{
	const struct message_key_list due = { .due_before = NOW + 1000 };

	ck_assert(!takes(&due));
	/* What has ended is due until somebody ends it for good. */
	key.expires = NOW - 5000;
	ck_assert(takes(&due));
	key.state = STORE_REVOKED;
	ck_assert(!takes(&due));
	key.state = STORE_INACTIVE;
	ck_assert(takes(&due));
	key.expires = TIME_NEVER;
	ck_assert(!takes(&due));
	/* A secret that is retiring is; one that has retired asks for nothing. */
	key.secrets[0].retires = NOW + 999;
	ck_assert(takes(&due));
	key.secrets[0].retires = NOW - 1;
	ck_assert(!takes(&due));
	key.secrets[0].retires = NOW + 1000;
	ck_assert(!takes(&due));
}
END_TEST

START_TEST(the_last_use_of_all_secrets_counts)
{
	static const struct {
		int64_t last[2];
		bool taken;
	} uses[] = {
		{ { 0, 0 }, true },     { { 1999, 0 }, true },    { { 2000, 0 }, false }, { { 0, 1999 }, true },
		{ { 0, 2000 }, false }, { { 1500, 1999 }, true }, { { 3000, 1 }, false }, { { 1, 3000 }, false },
	};
	struct message_key_list wanted = { .unused_since = 2000 }, any = { .limit = 1 };
	struct key_filter filter;

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		struct store_use found[2] = { { .last_time = uses[i].last[0] }, { .last_time = uses[i].last[1] } };

		ck_assert(key_filter_read(&wanted, NOW, &filter, fault, sizeof(fault)));
		ck_assert_msg(key_filter_takes_uses(&filter, &key, found) == uses[i].taken, "case %zu", i);
		ck_assert(key_filter_read(&any, NOW, &filter, fault, sizeof(fault)));
		ck_assert(key_filter_takes_uses(&filter, &key, found));
	}
}
END_TEST

START_TEST(what_cannot_be_looked_for_is_refused_by_name)
{
	static const struct {
		struct message_key_list wanted;
		const char *part;
	} bad[] = {
		{ { .state = "Active" }, "'Active' is no state" },
		{ { .state = "gone" }, "revoked" },
		{ { .permission = "Mail" }, "'Mail' is no permission" },
		{ { .permission = "mail.*.read" }, "no permission" },
		{ { .permission = "mail.* OR pam.sshd" }, "no permission" },
		{ { .permission = "a AND" }, "no permission" },
	};
	struct key_filter filter = { .now = 5 };

	ck_assert(!key_filter_read(&bad[_i].wanted, NOW, &filter, fault, sizeof(fault)));
	ck_assert_msg(strstr(fault, bad[_i].part) != NULL, "%s", fault);
	ck_assert_int_eq(filter.now, 5);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key-filter");
	TCase *tests = tcase_create("filter");

	tcase_add_checked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, a_key_is_taken_for_what_it_is, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tests, what_needs_nobody_is_not_due);
	tcase_add_test(tests, what_is_due_is_for_the_policies_to_say);
	tcase_add_test(tests, the_last_use_of_all_secrets_counts);
	tcase_add_loop_test(tests, what_cannot_be_looked_for_is_refused_by_name, 0, 6);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
