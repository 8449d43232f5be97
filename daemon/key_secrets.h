/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The secrets of a key, oldest first, and what rotating does with them. Pure: a key and the time go in. One of them has
 * no end and is the current one; it is the last that was made, unless that one was taken back. Defends against a secret
 * that comes back: what is ended here is refused whatever the clock says, and no number is given twice.
 */
#ifndef APIKEYD_DAEMON_KEY_SECRETS_H
#define APIKEYD_DAEMON_KEY_SECRETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings.h"
#include "daemon/store.h"

/* A secret that is to end some time after the next one was first used ends after so many seconds in any case: one that
 * is never taken up must not keep it alive for good. */
#define KEY_SECRETS_WAIT_MAX SETTINGS_OVERLAP_MAX

/* How long the secret before stays good. All 0: it ends now. */
struct key_overlap {
	uint64_t seconds;   /* from now on */
	uint64_t after_use; /* or from the first use of the new one on */
};

/* The secret that has this number, which is never given to another one; NULL when it is gone. */
const struct store_secret *key_secrets_find(const struct store_key *key, uint32_t number);

/* Where the current secret stands; secret_count for a key without any. */
size_t key_secrets_current(const struct store_key *key);

/* The secret that a rotation replaced by the current one, good or not; NULL: there is none, or it is not kept. */
struct store_secret *key_secrets_before(struct store_key *key);

/* The number of the next secret; 0: there are no more numbers. */
uint32_t key_secrets_next_number(const struct store_key *key);

/* Refused from now on; of a pair, its bytes are gone. */
void key_secrets_end(struct store_secret *secret, int64_t now);

/*
 * Makes room for a new current secret, and says when the one before ends. What has ended is kept for as long as there
 * is room, so that logins with it are told from guesses. 0; -ENOSPC: as many are good as a key may have; -ERANGE: it
 * would end beyond all time. The key has a secret; where it fails, the key is of no use.
 */
int key_secrets_make_room(struct store_key *key, struct key_overlap overlap, int64_t now);

/* Takes the current secret back, which nobody has, and makes room for one in its place. The key has another that is
 * good. */
void key_secrets_replace(struct store_key *key, int64_t now);

/* The current secret ends, and the one before, which is good, has no end any more. */
void key_secrets_take_back(struct store_key *key, int64_t now);

/*
 * A secret was used for the first time: those before it that waited for that get their date, which is never later than
 * the one they had. A clock that is behind does not count: nobody was there before the secret was made. True when
 * anything changed.
 */
bool key_secrets_used(struct store_secret *secrets, size_t count, uint32_t number, int64_t time);

/* Whether one before that secret still waits for its first use. */
bool key_secrets_wait(const struct store_secret *secrets, size_t count, uint32_t number);

#endif
