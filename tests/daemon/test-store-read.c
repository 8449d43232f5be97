/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading from the store: what is found and in what order, what a reader sees and when, and at what cost.
 */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store_connection.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

static const struct store_key *key_find(struct store_reader *reader, unsigned int number)
{
	static struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	int r = store_find_key(reader, scratch_id(number, id), &key);

	ck_assert_msg(r == 0 || r == -ENOENT, "%s: %s", strerror(-r), store_fault(reader));
	return r == 0 ? &key : NULL;
}

static void assert_counts(struct store_reader *reader, uint64_t active, uint64_t inactive, uint64_t revoked)
{
	uint64_t counts[STORE_STATE_COUNT];

	ck_assert_int_eq(store_count_keys(reader, counts), 0);
	ck_assert_uint_eq(counts[STORE_ACTIVE], active);
	ck_assert_uint_eq(counts[STORE_INACTIVE], inactive);
	ck_assert_uint_eq(counts[STORE_SUSPENDED], 0);
	ck_assert_uint_eq(counts[STORE_REVOKED], revoked);
}

static void assert_whole(struct scratch *scratch)
{
	char fault[1024] = "";

	ck_assert_msg(store_check(scratch->reader, fault, sizeof(fault)) == 0, "%s", fault);
}

static void insert(struct scratch *scratch, unsigned int number)
{
	int r = scratch_insert(scratch->store, number);

	ck_assert_msg(r == 0, "%s: %s", strerror(-r), store_fault(store_writer(scratch->store)));
}

START_TEST(a_key_is_found)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *found = malloc(sizeof(*found));

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	insert(&scratch, 2);
	scratch_key(key, 1);
	ck_assert_int_eq(store_find_key(scratch.reader, key->id, found), 0);
	scratch_assert_same(key, found);
	ck_assert_int_eq(store_find_key_named(scratch.reader, NULL, "alice", key->name, found), 0);
	scratch_assert_same(key, found);
	/* And after the store was closed. */
	scratch_close(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(store_find_key(scratch.reader, key->id, found), 0);
	scratch_assert_same(key, found);
	assert_whole(&scratch);
}
END_TEST

static const struct {
	const char *id, *owner, *name;
} strangers[] = {
	{ "k00000000002", "alice", "key-00002" }, { "", "", "" },
	{ "k0000000000", "alice", "key-0000" },   { "k000000000011", "alice", "key-000011" },
	{ "K00000000001", "Alice", "key-00001" }, { "k00000000001 ", "alice ", "key-00001" },
	{ "k0000000000_", "alice", "KEY-00001" }, { "%", "%", "%" },
	{ "' OR 1=1 --", "bob", "key-00001" },
};

START_TEST(no_other_key_is_found)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	memset(key, 0x5a, sizeof(*key));
	ck_assert_int_eq(store_find_key(scratch.reader, strangers[_i].id, key), -ENOENT);
	ck_assert_int_eq(store_find_key_named(scratch.reader, NULL, strangers[_i].owner, strangers[_i].name, key),
			 -ENOENT);
	ck_assert_int_eq(key->id[0], 0x5a);
}
END_TEST

START_TEST(a_key_is_found_by_a_digest)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	char id[CREDENTIAL_KEY_ID_MAX + 1] = "untouched";
	uint8_t before[STORE_DIGEST_SIZE];

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	insert(&scratch, 2);
	scratch_key(key, 2);
	memcpy(before, key->secrets[0].digest, sizeof(before));
	ck_assert_int_eq(store_find_digest(scratch.reader, before, id), 0);
	ck_assert_str_eq(id, key->id);
	/* one that the key has no more, and the one it has instead */
	strcpy(id, "untouched");
	key->secrets[0].digest[31] ^= 1;
	ck_assert_int_eq(store_find_digest(scratch.reader, key->secrets[0].digest, id), -ENOENT);
	ck_assert_str_eq(id, "untouched");
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_update_key(scratch.store, key), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_int_eq(store_find_digest(scratch.reader, before, id), -ENOENT);
	ck_assert_int_eq(store_find_digest(scratch.reader, key->secrets[0].digest, id), 0);
	ck_assert_str_eq(id, key->id);
	/* one of a key that is gone */
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, key->id), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_int_eq(store_find_digest(scratch.reader, key->secrets[0].digest, id), -ENOENT);
}
END_TEST

START_TEST(a_reader_sees_one_state)
{
	CLEANUP_SCRATCH struct scratch scratch;

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	ck_assert_int_eq(store_read_begin(scratch.reader), 0);
	ck_assert_ptr_nonnull(key_find(scratch.reader, 1));
	ck_assert_int_eq(scratch_set_state(scratch.store, 1, STORE_REVOKED), 0);
	insert(&scratch, 2);
	ck_assert_int_eq(key_find(scratch.reader, 1)->state, STORE_ACTIVE);
	ck_assert_ptr_null(key_find(scratch.reader, 2));
	assert_counts(scratch.reader, 1, 0, 0);
	store_read_end(scratch.reader);
	ck_assert_int_eq(key_find(scratch.reader, 1)->state, STORE_REVOKED);
	ck_assert_ptr_nonnull(key_find(scratch.reader, 2));
	/* What was committed before the beginning is seen, whoever read before. */
	ck_assert_int_eq(scratch_set_state(scratch.store, 2, STORE_REVOKED), 0);
	ck_assert_int_eq(store_read_begin(scratch.reader), 0);
	ck_assert_int_eq(key_find(scratch.reader, 2)->state, STORE_REVOKED);
	store_read_end(scratch.reader);
	store_read_end(scratch.reader);
	ck_assert_int_eq(store_read_begin(scratch.reader), 0);
	store_read_end(scratch.reader);
}
END_TEST

static bool stop_at_once(void *data, const struct store_key *key)
{
	(void)data;
	(void)key;
	return false;
}

static bool stop_at_once_change(void *data, uint64_t rev, const char *record)
{
	(void)data;
	(void)rev;
	(void)record;
	return false;
}

/* Every way to read, ended early where that can be; none may leave the reader in the past. */
static void read_key(struct store_reader *reader)
{
	ck_assert_ptr_nonnull(key_find(reader, 1));
}

static void read_key_named(struct store_reader *reader)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));

	ck_assert_int_eq(store_find_key_named(reader, NULL, "alice", "key-00001", key), 0);
}

static void read_nothing(struct store_reader *reader)
{
	ck_assert_ptr_null(key_find(reader, 7777));
}

static void read_list(struct store_reader *reader)
{
	ck_assert_int_eq(store_list_keys(reader, NULL, NULL, stop_at_once, NULL), 0);
}

static void read_list_owner(struct store_reader *reader)
{
	const struct store_filter filter = { .owner = "alice" };

	ck_assert_int_eq(store_list_keys(reader, &filter, NULL, stop_at_once, NULL), 0);
}

static void read_list_uid(struct store_reader *reader)
{
	const uint32_t uid = 0;
	const struct store_filter filter = { .owner_uid = &uid };

	ck_assert_int_eq(store_list_keys(reader, &filter, NULL, stop_at_once, NULL), 0);
}

static void read_use(struct store_reader *reader)
{
	struct store_use use;

	ck_assert_int_eq(store_find_use(reader, "k00000000001", 1, &use), 0);
}

static void read_counts(struct store_reader *reader)
{
	assert_counts(reader, 2, 0, 0);
}

static void read_changes(struct store_reader *reader)
{
	ck_assert_int_eq(store_list_changes(reader, 0, stop_at_once_change, NULL), 0);
}

static void read_sealed(struct store_reader *reader)
{
	uint32_t version;
	char blob[8];
	size_t size = sizeof(blob);

	ck_assert_int_eq(store_load_sealed(reader, "pepper", &version, blob, &size), 0);
}

static void read_sealed_too_large(struct store_reader *reader)
{
	uint32_t version;
	char blob[1];
	size_t size = sizeof(blob);

	ck_assert_int_eq(store_load_sealed(reader, "pepper", &version, blob, &size), -EMSGSIZE);
}

static bool stop_at_once_sealed(void *data, const char *purpose, uint32_t version, uint32_t wrap, const void *blob,
				size_t size)
{
	(void)data;
	(void)blob;
	ck_assert_str_eq(purpose, "pepper");
	ck_assert_uint_eq(version, 1);
	ck_assert_uint_eq(wrap, 1);
	ck_assert_uint_eq(size, 8);
	return false;
}

static void read_all_sealed(struct store_reader *reader)
{
	ck_assert_int_eq(store_list_sealed(reader, stop_at_once_sealed, NULL), 0);
}

static void read_wraps(struct store_reader *reader)
{
	uint32_t oldest = 0, newest = 0;

	ck_assert_int_eq(store_wraps(reader, &oldest, &newest), 0);
	ck_assert_uint_eq(oldest, 1);
	ck_assert_uint_eq(newest, 1);
}

static void read_number(struct store_reader *reader)
{
	uint64_t number;

	ck_assert_int_eq(store_load_number(reader, "rev", &number), 0);
}

static void read_oldest_change(struct store_reader *reader)
{
	uint64_t rev;
	int64_t time;

	ck_assert_int_eq(store_oldest_change(reader, &rev, &time), 0);
}

static void read_all(struct store_reader *reader)
{
	ck_assert_int_eq(store_check(reader, NULL, 0), 0);
}

static void (*const reads[])(struct store_reader *reader) = {
	read_key, read_key_named,     read_nothing,    read_list,   read_list_owner,       read_list_uid,
	read_use, read_counts,        read_changes,    read_sealed, read_sealed_too_large, read_number,
	read_all, read_oldest_change, read_all_sealed, read_wraps,
};

START_TEST(no_read_pins_the_past)
{
	CLEANUP_SCRATCH struct scratch scratch;
	const struct store_use use = { .key_id = "k00000000001", .secret = 1, .count = 1, .first_time = 1 };
	uint64_t rev;
	bool first;

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	insert(&scratch, 2);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_add_use(scratch.store, &use, &first), 0);
	ck_assert_int_eq(store_log_change(scratch.store, 1790000000, "{}", &rev), 0);
	ck_assert_int_eq(store_log_change(scratch.store, 1790000000, "{}", &rev), 0);
	ck_assert_int_eq(store_save_sealed(scratch.store, "pepper", 1, 1, "12345678", 8), 0);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	reads[_i](scratch.reader);
	ck_assert_int_eq(scratch_set_state(scratch.store, 1, STORE_REVOKED), 0);
	ck_assert_int_eq(key_find(scratch.reader, 1)->state, STORE_REVOKED);
	/* The writer reads by the same statements. */
	ck_assert_int_eq(scratch_set_state(scratch.store, 1, STORE_ACTIVE), 0);
	reads[_i](store_writer(scratch.store));
	ck_assert_int_eq(scratch_set_state(scratch.store, 1, STORE_REVOKED), 0);
	ck_assert_int_eq(key_find(scratch.reader, 1)->state, STORE_REVOKED);
}
END_TEST

/* A page of a list, as a client would ask for it. */
struct page {
	struct store_reader *reader;
	struct store_position last;
	size_t room, seen, total;
};

static bool page_visit(void *data, const struct store_key *key)
{
	struct page *page = data;
	int order = strcmp(key->owner, page->last.owner);

	if (page->seen == page->room)
		return false;
	/* Ascending, so none comes twice. */
	ck_assert(order > 0 || (order == 0 && strcmp(key->name, page->last.name) > 0));
	/* Another key may be looked up meanwhile. */
	ck_assert_ptr_nonnull(key_find(page->reader, 1));
	strcpy(page->last.owner, key->owner);
	strcpy(page->last.name, key->name);
	strcpy(page->last.account, key->account);
	strcpy(page->last.tenant, key->tenant);
	page->seen++;
	page->total++;
	return true;
}

static size_t list_in_pages(struct store_reader *reader, const struct store_filter *filter, size_t room)
{
	struct page page = { .reader = reader, .room = room };

	do {
		struct store_position after = page.last;

		page.seen = 0;
		ck_assert_int_eq(store_list_keys(reader, filter, &after, page_visit, &page), 0);
	} while (page.seen == room);
	return page.total;
}

#define LIST_KEYS 10000

START_TEST(keys_are_listed_in_pages)
{
	static const char *const owners[] = { "Zoe", "alice", "bob", "deploy", "\xc3\xa9mile" };
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	const uint32_t uid = 1001, nobody = 65534;
	const struct {
		struct store_filter filter;
		size_t count;
	} lists[] = {
		{ { .owner = NULL }, LIST_KEYS },
		{ { .owner = "bob" }, LIST_KEYS / 5 },
		{ { .owner = "bo" }, 0 },
		{ { .owner = "" }, 0 },
		{ { .owner_uid = &uid }, LIST_KEYS / 10 },
		{ { .owner_uid = &nobody }, 0 },
		{ { .tenant = STORE_DEFAULT_TENANT }, LIST_KEYS - LIST_KEYS / 100 },
		{ { .tenant = "" }, LIST_KEYS / 100 },
		{ { .tenant = "elsewhere" }, 0 },
		{ { .owner = "alice", .owner_uid = &uid, .tenant = STORE_DEFAULT_TENANT }, LIST_KEYS / 10 },
		{ { .owner = "bob", .owner_uid = &uid }, 0 },
	};
	struct store_position beyond = { .owner = "bob", .name = "~" };
	const struct store_filter alice = { .owner = "alice" };
	struct page page = { .room = 1 };

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	for (unsigned int i = 0; i < LIST_KEYS; i++) {
		scratch_key(key, i * 7919 % LIST_KEYS); /* in no order */
		key->owner = owners[i % 5];
		if (i % 100 == 0)
			key->tenant = "";
		if (i % 10 == 1) {
			key->owner_uid_known = true;
			key->owner_uid = uid;
		}
		ck_assert_int_eq(store_insert_key(scratch.store, key), 0);
	}
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		ck_assert_uint_eq(list_in_pages(scratch.reader, &lists[i].filter, 333), lists[i].count);
		ck_assert_uint_eq(list_in_pages(scratch.reader, &lists[i].filter, LIST_KEYS + 1), lists[i].count);
	}
	/* A position behind the owner that is asked for, and one that is gone. */
	ck_assert_int_eq(store_list_keys(scratch.reader, &alice, &beyond, page_visit, &page), 0);
	ck_assert_uint_eq(page.total, 0);
	page.reader = scratch.reader;
	ck_assert_int_eq(store_list_keys(scratch.reader, NULL, &beyond, page_visit, &page), 0);
	ck_assert_str_eq(page.last.owner, "deploy");
	assert_whole(&scratch);
}
END_TEST

/* Nothing that is asked while users wait reads a whole table, or sorts. */
static bool count_visit(void *data, const struct store_key *key)
{
	(void)key;
	++*(unsigned int *)data;
	return true;
}

/* What a user is shown of another owner's keys must not take longer for there being many. */
START_TEST(keys_of_others_are_not_walked_along)
{
	CLEANUP_SCRATCH struct scratch scratch;
	const uint32_t uid = 1000;
	const struct store_filter filter = { .owner = "alice", .owner_uid = &uid };
	sqlite3_stmt *statement;
	int steps[2];

	scratch_init(&scratch);
	scratch_open(&scratch);
	statement = scratch.reader->statements[READ_LIST_UID_OWNER];
	for (int i = 0; i < 2; i++) {
		unsigned int count = 0;

		ck_assert_int_eq(scratch_insert_many(scratch.store, 1 + 100 * (unsigned int)i, 100), 0);
		sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
		ck_assert_int_eq(store_list_keys(scratch.reader, &filter, NULL, count_visit, &count), 0);
		ck_assert_uint_eq(count, 0);
		steps[i] = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
	}
	ck_assert_int_gt(steps[0], 0);
	ck_assert_int_eq(steps[0], steps[1]);
}
END_TEST

/* Nor does it tell whether one that is named is there. */
START_TEST(a_key_of_another_takes_no_longer_than_none)
{
	CLEANUP_SCRATCH struct scratch scratch;
	static const char *const names[] = { "key-00001", "key-none" };
	const uint32_t uid = 4000;
	const struct store_filter own = { .owner_uid = &uid };
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	sqlite3_stmt *statement;
	int steps[2];

	ck_assert_ptr_nonnull(key);
	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 1, 100), 0);
	ck_assert_int_eq(store_find_key_named(scratch.reader, NULL, "alice", names[0], key), 0);
	statement = scratch.reader->statements[READ_KEY_OWN];
	for (int i = 0; i < 2; i++) {
		sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
		ck_assert_int_eq(store_find_key_named(scratch.reader, &own, "alice", names[i], key), -ENOENT);
		steps[i] = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 1);
	}
	ck_assert_int_gt(steps[0], 0);
	ck_assert_int_eq(steps[0], steps[1]);
}
END_TEST

/* What may be read from end to end. */
static const char *const small[] = { "SCAN tally", "SCAN sealed", "SCAN role", "SCAN role_gone", "SCAN signing_key" };

START_TEST(statements_use_an_index)
{
	CLEANUP_SCRATCH struct scratch scratch;
	const char *statement = _i < READ_COUNT ? store_read_sql[_i] : store_write_sql[_i - READ_COUNT];
	sqlite3_stmt *plan = NULL;
	char sql[2048];

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_ptr_nonnull(statement);
	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", statement);
	ck_assert_int_eq(sqlite3_prepare_v2(store_writer(scratch.store)->database, sql, -1, &plan, NULL), SQLITE_OK);
	while (sqlite3_step(plan) == SQLITE_ROW) {
		const char *detail = (const char *)sqlite3_column_text(plan, 3);
		bool scans = strncmp(detail, "SCAN", 4) == 0 && strcmp(detail, "SCAN CONSTANT ROW") != 0;

		/* The tally has one row for each state, the sealed keys and those that sign are a handful, and roles
		 * are few; all that were deleted are read by a restore. */
		for (size_t i = 0; i < ARRAY_SIZE(small); i++)
			scans = scans && strcmp(detail, small[i]) != 0;
		ck_assert_msg(!scans, "%s: %s", statement, detail);
		ck_assert_msg(strstr(detail, "TEMP B-TREE") == NULL, "%s: %s", statement, detail);
	}
	sqlite3_finalize(plan);
}
END_TEST

/* The one lookup of a verification: one search, by the primary key, in one tree. */
START_TEST(one_lookup_is_one_search)
{
	CLEANUP_SCRATCH struct scratch scratch;
	sqlite3_stmt *plan = NULL;
	char sql[1024];

	scratch_init(&scratch);
	scratch_open(&scratch);
	snprintf(sql, sizeof(sql), "EXPLAIN QUERY PLAN %s", store_read_sql[READ_KEY]);
	ck_assert_int_eq(sqlite3_prepare_v2(scratch.reader->database, sql, -1, &plan, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_step(plan), SQLITE_ROW);
	ck_assert_str_eq((const char *)sqlite3_column_text(plan, 3), "SEARCH key USING PRIMARY KEY (id=?)");
	ck_assert_int_eq(sqlite3_step(plan), SQLITE_DONE);
	sqlite3_finalize(plan);
}
END_TEST

START_TEST(readers_cannot_write)
{
	CLEANUP_SCRATCH struct scratch scratch;

	scratch_init(&scratch);
	scratch_open(&scratch);
	insert(&scratch, 1);
	ck_assert_int_eq(sqlite3_exec(scratch.reader->database, "DELETE FROM key", NULL, NULL, NULL) & 0xff,
			 SQLITE_READONLY);
	assert_counts(scratch.reader, 1, 0, 0);
}
END_TEST

START_TEST(the_default_account_and_tenant_are_there)
{
	CLEANUP_SCRATCH struct scratch scratch;
	int64_t found = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(sql_number(scratch.reader,
				    "SELECT count(*) FROM tenant JOIN account ON account.id = tenant.account WHERE "
				    "tenant.id = 'default' AND tenant.name = 'default' AND account.name = 'default'",
				    &found),
			 0);
	ck_assert_int_eq(found, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-read");
	TCase *store = tcase_create("store");

	tcase_set_timeout(store, 60);
	tcase_add_test(store, a_key_is_found);
	tcase_add_loop_test(store, no_other_key_is_found, 0, ARRAY_SIZE(strangers));
	tcase_add_test(store, a_key_is_found_by_a_digest);
	tcase_add_test(store, a_reader_sees_one_state);
	tcase_add_loop_test(store, no_read_pins_the_past, 0, ARRAY_SIZE(reads));
	tcase_add_test(store, keys_are_listed_in_pages);
	tcase_add_test(store, keys_of_others_are_not_walked_along);
	tcase_add_test(store, a_key_of_another_takes_no_longer_than_none);
	tcase_add_loop_test(store, statements_use_an_index, 0, (int)READ_COUNT + (int)WRITE_COUNT);
	tcase_add_test(store, one_lookup_is_one_search);
	tcase_add_test(store, readers_cannot_write);
	tcase_add_test(store, the_default_account_and_tenant_are_there);
	suite_add_tcase(suite, store);
	return suite_run(suite);
}
