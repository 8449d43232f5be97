/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A key as a row: which column holds which member, and the secrets of a key packed into one blob.
 */
#ifndef APIKEYD_DAEMON_STORE_ROW_H
#define APIKEYD_DAEMON_STORE_ROW_H

#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "daemon/store.h"

/* The columns in the order of store_row_bind() and store_row_read(); the first is parameter 1 and column 0. */
#define STORE_ROW_COLUMNS "id, " STORE_ROW_VALUES
#define STORE_ROW_VALUES                                                                                               \
	"state, kind, test, not_before, expires, secrets, owner, tenant, account, users, permissions, roles, "         \
	"sources, name, owner_uid, created, created_by, state_reason, labels, exclusive, max_uses, "                   \
	"state_since, client_side"
#define STORE_ROW_VALUE_PARAMETERS                                                                                     \
	"?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, "       \
	"?24"
#define STORE_ROW_COLUMN_COUNT 24

/*
 * Packed secrets: a version byte (1 or 2), then each secret, oldest first: number, form (one byte), pepper, created,
 * retires; in version 2, after_use and flags (one byte); digest, and for a pair the sealed private key. Numbers and
 * times are varints: 7 bits a byte, least significant first, the top bit set on all but the last, in their shortest
 * form. Version 2 is for keys of which a secret has one of the two; others stay as they are.
 */
#define STORE_SECRETS_VERSION 2
#define STORE_SECRETS_PACKED_MAX                                                                                       \
	(1 + STORE_SECRETS_MAX * (5 + 1 + 5 + 10 + 10 + 5 + 1 + STORE_DIGEST_SIZE + STORE_SEALED_SIZE))

/* 0, or -EINVAL: too many, or their numbers do not ascend from 1 up. ret_packed has room for STORE_SECRETS_PACKED_MAX.
 */
int store_secrets_pack(const struct store_secret *secrets, size_t count, uint8_t *ret_packed, size_t *ret_size);

/* 0, or -EBADMSG for anything that packing would not have written. ret_secrets has room for STORE_SECRETS_MAX. */
int store_secrets_unpack(const uint8_t *packed, size_t size, struct store_secret *ret_secrets, size_t *ret_count);

/*
 * Binds a key to the parameters 1 to STORE_ROW_COLUMN_COUNT. packed, with room for STORE_SECRETS_PACKED_MAX, and the
 * key must live until the statement is reset. 0, -EINVAL (a key that could not be read again), -ENOMEM.
 */
int store_row_bind(sqlite3_stmt *statement, const struct store_key *key, uint8_t *packed);

/* Reads the row a statement stands on into *ret_key, texts into its text[]. 0, -EBADMSG (no row of ours), -ENOMEM. */
int store_row_read(sqlite3_stmt *statement, struct store_key *ret_key);

#endif
