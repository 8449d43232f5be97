/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/refusals.h"

#include <stdio.h>

#include "crypto/crypto.h"
#include "proto/credential.h"

static void random_text(char *ret_text, size_t size)
{
	if (crypto_random_base62(ret_text, size) < 0)
		fail("no random numbers");
}

void refusal_opaque(const char *id, char ret_text[PAIR_TOKEN_SIZE])
{
	char nobody[CREDENTIAL_ID_SIZE + 1], secret[CREDENTIAL_SECRET_SIZE + 1];

	random_text(nobody, CREDENTIAL_ID_SIZE);
	random_text(secret, CREDENTIAL_SECRET_SIZE);
	credential_write_opaque(false, id ? id : nobody, secret, ret_text);
}

void refusal_pair(const char *id, char ret_text[PAIR_TOKEN_SIZE])
{
	struct pair pair;
	unsigned char nobody[16];
	char nonce[23];

	if (crypto_random(pair.private_key, sizeof(pair.private_key)) < 0 || crypto_random(nobody, sizeof(nobody)) < 0)
		fail("no random numbers");
	random_text(nonce, sizeof(nonce) - 1);
	snprintf(pair.id, sizeof(pair.id), "%02x%02x%02x%02x-%02x%02x-4%x%02x-8%x%02x-%02x%02x%02x%02x%02x%02x",
		 nobody[0], nobody[1], nobody[2], nobody[3], nobody[4], nobody[5], nobody[6] & 15, nobody[7],
		 nobody[8] & 15, nobody[9], nobody[10], nobody[11], nobody[12], nobody[13], nobody[14], nobody[15]);
	if (id)
		snprintf(pair.id, sizeof(pair.id), "%s", id);
	pair_token(&pair, nonce, NULL, ret_text);
}
