/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The requests about roles, and the roles that a key is given. A role belongs to the whole host: administrators change
 * it, and keys that may, of the host's own account and tenant. What it is called and grants is told to who may see
 * roles; anybody else sees the roles that are built in, and those that own keys hold. How many keys hold one, and which
 * key made it, is told to administrators, for they may be keys of others.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/admin.h"
#include "daemon/audit_changes.h"
#include "daemon/key_fields.h"
#include "daemon/policy.h"
#include "daemon/role.h"
#include "proto/credential.h"

#define PAGE_ROLES 20   /* as many fit in one reply */
#define ROWS_MOST 1000  /* keys of a user that are looked at */
#define HELD_SIZE 65536 /* names of roles that a user's keys hold */

/* What a request that reads roles needs; large. */
struct role_view {
	struct admin_request *request;
	struct store_reader *reader;
	bool all;             /* sees every role */
	char held[HELD_SIZE]; /* else those built in, and these, separated by ' ' */
	size_t rows;
	/* a page */
	const char *after;
	size_t next_built_in;
	size_t count;
	bool more;
	int error;
	struct store_role stored[PAGE_ROLES];
	struct message_role roles[PAGE_ROLES];
};

static void view_free(struct role_view **view)
{
	free(*view);
}

/* ---- who sees which ---- */

/* Adds names of roles, separated by ' ', each once. */
static void hold(struct role_view *view, const char *roles)
{
	size_t used = strlen(view->held);

	while (*roles != '\0') {
		char name[WIRE_ROLE_NAME_MAX + 1];
		size_t size = strcspn(roles, " ");

		if (size < sizeof(name)) {
			memcpy(name, roles, size);
			name[size] = '\0';
			if (!policy_list_contains(view->held, ' ', name) && used + size + 2 < sizeof(view->held))
				used += (size_t)sprintf(view->held + used, "%s%s", used > 0 ? " " : "", name);
		}
		roles += size + (roles[size] != '\0');
	}
}

static bool visit_key(void *data, const struct store_key *key)
{
	struct role_view *view = data;

	if (!key->ending)
		hold(view, key->roles);
	return ++view->rows < ROWS_MOST;
}

static int view_new(struct admin_request *request, struct store_reader *reader, struct role_view **ret_view)
{
	const struct authority *authority = &request->authority;
	struct role_view *view = calloc(1, sizeof(*view));
	uint32_t uid = (uint32_t)authority->uid;
	struct store_filter own = { .owner_uid = &uid };
	int r = 0;

	if (!view)
		return -ENOMEM;
	view->request = request;
	view->reader = reader;
	view->all = authority_sees_roles(authority);
	if (authority->kind == AUTHORITY_KEY)
		hold(view, authority->roles);
	else if (authority->kind == AUTHORITY_USER)
		r = store_list_keys(reader, &own, NULL, visit_key, view);
	if (r < 0)
		free(view);
	else
		*ret_view = view;
	return r;
}

static bool sees(const struct role_view *view, const char *name)
{
	return view->all || role_built_in(name) || policy_list_contains(view->held, ' ', name);
}

/* ---- a role on the wire ---- */

/* Which key made a role tells that there is such a key, which may be another tenant's. */
static bool may_know_maker(const struct authority *authority, const char *actor)
{
	return authority->kind == AUTHORITY_ADMINISTRATOR || strncmp(actor, "key:", strlen("key:")) != 0 ||
	       strcmp(actor, authority->actor) == 0;
}

/* Cuts the role's own text into its items. */
static int describe(struct admin_request *request, struct store_reader *reader, struct store_role *role,
		    struct message_role *ret_message)
{
	const struct role_built_in *built_in = role_built_in(role->name);
	char *left = role->permissions;
	int r = 0;

	*ret_message = (struct message_role){ .name = role->name, .created = role->created };
	if (*role->created_by && may_know_maker(&request->authority, role->created_by))
		ret_message->created_by = role->created_by;
	ret_message->built_in = built_in != NULL;
	ret_message->account = built_in && built_in->account;
	if (request->authority.kind == AUTHORITY_ADMINISTRATOR) {
		ret_message->keys_known = 1;
		r = store_count_role_keys(reader, role->name, &ret_message->keys);
	}
	while (*left != '\0' && ret_message->permissions.count < WIRE_LIST_MAX) {
		char *end = strchr(left, ' ');

		ret_message->permissions.items[ret_message->permissions.count++] = left;
		if (!end)
			break;
		*end = '\0';
		left = end + 1;
	}
	return r;
}

static int reply_role(struct admin_request *request, struct store_reader *reader, const struct store_role *role)
{
	struct store_role copy = *role;
	struct message_role message;
	int r = describe(request, reader, &copy, &message);

	return r < 0 ? r : admin_reply(request, &message_role, &message);
}

/* ---- list and show ---- */

/* False when the page is full, or on an error. */
static bool add_role(struct role_view *view, const struct store_role *role)
{
	if (!sees(view, role->name))
		return true;
	if (view->count == PAGE_ROLES) {
		view->more = true;
		return false;
	}
	view->stored[view->count] = *role;
	view->error = describe(view->request, view->reader, &view->stored[view->count], &view->roles[view->count]);
	if (view->error < 0)
		return false;
	view->count++;
	return true;
}

/* Adds the built-in roles that come before a name; NULL: all that are left. */
static bool add_built_in(struct role_view *view, const char *before)
{
	const struct role_built_in *next;

	for (; (next = role_built_in_at(view->next_built_in)); view->next_built_in++) {
		struct store_role role;

		if (before && strcmp(next->name, before) >= 0)
			return true;
		if (strcmp(next->name, view->after) <= 0)
			continue;
		view->error = role_find(view->reader, next->name, &role);
		if (view->error < 0 || !add_role(view, &role))
			return false;
	}
	return true;
}

static bool visit_role(void *data, const struct store_role *role)
{
	struct role_view *view = data;

	return add_built_in(view, role->name) && add_role(view, role);
}

int admin_role_list(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	CLEANUP(view_free) struct role_view *view = NULL;
	struct message_role_page page;
	int r = view_new(request, reader, &view);

	(void)vault;
	if (r < 0)
		return r;
	view->after = request->message.role_list.cursor ? request->message.role_list.cursor : "";
	r = store_list_roles(reader, view->after, visit_role, view);
	if (r == 0 && view->error == 0 && !view->more)
		(void)add_built_in(view, NULL);
	if (r < 0 || view->error < 0)
		return r < 0 ? r : view->error;
	page = (struct message_role_page){ .roles = { .count = view->count, .items = view->roles },
					   .cursor = view->more ? view->roles[view->count - 1].name : NULL };
	return admin_reply(request, &message_role_page, &page);
}

/* What a name that is none may be told back. */
static const char *shown(const char *name)
{
	return credential_looks_secret(name) ? "ak_…" : name;
}

/* There is no such role, for who may know that. */
static int refuse_unknown(struct admin_request *request, struct store_reader *reader, enum answer answer,
			  const char *name)
{
	char near[WIRE_ROLE_NAME_MAX + 1];
	int r = role_nearest(reader, name, near);

	if (r < 0)
		return r;
	return admin_refuse(request, answer,
			    "there is no role '%.64s'; %s%s%s'apikeyctl role list' shows what there is", shown(name),
			    *near ? "did you mean '" : "", near, *near ? "'? " : "");
}

/* Finds a role that the request may see. */
static int find_seen(struct admin_request *request, struct store_reader *reader, const char *name,
		     struct store_role *ret_role)
{
	CLEANUP(view_free) struct role_view *view = NULL;
	int r = view_new(request, reader, &view);

	if (r < 0)
		return r;
	r = sees(view, name) ? role_find(reader, name, ret_role) : -ENOENT;
	if (r != -ENOENT)
		return r;
	if (view->all)
		return refuse_unknown(request, reader, ANSWER_NOT_FOUND, name);
	return admin_refuse(request, ANSWER_NOT_FOUND, "no key of yours holds a role '%.64s'", shown(name));
}

int admin_role_show(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct store_role role;
	int r = find_seen(request, reader, request->message.role_reference.name, &role);

	(void)vault;
	return r != 0 ? r : reply_role(request, reader, &role);
}

/* ---- changes ---- */

static int log_role(struct admin_request *request, struct vault *vault, const struct store_role *before,
		    const struct store_role *after)
{
	struct audit_record record = admin_record(request, request->verb->event);
	CLEANUP_FREE char *changes = role_changes(before, after);

	return audit_changes_log(vault->store, &record, changes);
}

/* The permissions the request names, as a role keeps them; nobody lets a role grant what they do not hold. */
static int take_permissions(struct admin_request *request, struct store_role *role)
{
	char text[WIRE_LIST_TEXT_MAX + 1];

	if (!key_permissions_join(&request->message.role_change.permissions, text, request->detail,
				  sizeof(request->detail)))
		return ANSWER_INVALID;
	if (strlen(text) > WIRE_ROLE_TEXT_MAX)
		return admin_refuse(request, ANSWER_INVALID,
				    "the permissions of one role have %d bytes together and not more; make two of it",
				    WIRE_ROLE_TEXT_MAX);
	if (!authority_covers(&request->authority, text))
		return admin_refuse(request, ANSWER_NOT_PERMITTED,
				    "nobody grants what they do not hold: '%.300s' reaches further than you may grant",
				    text);
	strcpy(role->permissions, text);
	return 0;
}

static int check_new(struct admin_request *request, struct store_reader *reader, const char *name)
{
	struct store_role role;
	uint64_t count;
	int r;

	if (!role_is_name(name))
		return admin_refuse(request, ANSWER_INVALID,
				    "'%.64s' is no name of a role: 1 to %d of a-z 0-9 _ -, none of _ and - first",
				    shown(name), WIRE_ROLE_NAME_MAX);
	r = role_find(reader, name, &role);
	if (r == 0)
		return admin_refuse(request, ANSWER_EXISTS, "there is a role '%.64s' already%s", name,
				    role_built_in(name) ? ", which is built in" : "");
	if (r != -ENOENT)
		return r;
	r = store_count_roles(reader, &count);
	if (r < 0 || count < ROLES_MAX)
		return r;
	return admin_refuse(request, ANSWER_INVALID, "there are %d roles, which is as many as there can be", ROLES_MAX);
}

int admin_role_create(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const char *name = request->message.role_change.name;
	struct store_role role = { .created = clock_wall_seconds() };
	int r = check_new(request, reader, name);

	if (r == 0)
		r = take_permissions(request, &role);
	if (r != 0)
		return r;
	snprintf(role.name, sizeof(role.name), "%s", name);
	snprintf(role.created_by, sizeof(role.created_by), "%s", request->authority.actor);
	r = store_insert_role(vault->store, &role);
	if (r == 0)
		r = log_role(request, vault, NULL, &role);
	return r != 0 ? r : reply_role(request, reader, &role);
}

/* Finds a role that is to be changed. */
static int find_own(struct admin_request *request, struct store_reader *reader, const char *name,
		    struct store_role *ret_role)
{
	int r;

	if (role_built_in(name))
		return admin_refuse(request, ANSWER_INVALID, "the role '%.64s' is built in, and stays as it is", name);
	r = store_find_role(reader, name, ret_role);
	return r == -ENOENT ? refuse_unknown(request, reader, ANSWER_NOT_FOUND, name) : r;
}

int admin_role_update(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct store_role before, after;
	int r = find_own(request, reader, request->message.role_change.name, &before);

	if (r != 0)
		return r;
	after = before;
	r = take_permissions(request, &after);
	if (r == 0 && strcmp(before.permissions, after.permissions) != 0) {
		r = store_update_role(vault->store, &after);
		if (r == 0)
			r = log_role(request, vault, &before, &after);
	}
	return r != 0 ? r : reply_role(request, reader, &after);
}

static int refuse_held(struct admin_request *request, const char *name, uint64_t keys)
{
	char count[32] = "some";

	if (request->authority.kind == AUTHORITY_ADMINISTRATOR)
		snprintf(count, sizeof(count), "%" PRIu64, keys);
	return admin_refuse(request, ANSWER_WRONG_STATE,
			    "%s %s the role '%.64s'; 'apikeyctl key list --role %.64s' lists what you may see of them. "
			    "Take it from them first",
			    count, strcmp(count, "1") == 0 ? "key holds" : "keys hold", name, name);
}

int admin_role_delete(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	const char *name = request->message.role_reference.name;
	struct store_role role;
	uint64_t keys;
	int r = find_own(request, reader, name, &role);

	if (r == 0)
		r = store_count_role_keys(reader, name, &keys);
	if (r != 0)
		return r;
	if (keys > 0)
		return refuse_held(request, name, keys);
	r = store_delete_role(vault->store, name);
	if (r == 0)
		r = log_role(request, vault, &role, NULL);
	return r != 0 ? r : reply_role(request, reader, &role);
}

/* ---- the roles of a key ---- */

/* There is no such role. Who may not see all roles is not told whether it is that, or one they may not grant. */
static int refuse_role(struct admin_request *request, struct store_reader *reader, const char *name)
{
	if (authority_sees_roles(&request->authority))
		return refuse_unknown(request, reader, ANSWER_INVALID, name);
	return admin_refuse(
		request, ANSWER_NOT_PERMITTED,
		"nobody grants what they do not hold: the role '%.64s' is none, or reaches further than you may "
		"grant",
		shown(name));
}

/* Who covers a role could grant what it grants now; but the key would follow it when it is widened. So whoever is no
 * administrator gives what never changes, or what they have themselves. */
static bool may_give(const struct authority *authority, const struct store_role *role)
{
	if (!authority_covers(authority, role->permissions))
		return false;
	if (authority->kind == AUTHORITY_ADMINISTRATOR || role_built_in(role->name))
		return true;
	return authority->kind == AUTHORITY_KEY && policy_list_contains(authority->roles, ' ', role->name);
}

static int take_role(struct admin_request *request, struct store_reader *reader, const char *name, char *text)
{
	struct store_role role;
	size_t used = strlen(text);
	int r = role_find(reader, name, &role);

	if (r == -ENOENT || (r == 0 && !may_give(&request->authority, &role)))
		return refuse_role(request, reader, name);
	if (r == 0)
		snprintf(text + used, WIRE_LIST_TEXT_MAX + 1 - used, "%s%s", used > 0 ? " " : "", name);
	return r;
}

int admin_take_roles(struct admin_request *request, struct store_reader *reader, const struct codec_texts *roles,
		     char ret_text[WIRE_LIST_TEXT_MAX + 1])
{
	char text[WIRE_LIST_TEXT_MAX + 1] = "";
	size_t count = 0;

	for (size_t i = 0; i < roles->count; i++) {
		int r;

		if (policy_list_contains(text, ' ', roles->items[i]))
			continue;
		if (++count > WIRE_ROLES_MAX)
			return admin_refuse(request, ANSWER_INVALID,
					    "a key holds %d roles at most; make one of several", WIRE_ROLES_MAX);
		r = take_role(request, reader, roles->items[i], text);
		if (r != 0)
			return r;
	}
	strcpy(ret_text, text);
	return 0;
}

int admin_check_roles(struct admin_request *request, const struct store_key *key)
{
	const struct role_built_in *role = *key->tenant ? role_of_account(key->roles) : NULL;

	if (!role)
		return 0;
	return admin_refuse(request, ANSWER_INVALID,
			    "the role '%s' is for keys of an account, and this key belongs to the tenant '%.128s'",
			    role->name, key->tenant);
}
