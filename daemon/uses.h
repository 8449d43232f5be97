/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * First and last use of secrets, kept in memory and handed to the writer in batches, so that a login costs no write.
 * Bounded: when the table is full, a note for a further secret is refused until it was taken. Safe for several threads.
 */
#ifndef APIKEYD_DAEMON_USES_H
#define APIKEYD_DAEMON_USES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"

struct uses;

int uses_new(size_t capacity, struct uses **ret_uses);
void uses_free(struct uses *uses);

/* Notes one use. True when the table is at least half full and should be taken soon. */
bool uses_note(struct uses *uses, const char *key_id, uint32_t secret, int64_t time, const char *service,
	       const char *source);

/* Moves all notes out (malloc'ed array, the caller frees; NULL when there are none) and empties the table. */
struct store_use *uses_take(struct uses *uses, size_t *ret_count);

/* Puts notes back that could not be written; merges with what came meanwhile. */
void uses_return(struct uses *uses, const struct store_use *notes, size_t count);

/* Adds what is in memory for a secret to what the store said. */
void uses_merge(struct uses *uses, struct store_use *use);

#endif
