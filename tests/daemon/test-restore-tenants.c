/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A backup with accounts and tenants held against the store as it is now: what was deleted since is deleted again, also
 * where a deletion was only half done when the backup was made, or when it is restored.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/restore_merge.h"
#include "daemon/store_policy.h"
#include "daemon/store_repeat.h"
#include "daemon/store_tenant.h"
#include "daemon/sweep.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

#define ACME "11111111-1111-4111-8111-111111111111"
#define BLUE "33333333-3333-4333-8333-333333333333"
#define NOW INT64_C(1800000000)

/* The store as it is now, and the one of the backup. Key 1 is of the tenant blue, key 2 of its account. */
static struct scratch present, backup;
static char fault[1024];

static void fill(struct store *store)
{
	struct store_account account = { .id = ACME, .name = "acme", .created = 1, .created_by = "uid:0" };
	struct store_tenant tenant = { .id = BLUE,
				       .name = "blue",
				       .account = ACME,
				       .created = 1,
				       .created_by = "uid:0",
				       .token_lifetime = STORE_TOKEN_LIFETIME };
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));

	ck_assert_ptr_nonnull(key);
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_insert_account(store, &account), 0);
	ck_assert_int_eq(store_insert_tenant(store, &tenant), 0);
	for (unsigned int number = 1; number <= 2; number++) {
		scratch_key(key, number);
		key->account = ACME;
		key->tenant = number == 1 ? BLUE : "";
		ck_assert_int_eq(store_insert_key(store, key), 0);
	}
	ck_assert_int_eq(store_write_commit(store), 0);
}

static void setup(void)
{
	scratch_init(&present);
	scratch_open(&present);
	scratch_init(&backup);
}

static void teardown(void)
{
	scratch_done(&backup);
	scratch_done(&present);
}

/* The store as it is now becomes the backup. */
static void take_backup(void)
{
	ck_assert_msg(store_copy(present.reader, scratch_path(&backup, STORE_FILE), NULL, 0, fault, sizeof(fault)) == 0,
		      "%s", fault);
	scratch_open(&backup);
}

/* One transaction of the store as it is now. */
static void end_blue(void)
{
	ck_assert_int_eq(store_write_begin(present.store), 0);
	ck_assert_int_eq(store_end_tenant(present.store, BLUE, STORE_ENDING), 0);
	ck_assert_int_eq(store_write_commit(present.store), 0);
}

static void end_acme(void)
{
	ck_assert_int_eq(store_write_begin(present.store), 0);
	ck_assert_int_eq(store_end_account(present.store, ACME, STORE_ENDING), 0);
	ck_assert_int_eq(store_write_commit(present.store), 0);
}

/* Steps until there is nothing left to remove. */
static void sweep(struct store *store)
{
	struct vault vault = { .store = store };
	int r, steps = 0;

	while ((r = sweep_step(&vault)) > 0)
		ck_assert_int_lt(steps++, 20);
	ck_assert_int_eq(r, 0);
}

static struct restore_report merge(bool accept_revived)
{
	struct restore_report report;
	uint64_t rev = 0;
	bool failed;

	ck_assert_int_eq(store_rev(present.reader, &rev), 0);
	ck_assert_int_eq(store_write_begin(backup.store), 0);
	ck_assert_int_eq(
		restore_merge(backup.store, backup.reader, present.reader, accept_revived, NOW, &report, &failed), 0);
	/* As a restore does behind it. */
	ck_assert_int_eq(store_raise_rev(backup.store, rev), 0);
	ck_assert_int_eq(store_write_commit(backup.store), 0);
	return report;
}

/* A key of what is restored: 0, or -ENOENT. */
static int find(unsigned int number)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	ck_assert_ptr_nonnull(key);
	return store_find_key(backup.reader, scratch_id(number, id), key);
}

static enum store_ending ending_of_blue(void)
{
	struct store_tenant tenant;

	ck_assert_int_eq(store_load_tenant(backup.reader, BLUE, &tenant), 0);
	return tenant.ending;
}

static void expect_whole(void)
{
	ck_assert_msg(store_check(backup.reader, fault, sizeof(fault)) == 0, "%s", fault);
}

/* Whether its keys were removed already or not. */
START_TEST(a_tenant_that_was_deleted_since_stays_deleted)
{
	struct restore_report report;

	fill(present.store);
	take_backup();
	end_blue();
	if (_i == 1)
		sweep(present.store);
	report = merge(false);
	ck_assert_uint_eq(report.revived, 1);
	ck_assert_int_eq(find(1), -ENOENT);
	ck_assert_int_eq(find(2), 0);
	sweep(backup.store);
	ck_assert_int_eq(ending_of_blue(), STORE_GONE);
	expect_whole();
}
END_TEST

START_TEST(an_account_that_was_deleted_since_stays_deleted)
{
	struct restore_report report;

	fill(present.store);
	take_backup();
	end_acme();
	if (_i == 1)
		sweep(present.store);
	report = merge(false);
	ck_assert_uint_eq(report.revived, 2);
	ck_assert_int_eq(find(1), -ENOENT);
	ck_assert_int_eq(find(2), -ENOENT);
	sweep(backup.store);
	ck_assert_int_eq(ending_of_blue(), STORE_GONE);
	expect_whole();
}
END_TEST

START_TEST(a_deletion_is_undone_when_that_is_accepted)
{
	fill(present.store);
	take_backup();
	end_blue();
	sweep(present.store);
	merge(true);
	ck_assert_int_eq(find(1), 0);
	sweep(backup.store);
	ck_assert_int_eq(find(1), 0);
	expect_whole();
}
END_TEST

/* The backup was made while keys of the tenant were being removed; they have all gone since. */
START_TEST(a_backup_of_half_a_deletion_is_finished)
{
	fill(present.store);
	end_blue();
	take_backup();
	sweep(present.store);
	merge(_i == 1);
	expect_whole();
	sweep(backup.store);
	ck_assert_int_eq(ending_of_blue(), STORE_GONE);
	ck_assert_int_eq(find(1), -ENOENT);
	ck_assert_int_eq(find(2), 0);
	expect_whole();
}
END_TEST

/* The backup is of half a deletion, which was undone since by another backup. */
START_TEST(a_deletion_that_was_undone_is_done_again)
{
	fill(present.store);
	scratch_open(&backup);
	fill(backup.store);
	ck_assert_int_eq(store_write_begin(backup.store), 0);
	ck_assert_int_eq(store_end_tenant(backup.store, BLUE, STORE_ENDING), 0);
	ck_assert_int_eq(store_write_commit(backup.store), 0);
	merge(_i == 1);
	expect_whole();
	sweep(backup.store);
	ck_assert_int_eq(find(1), -ENOENT);
	expect_whole();
}
END_TEST

/* An older backup knows nothing of the tenant. What was deleted with it stays so when a younger one is restored. */
START_TEST(a_key_of_a_deleted_tenant_is_remembered)
{
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	struct restore_report report;

	take_backup();
	fill(present.store);
	end_blue();
	report = merge(_i == 1);
	/* What nobody had any more is not lost. */
	ck_assert_uint_eq(report.lost, 1);
	ck_assert_int_eq(store_find_gone(backup.reader, scratch_id(1, id)), 0);
	ck_assert_int_eq(store_find_gone(backup.reader, scratch_id(2, id)), 0);
	expect_whole();
}
END_TEST

static void save_policy(struct store *store, const char *name, int64_t number)
{
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_save_policy(store, BLUE, name, number), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
}

static bool join_policy(void *data, const char *name, int64_t number)
{
	char *text = data;

	sprintf(text + strlen(text), "%s=%d ", name, (int)number);
	return true;
}

/* Whether they were made stricter since, or less so, or are new: only who accepts what was taken away gets the old. */
START_TEST(the_policies_of_a_tenant_stay_as_they_are)
{
	char text[128] = "";

	fill(present.store);
	save_policy(present.store, "max_lifetime", 1000);
	save_policy(present.store, "default_lifetime", 100);
	take_backup();
	save_policy(present.store, "max_lifetime", 500);
	save_policy(present.store, "on_violation", 1);
	ck_assert_int_eq(store_write_begin(present.store), 0);
	ck_assert_int_eq(store_drop_policy(present.store, BLUE, "default_lifetime"), 0);
	ck_assert_int_eq(store_write_commit(present.store), 0);
	merge(_i == 1);
	ck_assert(store_has_policies(backup.reader));
	ck_assert_int_eq(store_list_policies(backup.reader, BLUE, join_policy, text), 0);
	ck_assert_str_eq(text,
			 _i == 1 ? "default_lifetime=100 max_lifetime=1000 " : "max_lifetime=500 on_violation=1 ");
	expect_whole();
}
END_TEST

/* Which secrets were used since the backup, nobody knows: another would be handed out for one that is in use. */
START_TEST(what_may_be_repeated_is_forgotten)
{
	struct store_repeat repeat = { .key = "Key000000002", .secret = 1, .created = NOW };

	fill(present.store);
	ck_assert_int_eq(store_write_begin(present.store), 0);
	ck_assert_int_eq(store_save_repeat(present.store, "uid:0", "job", &repeat), 0);
	ck_assert_int_eq(store_write_commit(present.store), 0);
	take_backup();
	ck_assert_int_eq(store_find_repeat(backup.reader, "uid:0", "job", &repeat), 0);
	merge(_i == 1);
	ck_assert_int_eq(store_find_repeat(backup.reader, "uid:0", "job", &repeat), -ENOENT);
	expect_whole();
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("restore-tenants");
	TCase *stores = tcase_create("stores");

	tcase_add_checked_fixture(stores, setup, teardown);
	tcase_add_loop_test(stores, a_tenant_that_was_deleted_since_stays_deleted, 0, 2);
	tcase_add_loop_test(stores, an_account_that_was_deleted_since_stays_deleted, 0, 2);
	tcase_add_test(stores, a_deletion_is_undone_when_that_is_accepted);
	tcase_add_loop_test(stores, a_backup_of_half_a_deletion_is_finished, 0, 2);
	tcase_add_loop_test(stores, a_deletion_that_was_undone_is_done_again, 0, 2);
	tcase_add_loop_test(stores, a_key_of_a_deleted_tenant_is_remembered, 0, 2);
	tcase_add_loop_test(stores, the_policies_of_a_tenant_stay_as_they_are, 0, 2);
	tcase_add_loop_test(stores, what_may_be_repeated_is_forgotten, 0, 2);
	suite_add_tcase(suite, stores);
	return suite_run(suite);
}
