/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Opening with a schema of the caller's choice: how tests make a database of an older version, and how the fill of a
 * benchmark gets a larger cache. Everyone else calls store_open().
 */
#ifndef APIKEYD_DAEMON_STORE_OPEN_H
#define APIKEYD_DAEMON_STORE_OPEN_H

#include "daemon/store_schema.h"

/* As store_open(), with the steps of schema instead of this binary's. */
int store_open_schema(const char *folder, bool create, const struct store_schema *schema, struct store **ret_store,
		      char *ret_fault, size_t fault_size);

/* Gives the writer a cache of this many KiB. 0 or a negative errno. */
int store_set_cache(struct store *store, unsigned int kib);

#endif
