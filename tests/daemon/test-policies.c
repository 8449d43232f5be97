/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* policies: what each of them may be, how it is written, and what holds for which tenant. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/policies.h"
#include "daemon/settings.h"
#include "daemon/store_connection.h"
#include "daemon/store_policy.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

#define YEAR INT64_C(31536000)

/* ---- values ---- */

static const struct {
	enum policies_rule rule;
	const char *name;
	int64_t fallback;
} names[] = {
	{ POLICIES_DEFAULT_LIFETIME, "default_lifetime", TIME_NEVER },
	{ POLICIES_MAX_LIFETIME, "max_lifetime", TIME_NEVER },
	{ POLICIES_MAX_SECRET_AGE, "max_secret_age", TIME_NEVER },
	{ POLICIES_WARN_BEFORE, "warn_before", 14 * 86400 },
	{ POLICIES_ON_VIOLATION, "on_violation", POLICIES_REPORT },
	{ POLICIES_MISUSE, "misuse", POLICIES_REPORT },
	{ POLICIES_MISUSE_SOURCES, "misuse_sources", 0 },
	{ POLICIES_MISUSE_WINDOW, "misuse_window", 3600 },
	{ POLICIES_END_SESSIONS, "end_sessions", 0 },
};

START_TEST(each_has_its_name_and_its_default)
{
	struct policies policies;

	memset(&policies, 0xff, sizeof(policies));
	policies_default(&policies);
	ck_assert_uint_eq(ARRAY_SIZE(names), POLICIES_COUNT);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		ck_assert_str_eq(policies_name(names[i].rule), names[i].name);
		ck_assert_int_eq(policies_get(&policies, names[i].rule), names[i].fallback);
		ck_assert(policies_allow(names[i].rule, names[i].fallback));
	}
	ck_assert_int_eq(policies.warn_before, 14 * 86400);
	ck_assert_int_eq(policies.misuse_window, 3600);
}
END_TEST

START_TEST(only_a_whole_name_is_one)
{
	ck_assert_int_eq(policies_of_name("default_lifetime"), POLICIES_DEFAULT_LIFETIME);
	ck_assert_int_eq(policies_of_name("default_lifetim"), POLICIES_COUNT);
	ck_assert_int_eq(policies_of_name("default_lifetimes"), POLICIES_COUNT);
	ck_assert_int_eq(policies_of_name("rotation_overlap"), POLICIES_COUNT);
	ck_assert_int_eq(policies_of_name(""), POLICIES_COUNT);
}
END_TEST

static const struct {
	enum policies_rule rule;
	const char *text;
	int64_t value;       /* -1: it is none */
	const char *written; /* NULL: as it was read */
} values[] = {
	{ POLICIES_MAX_LIFETIME, "90d", 90 * 86400, NULL },
	{ POLICIES_MAX_LIFETIME, "never", TIME_NEVER, NULL },
	{ POLICIES_MAX_LIFETIME, "60s", 60, "1m" },
	{ POLICIES_MAX_LIFETIME, "59s", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "100y", 100 * YEAR, NULL },
	{ POLICIES_MAX_LIFETIME, "101y", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "9223372036854775807s", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "18446744073709551615s", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "-1d", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "90", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "Never", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "never ", -1, NULL },
	{ POLICIES_MAX_LIFETIME, "", -1, NULL },
	{ POLICIES_WARN_BEFORE, "10y", 10 * YEAR, NULL },
	{ POLICIES_WARN_BEFORE, "11y", -1, NULL },
	{ POLICIES_WARN_BEFORE, "never", TIME_NEVER, NULL },
	{ POLICIES_ON_VIOLATION, "report", POLICIES_REPORT, NULL },
	{ POLICIES_ON_VIOLATION, "refuse", POLICIES_REFUSE, NULL },
	{ POLICIES_ON_VIOLATION, "suspend", -1, NULL },
	{ POLICIES_ON_VIOLATION, "1", -1, NULL },
	{ POLICIES_ON_VIOLATION, "", -1, NULL },
	{ POLICIES_MISUSE, "suspend", POLICIES_SUSPEND, NULL },
	{ POLICIES_MISUSE, "refuse", -1, NULL },
	{ POLICIES_MISUSE_SOURCES, "0", 0, NULL },
	{ POLICIES_MISUSE_SOURCES, "64", 64, NULL },
	{ POLICIES_MISUSE_SOURCES, "65", -1, NULL },
	{ POLICIES_MISUSE_SOURCES, "3s", -1, NULL },
	{ POLICIES_MISUSE_SOURCES, "never", -1, NULL },
	{ POLICIES_MISUSE_WINDOW, "1h", 3600, NULL },
	{ POLICIES_MISUSE_WINDOW, "never", -1, NULL },
	{ POLICIES_END_SESSIONS, "yes", 1, NULL },
	{ POLICIES_END_SESSIONS, "no", 0, NULL },
	{ POLICIES_END_SESSIONS, "true", -1, NULL },
};

START_TEST(a_value_is_taken_whole_or_not_at_all)
{
	char text[POLICIES_TEXT_SIZE];
	int64_t value = -1;

	ck_assert_int_eq(policies_parse(values[_i].rule, values[_i].text, &value), values[_i].value != -1);
	ck_assert_int_eq(value, values[_i].value);
	if (value == -1)
		return;
	ck_assert(policies_allow(values[_i].rule, value));
	policies_format(values[_i].rule, value, text);
	ck_assert_str_eq(text, values[_i].written ? values[_i].written : values[_i].text);
}
END_TEST

START_TEST(it_says_what_a_value_must_be)
{
	static const struct {
		enum policies_rule rule;
		const char *must;
	} sentences[] = {
		{ POLICIES_DEFAULT_LIFETIME, "be a span of time from 1m to 100y, such as 90d, or never" },
		{ POLICIES_ON_VIOLATION, "be report or refuse" },
		{ POLICIES_MISUSE_SOURCES, "be 0 or a whole number from 2 to 64" },
		{ POLICIES_MISUSE_WINDOW, "be a span of time from 1m to 30d, such as 1h" },
		{ POLICIES_END_SESSIONS, "be no or yes" },
	};
	char must[POLICIES_MUST_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		policies_must(sentences[i].rule, must);
		ck_assert_str_eq(must, sentences[i].must);
	}
}
END_TEST

/* ---- tenants ---- */

#define BLUE "33333333-3333-4333-8333-333333333333"

static struct scratch scratch;
static struct settings settings;

static void setup(void)
{
	scratch_init(&scratch);
	scratch_open(&scratch);
	settings = (struct settings){ 0 };
	policies_default(&settings.policies);
	settings.policies.max_lifetime = 1000;
}

static void teardown(void)
{
	scratch_done(&scratch);
}

static void save(const char *tenant, const char *name, int64_t value)
{
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_save_policy(scratch.store, tenant, name, value), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
}

static void drop(const char *tenant, const char *name)
{
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_drop_policy(scratch.store, tenant, name), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
}

static struct policies found(const char *tenant)
{
	struct policies policies;

	ck_assert_int_eq(policies_find(scratch.reader, &settings, tenant, &policies), 0);
	return policies;
}

START_TEST(without_any_of_its_own_the_file_holds)
{
	struct policies policies = found(BLUE);

	ck_assert(!store_has_policies(scratch.reader));
	ck_assert_mem_eq(&policies, &settings.policies, sizeof(policies));
	/* Taking back what was never there changes nothing. */
	drop(BLUE, "max_lifetime");
	ck_assert_int_eq(found(BLUE).max_lifetime, 1000);
}
END_TEST

START_TEST(a_tenant_s_own_goes_before_the_file)
{
	save(BLUE, "max_lifetime", 2000);
	save(BLUE, "on_violation", POLICIES_REFUSE);
	save(BLUE, "max_lifetime", 3000);
	save("default", "max_secret_age", 4000);
	ck_assert(store_has_policies(scratch.reader));
	ck_assert_int_eq(found(BLUE).max_lifetime, 3000);
	ck_assert_int_eq(found(BLUE).on_violation, POLICIES_REFUSE);
	ck_assert_int_eq(found(BLUE).max_secret_age, TIME_NEVER);
	ck_assert_int_eq(found("default").max_lifetime, 1000);
	ck_assert_int_eq(found("default").max_secret_age, 4000);
	ck_assert_int_eq(found("").max_lifetime, 1000);
	drop(BLUE, "max_lifetime");
	ck_assert_int_eq(found(BLUE).max_lifetime, 1000);
	ck_assert_int_eq(found(BLUE).on_violation, POLICIES_REFUSE);
	/* What another start of the daemon finds. */
	scratch_close(&scratch);
	scratch_open(&scratch);
	ck_assert(store_has_policies(scratch.reader));
	ck_assert_int_eq(found("default").max_secret_age, 4000);
}
END_TEST

START_TEST(what_was_undone_does_not_hold)
{
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_save_policy(scratch.store, BLUE, "max_lifetime", 2000), 0);
	store_write_abort(scratch.store);
	ck_assert_int_eq(found(BLUE).max_lifetime, 1000);
}
END_TEST

/* Fail closed: a rule that cannot be read may be the one that keeps somebody out. */
START_TEST(a_row_that_means_nothing_is_a_damaged_store)
{
	static const struct {
		const char *name;
		int64_t value;
	} rows[] = { { "max_lifetimes", 2000 },    { "", 60 },
		     { "max_lifetime", 59 },       { "max_lifetime", -1 },
		     { "on_violation", 2 },        { "on_violation", TIME_NEVER },
		     { "misuse_sources", -1 },     { "misuse_sources", 1 },
		     { "end_sessions", INT64_MIN } };
	struct policies policies = { .max_lifetime = 5 };

	save(BLUE, rows[_i].name, rows[_i].value);
	ck_assert_int_eq(policies_find(scratch.reader, &settings, BLUE, &policies), -EIO);
	ck_assert_int_eq(policies.max_lifetime, 5);
	ck_assert_ptr_nonnull(strstr(store_fault(scratch.reader), "policy"));
	ck_assert_int_eq(found("default").max_lifetime, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("policies");
	TCase *tables = tcase_create("values");
	TCase *tenants = tcase_create("tenants");

	tcase_add_test(tables, each_has_its_name_and_its_default);
	tcase_add_test(tables, only_a_whole_name_is_one);
	tcase_add_loop_test(tables, a_value_is_taken_whole_or_not_at_all, 0, ARRAY_SIZE(values));
	tcase_add_test(tables, it_says_what_a_value_must_be);
	suite_add_tcase(suite, tables);

	tcase_add_checked_fixture(tenants, setup, teardown);
	tcase_add_test(tenants, without_any_of_its_own_the_file_holds);
	tcase_add_test(tenants, a_tenant_s_own_goes_before_the_file);
	tcase_add_test(tenants, what_was_undone_does_not_hold);
	tcase_add_loop_test(tenants, a_row_that_means_nothing_is_a_damaged_store, 0, 8);
	suite_add_tcase(suite, tenants);
	return suite_run(suite);
}
