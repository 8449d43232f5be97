/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the store keeps for access tokens: the keys that sign them, sealed. Which tokens were used is in daemon/store.h,
 * beside the nonces; what a tenant says about them in daemon/store_tenant.h.
 */
#ifndef APIKEYD_DAEMON_STORE_TOKEN_H
#define APIKEYD_DAEMON_STORE_TOKEN_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/store.h"

#define STORE_SIGNING_SIZE 60 /* a key of 32 bytes, its nonce and its tag */

struct store_signing_key {
	uint32_t version; /* 1, 2, …: the greatest signs */
	int64_t created;
	uint8_t sealed[STORE_SIGNING_SIZE];
};

/* Return true to go on, false to stop. */
typedef bool (*store_signing_visitor)(void *data, const struct store_signing_key *key);
/* Visits them, the newest first. 0 or a negative errno. */
int store_list_signing_keys(struct store_reader *reader, store_signing_visitor visitor, void *data);

/* -EEXIST: the version is there. */
int store_insert_signing_key(struct store *store, const struct store_signing_key *key);
/* Removes all up to a version. */
int store_drop_signing_keys(struct store *store, uint32_t version);

#endif
