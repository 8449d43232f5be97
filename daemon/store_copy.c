/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whole copies of the store, out and in. Defends against a file that somebody prepared: before anything in it is used,
 * its schema must be, word for word, one of ours, so that there are no triggers, views, generated columns or other
 * expressions in it; and against a crash at any moment: what is replaced is replaced in one transaction.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "daemon/store_connection.h"
#include "daemon/store_file.h"
#include "daemon/store_schema.h"
#include "daemon/store_write.h"

/* ---- out ---- */

static int set_numbers(struct store_reader *copy, const struct store_number *numbers, size_t count)
{
	static const char *const sql = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)";
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;
	int r = sql_prepare(copy, &sql, &statement, 1);

	for (size_t i = 0; r == 0 && i < count; i++) {
		sqlite3_bind_text(statement, 1, numbers[i].name, -1, SQLITE_STATIC);
		sqlite3_bind_int64(statement, 2, (int64_t)numbers[i].number);
		r = sql_execute(copy, statement);
	}
	return r;
}

/* One connection copies; the next sees by what came that the source kept a log, and gives that up, so that the copy is
 * one file. */
static int fill_copy(struct store_reader *reader, const char *path, const struct store_number *numbers, size_t count,
		     char *fault, size_t fault_size)
{
	struct store_reader copy;
	int r = sql_open(&copy, path, SQLITE_OPEN_READWRITE);

	if (r == 0)
		r = sql_run(&copy, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF");
	if (r == 0)
		r = sql_copy_pages(&copy, reader);
	if (r < 0)
		fault_tell(r, fault, fault_size, "%s", copy.fault);
	sql_close(&copy);
	if (r < 0)
		return r;
	r = sql_open(&copy, path, SQLITE_OPEN_READWRITE);
	if (r == 0)
		r = sql_run(&copy, "PRAGMA journal_mode = DELETE");
	if (r == 0 && count > 0)
		r = set_numbers(&copy, numbers, count);
	if (r < 0)
		fault_tell(r, fault, fault_size, "%s", copy.fault);
	sql_close(&copy);
	return r;
}

int store_copy(struct store_reader *reader, const char *path, const struct store_number *numbers, size_t count,
	       char *ret_fault, size_t fault_size)
{
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0)
		return fault_tell(-errno, ret_fault, fault_size, "%s cannot be made: %s", path, strerror(errno));
	close(fd);
	r = fill_copy(reader, path, numbers, count, ret_fault, fault_size);
	if (r == 0) {
		r = store_file_sync(path, O_NOFOLLOW);
		if (r < 0)
			fault_tell(r, ret_fault, fault_size, "%s cannot be written: %s", path, strerror(-r));
	}
	if (r < 0)
		store_file_remove(path);
	return r;
}

/* ---- in ---- */

#define SCHEMA_SQL "SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY type, name, tbl_name"
#define SCHEMA_COLUMNS 4

static bool same_text(sqlite3_stmt *left, sqlite3_stmt *right, int column)
{
	int size = sqlite3_column_bytes(left, column);
	const void *a = sqlite3_column_blob(left, column), *b = sqlite3_column_blob(right, column);

	return sqlite3_column_type(left, column) == sqlite3_column_type(right, column) &&
	       sqlite3_column_bytes(right, column) == size &&
	       (size == 0 || (a && b && memcmp(a, b, (size_t)size) == 0));
}

/* Compares the schema with one that is made afresh. */
static int compare_schema(struct store_reader *given, struct store_reader *own)
{
	static const char *const sql = SCHEMA_SQL;
	CLEANUP_FINALIZE sqlite3_stmt *left = NULL;
	CLEANUP_FINALIZE sqlite3_stmt *right = NULL;
	int r = sql_prepare(given, &sql, &left, 1), more, own_more;

	if (r == 0)
		r = sql_prepare(own, &sql, &right, 1);
	if (r < 0)
		return r;
	do {
		more = sql_step(given, left);
		own_more = sql_step(own, right);
		if (more < 0 || own_more < 0)
			return more < 0 ? more : own_more;
		for (int column = 0; more && own_more && column < SCHEMA_COLUMNS; column++) {
			if (!same_text(left, right, column))
				own_more = 2;
		}
		if (more != own_more)
			return sql_say(given, -EIO,
				       "this is not what apikeyd made: its schema was changed; nothing in it was used");
	} while (more);
	return 0;
}

static int check_schema(struct store_reader *given, int version)
{
	const struct store_schema schema = { store_schema_steps.steps, (size_t)version };
	struct store_reader own;
	int r = sql_open(&own, ":memory:", SQLITE_OPEN_READWRITE | SQLITE_OPEN_MEMORY);

	if (r == 0)
		r = schema_create(&own, &schema);
	if (r == 0)
		r = compare_schema(given, &own);
	sql_close(&own);
	return r;
}

/* What a database can be set to that ours is not. */
static int check_form(struct store_reader *given)
{
	static const struct {
		const char *sql;
		int64_t wanted;
	} forms[] = {
		{ "PRAGMA page_size", STORE_PAGE_SIZE },
		{ "SELECT count(*) FROM pragma_encoding WHERE encoding = 'UTF-8'", 1 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		int64_t found;
		int r = sql_number(given, forms[i].sql, &found);

		if (r < 0)
			return r;
		if (found != forms[i].wanted)
			return sql_say(given, -EIO, "this is a database in another form than apikeyd's");
	}
	return 0;
}

/* SQLite's own check gives one row that says "ok", or a row for each problem. */
static int check_pages(struct store_reader *given)
{
	static const char *const sql = "PRAGMA integrity_check(1)";
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;
	const char *said;
	int r = sql_prepare(given, &sql, &statement, 1);

	if (r == 0)
		r = sql_step(given, statement);
	if (r < 0)
		return r;
	said = r > 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	return said && strcmp(said, "ok") == 0 ? 0 : sql_say(given, -EIO, "its pages do not fit together");
}

int store_examine(const char *path, char *ret_fault, size_t fault_size)
{
	struct store_reader given;
	int version = -EIO, r = sql_open(&given, path, SQLITE_OPEN_READONLY);

	if (r == 0) {
		version = schema_version(&given, &store_schema_steps);
		r = version < 0 ? version : 0;
	}
	if (r == 0)
		r = check_form(&given);
	if (r == 0)
		r = check_schema(&given, version);
	if (r == 0)
		r = check_pages(&given);
	if (r < 0)
		fault_tell(r, ret_fault, fault_size, "%s", given.fault);
	sql_close(&given);
	return r < 0 ? -EIO : 0;
}

int store_replace(struct store *store, struct store_reader *source)
{
	if (store->writing)
		return -EINVAL;
	/* The source may have some. */
	atomic_store(&store->has_policies, true);
	return sql_copy_pages(&store->reader, source);
}

/* ---- a store that cannot be opened ---- */

/* Names in the state folder. */
struct names {
	char folder[PATH_MAX];
	char database[PATH_MAX], log[PATH_MAX], shared[PATH_MAX];
	char kept[PATH_MAX], kept_log[PATH_MAX];
};

static bool names_fill(struct names *names, const char *folder)
{
	static const char longest[] = "/" STORE_KEPT "-wal";

	if (strlen(folder) + sizeof(longest) > PATH_MAX)
		return false;
	strcpy(names->folder, folder);
	strcpy(stpcpy(names->database, folder), "/" STORE_FILE);
	strcpy(stpcpy(names->log, folder), "/" STORE_FILE "-wal");
	strcpy(stpcpy(names->shared, folder), "/" STORE_FILE "-shm");
	strcpy(stpcpy(names->kept, folder), "/" STORE_KEPT);
	strcpy(stpcpy(names->kept_log, folder), "/" STORE_KEPT "-wal");
	return true;
}

static int rename_if_there(const char *from, const char *to)
{
	return rename(from, to) == 0 || errno == ENOENT ? 0 : -errno;
}

/*
 * The old database gets its second name, then its log moves there, then the new one takes the first name. A log must
 * never lie beside a database that it does not belong to: it would be written into it. While both names are one file,
 * store_install_undo() can go back.
 */
static int install(const struct names *names, const char *path)
{
	int r;

	(void)unlink(names->kept_log);
	(void)unlink(names->kept);
	if (link(names->database, names->kept) < 0 && errno != ENOENT)
		return -errno;
	r = store_file_sync(names->folder, O_DIRECTORY);
	if (r == 0)
		r = rename_if_there(names->log, names->kept_log);
	(void)unlink(names->shared);
	if (r == 0)
		r = store_file_sync(names->folder, O_DIRECTORY);
	if (r == 0 && rename(path, names->database) < 0)
		r = -errno;
	return r < 0 ? r : store_file_sync(names->folder, O_DIRECTORY);
}

int store_install(const char *folder, const char *path, char *ret_fault, size_t fault_size)
{
	CLEANUP_FREE struct names *names = malloc(sizeof(*names));
	int r;

	if (!names)
		return fault_tell(-ENOMEM, ret_fault, fault_size, "out of memory");
	if (!names_fill(names, folder))
		return fault_tell(-ENAMETOOLONG, ret_fault, fault_size, "%s: this path is too long", folder);
	r = store_file_sync(path, O_NOFOLLOW);
	if (r == 0)
		r = install(names, path);
	if (r < 0) {
		fault_tell(r, ret_fault, fault_size, "the key store in %s cannot be replaced: %s", folder,
			   strerror(-r));
		store_install_undo(folder);
	}
	return r;
}

void store_install_undo(const char *folder)
{
	CLEANUP_FREE struct names *names = malloc(sizeof(*names));
	struct stat database, kept;

	if (!names || !names_fill(names, folder) || lstat(names->kept, &kept) < 0 ||
	    lstat(names->database, &database) < 0 || kept.st_dev != database.st_dev || kept.st_ino != database.st_ino)
		return;
	/* Both names are the old database. Its log is under one of two names. */
	(void)rename_if_there(names->kept_log, names->log);
	(void)unlink(names->kept);
}

/* ---- what is merged ---- */

int store_list_gone(struct store_reader *reader, store_id_visitor visitor, void *data)
{
	static const char *const sql = "SELECT id FROM gone";
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;
	int r = sql_prepare(reader, &sql, &statement, 1);

	while (r >= 0 && (r = sql_step(reader, statement)) > 0) {
		const char *id = (const char *)sqlite3_column_text(statement, 0);

		if (id == NULL)
			return sql_damage(reader, "the id of a deleted key cannot be read");
		if (!visitor(data, id))
			return 0;
	}
	return r;
}

int store_find_gone(struct store_reader *reader, const char *id)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_GONE];
	int r;

	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	r = sql_step(reader, statement);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

int store_keep_gone(struct store *store, const char *id)
{
	sqlite3_bind_text(store->statements[WRITE_GONE_KEEP], 1, id, -1, SQLITE_STATIC);
	return store_write_run(store, WRITE_GONE_KEEP);
}

int store_raise_rev(struct store *store, uint64_t rev)
{
	sqlite3_bind_int64(store->statements[WRITE_REV_RAISE], 1, (int64_t)rev);
	return store_write_run(store, WRITE_REV_RAISE);
}

int store_keep_change(struct store *store, uint64_t rev, int64_t time, const char *record)
{
	sqlite3_stmt *statement = store->statements[WRITE_CHANGE_KEEP];

	sqlite3_bind_int64(statement, 1, (int64_t)rev);
	sqlite3_bind_int64(statement, 2, time);
	sqlite3_bind_text(statement, 3, record, -1, SQLITE_STATIC);
	return store_write_run(store, WRITE_CHANGE_KEEP);
}
