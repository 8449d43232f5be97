/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the store keeps of a pair's private key: the key itself, sealed under the data key, because the verifier must
 * know it, and a digest, so that no two keys share one. Defends against whoever copies the database, and against sealed
 * bytes that somebody moves to another key or secret in it: those do not open.
 */
#ifndef APIKEYD_DAEMON_KEY_SEAL_H
#define APIKEYD_DAEMON_KEY_SEAL_H

#include <stdint.h>

#include "crypto/crypto.h"
#include "daemon/store.h"

#define PRIVATE_KEY_SIZE CRYPTO_KEY_SIZE /* bytes */

/*
 * Seals the private key of the key id's secret of that number, and opens it again. The associated data is the text
 * "key/<id>/private-key/<number>". 0; -EIO (libcrypto failed); opening also -EBADMSG: it was sealed for another key or
 * number, under another data key, or is damaged. The caller wipes what was opened.
 */
int private_key_seal(const uint8_t data_key[CRYPTO_KEY_SIZE], const char *id, uint32_t number,
		     const uint8_t private_key[PRIVATE_KEY_SIZE], uint8_t ret_sealed[STORE_SEALED_SIZE]);
int private_key_open(const uint8_t data_key[CRYPTO_KEY_SIZE], const char *id, uint32_t number,
		     const uint8_t sealed[STORE_SEALED_SIZE], uint8_t ret_private_key[PRIVATE_KEY_SIZE]);

/* HMAC(pepper, "pair:" and the bytes): no token, which begins otherwise, has this digest. 0 or -EIO. */
int private_key_digest(struct crypto_mac *pepper, const uint8_t private_key[PRIVATE_KEY_SIZE],
		       uint8_t ret_digest[STORE_DIGEST_SIZE]);

#endif
