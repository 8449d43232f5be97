/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The dates of a key's secrets, past the daemon. Whatever does not work ends the test. */
#ifndef APIKEYD_TESTS_DAEMON_SECRET_DATES_H
#define APIKEYD_TESTS_DAEMON_SECRET_DATES_H

#include <check.h>

#include "daemon/store_row.h"
#include "tests/daemon/host-store.h"

/* Puts all of a key's off: as if the clock had been set back by as much. */
static inline void secret_dates_put_off(const struct host *keeper, const char *id, int64_t seconds)
{
	struct store_secret secrets[STORE_SECRETS_MAX];
	uint8_t packed[STORE_SECRETS_PACKED_MAX];
	sqlite3 *connection = host_store(keeper);
	sqlite3_stmt *statement;
	size_t count, size;

	ck_assert_int_eq(sqlite3_prepare_v2(connection, "SELECT secrets FROM key WHERE id = ?1", -1, &statement, NULL),
			 SQLITE_OK);
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_ROW);
	ck_assert_int_eq(store_secrets_unpack(sqlite3_column_blob(statement, 0),
					      (size_t)sqlite3_column_bytes(statement, 0), secrets, &count),
			 0);
	sqlite3_finalize(statement);
	for (size_t i = 0; i < count; i++)
		if (secrets[i].retires != 0)
			secrets[i].retires += seconds;
	ck_assert_int_eq(store_secrets_pack(secrets, count, packed, &size), 0);
	ck_assert_int_eq(
		sqlite3_prepare_v2(connection, "UPDATE key SET secrets = ?2 WHERE id = ?1", -1, &statement, NULL),
		SQLITE_OK);
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_blob(statement, 2, packed, (int)size, SQLITE_STATIC);
	ck_assert_int_eq(sqlite3_step(statement), SQLITE_DONE);
	sqlite3_finalize(statement);
	sqlite3_close(connection);
}

#endif
