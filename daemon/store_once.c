/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What may be used once: nonces of HMAC tokens, and the ids of access tokens. One insert says whether an id is new, so
 * there is no moment between asking and noting. Defends against a second use after a crash (what was answered is on
 * disk), against a clock that is set back (what is as old as something that was forgotten is refused for ever, whatever
 * the clock says), and against one key that fills the disk.
 */
#include <errno.h>

#include "daemon/store_write.h"

static const struct {
	const char *purged; /* number of meta: the greatest moment of those that were forgotten */
	int64_t kept;       /* seconds from its moment to the end of its row */
} kinds[] = {
	[STORE_NONCE] = { STORE_PURGED_EPOCH, STORE_NONCE_KEPT },
	[STORE_TOKEN_ID] = { STORE_PURGED_EXP, 0 },
};

static int check_purged(struct store_reader *reader, const struct store_once *once)
{
	uint64_t purged = 0;
	int r = store_load_number(reader, kinds[once->kind].purged, &purged);

	if (r < 0)
		return r;
	return once->moment <= 0 || (uint64_t)once->moment <= purged ? -ESTALE : 0;
}

int store_find_once(struct store_reader *reader, const struct store_once *once)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ONCE];
	bool known;
	int r = check_purged(reader, once);

	if (r < 0)
		return r;
	sqlite3_bind_text(statement, 1, once->key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, once->kind);
	sqlite3_bind_text(statement, 3, once->id, (int)once->id_size, SQLITE_STATIC);
	r = sql_step(reader, statement);
	if (r <= 0)
		return r < 0 ? r : sql_damage(reader, "what was used once cannot be read");
	known = sqlite3_column_int(statement, 0) != 0;
	if (known)
		return -EEXIST;
	return (uint64_t)sqlite3_column_int64(statement, 1) >= once->cap ? -EDQUOT : 0;
}

int store_count_once(struct store_reader *reader, const char *key, uint64_t *ret_count)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ONCE_COUNT];
	int64_t count;
	int r;

	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	r = sql_step(reader, statement);
	if (r < 0)
		return r;
	count = r > 0 ? sqlite3_column_int64(statement, 0) : -1;
	if (count < 0)
		return sql_damage(reader, "what was used once cannot be counted");
	*ret_count = (uint64_t)count;
	return 0;
}

static int consume(struct store *store, const struct store_once *once)
{
	sqlite3_stmt *statement = store->statements[WRITE_ONCE], *tally = store->statements[WRITE_ONCE_TALLY];
	int r;

	sqlite3_bind_text(statement, 1, once->key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, once->kind);
	sqlite3_bind_text(statement, 3, once->id, (int)once->id_size, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, once->moment + kinds[once->kind].kept);
	r = store_write_one(store, WRITE_ONCE, -EEXIST);
	if (r < 0)
		return r;
	sqlite3_bind_text(tally, 1, once->key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(tally, 2, once->kind);
	sqlite3_bind_int64(tally, 3, once->cap < INT64_MAX ? (int64_t)once->cap : INT64_MAX);
	return store_write_one(store, WRITE_ONCE_TALLY, -EDQUOT);
}

int store_consume_once(struct store *store, const struct store_once *once)
{
	int r = store_write_ready(store);

	if (r == 0)
		r = check_purged(&store->reader, once);
	if (r == 0)
		r = store_step_begin(store);
	return r < 0 ? r : store_step_end(store, consume(store, once));
}

/* ---- forgetting ---- */

static int raise_purged(struct store *store, enum store_once_kind kind, int64_t moment)
{
	uint64_t purged = 0;
	int r = store_load_number(&store->reader, kinds[kind].purged, &purged);

	if (r < 0 || moment <= 0 || (uint64_t)moment <= purged)
		return r;
	return store_save_number(store, kinds[kind].purged, (uint64_t)moment);
}

static int tally_change(struct store *store, enum store_write which, enum store_once_kind kind, sqlite3_stmt *row)
{
	sqlite3_bind_value(store->statements[which], 1, sqlite3_column_value(row, 0));
	sqlite3_bind_int64(store->statements[which], 2, kind);
	return store_write_run(store, which);
}

/* The key of a row that is gone has one less; of the last one nothing is left. */
static int tally_lower(struct store *store, enum store_once_kind kind, sqlite3_stmt *row)
{
	int r = tally_change(store, WRITE_ONCE_TALLY_LAST, kind, row);

	if (r < 0 || sqlite3_changes(store->reader.database) > 0)
		return r;
	return tally_change(store, WRITE_ONCE_TALLY_LOWER, kind, row);
}

static int purge(struct store *store, enum store_once_kind kind, int64_t now, size_t most, size_t *ret_count)
{
	CLEANUP_RESET sqlite3_stmt *statement = store->statements[WRITE_ONCE_PURGE];
	int64_t greatest = 0;
	size_t count = 0;
	int r;

	sqlite3_bind_int64(statement, 1, kind);
	sqlite3_bind_int64(statement, 2, now);
	sqlite3_bind_int64(statement, 3, (int64_t)most);
	/* All of them are gone with the first row that is given back. */
	while ((r = sql_step(&store->reader, statement)) > 0) {
		int64_t expires = sqlite3_column_int64(statement, 1);

		greatest = expires > greatest ? expires : greatest;
		count++;
		r = tally_lower(store, kind, statement);
		if (r < 0)
			return r;
	}
	if (r < 0)
		return store_write_failed(store, r);
	if (count == 0)
		return 0;
	*ret_count += count;
	return raise_purged(store, kind, greatest - kinds[kind].kept);
}

int store_purge_once(struct store *store, int64_t now, size_t most, size_t *ret_count)
{
	size_t count = 0;
	int r = store_step_begin(store);

	if (r < 0)
		return r;
	r = purge(store, STORE_NONCE, now, most, &count);
	if (r == 0 && count < most)
		r = purge(store, STORE_TOKEN_ID, now, most - count, &count);
	r = store_step_end(store, r);
	if (r == 0)
		*ret_count = count;
	return r;
}

int store_once_last(struct store_reader *reader, enum store_once_kind kind, int64_t *ret_moment)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ONCE_LAST];
	int r;

	sqlite3_bind_int64(statement, 1, kind);
	r = sql_step(reader, statement);
	if (r < 0)
		return r;
	*ret_moment = r == 0 ? 0 : sqlite3_column_int64(statement, 0) - kinds[kind].kept;
	return 0;
}

int store_once_oldest(struct store_reader *reader, int64_t *ret_expires)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ONCE_OLDEST];
	int r = sql_step(reader, statement);

	if (r < 0)
		return r;
	if (r == 0 || sqlite3_column_type(statement, 0) == SQLITE_NULL)
		return -ENOENT;
	*ret_expires = sqlite3_column_int64(statement, 0);
	return 0;
}
