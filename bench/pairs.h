/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Key pairs for measuring, made again from their number, and HMAC tokens of them: fill-once stores the pairs, the
 * others sign with them. Not random, not secret.
 */
#ifndef APIKEYD_BENCH_PAIRS_H
#define APIKEYD_BENCH_PAIRS_H

#include <stdint.h>

#include "crypto/pair_signature.h"
#include "proto/credential.h"

#define PAIRS_NONCE_SIZE 22
#define PAIRS_TOKEN_MAX 160

void pairs_make(uint64_t number, char ret_public_key[CREDENTIAL_PUBLIC_KEY_SIZE + 1],
		uint8_t ret_private_key[CRYPTO_KEY_SIZE]);

/* As long as a random one of 128 bits is. */
void pairs_nonce(uint64_t *state, char ret_nonce[PAIRS_NONCE_SIZE + 1]);

/* Where a sequence of nonces begins that no run before has had. */
uint64_t pairs_begin(void);

/* A token that is good now. 0 or -EIO. */
int pairs_sign(struct crypto_signer *signer, uint64_t number, uint64_t *state, char ret_token[PAIRS_TOKEN_MAX + 1]);

#endif
