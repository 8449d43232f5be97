/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The schema and its migrations. Defends against an update that fails half-way (one transaction, and a copy before it),
 * an older binary on a newer database, and a database of someone else's.
 */
#include "daemon/store_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "daemon/store_file.h"

/*
 * Version 1.
 *
 * key holds all that one verification needs in one row of one tree, found by one descent. Times without end and unknown
 * uids are NULL and cost nothing, tenant is NULL for an account key. Pages of 4096 bytes: of ten million keys, a random
 * one costs less processor time than with 8192 or 16384, or with a tree of numbers beside the ids, since what is paid
 * for is the copy of the leaf from the kernel's cache. key_name keeps names unique and gives lists their order.
 *
 * digest makes sure that two keys never share a secret. gone remembers ids of deleted keys, which are never used again.
 * tally counts keys by state, so that nobody has to.
 */
static const char schema_1[] =
	"CREATE TABLE meta (name TEXT PRIMARY KEY, number INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
	"INSERT INTO meta VALUES ('rev', 0);"

	"CREATE TABLE account (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT, WITHOUT ROWID;"
	"INSERT INTO account VALUES ('" STORE_DEFAULT_ACCOUNT "', '" STORE_DEFAULT_ACCOUNT "');"

	"CREATE TABLE tenant (id TEXT PRIMARY KEY, name TEXT NOT NULL, account TEXT NOT NULL REFERENCES account (id),"
	" UNIQUE (account, name)) STRICT, WITHOUT ROWID;"
	"INSERT INTO tenant VALUES ('" STORE_DEFAULT_TENANT "', '" STORE_DEFAULT_TENANT "', '" STORE_DEFAULT_ACCOUNT
	"');"

	"CREATE TABLE key (id TEXT PRIMARY KEY, state INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" test INTEGER NOT NULL, not_before INTEGER NOT NULL, expires INTEGER, secrets BLOB NOT NULL,"
	" owner TEXT NOT NULL, tenant TEXT REFERENCES tenant (id), account TEXT NOT NULL REFERENCES account (id),"
	" users TEXT NOT NULL, permissions TEXT NOT NULL, roles TEXT NOT NULL, sources TEXT NOT NULL,"
	" name TEXT NOT NULL, owner_uid INTEGER, created INTEGER NOT NULL, created_by TEXT NOT NULL,"
	" state_reason TEXT NOT NULL, labels TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE UNIQUE INDEX key_name ON key (owner, name);"
	"CREATE INDEX key_uid ON key (owner_uid, owner, name) WHERE owner_uid IS NOT NULL;"

	"CREATE TABLE digest (digest BLOB PRIMARY KEY, key TEXT NOT NULL) STRICT, WITHOUT ROWID;"

	"CREATE TABLE gone (id TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"

	"CREATE TABLE tally (state INTEGER PRIMARY KEY, keys INTEGER NOT NULL CHECK (keys >= 0)) STRICT;"
	"INSERT INTO tally VALUES (1, 0), (2, 0), (3, 0), (4, 0);"

	"CREATE TABLE use (key TEXT NOT NULL, secret INTEGER NOT NULL, count INTEGER NOT NULL,"
	" first_time INTEGER NOT NULL, first_service TEXT NOT NULL, first_source TEXT NOT NULL,"
	" last_time INTEGER NOT NULL, last_service TEXT NOT NULL, last_source TEXT NOT NULL,"
	" PRIMARY KEY (key, secret)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE change_log (rev INTEGER PRIMARY KEY, time INTEGER NOT NULL, record TEXT NOT NULL) STRICT;"

	"CREATE TABLE sealed (purpose TEXT NOT NULL, version INTEGER NOT NULL, blob BLOB NOT NULL,"
	" PRIMARY KEY (purpose, version)) STRICT, WITHOUT ROWID;";

/*
 * Version 2: what a key may do by its roles, tenants and accounts of one's own, and what may be used once.
 *
 * Names of keys are unique within owner and tenant, so that nobody learns of another tenant's keys from a name that is
 * taken. key_tenant leads through the keys of one tenant or account past those of all others: how long that takes does
 * not tell of them. An account key has no tenant, and indexes say '' for it, since NULL has no place in an order.
 *
 * A tenant or account that was deleted keeps its row, for its id is never used again, and is ending (1) until the last
 * of its keys is removed, a few at a time, and then gone (2). No key of it counts from the first moment on. (Rows of
 * these tables are never removed, so no removal has to look for keys that refer to them.)
 *
 * role_use counts the keys that hold a role, revoked ones left out, so that nobody has to look through all keys before
 * one is deleted. role_gone remembers deleted roles until one of that name is made again: a backup does not bring them
 * back.
 *
 * one_time holds nonces (kind 1) and ids of access tokens (kind 2) that were used, until they expire; one_time_tally
 * how many of them a key has.
 *
 * A sealed key stands once for each master key that opens it: wrap 1 is the first master key's, and each rotation of it
 * adds the next number.
 */
static const char schema_2[] =
	"CREATE TABLE role (name TEXT PRIMARY KEY, permissions TEXT NOT NULL, created INTEGER NOT NULL,"
	" created_by TEXT NOT NULL) STRICT, WITHOUT ROWID;"
	"CREATE TABLE role_gone (name TEXT PRIMARY KEY) STRICT, WITHOUT ROWID;"
	"CREATE TABLE role_use (role TEXT PRIMARY KEY, keys INTEGER NOT NULL CHECK (keys >= 0)) STRICT, WITHOUT ROWID;"

	"ALTER TABLE account ADD COLUMN created INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE account ADD COLUMN created_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE account ADD COLUMN ending INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX account_ending ON account (id) WHERE ending = 1;"
	"ALTER TABLE tenant ADD COLUMN created INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tenant ADD COLUMN created_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE tenant ADD COLUMN token_lifetime INTEGER NOT NULL DEFAULT 1800;"
	"ALTER TABLE tenant ADD COLUMN token_reuse INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE tenant ADD COLUMN ending INTEGER NOT NULL DEFAULT 0;"
	"CREATE INDEX tenant_ending ON tenant (id) WHERE ending = 1;"

	"DROP INDEX key_name;"
	"CREATE UNIQUE INDEX key_name ON key (owner, name, account, ifnull(tenant, ''));"
	"CREATE INDEX key_tenant ON key (account, ifnull(tenant, ''), owner, name);"
	"DROP INDEX key_uid;"
	"CREATE INDEX key_uid ON key (owner_uid, owner, name, account, ifnull(tenant, ''))"
	" WHERE owner_uid IS NOT NULL;"

	"CREATE TABLE one_time (key TEXT NOT NULL, kind INTEGER NOT NULL, id TEXT NOT NULL, expires INTEGER NOT NULL,"
	" PRIMARY KEY (key, kind, id)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX one_time_expires ON one_time (kind, expires);"
	"CREATE TABLE one_time_tally (key TEXT NOT NULL, kind INTEGER NOT NULL,"
	" live INTEGER NOT NULL CHECK (live >= 0), PRIMARY KEY (key, kind)) STRICT, WITHOUT ROWID;"

	"ALTER TABLE sealed RENAME TO sealed_before;"
	"CREATE TABLE sealed (purpose TEXT NOT NULL, version INTEGER NOT NULL, wrap INTEGER NOT NULL,"
	" blob BLOB NOT NULL, PRIMARY KEY (purpose, version, wrap)) STRICT, WITHOUT ROWID;"
	"INSERT INTO sealed SELECT purpose, version, 1, blob FROM sealed_before;"
	"DROP TABLE sealed_before;";

/*
 * Version 3: the keys that sign access tokens, each sealed under the data key, so that a rotation of the master key
 * leaves them alone.
 */
static const char schema_3[] = "CREATE TABLE signing_key (version INTEGER PRIMARY KEY, created INTEGER NOT NULL,"
			       " blob BLOB NOT NULL) STRICT;";

/*
 * Version 4: rules on how keys are used, and what follows from their use.
 *
 * tenant_policy: what holds for the keys of one tenant instead of what the configuration says.
 *
 * repeatable: which requests have made which key, by the text with which they may be repeated.
 *
 * warned: which warnings were given today.
 *
 * exclusive of a key: '' for none, '*' where the first use binds it, else the service it is bound to. counted_use has
 * the uses of keys with a limit, apart from their rows, which are large; those of a deleted key stay, for a backup may
 * bring it back. state_since: when a key got the state it has, 0 where it always had it.
 *
 * lockdown has one row while there is a lockdown; its keys, which are let in all the same, are ids, a space behind
 * each.
 */
static const char schema_4[] =
	"CREATE TABLE tenant_policy (tenant TEXT NOT NULL, name TEXT NOT NULL, number INTEGER NOT NULL,"
	" PRIMARY KEY (tenant, name)) STRICT, WITHOUT ROWID;"

	"CREATE TABLE repeatable (who TEXT NOT NULL, name TEXT NOT NULL, key TEXT NOT NULL, secret INTEGER NOT NULL,"
	" digest BLOB NOT NULL, not_before INTEGER NOT NULL, expires INTEGER NOT NULL, created INTEGER NOT NULL,"
	" PRIMARY KEY (who, name)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX repeatable_created ON repeatable (created);"

	"CREATE TABLE warned (key TEXT NOT NULL, what INTEGER NOT NULL, secret INTEGER NOT NULL, date INTEGER NOT NULL,"
	" day INTEGER NOT NULL, PRIMARY KEY (key, what, secret)) STRICT, WITHOUT ROWID;"
	"CREATE INDEX warned_day ON warned (day);"

	"ALTER TABLE key ADD COLUMN exclusive TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE key ADD COLUMN max_uses INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE key ADD COLUMN state_since INTEGER NOT NULL DEFAULT 0;"
	"CREATE TABLE counted_use (key TEXT PRIMARY KEY, uses INTEGER NOT NULL CHECK (uses > 0)) STRICT, WITHOUT "
	"ROWID;"

	"CREATE TABLE lockdown (one INTEGER PRIMARY KEY CHECK (one = 1), since INTEGER NOT NULL, actor TEXT NOT NULL,"
	" why TEXT NOT NULL, keys TEXT NOT NULL) STRICT;";

/* Version 5: client_side of a key: pages in browsers may use it. None could before. */
static const char schema_5[] = "ALTER TABLE key ADD COLUMN client_side INTEGER NOT NULL DEFAULT 0;";

static const char *const steps[] = { schema_1, schema_2, schema_3, schema_4, schema_5 };

const struct store_schema store_schema_steps = { steps, ARRAY_SIZE(steps) };

unsigned int store_schema(void)
{
	return (unsigned int)store_schema_steps.count;
}

int schema_version(struct store_reader *connection, const struct store_schema *schema)
{
	int64_t application, version;
	int r;

	r = sql_number(connection, "PRAGMA application_id", &application);
	if (r < 0)
		return r;
	r = sql_number(connection, "PRAGMA user_version", &version);
	if (r < 0)
		return r;
	if (application != STORE_APPLICATION_ID || version < 1) {
		return sql_say(
			connection, -EIO,
			"%s: this is a database, but not a key store of apikeyd; move it away, or see that the state "
			"folder is the right one",
			connection->path);
	}
	if (version > (int64_t)schema->count) {
		return sql_say(connection, -EIO,
			       "%s: the key store has schema %" PRId64
			       ", and this apikeyd knows schemas up to %zu; update "
			       "apikeyd, or restore the copy that was made before the update (%s.schema-%zu)",
			       connection->path, version, schema->count, connection->path, schema->count);
	}
	return (int)version;
}

/* The steps from a version on, inside an open transaction. */
static int schema_steps_run(struct store_reader *connection, const struct store_schema *schema, size_t version)
{
	char numbers[sizeof("PRAGMA application_id = 2147483647; PRAGMA user_version = 2147483647")];

	for (size_t i = version; i < schema->count; i++) {
		int r = sql_run(connection, schema->steps[i]);

		if (r < 0)
			return r;
	}
	snprintf(numbers, sizeof(numbers), "PRAGMA application_id = %d; PRAGMA user_version = %d", STORE_APPLICATION_ID,
		 (int)schema->count);
	return sql_run(connection, numbers);
}

static int schema_transaction(struct store_reader *connection, const struct store_schema *schema, size_t version)
{
	int r = sql_run(connection, "BEGIN IMMEDIATE");

	if (r < 0)
		return r;
	r = schema_steps_run(connection, schema, version);
	if (r == 0)
		r = sql_run(connection, "COMMIT");
	if (r < 0 && !sqlite3_get_autocommit(connection->database))
		sqlite3_exec(connection->database, "ROLLBACK", NULL, NULL, NULL);
	return r;
}

int schema_create(struct store_reader *connection, const struct store_schema *schema)
{
	char settings[sizeof("PRAGMA page_size = 65536; PRAGMA journal_mode = MEMORY")];
	int r;

	/* What fails here is thrown away, so nothing has to be undone after a crash. */
	snprintf(settings, sizeof(settings), "PRAGMA page_size = %d; PRAGMA journal_mode = MEMORY", STORE_PAGE_SIZE);
	r = sql_run(connection, settings);
	if (r < 0)
		return r;
	return schema_transaction(connection, schema, 0);
}

static int copy_fault(struct store_reader *connection, const char *copy, int error)
{
	return sql_say(connection, error == EDQUOT || error == EFBIG ? -ENOSPC : -error,
		       "%s: the copy that is made before the key store is updated failed (%s); see that there is "
		       "room and that apikeyd's user may write there",
		       copy, strerror(error));
}

/* Copies all pages into a file that is empty. */
static int copy_pages(struct store_reader *connection, const char *copy)
{
	struct store_reader target;
	int r;

	r = sql_open(&target, copy, SQLITE_OPEN_READWRITE);
	if (r == 0)
		r = sql_run(&target, "PRAGMA journal_mode = MEMORY");
	if (r == 0)
		r = sql_copy_pages(&target, connection);
	if (r < 0)
		memcpy(connection->fault, target.fault, sizeof(connection->fault));
	sql_close(&target);
	return r;
}

/* A copy with a final name is a whole copy: it is made under another name first. */
static int schema_copy(struct store_reader *connection, int version)
{
	char copy[PATH_MAX], unfinished[PATH_MAX], folder[PATH_MAX];
	int fd, r;

	if ((size_t)snprintf(unfinished, sizeof(unfinished), "%s.schema-%d.new", connection->path, version) >=
	    sizeof(unfinished))
		return copy_fault(connection, connection->path, ENAMETOOLONG);
	snprintf(copy, sizeof(copy), "%s.schema-%d", connection->path, version);
	snprintf(folder, sizeof(folder), "%s", connection->path);
	*strrchr(folder, '/') = '\0';

	(void)unlink(unfinished);
	fd = open(unfinished, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return copy_fault(connection, unfinished, errno);
	close(fd);
	r = copy_pages(connection, unfinished);
	if (r == 0) {
		r = store_file_sync(unfinished, O_NOFOLLOW);
		if (r == 0 && rename(unfinished, copy) < 0)
			r = -errno;
		if (r == 0)
			r = store_file_sync(folder, O_DIRECTORY);
		if (r < 0)
			r = copy_fault(connection, copy, -r);
	}
	if (r < 0)
		(void)unlink(unfinished);
	return r;
}

int schema_migrate(struct store_reader *connection, const struct store_schema *schema, int version)
{
	int r = schema_copy(connection, version);

	return r < 0 ? r : schema_transaction(connection, schema, (size_t)version);
}
