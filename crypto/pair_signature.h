/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The signature of a key pair's HMAC token:
 *
 *     body hash   "" for an empty body, else base64(SHA-256(body))
 *     signed      publicKey ":" nonce ":" epoch ":" body hash
 *     signature   base64(HMAC-SHA-256(the 32 bytes that the private key's base64 stands for, signed))
 *
 * Defends against a private key that is used as text, against a second text for the same signature, against fields that
 * can be cut in two ways, and against guessing a signature by time. What the fields may hold beyond that, and whether
 * the nonce is new and the epoch near, is for others to judge.
 */
#ifndef APIKEYD_CRYPTO_PAIR_SIGNATURE_H
#define APIKEYD_CRYPTO_PAIR_SIGNATURE_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

#define PAIR_PRIVATE_KEY_TEXT_SIZE 44 /* characters of base64: 32 bytes */
#define PAIR_BODY_HASH_SIZE 44
#define PAIR_SIGNATURE_SIZE 44
#define PAIR_SIGNED_MAX 256 /* bytes of what is signed */

/* One field as it stands in the token; it needs no NUL behind it. */
struct pair_field {
	const char *text;
	size_t size;
};

/* What is signed. body_hash may be empty, the others not, and none holds a colon. */
struct pair_fields {
	struct pair_field public_key, nonce, epoch, body_hash;
};

/* Reads a private key. 0; -EINVAL when text is not the canonical base64 of exactly 32 bytes. */
int pair_read_private_key(const char *text, size_t size, uint8_t ret_key[CRYPTO_KEY_SIZE]);

/* The body hash and a NUL; body may be NULL where size is 0. 0, -ENOMEM, -EIO (libcrypto failed). */
int pair_hash_body(const void *body, size_t size, char ret_hash[PAIR_BODY_HASH_SIZE + 1]);

/* The same of all that can be read from a descriptor, a part at a time; also what read(2) fails with. */
int pair_hash_descriptor(int fd, char ret_hash[PAIR_BODY_HASH_SIZE + 1]);

/* The signature and a NUL. 0; -EINVAL for fields that are not as above, or too long; -EIO. */
int pair_sign(struct crypto_signer *signer, const uint8_t key[CRYPTO_KEY_SIZE], const struct pair_fields *fields,
	      char ret_signature[PAIR_SIGNATURE_SIZE + 1]);

/* Whether the signature is the one pair_sign() makes, in a time that does not tell how much of it is right. 0; -EBADMSG
 * when it is not; -EINVAL, -EIO as pair_sign(). */
int pair_verify(struct crypto_signer *signer, const uint8_t key[CRYPTO_KEY_SIZE], const struct pair_fields *fields,
		const char *signature, size_t size);

#endif
