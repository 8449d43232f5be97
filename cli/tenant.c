/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/tenant.h"

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

/* Policies, "max_lifetime=90d", as an object. NULL when memory is short. */
static json_t *policies_json(const char *const *policies)
{
	json_t *object = json_object();

	for (; object && *policies; policies++) {
		const char *equals = strchr(*policies, '=');
		SCOPED_FREE char *name = equals ? strndup(*policies, (size_t)(equals - *policies)) : NULL;

		if (equals && (!name || json_object_set_new(object, name, json_text(equals + 1)) < 0)) {
			json_decref(object);
			object = NULL;
		}
	}
	return object;
}

/* counted: with how many keys it has, and with its policies, which lists do not say. */
static json_t *tenant_json(const struct apikey_tenant_info *tenant, bool counted)
{
	SCOPED_JSON json_t *object = json_object();

	if (!json_put(object, "tenant_id", json_text(tenant->id)) ||
	    !json_put(object, "name", json_text(tenant->name)) ||
	    !json_put(object, "account_id", json_text(tenant->account)) ||
	    !json_put(object, "account_name", json_text_or_null(tenant->account_name)) ||
	    !json_put(object, "created", json_time(tenant->created)) ||
	    !json_put(object, "created_by", json_text_or_null(tenant->created_by)) ||
	    !json_put(object, "token_lifetime", json_number(tenant->token_lifetime)) ||
	    !json_put(object, "token_reuse", json_boolean(tenant->token_reuse)))
		return NULL;
	if (counted && !json_put(object, "keys", json_number(tenant->keys)))
		return NULL;
	if (tenant->policies_in_force[0] &&
	    (!json_put(object, "policies", policies_json(tenant->policies)) ||
	     !json_put(object, "policies_in_force", policies_json(tenant->policies_in_force))))
		return NULL;
	return json_incref(object);
}

static enum status print_json(const struct apikey_tenant_info *tenant, bool counted)
{
	SCOPED_JSON json_t *object = tenant_json(tenant, counted);

	return object && json_print(object) ? STATUS_DONE : output_no_memory();
}

#define TOKENS_TEXT_SIZE 64

/* What holds for access tokens: "30m, good once". */
static void tokens_text(const struct apikey_tenant_info *tenant, char ret_text[TOKENS_TEXT_SIZE])
{
	static const struct {
		unsigned int seconds;
		char name;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	size_t i = 0;

	while (tenant->token_lifetime % units[i].seconds != 0)
		i++;
	snprintf(ret_text, TOKENS_TEXT_SIZE, "%u%c, good %s", tenant->token_lifetime / units[i].seconds, units[i].name,
		 tenant->token_reuse ? "until then" : "once");
}

/* Reads --token-lifetime, --token-reuse and --policy. STATUS_DONE, and the caller frees *ret_policies; or it has been
 * said what is wrong. */
static enum status read_options(const struct arguments *arguments, struct apikey_tenant_options *ret_options,
				const char ***ret_policies)
{
	const char *lifetime = arguments_value(arguments, OPTION_TOKEN_LIFETIME);
	const char *reuse = arguments_value(arguments, OPTION_TOKEN_REUSE);
	int64_t seconds = 0;

	if (lifetime && (!when_parse_span(lifetime, &seconds) || seconds > 86400))
		return output_complain(STATUS_USAGE,
				       "--token-lifetime %s is no span up to a day; give a number and one of s m h d, "
				       "such as 5m or 1h",
				       lifetime);
	if (reuse && strcmp(reuse, "yes") != 0 && strcmp(reuse, "no") != 0)
		return output_complain(STATUS_USAGE, "--token-reuse %s is neither yes nor no", reuse);
	if (arguments_list(arguments, OPTION_POLICY, ret_policies) < 0)
		return output_no_memory();
	*ret_options = (struct apikey_tenant_options){
		.size = sizeof(*ret_options),
		.token_lifetime = (unsigned int)seconds,
		.token_reuse = !reuse                      ? 0
			       : strcmp(reuse, "yes") == 0 ? 1
							   : -1,
		.policies = *ret_policies,
	};
	return STATUS_DONE;
}

static bool is_among(const char *const *list, const char *text)
{
	while (*list && strcmp(*list, text) != 0)
		list++;
	return *list != NULL;
}

/* A row for each policy: what holds, and who says so. False when memory is short. */
static bool add_policies(struct table *table, const struct apikey_tenant_info *tenant)
{
	for (const char *const *policy = tenant->policies_in_force; *policy; policy++) {
		const char *equals = strchrnul(*policy, '=');
		SCOPED_FREE char *name = strndup(*policy, (size_t)(equals - *policy));
		SCOPED_FREE char *value = NULL;

		if (!name || asprintf(&value, "%s (%s)", *equals ? equals + 1 : "",
				      is_among(tenant->policies, *policy) ? "its own" : "apikeyd.conf") < 0)
			return false;
		table_add(table, (const char *[]){ name, value });
	}
	return true;
}

static enum status print_tenant(const struct apikey_tenant_info *tenant)
{
	static const struct table_column columns[] = { { "NAME", 0, false }, { "VALUE", 0, true } };
	SCOPED_TABLE struct table *table = table_new(columns, COUNT_OF(columns), false);
	char created[WHEN_TEXT_SIZE] = "from the start", keys[COUNT_TEXT_SIZE], tokens[TOKENS_TEXT_SIZE];

	if (!table)
		return output_no_memory();
	if (tenant->created != 0)
		when_local(tenant->created, time(NULL), created);
	count_text(tenant->keys, keys);
	tokens_text(tenant, tokens);
	table_add(table, (const char *[]){ "Id", tenant->id });
	table_add(table, (const char *[]){ "Name", tenant->name });
	table_add(table, (const char *[]){ "Account", tenant->account_name });
	if (strcmp(tenant->account, tenant->account_name) != 0)
		table_add(table, (const char *[]){ "Account id", tenant->account });
	table_add(table, (const char *[]){ "Created", created });
	if (tenant->created_by[0] != '\0')
		table_add(table, (const char *[]){ "Created by", tenant->created_by });
	table_add(table, (const char *[]){ "Keys", keys });
	table_add(table, (const char *[]){ "Access tokens", tokens });
	if (!add_policies(table, tenant))
		return output_no_memory();
	return table_print(table) == 0 ? STATUS_DONE : output_no_memory();
}

enum status tenant_create(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TENANT struct apikey_tenant_info *tenant = NULL;
	struct apikey_tenant_options options = { .size = 0 };
	SCOPED_FREE const char **policies = NULL;
	enum status status = read_options(arguments, &options, &policies);
	bool is_default;
	int r;

	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_tenant_create(admin, arguments_value(arguments, OPTION_ACCOUNT),
				 arguments_value(arguments, OPTION_NAME), &options, &tenant);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(tenant, true);
	is_default = strcmp(tenant->account, "default") == 0;
	output_note("Tenant %s (%s) is made. A service asks for its keys with tenant=%s%s%s on the module's line.",
		    tenant->name, tenant->id, is_default ? "" : tenant->account_name, is_default ? "" : "/",
		    tenant->name);
	return STATUS_DONE;
}

enum status tenant_show(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TENANT struct apikey_tenant_info *tenant = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_tenant_show(admin, arguments_value(arguments, OPTION_ACCOUNT), arguments->operands[0], &tenant);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	return arguments_has(arguments, OPTION_JSON) ? print_json(tenant, true) : print_tenant(tenant);
}

/* What the tenant has of its own now. */
static void note_policies(const struct apikey_tenant_info *tenant)
{
	if (!*tenant->policies)
		output_note("Tenant %s has no policies of its own now: what apikeyd.conf says holds for its keys.",
			    tenant->name);
	for (const char *const *policy = tenant->policies; *policy; policy++)
		output_note("Tenant %s has of its own: %s.", tenant->name, *policy);
}

enum status tenant_update(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TENANT struct apikey_tenant_info *tenant = NULL;
	struct apikey_tenant_options options = { .size = 0 };
	SCOPED_FREE const char **policies = NULL;
	enum status status = read_options(arguments, &options, &policies);
	char tokens[TOKENS_TEXT_SIZE];
	int r;

	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	options.name = arguments_value(arguments, OPTION_NAME);
	r = apikey_tenant_update(admin, arguments_value(arguments, OPTION_ACCOUNT), arguments->operands[0], &options,
				 &tenant);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(tenant, false);
	if (options.name)
		output_note("Tenant %s is called %s now.", tenant->id, tenant->name);
	tokens_text(tenant, tokens);
	if (options.token_lifetime > 0 || options.token_reuse != 0)
		output_note("Access tokens of tenant %s: %s.", tenant->name, tokens);
	if (policies && *policies)
		note_policies(tenant);
	return STATUS_DONE;
}

/* ---- list ---- */

/* Adds the tenants of a page to a table, or to an array. */
static enum status add_page(const struct apikey_tenant_list *page, struct table *table, json_t *array)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct apikey_tenant_info *tenant = &page->tenants[i];
		char created[WHEN_TEXT_SIZE] = "from the start";

		if (array && json_array_append_new(array, tenant_json(tenant, false)) < 0)
			return output_no_memory();
		if (tenant->created != 0)
			when_relative(tenant->created, time(NULL), created);
		if (table)
			table_add(table, (const char *[]){ tenant->account_name, tenant->name, tenant->id, created });
	}
	return STATUS_DONE;
}

static enum status list_pages(const struct arguments *arguments, struct table *table, json_t *array)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_FREE char *cursor = NULL;
	enum status status = daemon_open(arguments, &admin);

	do {
		SCOPED_TENANTS struct apikey_tenant_list *page = NULL;
		int r;

		if (status != STATUS_DONE)
			return status;
		r = apikey_tenant_list(admin, arguments_value(arguments, OPTION_ACCOUNT), cursor, 0, &page);
		if (r != 0)
			return daemon_failed(arguments, admin, r);
		status = add_page(page, table, array);
		if (status == STATUS_DONE)
			status = daemon_next_page(&cursor, page->cursor);
	} while (cursor);
	return status;
}

enum status tenant_list(const struct arguments *arguments)
{
	static const struct table_column columns[] = {
		{ "ACCOUNT", 0, true }, { "NAME", 0, true }, { "ID", 0, false }, { "CREATED", 90, false }
	};

	return list_print(arguments, columns, COUNT_OF(columns), list_pages);
}

/* ---- delete ---- */

/* Asks whether the tenant is to go. On a connection of its own: the daemon does not wait as long as a person thinks. */
static enum status ask(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TENANT struct apikey_tenant_info *tenant = NULL;
	enum status status = daemon_open(arguments, &admin);
	char keys[COUNT_TEXT_SIZE];
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_tenant_show(admin, arguments_value(arguments, OPTION_ACCOUNT), arguments->operands[0], &tenant);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	count_text(tenant->keys, keys);
	return confirm_ask("Delete tenant %s/%s, with keys: %s, for good?", tenant->account_name, tenant->name, keys);
}

enum status tenant_delete(const struct arguments *arguments)
{
	struct apikey_scope_delete_options options = { .size = sizeof(options),
						       .why = arguments_value(arguments, OPTION_WHY),
						       .with_keys = arguments_has(arguments, OPTION_WITH_KEYS) };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_TENANT struct apikey_tenant_info *tenant = NULL;
	enum status status = confirm_is_due(arguments) ? ask(arguments) : STATUS_DONE;
	char keys[COUNT_TEXT_SIZE];
	int r;

	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_tenant_delete(admin, arguments_value(arguments, OPTION_ACCOUNT), arguments->operands[0], &options,
				 &tenant);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (arguments_has(arguments, OPTION_JSON))
		return print_json(tenant, true);
	count_text(tenant->keys, keys);
	output_note("Tenant %s/%s (%s) is deleted, with keys: %s.", tenant->account_name, tenant->name, tenant->id,
		    keys);
	return STATUS_DONE;
}
