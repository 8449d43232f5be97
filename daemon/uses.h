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

/* Moves all notes out, sorted by key, and empties the table. How many. Called by one thread, which has written or
 * returned those it took before. */
size_t uses_take(struct uses *uses);

/* One of those taken. */
void uses_taken(const struct uses *uses, size_t index, struct store_use *ret_use);

/* The first so many of those taken are in the store. */
void uses_written(struct uses *uses, size_t count);

/* Puts those taken and not written back; merges with what came meanwhile. Those that find the table full are
 * dropped. */
void uses_return(struct uses *uses);

/* Adds what is in memory for the secret that use names (key_id, secret) to what the store said; of what was taken last,
 * what the store had not got when it said so. May wait for uses_take(). */
void uses_merge(struct uses *uses, struct store_use *use);

#endif
