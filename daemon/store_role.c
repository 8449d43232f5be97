/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Roles in the store. Which keys hold them stands with the keys; how many do is counted where keys change
 * (daemon/store_change.c). A name that was deleted is remembered, so that a backup does not bring it back.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/store_connection.h"
#include "daemon/store_write.h"

static bool take_text(sqlite3_stmt *statement, int column, char *ret_text, size_t size)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	if (text == NULL || strlen(text) >= size || strlen(text) != (size_t)sqlite3_column_bytes(statement, column))
		return false;
	strcpy(ret_text, text);
	return true;
}

/* The role of the statement's row: 1, 0 when there is no row, or a negative errno. */
static int role_step(struct store_reader *reader, sqlite3_stmt *statement, struct store_role *ret_role)
{
	int r = sql_step(reader, statement);

	if (r <= 0)
		return r;
	if (!take_text(statement, 0, ret_role->name, sizeof(ret_role->name)) ||
	    !take_text(statement, 1, ret_role->permissions, sizeof(ret_role->permissions)) ||
	    !take_text(statement, 3, ret_role->created_by, sizeof(ret_role->created_by)))
		return sql_damage(reader, "a role cannot be read");
	ret_role->created = sqlite3_column_int64(statement, 2);
	return 1;
}

int store_find_role(struct store_reader *reader, const char *name, struct store_role *ret_role)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ROLE];
	int r;

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	r = role_step(reader, statement, ret_role);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

int store_list_roles(struct store_reader *reader, const char *after, store_role_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ROLES];
	struct store_role role;
	int r;

	sqlite3_bind_text(statement, 1, after, -1, SQLITE_STATIC);
	while ((r = role_step(reader, statement, &role)) > 0) {
		if (!visitor(data, &role))
			return 0;
	}
	return r;
}

/* The number a statement gives; 0 when it gives no row. */
static int count_step(struct store_reader *reader, sqlite3_stmt *statement, uint64_t *ret_count)
{
	int r = sql_step(reader, statement);

	if (r < 0)
		return r;
	*ret_count = r > 0 ? (uint64_t)sqlite3_column_int64(statement, 0) : 0;
	return 0;
}

int store_count_roles(struct store_reader *reader, uint64_t *ret_count)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ROLE_COUNT];

	return count_step(reader, statement, ret_count);
}

int store_count_role_keys(struct store_reader *reader, const char *name, uint64_t *ret_count)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ROLE_USE];

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	return count_step(reader, statement, ret_count);
}

int store_find_role_gone(struct store_reader *reader, const char *name)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ROLE_GONE];
	int r;

	sqlite3_bind_text(statement, 1, name, -1, SQLITE_STATIC);
	r = sql_step(reader, statement);
	return r > 0 ? 0 : r == 0 ? -ENOENT : r;
}

int store_list_roles_gone(struct store_reader *reader, store_id_visitor visitor, void *data)
{
	CLEANUP_RESET sqlite3_stmt *statement = reader->statements[READ_ROLES_GONE];
	int r;

	while ((r = sql_step(reader, statement)) > 0) {
		const char *name = (const char *)sqlite3_column_text(statement, 0);

		if (name == NULL)
			return sql_damage(reader, "the name of a role cannot be read");
		if (!visitor(data, name))
			return 0;
	}
	return r;
}

/* ---- changes ---- */

static int name_run(struct store *store, enum store_write which, const char *name)
{
	sqlite3_bind_text(store->statements[which], 1, name, -1, SQLITE_STATIC);
	return store_write_run(store, which);
}

static int role_insert(struct store *store, const struct store_role *role)
{
	sqlite3_stmt *statement = store->statements[WRITE_ROLE];
	int r;

	sqlite3_bind_text(statement, 2, role->permissions, -1, SQLITE_STATIC);
	sqlite3_bind_int64(statement, 3, role->created);
	sqlite3_bind_text(statement, 4, role->created_by, -1, SQLITE_STATIC);
	r = name_run(store, WRITE_ROLE, role->name);
	return r < 0 ? r : name_run(store, WRITE_ROLE_BACK, role->name);
}

int store_insert_role(struct store *store, const struct store_role *role)
{
	int r;

	if (role->name[0] == '\0')
		return -EINVAL;
	r = store_step_begin(store);
	return r < 0 ? r : store_step_end(store, role_insert(store, role));
}

int store_update_role(struct store *store, const struct store_role *role)
{
	sqlite3_stmt *statement = store->statements[WRITE_ROLE_CHANGE];

	sqlite3_bind_text(statement, 1, role->name, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, role->permissions, -1, SQLITE_STATIC);
	return store_write_one(store, WRITE_ROLE_CHANGE, -ENOENT);
}

static int role_delete(struct store *store, const char *name)
{
	int r;

	sqlite3_bind_text(store->statements[WRITE_ROLE_DELETE], 1, name, -1, SQLITE_STATIC);
	r = store_write_one(store, WRITE_ROLE_DELETE, -ENOENT);
	return r < 0 ? r : name_run(store, WRITE_ROLE_GONE, name);
}

int store_delete_role(struct store *store, const char *name)
{
	int r = store_step_begin(store);

	return r < 0 ? r : store_step_end(store, role_delete(store, name));
}

int store_keep_role_gone(struct store *store, const char *name)
{
	return name_run(store, WRITE_ROLE_GONE, name);
}
