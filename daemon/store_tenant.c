/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_tenant.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/store_write.h"
#include "proto/credential.h"

bool store_is_scope_id(const char *text)
{
	return strcmp(text, STORE_DEFAULT_SCOPE) == 0 || credential_is_public_key(text);
}

/* ---- rows ---- */

static bool take_text(sqlite3_stmt *statement, int column, char *ret_text, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);
	size_t length = (size_t)sqlite3_column_bytes(statement, column);

	if (!text || length >= size || memchr(text, '\0', length))
		return false;
	memcpy(ret_text, text, length + 1);
	return true;
}

static bool take_ending(sqlite3_stmt *statement, int column, enum store_ending *ret_ending)
{
	int64_t ending = sqlite3_column_int64(statement, column);

	*ret_ending = (enum store_ending)ending;
	return ending >= STORE_LIVES && ending <= STORE_GONE;
}

/* 1, 0 when there is no row, or a negative errno. */
static int account_step(struct store_reader *reader, sqlite3_stmt *statement, struct store_account *ret_account)
{
	int r = sql_step(reader, statement);

	if (r <= 0)
		return r;
	if (!take_ending(statement, 4, &ret_account->ending) ||
	    !take_text(statement, 0, ret_account->id, sizeof(ret_account->id)) ||
	    !take_text(statement, 1, ret_account->name, sizeof(ret_account->name)) ||
	    !take_text(statement, 3, ret_account->created_by, sizeof(ret_account->created_by)))
		return sql_damage(reader, "an account cannot be read");
	ret_account->created = sqlite3_column_int64(statement, 2);
	return 1;
}

static int tenant_step(struct store_reader *reader, sqlite3_stmt *statement, struct store_tenant *ret_tenant)
{
	int64_t lifetime, reuse;
	int r = sql_step(reader, statement);

	if (r <= 0)
		return r;
	lifetime = sqlite3_column_int64(statement, 6);
	reuse = sqlite3_column_int64(statement, 7);
	if (!take_text(statement, 0, ret_tenant->id, sizeof(ret_tenant->id)) ||
	    !take_text(statement, 1, ret_tenant->name, sizeof(ret_tenant->name)) ||
	    !take_text(statement, 3, ret_tenant->created_by, sizeof(ret_tenant->created_by)) ||
	    !take_ending(statement, 4, &ret_tenant->ending) ||
	    !take_text(statement, 5, ret_tenant->account, sizeof(ret_tenant->account)) || lifetime < 1 ||
	    lifetime > UINT32_MAX || (reuse != 0 && reuse != 1))
		return sql_damage(reader, "a tenant cannot be read");
	ret_tenant->created = sqlite3_column_int64(statement, 2);
	ret_tenant->token_lifetime = (uint32_t)lifetime;
	ret_tenant->token_reuse = reuse == 1;
	return 1;
}

/* ---- reading ---- */

static int found(int r)
{
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

static int find_account(struct store_reader *reader, enum store_read which, const char *text,
			struct store_account *ret_account)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[which];

	sqlite3_bind_text(statement, 1, text, -1, SQLITE_STATIC);
	return found(account_step(reader, statement, ret_account));
}

int store_load_account(struct store_reader *reader, const char *id, struct store_account *ret_account)
{
	return find_account(reader, READ_ACCOUNT, id, ret_account);
}

int store_find_account(struct store_reader *reader, const char *id, struct store_account *ret_account)
{
	int r = store_load_account(reader, id, ret_account);

	return r == 0 && ret_account->ending != STORE_LIVES ? -ENOENT : r;
}

int store_find_account_named(struct store_reader *reader, const char *name, struct store_account *ret_account)
{
	int r = find_account(reader, READ_ACCOUNT_NAMED, name, ret_account);

	return r == 0 && ret_account->ending != STORE_LIVES ? -ENOENT : r;
}

int store_load_tenant(struct store_reader *reader, const char *id, struct store_tenant *ret_tenant)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_TENANT];

	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	return found(tenant_step(reader, statement, ret_tenant));
}

/* 0 when neither it nor its account is ending. */
static int tenant_lives(struct store_reader *reader, const struct store_tenant *tenant)
{
	struct store_account account;

	return tenant->ending != STORE_LIVES ? -ENOENT : store_find_account(reader, tenant->account, &account);
}

int store_find_tenant(struct store_reader *reader, const char *id, struct store_tenant *ret_tenant)
{
	int r = store_load_tenant(reader, id, ret_tenant);

	return r < 0 ? r : tenant_lives(reader, ret_tenant);
}

int store_find_tenant_named(struct store_reader *reader, const char *account, const char *name,
			    struct store_tenant *ret_tenant)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_TENANT_NAMED];
	int r;

	sqlite3_bind_text(statement, 1, account, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, name, -1, SQLITE_STATIC);
	r = found(tenant_step(reader, statement, ret_tenant));
	return r < 0 ? r : tenant_lives(reader, ret_tenant);
}

int store_list_accounts(struct store_reader *reader, const char *after, store_account_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ACCOUNTS];
	struct store_account account;
	int r;

	sqlite3_bind_text(statement, 1, after, -1, SQLITE_STATIC);
	while ((r = account_step(reader, statement, &account)) > 0) {
		if (!visitor(data, &account))
			return 0;
	}
	return r;
}

int store_list_tenants(struct store_reader *reader, const char *account, const char *after_account, const char *after,
		       store_tenant_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[account ? READ_TENANTS_ACCOUNT : READ_TENANTS];
	struct store_tenant tenant;
	int r;

	sqlite3_bind_text(statement, 1, account ? account : after_account, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, after, -1, SQLITE_STATIC);
	while ((r = tenant_step(reader, statement, &tenant)) > 0) {
		if (!visitor(data, &tenant))
			return 0;
	}
	return r;
}

int store_count_scope(struct store_reader *reader, const char *account, const char *tenant, uint64_t most,
		      uint64_t *ret_count)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[tenant ? READ_KEYS_TENANT : READ_KEYS_ACCOUNT];
	uint64_t count = 0;
	int r = 0;

	sqlite3_bind_text(statement, 1, account, -1, SQLITE_STATIC);
	if (tenant)
		sqlite3_bind_text(statement, 2, tenant, -1, SQLITE_STATIC);
	while (count < most && (r = sql_step(reader, statement)) > 0)
		count++;
	if (r < 0)
		return r;
	*ret_count = count;
	return 0;
}

int store_next_ending_tenant(struct store_reader *reader, struct store_tenant *ret_tenant)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_TENANT_ENDING];

	return found(tenant_step(reader, statement, ret_tenant));
}

int store_next_ending_account(struct store_reader *reader, struct store_account *ret_account)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ACCOUNT_ENDING];

	return found(account_step(reader, statement, ret_account));
}

/* ---- writing ---- */

int store_insert_account(struct store *store, const struct store_account *account)
{
	sqlite3_stmt *statement = store->statements[WRITE_ACCOUNT];

	sqlite3_bind_text(statement, 1, account->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, account->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, account->created);
	sqlite3_bind_text(statement, 4, account->created_by, -1, SQLITE_STATIC);
	return store_write_run(store, WRITE_ACCOUNT);
}

int store_insert_tenant(struct store *store, const struct store_tenant *tenant)
{
	sqlite3_stmt *statement = store->statements[WRITE_TENANT];

	sqlite3_bind_text(statement, 1, tenant->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, tenant->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, tenant->account, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 4, tenant->created);
	sqlite3_bind_text(statement, 5, tenant->created_by, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 6, tenant->token_lifetime);
	sqlite3_bind_int64(statement, 7, tenant->token_reuse);
	return store_write_run(store, WRITE_TENANT);
}

int store_update_tenant(struct store *store, const struct store_tenant *tenant)
{
	sqlite3_stmt *statement = store->statements[WRITE_TENANT_CHANGE];

	sqlite3_bind_text(statement, 1, tenant->id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, tenant->name, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, tenant->token_lifetime);
	sqlite3_bind_int64(statement, 4, tenant->token_reuse);
	return store_write_one(store, WRITE_TENANT_CHANGE, -ENOENT);
}

static int end_scope(struct store *store, enum store_write which, const char *id, enum store_ending ending)
{
	if (strcmp(id, STORE_DEFAULT_SCOPE) == 0)
		return -EINVAL;
	sqlite3_bind_text(store->statements[which], 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_int64(store->statements[which], 2, ending);
	return store_write_one(store, which, -ENOENT);
}

int store_end_account(struct store *store, const char *id, enum store_ending ending)
{
	return end_scope(store, WRITE_ACCOUNT_END, id, ending);
}

int store_end_tenant(struct store *store, const char *id, enum store_ending ending)
{
	return end_scope(store, WRITE_TENANT_END, id, ending);
}
