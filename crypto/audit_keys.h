/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The first keys of chains, as somebody kept them, for who holds the records of the audit against them
 * (crypto/audit_verify.h). Each is taken forward to the epoch of the record that is looked at.
 */
#ifndef APIKEYD_CRYPTO_AUDIT_KEYS_H
#define APIKEYD_CRYPTO_AUDIT_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/audit_chain.h"

struct audit_key {
	struct chain_key first, now;
	uint64_t seq; /* the number its chain begins with */
	char id[CHAIN_ID_SIZE + 1];
	struct crypto_mac *mac; /* keyed for mac_epoch; NULL: none yet */
	uint64_t mac_epoch;
};

/* Zeroed, it is empty. What points into it is good until one is added. */
struct audit_keys {
	struct audit_key *items;
	size_t count;
};

/* 0, -ENOMEM, -EIO. */
int audit_keys_add(struct audit_keys *keys, const struct chain_key *first, uint64_t seq);
void audit_keys_done(struct audit_keys *keys); /* wipes */

/* The key of the last chain that began with this record or before it; NULL: there is none. */
struct audit_key *audit_keys_before(const struct audit_keys *keys, uint64_t seq);
/* NULL: there is none. */
struct audit_key *audit_keys_named(const struct audit_keys *keys, const char *id);

/* 1: the record carries its MAC; 0: it does not; -EIO, -ENOMEM. */
int audit_key_check(struct audit_key *key, const struct chain_links *links);

#endif
