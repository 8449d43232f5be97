/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The lockdown as the store keeps it, so that it survives a restart: one row while there is one. Errors are those of
 * daemon/store.h.
 */
#ifndef APIKEYD_DAEMON_STORE_LOCKDOWN_H
#define APIKEYD_DAEMON_STORE_LOCKDOWN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"

#define STORE_LOCKDOWN_KEYS WIRE_LIST_MAX

struct store_lockdown {
	bool on;       /* else nothing below is said */
	int64_t since; /* seconds since 1970 UTC */
	char actor[WIRE_USER_MAX + 1];
	char why[WIRE_REASON_MAX + 1]; /* "": nobody said */
	size_t key_count;              /* the keys that are let in all the same */
	char keys[STORE_LOCKDOWN_KEYS][CREDENTIAL_KEY_ID_MAX + 1];
};

int store_find_lockdown(struct store_reader *reader, struct store_lockdown *ret_lockdown);

/* Puts it in the place of what is kept; one that is not on leaves nothing. */
int store_save_lockdown(struct store *store, const struct store_lockdown *lockdown);

#endif
