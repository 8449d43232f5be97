/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_warned.h"

#include <errno.h>

#include "daemon/store_write.h"

int store_note_warned(struct store *store, const char *key, const struct due *due, int64_t day)
{
	sqlite3_stmt *statement = store->statements[WRITE_WARNED];

	sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, due->what);
	sqlite3_bind_int64(statement, 3, due->secret);
	sqlite3_bind_int64(statement, 4, due->date);
	sqlite3_bind_int64(statement, 5, day);
	return store_write_one(store, WRITE_WARNED, -EEXIST);
}

int store_purge_warned(struct store *store, int64_t day)
{
	sqlite3_bind_int64(store->statements[WRITE_WARNED_PURGE], 1, day);
	return store_write_run(store, WRITE_WARNED_PURGE);
}
