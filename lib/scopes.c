/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about accounts and tenants: each fills a message and hands it to admin_call().
 */
#include "lib/apikey.h"

#include <errno.h>

#include "lib/admin.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"

void apikey_account_info_free(struct apikey_account_info *account)
{
	block_free(account);
}

void apikey_account_list_free(struct apikey_account_list *list)
{
	block_free(list);
}

void apikey_tenant_info_free(struct apikey_tenant_info *tenant)
{
	block_free(tenant);
}

void apikey_tenant_list_free(struct apikey_tenant_list *list)
{
	block_free(list);
}

static struct apikey_account_info account_of(const struct message_account_entry *message)
{
	return (struct apikey_account_info){
		.id = message->id,
		.name = message->name,
		.created = message->created,
		.created_by = text_or_empty(message->created_by),
		.tenants = message->tenants,
		.keys = message->keys,
	};
}

static struct apikey_tenant_info tenant_of(struct block *block, const struct message_tenant_entry *message)
{
	return (struct apikey_tenant_info){
		.id = message->id,
		.name = message->name,
		.account = message->account,
		.account_name = text_or_empty(message->account_name),
		.created = message->created,
		.created_by = text_or_empty(message->created_by),
		.keys = message->keys,
		.token_lifetime = (unsigned int)message->token_lifetime,
		.token_reuse = message->token_reuse == 1,
		.policies = texts_take(block, &message->policies),
		.policies_in_force = texts_take(block, &message->policies_in_force),
	};
}

static int build_account(struct block *block, const void *packet, size_t size)
{
	struct apikey_account_info *account = block_take(block, 1, sizeof(*account));
	struct message_account_entry message;
	int r = codec_decode(&message_account_entry, packet, size, &message);

	if (r == 0 && account)
		*account = account_of(&message);
	return r;
}

static int build_tenant(struct block *block, const void *packet, size_t size)
{
	struct apikey_tenant_info *tenant = block_take(block, 1, sizeof(*tenant)), built;
	struct message_tenant_entry message;
	int r = codec_decode(&message_tenant_entry, packet, size, &message);

	if (r < 0)
		return r;
	built = tenant_of(block, &message);
	if (tenant)
		*tenant = built;
	return 0;
}

static int build_accounts(struct block *block, const void *packet, size_t size)
{
	struct apikey_account_list *list = block_take(block, 1, sizeof(*list));
	struct message_account_page page;
	struct message_account_entry message;
	struct apikey_account_info *accounts;
	int r = codec_decode(&message_account_page, packet, size, &page);

	if (r < 0)
		return r;
	accounts = block_take(block, page.accounts.count, sizeof(*accounts));
	if (list)
		*list = (struct apikey_account_list){ .accounts = accounts,
						      .count = page.accounts.count,
						      .cursor = text_or_empty(page.cursor) };
	for (size_t i = 0; accounts && codec_next_record(&page.accounts, &message_account_entry, &message); i++)
		accounts[i] = account_of(&message);
	return 0;
}

static int build_tenants(struct block *block, const void *packet, size_t size)
{
	struct apikey_tenant_list *list = block_take(block, 1, sizeof(*list));
	struct message_tenant_page page;
	struct message_tenant_entry message;
	struct apikey_tenant_info *tenants;
	int r = codec_decode(&message_tenant_page, packet, size, &page);

	if (r < 0)
		return r;
	tenants = block_take(block, page.tenants.count, sizeof(*tenants));
	if (list)
		*list = (struct apikey_tenant_list){ .tenants = tenants,
						     .count = page.tenants.count,
						     .cursor = text_or_empty(page.cursor) };
	for (size_t i = 0; codec_next_record(&page.tenants, &message_tenant_entry, &message); i++) {
		struct apikey_tenant_info built = tenant_of(block, &message);

		if (tenants)
			tenants[i] = built;
	}
	return 0;
}

static int call_for_account(struct apikey_admin *admin, uint16_t type, const struct codec_record *record,
			    const void *request, struct apikey_account_info **ret_account)
{
	void *root;
	int r = admin_call(admin, type, record, request, build_account, &root);

	if (r == 0)
		*ret_account = root;
	return r;
}

static int call_for_tenant(struct apikey_admin *admin, uint16_t type, const struct codec_record *record,
			   const void *request, struct apikey_tenant_info **ret_tenant)
{
	void *root;
	int r = admin_call(admin, type, record, request, build_tenant, &root);

	if (r == 0)
		*ret_tenant = root;
	return r;
}

/* 0 or -EINVAL. */
static int read_delete_options(const struct apikey_scope_delete_options *given,
			       struct apikey_scope_delete_options *ret_options)
{
	if (versioned_read(given, ret_options, sizeof(*ret_options)) < 0 || ret_options->with_keys < 0 ||
	    ret_options->with_keys > 1)
		return -EINVAL;
	return 0;
}

int apikey_account_create(struct apikey_admin *admin, const char *name, struct apikey_account_info **ret_account)
{
	struct message_account_create request = { .credential = admin_credential(admin), .name = name };

	return call_for_account(admin, WIRE_ACCOUNT_CREATE, &message_account_create, &request, ret_account);
}

int apikey_account_show(struct apikey_admin *admin, const char *account, struct apikey_account_info **ret_account)
{
	struct message_account_reference request = { .credential = admin_credential(admin), .account = account };

	return call_for_account(admin, WIRE_ACCOUNT_SHOW, &message_account_reference, &request, ret_account);
}

int apikey_account_delete(struct apikey_admin *admin, const char *account,
			  const struct apikey_scope_delete_options *given_options,
			  struct apikey_account_info **ret_account)
{
	struct message_account_reference request = { .credential = admin_credential(admin), .account = account };
	struct apikey_scope_delete_options options;

	if (read_delete_options(given_options, &options) < 0)
		return -EINVAL;
	request.why = options.why;
	request.with_keys = (uint64_t)options.with_keys;
	return call_for_account(admin, WIRE_ACCOUNT_DELETE, &message_account_reference, &request, ret_account);
}

int apikey_account_list(struct apikey_admin *admin, const char *cursor, unsigned int limit,
			struct apikey_account_list **ret_list)
{
	struct message_account_list request = { .credential = admin_credential(admin),
						.cursor = cursor,
						.limit = limit };
	void *root;
	int r = admin_call(admin, WIRE_ACCOUNT_LIST, &message_account_list, &request, build_accounts, &root);

	if (r == 0)
		*ret_list = root;
	return r;
}

/* Reads the options of a tenant. 0 or -EINVAL. */
static int read_options(const struct apikey_tenant_options *given, struct apikey_tenant_options *ret_options)
{
	if (versioned_read(given, ret_options, sizeof(*ret_options)) < 0 || ret_options->token_reuse < -1 ||
	    ret_options->token_reuse > 1 || ret_options->token_lifetime > MESSAGE_TOKEN_LIFETIME_MAX)
		return -EINVAL;
	return 0;
}

int apikey_tenant_create(struct apikey_admin *admin, const char *account, const char *name,
			 const struct apikey_tenant_options *given_options, struct apikey_tenant_info **ret_tenant)
{
	struct message_tenant_create request = { .credential = admin_credential(admin),
						 .name = name,
						 .account = account };
	struct apikey_tenant_options options;

	if (read_options(given_options, &options) < 0 || options.name ||
	    texts_read(options.policies, &request.policies) < 0)
		return -EINVAL;
	request.token_lifetime = options.token_lifetime;
	request.token_reuse = options.token_reuse == 1;
	return call_for_tenant(admin, WIRE_TENANT_CREATE, &message_tenant_create, &request, ret_tenant);
}

int apikey_tenant_show(struct apikey_admin *admin, const char *account, const char *tenant,
		       struct apikey_tenant_info **ret_tenant)
{
	struct message_tenant_reference request = { .credential = admin_credential(admin),
						    .tenant = tenant,
						    .account = account };

	return call_for_tenant(admin, WIRE_TENANT_SHOW, &message_tenant_reference, &request, ret_tenant);
}

int apikey_tenant_update(struct apikey_admin *admin, const char *account, const char *tenant,
			 const struct apikey_tenant_options *given_options, struct apikey_tenant_info **ret_tenant)
{
	struct message_tenant_update request = { .credential = admin_credential(admin),
						 .tenant = tenant,
						 .account = account };
	struct apikey_tenant_options options;

	if (read_options(given_options, &options) < 0 || texts_read(options.policies, &request.policies) < 0)
		return -EINVAL;
	if (request.policies.count > 0)
		request.changes |= MESSAGE_TENANT_POLICIES;
	if (options.name)
		request.changes |= MESSAGE_TENANT_NAME;
	if (options.token_lifetime > 0)
		request.changes |= MESSAGE_TENANT_TOKEN_LIFETIME;
	if (options.token_reuse != 0)
		request.changes |= MESSAGE_TENANT_TOKEN_REUSE;
	request.name = options.name;
	request.token_lifetime = options.token_lifetime;
	request.token_reuse = options.token_reuse == 1;
	return call_for_tenant(admin, WIRE_TENANT_UPDATE, &message_tenant_update, &request, ret_tenant);
}

int apikey_tenant_delete(struct apikey_admin *admin, const char *account, const char *tenant,
			 const struct apikey_scope_delete_options *given_options,
			 struct apikey_tenant_info **ret_tenant)
{
	struct message_tenant_reference request = { .credential = admin_credential(admin),
						    .tenant = tenant,
						    .account = account };
	struct apikey_scope_delete_options options;

	if (read_delete_options(given_options, &options) < 0)
		return -EINVAL;
	request.why = options.why;
	request.with_keys = (uint64_t)options.with_keys;
	return call_for_tenant(admin, WIRE_TENANT_DELETE, &message_tenant_reference, &request, ret_tenant);
}

int apikey_tenant_list(struct apikey_admin *admin, const char *account, const char *cursor, unsigned int limit,
		       struct apikey_tenant_list **ret_list)
{
	struct message_tenant_list request = {
		.credential = admin_credential(admin), .account = account, .cursor = cursor, .limit = limit
	};
	void *root;
	int r = admin_call(admin, WIRE_TENANT_LIST, &message_tenant_list, &request, build_tenants, &root);

	if (r == 0)
		*ret_list = root;
	return r;
}
