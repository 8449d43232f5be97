/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One connection to the database file, its prepared statements, and what its errors mean. Private to the store.
 */
#ifndef APIKEYD_DAEMON_STORE_CONNECTION_H
#define APIKEYD_DAEMON_STORE_CONNECTION_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <sqlite3.h>

#include "common/cleanup.h"
#include "daemon/store.h"

/* Statements of every connection (store_read.c). */
enum store_read {
	READ_BEGIN,
	READ_END,
	READ_KEY,
	READ_KEY_NEXT,
	READ_KEY_NAMED,
	READ_KEY_NAMED_ACCOUNT,
	READ_KEY_NAMED_TENANT,
	READ_KEY_OWN,
	READ_DIGEST,
	READ_LIST,
	READ_LIST_OWNER,
	READ_LIST_UID,
	READ_LIST_UID_OWNER,
	READ_LIST_ACCOUNT,
	READ_LIST_TENANT,
	READ_LIST_TENANT_OWNER,
	READ_SCOPE,
	READ_USE,
	READ_TALLY,
	READ_CHANGES,
	READ_OLDEST_CHANGE,
	READ_SEALED,
	READ_ALL_SEALED,
	READ_WRAPS,
	READ_NUMBER,
	READ_GONE,
	READ_ONCE,
	READ_ONCE_COUNT,
	READ_ONCE_LAST,
	READ_ONCE_OLDEST,
	READ_COUNTED,
	READ_ALL_COUNTED,
	READ_ROLE,
	READ_ROLES,
	READ_ROLE_COUNT,
	READ_ROLE_USE,
	READ_ROLE_GONE,
	READ_ROLES_GONE,
	READ_ACCOUNT,
	READ_ACCOUNT_NAMED,
	READ_ACCOUNTS,
	READ_TENANT,
	READ_TENANT_NAMED,
	READ_TENANTS,
	READ_TENANTS_ACCOUNT,
	READ_KEYS_ACCOUNT,
	READ_KEYS_TENANT,
	READ_TENANT_ENDING,
	READ_ACCOUNT_ENDING,
	READ_SIGNING_KEYS,
	READ_LOCKDOWN,
	READ_POLICIES,
	READ_REPEAT,
	READ_COUNT,
};

/* Statements of the writer alone (store_write.c). */
enum store_write {
	WRITE_BEGIN,
	WRITE_COMMIT,
	WRITE_ROLLBACK,
	WRITE_REQUEST,
	WRITE_REQUEST_RELEASE,
	WRITE_REQUEST_ROLLBACK,
	WRITE_STEP,
	WRITE_STEP_RELEASE,
	WRITE_STEP_ROLLBACK,
	WRITE_OLD_KEY,
	WRITE_KEY,
	WRITE_KEY_NEW,
	WRITE_KEY_CHANGE,
	WRITE_KEY_DELETE,
	WRITE_GONE,
	WRITE_DIGEST,
	WRITE_DIGEST_DELETE,
	WRITE_TALLY,
	WRITE_USE,
	WRITE_USE_FIRST,
	WRITE_USE_DELETE,
	WRITE_USES_DELETE,
	WRITE_REV,
	WRITE_CHANGE,
	WRITE_CHANGES_DELETE,
	WRITE_SEALED,
	WRITE_WRAP_DELETE,
	WRITE_NUMBER,
	WRITE_GONE_KEEP,
	WRITE_REV_RAISE,
	WRITE_CHANGE_KEEP,
	WRITE_ONCE,
	WRITE_ONCE_TALLY,
	WRITE_ONCE_PURGE,
	WRITE_ONCE_TALLY_LAST,
	WRITE_ONCE_TALLY_LOWER,
	WRITE_ONCE_DELETE,
	WRITE_ONCE_TALLY_DELETE,
	WRITE_COUNTED,
	WRITE_COUNTED_KEEP,
	WRITE_KEY_BIND,
	WRITE_ROLE,
	WRITE_ROLE_CHANGE,
	WRITE_ROLE_DELETE,
	WRITE_ROLE_USE,
	WRITE_ROLE_GONE,
	WRITE_ROLE_BACK,
	WRITE_ACCOUNT,
	WRITE_ACCOUNT_END,
	WRITE_TENANT,
	WRITE_TENANT_CHANGE,
	WRITE_TENANT_END,
	WRITE_SIGNING_KEY,
	WRITE_SIGNING_KEYS_DROP,
	WRITE_LOCKDOWN,
	WRITE_LOCKDOWN_DELETE,
	WRITE_POLICY,
	WRITE_POLICY_DELETE,
	WRITE_REPEAT,
	WRITE_REPEAT_PURGE,
	WRITE_REPEATS_DROP,
	WRITE_WARNED,
	WRITE_WARNED_PURGE,
	WRITE_COUNT,
};

extern const char *const store_read_sql[READ_COUNT];
extern const char *const store_write_sql[WRITE_COUNT];

#define STORE_FAULT_SIZE 1024

/* Milliseconds to wait for another process (a backup, a person's shell) that holds a lock. A login must not hang. */
#define STORE_BUSY_TIMEOUT 1000

/* The cache of each connection; there are a few dozen at most. Inner pages stay in it, leaves come from the kernel's
 * cache. */
#define STORE_CACHE_SETTING "PRAGMA cache_size = -2048;"
/* How long the file of the write-ahead log stays: as long as it gets in common use, so that it is written over. */
#define STORE_LOG_SETTING "PRAGMA journal_size_limit = 20971520;"

struct store_reader {
	sqlite3 *database;
	char *path; /* of the database file */
	sqlite3_stmt *statements[READ_COUNT];
	char fault[STORE_FAULT_SIZE];            /* the last failure in a sentence; "" */
	char any_key[CREDENTIAL_KEY_ID_MAX + 1]; /* the id of one, or "": see store_even_out() */
	const atomic_bool *has_policies;         /* of its store; NULL: not known. See store_has_policies() */
};

struct store {
	struct store_reader reader; /* the writer's connection */
	sqlite3_stmt *statements[WRITE_COUNT];
	bool writing;      /* between begin and commit or abort */
	int lost;          /* why the open transaction is gone already, or 0 */
	bool full;         /* the last failure was a full disk */
	int log_pages;     /* in the write-ahead log after the last commit */
	int checkpoint_at; /* pages from which the log is copied back, */
	int restart_at;    /* and from which readers are waited for, so that it begins anew */
	atomic_bool has_policies;
	unsigned int bulk; /* above 0: many changes come; goes down to 0 when they do not */
};

/*
 * Opens the database file for one thread and sets what every connection has set; nothing is read from the file yet.
 * flags: SQLITE_OPEN_READONLY or SQLITE_OPEN_READWRITE. 0 or a negative errno, and the connection's fault says why;
 * sql_close() ends it either way.
 */
int sql_open(struct store_reader *connection, const char *path, int flags);
void sql_close(struct store_reader *connection);

/* Runs statements that give no rows. 0 or a negative errno. */
int sql_run(struct store_reader *connection, const char *sql);

/* Prepares count statements for long use. 0 or a negative errno; what was prepared is in the array either way. */
int sql_prepare(struct store_reader *connection, const char *const *sql, sqlite3_stmt **ret_statements, size_t count);
void sql_finalize(sqlite3_stmt **statements, size_t count);

/* The first column of the first row of a query as a number. 0 or a negative errno. */
int sql_number(struct store_reader *connection, const char *sql, int64_t *ret_number);

/* Steps: 1 on a row, 0 at the end, or a negative errno. */
int sql_step(struct store_reader *connection, sqlite3_stmt *statement);

/* Steps a statement that gives no row, and resets it. 0 or a negative errno. */
int sql_execute(struct store_reader *connection, sqlite3_stmt *statement);

/* Copies all pages in one step, as the source's connection sees them; the target's are overwritten in one transaction.
 * 0 or a negative errno, and the target's fault says why. */
int sql_copy_pages(struct store_reader *target, struct store_reader *source);

/* Sets the connection's fault, cut to its size. Returns error. */
int sql_say(struct store_reader *connection, int error, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Says in the connection's fault what SQLite's result code means. The errno, negative. */
int sql_fault(struct store_reader *connection, int result);

/* Says that the key store is damaged, and in how far. -EIO. */
int sql_damage(struct store_reader *connection, const char *what);

/* For the cleanup attribute: a statement that was stepped would pin its snapshot, and a later read see old keys. */
void statement_reset(sqlite3_stmt **statement);
#define CLEANUP_RESET CLEANUP(statement_reset)

/* For a statement that is prepared for one use. */
void statement_finalize(sqlite3_stmt **statement);
#define CLEANUP_FINALIZE CLEANUP(statement_finalize)

#endif
