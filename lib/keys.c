/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls that make, show, change and list keys: each fills a message and hands it to admin_call().
 */
#include "lib/apikey.h"

#include <errno.h>

#include "common/cleanup.h"
#include "lib/admin.h"
#include "lib/key.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/message.h"

void apikey_key_free(struct apikey_key *key)
{
	block_free(key);
}

void apikey_key_list_free(struct apikey_key_list *list)
{
	block_free(list);
}

static int call_for_key(struct apikey_admin *admin, uint16_t type, const struct codec_record *record,
			const void *request, struct apikey_key **ret_key)
{
	void *root;
	int r = admin_call(admin, type, record, request, key_build, &root);

	if (r == 0)
		*ret_key = root;
	return r;
}

int apikey_key_create(struct apikey_admin *admin, const struct apikey_key_options *given_options,
		      struct apikey_key **ret_key)
{
	struct message_key_create request = { .credential = admin_credential(admin) };
	struct apikey_key_options options;

	if (versioned_read(given_options, &options, sizeof(options)) < 0 ||
	    texts_read(options.permissions, &request.permissions) < 0 ||
	    texts_read(options.users, &request.users) < 0 || texts_read(options.sources, &request.sources) < 0 ||
	    texts_read(options.labels, &request.labels) < 0)
		return -EINVAL;
	if (texts_read(options.roles, &request.roles) < 0)
		return -EINVAL;
	request.name = options.name;
	request.owner = options.owner;
	request.account = options.account;
	request.tenant = options.tenant;
	request.not_before = options.not_before;
	request.expires = options.expires;
	request.kind = options.kind;
	request.public_key = options.public_key;
	request.private_key = options.private_key;
	/* On the wire it would be none. */
	if (options.idempotency_key && options.idempotency_key[0] == '\0')
		return -EINVAL;
	request.idempotency_key = options.idempotency_key;
	request.test = options.test != 0;
	request.exclusive = options.exclusive;
	request.max_uses = options.max_uses;
	request.client_side = options.client_side != 0;
	return call_for_key(admin, WIRE_KEY_CREATE, &message_key_create, &request, ret_key);
}

int apikey_key_update(struct apikey_admin *admin, const char *key, unsigned int changes,
		      const struct apikey_key_options *given_options, struct apikey_key **ret_key)
{
	struct message_key_update request = {
		.credential = admin_credential(admin),
		.key = key,
		.changes = changes,
	};
	struct apikey_key_options options;

	if (versioned_read(given_options, &options, sizeof(options)) < 0)
		return -EINVAL;
	if ((changes & APIKEY_CHANGE_PERMISSIONS) && texts_read(options.permissions, &request.permissions) < 0)
		return -EINVAL;
	if ((changes & APIKEY_CHANGE_USERS) && texts_read(options.users, &request.users) < 0)
		return -EINVAL;
	if ((changes & APIKEY_CHANGE_SOURCES) && texts_read(options.sources, &request.sources) < 0)
		return -EINVAL;
	if ((changes & APIKEY_CHANGE_LABELS) && texts_read(options.labels, &request.labels) < 0)
		return -EINVAL;
	if ((changes & APIKEY_CHANGE_ROLES) && texts_read(options.roles, &request.roles) < 0)
		return -EINVAL;
	if (changes & APIKEY_CHANGE_NAME)
		request.name = options.name;
	if (changes & APIKEY_CHANGE_NOT_BEFORE)
		request.not_before = options.not_before;
	if (changes & APIKEY_CHANGE_EXPIRES)
		request.expires = options.expires;
	if (changes & APIKEY_CHANGE_EXCLUSIVE)
		request.exclusive = options.exclusive;
	if (changes & APIKEY_CHANGE_MAX_USES)
		request.max_uses = options.max_uses;
	if (changes & APIKEY_CHANGE_CLIENT_SIDE)
		request.client_side = options.client_side != 0;
	return call_for_key(admin, WIRE_KEY_UPDATE, &message_key_update, &request, ret_key);
}

static int refer_to_key(struct apikey_admin *admin, uint16_t type, const char *key, const char *why,
			struct apikey_key **ret_key)
{
	struct message_key_reference request = {
		.credential = admin_credential(admin),
		.key = key,
		.why = why,
	};

	return call_for_key(admin, type, &message_key_reference, &request, ret_key);
}

int apikey_key_show(struct apikey_admin *admin, const char *key, struct apikey_key **ret_key)
{
	return refer_to_key(admin, WIRE_KEY_SHOW, key, NULL, ret_key);
}

int apikey_key_activate(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key)
{
	return refer_to_key(admin, WIRE_KEY_ACTIVATE, key, why, ret_key);
}

int apikey_key_deactivate(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key)
{
	return refer_to_key(admin, WIRE_KEY_DEACTIVATE, key, why, ret_key);
}

int apikey_key_revoke(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key)
{
	return refer_to_key(admin, WIRE_KEY_REVOKE, key, why, ret_key);
}

int apikey_key_delete(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key)
{
	return refer_to_key(admin, WIRE_KEY_DELETE, key, why, ret_key);
}

int apikey_key_end(struct apikey_admin *admin, const char *key, enum apikey_end end,
		   const struct apikey_end_options *given_options, struct apikey_key **ret_key)
{
	static const uint16_t types[] = { [APIKEY_END_DEACTIVATE] = WIRE_KEY_DEACTIVATE,
					  [APIKEY_END_REVOKE] = WIRE_KEY_REVOKE,
					  [APIKEY_END_DELETE] = WIRE_KEY_DELETE };
	struct message_key_reference request = { .credential = admin_credential(admin), .key = key };
	struct apikey_end_options options;

	if ((size_t)end >= ARRAY_SIZE(types) || types[end] == 0 ||
	    versioned_read(given_options, &options, sizeof(options)) < 0 || options.sessions < -1 ||
	    options.sessions > 1)
		return -EINVAL;
	request.why = options.why;
	if (options.sessions != 0)
		request.end_sessions = options.sessions == 1 ? MESSAGE_SESSIONS_END : MESSAGE_SESSIONS_KEEP;
	return call_for_key(admin, types[end], &message_key_reference, &request, ret_key);
}

int apikey_key_rotate(struct apikey_admin *admin, const char *key, const struct apikey_rotate_options *given_options,
		      struct apikey_key **ret_key)
{
	struct apikey_rotate_options options;
	struct message_key_rotate request = { .credential = admin_credential(admin), .key = key };

	if (versioned_read(given_options, &options, sizeof(options)) < 0 || options.now < 0 || options.now > 1 ||
	    options.cancel < 0 || options.cancel > 1)
		return -EINVAL;
	request.overlap = options.overlap;
	request.now = (uint64_t)options.now;
	request.expected = options.expected;
	request.after_use = options.overlap_after_first_use;
	request.cancel = (uint64_t)options.cancel;
	return call_for_key(admin, WIRE_KEY_ROTATE, &message_key_rotate, &request, ret_key);
}

int apikey_key_retire(struct apikey_admin *admin, const char *key, uint32_t secret, const char *why,
		      struct apikey_key **ret_key)
{
	struct message_key_retire request = {
		.credential = admin_credential(admin),
		.key = key,
		.secret = secret,
		.why = why,
	};

	return call_for_key(admin, WIRE_KEY_RETIRE, &message_key_retire, &request, ret_key);
}

int apikey_key_list(struct apikey_admin *admin, const struct apikey_key_filter *given_filter, const char *cursor,
		    unsigned int limit, struct apikey_key_list **ret_list)
{
	struct message_key_list request = {
		.credential = admin_credential(admin),
		.cursor = cursor,
		.limit = limit,
	};
	struct apikey_key_filter filter;
	void *root;
	int r;

	if (versioned_read(given_filter, &filter, sizeof(filter)) < 0 || texts_read(filter.labels, &request.labels) < 0)
		return -EINVAL;
	request.owner = filter.owner;
	request.state = filter.state;
	request.permission = filter.permission;
	request.unused_since = filter.unused_since;
	request.expires_before = filter.expires_before;
	request.due_before = filter.due_before;
	request.due = filter.due != 0;
	request.role = filter.role;
	request.account = filter.account;
	request.tenant = filter.tenant;
	r = admin_call(admin, WIRE_KEY_LIST, &message_key_list, &request, key_build_list, &root);
	if (r == 0)
		*ret_list = root;
	return r;
}
