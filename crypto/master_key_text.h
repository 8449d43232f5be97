/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A master key sealed by a passphrase, as a text that can be printed, kept in a safe and typed in again. It says in its
 * first line what it is, and holds all that is needed but the passphrase: the parameters of scrypt, the salt, and the
 * key under AES-256-GCM with the lines before it as associated data.
 *
 *     # The master key of apikeyd, sealed by a passphrase. "apikeyctl master-key import" takes it in.
 *     format: 1
 *     stretch: scrypt 131072 8 1
 *     salt: 32 hex digits
 *     sealed: 120 hex digits
 *     check: 16 hex digits, the beginning of the SHA-256 of all lines above
 *
 * Reading is strict and pure. The check tells a mistyped line from a wrong passphrase.
 */
#ifndef APIKEYD_CRYPTO_MASTER_KEY_TEXT_H
#define APIKEYD_CRYPTO_MASTER_KEY_TEXT_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

/* The longest text, with its NUL. */
#define MASTER_KEY_TEXT_SIZE 1024
#define MASTER_KEY_PASSPHRASE_MIN 12 /* bytes */

struct master_key_text {
	struct crypto_stretch stretch;
	uint8_t sealed[CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD];
};

/* Seals. n is the cost of scrypt, a power of two; 0: the usual. 0, or -EIO. */
int master_key_text_seal(const uint8_t master[CRYPTO_KEY_SIZE], const char *passphrase, size_t passphrase_size,
			 uint64_t n, char ret_text[MASTER_KEY_TEXT_SIZE]);

/* Reads the text. 0; -EINVAL: this is none; -EBADMSG: a line was changed or cut; -ERANGE: parameters no apikeyd would
 * write, which are not tried. */
int master_key_text_read(const char *given, size_t size, struct master_key_text *ret_sealed);

/* Opens. 0; -EBADMSG: the passphrase is wrong; -EIO. */
int master_key_text_open(const struct master_key_text *sealed, const char *passphrase, size_t passphrase_size,
			 uint8_t ret_master[CRYPTO_KEY_SIZE]);

#endif
