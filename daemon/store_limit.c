/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Counts and bindings are conditional statements: one says at once whether there was a use left, or whether nobody else
 * was first, so that there is no moment between asking and noting. Defends against one use too many after a crash (what
 * was answered is on disk) and by a restore (a count never goes down).
 */
#include "daemon/store_limit.h"

#include <errno.h>

#include "daemon/store_write.h"

int store_find_counted(struct store_reader *reader, const char *key, uint64_t *ret_count)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_COUNTED];
	int64_t count;
	int r;

	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	r = sql_step(reader, statement);
	if (r < 0)
		return r;
	count = r > 0 ? sqlite3_column_int64(statement, 0) : 0;
	if (count < 0)
		return sql_damage(reader, "the uses of a key cannot be read");
	*ret_count = (uint64_t)count;
	return 0;
}

int store_list_counted(struct store_reader *reader, store_counted_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ALL_COUNTED];
	int r;

	while ((r = sql_step(reader, statement)) > 0) {
		const char *key = (const char *)sqlite3_column_text(statement, 0);
		int64_t count = sqlite3_column_int64(statement, 1);

		if (!key || count < 0)
			return sql_damage(reader, "the uses of keys cannot be read");
		if (!visitor(data, key, (uint64_t)count))
			return 0;
	}
	return r;
}

static void bind_count(sqlite3_stmt *statement, const char *key, uint64_t count)
{
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, count < INT64_MAX ? (int64_t)count : INT64_MAX);
}

int store_count_use(struct store *store, const char *key, uint64_t most)
{
	int r = store_write_ready(store);

	if (r < 0)
		return r;
	if (most == 0)
		return -EDQUOT;
	bind_count(store->statements[WRITE_COUNTED], key, most);
	return store_write_one(store, WRITE_COUNTED, -EDQUOT);
}

int store_keep_counted(struct store *store, const char *key, uint64_t count)
{
	int r = store_write_ready(store);

	if (r < 0 || count == 0)
		return r;
	bind_count(store->statements[WRITE_COUNTED_KEEP], key, count);
	return store_write_run(store, WRITE_COUNTED_KEEP);
}

int store_bind_key(struct store *store, const char *key, const char *service)
{
	sqlite3_stmt *statement = store->statements[WRITE_KEY_BIND];
	int r = store_write_ready(store);

	if (r < 0)
		return r;
	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, service, -1, SQLITE_STATIC);
	return store_write_one(store, WRITE_KEY_BIND, -ENOENT);
}
