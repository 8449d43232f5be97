/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * All of libcrypto that apikeyd and apikeyctl use, behind these few calls. Functions return 0 or -EIO (libcrypto
 * failed) unless they say otherwise. Nothing is shared between two calls but a struct crypto_mac or crypto_signer,
 * which belongs to one thread.
 */
#ifndef APIKEYD_CRYPTO_CRYPTO_H
#define APIKEYD_CRYPTO_CRYPTO_H

#include <stddef.h>
#include <stdint.h>

#define CRYPTO_KEY_SIZE 32
#define CRYPTO_MAC_SIZE 32
#define CRYPTO_HASH_SIZE 32
#define CRYPTO_SALT_SIZE 16
#define CRYPTO_SEAL_OVERHEAD (12 + 16) /* nonce before, tag behind */

/* Random bytes for secrets, from the CSPRNG. */
int crypto_random(void *ret_bytes, size_t size);

/* size random characters of the base62 alphabet, without modulo bias, and a NUL. */
int crypto_random_base62(char *ret_text, size_t size);

/*
 * HMAC-SHA-256 under one key, made ready once and used for many texts by one thread: the algorithm is fetched and the
 * key taken in (no pointer to it is kept) when it is made. crypto_mac_new() also fails with -ENOMEM.
 */
struct crypto_mac;
int crypto_mac_new(const uint8_t key[CRYPTO_KEY_SIZE], struct crypto_mac **ret_mac);
void crypto_mac_free(struct crypto_mac *mac); /* wipes the key; accepts NULL */
int crypto_mac_compute(struct crypto_mac *mac, const void *data, size_t size, uint8_t ret_digest[CRYPTO_MAC_SIZE]);

/*
 * HMAC-SHA-256 where each text has a key of its own: the algorithm is fetched when the signer is made, so that a text
 * costs its hashing alone. The key, of 1 byte or more, is forgotten before crypto_signer_compute() returns.
 * crypto_signer_new() also fails with -ENOMEM.
 */
struct crypto_signer;
int crypto_signer_new(struct crypto_signer **ret_signer);
void crypto_signer_free(struct crypto_signer *signer); /* accepts NULL */
int crypto_signer_compute(struct crypto_signer *signer, const void *key, size_t key_size, const void *data, size_t size,
			  uint8_t ret_digest[CRYPTO_MAC_SIZE]);

/*
 * AES-256-GCM under a fresh random nonce, with associated data (table, id, purpose) that must be the same when it is
 * opened. The sealed bytes are size + CRYPTO_SEAL_OVERHEAD long: nonce, ciphertext, tag. Opening: -EBADMSG when key,
 * associated data or bytes are not the ones it was sealed with. Input and output do not overlap; on failure the output
 * is wiped.
 */
int crypto_seal(const uint8_t key[CRYPTO_KEY_SIZE], const char *associated, const void *plain, size_t size,
		void *ret_sealed);
int crypto_open(const uint8_t key[CRYPTO_KEY_SIZE], const char *associated, const void *sealed, size_t sealed_size,
		void *ret_plain);

/* SHA-256 of size bytes; data may be NULL where there are none. Also -ENOMEM. */
int crypto_sha256(const void *data, size_t size, uint8_t ret_digest[CRYPTO_HASH_SIZE]);

/* SHA-256 of what comes in parts. crypto_hash_new() also fails with -ENOMEM. A hash that is read is at its end. */
struct crypto_hash;
int crypto_hash_new(struct crypto_hash **ret_hash);
void crypto_hash_free(struct crypto_hash *hash); /* accepts NULL */
int crypto_hash_add(struct crypto_hash *hash, const void *data, size_t size);
int crypto_hash_read(struct crypto_hash *hash, uint8_t ret_digest[CRYPTO_HASH_SIZE]);
/* Starts it again, and digests one text: for many of them without fetching the algorithm each time. */
int crypto_hash_compute(struct crypto_hash *hash, const void *data, size_t size, uint8_t ret_digest[CRYPTO_HASH_SIZE]);

/* What a passphrase is stretched with: scrypt, N, r and p of RFC 7914. It takes 128 * n * r bytes of memory. */
struct crypto_stretch {
	uint64_t n;
	uint32_t r, p;
	uint8_t salt[CRYPTO_SALT_SIZE];
};

/* Derives a key from a passphrase. 0, or -EIO, also when the parameters are none or too little memory is there. */
int crypto_stretch(const struct crypto_stretch *parameters, const char *passphrase, size_t size,
		   uint8_t ret_key[CRYPTO_KEY_SIZE]);

#endif
