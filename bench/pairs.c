/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "bench/pairs.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "bench/tokens.h"
#include "common/clock.h"
#include "common/encoding.h"

void pairs_make(uint64_t number, char ret_public_key[CREDENTIAL_PUBLIC_KEY_SIZE + 1],
		uint8_t ret_private_key[CRYPTO_KEY_SIZE])
{
	uint64_t state = (number + 1) * UINT64_C(0xa0761d6478bd642f), high = tokens_random(&state),
		 low = tokens_random(&state);

	snprintf(ret_public_key, CREDENTIAL_PUBLIC_KEY_SIZE + 1, "%08x-%04x-4%03x-8%03x-%012" PRIx64,
		 (unsigned int)(high >> 32), (unsigned int)(high >> 16 & 0xffff), (unsigned int)(high & 0xfff),
		 (unsigned int)(low >> 52), low & UINT64_C(0xffffffffffff));
	for (size_t i = 0; i < CRYPTO_KEY_SIZE; i += sizeof(low)) {
		low = tokens_random(&state);
		memcpy(ret_private_key + i, &low, sizeof(low));
	}
}

void pairs_nonce(uint64_t *state, char ret_nonce[PAIRS_NONCE_SIZE + 1])
{
	for (size_t i = 0; i < PAIRS_NONCE_SIZE; i++)
		ret_nonce[i] = encoding_base62[tokens_random(state) % 62];
	ret_nonce[PAIRS_NONCE_SIZE] = '\0';
}

uint64_t pairs_begin(void)
{
	return (uint64_t)clock_wall_microseconds() * UINT64_C(0xe7037ed1a0b428db) + (uint64_t)getpid();
}

int pairs_sign(struct crypto_signer *signer, uint64_t number, uint64_t *state, char ret_token[PAIRS_TOKEN_MAX + 1])
{
	char public_key[CREDENTIAL_PUBLIC_KEY_SIZE + 1], nonce[PAIRS_NONCE_SIZE + 1], epoch[24];
	char signature[PAIR_SIGNATURE_SIZE + 1];
	uint8_t private_key[CRYPTO_KEY_SIZE];
	struct pair_fields fields;
	int r;

	pairs_make(number, public_key, private_key);
	pairs_nonce(state, nonce);
	snprintf(epoch, sizeof(epoch), "%" PRId64, clock_wall_seconds());
	fields = (struct pair_fields){ .public_key = { public_key, strlen(public_key) },
				       .nonce = { nonce, strlen(nonce) },
				       .epoch = { epoch, strlen(epoch) } };
	r = pair_sign(signer, private_key, &fields, signature);
	if (r == 0)
		snprintf(ret_token, PAIRS_TOKEN_MAX + 1, "%s:%s:%s:%s", public_key, nonce, epoch, signature);
	return r;
}
