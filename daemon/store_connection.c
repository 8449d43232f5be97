/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Connections and their errors. Each result code of SQLite becomes an errno and a sentence that names the file and the
 * mend, from one table. Defends against a database that was prepared by someone else: the schema is not trusted, the
 * file must be no symbolic link, cells are checked as pages come in, and no page is mapped (a fault of the disk would
 * be a signal instead of an error).
 */
#include "daemon/store_connection.h"

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"

static const char connection_settings[] = "PRAGMA cell_size_check = ON;"
					  "PRAGMA mmap_size = 0;"
					  "PRAGMA temp_store = MEMORY;" STORE_CACHE_SETTING;

static const struct {
	int option, value;
} connection_options[] = {
	{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
	{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
	{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
	{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
	{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
	{ SQLITE_DBCONFIG_DQS_DML, 0 },
	{ SQLITE_DBCONFIG_DQS_DDL, 0 },
};

/* By extended code first, then by primary code. */
static const struct trouble {
	int result;
	int error;
	const char *sentence;
} troubles[] = {
	{ SQLITE_CONSTRAINT_PRIMARYKEY, EEXIST, "this is there already" },
	{ SQLITE_CONSTRAINT_ROWID, EEXIST, "this is there already" },
	{ SQLITE_CONSTRAINT_UNIQUE, EEXIST, "this is there already" },
	{ SQLITE_CONSTRAINT_FOREIGNKEY, ENOENT, "what this belongs to is not there" },
	{ SQLITE_CONSTRAINT, EINVAL, "a value is outside its limits" },
	{ SQLITE_CANTOPEN_SYMLINK, ELOOP, "the key store is a symbolic link; put the file itself there" },
	{ SQLITE_CANTOPEN, EACCES,
	  "the key store cannot be opened; see that apikeyd's user owns its folder and the files in it" },
	{ SQLITE_PERM, EACCES, "the key store cannot be opened; see that apikeyd's user owns it" },
	{ SQLITE_READONLY_DBMOVED, EIO,
	  "the key store was moved or removed while it was open; put it back, or restart apikeyd" },
	{ SQLITE_READONLY, EROFS,
	  "the key store cannot be written; see that apikeyd's user owns its folder and the files in it, and that the "
	  "file system is mounted for writing" },
	{ SQLITE_FULL, ENOSPC, "no room is left; free some on the file system of the key store" },
	{ SQLITE_IOERR_SHMSIZE, ENOSPC, "no room is left; free some on the file system of the key store" },
	{ SQLITE_CORRUPT, EIO, "the key store is damaged; stop apikeyd and restore a backup" },
	{ SQLITE_NOTADB, EIO, "this is no database; stop apikeyd, move the file away and restore a backup" },
	{ SQLITE_NOMEM, ENOMEM, "out of memory" },
	{ SQLITE_IOERR_NOMEM, ENOMEM, "out of memory" },
	{ SQLITE_BUSY, EIO, "another program keeps the key store locked; end it (fuser names it)" },
	{ SQLITE_IOERR, EIO, "reading or writing the key store failed; look at the disk and the kernel's log" },
};

static const struct trouble *trouble_find(int result)
{
	static const struct trouble other = {
		SQLITE_ERROR, EIO, "the key store is not as apikeyd keeps it; stop apikeyd and restore a backup"
	};

	for (size_t i = 0; i < ARRAY_SIZE(troubles); i++) {
		if (troubles[i].result == result)
			return &troubles[i];
	}
	return result == (result & 0xff) ? &other : trouble_find(result & 0xff);
}

/* The error of the last write to the database file or its log that failed; 0 when there is none. */
static int file_error(sqlite3 *database, int pointer)
{
	sqlite3_file *file = NULL;
	int error = 0;

	if (sqlite3_file_control(database, "main", pointer, &file) == SQLITE_OK && file != NULL &&
	    file->pMethods != NULL)
		(void)file->pMethods->xFileControl(file, SQLITE_FCNTL_LAST_ERRNO, &error);
	return error;
}

/* The system's error behind a failed read or write decides, where it is known. */
static int trouble_of_system(sqlite3 *database, int result)
{
	int errors[] = { 0, 0, 0 };

	if ((result & 0xff) != SQLITE_IOERR && (result & 0xff) != SQLITE_CANTOPEN)
		return result;
	/* SQLite's own note may be of a call it made later, while it undid the transaction. */
	errors[0] = sqlite3_system_errno(database);
	errors[1] = file_error(database, SQLITE_FCNTL_JOURNAL_POINTER);
	errors[2] = file_error(database, SQLITE_FCNTL_FILE_POINTER);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		if (errors[i] == ENOSPC || errors[i] == EDQUOT || errors[i] == EFBIG)
			return SQLITE_FULL;
		if (errors[i] == EROFS)
			return SQLITE_READONLY;
	}
	return result;
}

int sql_say(struct store_reader *connection, int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(connection->fault, sizeof(connection->fault), format, arguments);
	va_end(arguments);
	return error;
}

int sql_fault(struct store_reader *connection, int result)
{
	const struct trouble *trouble = trouble_find(trouble_of_system(connection->database, result));
	bool last = sqlite3_extended_errcode(connection->database) == result;

	return sql_say(connection, -trouble->error, "%s: %s (%s)", connection->path, trouble->sentence,
		       last ? sqlite3_errmsg(connection->database) : sqlite3_errstr(result));
}

int sql_damage(struct store_reader *connection, const char *what)
{
	return sql_say(connection, -EIO, "%s: the key store is damaged; stop apikeyd and restore a backup (%s)",
		       connection->path, what);
}

int sql_run(struct store_reader *connection, const char *sql)
{
	int result = sqlite3_exec(connection->database, sql, NULL, NULL, NULL);

	return result == SQLITE_OK ? 0 : sql_fault(connection, result);
}

/* Nobody reads how much memory SQLite has, and to count it takes a lock around each piece that any thread takes. */
static void prepare_library(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

int sql_open(struct store_reader *connection, const char *path, int flags)
{
	static pthread_once_t prepared = PTHREAD_ONCE_INIT;
	int result, r;

	pthread_once(&prepared, prepare_library);
	*connection = (struct store_reader){ .path = strdup(path) };
	if (connection->path == NULL)
		return -ENOMEM;
	result = sqlite3_open_v2(path, &connection->database,
				 flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW |
					 SQLITE_OPEN_EXRESCODE,
				 NULL);
	if (connection->database == NULL)
		return -ENOMEM;
	for (size_t i = 0; result == SQLITE_OK && i < ARRAY_SIZE(connection_options); i++)
		result = sqlite3_db_config(connection->database, connection_options[i].option,
					   connection_options[i].value, NULL);
	if (result == SQLITE_OK)
		result = sqlite3_busy_timeout(connection->database, STORE_BUSY_TIMEOUT);
	r = result == SQLITE_OK ? sql_run(connection, connection_settings) : sql_fault(connection, result);
	return r;
}

void sql_close(struct store_reader *connection)
{
	sql_finalize(connection->statements, READ_COUNT);
	sqlite3_close(connection->database);
	connection->database = NULL;
	free(connection->path);
	connection->path = NULL;
}

int sql_copy_pages(struct store_reader *target, struct store_reader *source)
{
	sqlite3_backup *backup = sqlite3_backup_init(target->database, "main", source->database, "main");
	int result = backup != NULL ? sqlite3_backup_step(backup, -1) : sqlite3_extended_errcode(target->database);

	if (backup != NULL)
		sqlite3_backup_finish(backup);
	return result == SQLITE_DONE ? 0 : sql_fault(target, result);
}

int sql_prepare(struct store_reader *connection, const char *const *sql, sqlite3_stmt **ret_statements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int result = sqlite3_prepare_v3(connection->database, sql[i], -1, SQLITE_PREPARE_PERSISTENT,
						&ret_statements[i], NULL);

		if (result != SQLITE_OK)
			return sql_fault(connection, result);
	}
	return 0;
}

void sql_finalize(sqlite3_stmt **statements, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		sqlite3_finalize(statements[i]);
		statements[i] = NULL;
	}
}

int sql_number(struct store_reader *connection, const char *sql, int64_t *ret_number)
{
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;
	int r = sql_prepare(connection, &sql, &statement, 1);

	if (r < 0)
		return r;
	r = sql_step(connection, statement);
	if (r < 0)
		return r;
	if (r == 0)
		return sql_damage(connection, "a number cannot be read");
	*ret_number = sqlite3_column_int64(statement, 0);
	return 0;
}

int sql_step(struct store_reader *connection, sqlite3_stmt *statement)
{
	int result = sqlite3_step(statement);

	if (result == SQLITE_ROW)
		return 1;
	return result == SQLITE_DONE ? 0 : sql_fault(connection, result);
}

int sql_execute(struct store_reader *connection, sqlite3_stmt *statement)
{
	int r = sql_step(connection, statement);

	sqlite3_reset(statement);
	if (r > 0)
		return sql_damage(connection, "an unexpected row");
	return r;
}

void statement_reset(sqlite3_stmt **statement)
{
	sqlite3_reset(*statement);
}

void statement_finalize(sqlite3_stmt **statement)
{
	sqlite3_finalize(*statement);
}
