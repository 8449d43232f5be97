/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/account.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/confirm.h"
#include "cli/count.h"
#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/list.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/when.h"

/* counted: with how much it has, which lists do not say. */
static json_t *account_json(const struct apikey_account_info *account, bool counted)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "account_id", json_text(account->id)) ||
	    !json_put(object, "name", json_text(account->name)) ||
	    !json_put(object, "created", json_time(account->created)) ||
	    !json_put(object, "created_by", json_text_or_null(account->created_by)))
		return NULL;
	if (counted && (!json_put(object, "tenants", json_number(account->tenants)) ||
			!json_put(object, "keys", json_number(account->keys))))
		return NULL;
	return json_incref(object);
}

static enum status print_json(const struct apikey_account_info *account)
{
	SCOPED_JSON json_t *object = account_json(account, true);

	return object && json_print(object) ? STATUS_DONE : output_no_memory();
}

static enum status print_account(const struct apikey_account_info *account)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);
	char created[WHEN_TEXT_SIZE] = "from the start", tenants[COUNT_TEXT_SIZE], keys[COUNT_TEXT_SIZE];

	if (!table)
		return output_no_memory();
	if (account->created != 0)
		when_local(account->created, time(NULL), created);
	count_text(account->tenants, tenants);
	count_text(account->keys, keys);
	table_add(table, (const char *[]){ "Id", account->id });
	table_add(table, (const char *[]){ "Name", account->name });
	table_add(table, (const char *[]){ "Created", created });
	if (account->created_by[0] != '\0')
		table_add(table, (const char *[]){ "Created by", account->created_by });
	table_add(table, (const char *[]){ "Tenants", tenants });
	table_add(table, (const char *[]){ "Keys", keys });
	return table_print(table) == 0 ? STATUS_DONE : output_no_memory();
}

enum status account_create(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_ACCOUNT struct apikey_account_info *account = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_account_create(admin, arguments_value(arguments, OPTION_NAME), &account);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(account);
	output_note("Account %s (%s) is made. It has no tenant yet: apikeyctl tenant create --account %s --name NAME",
		    account->name, account->id, account->id);
	return STATUS_DONE;
}

enum status account_show(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_ACCOUNT struct apikey_account_info *account = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_account_show(admin, arguments->operands[0], &account);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	return arguments_has(arguments, OPTION_JSON) ? print_json(account) : print_account(account);
}

/* ---- list ---- */

/* Adds the accounts of a page to a table, or to an array. */
static enum status add_page(const struct apikey_account_list *page, struct table *table, json_t *array)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct apikey_account_info *account = &page->accounts[i];
		char created[WHEN_TEXT_SIZE] = "from the start";

		if (array && json_array_append_new(array, account_json(account, false)) < 0)
			return output_no_memory();
		if (account->created != 0)
			when_relative(account->created, time(NULL), created);
		if (table)
			table_add(table, (const char *[]){ account->name, account->id, created });
	}
	return STATUS_DONE;
}

static enum status list_pages(const struct arguments *arguments, struct table *table, json_t *array)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_FREE char *cursor = NULL;
	enum status status = daemon_open(arguments, &admin);

	do {
		SCOPED_ACCOUNTS struct apikey_account_list *page = NULL;
		int r;

		if (status != STATUS_DONE)
			return status;
		r = apikey_account_list(admin, cursor, 0, &page);
		if (r != 0)
			return daemon_failed(arguments, admin, r);
		status = add_page(page, table, array);
		if (status == STATUS_DONE)
			status = daemon_next_page(&cursor, page->cursor);
	} while (cursor);
	return status;
}

enum status account_list(const struct arguments *arguments)
{
	static const struct table_column columns[] = { { "NAME", 0, true },
						       { "ID", 0, false },
						       { "CREATED", 80, false } };

	return list_print(arguments, columns, COUNT_OF(columns), list_pages);
}

/* ---- delete ---- */

/* Asks whether the account is to go. On a connection of its own: the daemon does not wait as long as a person thinks.
 */
static enum status ask(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_ACCOUNT struct apikey_account_info *account = NULL;
	enum status status = daemon_open(arguments, &admin);
	char tenants[COUNT_TEXT_SIZE], keys[COUNT_TEXT_SIZE];
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_account_show(admin, arguments->operands[0], &account);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	count_text(account->tenants, tenants);
	count_text(account->keys, keys);
	return confirm_ask("Delete account %s, with tenants: %s, keys: %s, for good?", account->name, tenants, keys);
}

enum status account_delete(const struct arguments *arguments)
{
	struct apikey_scope_delete_options options = { .size = sizeof(options),
						       .why = arguments_value(arguments, OPTION_WHY),
						       .with_keys = arguments_has(arguments, OPTION_WITH_KEYS) };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_ACCOUNT struct apikey_account_info *account = NULL;
	enum status status = confirm_is_due(arguments) ? ask(arguments) : STATUS_DONE;
	char tenants[COUNT_TEXT_SIZE], keys[COUNT_TEXT_SIZE];
	int r;

	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_account_delete(admin, arguments->operands[0], &options, &account);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(account);
	count_text(account->tenants, tenants);
	count_text(account->keys, keys);
	output_note("Account %s (%s) is deleted, with tenants: %s, keys: %s.", account->name, account->id, tenants,
		    keys);
	return STATUS_DONE;
}
