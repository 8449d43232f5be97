/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Accounts and tenants in the real daemon: their names, and those of their keys; that services get the keys of their
 * tenant alone; and that the keys of what is deleted stop at once, however many there are.
 */
#include <check.h>
#include <signal.h>

#include "common/clock.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/tenant-host.h"
#include "tests/suite.h"

/* A name that another tenant's key has is free. */
START_TEST(names_are_a_tenants_own)
{
	struct wire_key boss = make("acme", "acme/blue", "boss", "apikeyd.*");
	struct wire_key red_key = make("acme", "acme/red", "laptop", "test.use");
	struct message_key_create request = { .credential = boss.secret, .name = "laptop", .expires = TIME_NEVER };
	struct message_key_update change = {
		.credential = boss.secret, .key = "bob/laptop", .changes = MESSAGE_CHANGE_NAME, .name = "boss"
	};
	struct message_key key;
	char id[16];

	expect_answer(admin, create(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.tenant, blue);
	snprintf(id, sizeof(id), "%s", key.id);
	expect_answer(admin, create(admin, &request, &key), ANSWER_EXISTS, "laptop");
	expect_answer(admin, update(admin, &change, &key), ANSWER_EXISTS, "boss");
	/* Each names its own by it; who reaches both is asked which. */
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, boss.secret, "bob/laptop", &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.id, id);
	expect_answer(admin, refer(admin, WIRE_KEY_DELETE, NULL, "bob/laptop", &key), ANSWER_INVALID, id);
	expect_answer(admin, refer(admin, WIRE_KEY_DELETE, NULL, "bob/laptop", &key), ANSWER_INVALID, red_key.id);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, red_key.id, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.tenant, red);
}
END_TEST

/* ---- roles for keys of an account ---- */

/* Where a key comes to be that is to hold account-admin, by who makes it and what they say of the place. */
START_TEST(a_role_makes_a_key_of_an_account)
{
	struct wire_key account_key = make("acme", NULL, "boss", "apikeyd.*");
	struct wire_key tenant_key = make("acme", "blue", "boss", "apikeyd.*");
	const struct {
		const char *credential, *account, *tenant;
		enum answer answer;
		const char *made_in; /* an account; or what the answer says */
	} cases[] = {
		{ NULL, NULL, NULL, ANSWER_OK, "default" },
		{ NULL, "acme", NULL, ANSWER_OK, acme },
		{ NULL, NULL, "default", ANSWER_INVALID, "for keys of an account" },
		{ NULL, "acme", "red", ANSWER_INVALID, "for keys of an account" },
		{ account_key.secret, NULL, NULL, ANSWER_OK, acme },
		{ account_key.secret, "acme", NULL, ANSWER_OK, acme },
		{ account_key.secret, NULL, "red", ANSWER_INVALID, "for keys of an account" },
		{ account_key.secret, "beta", NULL, ANSWER_NOT_FOUND, "not yours to see" },
		{ tenant_key.secret, NULL, NULL, ANSWER_INVALID, "for keys of an account" },
		{ tenant_key.secret, NULL, "blue", ANSWER_INVALID, "for keys of an account" },
		{ tenant_key.secret, "acme", NULL, ANSWER_NOT_PERMITTED, "of its tenant alone" },
	};
	struct message_key_update change = { .changes = MESSAGE_CHANGE_ROLES };
	struct message_key key;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char name[32];
		struct message_key_create request = { .credential = cases[i].credential,
						      .name = name,
						      .owner = "bob",
						      .expires = TIME_NEVER,
						      .account = cases[i].account,
						      .tenant = cases[i].tenant };

		snprintf(name, sizeof(name), "chief-%zu", i);
		request.roles = wire_texts("account-tenant-read", "account-admin", NULL);
		expect_answer(admin, create(admin, &request, &key), cases[i].answer,
			      cases[i].answer == ANSWER_OK ? NULL : cases[i].made_in);
		if (cases[i].answer == ANSWER_OK) {
			ck_assert_str_eq(key.account, cases[i].made_in);
			ck_assert_ptr_null(key.tenant);
		}
	}
	/* A key that is there already stays where it is. */
	change.key = tenant_key.id;
	change.roles = wire_texts("account-admin", NULL);
	expect_answer(admin, update(admin, &change, &key), ANSWER_INVALID, "for keys of an account");
}
END_TEST

static enum answer change_role(uint16_t type, const char *credential)
{
	struct message_role_change request = { .credential = credential,
					       .name = "shared",
					       .permissions = wire_texts("test.use", NULL) };
	struct message_role role;

	return wire_ask(admin, type, &message_role_change, &request, &message_role, &role);
}

static enum answer refer_role(uint16_t type, const char *credential, struct message_role *ret_role)
{
	struct message_role_reference request = { .credential = credential, .name = "shared" };

	return wire_ask(admin, type, &message_role_reference, &request, &message_role, ret_role);
}

/* Keys that hold all it takes, and where they belong. */
static const struct {
	const char *account, *tenant;
	bool may;
} editors[] = {
	{ NULL, NULL, true },    { "default", NULL, true },    { NULL, "green", false },
	{ "acme", NULL, false }, { NULL, "acme/blue", false },
};

START_TEST(roles_are_changed_from_the_default_tenant_alone)
{
	struct message_key_create held = { .name = "held", .owner = "bob", .expires = TIME_NEVER, .tenant = far };
	enum answer wanted = editors[_i].may ? ANSWER_OK : ANSWER_NOT_PERMITTED;
	struct wire_key editor, other;
	struct message_role role;
	struct message_key key;
	char room[ID_SIZE];

	ck_assert_int_eq(ask_tenant(admin, NULL, NULL, "green", room), ANSWER_OK);
	editor = make(editors[_i].account, editors[_i].tenant, "editor", "*");
	other = make("beta", NULL, "other", "*");
	expect_answer(admin, change_role(WIRE_ROLE_CREATE, editor.secret), wanted, NULL);
	if (!editors[_i].may)
		expect_answer(admin, change_role(WIRE_ROLE_CREATE, NULL), ANSWER_OK, NULL);
	expect_answer(admin, change_role(WIRE_ROLE_UPDATE, editor.secret), wanted, NULL);
	/* How many keys of others hold it is not told, nor which key made it. */
	held.roles = wire_texts("shared", NULL);
	expect_answer(admin, create(admin, &held, &key), ANSWER_OK, NULL);
	if (editors[_i].may)
		expect_answer(admin, refer_role(WIRE_ROLE_DELETE, editor.secret, &role), ANSWER_WRONG_STATE,
			      "some keys hold");
	expect_answer(admin, refer_role(WIRE_ROLE_SHOW, other.secret, &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.keys_known, 0);
	ck_assert_int_eq(role.created_by == NULL, editors[_i].may);
	expect_answer(admin, refer_role(WIRE_ROLE_SHOW, NULL, &role), ANSWER_OK, NULL);
	ck_assert_uint_eq(role.keys, 1);
	ck_assert_ptr_nonnull(role.created_by);
	expect_answer(admin, refer(admin, WIRE_KEY_DELETE, NULL, "bob/held", &key), ANSWER_OK, NULL);
	expect_answer(admin, refer_role(WIRE_ROLE_DELETE, editor.secret, &role), wanted, NULL);
}
END_TEST

/* ---- names of accounts and tenants ---- */

START_TEST(names_are_checked)
{
	static char long_name[WIRE_NAME_MAX + 1];
	static const struct {
		const char *name;
		enum answer answer;
		const char *detail;
	} names[] = {
		{ "Zoë & Co", ANSWER_OK, NULL },
		{ long_name, ANSWER_OK, NULL },
		{ "acme", ANSWER_EXISTS, "acme" },
		{ "default", ANSWER_INVALID, "is an id" },
		{ NOBODYS_TENANT, ANSWER_INVALID, "is an id" },
		{ "a/b", ANSWER_INVALID, "without '/'" },
		{ "a\nb", ANSWER_INVALID, "control" },
		{ "a\xff", ANSWER_INVALID, "UTF-8" },
		{ "ak_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUV000000", ANSWER_INVALID, "looks like a key" },
	};
	char room[ID_SIZE];

	memset(long_name, 'a', sizeof(long_name) - 1);
	ck_assert_int_eq(ask_tenant(admin, NULL, NULL, "acme", room), ANSWER_OK);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		expect_answer(admin, ask_account(admin, NULL, names[i].name, room), names[i].answer, names[i].detail);
		expect_answer(admin, ask_tenant(admin, NULL, NULL, names[i].name, room), names[i].answer,
			      names[i].detail);
	}
}
END_TEST

START_TEST(the_default_ones_stay)
{
	struct message_tenant_entry tenant;
	struct message_account_entry account;

	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, NULL, "default", true, &tenant),
		      ANSWER_WRONG_STATE, "cannot be deleted");
	expect_answer(admin, refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, "default", true, &account),
		      ANSWER_WRONG_STATE, "cannot be deleted");
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, NULL, "default", false, &tenant), ANSWER_OK, NULL);
	ck_assert_str_eq(tenant.account, "default");
}
END_TEST

/* ---- services ---- */

static enum verdict verify_in(const struct wire_key *key, const char *tenant)
{
	struct message_verify request = {
		.credential = key->secret, .service = host.service, .permission = "test.use", .tenant = tenant
	};

	return (enum verdict)wire_verify(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET, &request)
		.verdict;
}

START_TEST(a_service_gets_the_keys_of_its_tenant)
{
	struct wire_key keys[] = { make(NULL, NULL, "k", "test.use"), make("acme", "blue", "k", "test.use"),
				   make("acme", NULL, "k", "test.use"), make("beta", "blue", "k", "test.use") };
	const struct {
		const char *tenant;
		const char *granted; /* '+' for each key */
	} cases[] = {
		{ NULL, "+---" },        { "default", "+---" },
		{ blue, "-+--" },        { "acme/blue", "-+--" },
		{ "beta/blue", "---+" }, { far, "---+" },
		{ "blue", "----" },      { "acme/red", "----" },
		{ "acme/", "----" },     { "acme", "----" },
		{ acme, "----" },        { "/blue", "----" },
		{ "nobody", "----" },    { NOBODYS_TENANT, "----" },
		{ "a/b/c", "----" },     { "default/default", "+---" },
	};
	char room[ID_SIZE];

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		for (size_t k = 0; k < ARRAY_SIZE(keys); k++)
			ck_assert_msg((verify_in(&keys[k], cases[i].tenant) == VERDICT_GRANTED) ==
					      (cases[i].granted[k] == '+'),
				      "key %zu for tenant %s", k, cases[i].tenant ? cases[i].tenant : "unsaid");
	/* A name alone is one of the account default, whatever others call theirs. */
	ck_assert_int_eq(ask_tenant(admin, NULL, NULL, "blue", room), ANSWER_OK);
	keys[0] = make(NULL, "blue", "k", "test.use");
	ck_assert_int_eq(verify_in(&keys[0], "blue"), VERDICT_GRANTED);
	ck_assert_int_eq(verify_in(&keys[1], "blue"), VERDICT_DENIED);
	ck_assert_int_eq(verify_in(&keys[0], NULL), VERDICT_DENIED);
}
END_TEST

/* ---- deletion ---- */

#define MANY 600 /* more than are removed in two steps */

static void make_many(const char *account, const char *tenant)
{
	for (unsigned int i = 0; i < MANY; i++) {
		char name[32];
		struct message_key_create request = {
			.owner = "bob", .name = name, .expires = TIME_NEVER, .account = account, .tenant = tenant
		};

		snprintf(name, sizeof(name), "many-%u", i);
		wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &request);
		ck_assert(wire_receive(admin));
		ck_assert_int_eq(admin->packet[6] << 8 | admin->packet[7], WIRE_KEY_CREATE | WIRE_REPLY);
	}
}

/* Waits until no key is left but so many. */
static void expect_keys(uint64_t count)
{
	int64_t until = milliseconds() + 60000;

	while (host_number(&host, "keys.active") != count) {
		if (milliseconds() > until)
			fail("%ju keys are left instead of %ju", (uintmax_t)host_number(&host, "keys.active"),
			     (uintmax_t)count);
		usleep(20000);
	}
}

/* What was swept is recorded a moment later. */
static void expect_records(const char *event, size_t count)
{
	int64_t until = milliseconds() + 60000;
	size_t seen;

	while ((seen = host_count_records(&host, event, "")) != count) {
		if (milliseconds() > until)
			fail("of %s there are %zu records instead of %zu", event, seen, count);
		usleep(20000);
	}
}

static void expect_gone(const struct wire_key *key, const char *tenant)
{
	struct message_key shown;

	ck_assert_int_eq(verify_in(key, tenant), VERDICT_DENIED);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, key->id, &shown), ANSWER_NOT_FOUND, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, key->secret, key->id, &shown), ANSWER_BAD_CREDENTIAL, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, "bob/k", &shown), ANSWER_NOT_FOUND, NULL);
}

static void restart(void)
{
	wire_close(admin);
	host_end(&host, SIGKILL);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void expect_whole(void)
{
	struct message_status request = { .credential = NULL };
	struct message_item item;

	expect_answer(admin, wire_ask(admin, WIRE_STORE_CHECK, &message_status, &request, &message_item, &item),
		      ANSWER_OK, NULL);
}

/* With a kill of the daemon right behind the answer, or without. */
START_TEST(keys_of_a_deleted_tenant_stop_at_once)
{
	struct wire_key key = make("acme", "blue", "k", "test.use"), other = make("acme", "red", "other", "test.use");
	struct message_tenant_entry entry;
	char again[ID_SIZE];

	make_many(NULL, blue);
	ck_assert_int_eq(verify_in(&key, blue), VERDICT_GRANTED);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, NULL, blue, false, &entry), ANSWER_WRONG_STATE,
		      "still has keys (601)");
	ck_assert_int_eq(verify_in(&key, blue), VERDICT_GRANTED);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, NULL, blue, true, &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(entry.keys, MANY + 1);
	if (_i == 1)
		restart();
	expect_gone(&key, blue);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, NULL, blue, false, &entry), ANSWER_NOT_FOUND, NULL);
	/* Its name is free, and nothing of it lives on in what gets it. */
	ck_assert_int_eq(ask_tenant(admin, NULL, "acme", "blue", again), ANSWER_OK);
	ck_assert_str_ne(again, blue);
	ck_assert_int_eq(verify_in(&key, "acme/blue"), VERDICT_DENIED);
	ck_assert_int_eq(verify_in(&other, "acme/red"), VERDICT_GRANTED);
	expect_keys(1);
	expect_gone(&key, blue);
	expect_whole();
	expect_records("\"event\":\"key_delete\"", MANY + 1);
	expect_records("\"event\":\"tenant_delete\"", 1);
}
END_TEST

START_TEST(a_deleted_account_takes_its_tenants_along)
{
	struct wire_key account_key = make("acme", NULL, "k", "apikeyd.*");
	struct wire_key tenant_key = make("acme", "red", "other", "test.use");
	struct wire_key far_key = make("beta", "blue", "far", "test.use");
	struct message_account_entry entry;
	struct message_tenant_entry tenant;

	make_many(acme, NULL);
	expect_answer(admin, refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, "acme", false, &entry), ANSWER_WRONG_STATE,
		      "still has keys (602)");
	expect_answer(admin, refer_account(admin, WIRE_ACCOUNT_DELETE, NULL, "acme", true, &entry), ANSWER_OK, NULL);
	ck_assert_uint_eq(entry.keys, MANY + 2);
	ck_assert_uint_eq(entry.tenants, 2);
	if (_i == 1)
		restart();
	expect_gone(&account_key, NULL);
	expect_gone(&tenant_key, red);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_SHOW, NULL, red, false, &tenant), ANSWER_NOT_FOUND, NULL);
	ck_assert_int_eq(verify_in(&far_key, far), VERDICT_GRANTED);
	expect_keys(1);
	expect_whole();
	/* Its tenants last, each with its record. */
	expect_records("\"event\":\"tenant_delete\"", 2);
}
END_TEST

/* A key that may change tenants, and no keys, ends none with its tenant. */
START_TEST(keys_do_not_go_by_the_way)
{
	struct wire_key boss = make("acme", NULL, "boss", "apikeyd.tenants.write");
	struct wire_key key = make("acme", "blue", "k", "test.use");
	struct message_tenant_entry entry;

	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, boss.secret, "blue", false, &entry),
		      ANSWER_WRONG_STATE, "still has keys (1)");
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, boss.secret, "blue", true, &entry),
		      ANSWER_NOT_PERMITTED, "apikeyd.keys.write");
	ck_assert_int_eq(verify_in(&key, blue), VERDICT_GRANTED);
	expect_answer(admin, refer_tenant(admin, WIRE_TENANT_DELETE, boss.secret, "red", false, &entry), ANSWER_OK,
		      NULL);
}
END_TEST

/* ---- lists ---- */

/* Whoever asks, the thread that serves it, and for a deletion all that is to be written, wait for the count. */
START_TEST(keys_are_counted_no_further_than_is_told)
{
	struct message_tenant_entry tenant;
	struct message_account_entry account;
	char sql[1024];

	make(acme, blue, "first", "test.use");
	snprintf(sql, sizeof(sql),
		 "BEGIN IMMEDIATE;"
		 "CREATE TEMP TABLE copy AS SELECT * FROM key WHERE name = 'first';"
		 "INSERT INTO key SELECT printf('%%012d', n), state, kind, test, not_before, expires, secrets, owner,"
		 " tenant, account, users, permissions, roles, sources, printf('%%06d', n), owner_uid, created,"
		 " created_by, state_reason, labels, exclusive, max_uses, state_since, client_side FROM copy,"
		 " (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c);"
		 "UPDATE tally SET keys = keys + %d WHERE state = 1; COMMIT",
		 MESSAGE_COUNTED_MOST, MESSAGE_COUNTED_MOST);
	host_store_run(&host, sql);
	ck_assert_int_eq(refer_tenant(admin, WIRE_TENANT_SHOW, NULL, blue, false, &tenant), ANSWER_OK);
	ck_assert_uint_eq(tenant.keys, MESSAGE_COUNTED_MOST);
	ck_assert_int_eq(refer_account(admin, WIRE_ACCOUNT_SHOW, NULL, acme, false, &account), ANSWER_OK);
	ck_assert_uint_eq(account.keys, MESSAGE_COUNTED_MOST);
	ck_assert_uint_eq(account.tenants, 2);
	/* As many as one list looks at: 10 ms and less. */
	ck_assert_uint_le(MESSAGE_COUNTED_MOST, 1000);
	ck_assert_int_eq(refer_tenant(admin, WIRE_TENANT_DELETE, NULL, blue, false, &tenant), ANSWER_WRONG_STATE);
	ck_assert_ptr_nonnull(strstr(admin->detail, "or more"));
	ck_assert_int_eq(refer_tenant(admin, WIRE_TENANT_DELETE, NULL, blue, true, &tenant), ANSWER_OK);
	ck_assert_uint_eq(tenant.keys, MESSAGE_COUNTED_MOST);
}
END_TEST

START_TEST(lists_go_on_by_cursor)
{
	struct message_key_list request = { .limit = 1, .owner = "bob" };
	char cursor[WIRE_CURSOR_MAX + 1] = "", seen[8][16];
	struct wire_key keys[] = { make(NULL, NULL, "same", "test.use"),     make("acme", "blue", "same", "test.use"),
				   make("acme", "red", "same", "test.use"),  make("acme", NULL, "same", "test.use"),
				   make("beta", "blue", "same", "test.use"), make("beta", NULL, "zzz", "test.use") };
	size_t count = 0;

	/* For an administrator, for one tenant, and for an account. */
	for (int round = 0; round < 3; round++) {
		static const size_t counts[] = { 6, 1, 3 };

		count = 0;
		*cursor = '\0';
		request.account = round == 0 ? NULL : "acme";
		request.tenant = round == 1 ? "red" : NULL;
		do {
			struct message_key_page page;
			struct message_key key;

			request.cursor = *cursor ? cursor : NULL;
			expect_answer(
				admin,
				wire_ask(admin, WIRE_KEY_LIST, &message_key_list, &request, &message_key_page, &page),
				ANSWER_OK, NULL);
			while (codec_next_record(&page.keys, &message_key, &key)) {
				ck_assert_uint_lt(count, ARRAY_SIZE(seen));
				for (size_t i = 0; i < count; i++)
					ck_assert_str_ne(seen[i], key.id);
				snprintf(seen[count++], sizeof(seen[0]), "%s", key.id);
			}
			snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
		} while (*cursor);
		ck_assert_uint_eq(count, counts[round]);
	}
	(void)keys;
}
END_TEST

/* More than fit on a page. */
START_TEST(tenants_are_listed_in_pages)
{
	struct message_tenant_list request = { .account = "beta" };
	char cursor[WIRE_CURSOR_MAX + 1] = "", last[WIRE_NAME_MAX + 1] = "", room[ID_SIZE];
	size_t count = 0, pages = 0;

	for (int i = 0; i < 150; i++) {
		char name[16];

		snprintf(name, sizeof(name), "t%d", i);
		ck_assert_int_eq(ask_tenant(admin, NULL, "beta", name, room), ANSWER_OK);
	}
	do {
		struct message_tenant_page page;
		struct message_tenant_entry entry;

		request.cursor = *cursor ? cursor : NULL;
		ck_assert_int_eq(
			wire_ask(admin, WIRE_TENANT_LIST, &message_tenant_list, &request, &message_tenant_page, &page),
			ANSWER_OK);
		while (codec_next_record(&page.tenants, &message_tenant_entry, &entry)) {
			ck_assert_int_lt(strcmp(last, entry.name), 0);
			ck_assert_str_eq(entry.account, beta);
			ck_assert_str_eq(entry.account_name, "beta");
			strcpy(last, entry.name);
			count++;
		}
		snprintf(cursor, sizeof(cursor), "%s", page.cursor ? page.cursor : "");
		pages++;
	} while (*cursor);
	ck_assert_uint_eq(count, 151);
	ck_assert_uint_gt(pages, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-tenants");
	TCase *tests = tcase_create("tenants");

	tcase_set_timeout(tests, 180);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, names_are_a_tenants_own);
	tcase_add_test(tests, a_role_makes_a_key_of_an_account);
	tcase_add_loop_test(tests, roles_are_changed_from_the_default_tenant_alone, 0, ARRAY_SIZE(editors));
	tcase_add_test(tests, names_are_checked);
	tcase_add_test(tests, the_default_ones_stay);
	tcase_add_test(tests, a_service_gets_the_keys_of_its_tenant);
	tcase_add_loop_test(tests, keys_of_a_deleted_tenant_stop_at_once, 0, 2);
	tcase_add_loop_test(tests, a_deleted_account_takes_its_tenants_along, 0, 2);
	tcase_add_test(tests, keys_do_not_go_by_the_way);
	tcase_add_test(tests, keys_are_counted_no_further_than_is_told);
	tcase_add_test(tests, lists_go_on_by_cursor);
	tcase_add_test(tests, tenants_are_listed_in_pages);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
