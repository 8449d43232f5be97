/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_token.h"

#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/store_connection.h"
#include "daemon/store_write.h"

int store_list_signing_keys(struct store_reader *reader, store_signing_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_SIGNING_KEYS];
	int r;

	while ((r = sql_step(reader, statement)) > 0) {
		struct store_signing_key key = { .version = (uint32_t)sqlite3_column_int64(statement, 0),
						 .created = sqlite3_column_int64(statement, 1) };
		const void *sealed = sqlite3_column_blob(statement, 2);

		if (sealed == NULL || sqlite3_column_bytes(statement, 2) != STORE_SIGNING_SIZE || key.version == 0)
			return sql_damage(reader, "a signing key cannot be read");
		memcpy(key.sealed, sealed, sizeof(key.sealed));
		if (!visitor(data, &key))
			return 0;
	}
	return r;
}

int store_insert_signing_key(struct store *store, const struct store_signing_key *key)
{
	sqlite3_stmt *statement = store->statements[WRITE_SIGNING_KEY];
	int r = store_write_ready(store);

	if (r < 0)
		return r;
	sqlite3_bind_int64(statement, 1, key->version);
	sqlite3_bind_int64(statement, 2, key->created);
	sqlite3_bind_blob(statement, 3, key->sealed, sizeof(key->sealed), SQLITE_STATIC);
	return store_write_run(store, WRITE_SIGNING_KEY);
}

int store_drop_signing_keys(struct store *store, uint32_t version)
{
	int r = store_write_ready(store);

	if (r < 0)
		return r;
	sqlite3_bind_int64(store->statements[WRITE_SIGNING_KEYS_DROP], 1, version);
	return store_write_run(store, WRITE_SIGNING_KEYS_DROP);
}
