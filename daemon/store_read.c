/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading. Every statement is reset before the function that stepped it returns: a statement left on a row pins the
 * snapshot it began with, and a later read on the same connection would see a key that has been revoked since.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/store_connection.h"
#include "daemon/store_row.h"

/* As the indexes have it. */
#define TENANT "ifnull(tenant, '')"

/* In the order of store_tenant.c. */
#define ACCOUNT_COLUMNS "id, name, created, created_by, ending"
#define TENANT_COLUMNS ACCOUNT_COLUMNS ", account, token_lifetime, token_reuse"

const char *const store_read_sql[READ_COUNT] = {
	/* A transaction that is begun so takes its snapshot with the first read after it. */
	[READ_BEGIN] = "BEGIN",
	[READ_END] = "COMMIT",
	[READ_KEY] = "SELECT " STORE_ROW_COLUMNS " FROM key WHERE id = ?1",
	[READ_KEY_NEXT] = "SELECT " STORE_ROW_COLUMNS " FROM key WHERE id >= ?1 ORDER BY id LIMIT 1",
	/* A key of one owner and name: parameters 4 and 5 are account and tenant. */
	[READ_KEY_NAMED] = "SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_name WHERE owner = ?1 AND name = ?2",
	[READ_KEY_NAMED_ACCOUNT] = ("SELECT " STORE_ROW_COLUMNS
				    " FROM key INDEXED BY key_name WHERE owner = ?1 AND name = ?2 AND account = ?4"),
	[READ_KEY_NAMED_TENANT] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_name"
				   " WHERE owner = ?1 AND name = ?2 AND account = ?4 AND " TENANT " = ?5"),
	/* By that index keys of other uids are not met. */
	[READ_KEY_OWN] = ("SELECT " STORE_ROW_COLUMNS
			  " FROM key INDEXED BY key_uid WHERE owner_uid = ?3 AND owner = ?1 AND name = ?2"),
	[READ_DIGEST] = "SELECT key FROM digest WHERE digest = ?1",
	/* Lists: parameters 1, 2, 4 and 5 are the position; 3, and 4 and 5 too, what is looked for. */
	[READ_LIST] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_name"
		       " WHERE (owner, name, account, " TENANT ") > (?1, ?2, ?4, ?5)"
		       " ORDER BY owner, name, account, " TENANT),
	[READ_LIST_OWNER] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_name"
			     " WHERE owner = ?1 AND (name, account, " TENANT ") > (?2, ?4, ?5)"
			     " ORDER BY name, account, " TENANT),
	[READ_LIST_UID] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_uid"
			   " WHERE owner_uid = ?3 AND (owner, name, account, " TENANT ") > (?1, ?2, ?4, ?5)"
			   " ORDER BY owner, name, account, " TENANT),
	[READ_LIST_UID_OWNER] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_uid"
				 " WHERE owner_uid = ?3 AND owner = ?1 AND (name, account, " TENANT ") > (?2, ?4, ?5)"
				 " ORDER BY name, account, " TENANT),
	/* By this one those of other accounts and tenants are not met. */
	[READ_LIST_ACCOUNT] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_tenant"
			       " WHERE account = ?4 AND " TENANT " > ?5 ORDER BY " TENANT ", owner, name"),
	[READ_LIST_TENANT] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_tenant"
			      " WHERE account = ?4 AND " TENANT " = ?5 AND (owner, name) > (?1, ?2)"
			      " ORDER BY owner, name"),
	[READ_LIST_TENANT_OWNER] = ("SELECT " STORE_ROW_COLUMNS " FROM key INDEXED BY key_tenant"
				    " WHERE account = ?4 AND " TENANT " = ?5 AND owner = ?1 AND name > ?2"
				    " ORDER BY name"),
	[READ_SCOPE] = ("SELECT 1 FROM account WHERE id = ?1 AND ending = 0 AND"
			" (?2 = '' OR EXISTS (SELECT 1 FROM tenant WHERE tenant.id = ?2 AND tenant.ending = 0))"),
	[READ_USE] = ("SELECT count, first_time, last_time, first_service, last_service, first_source, last_source"
		      " FROM use WHERE key = ?1 AND secret = ?2"),
	[READ_TALLY] = "SELECT state, keys FROM tally",
	[READ_CHANGES] = "SELECT rev, record FROM change_log WHERE rev > ?1 ORDER BY rev",
	[READ_OLDEST_CHANGE] = "SELECT rev, time FROM change_log WHERE rev > 0 ORDER BY rev LIMIT 1",
	[READ_SEALED] = "SELECT version, blob FROM sealed WHERE purpose = ?1"
			" ORDER BY version DESC, wrap DESC LIMIT 1",
	[READ_ALL_SEALED] =
		"SELECT purpose, version, wrap, blob FROM sealed ORDER BY purpose DESC, version DESC, wrap DESC",
	[READ_WRAPS] = "SELECT ifnull(min(wrap), 0), ifnull(max(wrap), 0) FROM sealed",
	[READ_GONE] = "SELECT 1 FROM gone WHERE id = ?1",
	[READ_ONCE] = "SELECT EXISTS (SELECT 1 FROM one_time WHERE key = ?1 AND kind = ?2 AND id = ?3),"
		      " ifnull((SELECT live FROM one_time_tally WHERE key = ?1 AND kind = ?2), 0)",
	[READ_ONCE_COUNT] = "SELECT ifnull(sum(live), 0) FROM one_time_tally WHERE key = ?1",
	[READ_ONCE_LAST] = "SELECT expires FROM one_time WHERE kind = ?1 ORDER BY expires DESC LIMIT 1",
	[READ_ONCE_OLDEST] = "SELECT min(expires) FROM (SELECT min(expires) AS expires FROM one_time WHERE kind = 1"
			     " UNION ALL SELECT min(expires) FROM one_time WHERE kind = 2)",
	[READ_COUNTED] = "SELECT uses FROM counted_use WHERE key = ?1",
	[READ_ALL_COUNTED] = "SELECT key, uses FROM counted_use WHERE key > '' ORDER BY key",
	[READ_NUMBER] = "SELECT number FROM meta WHERE name = ?1",
	[READ_ROLE] = "SELECT name, permissions, created, created_by FROM role WHERE name = ?1",
	[READ_ROLES] = "SELECT name, permissions, created, created_by FROM role WHERE name > ?1 ORDER BY name",
	[READ_ROLE_COUNT] = "SELECT count(*) FROM role",
	[READ_ROLE_USE] = "SELECT keys FROM role_use WHERE role = ?1",
	[READ_ROLE_GONE] = "SELECT 1 FROM role_gone WHERE name = ?1",
	[READ_ROLES_GONE] = "SELECT name FROM role_gone ORDER BY name",
	[READ_ACCOUNT] = "SELECT " ACCOUNT_COLUMNS " FROM account WHERE id = ?1",
	[READ_ACCOUNT_NAMED] = "SELECT " ACCOUNT_COLUMNS " FROM account WHERE name = ?1",
	[READ_ACCOUNTS] = "SELECT " ACCOUNT_COLUMNS " FROM account WHERE name > ?1 ORDER BY name",
	[READ_TENANT] = "SELECT " TENANT_COLUMNS " FROM tenant WHERE id = ?1",
	[READ_TENANT_NAMED] = "SELECT " TENANT_COLUMNS " FROM tenant WHERE account = ?1 AND name = ?2",
	[READ_TENANTS] = ("SELECT " TENANT_COLUMNS " FROM tenant WHERE (account, name) > (?1, ?2)"
			  " ORDER BY account, name"),
	[READ_TENANTS_ACCOUNT] = "SELECT " TENANT_COLUMNS " FROM tenant WHERE account = ?1 AND name > ?2 ORDER BY name",
	[READ_KEYS_ACCOUNT] = "SELECT 1 FROM key INDEXED BY key_tenant WHERE account = ?1",
	[READ_KEYS_TENANT] = "SELECT 1 FROM key INDEXED BY key_tenant WHERE account = ?1 AND " TENANT " = ?2",
	[READ_TENANT_ENDING] = ("SELECT " TENANT_COLUMNS " FROM tenant INDEXED BY tenant_ending"
				" WHERE ending = 1 AND id > '' LIMIT 1"),
	[READ_ACCOUNT_ENDING] = ("SELECT " ACCOUNT_COLUMNS " FROM account INDEXED BY account_ending"
				 " WHERE ending = 1 AND id > '' LIMIT 1"),
	[READ_SIGNING_KEYS] = "SELECT version, created, blob FROM signing_key ORDER BY version DESC",
	[READ_REPEAT] = ("SELECT key, secret, digest, not_before, expires, created FROM repeatable"
			 " WHERE who = ?1 AND name = ?2"),
	[READ_LOCKDOWN] = "SELECT since, actor, why, keys FROM lockdown WHERE one = 1",
	[READ_POLICIES] = "SELECT name, number FROM tenant_policy WHERE tenant = ?1 ORDER BY name",
};

const char *store_fault(const struct store_reader *reader)
{
	return reader->fault;
}

int store_read_begin(struct store_reader *reader)
{
	return sql_execute(reader, reader->statements[READ_BEGIN]);
}

void store_read_end(struct store_reader *reader)
{
	if (!sqlite3_get_autocommit(reader->database))
		(void)sql_execute(reader, reader->statements[READ_END]);
}

/* The key of the statement's row: 1, 0 when there is no row, or a negative errno. */
static int key_step(struct store_reader *reader, sqlite3_stmt *statement, struct store_key *ret_key)
{
	int r = sql_step(reader, statement);

	if (r <= 0)
		return r;
	ret_key->ending = false;
	return store_row_read(statement, ret_key) < 0 ? sql_damage(reader, "a key cannot be read") : 1;
}

/*
 * Whether the account and tenant of a key are there, and not deleted: 1, 0, or a negative errno. Asked for those, too,
 * that are there from the start and never end: time would tell whose key it is.
 */
static int scope_lives(struct store_reader *reader, const char *account, const char *tenant)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_SCOPE];

	sqlite3_bind_text(statement, 1, account, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, tenant, -1, SQLITE_STATIC);
	return sql_step(reader, statement);
}

int store_find_key(struct store_reader *reader, const char *id, struct store_key *ret_key)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_KEY];
	int r;

	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	r = key_step(reader, statement, ret_key);
	if (r > 0)
		r = scope_lives(reader, ret_key->account, ret_key->tenant);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

int store_find_key_and_stay(struct store_reader *reader, const char *id, struct store_key *ret_key)
{
	int r = store_find_key(reader, id, ret_key);

	if (r < 0 || *ret_key->roles == '\0')
		return r;
	r = store_read_stay(reader);
	return r > 0 ? store_find_key(reader, id, ret_key) : r;
}

int store_read_stay(struct store_reader *reader)
{
	int r;

	if (!sqlite3_get_autocommit(reader->database))
		return 0;
	r = store_read_begin(reader);
	return r < 0 ? r : 1;
}

/* Reads a key, of no interest: 1, 0 when there is none, or a negative errno. */
static int read_other(struct store_reader *reader, enum store_read which, const char *id, struct store_key *key)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[which];
	int r;

	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	r = key_step(reader, statement, key);
	if (r > 0)
		(void)scope_lives(reader, key->account, key->tenant);
	return r;
}

void store_even_out(struct store_reader *reader, bool found)
{
	struct store_key other;

	/* No key's id, and before all of them. */
	if (found)
		(void)read_other(reader, READ_KEY, "", &other);
	/* The same statement as for any key; it is another one that finds the next where that has gone. */
	else if (read_other(reader, READ_KEY, reader->any_key, &other) == 0 &&
		 read_other(reader, READ_KEY_NEXT, "", &other) > 0)
		memcpy(reader->any_key, other.id, sizeof(reader->any_key));
}

int store_find_digest(struct store_reader *reader, const uint8_t digest[STORE_DIGEST_SIZE],
		      char ret_id[CREDENTIAL_KEY_ID_MAX + 1])
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_DIGEST];
	const char *id;
	int r;

	sqlite3_bind_blob(statement, 1, digest, STORE_DIGEST_SIZE, SQLITE_STATIC);
	r = sql_step(reader, statement);
	if (r <= 0)
		return r == 0 ? -ENOENT : r;
	id = (const char *)sqlite3_column_text(statement, 0);
	if (id == NULL || !credential_is_id(id))
		return sql_damage(reader, "the key of a digest cannot be read");
	strcpy(ret_id, id);
	return 0;
}

/* True when a key is among what the filter asks for. */
static bool filter_takes(const struct store_filter *filter, const struct store_key *key)
{
	if (filter == NULL)
		return true;
	if (filter->owner != NULL && strcmp(filter->owner, key->owner) != 0)
		return false;
	if (filter->account != NULL && strcmp(filter->account, key->account) != 0)
		return false;
	if (filter->tenant != NULL && strcmp(filter->tenant, key->tenant) != 0)
		return false;
	return filter->owner_uid == NULL || (key->owner_uid_known && key->owner_uid == *filter->owner_uid);
}

/* The statement that reads least of what a filter leaves out. */
static enum store_read list_choose(const struct store_filter *filter)
{
	bool account = filter->account != NULL, tenant = account && filter->tenant != NULL;

	if (filter->name != NULL)
		return filter->owner_uid != NULL ? READ_KEY_OWN
		       : tenant                  ? READ_KEY_NAMED_TENANT
		       : account                 ? READ_KEY_NAMED_ACCOUNT
						 : READ_KEY_NAMED;
	/* With both, the keys of that owner which are another uid's are not even passed over: how long that takes would
	 * tell how many there are. */
	if (filter->owner_uid != NULL)
		return filter->owner != NULL ? READ_LIST_UID_OWNER : READ_LIST_UID;
	if (tenant)
		return filter->owner != NULL ? READ_LIST_TENANT_OWNER : READ_LIST_TENANT;
	if (account)
		return READ_LIST_ACCOUNT;
	return filter->owner != NULL ? READ_LIST_OWNER : READ_LIST;
}

/* That statement, bound to where it begins. NULL: nothing lies behind. */
static sqlite3_stmt *list_statement(struct store_reader *reader, const struct store_filter *given_filter,
				    const struct store_position *given_after)
{
	static const struct store_filter all = { .owner = NULL };
	static const struct store_position start = { .owner = "" };
	const struct store_filter *filter = given_filter != NULL ? given_filter : &all;
	const struct store_position *after = given_after != NULL ? given_after : &start;
	enum store_read which = list_choose(filter);
	sqlite3_stmt *statement = reader->statements[which];
	bool by_account = which == READ_LIST_ACCOUNT;

	if (filter->owner != NULL && !by_account) {
		int order = strcmp(after->owner, filter->owner);

		if (order > 0 && filter->name == NULL)
			return NULL;
		if (order < 0)
			after = &start;
	}
	sqlite3_bind_text(statement, 1, filter->owner != NULL && !by_account ? filter->owner : after->owner, -1,
			  SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, filter->name != NULL ? filter->name : after->name, -1, SQLITE_STATIC);
	if (filter->owner_uid != NULL)
		sqlite3_bind_int64(statement, 3, *filter->owner_uid);
	/* A uid's are in the order of all, whatever else is asked for. */
	if (filter->owner_uid != NULL || filter->account == NULL)
		sqlite3_bind_text(statement, 4, after->account, -1, SQLITE_STATIC);
	else
		sqlite3_bind_text(statement, 4, filter->account, -1, SQLITE_STATIC);
	if (filter->owner_uid != NULL || filter->account == NULL || filter->tenant == NULL)
		sqlite3_bind_text(statement, 5, after->tenant, -1, SQLITE_STATIC);
	else
		sqlite3_bind_text(statement, 5, filter->tenant, -1, SQLITE_STATIC);
	return statement;
}

/* The account and tenant of the last key that was looked at, since those beside each other mostly have the same. */
struct last_scope {
	char account[STORE_SCOPE_ID_MAX + 1];
	char tenant[STORE_SCOPE_ID_MAX + 1];
	bool lives;
};

/* Notes whether a key is ending. 0 or a negative errno. */
static int key_judge(struct store_reader *reader, struct last_scope *last, struct store_key *key)
{
	int r;

	if (strcmp(last->account, key->account) != 0 || strcmp(last->tenant, key->tenant) != 0) {
		r = scope_lives(reader, key->account, key->tenant);
		if (r < 0)
			return r;
		last->lives = r > 0;
		snprintf(last->account, sizeof(last->account), "%s", key->account);
		snprintf(last->tenant, sizeof(last->tenant), "%s", key->tenant);
	}
	key->ending = !last->lives;
	return 0;
}

/* Visits what a statement gives. 0 at its end, 1 when the visitor wants no more, or a negative errno. */
static int list_walk(struct store_reader *reader, sqlite3_stmt *given_statement, const struct store_filter *filter,
		     struct store_key *key, store_key_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = given_statement;
	struct last_scope last = { .lives = false };
	int r;

	if (statement == NULL)
		return 0;
	while ((r = key_step(reader, statement, key)) > 0) {
		if (!filter_takes(filter, key))
			continue;
		r = key_judge(reader, &last, key);
		if (r < 0)
			return r;
		if (!visitor(data, key))
			return 1;
	}
	return r;
}

/* The rest of the tenant where an account's keys go on: by the statement of the account that would be looked for from
 * its beginning. */
static int list_rest(struct store_reader *reader, const struct store_filter *filter, const struct store_position *after,
		     struct store_key *key, store_key_visitor visitor, void *data)
{
	const struct store_filter rest = { .account = filter->account, .tenant = after != NULL ? after->tenant : "" };

	return list_walk(reader, list_statement(reader, &rest, after), filter, key, visitor, data);
}

int store_list_keys(struct store_reader *reader, const struct store_filter *filter, const struct store_position *after,
		    store_key_visitor visitor, void *data)
{
	CLEANUP_FREE struct store_key *key = malloc(sizeof(*key));
	int r = 0;

	if (key == NULL)
		return -ENOMEM;
	if (filter != NULL && list_choose(filter) == READ_LIST_ACCOUNT)
		r = list_rest(reader, filter, after, key, visitor, data);
	if (r == 0)
		r = list_walk(reader, list_statement(reader, filter, after), filter, key, visitor, data);
	return r > 0 ? 0 : r;
}

int store_find_key_named(struct store_reader *reader, const struct store_filter *scope, const char *owner,
			 const char *name, struct store_key *ret_key)
{
	struct store_filter filter = scope != NULL ? *scope : (struct store_filter){ .owner = NULL };
	struct last_scope last = { .lives = false };
	CLEANUP_FREE struct store_key *other = NULL;
	CLEANUP_RESET sqlite3_stmt *statement = NULL;
	struct store_key *key = ret_key;
	int r;

	filter.owner = owner;
	filter.name = name;
	statement = list_statement(reader, &filter, NULL);
	while ((r = key_step(reader, statement, key)) > 0) {
		r = key_judge(reader, &last, key);
		if (r < 0)
			return r;
		if (key->ending || !filter_takes(&filter, key))
			continue;
		if (key == other)
			return -ENOTUNIQ;
		key = other = malloc(sizeof(*other));
		if (other == NULL)
			return -ENOMEM;
	}
	return r < 0 ? r : key == ret_key ? -ENOENT : 0;
}

int store_find_use(struct store_reader *reader, const char *key_id, uint32_t secret, struct store_use *ret_use)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_USE];
	struct store_use use = { .secret = secret };
	const struct {
		char *text;
		size_t size;
	} texts[] = {
		{ use.first_service, sizeof(use.first_service) },
		{ use.last_service, sizeof(use.last_service) },
		{ use.first_source, sizeof(use.first_source) },
		{ use.last_source, sizeof(use.last_source) },
	};
	int r;

	snprintf(use.key_id, sizeof(use.key_id), "%s", key_id);
	sqlite3_bind_text(statement, 1, key_id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 2, secret);
	r = sql_step(reader, statement);
	if (r < 0)
		return r;
	if (r > 0) {
		use.count = (uint64_t)sqlite3_column_int64(statement, 0);
		use.first_time = sqlite3_column_int64(statement, 1);
		use.last_time = sqlite3_column_int64(statement, 2);
		for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
			const char *text = (const char *)sqlite3_column_text(statement, 3 + (int)i);

			if (text == NULL || strlen(text) >= texts[i].size)
				return sql_damage(reader, "the use of a key cannot be read");
			strcpy(texts[i].text, text);
		}
	}
	*ret_use = use;
	return 0;
}

int store_count_keys(struct store_reader *reader, uint64_t ret_counts[STORE_STATE_COUNT])
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_TALLY];
	uint64_t counts[STORE_STATE_COUNT] = { 0 };
	int r;

	while ((r = sql_step(reader, statement)) > 0) {
		int64_t state = sqlite3_column_int64(statement, 0);

		if (state < STORE_ACTIVE || state >= STORE_STATE_COUNT)
			return sql_damage(reader, "the number of keys cannot be read");
		counts[state] = (uint64_t)sqlite3_column_int64(statement, 1);
	}
	if (r == 0)
		memcpy(ret_counts, counts, sizeof(counts));
	return r;
}

int store_rev(struct store_reader *reader, uint64_t *ret_rev)
{
	return store_load_number(reader, "rev", ret_rev);
}

int store_list_changes(struct store_reader *reader, uint64_t after_rev, store_change_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_CHANGES];
	int r;

	if (after_rev > INT64_MAX)
		return 0;
	sqlite3_bind_int64(statement, 1, (int64_t)after_rev);
	while ((r = sql_step(reader, statement)) > 0) {
		const char *record = (const char *)sqlite3_column_text(statement, 1);

		if (record == NULL)
			return sql_damage(reader, "the record of a change cannot be read");
		if (!visitor(data, (uint64_t)sqlite3_column_int64(statement, 0), record))
			return 0;
	}
	return r;
}

int store_oldest_change(struct store_reader *reader, uint64_t *ret_rev, int64_t *ret_time)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_OLDEST_CHANGE];
	int r = sql_step(reader, statement);

	if (r <= 0)
		return r == 0 ? -ENOENT : r;
	*ret_rev = (uint64_t)sqlite3_column_int64(statement, 0);
	*ret_time = sqlite3_column_int64(statement, 1);
	return 0;
}

int store_load_sealed(struct store_reader *reader, const char *purpose, uint32_t *ret_version, void *ret_blob,
		      size_t *size)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_SEALED];
	const void *blob;
	size_t blob_size;
	int64_t version;
	int r;

	sqlite3_bind_text(statement, 1, purpose, -1, SQLITE_STATIC);
	r = sql_step(reader, statement);
	if (r <= 0)
		return r == 0 ? -ENOENT : r;
	version = sqlite3_column_int64(statement, 0);
	blob = sqlite3_column_blob(statement, 1);
	blob_size = (size_t)sqlite3_column_bytes(statement, 1);
	if (version < 0 || version > UINT32_MAX || blob == NULL)
		return sql_damage(reader, "a sealed key cannot be read");
	if (blob_size > *size)
		return -EMSGSIZE;
	memcpy(ret_blob, blob, blob_size);
	*size = blob_size;
	*ret_version = (uint32_t)version;
	return 0;
}

int store_list_sealed(struct store_reader *reader, store_sealed_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ALL_SEALED];
	int r;

	while ((r = sql_step(reader, statement)) > 0) {
		const char *purpose = (const char *)sqlite3_column_text(statement, 0);
		int64_t version = sqlite3_column_int64(statement, 1), wrap = sqlite3_column_int64(statement, 2);
		const void *blob = sqlite3_column_blob(statement, 3);

		if (!purpose || !blob || version < 0 || version > UINT32_MAX || wrap < 1 || wrap > UINT32_MAX)
			return sql_damage(reader, "a sealed key cannot be read");
		if (!visitor(data, purpose, (uint32_t)version, (uint32_t)wrap, blob,
			     (size_t)sqlite3_column_bytes(statement, 3)))
			break;
	}
	return r < 0 ? r : 0;
}

int store_wraps(struct store_reader *reader, uint32_t *ret_oldest, uint32_t *ret_newest)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_WRAPS];
	int r = sql_step(reader, statement);

	if (r <= 0)
		return r == 0 ? -EIO : r;
	*ret_oldest = (uint32_t)sqlite3_column_int64(statement, 0);
	*ret_newest = (uint32_t)sqlite3_column_int64(statement, 1);
	return 0;
}

int store_load_number(struct store_reader *reader, const char *name, uint64_t *ret_number)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_NUMBER];
	int r;

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	r = sql_step(reader, statement);
	if (r < 0)
		return r;
	*ret_number = r > 0 ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	return 0;
}
