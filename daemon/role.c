/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/role.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/settings_value.h"
#include "daemon/policy.h"
#include "proto/permission.h"

#define KEYS PERMISSION_KEYS_READ " " PERMISSION_KEYS_WRITE
#define TENANTS PERMISSION_TENANTS_READ " " PERMISSION_TENANTS_WRITE

#define NEAR_MAX 3 /* letters that are wrong */

/* Sorted by name. None may change roles: those belong to the host, not to an account of it. */
static const struct role_built_in built_in[] = {
	{ "account-admin", KEYS " " TENANTS " " PERMISSION_TENANTS_APPROVE, true },
	{ "account-tenant-approval", PERMISSION_TENANTS_APPROVE, true },
	{ "account-tenant-read", PERMISSION_TENANTS_READ, true },
	{ "account-tenant-write", TENANTS, true },
	{ "tenant-admin", KEYS " " TENANTS, false },
	{ "tenant-management", TENANTS, false },
};

const struct role_built_in *role_built_in(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++) {
		if (strcmp(built_in[i].name, name) == 0)
			return &built_in[i];
	}
	return NULL;
}

const struct role_built_in *role_built_in_at(size_t index)
{
	return index < ARRAY_SIZE(built_in) ? &built_in[index] : NULL;
}

const struct role_built_in *role_of_account(const char *roles)
{
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++) {
		if (built_in[i].account && policy_list_contains(roles, ' ', built_in[i].name))
			return &built_in[i];
	}
	return NULL;
}

bool role_is_name(const char *name)
{
	return strlen(name) <= WIRE_ROLE_NAME_MAX && !strchr(name, '.') && permission_is_name(name);
}

int role_find(struct store_reader *reader, const char *name, struct store_role *ret_role)
{
	const struct role_built_in *found = role_built_in(name);

	if (!found)
		return store_find_role(reader, name, ret_role);
	*ret_role = (struct store_role){ .created = 0 };
	snprintf(ret_role->name, sizeof(ret_role->name), "%s", found->name);
	snprintf(ret_role->permissions, sizeof(ret_role->permissions), "%s", found->permissions);
	return 0;
}

struct nearest {
	const char *wanted;
	size_t distance;
	char *name;
};

static void consider(struct nearest *nearest, const char *name)
{
	size_t distance = settings_value_distance(nearest->wanted, name);

	if (distance >= nearest->distance || 2 * distance > strlen(name))
		return;
	nearest->distance = distance;
	snprintf(nearest->name, WIRE_ROLE_NAME_MAX + 1, "%s", name);
}

static bool visit(void *data, const struct store_role *role)
{
	consider(data, role->name);
	return true;
}

int role_nearest(struct store_reader *reader, const char *name, char ret_name[WIRE_ROLE_NAME_MAX + 1])
{
	struct nearest nearest = { .wanted = name, .distance = NEAR_MAX + 1, .name = ret_name };

	*ret_name = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(built_in); i++)
		consider(&nearest, built_in[i].name);
	return store_list_roles(reader, "", visit, &nearest);
}
