/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/host-store.h"

#include <stdio.h>

#include "daemon/store.h"

sqlite3 *host_store(const struct host *host)
{
	char path[sizeof(host->folder) + sizeof("/state/" STORE_FILE)];
	sqlite3 *connection;

	snprintf(path, sizeof(path), "%s/state/" STORE_FILE, host->folder);
	if (sqlite3_open_v2(path, &connection, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK)
		fail("%s: %s", path, sqlite3_errmsg(connection));
	sqlite3_busy_timeout(connection, 10000);
	return connection;
}

void host_store_run(const struct host *host, const char *sql)
{
	sqlite3 *connection = host_store(host);

	if (sqlite3_exec(connection, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail("%s: %s", sql, sqlite3_errmsg(connection));
	sqlite3_close(connection);
}

int64_t host_store_number(const struct host *host, const char *sql)
{
	sqlite3 *connection = host_store(host);
	sqlite3_stmt *statement = NULL;
	int64_t number = 0;

	if (sqlite3_prepare_v2(connection, sql, -1, &statement, NULL) != SQLITE_OK)
		fail("%s: %s", sql, sqlite3_errmsg(connection));
	if (sqlite3_step(statement) == SQLITE_ROW)
		number = sqlite3_column_int64(statement, 0);
	if (sqlite3_finalize(statement) != SQLITE_OK)
		fail("%s: %s", sql, sqlite3_errmsg(connection));
	sqlite3_close(connection);
	return number;
}
