/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the store writes because a key was used: how often, where that is limited, and the service that a key is bound
 * to by its first use. Beside daemon/store_once.c, which has what tokens use up.
 */
#ifndef APIKEYD_DAEMON_STORE_LIMIT_H
#define APIKEYD_DAEMON_STORE_LIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store.h"

/* How many uses of a key were counted; 0 where none was, of keys that are gone too. */
int store_find_counted(struct store_reader *reader, const char *key, uint64_t *ret_count);

/* Return true to go on, false to stop. */
typedef bool (*store_counted_visitor)(void *data, const char *key, uint64_t count);
int store_list_counted(struct store_reader *reader, store_counted_visitor visitor, void *data);

/* Counts one use, in one step with saying whether there was one left: 0; -EDQUOT: so many were counted before. */
int store_count_use(struct store *store, const char *key, uint64_t most);

/* No fewer uses than these were counted: raises what is there, and never lowers it. */
int store_keep_counted(struct store *store, const char *key, uint64_t count);

/* Binds a key that its first use is to bind. 0; -ENOENT: there is no such key, or it does not wait for that (any more).
 */
int store_bind_key(struct store *store, const char *key, const char *service);

#endif
