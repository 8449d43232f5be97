/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Lists of keys, a page a request. The thread that serves them feeds the watchdog and reloads the configuration too, so
 * one request looks at ROWS_MOST keys and no more, however many there are and however few are asked for: its page may
 * be short, or empty, and its cursor says where the next one goes on.
 *
 * A cursor names a key, so it is only ever one that the caller may see. Those of other uids, accounts and tenants are
 * not met at all: an index leads around them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/admin_policy.h"
#include "daemon/key_cursor.h"
#include "daemon/key_filter.h"
#include "daemon/key_message.h"
#include "daemon/store_limit.h"
#include "daemon/store_tenant.h"

#define ROWS_MOST 1000 /* keys, and roles of theirs, looked at; 10 ms and less */
#define PAGE_KEYS 256  /* keys in one reply, unless fewer are asked for or fit */

struct page {
	struct admin_request *request;
	struct store_reader *reader;
	struct key_filter filter;
	const char *owner; /* looked at here; NULL: any */
	struct key_message *messages[PAGE_KEYS];
	struct message_key keys[PAGE_KEYS];
	size_t count, most, size, rows;
	bool more;
	char cursor[WIRE_CURSOR_MAX + 1]; /* the last key that was looked at */
	int error;
};

static void page_free(struct page **page)
{
	for (size_t i = 0; *page && i < (*page)->count; i++)
		key_message_free((*page)->messages[i]);
	free(*page);
}

/* Adds a key that is asked for. False when it has no room, or on an error. */
static bool add_key(struct page *page, const struct store_key *key, const struct store_use *uses, const char *grants,
		    const struct policies *policies)
{
	struct key_message *message;
	uint64_t counted = 0;
	size_t size;

	if (page->count == page->most)
		return false;
	if (key->max_uses > 0)
		page->error = store_find_counted(page->reader, key->id, &counted);
	if (page->error < 0)
		return false;
	message = key_message_new(key, uses, counted, grants);
	if (!message) {
		page->error = -ENOMEM;
		return false;
	}
	key_message_set_due(message, key, policies, page->filter.now);
	/* How large it is as a record, measured by the encoder; the reply's room is free until the page is done. */
	page->error = codec_encode(&message_key, key_message_get(message), (struct codec_header){ 0 },
				   page->request->reply, sizeof(page->request->reply), &size);
	if (page->error < 0 || page->size + size + WIRE_CURSOR_MAX + 64 > WIRE_PACKET_MAX) {
		key_message_free(message);
		return false;
	}
	page->size += size;
	page->messages[page->count] = message;
	page->keys[page->count++] = *key_message_get(message);
	return true;
}

/* Each is a look-up too. */
static size_t count_roles(const struct store_key *key)
{
	size_t count = *key->roles != '\0';

	for (const char *at = key->roles; *at != '\0'; at++)
		count += *at == ' ';
	return count;
}

/* Adds a key if it is asked for. False when the page ends before it. */
static bool take_key(struct page *page, const struct store_key *key)
{
	struct store_use uses[STORE_SECRETS_MAX];
	struct policies policies;
	const char *grants;

	page->rows += count_roles(key);
	page->error = role_grants_find(page->reader, key, &page->request->grants, &grants);
	if (page->error < 0)
		return false;
	page->error = admin_policy_find(page->request, page->reader, key->tenant, &policies);
	if (page->error < 0)
		return false;
	if (!key_filter_takes(&page->filter, key, grants, &policies))
		return true;
	page->error = admin_find_uses(page->request, page->reader, key, uses);
	if (page->error < 0)
		return false;
	if (key_filter_takes_uses(&page->filter, key, uses) && !add_key(page, key, uses, grants, &policies)) {
		page->more = true;
		return false;
	}
	return true;
}

static bool visit(void *data, const struct store_key *key)
{
	struct page *page = data;

	if (!authority_reaches(&page->request->authority, key))
		return true;
	if (page->rows >= ROWS_MOST) {
		page->more = true;
		return false;
	}
	page->rows++;
	if (!key->ending && (!page->owner || strcmp(page->owner, key->owner) == 0) && !take_key(page, key))
		return false;
	key_cursor_write(key, page->cursor);
	return true;
}

int admin_choose_reach(struct admin_request *request, struct store_reader *reader, const char *account_name,
		       const char *tenant_name, struct store_filter *ret_reach)
{
	struct store_account account;
	struct store_tenant tenant;
	int r;

	*ret_reach = admin_reach(request);
	if (!account_name && !tenant_name)
		return 0;
	if (request->authority.kind == AUTHORITY_USER)
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "only administrators, and keys, ask for those of an account or tenant");
	r = tenant_name ? admin_find_tenant(request, reader, account_name, tenant_name, &tenant)
			: admin_find_account(request, reader, account_name, &account);
	if (r != 0)
		return r;
	memcpy(request->account, tenant_name ? tenant.account : account.id, sizeof(request->account));
	ret_reach->account = request->account;
	if (!tenant_name)
		return 0;
	memcpy(request->tenant, tenant.id, sizeof(request->tenant));
	ret_reach->tenant = request->tenant;
	return 0;
}

int admin_key_list(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const struct message_key_list *wanted = &request->message.list;
	CLEANUP(page_free) struct page *page = calloc(1, sizeof(*page));
	struct store_filter reach;
	struct store_position position;
	struct message_key_page reply;
	int r;

	(void)vault;
	if (!page)
		return -ENOMEM;
	if (!key_cursor_read(wanted->cursor, &position))
		return admin_refuse(request, ANSWER_INVALID, "the cursor is none that a list has given");
	if (!key_filter_read(wanted, clock_wall_seconds(), &page->filter, request->detail, sizeof(request->detail)))
		return ANSWER_INVALID;
	r = admin_choose_reach(request, reader, wanted->account, wanted->tenant, &reach);
	if (r != 0)
		return r;
	/* No index leads to an owner's keys in all tenants of one account, so they are counted where they are met. */
	if (reach.account && !reach.tenant)
		page->owner = wanted->owner;
	else
		reach.owner = wanted->owner;
	page->request = request;
	page->reader = reader;
	page->most = wanted->limit > 0 && wanted->limit < PAGE_KEYS ? wanted->limit : PAGE_KEYS;
	r = store_list_keys(reader, &reach, &position, visit, page);
	if (r < 0 || page->error < 0)
		return r < 0 ? r : page->error;
	reply = (struct message_key_page){ .keys = { .count = page->count, .items = page->keys },
					   .cursor = page->more ? page->cursor : NULL };
	return admin_reply(request, &message_key_page, &reply);
}
