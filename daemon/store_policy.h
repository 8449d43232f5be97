/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Policies that tenants have of their own, in the store: a name and a number each. daemon/policies.h knows what they
 * mean. Errors are those of daemon/store.h.
 */
#ifndef APIKEYD_DAEMON_STORE_POLICY_H
#define APIKEYD_DAEMON_STORE_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store.h"

/* False when no tenant has any: then there is nothing to be looked for. Costs no look at the store. */
bool store_has_policies(const struct store_reader *reader);

/* Return true to go on, false for a row that means nothing: then the list is -EIO. */
typedef bool (*store_policy_visitor)(void *data, const char *name, int64_t number);
/* All of a tenant (an id), by name. */
int store_list_policies(struct store_reader *reader, const char *tenant, store_policy_visitor visitor, void *data);

/* Sets one of a tenant's; or takes it back, if it has it. */
int store_save_policy(struct store *store, const char *tenant, const char *name, int64_t number);
int store_drop_policy(struct store *store, const char *tenant, const char *name);

#endif
