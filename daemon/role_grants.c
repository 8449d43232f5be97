/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/role_grants.h"

#include <errno.h>
#include <string.h>

#include "daemon/role.h"
#include "proto/permission.h"

/* Appends what a role grants. False when it has no room, which the limits of roles and keys leave no way to. */
static bool append(struct role_grants *room, size_t *size, const char *permissions)
{
	size_t length = strlen(permissions), space = *size > 0;

	if (length == 0)
		return true;
	if (*size + space + length >= sizeof(room->text))
		return false;
	if (space)
		room->text[(*size)++] = ' ';
	memcpy(room->text + *size, permissions, length + 1);
	*size += length;
	return true;
}

/* Of what a role grants, a test key has what lies below "test.": the role may have been widened since it was given. */
static bool append_for_test(struct role_grants *room, size_t *size, const char *permissions)
{
	while (*permissions != '\0') {
		char grant[WIRE_ROLE_TEXT_MAX + 1];
		size_t length = strcspn(permissions, " ");

		if (length >= sizeof(grant))
			return false;
		memcpy(grant, permissions, length);
		grant[length] = '\0';
		if (permission_grants_cover("test.*", grant) && !append(room, size, grant))
			return false;
		permissions += length + (permissions[length] != '\0');
	}
	return true;
}

/* Finds what a role grants, and appends it. */
static int append_role(struct store_reader *reader, const char *name, bool test, struct role_grants *room, size_t *size)
{
	const struct role_built_in *built_in = role_built_in(name);
	const char *permissions;
	struct store_role role;
	int r = built_in ? 0 : store_find_role(reader, name, &role);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	permissions = built_in ? built_in->permissions : role.permissions;
	return (test ? append_for_test : append)(room, size, permissions) ? 0 : -E2BIG;
}

static int collect(struct store_reader *reader, const struct store_key *key, struct role_grants *room)
{
	const char *at = key->roles;
	size_t size = 0, count = 0;

	room->text[0] = '\0';
	if (!append(room, &size, key->permissions))
		return -E2BIG;
	while (*at != '\0') {
		char name[WIRE_ROLE_NAME_MAX + 1];
		size_t length = strcspn(at, " ");
		int r;

		if (++count > WIRE_ROLES_MAX || length >= sizeof(name))
			return -E2BIG;
		memcpy(name, at, length);
		name[length] = '\0';
		r = append_role(reader, name, key->test, room, &size);
		if (r < 0)
			return r;
		at += length + (at[length] != '\0');
	}
	return 0;
}

int role_grants_find(struct store_reader *reader, const struct store_key *key, struct role_grants *room,
		     const char **ret_grants)
{
	int r;

	if (*key->roles == '\0') {
		*ret_grants = key->permissions;
		return 0;
	}
	r = collect(reader, key, room);
	if (r < 0 && r != -E2BIG)
		return r;
	*ret_grants = r == 0 ? room->text : "";
	return 0;
}

static bool has_grant(const char *grants, const char *grant, size_t size)
{
	while (*grants != '\0') {
		size_t length = strcspn(grants, " ");

		if (length == size && memcmp(grants, grant, size) == 0)
			return true;
		grants += length + (grants[length] != '\0');
	}
	return false;
}

bool role_grants_copy(const char *grants, char *ret_text, size_t size)
{
	size_t used = 0;
	bool all = true;

	ret_text[0] = '\0';
	while (*grants != '\0') {
		size_t length = strcspn(grants, " "), space = used > 0;

		if (!has_grant(ret_text, grants, length)) {
			if (used + space + length < size) {
				if (space)
					ret_text[used++] = ' ';
				memcpy(ret_text + used, grants, length);
				used += length;
				ret_text[used] = '\0';
			} else {
				all = false;
			}
		}
		grants += length + (grants[length] != '\0');
	}
	return all;
}
