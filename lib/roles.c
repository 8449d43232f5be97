/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about roles: each fills a message and hands it to admin_call(); and what comes back, made the public
 * structs (block.h says how they are owned).
 */
#include <errno.h>

#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "proto/message.h"

void apikey_role_free(struct apikey_role *role)
{
	block_free(role);
}

void apikey_role_list_free(struct apikey_role_list *list)
{
	block_free(list);
}

/* ---- what comes back ---- */

static struct apikey_role role_of(struct block *block, const struct message_role *message)
{
	return (struct apikey_role){
		.name = message->name,
		.permissions = texts_take(block, &message->permissions),
		.built_in = message->built_in == 1,
		.account = message->account == 1,
		.created = message->created,
		.created_by = text_or_empty(message->created_by),
		.keys = message->keys_known == 1 && message->keys <= INT64_MAX ? (int64_t)message->keys : -1,
	};
}

static int build(struct block *block, const void *packet, size_t size)
{
	struct apikey_role *role = block_take(block, 1, sizeof(*role)), built;
	struct message_role message;
	int r = codec_decode(&message_role, packet, size, &message);

	if (r < 0)
		return r;
	built = role_of(block, &message);
	if (role)
		*role = built;
	return 0;
}

static int build_list(struct block *block, const void *packet, size_t size)
{
	struct apikey_role_list *list = block_take(block, 1, sizeof(*list));
	struct message_role_page page;
	const struct apikey_role **items;
	struct apikey_role *roles;
	struct message_role message;
	int r = codec_decode(&message_role_page, packet, size, &page);

	if (r < 0)
		return r;
	items = block_take(block, page.roles.count, sizeof(*items));
	roles = block_take(block, page.roles.count, sizeof(*roles));
	if (list)
		*list = (struct apikey_role_list){
			.count = page.roles.count,
			.roles = items,
			.cursor = text_or_empty(page.cursor),
		};
	for (size_t i = 0; codec_next_record(&page.roles, &message_role, &message); i++) {
		struct apikey_role built = role_of(block, &message);

		if (!roles)
			continue;
		roles[i] = built;
		items[i] = &roles[i];
	}
	return 0;
}

/* ---- the calls ---- */

static int call_for_role(struct apikey_admin *admin, uint16_t type, const struct codec_record *record,
			 const void *request, struct apikey_role **ret_role)
{
	void *root;
	int r = admin_call(admin, type, record, request, build, &root);

	if (r == 0)
		*ret_role = root;
	return r;
}

static int change_role(struct apikey_admin *admin, uint16_t type, const char *name, const char *const *permissions,
		       struct apikey_role **ret_role)
{
	struct message_role_change request = { .credential = admin_credential(admin), .name = name };

	if (texts_read(permissions, &request.permissions) < 0)
		return -EINVAL;
	return call_for_role(admin, type, &message_role_change, &request, ret_role);
}

static int refer_to_role(struct apikey_admin *admin, uint16_t type, const char *name, struct apikey_role **ret_role)
{
	struct message_role_reference request = { .credential = admin_credential(admin), .name = name };

	return call_for_role(admin, type, &message_role_reference, &request, ret_role);
}

int apikey_role_create(struct apikey_admin *admin, const char *name, const char *const *permissions,
		       struct apikey_role **ret_role)
{
	return change_role(admin, WIRE_ROLE_CREATE, name, permissions, ret_role);
}

int apikey_role_show(struct apikey_admin *admin, const char *name, struct apikey_role **ret_role)
{
	return refer_to_role(admin, WIRE_ROLE_SHOW, name, ret_role);
}

int apikey_role_update(struct apikey_admin *admin, const char *name, const char *const *permissions,
		       struct apikey_role **ret_role)
{
	return change_role(admin, WIRE_ROLE_UPDATE, name, permissions, ret_role);
}

int apikey_role_delete(struct apikey_admin *admin, const char *name, struct apikey_role **ret_role)
{
	return refer_to_role(admin, WIRE_ROLE_DELETE, name, ret_role);
}

int apikey_role_list(struct apikey_admin *admin, const char *cursor, struct apikey_role_list **ret_list)
{
	struct message_role_list request = { .credential = admin_credential(admin), .cursor = cursor };
	void *root;
	int r = admin_call(admin, WIRE_ROLE_LIST, &message_role_list, &request, build_list, &root);

	if (r == 0)
		*ret_list = root;
	return r;
}
