/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Opening the store. Every way in which that fails gets a sentence that names the file and the mend, since it is read
 * by someone whose users cannot log in. Nothing that may hold keys is ever taken for a new database: a new one is made
 * under another name and renamed when it is whole, so an empty file, or a log without its database, is a loss and no
 * beginning. Defends against files others can read, and against links put in the way.
 */
#include "daemon/store_open.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "daemon/store_file.h"
#include "daemon/store_write.h"

/* Of the writer. The log is cut back to this size, so that some room stays its own when the disk is full. */
static const char writer_settings[] = "PRAGMA synchronous = FULL;"
				      "PRAGMA foreign_keys = ON;"
				      "PRAGMA secure_delete = ON;" STORE_LOG_SETTING;

/* The sentence a person gets, where there is one to be filled. */
struct fault {
	char *text;
	size_t size;
};

static void __attribute__((format(printf, 2, 3))) fault_say(struct fault *fault, const char *format, ...)
{
	va_list arguments;

	if (fault->text == NULL || fault->size == 0)
		return;
	va_start(arguments, format);
	vsnprintf(fault->text, fault->size, format, arguments);
	va_end(arguments);
}

/* A file that cannot be used, by the errno of the call that said so. */
static int fault_of_file(struct fault *fault, const char *path, int error)
{
	static const struct {
		int error;
		const char *sentence;
	} sentences[] = {
		{ ENOENT, "this is missing; restore it from a backup, or begin anew with apikeyd --init" },
		{ ENOTDIR, "the state folder is a file; see that the right folder is given" },
		{ EACCES,
		  "apikeyd's user may not read and write here; see that it owns the state folder and the files in "
		  "it" },
		{ EPERM,
		  "apikeyd's user may not read and write here; see that it owns the state folder and the files in it" },
		{ EROFS, "this cannot be written; see that the file system is mounted for writing" },
		{ ELOOP, "this is a symbolic link; put the file itself there" },
		{ ENOSPC, "no room is left; free some on the file system of the key store" },
		{ EDQUOT, "no room is left; free some on the file system of the key store" },
		{ EISDIR, "this is not a regular file; move it away and restore a backup" },
		{ ENODATA, "this file is empty; restore the key store from a backup, or remove the file to begin anew "
			   "without any keys" },
		{ ENAMETOOLONG, "this path is too long" },
	};
	const char *sentence = "this cannot be opened";

	for (size_t i = 0; i < ARRAY_SIZE(sentences); i++) {
		if (sentences[i].error == error)
			sentence = sentences[i].sentence;
	}
	fault_say(fault, "%s: %s (%s)", path, sentence, strerror(error));
	switch (error) {
	case EDQUOT:
		return -ENOSPC;
	case ENODATA:
		return -EIO;
	default:
		return -error;
	}
}

/* What a connection said last. */
static int fault_of_connection(struct fault *fault, const struct store_reader *connection, int error)
{
	fault_say(fault, "%s", connection->fault[0] != '\0' ? connection->fault : strerror(-error));
	return error;
}

/* The paths of one store: its folder without links, the database, and names derived from it. */
struct paths {
	char folder[PATH_MAX];
	char database[PATH_MAX];
	char unfinished[PATH_MAX];
};

static int paths_find(const char *folder, struct paths *ret_paths, struct fault *fault)
{
	/* The longest name made of the database's is that of a log of an unfinished one. */
	static const char longest[] = "/" STORE_FILE ".new-journal";

	struct stat status;

	if (realpath(folder, ret_paths->folder) == NULL || stat(ret_paths->folder, &status) < 0)
		return fault_of_file(fault, folder, errno);
	if (!S_ISDIR(status.st_mode))
		return fault_of_file(fault, folder, ENOTDIR);
	if (strlen(ret_paths->folder) + sizeof(longest) > sizeof(ret_paths->folder))
		return fault_of_file(fault, folder, ENAMETOOLONG);
	strcpy(stpcpy(ret_paths->database, ret_paths->folder), "/" STORE_FILE);
	strcpy(stpcpy(ret_paths->unfinished, ret_paths->database), ".new");
	return 0;
}

static int file_check(const struct paths *paths, struct fault *fault)
{
	struct stat status;

	if (lstat(paths->database, &status) < 0)
		return fault_of_file(fault, paths->database, errno);
	if (S_ISLNK(status.st_mode))
		return fault_of_file(fault, paths->database, ELOOP);
	if (!S_ISREG(status.st_mode))
		return fault_of_file(fault, paths->database, EISDIR);
	if (status.st_size == 0)
		return fault_of_file(fault, paths->database, ENODATA);
	if (faccessat(AT_FDCWD, paths->folder, R_OK | W_OK | X_OK, AT_EACCESS) < 0)
		return fault_of_file(fault, paths->folder, errno);
	if (faccessat(AT_FDCWD, paths->database, R_OK | W_OK, AT_EACCESS) < 0)
		return fault_of_file(fault, paths->database, errno);
	/* SQLite gives its log the same mode. A backup that was copied back is often readable by all. */
	if ((status.st_mode & 077) != 0 && chmod(paths->database, 0600) < 0)
		return fault_of_file(fault, paths->database, errno);
	return 0;
}

/* Fills the unfinished file. It is on disk when this returns 0: a commit syncs it. */
static int unfinished_fill(const struct paths *paths, const struct store_schema *schema, struct fault *fault)
{
	struct store_reader connection;
	int fd, r;

	fd = open(paths->unfinished, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return fault_of_file(fault, errno == EACCES || errno == EROFS ? paths->folder : paths->unfinished,
				     errno);
	close(fd);
	r = sql_open(&connection, paths->unfinished, SQLITE_OPEN_READWRITE);
	if (r == 0)
		r = schema_create(&connection, schema);
	if (r < 0)
		fault_of_connection(fault, &connection, r);
	sql_close(&connection);
	return r;
}

static int file_create(const struct paths *paths, const struct store_schema *schema, struct fault *fault)
{
	char log[PATH_MAX + sizeof("-wal")];
	int r;

	snprintf(log, sizeof(log), "%s-wal", paths->database);
	if (faccessat(AT_FDCWD, log, F_OK, AT_SYMLINK_NOFOLLOW) == 0) {
		fault_say(fault,
			  "%s: this log of a key store is here, but the key store itself is missing; restore it from a "
			  "backup, or remove the log to begin anew without any keys",
			  log);
		return -EIO;
	}
	store_file_remove(paths->unfinished);
	r = unfinished_fill(paths, schema, fault);
	if (r == 0 && rename(paths->unfinished, paths->database) < 0)
		r = fault_of_file(fault, paths->database, errno);
	if (r < 0) {
		store_file_remove(paths->unfinished);
		return r;
	}
	r = store_file_sync(paths->folder, O_DIRECTORY);
	return r < 0 ? fault_of_file(fault, paths->folder, -r) : 0;
}

/* Without a log, readers and the writer would wait for each other. A file that has one keeps it; a copy may have none.
 */
static int writer_log(struct store_reader *connection)
{
	static const char *const sql = "PRAGMA journal_mode = WAL";
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;
	const char *mode;
	int r;

	r = sql_prepare(connection, &sql, &statement, 1);
	if (r == 0)
		r = sql_step(connection, statement);
	if (r < 0)
		return r;
	mode = r > 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (mode != NULL && strcmp(mode, "wal") == 0)
		return 0;
	return sql_say(connection, -EIO, "%s: no log can be kept beside the key store; put it on a local file system",
		       connection->path);
}

/* The writer's connection, the database brought to the schema's version. */
static int writer_open(struct store *store, const char *path, const struct store_schema *schema)
{
	struct store_reader *connection = &store->reader;
	int64_t has_policies = 1;
	int version, r;

	r = sql_open(connection, path, SQLITE_OPEN_READWRITE);
	if (r < 0)
		return r;
	/* Nothing is set before it is known that the file is ours. */
	version = schema_version(connection, schema);
	if (version < 0)
		return version;
	r = writer_log(connection);
	if (r == 0)
		r = sql_run(connection, writer_settings);
	if (r < 0)
		return r;
	if ((size_t)version < schema->count) {
		r = schema_migrate(connection, schema, version);
		if (r < 0)
			return r;
	}
	r = sql_prepare(connection, store_read_sql, connection->statements, READ_COUNT);
	if (r < 0)
		return r;
	r = sql_prepare(connection, store_write_sql, store->statements, WRITE_COUNT);
	if (r == 0)
		r = sql_number(connection, "SELECT EXISTS (SELECT 1 FROM tenant_policy)", &has_policies);
	atomic_init(&store->has_policies, r < 0 || has_policies != 0);
	connection->has_policies = &store->has_policies;
	return r;
}

int store_open_schema(const char *folder, bool create, const struct store_schema *schema, struct store **ret_store,
		      char *ret_fault, size_t fault_size)
{
	struct fault fault = { ret_fault, fault_size };
	CLEANUP_FREE struct paths *paths = malloc(sizeof(*paths));
	struct store *store;
	int r;

	if (paths == NULL)
		return fault_of_file(&fault, folder, ENOMEM);
	r = paths_find(folder, paths, &fault);
	if (r < 0)
		return r;
	store_install_undo(paths->folder);
	if (create && faccessat(AT_FDCWD, paths->database, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
		r = file_create(paths, schema, &fault);
		if (r < 0)
			return r;
	}
	r = file_check(paths, &fault);
	if (r < 0)
		return r;

	store = calloc(1, sizeof(*store));
	if (store == NULL)
		return fault_of_file(&fault, paths->database, ENOMEM);
	r = writer_open(store, paths->database, schema);
	if (r < 0) {
		fault_of_connection(&fault, &store->reader, r);
		store_close(store);
		return r;
	}
	store_log_watch(store);
	*ret_store = store;
	return 0;
}

int store_open(const char *folder, bool create, struct store **ret_store, char *ret_fault, size_t fault_size)
{
	return store_open_schema(folder, create, &store_schema_steps, ret_store, ret_fault, fault_size);
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	sql_finalize(store->statements, WRITE_COUNT);
	sql_close(&store->reader);
	free(store);
}

int store_set_cache(struct store *store, unsigned int kib)
{
	char setting[sizeof("PRAGMA cache_size = -4294967295")];

	snprintf(setting, sizeof(setting), "PRAGMA cache_size = -%u", kib);
	return sql_run(&store->reader, setting);
}

int store_reader_open(struct store *store, struct store_reader **ret_reader)
{
	struct store_reader *reader = malloc(sizeof(*reader));
	int r;

	if (reader == NULL)
		return -ENOMEM;
	r = sql_open(reader, store->reader.path, SQLITE_OPEN_READONLY);
	if (r == 0)
		r = sql_prepare(reader, store_read_sql, reader->statements, READ_COUNT);
	if (r < 0) {
		store_reader_close(reader);
		return r;
	}
	reader->has_policies = &store->has_policies;
	*ret_reader = reader;
	return 0;
}

void store_reader_close(struct store_reader *reader)
{
	if (reader == NULL)
		return;
	sql_close(reader);
	free(reader);
}
