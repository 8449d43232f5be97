/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The end of the chain that the running daemon writes on (crypto/audit_chain.h): the key, and the prev of the next
 * record. Without a key, while the key store that seals it is not open, records get their prev alone. Belongs to who
 * holds the lock of the audit.
 */
#ifndef APIKEYD_DAEMON_AUDIT_CHAIN_H
#define APIKEYD_DAEMON_AUDIT_CHAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "crypto/audit_chain.h"

struct audit_chain {
	struct crypto_hash *hash;
	struct crypto_mac *mac; /* keyed for mac_epoch; NULL: not yet */
	uint64_t mac_epoch;
	bool keyed;
	struct chain_key key;
	char id[CHAIN_ID_SIZE + 1];
	uint8_t prev[CHAIN_HASH_SIZE]; /* of the next record */
};

/* 0, -ENOMEM, -EIO. */
int audit_chain_init(struct audit_chain *chain);
/* Wipes; accepts one that is zeroed. */
void audit_chain_done(struct audit_chain *chain);

/* Takes another key, or with NULL none. */
void audit_chain_set_key(struct audit_chain *chain, const struct chain_key *key, const char *id);

/* Makes a record, whose seq and digest are given, the next one: fills in the rest. 0; -ERANGE: the number is too far
 * ahead of the key; -EIO, -ENOMEM. */
int audit_chain_link(struct audit_chain *chain, struct chain_links *links);

/* Whether a record carries the MAC of this key. 1, 0; -ERANGE: the key is a later one; -EIO, -ENOMEM. */
int audit_chain_check(struct audit_chain *chain, const struct chain_links *links);

/* Where the chain was, for when a write fails. The mark is wiped by either. */
struct audit_chain_mark {
	struct chain_key key;
	uint8_t prev[CHAIN_HASH_SIZE];
};
void audit_chain_mark(const struct audit_chain *chain, struct audit_chain_mark *ret_mark);
void audit_chain_back(struct audit_chain *chain, struct audit_chain_mark *mark);
void audit_chain_forget(struct audit_chain_mark *mark);

#endif
