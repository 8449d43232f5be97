/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which warnings were given, in the store, so that who starts anew does not give them again. Errors are those of
 * daemon/store.h.
 */
#ifndef APIKEYD_DAEMON_STORE_WARNED_H
#define APIKEYD_DAEMON_STORE_WARNED_H

#include "daemon/due.h"

/* Notes a warning on a day (days since 1970). -EEXIST: it was given on that day. */
int store_note_warned(struct store *store, const char *key, const struct due *due, int64_t day);
/* Forgets those of days before. */
int store_purge_warned(struct store *store, int64_t day);

#endif
