/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Opening: each state a folder can be in, the sentence a person gets for it, and that the store opens once it is
 * mended. Then how a new store comes into being, and how an older one is brought up to date.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "daemon/store_open.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

static char fault[2048];

/* Opens and closes. */
static int try_open(struct scratch *scratch, bool create)
{
	int r;

	fault[0] = '\0';
	r = store_open(scratch->folder, create, &scratch->store, fault, sizeof(fault));
	if (r == 0)
		scratch_close(scratch);
	return r;
}

static bool exists(const struct scratch *scratch, const char *name)
{
	return faccessat(AT_FDCWD, scratch_path(scratch, name), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int file_run(const struct scratch *scratch, const char *sql)
{
	sqlite3 *database = NULL;
	int result = sqlite3_open(scratch_path(scratch, STORE_FILE), &database);

	if (result == SQLITE_OK)
		result = sqlite3_exec(database, sql, NULL, NULL, NULL);
	sqlite3_close(database);
	return result;
}

static void file_write(const struct scratch *scratch, const char *name, const char *text)
{
	FILE *file = fopen(scratch_path(scratch, name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

/* States of a folder. Each begins with a good store that holds one key. */
static void spoil_missing(struct scratch *scratch)
{
	ck_assert_int_eq(unlink(scratch_path(scratch, STORE_FILE)), 0);
}

static void spoil_missing_beside_log(struct scratch *scratch)
{
	spoil_missing(scratch);
	file_write(scratch, STORE_FILE "-wal", "acknowledged");
}

static void spoil_empty(struct scratch *scratch)
{
	ck_assert_int_eq(truncate(scratch_path(scratch, STORE_FILE), 0), 0);
}

static void spoil_text(struct scratch *scratch)
{
	file_write(scratch, STORE_FILE,
		   "apikeyd keeps its keys here, and this is a longer text than a header is long.\n");
}

static void spoil_cut(struct scratch *scratch)
{
	struct stat status;

	ck_assert_int_eq(stat(scratch_path(scratch, STORE_FILE), &status), 0);
	ck_assert_int_eq(truncate(scratch_path(scratch, STORE_FILE), status.st_size / 2), 0);
}

static void spoil_cut_in_header(struct scratch *scratch)
{
	ck_assert_int_eq(truncate(scratch_path(scratch, STORE_FILE), 50), 0);
}

static void spoil_link(struct scratch *scratch)
{
	ck_assert_int_eq(rename(scratch_path(scratch, STORE_FILE), scratch_path(scratch, "elsewhere.db")), 0);
	ck_assert_int_eq(symlink("elsewhere.db", scratch_path(scratch, STORE_FILE)), 0);
}

static void spoil_dangling_link(struct scratch *scratch)
{
	spoil_missing(scratch);
	ck_assert_int_eq(symlink("elsewhere.db", scratch_path(scratch, STORE_FILE)), 0);
}

static void spoil_folder(struct scratch *scratch)
{
	spoil_missing(scratch);
	ck_assert_int_eq(mkdir(scratch_path(scratch, STORE_FILE), 0700), 0);
}

static void spoil_newer(struct scratch *scratch)
{
	ck_assert_int_eq(file_run(scratch, "PRAGMA user_version = 77"), SQLITE_OK);
}

static void spoil_foreign(struct scratch *scratch)
{
	ck_assert_int_eq(file_run(scratch, "PRAGMA application_id = 252006675"), SQLITE_OK);
}

static void spoil_foreign_without_id(struct scratch *scratch)
{
	spoil_missing(scratch);
	ck_assert_int_eq(file_run(scratch, "CREATE TABLE key (id TEXT)"), SQLITE_OK);
}

static void spoil_table(struct scratch *scratch)
{
	ck_assert_int_eq(file_run(scratch, "DROP TABLE gone"), SQLITE_OK);
}

static const struct {
	void (*spoil)(struct scratch *scratch);
	bool create;
	int error;
	const char *file, *what, *mend;
} spoils[] = {
	{ spoil_missing, false, -ENOENT, "/" STORE_FILE ":", "missing", "restore it from a backup" },
	{ spoil_missing_beside_log, false, -ENOENT, "/" STORE_FILE ":", "missing", "restore it from a backup" },
	{ spoil_missing_beside_log, true, -EIO, "/" STORE_FILE "-wal:", "missing", "restore it from a backup" },
	{ spoil_empty, false, -EIO, "/" STORE_FILE ":", "empty", "from a backup" },
	{ spoil_empty, true, -EIO, "/" STORE_FILE ":", "empty", "from a backup" },
	{ spoil_text, true, -EIO, "/" STORE_FILE ":", "no database", "restore a backup" },
	{ spoil_cut, true, -EIO, "/" STORE_FILE ":", "damaged", "restore a backup" },
	{ spoil_cut_in_header, true, -EIO, "/" STORE_FILE ":", "damaged", "restore a backup" },
	{ spoil_link, true, -ELOOP, "/" STORE_FILE ":", "symbolic link", "put the file itself there" },
	{ spoil_dangling_link, true, -ELOOP, "/" STORE_FILE ":", "symbolic link", "put the file itself there" },
	{ spoil_folder, true, -EISDIR, "/" STORE_FILE ":", "not a regular file", "move it away" },
	{ spoil_newer, true, -EIO, "/" STORE_FILE ":", "has schema 77", "update apikeyd" },
	{ spoil_foreign, true, -EIO, "/" STORE_FILE ":", "not a key store of apikeyd", "move it away" },
	{ spoil_foreign_without_id, true, -EIO, "/" STORE_FILE ":", "not a key store of apikeyd", "move it away" },
	{ spoil_table, true, -EIO, "/" STORE_FILE ":", "no such table", "restore a backup" },
};

START_TEST(a_spoilt_store_is_refused)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct stat before, after;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert(scratch.store, 1), 0);
	scratch_close(&scratch);
	spoils[_i].spoil(&scratch);
	memset(&before, 0, sizeof(before));
	memset(&after, 0, sizeof(after));
	(void)lstat(scratch_path(&scratch, STORE_FILE), &before);
	ck_assert_int_eq(try_open(&scratch, spoils[_i].create), spoils[_i].error);
	ck_assert_msg(strncmp(fault, scratch.folder, strlen(scratch.folder)) == 0, "%s", fault);
	ck_assert_msg(strstr(fault, spoils[_i].file) != NULL, "%s", fault);
	ck_assert_msg(strstr(fault, spoils[_i].what) != NULL, "%s", fault);
	ck_assert_msg(strstr(fault, spoils[_i].mend) != NULL, "%s", fault);
	/* What may be someone's last copy is left as it is. */
	(void)lstat(scratch_path(&scratch, STORE_FILE), &after);
	ck_assert_int_eq(before.st_size, after.st_size);
	ck_assert_uint_eq(before.st_ino, after.st_ino);
	ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
	/* A sentence nobody asked for is not written. */
	ck_assert_int_eq(store_open(scratch.folder, spoils[_i].create, &scratch.store, NULL, 0), spoils[_i].error);
	ck_assert_ptr_null(scratch.store);
}
END_TEST

START_TEST(a_folder_that_is_none_is_refused)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct store *store = NULL;
	char longest[PATH_MAX];

	scratch_init(&scratch);
	file_write(&scratch, "file", "");
	ck_assert_int_eq(store_open(scratch_path(&scratch, "none"), true, &store, fault, sizeof(fault)), -ENOENT);
	ck_assert_msg(strstr(fault, "/none: ") != NULL && strstr(fault, "missing") != NULL, "%s", fault);
	ck_assert_int_eq(store_open(scratch_path(&scratch, "file"), true, &store, fault, sizeof(fault)), -ENOTDIR);
	ck_assert_msg(strstr(fault, "/file: ") != NULL, "%s", fault);
	memset(longest, '/', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	longest[sizeof(longest) - 2] = 'x';
	ck_assert_int_lt(store_open(longest, true, &store, fault, sizeof(fault)), 0);
	ck_assert_ptr_null(store);
}
END_TEST

/* What an ordinary user may not do. Each is tried as one, and mended. */
static int deny(struct scratch *scratch, const char *path, mode_t mode, mode_t mended, const char *what)
{
	if (try_open(scratch, true) != 0) {
		fprintf(stderr, "%s\n", fault);
		return 1;
	}
	if (chmod(path, mode) < 0)
		return 2;
	if (try_open(scratch, true) != -EACCES || strstr(fault, what) == NULL || strstr(fault, "owns") == NULL) {
		fprintf(stderr, "%s\n", fault);
		return 3;
	}
	if (chmod(path, mended) < 0)
		return 4;
	return try_open(scratch, true) == 0 ? 0 : 5;
}

static int deny_all(struct scratch *scratch)
{
	return deny(scratch, scratch_path(scratch, STORE_FILE), 0, 0600, "/" STORE_FILE ":");
}

static int deny_writing(struct scratch *scratch)
{
	return deny(scratch, scratch_path(scratch, STORE_FILE), 0400, 0600, "/" STORE_FILE ":");
}

static int deny_folder(struct scratch *scratch)
{
	return deny(scratch, scratch->folder, 0500, 0700, ": apikeyd's user");
}

static int deny_search(struct scratch *scratch)
{
	return deny(scratch, scratch->folder, 0, 0700, ": apikeyd's user");
}

static int deny_creation(struct scratch *scratch)
{
	if (chmod(scratch->folder, 0500) < 0 || try_open(scratch, true) != -EACCES || strstr(fault, "owns") == NULL)
		return 1;
	if (chmod(scratch->folder, 0700) < 0 || try_open(scratch, true) != 0)
		return 2;
	return 0;
}

static int (*const denials[])(struct scratch *scratch) = {
	deny_all, deny_writing, deny_folder, deny_search, deny_creation,
};

START_TEST(a_store_of_someone_else_is_refused)
{
	CLEANUP_SCRATCH struct scratch scratch;

	scratch_init(&scratch);
	ck_assert_int_eq(scratch_in_child(&scratch, true, denials[_i]), 0);
}
END_TEST

/* Runs where a file system of its own can be mounted. */
static int open_readonly(struct scratch *scratch)
{
	if (!scratch_mount(scratch, 1 << 20))
		return 77;
	if (try_open(scratch, true) != 0 || !scratch_remount(scratch, 1 << 20, true))
		return 1;
	if (try_open(scratch, true) != -EROFS || strstr(fault, "mounted for writing") == NULL)
		return 2;
	if (!scratch_remount(scratch, 1 << 20, false) || try_open(scratch, true) != 0)
		return 3;
	return 0;
}

static int create_readonly(struct scratch *scratch)
{
	if (!scratch_mount(scratch, 1 << 20))
		return 77;
	if (!scratch_remount(scratch, 1 << 20, true))
		return 1;
	if (try_open(scratch, true) != -EROFS || strstr(fault, "mounted for writing") == NULL)
		return 2;
	return 0;
}

static int create_full(struct scratch *scratch)
{
	if (!scratch_mount(scratch, 16384))
		return 77;
	if (try_open(scratch, true) != -ENOSPC || strstr(fault, "no room is left") == NULL)
		return 1;
	if (exists(scratch, STORE_FILE) || exists(scratch, STORE_FILE ".new"))
		return 2;
	if (!scratch_remount(scratch, 1 << 20, false) || try_open(scratch, true) != 0)
		return 3;
	return 0;
}

/* The room the index of the log needs is not there, though the store is. */
static int open_full(struct scratch *scratch)
{
	char block[4096] = "";
	FILE *file;

	if (!scratch_mount(scratch, 256 * 1024))
		return 77;
	if (try_open(scratch, true) != 0)
		return 1;
	file = fopen(scratch_path(scratch, "filler"), "w");
	if (file == NULL)
		return 2;
	setbuf(file, NULL);
	while (fwrite(block, sizeof(block), 1, file) == 1)
		;
	fclose(file);
	if (try_open(scratch, true) != -ENOSPC || strstr(fault, "no room is left") == NULL) {
		fprintf(stderr, "%s\n", fault);
		return 3;
	}
	if (unlink(scratch_path(scratch, "filler")) < 0 || try_open(scratch, true) != 0)
		return 4;
	return 0;
}

static int (*const mounts[])(struct scratch *scratch) = { open_readonly, create_readonly, create_full, open_full };

START_TEST(a_file_system_in_the_way_is_told)
{
	CLEANUP_SCRATCH struct scratch scratch;
	int status;

	scratch_init(&scratch);
	status = scratch_in_child(&scratch, false, mounts[_i]);
	if (status == 77)
		fprintf(stderr, "skipped: no file system can be mounted here\n");
	else
		ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_new_store_is_whole_or_not_there)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct rlimit limit;

	scratch_init(&scratch);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	for (rlim_t size = 0; size < 64 * 1024; size += 4096) {
		struct rlimit less = { .rlim_cur = size, .rlim_max = limit.rlim_max };

		ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &less), 0);
		if (try_open(&scratch, true) == 0)
			break;
		ck_assert_msg(strstr(fault, "no room is left") != NULL, "%s", fault);
		ck_assert(!exists(&scratch, STORE_FILE ".new"));
		ck_assert(!exists(&scratch, STORE_FILE ".new-journal"));
	}
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert_int_eq(try_open(&scratch, true), 0);
	ck_assert(!exists(&scratch, STORE_FILE "-wal"));
}
END_TEST

START_TEST(a_creation_that_was_interrupted_is_begun_again)
{
	CLEANUP_SCRATCH struct scratch scratch;

	scratch_init(&scratch);
	file_write(&scratch, STORE_FILE ".new", "half a data");
	file_write(&scratch, STORE_FILE ".new-journal", "half a journal");
	ck_assert_int_eq(try_open(&scratch, false), -ENOENT);
	ck_assert_int_eq(try_open(&scratch, true), 0);
	ck_assert(!exists(&scratch, STORE_FILE ".new"));
	ck_assert(!exists(&scratch, STORE_FILE ".new-journal"));
}
END_TEST

START_TEST(files_are_for_their_owner_alone)
{
	static const char *const names[] = { STORE_FILE, STORE_FILE "-wal", STORE_FILE "-shm" };
	CLEANUP_SCRATCH struct scratch scratch;
	struct stat status;

	umask(0);
	scratch_init(&scratch);
	for (int round = 0; round < 2; round++) {
		scratch_open(&scratch);
		ck_assert_int_eq(scratch_insert(scratch.store, (unsigned int)round), 0);
		for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
			ck_assert_int_eq(stat(scratch_path(&scratch, names[i]), &status), 0);
			ck_assert_uint_eq(status.st_mode & 07777, 0600);
		}
		scratch_close(&scratch);
		/* As a backup that was copied back. */
		ck_assert_int_eq(chmod(scratch_path(&scratch, STORE_FILE), 0644), 0);
	}
}
END_TEST

/* A copy that SQLite's shell made keeps no log of its own. */
START_TEST(a_store_without_a_log_gets_one)
{
	CLEANUP_SCRATCH struct scratch scratch;

	scratch_init(&scratch);
	ck_assert_int_eq(try_open(&scratch, true), 0);
	ck_assert_int_eq(file_run(&scratch, "PRAGMA journal_mode = DELETE"), SQLITE_OK);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert(scratch.store, 1), 0);
	ck_assert(exists(&scratch, STORE_FILE "-wal"));
}
END_TEST

START_TEST(a_folder_behind_a_link_will_do)
{
	CLEANUP_SCRATCH struct scratch scratch;
	struct store *store = NULL;

	scratch_init(&scratch);
	ck_assert_int_eq(mkdir(scratch_path(&scratch, "state"), 0700), 0);
	ck_assert_int_eq(symlink("state", scratch_path(&scratch, "link")), 0);
	ck_assert_int_eq(store_open(scratch_path(&scratch, "link"), true, &store, fault, sizeof(fault)), 0);
	store_close(store);
	ck_assert(exists(&scratch, "state/" STORE_FILE));
}
END_TEST

START_TEST(closing_nothing_is_nothing)
{
	store_close(NULL);
	store_reader_close(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-open");
	TCase *opening = tcase_create("opening");

	tcase_set_timeout(opening, 60);
	tcase_add_loop_test(opening, a_spoilt_store_is_refused, 0, ARRAY_SIZE(spoils));
	tcase_add_test(opening, a_folder_that_is_none_is_refused);
	tcase_add_loop_test(opening, a_store_of_someone_else_is_refused, 0, ARRAY_SIZE(denials));
	tcase_add_loop_test(opening, a_file_system_in_the_way_is_told, 0, ARRAY_SIZE(mounts));
	tcase_add_test(opening, a_new_store_is_whole_or_not_there);
	tcase_add_test(opening, a_creation_that_was_interrupted_is_begun_again);
	tcase_add_test(opening, files_are_for_their_owner_alone);
	tcase_add_test(opening, a_store_without_a_log_gets_one);
	tcase_add_test(opening, a_folder_behind_a_link_will_do);
	tcase_add_test(opening, closing_nothing_is_nothing);
	suite_add_tcase(suite, opening);
	return suite_run(suite);
}
