/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests that made a key and may be repeated, in the store: by who asked and the text they gave for it. Errors are
 * those of daemon/store.h.
 */
#ifndef APIKEYD_DAEMON_STORE_REPEAT_H
#define APIKEYD_DAEMON_STORE_REPEAT_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"

struct store_repeat {
	char key[CREDENTIAL_KEY_ID_MAX + 1]; /* that was made */
	uint32_t secret;                     /* the number of the one that was handed out last */
	uint8_t digest[STORE_DIGEST_SIZE];   /* of what was asked for, without the times */
	int64_t not_before, expires;         /* as they were asked for */
	int64_t created;
};

/* -ENOENT: there is none. */
int store_find_repeat(struct store_reader *reader, const char *who, const char *name, struct store_repeat *ret_repeat);
/* Replaces one of the same name. */
int store_save_repeat(struct store *store, const char *who, const char *name, const struct store_repeat *repeat);
/* Forgets those that were made before a time, the oldest first, so many at most. */
int store_purge_repeats(struct store *store, int64_t before, size_t most);
/* Forgets all. */
int store_drop_repeats(struct store *store);

#endif
