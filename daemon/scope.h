/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which account or tenant a text means. A name alone means a tenant of one account, the caller's; what another account
 * calls its tenants decides nothing, so that nobody gets keys into a service by a name, or locks others out with one.
 */
#ifndef APIKEYD_DAEMON_SCOPE_H
#define APIKEYD_DAEMON_SCOPE_H

#include "daemon/store_tenant.h"

/* An account by its id or name. 0, -ENOENT, -EIO. */
int scope_find_account(struct store_reader *reader, const char *text, struct store_account *ret_account);

/* A tenant by its id, as ACCOUNT/NAME, or by its name in an account (an id). 0, -ENOENT, -EIO. */
int scope_find_tenant(struct store_reader *reader, const char *account, const char *text,
		      struct store_tenant *ret_tenant);

/* The id of the tenant that a request for verification names; names are those of the account "default". An id costs no
 * look-up, and need not be there. 0, -ENOENT, -EIO. */
int scope_tenant_id(struct store_reader *reader, const char *text, char ret_id[STORE_SCOPE_ID_MAX + 1]);

/* Whether something may be called so: 1 to WIRE_NAME_MAX bytes of UTF-8 without control characters and '/', and not
 * like an id or a credential. what: "a tenant". True, or false and a sentence. */
bool scope_name_check(const char *name, const char *what, char *ret_fault, size_t fault_size);

#endif
