/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Updates of the schema: the store is brought up to date with a copy beside it, or stays as it was.
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

static void file_write(const struct scratch *scratch, const char *name, const char *text)
{
	FILE *file = fopen(scratch_path(scratch, name), "w");

	ck_assert_ptr_nonnull(file);
	ck_assert_int_ge(fputs(text, file), 0);
	ck_assert_int_eq(fclose(file), 0);
}

static void file_copy(const struct scratch *from, const struct scratch *to, const char *name)
{
	FILE *source = fopen(scratch_path(from, name), "r"), *target = fopen(scratch_path(to, name), "w");
	char block[4096];
	size_t size;

	ck_assert(source != NULL && target != NULL);
	while ((size = fread(block, 1, sizeof(block), source)) > 0)
		ck_assert_uint_eq(fwrite(block, 1, size, target), size);
	fclose(source);
	ck_assert_int_eq(fclose(target), 0);
}

/* A step that only this test knows stands for whatever comes next; the steps before it are the real ones. */
static const char later_step[] =
	"CREATE TABLE later (number INTEGER PRIMARY KEY) STRICT; INSERT INTO later VALUES (7);";
static const char failing_step[] = "CREATE TABLE later (number INTEGER PRIMARY KEY) STRICT; DROP TABLE key;"
				   "INSERT INTO nowhere VALUES (7);";

/* The real steps, and one more. */
static struct store_schema schema_with(const char *step, const char **room, size_t size)
{
	ck_assert_uint_lt(store_schema_steps.count, size);
	memcpy(room, store_schema_steps.steps, store_schema_steps.count * sizeof(room[0]));
	room[store_schema_steps.count] = step;
	return (struct store_schema){ room, store_schema_steps.count + 1 };
}

/* The name of the copy that is made before this binary's schema is left. */
static const char *copy_name(const char *suffix)
{
	static char name[64];

	snprintf(name, sizeof(name), STORE_FILE ".schema-%u%s", store_schema(), suffix);
	return name;
}

START_TEST(an_older_store_is_brought_up_to_date)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *found = malloc(sizeof(*found));
	const char *steps[64];
	struct store_schema schema = schema_with(later_step, steps, ARRAY_SIZE(steps));
	int64_t number = 0;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, 300), 0);
	scratch_close(&scratch);
	/* Left over from an update that was interrupted. */
	file_write(&scratch, copy_name(".new"), "half a copy");
	ck_assert_int_eq(store_open_schema(scratch.folder, false, &schema, &scratch.store, fault, sizeof(fault)), 0);
	ck_assert_int_eq(store_reader_open(scratch.store, &scratch.reader), 0);
	scratch_key(key, 299);
	ck_assert_int_eq(store_find_key(scratch.reader, key->id, found), 0);
	scratch_assert_same(key, found);
	ck_assert_int_eq(sql_number(scratch.reader, "SELECT number FROM later", &number), 0);
	ck_assert_int_eq(number, 7);
	ck_assert_int_eq(scratch_insert(scratch.store, 300), 0);
	ck_assert_int_eq(store_check(scratch.reader, fault, sizeof(fault)), 0);
	scratch_close(&scratch);
	/* Once is enough. */
	ck_assert_int_eq(unlink(scratch_path(&scratch, copy_name(""))), 0);
	ck_assert_int_eq(store_open_schema(scratch.folder, false, &schema, &scratch.store, fault, sizeof(fault)), 0);
	scratch_close(&scratch);
	ck_assert(!exists(&scratch, copy_name("")));

	/* This binary, which is older now, refuses it and says where the copy is. */
	ck_assert_int_eq(try_open(&scratch, true), -EIO);
	ck_assert_msg(strstr(fault, copy_name("")) != NULL, "%s", fault);
}
END_TEST

/* What a key had in the first of them; later columns have defaults. */
#define KEY_COLUMNS                                                                                                    \
	"id, state, kind, test, not_before, expires, secrets, owner, tenant, account, users, permissions, roles,"      \
	" sources, name, owner_uid, created, created_by, state_reason, labels"

/* Every version that was ever released, with keys in it. */
START_TEST(a_store_of_each_version_is_brought_up_to_date)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *found = malloc(sizeof(*found));
	struct store_schema older = { store_schema_steps.steps, (size_t)_i };
	CLEANUP_FREE char *path = NULL;
	sqlite3 *database = NULL;
	char text[1024];

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, 300), 0);
	path = strdup(scratch_path(&scratch, "older"));
	ck_assert_int_eq(mkdir(path, 0700), 0);
	/* The keys go into a database whose schema is the older one. */
	snprintf(text, sizeof(text), "%s/" STORE_FILE, path);
	ck_assert_int_eq(sqlite3_open(text, &database), SQLITE_OK);
	for (size_t i = 0; i < older.count; i++)
		ck_assert_int_eq(sqlite3_exec(database, older.steps[i], NULL, NULL, NULL), SQLITE_OK);
	snprintf(text, sizeof(text),
		 "PRAGMA application_id = %d; PRAGMA user_version = %zu; ATTACH '%s' AS present;"
		 "INSERT INTO key (" KEY_COLUMNS ") SELECT " KEY_COLUMNS
		 " FROM present.key; INSERT INTO digest SELECT * FROM present.digest;"
		 "UPDATE tally SET keys = 300 WHERE state = 1",
		 STORE_APPLICATION_ID, older.count, scratch_path(&scratch, STORE_FILE));
	ck_assert_msg(sqlite3_exec(database, text, NULL, NULL, NULL) == SQLITE_OK, "%s", sqlite3_errmsg(database));
	sqlite3_close(database);
	scratch_close(&scratch);

	ck_assert_msg(store_open(path, false, &scratch.store, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_int_eq(store_reader_open(scratch.store, &scratch.reader), 0);
	scratch_key(key, 299);
	ck_assert_int_eq(store_find_key(scratch.reader, key->id, found), 0);
	scratch_assert_same(key, found);
	ck_assert_int_eq(store_find_key_named(scratch.reader, NULL, key->owner, key->name, found), 0);
	ck_assert_int_eq(scratch_insert(scratch.store, 300), 0);
	ck_assert_msg(store_check(scratch.reader, fault, sizeof(fault)) == 0, "%s", fault);
	scratch_close(&scratch);
}
END_TEST

START_TEST(the_copy_is_the_store_as_it_was)
{
	CLEANUP_SCRATCH struct scratch scratch, copy;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key)), *found = malloc(sizeof(*found));
	const char *steps[64];
	struct store_schema schema = schema_with(later_step, steps, ARRAY_SIZE(steps));
	uint64_t counts[STORE_STATE_COUNT];
	struct stat status;

	scratch_init(&scratch);
	scratch_init(&copy);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, 300), 0);
	/* Killed: what was acknowledged last is in the log alone. */
	file_copy(&scratch, &copy, STORE_FILE);
	file_copy(&scratch, &copy, STORE_FILE "-wal");
	ck_assert_int_eq(store_open_schema(copy.folder, false, &schema, &copy.store, fault, sizeof(fault)), 0);
	scratch_close(&copy);
	ck_assert_int_eq(stat(scratch_path(&copy, copy_name("")), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
	ck_assert(!exists(&copy, copy_name(".new")));
	ck_assert(!exists(&copy, copy_name(".new-journal")));
	scratch_close(&scratch);

	ck_assert_int_eq(rename(scratch_path(&copy, copy_name("")), scratch_path(&copy, STORE_FILE)), 0);
	scratch_open(&copy);
	ck_assert_int_eq(store_count_keys(copy.reader, counts), 0);
	ck_assert_uint_eq(counts[STORE_ACTIVE], 300);
	scratch_key(key, 299);
	ck_assert_int_eq(store_find_key(copy.reader, key->id, found), 0);
	scratch_assert_same(key, found);
	ck_assert_msg(store_check(copy.reader, fault, sizeof(fault)) == 0, "%s", fault);
}
END_TEST

START_TEST(an_update_that_fails_leaves_the_store_as_it_was)
{
	CLEANUP_SCRATCH struct scratch scratch;
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	const char *steps[64];
	struct store_schema schema = schema_with(failing_step, steps, ARRAY_SIZE(steps));
	char id[CREDENTIAL_KEY_ID_MAX + 1];

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert(scratch.store, 1), 0);
	scratch_close(&scratch);
	ck_assert_int_eq(store_open_schema(scratch.folder, false, &schema, &scratch.store, fault, sizeof(fault)), -EIO);
	ck_assert_msg(strstr(fault, "nowhere") != NULL, "%s", fault);
	scratch_open(&scratch);
	ck_assert_int_eq(store_find_key(scratch.reader, scratch_id(1, id), key), 0);
	ck_assert_msg(store_check(scratch.reader, fault, sizeof(fault)) == 0, "%s", fault);
}
END_TEST

START_TEST(no_update_without_room_for_the_copy)
{
	CLEANUP_SCRATCH struct scratch scratch;
	const char *steps[64];
	struct store_schema schema = schema_with(later_step, steps, ARRAY_SIZE(steps));
	struct rlimit limit, less;

	scratch_init(&scratch);
	scratch_open(&scratch);
	ck_assert_int_eq(scratch_insert_many(scratch.store, 0, 300), 0);
	scratch_close(&scratch);
	signal(SIGXFSZ, SIG_IGN);
	ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &limit), 0);
	less = (struct rlimit){ .rlim_cur = 40960, .rlim_max = limit.rlim_max };
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &less), 0);
	ck_assert_int_eq(store_open_schema(scratch.folder, false, &schema, &scratch.store, fault, sizeof(fault)),
			 -ENOSPC);
	ck_assert_msg(strstr(fault, copy_name(".new")) != NULL && strstr(fault, "room") != NULL, "%s", fault);
	ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
	ck_assert(!exists(&scratch, copy_name("")));
	ck_assert(!exists(&scratch, copy_name(".new")));
	/* The old binary goes on with it, and the new one once there is room. */
	ck_assert_int_eq(try_open(&scratch, false), 0);
	ck_assert_int_eq(store_open_schema(scratch.folder, false, &schema, &scratch.store, fault, sizeof(fault)), 0);
	scratch_close(&scratch);
	ck_assert(exists(&scratch, copy_name("")));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store-schema");
	TCase *updates = tcase_create("updates");

	tcase_set_timeout(updates, 60);
	tcase_add_test(updates, an_older_store_is_brought_up_to_date);
	tcase_add_loop_test(updates, a_store_of_each_version_is_brought_up_to_date, 1, (int)store_schema());
	tcase_add_test(updates, the_copy_is_the_store_as_it_was);
	tcase_add_test(updates, an_update_that_fails_leaves_the_store_as_it_was);
	tcase_add_test(updates, no_update_without_room_for_the_copy);
	suite_add_tcase(suite, updates);
	return suite_run(suite);
}
