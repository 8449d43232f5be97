/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Looks after the audit in a thread of its own, once a second, so that no disk stalls a login: keeps the key of the
 * chain sealed on disk, publishes the chain's head to the journal, and tries again what could not be written. What it
 * seals or publishes is never ahead of the files that are on the disk, or a power cut would look like a theft.
 *
 * The sealed key lags behind the running one by the second between two looks, and for as long as the state folder
 * cannot be written: who takes the host over can make the records of that time anew, and those that the same key is
 * for, CHAIN_EPOCH at most, but none before.
 */
#ifndef APIKEYD_DAEMON_AUDIT_KEEPER_H
#define APIKEYD_DAEMON_AUDIT_KEEPER_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/audit_key_text.h"
#include "daemon/daemon.h"

struct audit_keeper;

/* The daemon's audit, journal and vault keeper are there, and outlive it. 0, -ENOMEM. */
int audit_keeper_new(struct daemon *daemon, struct audit_keeper **ret_keeper);
/* Starts the thread. 0 or a negative errno. */
int audit_keeper_start(struct audit_keeper *keeper);
/* Ends the thread, where there is one. */
void audit_keeper_stop(struct audit_keeper *keeper);
/* Seals what is the latest, publishes the head, and frees. Accepts NULL. */
void audit_keeper_free(struct audit_keeper *keeper);

/* A store was opened, and nobody has it yet; data is the keeper: with the first one it takes or makes the key, so that
 * no record goes without a MAC. Later ones wait for nothing here. One thread at a time. */
struct vault;
void audit_keeper_vault_opened(void *data, const struct vault *vault);

/*
 * The first key of the chain, as crypto/audit_key_text.h has it, for whom it is to be shown: it is erased here before
 * this returns. anew: of a new chain, which begins with that. 0; -ENOENT: it was handed out already; -EAGAIN: there is
 * no key yet; or another negative errno, and nothing has changed. The caller wipes the
 * text. Waits for disks: for no thread that serves others.
 */
int audit_keeper_take_first(struct audit_keeper *keeper, bool anew, char ret_text[AUDIT_KEY_TEXT_SIZE]);

struct audit_keeper_health {
	bool sealed;          /* there is a key, and it is on disk */
	bool has_first;       /* the first key was not handed out yet */
	uint64_t first_seq;   /* the chain's first record */
	uint64_t sealed_from; /* the records before this one can be made anew by nobody who takes the host over */
	int64_t sealed_at;    /* seconds since 1970 UTC; 0: not since the start */
	uint64_t published;   /* seq of the head that was published last; 0: none since the start */
	char fault[256];      /* a sentence where the key cannot be sealed; "" */
};
/* Waits for no disk: what is shown may be from before the one that the keeper waits for, and fault says so where that
 * takes long. */
void audit_keeper_health(struct audit_keeper *keeper, struct audit_keeper_health *ret_health);

#endif
