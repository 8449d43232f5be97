/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Writing transactions: begin, one savepoint for each request of a group, commit, and the write-ahead log. A failure
 * that has undone the transaction is remembered, so that the rest of its group is not written behind its back, one by
 * one and without the change that came first.
 */
#include <errno.h>
#include <string.h>

#include "daemon/store_row.h"
#include "daemon/store_write.h"

const char *const store_write_sql[WRITE_COUNT] = {
	[WRITE_BEGIN] = "BEGIN IMMEDIATE",
	[WRITE_COMMIT] = "COMMIT",
	[WRITE_ROLLBACK] = "ROLLBACK",
	[WRITE_REQUEST] = "SAVEPOINT request",
	[WRITE_REQUEST_RELEASE] = "RELEASE request",
	[WRITE_REQUEST_ROLLBACK] = "ROLLBACK TO request",
	/* Around one change of several statements. */
	[WRITE_STEP] = "SAVEPOINT step",
	[WRITE_STEP_RELEASE] = "RELEASE step",
	[WRITE_STEP_ROLLBACK] = "ROLLBACK TO step",
	[WRITE_OLD_KEY] = "SELECT state, secrets, roles FROM key WHERE id = ?1",
	[WRITE_KEY] = "INSERT INTO key (" STORE_ROW_COLUMNS ") SELECT ?1, " STORE_ROW_VALUE_PARAMETERS
		      " WHERE NOT EXISTS (SELECT 1 FROM gone WHERE gone.id = ?1)",
	/* One row of values, which needs no way back when it is refused. */
	[WRITE_KEY_NEW] = "INSERT INTO key (" STORE_ROW_COLUMNS ") VALUES (?1, " STORE_ROW_VALUE_PARAMETERS ")",
	[WRITE_KEY_CHANGE] = "UPDATE key SET (" STORE_ROW_VALUES ") = (" STORE_ROW_VALUE_PARAMETERS ") WHERE id = ?1",
	[WRITE_KEY_DELETE] = "DELETE FROM key WHERE id = ?1",
	[WRITE_GONE] = "INSERT INTO gone VALUES (?1)",
	[WRITE_DIGEST] = "INSERT INTO digest VALUES (?1, ?2)",
	[WRITE_DIGEST_DELETE] = "DELETE FROM digest WHERE digest = ?1 AND key = ?2",
	[WRITE_TALLY] = "UPDATE tally SET keys = keys + ?2 WHERE state = ?1",
	/* A number that does not fit would become a fraction, and the whole batch be refused for ever. */
	[WRITE_USE] = ("UPDATE use SET count = min(count, 4611686018427387903) + ?3, last_time = ?7,"
		       " last_service = ?8, last_source = ?9 WHERE key = ?1 AND secret = ?2"),
	/* Only here it matters whether the key is still there: its uses go with it. */
	[WRITE_USE_FIRST] = ("INSERT INTO use SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9"
			     " WHERE EXISTS (SELECT 1 FROM key WHERE key.id = ?1)"),
	[WRITE_USE_DELETE] = "DELETE FROM use WHERE key = ?1 AND secret = ?2",
	[WRITE_USES_DELETE] = "DELETE FROM use WHERE key = ?1",
	[WRITE_REV] = "UPDATE meta SET number = number + 1 WHERE name = 'rev' RETURNING number",
	[WRITE_CHANGE] = "INSERT INTO change_log VALUES (?1, ?2, ?3)",
	/* A step's entries at most, none that a younger one keeps, and not the last, which says where the revision is.
	 */
	[WRITE_CHANGES_DELETE] = ("DELETE FROM change_log WHERE rev <= ?1"
				  " AND rev < (SELECT max(rev) FROM change_log)"
				  " AND rev < (SELECT min(rev) FROM change_log) + ?3"
				  " AND rev < ifnull((SELECT rev FROM change_log WHERE"
				  " rev < (SELECT min(rev) FROM change_log) + ?3 AND time >= ?2 ORDER BY rev LIMIT 1),"
				  " 9223372036854775807)"),
	[WRITE_SEALED] = "INSERT OR REPLACE INTO sealed VALUES (?1, ?2, ?3, ?4)",
	[WRITE_WRAP_DELETE] = "DELETE FROM sealed WHERE wrap = ?1",
	[WRITE_GONE_KEEP] = "INSERT OR IGNORE INTO gone VALUES (?1)",
	[WRITE_REV_RAISE] = "UPDATE meta SET number = ?1 WHERE name = 'rev' AND number < ?1",
	[WRITE_CHANGE_KEEP] = "INSERT OR IGNORE INTO change_log VALUES (?1, ?2, ?3)",
	[WRITE_ONCE] = "INSERT INTO one_time VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO NOTHING",
	[WRITE_ONCE_TALLY] = ("INSERT INTO one_time_tally VALUES (?1, ?2, 1)"
			      " ON CONFLICT DO UPDATE SET live = live + 1 WHERE live < ?3"),
	[WRITE_ONCE_PURGE] = ("DELETE FROM one_time WHERE (key, kind, id) IN (SELECT key, kind, id FROM one_time"
			      " WHERE kind = ?1 AND expires <= ?2 ORDER BY expires LIMIT ?3) RETURNING key, expires"),
	[WRITE_ONCE_TALLY_LAST] = "DELETE FROM one_time_tally WHERE key = ?1 AND kind = ?2 AND live <= 1",
	[WRITE_ONCE_TALLY_LOWER] = "UPDATE one_time_tally SET live = live - 1 WHERE key = ?1 AND kind = ?2",
	[WRITE_ONCE_DELETE] = "DELETE FROM one_time WHERE key = ?1",
	[WRITE_ONCE_TALLY_DELETE] = "DELETE FROM one_time_tally WHERE key = ?1",
	[WRITE_COUNTED] = ("INSERT INTO counted_use VALUES (?1, 1)"
			   " ON CONFLICT DO UPDATE SET uses = uses + 1 WHERE uses < ?2"),
	[WRITE_COUNTED_KEEP] = ("INSERT INTO counted_use VALUES (?1, ?2)"
				" ON CONFLICT DO UPDATE SET uses = ?2 WHERE uses < ?2"),
	[WRITE_KEY_BIND] = ("UPDATE key SET exclusive = ?2 WHERE id = ?1 AND exclusive = '" STORE_UNBOUND "'"),
	[WRITE_NUMBER] = "INSERT OR REPLACE INTO meta VALUES (?1, ?2)",
	[WRITE_ROLE] = "INSERT INTO role (name, permissions, created, created_by) VALUES (?1, ?2, ?3, ?4)",
	[WRITE_ROLE_CHANGE] = "UPDATE role SET permissions = ?2 WHERE name = ?1",
	[WRITE_ROLE_DELETE] = "DELETE FROM role WHERE name = ?1",
	/* What is inserted must keep the rule that no count is below 0, also where a row is there and is changed. */
	[WRITE_ROLE_USE] = ("INSERT INTO role_use VALUES (?1, max(?2, 0))"
			    " ON CONFLICT (role) DO UPDATE SET keys = keys + ?2"),
	[WRITE_ROLE_GONE] = "INSERT OR IGNORE INTO role_gone VALUES (?1)",
	[WRITE_ROLE_BACK] = "DELETE FROM role_gone WHERE name = ?1",
	[WRITE_ACCOUNT] = "INSERT INTO account (id, name, created, created_by) VALUES (?1, ?2, ?3, ?4)",
	/* Nobody can give a new one the id of an old one as its name, so the name is free again. */
	[WRITE_ACCOUNT_END] = "UPDATE account SET ending = ?2, name = id WHERE id = ?1 AND ending < ?2",
	[WRITE_TENANT] = ("INSERT INTO tenant (id, name, account, created, created_by, token_lifetime, token_reuse)"
			  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"),
	[WRITE_TENANT_CHANGE] = ("UPDATE tenant SET name = ?2, token_lifetime = ?3, token_reuse = ?4"
				 " WHERE id = ?1 AND ending = 0"),
	[WRITE_TENANT_END] = "UPDATE tenant SET ending = ?2, name = id WHERE id = ?1 AND ending < ?2",
	[WRITE_SIGNING_KEY] = "INSERT INTO signing_key VALUES (?1, ?2, ?3)",
	[WRITE_SIGNING_KEYS_DROP] = "DELETE FROM signing_key WHERE version <= ?1",
	[WRITE_REPEAT] = "INSERT OR REPLACE INTO repeatable VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
	[WRITE_REPEAT_PURGE] = ("DELETE FROM repeatable WHERE (who, name) IN (SELECT who, name FROM repeatable"
				" WHERE created <= ?1 ORDER BY created LIMIT ?2)"),
	[WRITE_REPEATS_DROP] = "DELETE FROM repeatable",
	[WRITE_WARNED] = ("INSERT INTO warned VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (key, what, secret)"
			  " DO UPDATE SET date = ?4, day = ?5 WHERE date <> ?4 OR day <> ?5"),
	[WRITE_WARNED_PURGE] = "DELETE FROM warned WHERE day < ?1",
	[WRITE_LOCKDOWN] = "INSERT OR REPLACE INTO lockdown VALUES (1, ?1, ?2, ?3, ?4)",
	[WRITE_LOCKDOWN_DELETE] = "DELETE FROM lockdown",
	[WRITE_POLICY] = "INSERT OR REPLACE INTO tenant_policy VALUES (?1, ?2, ?3)",
	[WRITE_POLICY_DELETE] = "DELETE FROM tenant_policy WHERE tenant = ?1 AND name = ?2",
};

/*
 * Pages of the log. From the first number on it is copied back whenever no reader is in the way. Readers that come one
 * on top of the other keep it from beginning anew for ever, so from the second on those that have begun are waited for,
 * RESTART_WAIT milliseconds at most: none reads longer than one batch takes. CHECKPOINT_AGAIN: after so many more pages
 * it is tried again. Each time costs three syncs, which everybody waits for, so it is done seldom.
 */
#define CHECKPOINT_AT 4096
#define CHECKPOINT_AGAIN 256
#define RESTART_AT 5120
#define RESTART_AGAIN 1024
#define RESTART_WAIT 100

/*
 * While very many keys are made: digests and names come in no order, so that each change writes to pages all over the
 * trees. Those that fit into memory are not read again, nor written into the log twice in one transaction; and the
 * longer the log, the more often a page stands in it, of which one is copied back.
 */
#define BULK_SETTINGS "PRAGMA cache_size = -163840; PRAGMA journal_size_limit = 268435456;"
#define BULK_LOG 8  /* times as long */
#define BULK_REST 2 /* calls of store_end_bulk() without another beginning */

static int log_grew(void *data, sqlite3 *database, const char *schema, int pages)
{
	struct store *store = data;

	(void)database;
	(void)schema;
	store->log_pages = pages;
	return SQLITE_OK;
}

/* When the log is copied back next. */
static void log_watch(struct store *store)
{
	int many = store->bulk > 0 ? BULK_LOG : 1;

	store->checkpoint_at = store->log_pages < CHECKPOINT_AT * many ? CHECKPOINT_AT * many
								       : store->log_pages + CHECKPOINT_AGAIN * many;
	store->restart_at =
		store->log_pages < RESTART_AT * many ? RESTART_AT * many : store->log_pages + RESTART_AGAIN * many;
}

void store_log_watch(struct store *store)
{
	log_watch(store);
	sqlite3_wal_hook(store->reader.database, log_grew, store);
}

/*
 * Copies the log back into the database. A failure here is none of a change's: all is in the log, and it is tried
 * again. After a full disk it frees the room the log holds, which may be just what a revoke needs.
 */
static void log_checkpoint(struct store *store)
{
	bool restart = store->full || store->log_pages >= store->restart_at;

	if (!restart && store->log_pages < store->checkpoint_at)
		return;
	if (restart)
		sqlite3_busy_timeout(store->reader.database, RESTART_WAIT);
	if (sqlite3_wal_checkpoint_v2(store->reader.database, "main",
				      restart ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE, NULL,
				      NULL) == SQLITE_OK &&
	    restart)
		store->log_pages = 0;
	if (restart)
		sqlite3_busy_timeout(store->reader.database, STORE_BUSY_TIMEOUT);
	store->full = false;
	log_watch(store);
}

int store_empty_log(struct store *store)
{
	int result;

	sqlite3_busy_timeout(store->reader.database, RESTART_WAIT);
	result = sqlite3_wal_checkpoint_v2(store->reader.database, "main", SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(store->reader.database, STORE_BUSY_TIMEOUT);
	if (result == SQLITE_BUSY)
		return -EAGAIN;
	if (result != SQLITE_OK)
		return sql_fault(&store->reader, result);
	store->log_pages = 0;
	return 0;
}

struct store_reader *store_writer(struct store *store)
{
	return &store->reader;
}

int store_write_failed(struct store *store, int error)
{
	store->full = error == -ENOSPC;
	if (store->writing && sqlite3_get_autocommit(store->reader.database))
		store->lost = error;
	return error;
}

int store_write_ready(struct store *store)
{
	if (!store->writing)
		return -EINVAL;
	return store->lost;
}

int store_write_run(struct store *store, enum store_write which)
{
	int r = store_write_ready(store);

	if (r < 0)
		return r;
	r = sql_execute(&store->reader, store->statements[which]);
	return r < 0 ? store_write_failed(store, r) : 0;
}

/* Pages that do not fit into memory are written into the log before their time, and again when they change again. */
bool store_bulk_is_full(struct store *store)
{
	int spilled = 0, most;

	return sqlite3_db_status(store->reader.database, SQLITE_DBSTATUS_CACHE_SPILL, &spilled, &most, true) ==
		       SQLITE_OK &&
	       spilled > 0;
}

int store_write_begin(struct store *store)
{
	int moved = 0, r;

	if (store->writing)
		return -EINVAL;
	if (sqlite3_file_control(store->reader.database, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved)
		return sql_fault(&store->reader, SQLITE_READONLY_DBMOVED);
	log_checkpoint(store);
	r = sql_execute(&store->reader, store->statements[WRITE_BEGIN]);
	if (r < 0)
		return store_write_failed(store, r);
	store->writing = true;
	store->lost = 0;
	(void)store_bulk_is_full(store); /* it counts from here on */
	return 0;
}

int store_write_commit(struct store *store)
{
	int r = store_write_run(store, WRITE_COMMIT);

	if (r < 0)
		store_write_abort(store);
	store->writing = false;
	return r;
}

void store_write_abort(struct store *store)
{
	if (!store->writing)
		return;
	if (!sqlite3_get_autocommit(store->reader.database))
		(void)sql_execute(&store->reader, store->statements[WRITE_ROLLBACK]);
	store->writing = false;
	store->lost = 0;
}

int store_write_one(struct store *store, enum store_write which, int none)
{
	int r = store_write_run(store, which);

	if (r < 0)
		return r;
	return sqlite3_changes(store->reader.database) > 0 ? 0 : none;
}

int store_savepoint(struct store *store)
{
	return store_write_run(store, WRITE_REQUEST);
}

int store_savepoint_release(struct store *store)
{
	return store_write_run(store, WRITE_REQUEST_RELEASE);
}

/* Rolls back to a savepoint, and ends it. What cannot be rolled back alone is lost whole. */
static void write_undo(struct store *store, enum store_write rollback, enum store_write release)
{
	int r = store_write_run(store, rollback);

	if (r == 0)
		r = store_write_run(store, release);
	if (r == 0 || !store->writing || store->lost != 0)
		return;
	(void)sql_execute(&store->reader, store->statements[WRITE_ROLLBACK]);
	store->lost = r;
}

void store_savepoint_rollback(struct store *store)
{
	write_undo(store, WRITE_REQUEST_ROLLBACK, WRITE_REQUEST_RELEASE);
}

int store_step_begin(struct store *store)
{
	return store_write_run(store, WRITE_STEP);
}

int store_step_end(struct store *store, int result)
{
	if (result == 0)
		return store_write_run(store, WRITE_STEP_RELEASE);
	write_undo(store, WRITE_STEP_ROLLBACK, WRITE_STEP_RELEASE);
	return result;
}

int store_begin_bulk(struct store *store)
{
	unsigned int before = store->bulk;
	store->bulk = BULK_REST;
	if (before > 0)
		return 0;
	log_watch(store);
	return sql_run(&store->reader, BULK_SETTINGS);
}

void store_end_bulk(struct store *store)
{
	if (store->bulk == 0 || --store->bulk > 0)
		return;
	log_watch(store);
	(void)sql_run(&store->reader, STORE_CACHE_SETTING STORE_LOG_SETTING);
}
