/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What may be used once: used once it stays used, across transactions, crashes, clocks that are set back and what was
 * forgotten; one key's cap is that key's alone.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

#define NOW INT64_C(1790000000)
#define CAP 4

static void assert_whole(struct scratch *scratch)
{
	char fault[512] = "";

	ck_assert_msg(store_check(scratch->reader, fault, sizeof(fault)) == 0, "%s", fault);
}

/* A store with the keys 1, 2 and 3. */
static void open_store(struct scratch *scratch)
{
	scratch_init(scratch);
	scratch_open(scratch);
	ck_assert_int_eq(scratch_insert_many(scratch->store, 1, 3), 0);
}

static struct store_once once(unsigned int key, const char *id, int64_t moment)
{
	static char ids[4][CREDENTIAL_KEY_ID_MAX + 1];

	return (struct store_once){ .key = scratch_id(key, ids[key]),
				    .kind = STORE_NONCE,
				    .id = id,
				    .id_size = strlen(id),
				    .moment = moment,
				    .cap = CAP };
}

/* In a transaction of its own. */
static int consume(struct scratch *scratch, struct store_once wanted)
{
	int r = store_write_begin(scratch->store), result;

	ck_assert_int_eq(r, 0);
	result = store_consume_once(scratch->store, &wanted);
	ck_assert_int_eq(store_write_commit(scratch->store), 0);
	return result;
}

static size_t purge(struct scratch *scratch, int64_t now, size_t most)
{
	size_t count = SIZE_MAX;

	ck_assert_int_eq(store_write_begin(scratch->store), 0);
	ck_assert_int_eq(store_purge_once(scratch->store, now, most, &count), 0);
	ck_assert_int_eq(store_write_commit(scratch->store), 0);
	return count;
}

static uint64_t number(struct scratch *scratch, const char *name)
{
	uint64_t number = UINT64_MAX;

	ck_assert_int_eq(store_load_number(scratch->reader, name, &number), 0);
	return number;
}

static void run_sql(struct scratch *scratch, const char *sql)
{
	sqlite3 *database = NULL;

	ck_assert_int_eq(sqlite3_open(scratch_path(scratch, STORE_FILE), &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

START_TEST(an_id_is_new_once)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct store_once nonce, other_key, other_kind, other_id, other_moment;

	open_store(&scratch);
	nonce = once(1, "nonce-1", NOW);
	other_key = once(2, "nonce-1", NOW);
	other_id = once(1, "nonce-2", NOW);
	other_kind = once(1, "nonce-1", NOW);
	other_kind.kind = STORE_TOKEN_ID;
	/* The id alone counts: another epoch does not make it new. */
	other_moment = once(1, "nonce-1", NOW + 7);
	ck_assert_int_eq(store_find_once(scratch.reader, &nonce), 0);
	ck_assert_int_eq(consume(&scratch, nonce), 0);
	ck_assert_int_eq(consume(&scratch, nonce), -EEXIST);
	ck_assert_int_eq(store_find_once(scratch.reader, &nonce), -EEXIST);
	ck_assert_int_eq(consume(&scratch, other_moment), -EEXIST);
	ck_assert_int_eq(consume(&scratch, other_key), 0);
	ck_assert_int_eq(consume(&scratch, other_kind), 0);
	ck_assert_int_eq(consume(&scratch, other_id), 0);
	/* So many bytes of it and no more. */
	nonce.id_size--;
	ck_assert_int_eq(consume(&scratch, nonce), 0);
	assert_whole(&scratch);
	scratch_close(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(consume(&scratch, nonce), -EEXIST);
	ck_assert_int_eq(consume(&scratch, other_kind), -EEXIST);
	assert_whole(&scratch);
}
END_TEST

START_TEST(what_is_undone_is_new_again)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct store_once nonce;

	open_store(&scratch);
	nonce = once(1, "nonce", NOW);
	ck_assert_int_eq(store_consume_once(scratch.store, &nonce), -EINVAL);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_savepoint(scratch.store), 0);
	ck_assert_int_eq(store_consume_once(scratch.store, &nonce), 0);
	ck_assert_int_eq(store_consume_once(scratch.store, &nonce), -EEXIST);
	store_savepoint_rollback(scratch.store);
	ck_assert_int_eq(store_consume_once(scratch.store, &nonce), 0);
	store_write_abort(scratch.store);
	ck_assert_int_eq(consume(&scratch, nonce), 0);
	ck_assert_int_eq(consume(&scratch, nonce), -EEXIST);
	assert_whole(&scratch);
}
END_TEST

static int consume_and_die(struct scratch *scratch, bool commit)
{
	struct store_once first = once(1, "first", NOW), second = once(1, "second", NOW);

	/* A connection to the database does not cross a fork. */
	scratch_open(scratch);
	if (store_write_begin(scratch->store) < 0 || store_consume_once(scratch->store, &first) < 0)
		return 1;
	if (commit && (store_write_commit(scratch->store) < 0 || store_write_begin(scratch->store) < 0))
		return 2;
	if (store_consume_once(scratch->store, &second) < 0)
		return 3;
	_exit(0);
}

static int die_before_the_commit(struct scratch *scratch)
{
	return consume_and_die(scratch, false);
}

static int die_after_the_commit(struct scratch *scratch)
{
	return consume_and_die(scratch, true);
}

START_TEST(a_crash_keeps_what_was_committed)
{
	CLEANUP_SCRATCH struct scratch scratch;

	open_store(&scratch);
	scratch_close(&scratch);
	ck_assert_int_eq(scratch_in_child(&scratch, false, die_before_the_commit), 0);
	scratch_open(&scratch);
	assert_whole(&scratch);
	ck_assert_int_eq(consume(&scratch, once(1, "second", NOW)), 0);
	run_sql(&scratch, "DELETE FROM one_time; DELETE FROM one_time_tally");
	scratch_close(&scratch);
	ck_assert_int_eq(scratch_in_child(&scratch, false, die_after_the_commit), 0);
	scratch_open(&scratch);
	assert_whole(&scratch);
	ck_assert_int_eq(consume(&scratch, once(1, "first", NOW)), -EEXIST);
	ck_assert_int_eq(consume(&scratch, once(1, "second", NOW)), 0);
}
END_TEST

START_TEST(a_key_that_is_full_holds_up_no_other)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct store_once more;
	char id[16];

	open_store(&scratch);
	for (int i = 0; i < CAP; i++) {
		snprintf(id, sizeof(id), "nonce-%d", i);
		ck_assert_int_eq(consume(&scratch, once(1, id, NOW + i)), 0);
	}
	more = once(1, "one-more", NOW);
	ck_assert_int_eq(store_find_once(scratch.reader, &more), -EDQUOT);
	ck_assert_int_eq(consume(&scratch, more), -EDQUOT);
	/* Refused is not used, and what was used is said to be used. */
	ck_assert_int_eq(consume(&scratch, more), -EDQUOT);
	ck_assert_int_eq(consume(&scratch, once(1, "nonce-0", NOW)), -EEXIST);
	ck_assert_int_eq(consume(&scratch, once(2, "one-more", NOW)), 0);
	more.kind = STORE_TOKEN_ID;
	ck_assert_int_eq(consume(&scratch, more), 0);
	more.kind = STORE_NONCE;
	assert_whole(&scratch);
	/* Room comes with what is forgotten: here those of the first two seconds, and the token. */
	ck_assert_uint_eq(purge(&scratch, NOW + STORE_NONCE_KEPT + 1, 100), 4);
	more.moment = NOW + 2;
	ck_assert_int_eq(consume(&scratch, more), 0);
	ck_assert_int_eq(consume(&scratch, once(1, "and-another", NOW + 2)), 0);
	ck_assert_int_eq(consume(&scratch, once(1, "too-much", NOW + 2)), -EDQUOT);
	assert_whole(&scratch);
}
END_TEST

START_TEST(what_was_forgotten_stays_refused)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct store_once early, late, token;

	open_store(&scratch);
	early = once(1, "early", NOW);
	late = once(1, "late", NOW + 5);
	token = once(1, "token", NOW + 20);
	token.kind = STORE_TOKEN_ID;
	ck_assert_int_eq(consume(&scratch, early), 0);
	ck_assert_int_eq(consume(&scratch, late), 0);
	ck_assert_int_eq(consume(&scratch, token), 0);
	ck_assert_uint_eq(purge(&scratch, NOW + 19, 100), 0);
	ck_assert_uint_eq(purge(&scratch, NOW + 20, 100), 1);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EXP), NOW + 20);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EPOCH), 0);
	ck_assert_int_eq(consume(&scratch, token), -ESTALE);
	ck_assert_uint_eq(purge(&scratch, NOW + STORE_NONCE_KEPT, 100), 1);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EPOCH), NOW);
	/* Whatever the clock says now: it is no argument. */
	ck_assert_int_eq(consume(&scratch, early), -ESTALE);
	ck_assert_int_eq(store_find_once(scratch.reader, &early), -ESTALE);
	ck_assert_int_eq(consume(&scratch, once(2, "of-that-second", NOW)), -ESTALE);
	ck_assert_int_eq(consume(&scratch, once(2, "older", NOW - 100)), -ESTALE);
	ck_assert_int_eq(consume(&scratch, once(2, "without-a-time", 0)), -ESTALE);
	ck_assert_int_eq(consume(&scratch, once(2, "before-time", -5)), -ESTALE);
	ck_assert_int_eq(consume(&scratch, once(2, "younger", NOW + 1)), 0);
	ck_assert_int_eq(consume(&scratch, late), -EEXIST);
	/* A kind has its own. */
	token = once(1, "another-token", NOW + 10);
	ck_assert_int_eq(consume(&scratch, token), 0);
	/* The number never goes back: with a younger one forgotten first, the older one changes nothing. */
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 100), 3);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EPOCH), NOW + 10);
	run_sql(&scratch, "INSERT INTO one_time SELECT id, 1, 'odd', 5 FROM key LIMIT 1;"
			  "INSERT INTO one_time_tally SELECT id, 1, 1 FROM key LIMIT 1");
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 100), 1);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EPOCH), NOW + 10);
	assert_whole(&scratch);
}
END_TEST

START_TEST(forgetting_goes_in_steps_the_oldest_first)
{
	CLEANUP_SCRATCH struct scratch scratch;
	int64_t expires = 0, last = -1;
	char id[16];

	open_store(&scratch);
	ck_assert_int_eq(store_once_oldest(scratch.reader, &expires), -ENOENT);
	ck_assert_int_eq(store_once_last(scratch.reader, STORE_NONCE, &last), 0);
	ck_assert_int_eq(last, 0);
	for (int i = 9; i >= 0; i--) {
		struct store_once nonce;

		snprintf(id, sizeof(id), "nonce-%d", i);
		nonce = once(1 + (unsigned int)i % 3, id, NOW + i);
		ck_assert_int_eq(consume(&scratch, nonce), 0);
	}
	ck_assert_int_eq(store_once_oldest(scratch.reader, &expires), 0);
	ck_assert_int_eq(expires, NOW + STORE_NONCE_KEPT);
	ck_assert_int_eq(store_once_last(scratch.reader, STORE_NONCE, &last), 0);
	ck_assert_int_eq(last, NOW + 9);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 0), 0);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 4), 4);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EPOCH), NOW + 3);
	assert_whole(&scratch);
	ck_assert_int_eq(consume(&scratch, once(1 + 4 % 3, "nonce-4", NOW + 4)), -EEXIST);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 4), 4);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 4), 2);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 4), 0);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EPOCH), NOW + 9);
	assert_whole(&scratch);
	/* What is undone was not forgotten. */
	ck_assert_int_eq(consume(&scratch, once(1, "last", NOW + 10)), 0);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_purge_once(scratch.store, NOW + 10000, 4, &(size_t){ 0 }), 0);
	store_write_abort(scratch.store);
	ck_assert_int_eq(consume(&scratch, once(1, "last", NOW + 10)), -EEXIST);
	assert_whole(&scratch);
}
END_TEST

START_TEST(a_step_is_no_longer_for_two_kinds)
{
	CLEANUP_SCRATCH struct scratch scratch;

	open_store(&scratch);
	for (unsigned int key = 1; key <= 2; key++) {
		struct store_once nonce = once(key, "a", NOW), token = once(key, "a", NOW);

		token.kind = STORE_TOKEN_ID;
		ck_assert_int_eq(consume(&scratch, nonce), 0);
		ck_assert_int_eq(consume(&scratch, token), 0);
	}
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 2), 2);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EPOCH), NOW);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EXP), 0);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 1), 1);
	ck_assert_uint_eq(number(&scratch, STORE_PURGED_EXP), NOW);
	assert_whole(&scratch);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 2), 1);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 2), 0);
}
END_TEST

START_TEST(a_deleted_key_takes_its_own_along)
{
	CLEANUP_SCRATCH struct scratch scratch;
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	open_store(&scratch);
	ck_assert_int_eq(consume(&scratch, once(1, "a", NOW)), 0);
	ck_assert_int_eq(consume(&scratch, once(1, "b", NOW)), 0);
	ck_assert_int_eq(consume(&scratch, once(2, "a", NOW)), 0);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, scratch_id(1, id)), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	assert_whole(&scratch);
	ck_assert_int_eq(consume(&scratch, once(2, "a", NOW)), -EEXIST);
	ck_assert_uint_eq(purge(&scratch, NOW + 10000, 100), 1);
	assert_whole(&scratch);
}
END_TEST

START_TEST(the_check_finds_wrong_counts)
{
	static const char *const damage[] = {
		"UPDATE one_time_tally SET live = live + 1",
		"DELETE FROM one_time_tally",
		"DELETE FROM one_time",
		"INSERT INTO one_time VALUES ('nobodysnobod', 1, 'x', 5); INSERT INTO one_time_tally VALUES "
		"('nobodysnobod', 1, 1)",
	};
	CLEANUP_SCRATCH struct scratch scratch;
	char fault[512] = "";

	open_store(&scratch);
	ck_assert_int_eq(consume(&scratch, once(1, "a", NOW)), 0);
	assert_whole(&scratch);
	run_sql(&scratch, damage[_i]);
	ck_assert_int_eq(store_check(scratch.reader, fault, sizeof(fault)), -EIO);
	ck_assert_ptr_nonnull(strstr(fault, "used tokens"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-once");
	TCase *once_only = tcase_create("once");

	tcase_set_timeout(once_only, 60);
	tcase_add_test(once_only, an_id_is_new_once);
	tcase_add_test(once_only, what_is_undone_is_new_again);
	tcase_add_test(once_only, a_crash_keeps_what_was_committed);
	tcase_add_test(once_only, a_key_that_is_full_holds_up_no_other);
	tcase_add_test(once_only, what_was_forgotten_stays_refused);
	tcase_add_test(once_only, forgetting_goes_in_steps_the_oldest_first);
	tcase_add_test(once_only, a_step_is_no_longer_for_two_kinds);
	tcase_add_test(once_only, a_deleted_key_takes_its_own_along);
	tcase_add_loop_test(once_only, the_check_finds_wrong_counts, 0, 4);
	suite_add_tcase(suite, once_only);
	return suite_run(suite);
}
