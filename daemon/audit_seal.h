/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The key of the audit's chain on disk: a small file in the state folder, AUDIT_SEAL_FILE, sealed under the data key of
 * the store. It is no part of the store, so that no backup holds a key from which what came after could be made. It is
 * written over in place, in two copies, one after the other: a crash leaves one of them whole, and an older key stays
 * in neither. What lags behind is taken forward from the end of the audit file.
 */
#ifndef APIKEYD_DAEMON_AUDIT_SEAL_H
#define APIKEYD_DAEMON_AUDIT_SEAL_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/audit_chain.h"

#define AUDIT_SEAL_FILE "audit-chain"

struct audit_seal {
	uint64_t count; /* how often it was written */
	struct chain_key key;
	char id[CHAIN_ID_SIZE + 1];
	uint64_t first_seq;            /* the chain's first record has this number, or one behind it */
	uint64_t seq;                  /* of the last record, when this was written */
	uint8_t prev[CHAIN_HASH_SIZE]; /* of the record behind it */
	bool has_first;                /* the first key was not handed out yet: */
	struct chain_key first;
};

/* Wipes. */
void audit_seal_done(struct audit_seal *seal);

/* 0; -ENOENT: there is none; -EBADMSG: it is damaged, or sealed under another key; or another negative errno. The
 * caller ends ret_seal with audit_seal_done(). */
int audit_seal_load(const char *folder, const uint8_t data[CRYPTO_KEY_SIZE], struct audit_seal *ret_seal);

/* On disk when this returns. Counts up count. 0 or a negative errno; the copy before may then still be there. */
int audit_seal_save(const char *folder, const uint8_t data[CRYPTO_KEY_SIZE], struct audit_seal *seal);

#endif
