/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The requests about tenants: administrators, and keys of their account, make, change and delete them; a key sees its
 * own. Deleting one is one change, which ends all its keys at once, however many there are; daemon/sweep.c removes them
 * afterwards.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/admin_policy.h"
#include "daemon/scope.h"

#define PAGE_TENANTS 64
#define ROWS_MOST 1000 /* looked at for one request, deleted ones too */

/* The texts stay in the tenant and in account_name. */
static struct message_tenant_entry entry_of(const struct store_tenant *tenant, const char *account_name)
{
	return (struct message_tenant_entry){
		.id = tenant->id,
		.name = tenant->name,
		.account = tenant->account,
		.account_name = account_name,
		.created = tenant->created,
		.created_by = *tenant->created_by ? tenant->created_by : NULL,
		.token_lifetime = tenant->token_lifetime,
		.token_reuse = tenant->token_reuse,
	};
}

/* policies is taken over. */
static json_t *tenant_json(const struct store_tenant *tenant, json_t *policies)
{
	return json_pack("{s:s, s:s, s:s, s:I, s:b, s:o}", "tenant", tenant->id, "account", tenant->account, "name",
			 tenant->name, "token_lifetime", (json_int_t)tenant->token_lifetime, "token_reuse",
			 (int)tenant->token_reuse, "policies", policies);
}

static int reply_tenant(struct admin_request *request, struct store_reader *reader, const struct store_tenant *tenant,
			uint64_t keys)
{
	struct message_tenant_entry entry;
	struct admin_policy_texts texts;
	struct store_account account;
	int r = store_load_account(reader, tenant->account, &account);

	if (r == 0)
		r = admin_policy_write(request, reader, tenant->id, &texts);
	if (r < 0)
		return r;
	entry = entry_of(tenant, account.name);
	entry.keys = keys;
	entry.policies = texts.own;
	entry.policies_in_force = texts.in_force;
	return admin_reply(request, &message_tenant_entry, &entry);
}

static int refuse_name(struct admin_request *request, const char *name)
{
	return admin_refuse(request, ANSWER_EXISTS, "the account has a tenant '%.128s' already; choose another name",
			    name);
}

/* The account of a new tenant. */
static int find_home(struct admin_request *request, struct store_reader *reader, const char *name,
		     struct store_account *ret_account)
{
	const struct authority *authority = &request->authority;

	if (name)
		return admin_find_account(request, reader, name, ret_account);
	return store_find_account(reader, authority->kind == AUTHORITY_KEY ? authority->account : STORE_DEFAULT_ACCOUNT,
				  ret_account);
}

int admin_tenant_create(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_tenant_create *wanted = &request->message.tenant_create;
	struct store_tenant tenant = {
		.created = clock_wall_seconds(),
		.token_lifetime = wanted->token_lifetime ? (uint32_t)wanted->token_lifetime : STORE_TOKEN_LIFETIME,
		.token_reuse = wanted->token_reuse == 1,
	};
	struct store_account account;
	struct admin_policy_change policies;
	int r;

	if (!scope_name_check(wanted->name, "a tenant", request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	r = admin_policy_take(request, &wanted->policies, &policies);
	if (r == 0)
		r = find_home(request, reader, wanted->account, &account);
	if (r != 0)
		return r;
	strcpy(tenant.name, wanted->name);
	strcpy(tenant.account, account.id);
	strcpy(tenant.created_by, request->authority.actor);
	r = admin_draw_scope_id(tenant.id);
	if (r == 0)
		r = store_insert_tenant(vault->store, &tenant);
	if (r == -EEXIST)
		return refuse_name(request, tenant.name);
	if (r == 0)
		r = admin_policy_save(vault->store, tenant.id, &policies);
	if (r == 0)
		r = admin_log_scope(request, vault, NULL, tenant_json(&tenant, admin_policy_json(reader, tenant.id)),
				    NULL);
	return r != 0 ? r : reply_tenant(request, reader, &tenant, 0);
}

int admin_tenant_show(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_tenant_reference *wanted = &request->message.tenant;
	struct store_tenant tenant;
	uint64_t keys;
	int r = admin_find_tenant(request, reader, wanted->account, wanted->tenant, &tenant);

	(void)vault;
	if (r == 0)
		r = store_count_scope(reader, tenant.account, tenant.id, MESSAGE_COUNTED_MOST, &keys);
	return r != 0 ? r : reply_tenant(request, reader, &tenant, keys);
}

int admin_tenant_update(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_tenant_update *wanted = &request->message.tenant_update;
	const char *name = wanted->name ? wanted->name : "";
	struct store_tenant before, after;
	struct admin_policy_change policies;
	json_t *policies_before;
	int r;

	if (wanted->changes == 0)
		return admin_refuse(request, ANSWER_INVALID, "nothing to change was named");
	if (wanted->changes & MESSAGE_TENANT_NAME &&
	    !scope_name_check(name, "a tenant", request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	r = admin_find_tenant(request, reader, wanted->account, wanted->tenant, &before);
	if (r == 0)
		r = admin_policy_take(request, &wanted->policies, &policies);
	if (r != 0)
		return r;
	if (wanted->changes & MESSAGE_TENANT_NAME && strcmp(before.id, STORE_DEFAULT_TENANT) == 0)
		return admin_refuse(request, ANSWER_WRONG_STATE,
				    "the tenant default is what is meant where none is named, and keeps its name");
	after = before;
	if (wanted->changes & MESSAGE_TENANT_NAME)
		strcpy(after.name, name);
	if (wanted->changes & MESSAGE_TENANT_TOKEN_LIFETIME)
		after.token_lifetime = wanted->token_lifetime ? (uint32_t)wanted->token_lifetime : STORE_TOKEN_LIFETIME;
	if (wanted->changes & MESSAGE_TENANT_TOKEN_REUSE)
		after.token_reuse = wanted->token_reuse == 1;
	policies_before = admin_policy_json(reader, before.id);
	r = store_update_tenant(vault->store, &after);
	if (r == 0 && wanted->changes & MESSAGE_TENANT_POLICIES)
		r = admin_policy_save(vault->store, after.id, &policies);
	if (r == 0)
		r = admin_log_scope(request, vault, tenant_json(&before, json_incref(policies_before)),
				    tenant_json(&after, admin_policy_json(reader, after.id)), NULL);
	json_decref(policies_before);
	if (r == -EEXIST)
		return refuse_name(request, after.name);
	return r != 0 ? r : reply_tenant(request, reader, &after, 0);
}

int admin_tenant_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_tenant_reference *wanted = &request->message.tenant;
	struct store_tenant tenant;
	uint64_t keys = 0;
	json_t *before;
	int r = admin_check_why(request, wanted->why);

	if (r == 0)
		r = admin_find_tenant(request, reader, wanted->account, wanted->tenant, &tenant);
	if (r != 0)
		return r;
	if (strcmp(tenant.id, STORE_DEFAULT_TENANT) == 0)
		return admin_refuse(request, ANSWER_WRONG_STATE,
				    "the tenant default is there from the first start, and cannot be deleted");
	r = store_count_scope(reader, tenant.account, tenant.id, MESSAGE_COUNTED_MOST, &keys);
	if (r != 0)
		return r;
	if (keys > 0 && wanted->with_keys != 1)
		return admin_refuse_keys(request, "tenant", tenant.name, tenant.id, keys);
	if (keys > 0 && !authority_allows(&request->authority, AUTHORITY_END))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "to delete the keys of a tenant with it takes the permission apikeyd.keys.write");
	/* From the commit on no key of it counts; the sweep removes them. */
	r = store_end_tenant(vault->store, tenant.id, keys > 0 ? STORE_ENDING : STORE_GONE);
	if (r != 0)
		return r;
	before = tenant_json(&tenant, admin_policy_json(reader, tenant.id));
	json_object_set_new(before, "keys", json_integer((json_int_t)keys));
	r = admin_log_scope(request, vault, before, NULL, wanted->why);
	return r != 0 ? r : reply_tenant(request, reader, &tenant, keys);
}

/* ---- list ---- */

struct page {
	struct store_reader *reader;
	size_t count, most, rows;
	bool more;
	int error;
	char cursor[WIRE_CURSOR_MAX + 1]; /* the last that was looked at, ACCOUNT/NAME */
	struct store_account account;     /* of the last that was taken */
	struct store_tenant tenants[PAGE_TENANTS];
	char account_names[PAGE_TENANTS][WIRE_NAME_MAX + 1];
	struct message_tenant_entry entries[PAGE_TENANTS];
};

static bool visit(void *data, const struct store_tenant *tenant)
{
	struct page *page = data;

	if (page->rows++ == ROWS_MOST || page->count == page->most) {
		page->more = true;
		return false;
	}
	if (strcmp(page->account.id, tenant->account) != 0) {
		page->error = store_load_account(page->reader, tenant->account, &page->account);
		if (page->error < 0)
			return false;
	}
	if (tenant->ending == STORE_LIVES && page->account.ending == STORE_LIVES) {
		page->tenants[page->count] = *tenant;
		strcpy(page->account_names[page->count], page->account.name);
		page->entries[page->count] = entry_of(&page->tenants[page->count], page->account_names[page->count]);
		page->count++;
	}
	snprintf(page->cursor, sizeof(page->cursor), "%s/%s", tenant->account, tenant->name);
	return true;
}

/* Walks those of one account, or with "" all, behind a cursor. */
static int walk(struct admin_request *request, struct page *page, const char *account)
{
	const char *cursor = request->message.tenant_list.cursor, *slash = cursor ? strchr(cursor, '/') : NULL;
	char after[STORE_SCOPE_ID_MAX + 1] = "";
	int r;

	if (cursor && (!slash || (size_t)(slash - cursor) >= sizeof(after)))
		return admin_refuse(request, ANSWER_INVALID, "the cursor is none that a list has given");
	if (cursor)
		memcpy(after, cursor, (size_t)(slash - cursor));
	r = store_list_tenants(page->reader, *account ? account : NULL, after, slash ? slash + 1 : "", visit, page);
	return r < 0 ? r : page->error;
}

int admin_tenant_list(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_tenant_list *wanted = &request->message.tenant_list;
	const struct authority *authority = &request->authority;
	CLEANUP_FREE struct page *page = calloc(1, sizeof(*page));
	struct message_tenant_page reply;
	struct store_account account = { .id = "" };
	struct store_tenant own;
	int r = 0;

	(void)vault;
	if (!page)
		return -ENOMEM;
	page->reader = reader;
	page->most = wanted->limit > 0 && wanted->limit < PAGE_TENANTS ? wanted->limit : PAGE_TENANTS;
	if (wanted->account)
		r = admin_find_account(request, reader, wanted->account, &account);
	else if (authority->kind == AUTHORITY_KEY)
		memcpy(account.id, authority->account, sizeof(account.id));
	if (r != 0)
		return r;
	if (authority->kind == AUTHORITY_KEY && *authority->tenant) {
		r = store_find_tenant(reader, authority->tenant, &own);
		if (r == 0 && !wanted->cursor)
			(void)visit(page, &own);
		if (r == 0)
			r = page->error;
	} else {
		r = walk(request, page, account.id);
	}
	if (r != 0)
		return r;
	reply = (struct message_tenant_page){ .tenants = { .count = page->count, .items = page->entries },
					      .cursor = page->more ? page->cursor : NULL };
	return admin_reply(request, &message_tenant_page, &reply);
}
