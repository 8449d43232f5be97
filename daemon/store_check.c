/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The thorough check of the store: pages against each other, and tables against what the store keeps in them. Slow on
 * purpose; a fault of the disk is otherwise found when the page it hit is used.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/store_connection.h"

/* Keeps the sentence of a connection as the caller's. */
static int check_fault(const struct store_reader *reader, int error, char *ret_fault, size_t fault_size)
{
	if (ret_fault != NULL && fault_size > 0)
		snprintf(ret_fault, fault_size, "%s", reader->fault);
	return error;
}

/* SQLite's own check gives one row that says "ok", or a row for each problem. */
static int check_pages(struct store_reader *reader)
{
	static const char *const sql = "PRAGMA integrity_check(1)";
	CLEANUP_FINALIZE sqlite3_stmt *statement = NULL;
	const char *said;
	int r;

	r = sql_prepare(reader, &sql, &statement, 1);
	if (r < 0)
		return r;
	r = sql_step(reader, statement);
	if (r < 0)
		return r;
	said = r > 0 ? (const char *)sqlite3_column_text(statement, 0) : NULL;
	if (said != NULL && strcmp(said, "ok") == 0)
		return 0;
	return sql_damage(reader, said != NULL ? said : "the check gave no answer");
}

/* What must not be there: the number of it, and what it is called. */
static const struct {
	const char *sql;
	const char *what;
} checks[] = {
	{ "SELECT count(*) FROM tally WHERE keys != (SELECT count(*) FROM key WHERE key.state = tally.state)",
	  "states whose keys are counted wrongly" },
	{ "SELECT count(*) FROM digest WHERE NOT EXISTS (SELECT 1 FROM key WHERE key.id = digest.key)",
	  "digests without a key" },
	{ "SELECT count(*) FROM use WHERE NOT EXISTS (SELECT 1 FROM key WHERE key.id = use.key)",
	  "uses without a key" },
	{ "SELECT count(*) FROM one_time_tally AS tally WHERE live != (SELECT count(*) FROM one_time WHERE "
	  "one_time.key = "
	  "tally.key AND one_time.kind = tally.kind)",
	  "keys whose used tokens are counted wrongly" },
	{ "SELECT count(*) FROM (SELECT DISTINCT key, kind FROM one_time) AS used WHERE NOT EXISTS (SELECT 1 FROM "
	  "one_time_tally AS tally WHERE tally.key = used.key AND tally.kind = used.kind)",
	  "keys whose used tokens are not counted" },
	{ "SELECT count(*) FROM one_time_tally AS tally WHERE NOT EXISTS (SELECT 1 FROM key WHERE key.id = tally.key)",
	  "used tokens without a key" },
	{ "SELECT count(*) FROM gone WHERE EXISTS (SELECT 1 FROM key WHERE key.id = gone.id)",
	  "keys that were deleted and are there" },
	{ "SELECT count(*) FROM key WHERE NOT EXISTS (SELECT 1 FROM account WHERE account.id = key.account)",
	  "keys without an account" },
	{ "SELECT count(*) FROM key WHERE tenant IS NOT NULL AND NOT EXISTS (SELECT 1 FROM tenant WHERE tenant.id = "
	  "key.tenant)",
	  "keys without a tenant" },
	/* The lists of roles taken apart, held against how many keys are said to hold each. */
	{ "WITH RECURSIVE part (role, rest) AS (SELECT '', roles || ' ' FROM key WHERE roles != '' AND state != 4 "
	  "UNION "
	  "ALL SELECT substr(rest, 1, instr(rest, ' ') - 1), substr(rest, instr(rest, ' ') + 1) FROM part WHERE rest "
	  "!= "
	  "'') SELECT count(*) FROM (SELECT 1 FROM (SELECT role, 1 AS keys FROM part WHERE role != '' UNION ALL SELECT "
	  "role, -keys FROM role_use) GROUP BY role HAVING sum(keys) != 0)",
	  "roles whose keys are counted wrongly" },
	{ "SELECT count(*) FROM role_gone WHERE EXISTS (SELECT 1 FROM role WHERE role.name = role_gone.name)",
	  "roles that were deleted and are there" },
	{ "SELECT count(*) FROM key JOIN tenant ON tenant.id = key.tenant WHERE tenant.account != key.account",
	  "keys of another account than their tenant's" },
	{ "SELECT count(*) FROM tenant WHERE NOT EXISTS (SELECT 1 FROM account WHERE account.id = tenant.account)",
	  "tenants without an account" },
	{ "SELECT count(*) FROM account WHERE id = '" STORE_DEFAULT_ACCOUNT "' AND ending != 0",
	  "default accounts deleted" },
	{ "SELECT count(*) FROM tenant WHERE id = '" STORE_DEFAULT_TENANT "' AND ending != 0",
	  "default tenants deleted" },
	{ "SELECT count(*) FROM key WHERE tenant IN (SELECT id FROM tenant WHERE ending = 2) OR account IN"
	  " (SELECT id FROM account WHERE ending = 2)",
	  "keys of tenants or accounts that are gone" },
	{ "SELECT count(*) FROM meta WHERE name = 'rev' AND number != (SELECT ifnull(max(rev), 0) FROM change_log)",
	  "revisions without a record" },
};

static bool pass_key(void *data, const struct store_key *key)
{
	uint64_t *secrets = data;

	*secrets += key->secret_count;
	return true;
}

/* Every row can be read, and has as many digests as it has secrets. */
static int check_keys(struct store_reader *reader)
{
	uint64_t secrets = 0;
	int64_t digests;
	int r;

	r = store_list_keys(reader, NULL, NULL, pass_key, &secrets);
	if (r < 0)
		return r;
	r = sql_number(reader, "SELECT count(*) FROM digest", &digests);
	if (r < 0)
		return r;
	return (uint64_t)digests == secrets ? 0 : sql_damage(reader, "digests are missing");
}

static int check_all(struct store_reader *reader)
{
	int r;

	r = check_pages(reader);
	if (r < 0)
		return r;
	for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
		int64_t found;

		r = sql_number(reader, checks[i].sql, &found);
		if (r < 0)
			return r;
		if (found == 0)
			continue;
		return sql_say(reader, -EIO,
			       "%s: the key store is damaged; stop apikeyd and restore a backup (%" PRId64 " %s)",
			       reader->path, found, checks[i].what);
	}
	return check_keys(reader);
}

int store_check(struct store_reader *reader, char *ret_fault, size_t fault_size)
{
	bool begun = sqlite3_get_autocommit(reader->database) != 0;
	int r;

	/* All parts of the check see one state. */
	r = begun ? store_read_begin(reader) : 0;
	if (r == 0)
		r = check_all(reader);
	if (begun)
		store_read_end(reader);
	return r < 0 ? check_fault(reader, r, ret_fault, fault_size) : 0;
}
