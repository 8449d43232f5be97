/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* store: accounts and tenants, keys of them, and that one's keys are found without walking along those of others. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/scope.h"
#include "daemon/store_connection.h"
#include "daemon/sweep.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

#define ACME "11111111-1111-4111-8111-111111111111"
#define BETA "22222222-2222-4222-8222-222222222222"
#define BLUE "33333333-3333-4333-8333-333333333333"
#define RED "44444444-4444-4444-8444-444444444444"
#define FAR "55555555-5555-4555-8555-555555555555"
#define NOBODY "66666666-6666-4666-8666-666666666666"

static struct scratch scratch;

static void add_account(const char *id, const char *name)
{
	struct store_account account = { .created = 1 };

	strcpy(account.id, id);
	strcpy(account.name, name);
	strcpy(account.created_by, "uid:0");
	ck_assert_int_eq(store_insert_account(scratch.store, &account), 0);
}

static int try_tenant(const char *id, const char *account, const char *name)
{
	struct store_tenant tenant = { .created = 1, .token_lifetime = STORE_TOKEN_LIFETIME };

	strcpy(tenant.id, id);
	strcpy(tenant.name, name);
	strcpy(tenant.account, account);
	strcpy(tenant.created_by, "uid:0");
	return store_insert_tenant(scratch.store, &tenant);
}

static void add_key(unsigned int number, const char *account, const char *tenant)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));

	ck_assert_ptr_nonnull(key);
	scratch_key(key, number);
	key->account = account;
	key->tenant = tenant;
	ck_assert_int_eq(store_insert_key(scratch.store, key), 0);
}

static void setup(void)
{
	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	add_account(ACME, "acme");
	add_account(BETA, "beta");
	ck_assert_int_eq(try_tenant(BLUE, ACME, "blue"), 0);
	ck_assert_int_eq(try_tenant(RED, ACME, "red"), 0);
	ck_assert_int_eq(try_tenant(FAR, BETA, "blue"), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
}

static void teardown(void)
{
	char fault[256] = "";

	ck_assert_msg(store_check(scratch.reader, fault, sizeof(fault)) == 0, "%s", fault);
	scratch_done(&scratch);
}

static void write_one(int r)
{
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
}

START_TEST(names_and_ids_are_unique)
{
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(try_tenant(NOBODY, ACME, "blue"), -EEXIST);
	ck_assert_int_eq(try_tenant(BLUE, ACME, "other"), -EEXIST);
	ck_assert_int_eq(try_tenant(NOBODY, NOBODY, "other"), -ENOENT);
	ck_assert_int_eq(store_end_tenant(scratch.store, "default", STORE_ENDING), -EINVAL);
	ck_assert_int_eq(store_end_account(scratch.store, "default", STORE_GONE), -EINVAL);
	ck_assert_int_eq(store_end_tenant(scratch.store, NOBODY, STORE_ENDING), -ENOENT);
	store_write_abort(scratch.store);
}
END_TEST

/* What a text names, for the account "default" and for another. */
START_TEST(a_name_alone_is_one_accounts)
{
	static const struct {
		const char *text, *of_default, *of_acme;
	} cases[] = {
		{ "default", "default", "default" },
		{ "blue", NULL, BLUE },
		{ "red", NULL, RED },
		{ BLUE, BLUE, BLUE },
		{ FAR, FAR, FAR },
		{ "acme/blue", BLUE, BLUE },
		{ "beta/blue", FAR, FAR },
		{ ACME "/red", RED, RED },
		{ "acme/" BLUE, BLUE, BLUE },
		{ "beta/" BLUE, NULL, NULL },
		{ "beta/red", NULL, NULL },
		{ "nobody/blue", NULL, NULL },
		{ "acme", NULL, NULL },
		{ "acme/", NULL, NULL },
		{ "/blue", NULL, NULL },
		{ "", NULL, NULL },
		{ "a/b/c", NULL, NULL },
		{ NOBODY, NULL, NULL },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		const char *const wanted[] = { cases[i].of_default, cases[i].of_acme };

		for (size_t home = 0; home < 2; home++) {
			struct store_tenant tenant;
			int r = scope_find_tenant(scratch.reader, home == 0 ? STORE_DEFAULT_ACCOUNT : ACME,
						  cases[i].text, &tenant);

			ck_assert_int_eq(r, wanted[home] ? 0 : -ENOENT);
			if (wanted[home])
				ck_assert_str_eq(tenant.id, wanted[home]);
		}
	}
}
END_TEST

static bool count_visit(void *data, const struct store_key *key)
{
	unsigned int *counts = data;

	counts[key->ending]++;
	return true;
}

/* A tenant or an account that has ended takes its keys out of sight at once, and gives its name back. */
START_TEST(keys_end_with_what_they_belong_to)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	const struct store_filter acme = { .account = ACME };
	unsigned int counts[2] = { 0 };
	struct store_tenant tenant;
	struct store_account account;
	uint64_t keys;

	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	add_key(1, ACME, BLUE);
	add_key(2, ACME, RED);
	add_key(3, ACME, "");
	write_one(0);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1, id), key), 0);
	ck_assert_int_eq(store_next_ending_tenant(scratch.reader, &tenant), -ENOENT);

	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	write_one(store_end_tenant(scratch.store, BLUE, STORE_ENDING));
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1, id), key), -ENOENT);
	ck_assert_int_eq(store_find_key_named(scratch.reader, NULL, "alice", "key-00001", key), -ENOENT);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(2, id), key), 0);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(3, id), key), 0);
	ck_assert_int_eq(store_find_tenant(scratch.reader, BLUE, &tenant), -ENOENT);
	ck_assert_int_eq(store_find_tenant_named(scratch.reader, ACME, "blue", &tenant), -ENOENT);
	ck_assert_int_eq(store_next_ending_tenant(scratch.reader, &tenant), 0);
	ck_assert_str_eq(tenant.id, BLUE);
	ck_assert_int_eq(store_list_keys(scratch.reader, &acme, NULL, count_visit, counts), 0);
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_uint_eq(counts[1], 1);
	ck_assert_int_eq(store_count_scope(scratch.reader, ACME, NULL, 100, &keys), 0);
	ck_assert_uint_eq(keys, 3);
	ck_assert_int_eq(store_count_scope(scratch.reader, ACME, NULL, 2, &keys), 0);
	ck_assert_uint_eq(keys, 2);
	ck_assert_int_eq(store_count_scope(scratch.reader, ACME, "", 100, &keys), 0);
	ck_assert_uint_eq(keys, 1);

	/* The name is free, the id is not; and there is no way back. */
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(try_tenant(BLUE, ACME, "blue"), -EEXIST);
	ck_assert_int_eq(try_tenant(NOBODY, ACME, "blue"), 0);
	ck_assert_int_eq(store_end_tenant(scratch.store, BLUE, STORE_ENDING), -ENOENT);
	ck_assert_int_eq(store_update_tenant(scratch.store, &tenant), -ENOENT);
	write_one(store_end_account(scratch.store, ACME, STORE_ENDING));
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(2, id), key), -ENOENT);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(3, id), key), -ENOENT);
	ck_assert_int_eq(store_find_tenant(scratch.reader, RED, &tenant), -ENOENT);
	ck_assert_int_eq(store_find_account_named(scratch.reader, "acme", &account), -ENOENT);
	ck_assert_int_eq(store_next_ending_account(scratch.reader, &account), 0);
	ck_assert_str_eq(account.id, ACME);
}
END_TEST

/* How long it takes does not tell how many keys others have, or whether they have one of a name. */
START_TEST(others_keys_are_not_walked_along)
{
	static const struct {
		enum store_read which;
		struct store_filter filter;
	} walks[] = {
		{ READ_LIST_TENANT, { .account = ACME, .tenant = BLUE } },
		{ READ_LIST_TENANT_OWNER, { .account = ACME, .tenant = BLUE, .owner = "alice" } },
		{ READ_LIST_ACCOUNT, { .account = ACME } },
		{ READ_LIST_TENANT, { .account = "default", .tenant = "default" } },
		{ READ_KEY_NAMED_TENANT, { .account = ACME, .tenant = BLUE, .owner = "alice", .name = "key-00001" } },
		{ READ_KEY_NAMED_ACCOUNT, { .account = ACME, .owner = "alice", .name = "key-00001" } },
	};
	sqlite3_stmt *statement = scratch.reader->statements[walks[_i].which];
	int steps[2];

	for (unsigned int i = 0; i < 2; i++) {
		unsigned int counts[2] = { 0 };

		/* One, and a hundred more. */
		ck_assert_int_eq(store_write_begin(scratch.store), 0);
		for (unsigned int number = 1; number <= (i == 0 ? 1 : 100); number++)
			add_key(number + i, BETA, number % 2 ? FAR : "");
		write_one(0);
		sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
		ck_assert_int_eq(store_list_keys(scratch.reader, &walks[_i].filter, NULL, count_visit, counts), 0);
		ck_assert_uint_eq(counts[0] + counts[1], 0);
		steps[i] = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
	}
	ck_assert_int_gt(steps[0], 0);
	ck_assert_int_eq(steps[0], steps[1]);
}
END_TEST

/* Since the last call. An account's keys are walked by two statements. */
static int steps_taken(enum store_read which)
{
	int steps = sqlite3_stmt_status(scratch.reader->statements[which], SQLITE_STMTSTATUS_VM_STEP, 1);

	if (which == READ_LIST_ACCOUNT)
		steps +=
			sqlite3_stmt_status(scratch.reader->statements[READ_LIST_TENANT], SQLITE_STMTSTATUS_VM_STEP, 1);
	return steps;
}

/* A page of a long list begins where the one before ended, and does not walk there. */
START_TEST(pages_begin_where_they_are)
{
	static const struct {
		enum store_read which;
		struct store_filter filter;
	} walks[] = {
		{ READ_LIST, { .owner = NULL } },
		{ READ_LIST_OWNER, { .owner = "alice" } },
		{ READ_LIST_TENANT, { .account = ACME, .tenant = BLUE } },
		{ READ_LIST_ACCOUNT, { .account = ACME } },
	};
	struct store_position near = { .owner = "alice", .name = "key-00000", .account = ACME, .tenant = BLUE };
	struct store_position late = { .owner = "alice", .name = "key-00999", .account = ACME, .tenant = BLUE };
	unsigned int counts[2] = { 0 };
	int steps[2];

	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	for (unsigned int number = 1; number <= 1000; number++)
		add_key(number, ACME, BLUE);
	write_one(0);
	(void)steps_taken(walks[_i].which);
	ck_assert_int_eq(store_list_keys(scratch.reader, &walks[_i].filter, &near, count_visit, counts), 0);
	steps[0] = steps_taken(walks[_i].which);
	ck_assert_uint_eq(counts[0], 1000);
	ck_assert_int_eq(store_list_keys(scratch.reader, &walks[_i].filter, &late, count_visit, counts), 0);
	steps[1] = steps_taken(walks[_i].which);
	ck_assert_uint_eq(counts[0], 1001);
	ck_assert_int_lt(steps[1] * 100, steps[0]);
}
END_TEST

static void run_sql(const char *sql)
{
	sqlite3 *database = NULL;

	ck_assert_int_eq(sqlite3_open(scratch_path(&scratch, STORE_FILE), &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

/* Keys that have used a lot once are removed fewer at a time: others wait for the writer meanwhile. */
START_TEST(used_tokens_go_in_steps)
{
	static const size_t left[] = { 3, 1, 0 }; /* keys, behind each step */
	struct vault vault = { .store = scratch.store };
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	uint64_t count = 0;

	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	for (unsigned int number = 1; number <= 4; number++) {
		struct store_once once = { .key = scratch_id(number, id),
					   .kind = STORE_NONCE,
					   .id = "nonce",
					   .id_size = 5,
					   .moment = 1000,
					   .cap = 10 };

		add_key(number, ACME, BLUE);
		ck_assert_int_eq(store_consume_once(scratch.store, &once), 0);
	}
	write_one(store_end_tenant(scratch.store, BLUE, STORE_ENDING));
	/* As if the first had more than enough for one step, and the next two had together. */
	run_sql("UPDATE one_time_tally SET live = 3000");
	run_sql("UPDATE one_time_tally SET live = 5000 WHERE key = 'k00000000001'");
	ck_assert_int_eq(store_count_once(scratch.reader, scratch_id(1, id), &count), 0);
	ck_assert_uint_eq(count, 5000);
	for (size_t i = 0; i < ARRAY_SIZE(left); i++) {
		ck_assert_int_eq(sweep_step(&vault), 1);
		ck_assert_int_eq(store_count_scope(scratch.reader, ACME, BLUE, 100, &count), 0);
		ck_assert_uint_eq(count, left[i]);
	}
	ck_assert_int_eq(sweep_step(&vault), 1);
	ck_assert_int_eq(sweep_step(&vault), 0);
	ck_assert_int_eq(store_count_once(scratch.reader, scratch_id(1, id), &count), 0);
	ck_assert_uint_eq(count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-tenants");
	TCase *tests = tcase_create("store");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, names_and_ids_are_unique);
	tcase_add_test(tests, a_name_alone_is_one_accounts);
	tcase_add_test(tests, keys_end_with_what_they_belong_to);
	tcase_add_loop_test(tests, others_keys_are_not_walked_along, 0, 6);
	tcase_add_loop_test(tests, pages_begin_where_they_are, 0, 4);
	tcase_add_test(tests, used_tokens_go_in_steps);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
