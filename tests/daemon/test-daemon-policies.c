/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Policies of tenants in the real daemon: who sets them, what holds for which key, and how long keys may live. */
#include <check.h>

#include "common/clock.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/tenant-host.h"
#include "tests/suite.h"

#define DAY INT64_C(86400)

static enum answer set(const char *credential, const char *tenant, struct codec_texts policies,
		       struct message_tenant_entry *ret_entry)
{
	struct message_tenant_update request = {
		.credential = credential, .tenant = tenant, .changes = MESSAGE_TENANT_POLICIES, .policies = policies
	};

	return wire_ask(admin, WIRE_TENANT_UPDATE, &message_tenant_update, &request, &message_tenant_entry, ret_entry);
}

static void expect_texts(const struct codec_texts *texts, const char *wanted)
{
	char text[512] = "";

	for (size_t i = 0; i < texts->count; i++)
		strcat(strcat(text, i > 0 ? " " : ""), texts->items[i]);
	ck_assert_str_eq(text, wanted);
}

/* Among what holds. */
static void expect_in_force(const char *tenant, const char *wanted)
{
	struct message_tenant_entry entry;
	size_t i = 0;

	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, NULL, tenant, false, &entry), ANSWER_OK, NULL);
	while (i < entry.policies_in_force.count && strcmp(entry.policies_in_force.items[i], wanted) != 0)
		i++;
	ck_assert_msg(i < entry.policies_in_force.count, "%s is not in force", wanted);
}

START_TEST(administrators_set_them_and_take_them_back)
{
	struct message_tenant_create made = { .name = "green", .account = "acme" };
	struct message_tenant_entry entry;

	expect_in_force(blue, "max_lifetime=never");
	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=720h", "default_lifetime=1w", NULL), &entry),
		      ANSWER_OK, NULL);
	expect_texts(&entry.policies, "default_lifetime=1w max_lifetime=30d");
	expect_in_force(blue, "max_lifetime=30d");
	expect_in_force(red, "max_lifetime=never");
	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=never", NULL), &entry), ANSWER_OK, NULL);
	expect_texts(&entry.policies, "default_lifetime=1w max_lifetime=never");
	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=", NULL), &entry), ANSWER_OK, NULL);
	expect_texts(&entry.policies, "default_lifetime=1w");
	/* What is not there can be taken back, too. */
	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=", "default_lifetime=", NULL), &entry), ANSWER_OK,
		      NULL);
	expect_texts(&entry.policies, "");
	made.policies = wire_texts("max_lifetime=5d", NULL);
	expect_answer(admin,
		      wire_ask(admin, WIRE_TENANT_CREATE, &message_tenant_create, &made, &message_tenant_entry, &entry),
		      ANSWER_OK, NULL);
	expect_texts(&entry.policies, "max_lifetime=5d");
	expect_in_force("acme/green", "max_lifetime=5d");
	/* The change stands in the log, before and after. */
	ck_assert_int_eq(host_store_number(&host, "SELECT count(*) FROM change_log WHERE record ->> '$.event' ="
						  " 'tenant_update' AND record ->> "
						  "'$.changes.before.policies.max_lifetime' = '30d' AND record ->> "
						  "'$.changes.after.policies.max_lifetime' = 'never'"),
			 1);
}
END_TEST

START_TEST(what_is_none_changes_nothing)
{
	static const struct {
		const char *one, *other, *detail;
	} cases[] = {
		{ "default_lifetime=1d", "max_lifetime", "NAME=VALUE" },
		{ "default_lifetime=1d", "=", "no policy ''" },
		{ "default_lifetime=1d", "max_lifetimes=1d", "no policy 'max_lifetimes'" },
		{ "default_lifetime=1d", "max_lifetime=1", "max_lifetime=1: must be a span of time" },
		{ "default_lifetime=1d", "max_lifetime= 1d", "must be a span of time from 1m to 100y" },
		{ "default_lifetime=1d", "max_lifetime=59s", "must be" },
		{ "default_lifetime=1d", "default_lifetime=2d", "named twice" },
		{ "default_lifetime=1d", "default_lifetime=", "named twice" },
		{ "default_lifetime=1d", "rotation_overlap=1d", "no policy 'rotation_overlap'" },
	};
	struct message_tenant_entry entry;

	expect_answer(admin, set(NULL, blue, wire_texts(cases[_i].one, cases[_i].other, NULL), &entry), ANSWER_INVALID,
		      cases[_i].detail);
	expect_in_force(blue, "default_lifetime=never");
	ck_assert_int_eq(host_store_number(&host, "SELECT count(*) FROM tenant_policy"), 0);
}
END_TEST

/* What binds keys is not theirs to loosen, nor to make stricter for others. */
START_TEST(keys_set_none)
{
	struct wire_key tenant_key = make("acme", "acme/blue", "boss", "*");
	struct wire_key account_key = make("acme", NULL, "chief", "*");
	const char *const credentials[] = { tenant_key.secret, account_key.secret };
	struct message_tenant_entry entry;

	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=30d", NULL), &entry), ANSWER_OK, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(credentials); i++) {
		struct message_tenant_create made = { .credential = credentials[i], .name = "green" };

		ck_assert_int_ne(set(credentials[i], blue, wire_texts("max_lifetime=", NULL), &entry), ANSWER_OK);
		ck_assert_int_ne(set(credentials[i], blue, wire_texts("max_lifetime=1d", NULL), &entry), ANSWER_OK);
		made.policies = wire_texts("max_lifetime=never", NULL);
		ck_assert_int_ne(wire_ask(admin, WIRE_TENANT_CREATE, &message_tenant_create, &made,
					  &message_tenant_entry, &entry),
				 ANSWER_OK);
		/* They see them. */
		expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, credentials[i], blue, false, &entry),
			      ANSWER_OK, NULL);
		expect_texts(&entry.policies, "max_lifetime=30d");
	}
	expect_answer(admin, set(account_key.secret, blue, wire_texts("max_lifetime=", NULL), &entry),
		      ANSWER_NOT_PERMITTED, "administrators of this host");
	expect_in_force(blue, "max_lifetime=30d");
}
END_TEST

/* ---- the end of a key ---- */

static enum answer make_until(const char *tenant, const char *name, int64_t expires, struct message_key *ret_key)
{
	struct message_key_create request = { .tenant = tenant, .owner = "bob", .name = name, .expires = expires };

	return create(admin, &request, ret_key);
}

static enum answer prolong(const char *key, int64_t expires, struct message_key *ret_key)
{
	struct message_key_update request = { .key = key, .changes = MESSAGE_CHANGE_EXPIRES, .expires = expires };

	return update(admin, &request, ret_key);
}

static void expect_end(const struct message_key *key, int64_t before, int64_t lifetime)
{
	ck_assert_int_ge(key->expires, before + lifetime);
	ck_assert_int_le(key->expires, clock_wall_seconds() + lifetime);
}

START_TEST(no_key_ends_later_than_its_tenant_allows)
{
	struct message_tenant_entry entry;
	struct message_key key;
	int64_t now = clock_wall_seconds();
	char id[16];

	expect_answer(admin, make_until(blue, "old", TIME_NEVER, &key), ANSWER_OK, NULL);
	snprintf(id, sizeof(id), "%s", key.id);
	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=30d", NULL), &entry), ANSWER_OK, NULL);

	expect_answer(admin, make_until(blue, "key", TIME_NEVER, &key), ANSWER_NOT_PERMITTED, "30d");
	expect_answer(admin, make_until(blue, "key", now + 31 * DAY, &key), ANSWER_NOT_PERMITTED, "max_lifetime");
	expect_answer(admin, make_until(blue, "key", now + 30 * DAY, &key), ANSWER_OK, NULL);
	expect_answer(admin, make_until(blue, "unsaid", 0, &key), ANSWER_OK, NULL);
	expect_end(&key, now, 30 * DAY);
	expect_answer(admin, prolong(key.id, TIME_NEVER, &key), ANSWER_NOT_PERMITTED, "max_lifetime");
	expect_answer(admin, make_until(red, "key", TIME_NEVER, &key), ANSWER_OK, NULL);

	/* One from before keeps its end until it is given another. */
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, id, &key), ANSWER_OK, NULL);
	ck_assert_int_eq(key.expires, TIME_NEVER);
	expect_answer(admin, prolong(id, now + 300 * DAY, &key), ANSWER_NOT_PERMITTED, "max_lifetime");
	expect_answer(admin, prolong(id, 0, &key), ANSWER_OK, NULL);
	expect_end(&key, now, 30 * DAY);

	/* The default is bound by it. */
	expect_answer(admin, set(NULL, blue, wire_texts("default_lifetime=90d", NULL), &entry), ANSWER_OK, NULL);
	expect_answer(admin, make_until(blue, "bound", 0, &key), ANSWER_OK, NULL);
	expect_end(&key, now, 30 * DAY);
	expect_answer(admin, set(NULL, blue, wire_texts("default_lifetime=1d", NULL), &entry), ANSWER_OK, NULL);
	expect_answer(admin, make_until(blue, "short", 0, &key), ANSWER_OK, NULL);
	expect_end(&key, now, DAY);
}
END_TEST

/* An administrator may let the keys of one tenant live longer than the file lets all others. */
START_TEST(the_file_holds_where_a_tenant_has_none)
{
	struct message_tenant_entry entry;
	struct message_key key;
	int64_t now = clock_wall_seconds();

	host_configure(&host, "[policy]\nmax_lifetime = 10d\n" HOST_UNTHROTTLED);
	wire_close(admin);
	host_stop(&host);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	expect_answer(admin, make_until(red, "key", now + 20 * DAY, &key), ANSWER_NOT_PERMITTED, "10d");
	expect_answer(admin, make_until("default", "key", TIME_NEVER, &key), ANSWER_NOT_PERMITTED, "10d");
	expect_answer(admin,
		      create(admin,
			     &(struct message_key_create){
				     .account = "acme", .owner = "bob", .name = "key", .expires = TIME_NEVER },
			     &key),
		      ANSWER_NOT_PERMITTED, "keys of an account");
	expect_answer(admin, make_until(red, "key", 0, &key), ANSWER_OK, NULL);
	expect_end(&key, now, 10 * DAY);
	expect_answer(admin, set(NULL, red, wire_texts("max_lifetime=never", NULL), &entry), ANSWER_OK, NULL);
	expect_in_force(red, "max_lifetime=never");
	expect_in_force(blue, "max_lifetime=10d");
	expect_answer(admin, make_until(red, "far", TIME_NEVER, &key), ANSWER_OK, NULL);
}
END_TEST

START_TEST(an_import_is_bound_too)
{
	static const char *const secrets[] = { "0123456789abcdef-1", "0123456789abcdef-2", "0123456789abcdef-3" };
	struct message_import_key keys[] = {
		{ .name = "a", .owner = "bob", .secret = secrets[0], .tenant = blue, .expires = TIME_NEVER },
		{ .name = "b", .owner = "bob", .secret = secrets[1], .tenant = blue },
		{ .name = "c", .owner = "bob", .secret = secrets[2], .tenant = red, .expires = TIME_NEVER },
	};
	static const uint64_t outcomes[] = { MESSAGE_IMPORT_REFUSED, MESSAGE_IMPORT_CREATED, MESSAGE_IMPORT_CREATED };
	struct message_key_import request = { .keys = { .count = ARRAY_SIZE(keys), .items = keys } };
	struct message_tenant_entry entry;
	struct message_key_imported reply;
	struct message_import_result result;
	struct message_key key;
	int64_t now = clock_wall_seconds();

	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=30d", NULL), &entry), ANSWER_OK, NULL);
	expect_answer(admin,
		      wire_ask(admin, WIRE_KEY_IMPORT, &message_key_import, &request, &message_key_imported, &reply),
		      ANSWER_OK, NULL);
	ck_assert_uint_eq(reply.results.count, ARRAY_SIZE(keys));
	for (size_t i = 0; codec_next_record(&reply.results, &message_import_result, &result); i++) {
		ck_assert_uint_eq(result.outcome, outcomes[i]);
		if (outcomes[i] == MESSAGE_IMPORT_REFUSED)
			ck_assert_ptr_nonnull(strstr(result.detail, "max_lifetime"));
	}
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "bob/b", &key), ANSWER_OK, NULL);
	expect_end(&key, now, 30 * DAY);
}
END_TEST

/* ---- what existing keys break ---- */

/* As if the secrets of a key had been made so much earlier. The daemon does not run meanwhile. */
static void age_secrets(const char *id, int64_t seconds)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	char folder[96], fault[512] = "";
	struct store *store;

	ck_assert_ptr_nonnull(key);
	wire_close(admin);
	host_stop(&host);
	snprintf(folder, sizeof(folder), "%s/state", host.folder);
	ck_assert_msg(store_open(folder, false, &store, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_find_key(store_writer(store), id, key), 0);
	for (size_t i = 0; i < key->secret_count; i++)
		key->secrets[i].created -= seconds;
	ck_assert_int_eq(store_update_key(store, key), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
	store_close(store);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static const char *login_socket(void)
{
	return geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
}

static struct message_verdict try(const struct wire_key *key)
{
	struct message_verify request = {
		.credential = key->secret, .service = host.service, .permission = "test.use", .tenant = blue
	};

	return wire_verify(&host, login_socket(), &request);
}

/* "secret age-: secret 1 is of …", or "". */
static void explain_step(const struct wire_key *key, const char *name, char *ret_text, size_t size)
{
	struct message_explain request = {
		.subject = key->secret, .service = host.service, .permission = "test.use", .tenant = blue
	};
	struct message_explanation explanation;
	struct message_step step;

	*ret_text = '\0';
	expect_answer(admin,
		      wire_ask(admin, WIRE_EXPLAIN, &message_explain, &request, &message_explanation, &explanation),
		      ANSWER_OK, NULL);
	while (codec_next_record(&explanation.steps, &message_step, &step))
		if (strcmp(step.name, name) == 0)
			snprintf(ret_text, size, "%s%c: %s", step.name, ".+-"[step.outcome],
				 step.detail ? step.detail : "");
}

static void expect_recorded(const char *detail, const char *verdict)
{
	CLEANUP_FREE char *log = host_read(&host, "log/audit.jsonl");
	char *line = log, *next, wanted[64];

	snprintf(wanted, sizeof(wanted), "\"verdict\":\"%s\"", verdict);
	for (; *line; line = next) {
		next = strchrnul(line, '\n');
		if (*next)
			*next++ = '\0';
		if (strstr(line, detail) && strstr(line, wanted) && strstr(line, "\"event\":\"verify\""))
			return;
	}
	ck_abort_msg("no record says %s and %s", detail, verdict);
}

START_TEST(a_secret_that_is_too_old_is_told_of_or_refused)
{
	struct wire_key key = make("acme", "blue", "key", "test.use");
	struct message_key_rotate again = { .key = "bob/key", .now = 1 };
	struct message_tenant_entry entry;
	struct message_key rotated;
	char text[300];

	expect_answer(admin, set(NULL, blue, wire_texts("max_secret_age=30d", NULL), &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_GRANTED);
	age_secrets(key.id, 31 * DAY);
	/* Let in, and told of. */
	ck_assert_uint_eq(try(&key).verdict, VERDICT_GRANTED);
	expect_recorded("older than max_secret_age", "granted");
	explain_step(&key, "secret age", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "age+: secret 1 is of 20"));
	ck_assert_ptr_nonnull(strstr(text, "max_secret_age is 30d: broken, and let in"));

	expect_answer(admin, set(NULL, blue, wire_texts("on_violation=refuse", NULL), &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_DENIED);
	expect_recorded("older than max_secret_age", "denied");
	explain_step(&key, "secret age", text, sizeof(text));
	ck_assert_ptr_nonnull(strstr(text, "age-: secret 1 is of 20"));
	ck_assert_ptr_null(strstr(text, "broken"));
	explain_step(&key, "tenant", text, sizeof(text));
	ck_assert_str_eq(text, "tenant.: ");

	/* A new secret is not too old; and neither is the old one where the rule is taken back. */
	expect_answer(admin, rotate(admin, &again, &rotated), ANSWER_OK, NULL);
	snprintf(key.secret, sizeof(key.secret), "%s", rotated.secret);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_GRANTED);
	age_secrets(key.id, 31 * DAY);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_DENIED);
	expect_answer(admin, set(NULL, blue, wire_texts("max_secret_age=", NULL), &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_GRANTED);
}
END_TEST

/* In the account phase and at admin.sock, too. */
START_TEST(refused_is_refused_everywhere)
{
	struct wire_key key = make("acme", "blue", "key", "apikeyd.*");
	struct message_verify login = {
		.credential = key.secret, .service = host.service, .permission = "apikeyd.x", .tenant = blue
	};
	struct message_account account = { .service = host.service, .permission = "apikeyd.x", .tenant = blue };
	struct message_token_issue issue = { .proof = key.secret };
	struct message_tenant_entry entry;
	struct message_verdict verdict;
	struct message_token token;
	struct message_key shown;
	char handle[WIRE_HANDLE_MAX + 1];

	age_secrets(key.id, 31 * DAY);
	verdict = wire_verify(&host, login_socket(), &login);
	ck_assert_uint_eq(verdict.verdict, VERDICT_GRANTED);
	snprintf(handle, sizeof(handle), "%s", verdict.handle);
	account.handle = handle;
	ck_assert_uint_eq(wire_account(&host, login_socket(), &account).verdict, VERDICT_GRANTED);
	expect_answer(admin, set(NULL, blue, wire_texts("max_secret_age=30d", "on_violation=refuse", NULL), &entry),
		      ANSWER_OK, NULL);
	ck_assert_uint_eq(wire_account(&host, login_socket(), &account).verdict, VERDICT_DENIED);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, key.secret, key.id, &shown), ANSWER_BAD_CREDENTIAL, NULL);
	expect_answer(admin, wire_ask(admin, WIRE_TOKEN_ISSUE, &message_token_issue, &issue, &message_token, &token),
		      ANSWER_BAD_CREDENTIAL, "new secret");
}
END_TEST

START_TEST(an_end_that_is_too_far_is_told_of_or_refused)
{
	struct wire_key key = make("acme", "blue", "key", "test.use");
	struct message_tenant_entry entry;
	struct message_key changed;
	char text[300];

	expect_answer(admin, set(NULL, blue, wire_texts("max_lifetime=30d", NULL), &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_GRANTED);
	expect_recorded("max_lifetime allows", "granted");
	explain_step(&key, "lifetime", text, sizeof(text));
	ck_assert_str_eq(text, "lifetime+: expires never; max_lifetime is 30d from now: broken, and let in, since "
			       "on_violation is report");
	expect_answer(admin, set(NULL, blue, wire_texts("on_violation=refuse", NULL), &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_DENIED);
	expect_recorded("max_lifetime allows", "denied");
	explain_step(&key, "lifetime", text, sizeof(text));
	ck_assert_str_eq(text, "lifetime-: expires never; max_lifetime is 30d from now");
	expect_answer(admin, prolong(key.id, 0, &changed), ANSWER_OK, NULL);
	ck_assert_uint_eq(try(&key).verdict, VERDICT_GRANTED);
	/* It is not of another tenant. */
	key = make("acme", "red", "key", "test.use");
	explain_step(&key, "lifetime", text, sizeof(text));
	ck_assert_str_eq(text, "lifetime.: ");
}
END_TEST

/* ---- warnings ---- */

static void start_again(void)
{
	wire_close(admin);
	host_stop(&host);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

/* The walk of this day is done, and what it has to tell is told. */
static void wait_for_walk(void)
{
	int64_t end = milliseconds() + 60000;

	while (host_store_number(&host, "SELECT number FROM meta WHERE name = 'warned_day'") <
	       clock_wall_seconds() / DAY) {
		ck_assert_int_lt(milliseconds(), end);
		usleep(10000);
	}
}

static size_t count_output(const char *text)
{
	CLEANUP_FREE char *output = host_read(&host, "output");
	size_t count = 0;

	for (const char *at = output; (at = strstr(at, text)); at++)
		count++;
	return count;
}

START_TEST(what_is_due_is_warned_of_once_a_day)
{
	int64_t day = clock_wall_seconds() / DAY, now = clock_wall_seconds();
	struct message_tenant_entry entry;
	struct message_key key;
	char soon[16], text[64];

	/* Today is walked before they are there. */
	wait_for_walk();
	expect_answer(admin, make_until(blue, "soon", now + 5 * DAY, &key), ANSWER_OK, NULL);
	snprintf(soon, sizeof(soon), "%s", key.id);
	ck_assert_uint_eq(key.due.count, 1);
	ck_assert_ptr_nonnull(strstr(key.due.items[0], "expires at 20"));
	expect_answer(admin, make_until(blue, "later", now + 50 * DAY, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(key.due.count, 0);
	expect_answer(admin, make_until(red, "quiet", now + 5 * DAY, &key), ANSWER_OK, NULL);
	expect_answer(admin, set(NULL, red, wire_texts("warn_before=1d", NULL), &entry), ANSWER_OK, NULL);

	host_store_run(&host, "UPDATE meta SET number = 0 WHERE name = 'warned_day'");
	start_again();
	snprintf(text, sizeof(text), "key %s (bob/soon): expires at", soon);
	host_expect_output(&host, text);
	wait_for_walk();
	ck_assert_uint_eq(count_output("(bob/later)"), 0);
	ck_assert_uint_eq(count_output("(bob/quiet)"), 0);
	/* Neither another start nor a walk that was cut short tells of it again. */
	start_again();
	host_store_run(&host, "UPDATE meta SET number = 0 WHERE name = 'warned_day'");
	start_again();
	wait_for_walk();
	host_stop(&host);
	if (clock_wall_seconds() / DAY == day)
		ck_assert_uint_eq(count_output("bob/soon"), 1);
	host_start(&host);
}
END_TEST

/* More than there are events for, and than one step looks at: the rest is told of as a number. */
START_TEST(very_many_are_told_of_as_a_number)
{
	static struct message_import_key keys[400];
	static char names[400][16], secrets[400][32];
	struct message_key_import request = { .keys = { .count = ARRAY_SIZE(keys), .items = keys } };
	struct message_key_imported reply;
	int64_t day = clock_wall_seconds() / DAY;

	wait_for_walk();
	for (int part = 0; part < 2; part++) {
		for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
			snprintf(names[i], sizeof(names[i]), "key-%d-%zu", part, i);
			snprintf(secrets[i], sizeof(secrets[i]), "0123456789abcdef-%d-%zu", part, i);
			keys[i] = (struct message_import_key){
				.name = names[i], .owner = "bob", .secret = secrets[i], .expires = day * DAY + 2 * DAY
			};
		}
		expect_answer(
			admin,
			wire_ask(admin, WIRE_KEY_IMPORT, &message_key_import, &request, &message_key_imported, &reply),
			ANSWER_OK, NULL);
		ck_assert_uint_eq(reply.results.count, ARRAY_SIZE(keys));
	}
	host_store_run(&host, "UPDATE meta SET number = 0 WHERE name = 'warned_day'");
	start_again();
	wait_for_walk();
	host_stop(&host);
	if (clock_wall_seconds() / DAY == day) {
		ck_assert_uint_eq(count_output("(bob/key-"), 500);
		ck_assert_uint_eq(count_output("about 300 more keys"), 1);
	}
	host_start(&host);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-policies");
	TCase *tenants = tcase_create("tenants");
	TCase *ends = tcase_create("ends");
	TCase *violations = tcase_create("violations");
	TCase *warnings = tcase_create("warnings");

	tcase_set_timeout(tenants, 60);
	tcase_add_checked_fixture(tenants, setup, teardown);
	tcase_add_test(tenants, administrators_set_them_and_take_them_back);
	tcase_add_loop_test(tenants, what_is_none_changes_nothing, 0, 9);
	tcase_add_test(tenants, keys_set_none);
	suite_add_tcase(suite, tenants);

	tcase_set_timeout(ends, 60);
	tcase_add_checked_fixture(ends, setup, teardown);
	tcase_add_test(ends, no_key_ends_later_than_its_tenant_allows);
	tcase_add_test(ends, the_file_holds_where_a_tenant_has_none);
	tcase_add_test(ends, an_import_is_bound_too);
	suite_add_tcase(suite, ends);

	tcase_set_timeout(violations, 60);
	tcase_add_checked_fixture(violations, setup, teardown);
	tcase_add_test(violations, a_secret_that_is_too_old_is_told_of_or_refused);
	tcase_add_test(violations, refused_is_refused_everywhere);
	tcase_add_test(violations, an_end_that_is_too_far_is_told_of_or_refused);
	suite_add_tcase(suite, violations);

	tcase_set_timeout(warnings, 120);
	tcase_add_checked_fixture(warnings, setup, teardown);
	tcase_add_test(warnings, what_is_due_is_warned_of_once_a_day);
	tcase_add_test(warnings, very_many_are_told_of_as_a_number);
	suite_add_tcase(suite, warnings);
	return suite_run(suite);
}
