/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_policy.h"

#include <stdatomic.h>

#include "common/cleanup.h"
#include "daemon/store_write.h"

/*
 * The mark is set before what it stands for is committed, and never taken away while the store is open: who reads what
 * was committed sees it.
 */
bool store_has_policies(const struct store_reader *reader)
{
	return !reader->has_policies || atomic_load(reader->has_policies);
}

int store_list_policies(struct store_reader *reader, const char *tenant, store_policy_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_POLICIES];
	int r;

	sqlite3_bind_text(statement, 1, tenant, -1, SQLITE_STATIC);
	while ((r = sql_step(reader, statement)) > 0) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);

		if (!name || !visitor(data, name, sqlite3_column_int64(statement, 1)))
			return sql_damage(reader, "a policy of a tenant cannot be read");
	}
	return r;
}

int store_save_policy(struct store *store, const char *tenant, const char *name, int64_t number)
{
	sqlite3_stmt *statement = store->statements[WRITE_POLICY];

	atomic_store(&store->has_policies, true);
	sqlite3_bind_text(statement, 1, tenant, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, number);
	return store_write_run(store, WRITE_POLICY);
}

int store_drop_policy(struct store *store, const char *tenant, const char *name)
{
	sqlite3_stmt *statement = store->statements[WRITE_POLICY_DELETE];

	sqlite3_bind_text(statement, 1, tenant, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	return store_write_run(store, WRITE_POLICY_DELETE);
}
