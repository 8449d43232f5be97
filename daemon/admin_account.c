/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The requests about accounts: administrators make and delete them; a key sees its own. Deleting one is one change,
 * which ends all its tenants and keys at once, however many there are; daemon/sweep.c removes them afterwards.
 */
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/scope.h"

#define PAGE_ACCOUNTS 64
#define ROWS_MOST 1000 /* looked at for one request, deleted ones too */

static struct message_account_entry entry_of(const struct store_account *account)
{
	return (struct message_account_entry){
		.id = account->id,
		.name = account->name,
		.created = account->created,
		.created_by = *account->created_by ? account->created_by : NULL,
	};
}

static json_t *account_json(const struct store_account *account)
{
	return json_pack("{s:s, s:s}", "account", account->id, "name", account->name);
}

#define TENANTS_MOST (10 * MESSAGE_COUNTED_MOST) /* looked at to count them, deleted ones too */

struct count {
	uint64_t tenants, rows, keys; /* rows: with tenants that were deleted */
};

static bool count_tenant(void *data, const struct store_tenant *tenant)
{
	struct count *count = data;

	count->tenants += tenant->ending == STORE_LIVES;
	return ++count->rows < TENANTS_MOST && count->tenants < MESSAGE_COUNTED_MOST;
}

static int count(struct store_reader *reader, const char *id, struct count *ret_count)
{
	int r;

	*ret_count = (struct count){ .tenants = 0 };
	r = store_list_tenants(reader, id, "", "", count_tenant, ret_count);
	return r == 0 ? store_count_scope(reader, id, NULL, MESSAGE_COUNTED_MOST, &ret_count->keys) : r;
}

int admin_account_create(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const char *name = request->message.account_create.name;
	struct store_account account = { .created = clock_wall_seconds() };
	struct message_account_entry entry;
	int r;

	(void)reader;
	if (!scope_name_check(name, "an account", request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	strcpy(account.name, name);
	strcpy(account.created_by, request->authority.actor);
	r = admin_draw_scope_id(account.id);
	if (r == 0)
		r = store_insert_account(vault->store, &account);
	if (r == -EEXIST)
		return admin_refuse(request, ANSWER_EXISTS, "there is an account '%.128s' already; choose another name",
				    name);
	if (r == 0)
		r = admin_log_scope(request, vault, NULL, account_json(&account), NULL);
	entry = entry_of(&account);
	return r != 0 ? r : admin_reply(request, &message_account_entry, &entry);
}

int admin_account_show(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct store_account account;
	struct message_account_entry entry;
	struct count counted = { .tenants = 0 };
	int r = admin_find_account(request, reader, request->message.account.account, &account);

	(void)vault;
	if (r != 0)
		return r;
	entry = entry_of(&account);
	/* How many there are beside a key's own tenant is not its to know. */
	if (authority_reaches_tenant(&request->authority, account.id, ""))
		r = count(reader, account.id, &counted);
	entry.tenants = counted.tenants;
	entry.keys = counted.keys;
	return r != 0 ? r : admin_reply(request, &message_account_entry, &entry);
}

int admin_account_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_account_reference *wanted = &request->message.account;
	struct store_account account;
	struct message_account_entry entry;
	struct count counted;
	json_t *before;
	int r = admin_check_why(request, wanted->why);

	if (r == 0)
		r = admin_find_account(request, reader, wanted->account, &account);
	if (r != 0)
		return r;
	if (strcmp(account.id, STORE_DEFAULT_ACCOUNT) == 0)
		return admin_refuse(request, ANSWER_WRONG_STATE,
				    "the account default is there from the first start, and cannot be deleted");
	entry = entry_of(&account);
	r = count(reader, account.id, &counted);
	if (r != 0)
		return r;
	entry.tenants = counted.tenants;
	entry.keys = counted.keys;
	if (entry.keys > 0 && wanted->with_keys != 1)
		return admin_refuse_keys(request, "account", account.name, account.id, entry.keys);
	r = store_end_account(vault->store, account.id, entry.keys > 0 || counted.rows > 0 ? STORE_ENDING : STORE_GONE);
	if (r != 0)
		return r;
	before = account_json(&account);
	json_object_set_new(before, "tenants", json_integer((json_int_t)entry.tenants));
	json_object_set_new(before, "keys", json_integer((json_int_t)entry.keys));
	r = admin_log_scope(request, vault, before, NULL, wanted->why);
	return r != 0 ? r : admin_reply(request, &message_account_entry, &entry);
}

/* ---- list ---- */

struct page {
	size_t count, most, rows;
	bool more;
	char cursor[WIRE_NAME_MAX + 1]; /* the last name that was looked at */
	struct store_account accounts[PAGE_ACCOUNTS];
	struct message_account_entry entries[PAGE_ACCOUNTS];
};

static bool visit(void *data, const struct store_account *account)
{
	struct page *page = data;

	if (page->rows++ == ROWS_MOST || page->count == page->most) {
		page->more = true;
		return false;
	}
	if (account->ending == STORE_LIVES) {
		page->accounts[page->count] = *account;
		page->entries[page->count] = entry_of(&page->accounts[page->count]);
		page->count++;
	}
	strcpy(page->cursor, account->name);
	return true;
}

int admin_account_list(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_account_list *wanted = &request->message.account_list;
	CLEANUP_FREE struct page *page = calloc(1, sizeof(*page));
	struct message_account_page reply;
	struct store_account own;
	int r;

	(void)vault;
	if (!page)
		return -ENOMEM;
	page->most = wanted->limit > 0 && wanted->limit < PAGE_ACCOUNTS ? wanted->limit : PAGE_ACCOUNTS;
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR) {
		r = store_list_accounts(reader, wanted->cursor ? wanted->cursor : "", visit, page);
	} else {
		r = store_find_account(reader, request->authority.account, &own);
		if (r == 0 && !wanted->cursor)
			(void)visit(page, &own);
	}
	if (r < 0)
		return r;
	reply = (struct message_account_page){ .accounts = { .count = page->count, .items = page->entries },
					       .cursor = page->more ? page->cursor : NULL };
	return admin_reply(request, &message_account_page, &reply);
}
