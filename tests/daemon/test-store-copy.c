/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whole copies of the store: what comes out, what is let in, and that a prepared file gains nothing.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

static struct scratch scratch;
static char fault[1024];

static void setup(void)
{
	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 1, 50), 0);
}

static void teardown(void)
{
	scratch_done(&scratch);
}

static const char *copy_out(const char *name)
{
	const struct store_number numbers[] = { { "one", 1 }, { "two", 2 } };
	const char *path = scratch_path(&scratch, name);

	ck_assert_msg(store_copy(scratch.reader, path, numbers, 2, fault, sizeof(fault)) == 0, "%s", fault);
	return path;
}

/* Runs SQL on a file with a plain connection, as an attacker would. */
static void tamper(const char *path, const char *sql)
{
	sqlite3 *database;
	char *error = NULL;

	ck_assert_int_eq(sqlite3_open(path, &database), SQLITE_OK);
	sqlite3_db_config(database, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
	ck_assert_msg(sqlite3_exec(database, sql, NULL, NULL, &error) == SQLITE_OK, "%s: %s", sql, error);
	sqlite3_close(database);
}

START_TEST(a_copy_is_one_private_file)
{
	const char *path = copy_out("copy");
	struct stat status;

	ck_assert_int_eq(stat(path, &status), 0);
	ck_assert_int_eq(status.st_mode & 07777, 0600);
	ck_assert_int_ne(access(scratch_path(&scratch, "copy-wal"), F_OK), 0);
	ck_assert_int_ne(access(scratch_path(&scratch, "copy-shm"), F_OK), 0);
	ck_assert_int_ne(access(scratch_path(&scratch, "copy-journal"), F_OK), 0);
	ck_assert_msg(store_examine(path, fault, sizeof(fault)) == 0, "%s", fault);
	/* One that is there is not touched. */
	ck_assert_int_eq(store_copy(scratch.reader, path, NULL, 0, fault, sizeof(fault)), -EEXIST);
	ck_assert_ptr_nonnull(strstr(fault, path));
}
END_TEST

START_TEST(a_copy_does_not_see_what_comes_later)
{
	struct scratch other;
	const char *path;
	struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	uint64_t number = 0;

	ck_assert_int_eq(store_read_begin(scratch.reader), 0);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1, id), &key), 0);
	ck_assert_int_eq(scratch_insert(scratch.store, 99), 0);
	path = copy_out("copy");
	store_read_end(scratch.reader);

	scratch_init(&other);
	ck_assert_int_eq(rename(path, scratch_path(&other, STORE_FILE)), 0);
	scratch_open(&other);
	ck_assert_int_eq(store_find_key(other.reader, scratch_id(50, id), &key), 0);
	ck_assert_int_eq(store_find_key(other.reader, scratch_id(99, id), &key), -ENOENT);
	ck_assert_int_eq(store_load_number(other.reader, "two", &number), 0);
	ck_assert_uint_eq(number, 2);
	ck_assert_int_eq(store_check(other.reader, fault, sizeof(fault)), 0);
	scratch_done(&other);
}
END_TEST

START_TEST(a_full_disk_leaves_no_copy)
{
	struct scratch small;

	scratch_init(&small);
	if (!scratch_mount(&small, 16384)) {
		scratch_done(&small);
		return; /* no name space to be had */
	}
	ck_assert_int_eq(store_copy(scratch.reader, scratch_path(&small, "copy"), NULL, 0, fault, sizeof(fault)),
			 -ENOSPC);
	ck_assert_ptr_nonnull(strstr(fault, "room"));
	ck_assert_int_ne(access(scratch_path(&small, "copy"), F_OK), 0);
	ck_assert_int_eq(umount2(small.folder, MNT_DETACH), 0);
	scratch_done(&small);
}
END_TEST

/* Everything a schema can hold that would act by itself, or is not ours. */
static const char *const schemas[] = {
	"CREATE TRIGGER mine AFTER INSERT ON key BEGIN DELETE FROM key; END",
	"CREATE VIEW mine AS SELECT * FROM key",
	"CREATE TABLE mine (a)",
	"CREATE INDEX mine ON key (permissions)",
	"CREATE INDEX mine ON key (length(permissions))",
	"DROP TABLE gone",
	"DROP TABLE gone; CREATE TABLE gone (id TEXT PRIMARY KEY, x INTEGER AS (length(id))) STRICT",
	"DROP TABLE gone; CREATE TABLE gone (id TEXT PRIMARY KEY DEFAULT (randomblob(9))) STRICT, WITHOUT ROWID",
	"ALTER TABLE key ADD COLUMN more TEXT",
	"UPDATE sqlite_schema SET sql = replace(sql, 'created_by TEXT NOT NULL', 'created_by TEXT NOT  NULL')",
	"CREATE VIRTUAL TABLE mine USING fts5 (a)",
	"DROP INDEX key_name",
	"ANALYZE",
};

START_TEST(another_schema_is_refused)
{
	const char *path = copy_out("copy");
	sqlite3 *memory;

	if (strstr(schemas[_i], "fts5")) {
		ck_assert_int_eq(sqlite3_open(":memory:", &memory), SQLITE_OK);
		if (sqlite3_exec(memory, schemas[_i], NULL, NULL, NULL) != SQLITE_OK) {
			sqlite3_close(memory);
			return; /* this SQLite has no such tables */
		}
		sqlite3_close(memory);
	}
	tamper(path, schemas[_i]);
	ck_assert_int_eq(store_examine(path, fault, sizeof(fault)), -EIO);
	ck_assert_msg(strstr(fault, "schema"), "%s", fault);
}
END_TEST

static const struct {
	const char *sql;
	const char *said;
} others[] = {
	{ "PRAGMA user_version = 99", "update" },
	{ "PRAGMA user_version = 0", "not a key store" },
	{ "PRAGMA application_id = 1", "not a key store" },
	{ "PRAGMA page_size = 8192; VACUUM", "another form" },
};

START_TEST(another_database_is_refused)
{
	const char *path = copy_out("copy");

	tamper(path, others[_i].sql);
	ck_assert_int_eq(store_examine(path, fault, sizeof(fault)), -EIO);
	ck_assert_msg(strstr(fault, others[_i].said), "%s", fault);
}
END_TEST

START_TEST(what_is_no_database_is_refused)
{
	const char *path = scratch_path(&scratch, "text"), *link = scratch_path(&scratch, "link");
	FILE *file = fopen(path, "w");

	ck_assert_int_eq(store_examine(scratch_path(&scratch, "missing"), fault, sizeof(fault)), -EIO);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(store_examine(path, fault, sizeof(fault)), -EIO);
	file = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("no database ", file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_int_eq(store_examine(path, fault, sizeof(fault)), -EIO);
	ck_assert_int_eq(symlink(copy_out("copy"), link), 0);
	ck_assert_int_eq(store_examine(link, fault, sizeof(fault)), -EIO);
}
END_TEST

/* A page that is overwritten, and a file that is cut, are found or do no harm. */
START_TEST(broken_pages_are_found)
{
	struct stat status;
	size_t found = 0, tried = 0;

	ck_assert_int_eq(stat(copy_out("copy"), &status), 0);
	for (off_t at = 4096; at < status.st_size; at += 4096) {
		char name[32];
		const char *path;
		int fd;

		snprintf(name, sizeof(name), "copy-%ld", (long)at);
		path = copy_out(name);
		fd = open(path, O_WRONLY | O_CLOEXEC);
		ck_assert_int_eq(pwrite(fd, "\xff\xff\xff\xff\xff\xff\xff\xff", 8, at), 8);
		close(fd);
		tried++;
		found += store_examine(path, fault, sizeof(fault)) < 0;
	}
	ck_assert_uint_ge(tried, 8);
	ck_assert_uint_eq(found, tried);
}
END_TEST

START_TEST(a_replaced_store_holds_the_other_one)
{
	struct scratch other;
	struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	scratch_init(&other);
	scratch_open(&other);
	ck_assert_int_eq(scratch_insert_many(other.store, 1000, 2000), 0);
	/* A reader in the middle of a transaction goes on seeing the old one. */
	ck_assert_int_eq(store_read_begin(scratch.reader), 0);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1, id), &key), 0);
	ck_assert_int_eq(store_replace(scratch.store, other.reader), 0);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(2, id), &key), 0);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1000, id), &key), -ENOENT);
	store_read_end(scratch.reader);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1, id), &key), -ENOENT);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(2999, id), &key), 0);
	ck_assert_int_eq(store_check(scratch.reader, fault, sizeof(fault)), 0);
	/* And it goes on being written. */
	ck_assert_int_eq(scratch_insert(scratch.store, 1), 0);
	ck_assert_int_eq(scratch_set_state(scratch.store, 1500, STORE_REVOKED), 0);
	scratch_close(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1500, id), &key), 0);
	ck_assert_int_eq(key.state, STORE_REVOKED);
	scratch_done(&other);
}
END_TEST

/* Where the store cannot be opened, the file is replaced: at each step there is the old one with its log, or the new.
 */
START_TEST(an_unreadable_store_is_replaced_by_a_file)
{
	const char *path = copy_out("copy"), *kept = scratch_path(&scratch, STORE_KEPT);
	struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	FILE *file;

	scratch_close(&scratch);
	file = fopen(scratch_path(&scratch, STORE_FILE), "w");
	fputs("broken", file);
	ck_assert_int_eq(fclose(file), 0);
	file = fopen(scratch_path(&scratch, STORE_FILE "-wal"), "w");
	fputs("its log", file);
	ck_assert_int_eq(fclose(file), 0);
	ck_assert_msg(store_install(scratch.folder, path, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_int_eq(access(kept, F_OK), 0);
	ck_assert_int_eq(access(scratch_path(&scratch, STORE_KEPT "-wal"), F_OK), 0);
	ck_assert_int_ne(access(scratch_path(&scratch, STORE_FILE "-wal"), F_OK), 0);
	scratch_open(&scratch);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(50, id), &key), 0);
}
END_TEST

/* Left open on purpose, and not lost: what looks for leaks finds them here. Nobody reads it: the compiler must not see
 * that. */
static volatile struct scratch abandoned[2];

START_TEST(a_cut_installation_is_undone)
{
	const char *database = scratch_path(&scratch, STORE_FILE), *log = scratch_path(&scratch, STORE_FILE "-wal");
	const char *kept = scratch_path(&scratch, STORE_KEPT), *kept_log = scratch_path(&scratch, STORE_KEPT "-wal");
	struct store_key key;
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	int fd;

	/* The log holds what the database does not have yet: without it, keys would be lost. */
	ck_assert_int_eq(access(log, F_OK), 0);
	fd = open(log, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(link(database, kept), 0);
	if (_i > 0)
		ck_assert_int_eq(rename(log, kept_log), 0);
	close(fd);
	/* As after a kill: nobody closes the connections properly. */
	ck_assert_int_eq(unlink(scratch_path(&scratch, STORE_FILE "-shm")), 0);
	abandoned[_i] = scratch;
	scratch.store = NULL;
	scratch.reader = NULL;
	scratch_open(&scratch);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(50, id), &key), 0);
	ck_assert_int_ne(access(kept, F_OK), 0);
	ck_assert_int_ne(access(kept_log, F_OK), 0);
}
END_TEST

static bool count_id(void *data, const char *id)
{
	(void)id;
	++*(size_t *)data;
	return true;
}

START_TEST(what_is_merged_is_kept)
{
	char id[CREDENTIAL_KEY_ID_MAX + 1];
	size_t count = 0;
	uint64_t rev = 0;

	ck_assert_int_eq(store_find_gone(scratch.reader, scratch_id(7, id)), -ENOENT);
	ck_assert_int_eq(store_write_begin(scratch.store), 0);
	ck_assert_int_eq(store_delete_key(scratch.store, scratch_id(7, id)), 0);
	ck_assert_int_eq(store_keep_gone(scratch.store, scratch_id(7, id)), 0);
	ck_assert_int_eq(store_keep_gone(scratch.store, scratch_id(777, id)), 0);
	ck_assert_int_eq(store_keep_change(scratch.store, 40, 1, "{}"), 0);
	ck_assert_int_eq(store_keep_change(scratch.store, 40, 1, "{}"), 0);
	ck_assert_int_eq(store_raise_rev(scratch.store, 40), 0);
	ck_assert_int_eq(store_raise_rev(scratch.store, 30), 0);
	ck_assert_int_eq(store_log_change(scratch.store, 1, "{}", &rev), 0);
	ck_assert_uint_eq(rev, 41);
	ck_assert_int_eq(store_write_commit(scratch.store), 0);
	ck_assert_int_eq(store_find_gone(scratch.reader, scratch_id(777, id)), 0);
	ck_assert_int_eq(store_list_gone(scratch.reader, count_id, &count), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_int_eq(scratch_insert(scratch.store, 777), -EEXIST);
	ck_assert_msg(store_check(scratch.reader, fault, sizeof(fault)) == 0, "%s", fault);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store copy");
	TCase *cases = tcase_create("store copy");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, a_copy_is_one_private_file);
	tcase_add_test(cases, a_copy_does_not_see_what_comes_later);
	tcase_add_test(cases, a_full_disk_leaves_no_copy);
	tcase_add_loop_test(cases, another_schema_is_refused, 0, ARRAY_SIZE(schemas));
	tcase_add_loop_test(cases, another_database_is_refused, 0, ARRAY_SIZE(others));
	tcase_add_test(cases, what_is_no_database_is_refused);
	tcase_add_test(cases, broken_pages_are_found);
	tcase_add_test(cases, a_replaced_store_holds_the_other_one);
	tcase_add_test(cases, an_unreadable_store_is_replaced_by_a_file);
	tcase_add_loop_test(cases, a_cut_installation_is_undone, 0, 2);
	tcase_add_test(cases, what_is_merged_is_kept);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
