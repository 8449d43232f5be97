/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_repeat.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/store_write.h"

int store_find_repeat(struct store_reader *reader, const char *who, const char *name, struct store_repeat *ret_repeat)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_REPEAT];
	struct store_repeat repeat = { .secret = 0 };
	const char *key;
	int64_t secret;
	int r;

	sqlite3_bind_text(statement, 1, who, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	r = sql_step(reader, statement);
	if (r <= 0)
		return r < 0 ? r : -ENOENT;
	key = (const char *)sqlite3_column_text(statement, 0);
	secret = sqlite3_column_int64(statement, 1);
	if (!key || strlen(key) >= sizeof(repeat.key) || secret < 1 || secret > UINT32_MAX ||
	    sqlite3_column_bytes(statement, 2) != (int)sizeof(repeat.digest))
		return sql_damage(reader, "a request that may be repeated cannot be read");
	snprintf(repeat.key, sizeof(repeat.key), "%s", key);
	repeat.secret = (uint32_t)secret;
	memcpy(repeat.digest, sqlite3_column_blob(statement, 2), sizeof(repeat.digest));
	repeat.not_before = sqlite3_column_int64(statement, 3);
	repeat.expires = sqlite3_column_int64(statement, 4);
	repeat.created = sqlite3_column_int64(statement, 5);
	*ret_repeat = repeat;
	return 0;
}

int store_save_repeat(struct store *store, const char *who, const char *name, const struct store_repeat *repeat)
{
	sqlite3_stmt *statement = store->statements[WRITE_REPEAT];

	sqlite3_bind_text(statement, 1, who, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, repeat->key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, repeat->secret);
	sqlite3_bind_blob(statement, 5, repeat->digest, sizeof(repeat->digest), SQLITE_STATIC);
	sqlite3_bind_int64(statement, 6, repeat->not_before);
	sqlite3_bind_int64(statement, 7, repeat->expires);
	sqlite3_bind_int64(statement, 8, repeat->created);
	return store_write_run(store, WRITE_REPEAT);
}

int store_purge_repeats(struct store *store, int64_t before, size_t most)
{
	sqlite3_stmt *statement = store->statements[WRITE_REPEAT_PURGE];

	sqlite3_bind_int64(statement, 1, before);
	sqlite3_bind_int64(statement, 2, (sqlite3_int64)most);
	return store_write_run(store, WRITE_REPEAT_PURGE);
}

int store_drop_repeats(struct store *store)
{
	return store_write_run(store, WRITE_REPEATS_DROP);
}
