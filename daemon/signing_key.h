/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys that sign access tokens. The newest one signs; those before it are good for as long as a token may live that
 * they signed, and are then forgotten. Each is sealed under the data key, under associated data that names its version,
 * so that one that is moved in the database does not open, and a rotation of the master key leaves them alone.
 *
 * They are read anew for each token: one that was ended is never asked again, in no thread.
 */
#ifndef APIKEYD_DAEMON_SIGNING_KEY_H
#define APIKEYD_DAEMON_SIGNING_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/token_signature.h"
#include "daemon/store_token.h"

#define SIGNING_KEY_SECONDS (INT64_C(30) * 86400) /* then the next one is made */
#define SIGNING_KEYS_MAX 8                        /* good at a time */
#define ACCESS_LIFETIME_MAX INT64_C(86400)        /* of an access token, whatever a tenant says; seconds */

/* What to say to -EKEYREJECTED. */
#define SIGNING_KEY_DAMAGED                                                                                            \
	"a key that signs access tokens does not open; 'apikeyctl token rotate-key --now' replaces it, and ends all "  \
	"access tokens"

/*
 * Whether mac is the MAC of the size bytes of signed text under one of the keys that are good at the time now. All of
 * them are tried, in any case. 0; -EBADMSG: it is not; -EKEYREJECTED: a sealed key does not open, and no other one
 * fits; -EIO (libcrypto failed), or what the store answers.
 */
int signing_key_check(struct store_reader *reader, const uint8_t data_key[CRYPTO_KEY_SIZE], int64_t now,
		      const char *signed_text, size_t size, const uint8_t mac[CRYPTO_MAC_SIZE]);

/* The token of a payload under the newest key, as token_sign(). -ENOENT: there is none; -EKEYREJECTED. */
int signing_key_sign(struct store_reader *reader, const uint8_t data_key[CRYPTO_KEY_SIZE], const void *payload,
		     size_t size, char ret_token[TOKEN_SIZE_MAX + 1]);

/*
 * Makes the next key, inside an open write transaction. at_once: those before it are worth nothing from now on, and
 * neither is what they signed. -EBUSY: as many as can be are good still, and it was not said.
 */
int signing_key_renew(struct store *store, const uint8_t data_key[CRYPTO_KEY_SIZE], int64_t now, bool at_once,
		      uint32_t *ret_version);

/* Whether there is something to do for signing_key_settle(). 1, 0, or a negative errno. */
int signing_key_is_due(struct store_reader *reader, int64_t now);

/*
 * Inside an open write transaction: makes a key where there is none or the newest is old enough, and removes those that
 * are good no more. *ret_version is that of a key that was made, else 0.
 */
int signing_key_settle(struct store *store, const uint8_t data_key[CRYPTO_KEY_SIZE], int64_t now,
		       uint32_t *ret_version);

#endif
