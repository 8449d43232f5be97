/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * First and last use of secrets, kept in memory and handed to the writer in batches, so that a login costs no write.
 * Bounded: when the table is full, a note for a further secret is refused until it was taken. Safe for several threads.
 */
#ifndef APIKEYD_DAEMON_USES_H
#define APIKEYD_DAEMON_USES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/store.h"

struct uses;

/* capacity: secrets. 0, -ENOMEM. */
int uses_new(size_t capacity, struct uses **ret_uses);
/* Accepts NULL. */
void uses_free(struct uses *uses);

/* Notes one use; texts are copied, and cut to what struct store_use has room for. True when the table is at least half
 * full and should be taken soon. */
bool uses_note(struct uses *uses, const char *key_id, uint32_t secret, int64_t time, const char *service,
	       const char *source);

/* Moves all notes out (malloc'ed array, the caller frees) and empties the table. NULL and a count of 0 when there are
 * none, and when out of memory: they stay then. */
struct store_use *uses_take(struct uses *uses, size_t *ret_count);

/* Puts notes back that could not be written; merges with what came meanwhile. Those that find the table full are
 * dropped. */
void uses_return(struct uses *uses, const struct store_use *notes, size_t count);

/* Adds what is in memory for the secret that use names (key_id, secret) to what the store said. */
void uses_merge(struct uses *uses, struct store_use *use);

#endif
