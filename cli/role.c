/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Roles, made, looked at and changed. What a change of one means for keys is said where it is made: it counts at once.
 */
#include "cli/role.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/list.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/when.h"

#define COUNT_SIZE 32
#define PERMISSIONS_SIZE 4096 /* a role's are never longer */

/* ---- how one looks ---- */

static json_t *role_json(const struct apikey_role *role)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "name", json_text(role->name)) ||
	    !json_put(object, "permissions", json_texts(role->permissions)) ||
	    !json_put(object, "built_in", json_boolean(role->built_in)) ||
	    !json_put(object, "account_keys_only", json_boolean(role->account)) ||
	    !json_put(object, "keys", role->keys < 0 ? json_null() : json_number((uint64_t)role->keys)) ||
	    !json_put(object, "created", json_time(role->created)) ||
	    !json_put(object, "created_by", json_text_or_null(role->created_by)))
		return NULL;
	return json_incref(object);
}

static const char *count_text(const struct apikey_role *role, char ret_text[COUNT_SIZE])
{
	if (role->keys < 0)
		return "";
	snprintf(ret_text, COUNT_SIZE, "%" PRId64, role->keys);
	return ret_text;
}

static const char *kind_text(const struct apikey_role *role)
{
	if (!role->built_in)
		return "made here";
	return role->account ? "built in, for keys of an account" : "built in";
}

static void join(const char *const *texts, char ret_text[PERMISSIONS_SIZE])
{
	size_t used = 0;

	snprintf(ret_text, PERMISSIONS_SIZE, "none");
	for (; *texts && used < PERMISSIONS_SIZE; texts++)
		used += (size_t)snprintf(ret_text + used, PERMISSIONS_SIZE - used, "%s%s", used > 0 ? " " : "", *texts);
}

static void add(struct table *table, const char *name, const char *value)
{
	table_add(table, (const char *[]){ name, value });
}

static bool print_role(const struct apikey_role *role)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);
	char created[WHEN_TEXT_SIZE], line[WHEN_TEXT_SIZE + 300], count[COUNT_SIZE];

	if (!table)
		return false;
	add(table, "Name", role->name);
	add(table, "Kind", kind_text(role));
	if (!role->permissions[0])
		add(table, "Permissions", "none");
	for (size_t i = 0; role->permissions[i]; i++)
		add(table, i == 0 ? "Permissions" : "", role->permissions[i]);
	snprintf(count, sizeof(count), "%" PRId64 " %s", role->keys, role->keys == 1 ? "key" : "keys");
	if (role->keys >= 0)
		add(table, "Held by", count);
	if (!role->built_in) {
		when_local(role->created, time(NULL), created);
		snprintf(line, sizeof(line), "%s%s%.280s", created, role->created_by[0] ? " by " : "",
			 role->created_by);
		add(table, "Created", line);
	}
	return table_print(table) == 0;
}

static enum status show(const struct arguments *arguments, const struct apikey_role *role)
{
	SCOPED_JSON json_t *object = NULL;
	bool done;

	if (!arguments_has(arguments, OPTION_JSON)) {
		done = print_role(role);
	} else {
		object = role_json(role);
		done = object && json_print(object);
	}
	return done ? STATUS_DONE : output_no_memory();
}

/* What came of a change: a sentence, or the role for a program. */
static enum status tell(const struct arguments *arguments, const struct apikey_role *role, const char *what)
{
	char count[COUNT_SIZE];

	if (arguments_has(arguments, OPTION_JSON))
		return show(arguments, role);
	if (role->keys > 0)
		output_note("Role %s is %s; it counts for %s %s from now on.", role->name, what,
			    count_text(role, count), role->keys == 1 ? "key" : "keys");
	else
		output_note("Role %s is %s.", role->name, what);
	return STATUS_DONE;
}

/* ---- the verbs ---- */

typedef int (*role_change)(struct apikey_admin *admin, const char *name, const char *const *permissions,
			   struct apikey_role **ret_role);

static enum status change(const struct arguments *arguments, role_change call, const char *what)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_ROLE struct apikey_role *role = NULL;
	SCOPED_FREE const char **permissions = NULL;
	enum status status;
	int r;

	if (arguments_list(arguments, OPTION_PERMISSION, &permissions) < 0)
		return output_no_memory();
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = call(admin, arguments->operands[0], permissions, &role);
	return r != 0 ? daemon_failed(arguments, admin, r) : tell(arguments, role, what);
}

enum status role_create(const struct arguments *arguments)
{
	if (!arguments_has(arguments, OPTION_PERMISSION))
		return output_complain(STATUS_USAGE, "say what the role is to grant: --permission payments.read");
	return change(arguments, apikey_role_create, "made");
}

enum status role_update(const struct arguments *arguments)
{
	bool set = arguments_has(arguments, OPTION_PERMISSION);

	if (set && arguments_has(arguments, OPTION_NO_PERMISSIONS))
		return output_complain(STATUS_USAGE,
				       "--permission sets what --no-permissions takes away; give one of them");
	if (!set && !arguments_has(arguments, OPTION_NO_PERMISSIONS))
		return output_complain(STATUS_USAGE,
				       "say what the role is to grant, all of it: --permission payments.read; or "
				       "--no-permissions");
	return change(arguments, apikey_role_update, "changed");
}

enum status role_show(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_ROLE struct apikey_role *role = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_role_show(admin, arguments->operands[0], &role);
	return r != 0 ? daemon_failed(arguments, admin, r) : show(arguments, role);
}

enum status role_delete(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_ROLE struct apikey_role *role = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_role_delete(admin, arguments->operands[0], &role);
	return r != 0 ? daemon_failed(arguments, admin, r) : tell(arguments, role, "deleted");
}

/* ---- list ---- */

static bool add_role(struct table *table, json_t *array, const struct apikey_role *role)
{
	char permissions[PERMISSIONS_SIZE], count[COUNT_SIZE];

	if (array)
		return json_array_append_new(array, role_json(role)) == 0;
	join(role->permissions, permissions);
	table_add(table, (const char *[]){ role->name, permissions, count_text(role, count), kind_text(role) });
	return true;
}

static enum status list_pages(const struct arguments *arguments, struct table *table, json_t *array)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_FREE char *cursor = NULL;
	enum status status = daemon_open(arguments, &admin);

	do {
		SCOPED_ROLES struct apikey_role_list *page = NULL;
		int r;

		if (status != STATUS_DONE)
			return status;
		r = apikey_role_list(admin, cursor, &page);
		if (r != 0)
			return daemon_failed(arguments, admin, r);
		for (size_t i = 0; i < page->count; i++)
			if (!add_role(table, array, page->roles[i]))
				return output_no_memory();
		status = daemon_next_page(&cursor, page->cursor);
	} while (cursor);
	return status;
}

enum status role_list(const struct arguments *arguments)
{
	static const struct table_column columns[] = {
		{ "NAME", 0, false }, { "PERMISSIONS", 0, true }, { "KEYS", 60, false }, { "KIND", 100, false }
	};

	return list_print(arguments, columns, COUNT_OF(columns), list_pages);
}
