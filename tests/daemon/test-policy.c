/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a key may be used for: every step alone, their order, and what a request leaves out.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "daemon/policy.h"
#include "tests/suite.h"

#define NOW 1000

static struct store_key key;
static struct policy_request request;
static struct policies policies;

/* alice's key, and a request that it fits. */
static void setup(void)
{
	memset(&key, 0, sizeof(key));
	key.state = STORE_ACTIVE;
	key.not_before = 0;
	key.expires = TIME_NEVER;
	key.name = "laptop";
	key.owner = "alice";
	key.account = "default";
	key.tenant = "default";
	key.exclusive = key.state_reason = key.created_by = key.roles = key.users = key.sources = key.labels = "";
	key.permissions = "mail.imap pam.*";
	request = (struct policy_request){
		.user = "alice",
		.service = "dovecot",
		.service_allowed = true,
		.permission = "mail.imap",
		.rhost = "192.0.2.7",
		.source_believed = true,
		.now = NOW,
		.policies = &policies,
		.secret = &key.secrets[0],
	};
	policies_default(&policies);
	policies.on_violation = POLICIES_REFUSE;
	policies.max_lifetime = policies.max_secret_age = 100000;
	key.expires = NOW + 1000;
	key.secrets[0] = (struct store_secret){ .number = 1, .created = NOW };
	key.secret_count = 1;
}

START_TEST(a_fitting_request_passes)
{
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
}
END_TEST

START_TEST(only_an_active_key_passes)
{
	static const struct {
		int state;
		enum reason reason;
	} cases[] = {
		{ STORE_INACTIVE, REASON_KEY_INACTIVE },
		{ STORE_SUSPENDED, REASON_KEY_SUSPENDED },
		{ STORE_REVOKED, REASON_KEY_REVOKED },
		{ STORE_STATE_COUNT, REASON_KEY_REVOKED },
		{ 0, REASON_KEY_REVOKED },
		{ 77, REASON_KEY_REVOKED },
	};

	key.state = (enum store_state)cases[_i].state;
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].reason);
}
END_TEST

START_TEST(dates_are_judged_to_the_second)
{
	static const struct {
		int64_t not_before, expires, now;
		enum reason reason;
	} cases[] = {
		{ 0, TIME_NEVER, 0, REASON_NONE },    { 0, TIME_NEVER, INT64_MAX - 1, REASON_NONE },
		{ 0, 1000, 999, REASON_NONE },        { 0, 1000, 1000, REASON_EXPIRED },
		{ 0, 1000, 1001, REASON_EXPIRED },    { 1000, 2000, 999, REASON_NOT_YET_VALID },
		{ 1000, 2000, 1000, REASON_NONE },    { 1000, 2000, 0, REASON_NOT_YET_VALID },
		{ 1000, 1000, 1000, REASON_EXPIRED },
	};

	key.not_before = cases[_i].not_before;
	key.expires = cases[_i].expires;
	request.now = cases[_i].now;
	policies.max_lifetime = policies.max_secret_age = TIME_NEVER;
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].reason);
}
END_TEST

START_TEST(a_key_stays_in_its_tenant)
{
	static const struct {
		const char *key, *request;
		enum reason reason;
	} cases[] = {
		{ "default", NULL, REASON_NONE },         { "default", "", REASON_NONE },
		{ "default", "default", REASON_NONE },    { "default", "acme", REASON_WRONG_TENANT },
		{ "acme", NULL, REASON_WRONG_TENANT },    { "acme", "acme", REASON_NONE },
		{ "", NULL, REASON_WRONG_TENANT },        { "", "", REASON_WRONG_TENANT },
		{ "acme", "acme2", REASON_WRONG_TENANT }, { "acme", "ACME", REASON_WRONG_TENANT },
	};

	key.tenant = cases[_i].key;
	request.tenant = cases[_i].request;
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].reason);
}
END_TEST

START_TEST(a_key_logs_in_its_owner_and_further_users)
{
	static const struct {
		const char *users, *user;
		enum reason reason;
	} cases[] = {
		{ "", "alice", REASON_NONE },
		{ "", "bob", REASON_WRONG_USER },
		{ "", "", REASON_WRONG_USER },
		{ "", "alic", REASON_WRONG_USER },
		{ "", "Alice", REASON_WRONG_USER },
		{ "bob", "bob", REASON_NONE },
		{ "bob\ndeploy", "deploy", REASON_NONE },
		{ "bob\ndeploy", "bob", REASON_NONE },
		{ "bob\ndeploy", "alice", REASON_NONE },
		{ "bob\ndeploy", "bob\ndeploy", REASON_WRONG_USER },
		{ "bob\ndeploy", "dep", REASON_WRONG_USER },
		{ "bob\ndeploy", "eploy", REASON_WRONG_USER },
		{ "bob", NULL, REASON_NONE },
	};

	key.users = cases[_i].users;
	request.user = cases[_i].user;
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].reason);
}
END_TEST

START_TEST(a_claim_that_is_not_listed_is_refused)
{
	request.service_allowed = false;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_WRONG_SERVICE);
	request.service = NULL;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
}
END_TEST

START_TEST(a_key_is_held_to_its_networks)
{
	static const struct {
		const char *sources, *rhost;
		bool believed;
		enum reason reason;
	} cases[] = {
		{ "", "192.0.2.7", true, REASON_NONE },
		{ "", NULL, false, REASON_NONE },
		{ "192.0.2.0/24", "192.0.2.7", true, REASON_NONE },
		{ "192.0.2.0/24", "192.0.3.7", true, REASON_WRONG_SOURCE },
		{ "192.0.2.0/24", "::ffff:192.0.2.7", true, REASON_NONE },
		{ "192.0.2.0/24", "192.0.2.7", false, REASON_WRONG_SOURCE },
		{ "192.0.2.0/24", NULL, true, REASON_WRONG_SOURCE },
		{ "192.0.2.0/24", "", true, REASON_WRONG_SOURCE },
		{ "192.0.2.0/24", "UNKNOWN", true, REASON_WRONG_SOURCE },
		{ "192.0.2.0/24", "host.example.org", true, REASON_WRONG_SOURCE },
		{ "192.0.2.0/24 2001:db8::/32", "2001:db8::1", true, REASON_NONE },
		{ "192.0.2.0/24 2001:db8::/32", "2001:db8::1%eth0", true, REASON_NONE },
		{ "192.0.2.0/24 2001:db8::/32", "2001:db9::1", true, REASON_WRONG_SOURCE },
		{ "local", NULL, true, REASON_NONE },
		{ "local", "", true, REASON_NONE },
		{ "local", "", false, REASON_WRONG_SOURCE },
		{ "local", "192.0.2.7", true, REASON_WRONG_SOURCE },
		{ "local", "local", true, REASON_WRONG_SOURCE },
		{ "local 192.0.2.7", "192.0.2.7", true, REASON_NONE },
		{ "0.0.0.0/0", "::1", true, REASON_WRONG_SOURCE },
	};

	key.sources = cases[_i].sources;
	request.rhost = cases[_i].rhost;
	request.source_believed = cases[_i].believed;
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].reason);
}
END_TEST

START_TEST(a_missing_permission_is_told_apart)
{
	request.permission = "mail.smtp";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_INSUFFICIENT_PERMISSION);
	request.permission = "mail.smtp OR pam.sshd";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
	request.permission = "not a query";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_INSUFFICIENT_PERMISSION);
	request.permission = "";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_INSUFFICIENT_PERMISSION);
	request.permission = NULL;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
}
END_TEST

/* ---- policies ---- */

START_TEST(a_key_lives_no_longer_than_its_tenant_wants)
{
	static const struct {
		int64_t most, created, expires, now;
		bool breaks;
	} cases[] = {
		{ TIME_NEVER, 0, TIME_NEVER, NOW, false },
		{ 60, 0, TIME_NEVER, NOW, true },
		{ 60, 0, NOW + 60, NOW, false },
		{ 60, 0, NOW + 60 + POLICY_LIFETIME_SLACK, NOW, false },
		{ 60, 0, NOW + 61 + POLICY_LIFETIME_SLACK, NOW, true },
		{ 60, 0, NOW + 61 + POLICY_LIFETIME_SLACK, NOW + 1, false },
		/* The clock was set back to before it was made. */
		{ 60, NOW, NOW + 60, 1, false },
		{ 60, NOW, NOW + 61 + POLICY_LIFETIME_SLACK, 1, true },
		/* It is over, and breaks nothing. */
		{ 60, 0, NOW - 1, NOW, false },
		{ TIME_NEVER - 1, INT64_C(1) << 40, TIME_NEVER, NOW, true },
	};

	policies.max_lifetime = cases[_i].most == TIME_NEVER - 1 ? INT64_C(3153600000) : cases[_i].most;
	key.created = cases[_i].created;
	key.expires = cases[_i].expires;
	request.now = cases[_i].now;
	ck_assert_int_eq(policy_breaks_lifetime(&key, &policies, request.now), cases[_i].breaks);
	ck_assert_int_eq(policy_check(POLICY_LIFETIME, &key, &request, NULL),
			 cases[_i].breaks ? REASON_EXPIRED : REASON_NONE);
	policies.on_violation = POLICIES_REPORT;
	ck_assert_int_eq(policy_check(POLICY_LIFETIME, &key, &request, NULL), REASON_NONE);
	ck_assert_int_eq(*policy_violation(&key, &request, REASON_NONE) != '\0', cases[_i].breaks);
}
END_TEST

START_TEST(a_secret_is_no_older_than_its_tenant_wants)
{
	static const struct {
		int64_t most, created, now;
		bool breaks;
	} cases[] = {
		{ TIME_NEVER, 0, NOW, false }, { 60, NOW - 59, NOW, false }, { 60, NOW - 60, NOW, true },
		{ 60, NOW + 5, NOW, false },   { 60, NOW, 0, false },        { 60, 0, INT64_C(1) << 40, true },
	};

	policies.max_secret_age = cases[_i].most;
	key.secrets[0].created = cases[_i].created;
	key.expires = TIME_NEVER;
	policies.max_lifetime = TIME_NEVER;
	request.now = cases[_i].now;
	ck_assert_int_eq(policy_breaks_secret_age(&key.secrets[0], &policies, request.now), cases[_i].breaks);
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].breaks ? REASON_SECRET_RETIRED : REASON_NONE);
	policies.on_violation = POLICIES_REPORT;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
	ck_assert_int_eq(*policy_violation(&key, &request, REASON_NONE) != '\0', cases[_i].breaks);
}
END_TEST

/* A sentence is about the step that refused, or about what was let in; not about what else is wrong. */
START_TEST(what_is_broken_is_told_by_its_own_sentence)
{
	policies.max_lifetime = policies.max_secret_age = 60;
	key.expires = TIME_NEVER;
	key.secrets[0].created = 0;
	ck_assert_ptr_nonnull(strstr(policy_violation(&key, &request, REASON_EXPIRED), "max_lifetime"));
	ck_assert_ptr_nonnull(strstr(policy_violation(&key, &request, REASON_SECRET_RETIRED), "max_secret_age"));
	ck_assert_str_eq(policy_violation(&key, &request, REASON_WRONG_USER), "");
	request.policies = NULL;
	ck_assert_str_eq(policy_violation(&key, &request, REASON_NONE), "");
}
END_TEST

/* A request that every step refuses: as each step's trouble is taken away, the next one's is the reason. */
START_TEST(the_first_step_that_fails_is_the_reason)
{
	key.state = STORE_INACTIVE;
	key.not_before = NOW + 1;
	key.expires = TIME_NEVER;
	key.secrets[0].created = -200000;
	key.tenant = "acme";
	key.sources = "192.0.2.0/24";
	request.user = "bob";
	request.service_allowed = false;
	request.rhost = "198.51.100.1";
	request.permission = "none.such";

	ck_assert_int_eq(policy_judge(&key, &request), REASON_KEY_INACTIVE);
	key.state = STORE_ACTIVE;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NOT_YET_VALID);
	key.not_before = 0;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_EXPIRED);
	key.expires = NOW + 1000;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_SECRET_RETIRED);
	key.secrets[0].created = 0;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_WRONG_TENANT);
	key.tenant = "default";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_WRONG_USER);
	request.user = "alice";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_WRONG_SERVICE);
	request.service_allowed = true;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_WRONG_SOURCE);
	request.rhost = "192.0.2.1";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_INSUFFICIENT_PERMISSION);
	request.permission = "mail.imap";
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
}
END_TEST

START_TEST(a_key_for_one_service_is_used_at_no_other)
{
	static const struct {
		const char *exclusive, *service;
		bool allowed, believed;
		enum reason reason;
		bool writes, misuse;
	} cases[] = {
		{ "", "sshd", true, true, REASON_NONE, false, false },
		{ "", "uid-7", true, false, REASON_NONE, false, false },
		{ "sshd", "sshd", true, true, REASON_NONE, false, false },
		{ "sshd", "sshd2", true, true, REASON_WRONG_SERVICE, false, true },
		{ "sshd", "ssh", true, true, REASON_WRONG_SERVICE, false, true },
		{ "sshd", "", true, true, REASON_WRONG_SERVICE, false, true },
		{ "sshd", "*", true, true, REASON_WRONG_SERVICE, false, true },
		/* The word of who is not believed binds nothing, and is no misuse. */
		{ "sshd", "sshd", false, false, REASON_WRONG_SERVICE, false, false },
		{ "sshd", "uid-7", true, false, REASON_WRONG_SERVICE, false, false },
		{ "uid-7", "uid-7", true, false, REASON_NONE, false, false },
		{ STORE_UNBOUND, "sshd", true, true, REASON_NONE, true, false },
		{ STORE_UNBOUND, "uid-7", true, false, REASON_WRONG_SERVICE, false, false },
		{ STORE_UNBOUND, "sshd", false, true, REASON_WRONG_SERVICE, false, false },
		{ STORE_UNBOUND, STORE_UNBOUND, true, true, REASON_WRONG_SERVICE, false, false },
		{ STORE_UNBOUND, "", true, true, REASON_WRONG_SERVICE, false, false },
		{ STORE_UNBOUND, "a\nb", true, true, REASON_WRONG_SERVICE, false, false },
		{ STORE_UNBOUND, "a\xff", true, true, REASON_WRONG_SERVICE, false, false },
	};
	enum reason reason;

	key.exclusive = cases[_i].exclusive;
	request.service = cases[_i].service;
	request.service_allowed = cases[_i].allowed;
	request.source_believed = cases[_i].believed;
	request.uses = true;
	reason = policy_judge(&key, &request);
	ck_assert_int_eq(reason, cases[_i].reason);
	ck_assert_int_eq(reason == REASON_NONE && policy_writes(&key, &request), cases[_i].writes);
	ck_assert_int_eq(policy_is_misuse(&key, &request, reason), cases[_i].misuse);
	/* What was bound when it was used is judged again, and written no more. */
	request.uses = false;
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].reason);
	ck_assert(!policy_writes(&key, &request));
}
END_TEST

START_TEST(a_key_is_used_no_more_often_than_it_may_be)
{
	static const struct {
		uint32_t most;
		uint64_t counted;
		enum reason reason;
	} cases[] = {
		{ 0, 0, REASON_NONE },
		{ 0, UINT64_MAX, REASON_NONE },
		{ 1, 0, REASON_NONE },
		{ 1, 1, REASON_USE_LIMIT_REACHED },
		{ 1, 2, REASON_USE_LIMIT_REACHED },
		{ UINT32_MAX, UINT32_MAX - 1, REASON_NONE },
		{ UINT32_MAX, UINT32_MAX, REASON_USE_LIMIT_REACHED },
		{ UINT32_MAX, UINT64_MAX, REASON_USE_LIMIT_REACHED },
	};

	key.max_uses = cases[_i].most;
	request.counted = cases[_i].counted;
	request.uses = true;
	ck_assert_int_eq(policy_judge(&key, &request), cases[_i].reason);
	ck_assert_int_eq(policy_writes(&key, &request), cases[_i].most > 0);
	request.uses = false;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
}
END_TEST

START_TEST(many_networks_are_misuse)
{
	static const struct {
		int64_t sources, misuse;
		uint64_t networks;
		enum reason reason;
		bool asked, broken;
	} cases[] = {
		{ 0, POLICIES_SUSPEND, 65, REASON_NONE, false, false },
		{ 2, POLICIES_SUSPEND, 0, REASON_NONE, false, false },
		{ 2, POLICIES_SUSPEND, 1, REASON_NONE, true, false },
		{ 2, POLICIES_SUSPEND, 2, REASON_KEY_SUSPENDED, true, true },
		{ 2, POLICIES_SUSPEND, 3, REASON_KEY_SUSPENDED, true, true },
		{ 2, POLICIES_REPORT, 1, REASON_NONE, true, false },
		{ 2, POLICIES_REPORT, 3, REASON_NONE, true, true },
		{ 1, POLICIES_SUSPEND, 1, REASON_KEY_SUSPENDED, true, true },
		{ 64, POLICIES_SUSPEND, 63, REASON_NONE, true, false },
		{ 64, POLICIES_SUSPEND, 65, REASON_KEY_SUSPENDED, true, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct policies rules;
		bool asked;

		policies_default(&rules);
		rules.misuse_sources = cases[i].sources;
		rules.misuse = cases[i].misuse;
		request.policies = &rules;
		request.networks = cases[i].networks;
		ck_assert_int_eq(policy_check(POLICY_NETWORKS, &key, &request, &asked), cases[i].reason);
		ck_assert_int_eq(asked, cases[i].asked);
		ck_assert_int_eq(policy_judge(&key, &request), cases[i].reason);
		ck_assert_int_eq(policy_breaks_networks(&request), cases[i].broken);
	}
	request.policies = NULL;
	ck_assert_int_eq(policy_judge(&key, &request), REASON_NONE);
}
END_TEST

START_TEST(steps_have_names_and_say_whether_they_were_asked)
{
	struct policy_request empty = { .now = NOW };
	bool asked;

	for (enum policy_step step = 0; step < POLICY_STEP_COUNT; step++) {
		ck_assert_uint_gt(strlen(policy_step_name(step)), 0);
		ck_assert_int_eq(policy_check(step, &key, &empty, &asked), REASON_NONE);
		ck_assert_int_eq(asked, step == POLICY_STATE || step == POLICY_DATES || step == POLICY_TENANT ||
						step == POLICY_SOURCE);
		ck_assert_int_eq(policy_check(step, &key, &request, &asked), REASON_NONE);
		ck_assert_int_eq(asked, step != POLICY_USES && step != POLICY_NETWORKS);
	}
	request.uses = true;
	ck_assert_int_eq(policy_check(POLICY_USES, &key, &request, &asked), REASON_NONE);
	ck_assert(asked);
}
END_TEST

START_TEST(lists_contain_whole_items)
{
	ck_assert(policy_list_contains("a b c", ' ', "b"));
	ck_assert(policy_list_contains("a b c", ' ', "c"));
	ck_assert(!policy_list_contains("a b c", ' ', "a b"));
	ck_assert(!policy_list_contains("ab", ' ', "a"));
	ck_assert(!policy_list_contains("", ' ', "a"));
	ck_assert(!policy_list_contains("", ' ', ""));
	ck_assert(!policy_list_contains("a", ' ', ""));
}
END_TEST

START_TEST(a_secret_is_good_until_its_date)
{
	static const struct {
		uint8_t form;
		int64_t retires, now;
		enum reason reason;
	} cases[] = {
		{ STORE_FORM_TOKEN, 0, 0, REASON_NONE },
		{ STORE_FORM_TOKEN, 0, INT64_MAX, REASON_NONE },
		{ STORE_FORM_TOKEN, 1000, 999, REASON_NONE },
		{ STORE_FORM_TOKEN, 1000, 1000, REASON_SECRET_RETIRED },
		{ STORE_FORM_TOKEN, 1000, INT64_MAX, REASON_SECRET_RETIRED },
		{ STORE_FORM_TOKEN, INT64_MIN, 0, REASON_SECRET_RETIRED },
		/* ended by hand: a clock that is set back does not bring it back */
		{ STORE_FORM_PAIR, 0, INT64_MAX, REASON_NONE },
		{ STORE_FORM_PAIR, 1000, 999, REASON_NONE },
		{ STORE_FORM_PAIR, 1000, 1000, REASON_SECRET_RETIRED },
		{ STORE_FORM_IMPORTED, 1000, 999, REASON_NONE },
		{ STORE_FORM_IMPORTED, 1000, 1000, REASON_SECRET_RETIRED },
		/* What a later version may keep is not good here. */
		{ 0, 0, 0, REASON_SECRET_RETIRED },
		{ 5, 0, 0, REASON_SECRET_RETIRED },
		{ STORE_FORM_ENDED, 1000, 0, REASON_SECRET_RETIRED },
		{ STORE_FORM_ENDED, 1000, 999, REASON_SECRET_RETIRED },
		{ STORE_FORM_ENDED, 1000, 1001, REASON_SECRET_RETIRED },
		{ STORE_FORM_ENDED, 0, 0, REASON_SECRET_RETIRED },
		/* of a form that is not known */
		{ 0, 0, 0, REASON_SECRET_RETIRED },
		{ 77, 0, 0, REASON_SECRET_RETIRED },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct store_secret secret = { .number = 1, .form = cases[i].form, .retires = cases[i].retires };

		ck_assert_int_eq(policy_judge_secret(&secret, cases[i].now), cases[i].reason);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policy");
	TCase *steps = tcase_create("steps");

	tcase_add_checked_fixture(steps, setup, NULL);
	tcase_add_test(steps, a_fitting_request_passes);
	tcase_add_test(steps, a_secret_is_good_until_its_date);
	tcase_add_loop_test(steps, only_an_active_key_passes, 0, 6);
	tcase_add_loop_test(steps, dates_are_judged_to_the_second, 0, 9);
	tcase_add_loop_test(steps, a_key_stays_in_its_tenant, 0, 10);
	tcase_add_loop_test(steps, a_key_logs_in_its_owner_and_further_users, 0, 13);
	tcase_add_test(steps, a_claim_that_is_not_listed_is_refused);
	tcase_add_loop_test(steps, a_key_is_held_to_its_networks, 0, 20);
	tcase_add_test(steps, a_missing_permission_is_told_apart);
	tcase_add_test(steps, the_first_step_that_fails_is_the_reason);
	tcase_add_loop_test(steps, a_key_lives_no_longer_than_its_tenant_wants, 0, 10);
	tcase_add_loop_test(steps, a_secret_is_no_older_than_its_tenant_wants, 0, 6);
	tcase_add_test(steps, what_is_broken_is_told_by_its_own_sentence);
	tcase_add_loop_test(steps, a_key_for_one_service_is_used_at_no_other, 0, 17);
	tcase_add_loop_test(steps, a_key_is_used_no_more_often_than_it_may_be, 0, 8);
	tcase_add_test(steps, many_networks_are_misuse);
	tcase_add_test(steps, steps_have_names_and_say_whether_they_were_asked);
	tcase_add_test(steps, lists_contain_whole_items);
	suite_add_tcase(suite, steps);
	return suite_run_here(suite);
}
