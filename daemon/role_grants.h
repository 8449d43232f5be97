/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a key may do: its own permissions and those of its roles, as they are now. The one place that says so, for
 * logins, for keys that act, and for who looks at a key.
 */
#ifndef APIKEYD_DAEMON_ROLE_GRANTS_H
#define APIKEYD_DAEMON_ROLE_GRANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/store.h"

/* Room for all of them. A key without roles needs none of it. */
struct role_grants {
	char text[WIRE_EFFECTIVE_MAX + 1];
};

/*
 * The permissions of a key, separated by spaces, perhaps some of them twice: key->permissions itself, or a text in
 * room. Of the roles of a test key, what lies below "test." counts alone. The reader is in the read transaction that
 * the key was read in. A role that is not there grants nothing; a key with more roles than WIRE_ROLES_MAX, which nobody
 * can give it, grants nothing at all. 0, or a negative errno: the store failed.
 */
int role_grants_find(struct store_reader *reader, const struct store_key *key, struct role_grants *room,
		     const char **ret_grants);

/* Copies each grant once, and as many whole ones as fit in size bytes with their NUL. True when all did. */
bool role_grants_copy(const char *grants, char *ret_text, size_t size);

#endif
