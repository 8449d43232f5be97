/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The change log: revisions without gaps, and what is old leaves it from the front.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

static void assert_whole(struct scratch *scratch)
{
	char fault[512] = "";

	ck_assert_msg(store_check(scratch->reader, fault, sizeof(fault)) == 0, "%s", fault);
}

struct changes {
	uint64_t last;
	size_t count, stop;
};

static bool change_visit(void *data, uint64_t rev, const char *record)
{
	struct changes *changes = data;
	char expected[32];

	ck_assert_uint_eq(rev, changes->last + 1);
	snprintf(expected, sizeof(expected), "{\"change\":%u}", (unsigned int)rev);
	ck_assert_str_eq(record, expected);
	changes->last = rev;
	return ++changes->count != changes->stop;
}

START_TEST(changes_have_revisions_without_gaps)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct changes changes = { .last = 0 };
	char record[32];
	uint64_t rev = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	for (unsigned int i = 1; i <= 20; i++) {
		snprintf(record, sizeof(record), "{\"change\":%u}", (i + 1) / 2);
		ck_assert_int_eq(store_write_begin(scratch.store), 0);
		ck_assert_int_eq(store_log_change(scratch.store, 1790000000, record, &rev), 0);
		ck_assert_uint_eq(rev, (i + 1) / 2);
		/* Every second one is undone. */
		if (i % 2 != 0)
			store_write_abort(scratch.store);
		else
			ck_assert_int_eq(store_write_commit(scratch.store), 0);
	}
	ck_assert_int_eq(store_rev(scratch.reader, &rev), 0);
	ck_assert_uint_eq(rev, 10);
	ck_assert_int_eq(store_list_changes(scratch.reader, 0, change_visit, &changes), 0);
	ck_assert_uint_eq(changes.count, 10);
	changes = (struct changes){ .last = 7, .stop = 2 };
	ck_assert_int_eq(store_list_changes(scratch.reader, 7, change_visit, &changes), 0);
	ck_assert_uint_eq(changes.count, 2);
	changes = (struct changes){ .last = 0 };
	ck_assert_int_eq(store_list_changes(scratch.reader, 10, change_visit, &changes), 0);
	ck_assert_int_eq(store_list_changes(scratch.reader, UINT64_MAX, change_visit, &changes), 0);
	ck_assert_uint_eq(changes.count, 0);
	assert_whole(&scratch);
}
END_TEST

static bool count_change(void *data, uint64_t rev, const char *record)
{
	(void)rev;
	(void)record;
	((struct changes *)data)->count++;
	return true;
}

static void expect_changes(struct scratch *scratch, uint64_t first, unsigned int count)
{
	struct changes changes = { .count = 0 };
	uint64_t rev = 0;
	int64_t time;
	int r = store_oldest_change(scratch->reader, &rev, &time);

	ck_assert_int_eq(r, count > 0 ? 0 : -ENOENT);
	if (r == 0)
		ck_assert_uint_eq(rev, first);
	ck_assert_int_eq(store_list_changes(scratch->reader, 0, count_change, &changes), 0);
	ck_assert_uint_eq(changes.count, count);
}

static void prune(struct scratch *scratch, uint64_t until, int64_t before)
{
	ck_assert_int_eq(store_write_begin(scratch->store), 0);
	ck_assert_int_eq(store_prune_changes(scratch->store, until, before), 0);
	ck_assert_int_eq(store_write_commit(scratch->store), 0);
}

/* From the oldest on, as far as all of it is old and done with, and not too many at once. */
START_TEST(old_changes_are_pruned_in_steps)
{
	CLEANUP_SCRATCH struct scratch scratch;
	uint64_t rev = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	prune(&scratch, UINT64_MAX, INT64_MAX);
	expect_changes(&scratch, 0, 0);
	ck_assert_int_eq(store_prune_changes(scratch.store, 5, 5), -EINVAL); /* no transaction */
	/* Revs 1 to 600 at times 1001 to 1600, but for 400, which a clock that was ahead has made. */
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	for (int64_t i = 1; i <= 600; i++)
		ck_assert_int_eq(store_log_change(scratch.store, i == 400 ? 9000 : 1000 + i, "{}", &rev), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_uint_eq(rev, 600);
	prune(&scratch, 0, INT64_MAX);
	prune(&scratch, UINT64_MAX, 1001);
	expect_changes(&scratch, 1, 600);
	/* by rev, by time */
	prune(&scratch, 10, INT64_MAX);
	expect_changes(&scratch, 11, 590);
	prune(&scratch, UINT64_MAX, 1021);
	expect_changes(&scratch, 21, 580);
	prune(&scratch, UINT64_MAX, 5000);
	expect_changes(&scratch, 21 + STORE_PRUNE_STEP, 580 - STORE_PRUNE_STEP);
	for (int i = 0; i < 3; i++)
		prune(&scratch, UINT64_MAX, 5000);
	expect_changes(&scratch, 400, 201);
	prune(&scratch, UINT64_MAX, 9001);
	/* The last one stays, and the revision goes on from it. */
	expect_changes(&scratch, 600, 1);
	assert_whole(&scratch);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_log_change(scratch.store, 1, "{}", &rev), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_uint_eq(rev, 601);
	expect_changes(&scratch, 600, 2);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-changes");
	TCase *store = tcase_create("store");

	tcase_set_timeout(store, 60);
	tcase_add_test(store, changes_have_revisions_without_gaps);
	tcase_add_test(store, old_changes_are_pruned_in_steps);
	suite_add_tcase(suite, store);
	return suite_run(suite);
}
