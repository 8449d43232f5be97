/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Roles: sets of permissions with a name. Some are built in, and are as good as law: no change of the store touches
 * them. Which permissions a name stands for is looked up when a key is used, never copied into the key.
 */
#ifndef APIKEYD_DAEMON_ROLE_H
#define APIKEYD_DAEMON_ROLE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/store.h"

/* What the daemon's own permissions let a key do, to what it reaches: its tenant, or its account. */
#define PERMISSION_KEYS_READ "apikeyd.keys.read"
#define PERMISSION_KEYS_WRITE "apikeyd.keys.write"
#define PERMISSION_TENANTS_READ "apikeyd.tenants.read"
#define PERMISSION_TENANTS_WRITE "apikeyd.tenants.write"
#define PERMISSION_TENANTS_APPROVE "apikeyd.tenants.approve"
/* To be told whether tokens that are shown to it are good. */
#define PERMISSION_INTROSPECT "apikeyd.introspect"
/* Of the audit, the records of the keys it reaches. */
#define PERMISSION_AUDIT_READ "apikeyd.audit.read"
/* Roles belong to the whole host. */
#define PERMISSION_ROLES_READ "apikeyd.roles.read"
#define PERMISSION_ROLES_WRITE "apikeyd.roles.write"

/* Roles that can be made: so many are looked through for a name that is near. */
#define ROLES_MAX 1000

struct role_built_in {
	const char *name;
	const char *permissions; /* separated by ' ' */
	bool account;            /* for keys of an account, which are in no tenant */
};

/* By name; NULL when there is none. */
const struct role_built_in *role_built_in(const char *name);
/* The built-in roles in the order of their names; NULL behind the last. */
const struct role_built_in *role_built_in_at(size_t index);

/* The first of the built-in roles for keys of an account that is among these (separated by ' '); NULL: none is. */
const struct role_built_in *role_of_account(const char *roles);

/* a-z 0-9 _ -, not _ or - first. */
bool role_is_name(const char *name);

/* Finds a role, built in or not. 0, -ENOENT, or a negative errno. */
int role_find(struct store_reader *reader, const char *name, struct store_role *ret_role);

/* The name of a role that somebody may have meant who wrote this one; "" when none is near. 0 or a negative errno. */
int role_nearest(struct store_reader *reader, const char *name, char ret_name[WIRE_ROLE_NAME_MAX + 1]);

#endif
