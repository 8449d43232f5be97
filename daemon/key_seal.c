/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_seal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/secret.h"

#define DIGEST_PREFIX "pair:"

_Static_assert(STORE_SEALED_SIZE == PRIVATE_KEY_SIZE + CRYPTO_SEAL_OVERHEAD, "a sealed private key has its room");

struct associated {
	char text[sizeof("key//private-key/4294967295") + CREDENTIAL_KEY_ID_MAX];
};

static struct associated associate(const char *id, uint32_t number)
{
	struct associated associated;

	snprintf(associated.text, sizeof(associated.text), "key/%s/private-key/%" PRIu32, id, number);
	return associated;
}

int private_key_seal(const uint8_t data_key[CRYPTO_KEY_SIZE], const char *id, uint32_t number,
		     const uint8_t private_key[PRIVATE_KEY_SIZE], uint8_t ret_sealed[STORE_SEALED_SIZE])
{
	return crypto_seal(data_key, associate(id, number).text, private_key, PRIVATE_KEY_SIZE, ret_sealed);
}

int private_key_open(const uint8_t data_key[CRYPTO_KEY_SIZE], const char *id, uint32_t number,
		     const uint8_t sealed[STORE_SEALED_SIZE], uint8_t ret_private_key[PRIVATE_KEY_SIZE])
{
	return crypto_open(data_key, associate(id, number).text, sealed, STORE_SEALED_SIZE, ret_private_key);
}

int private_key_digest(struct crypto_mac *pepper, const uint8_t private_key[PRIVATE_KEY_SIZE],
		       uint8_t ret_digest[STORE_DIGEST_SIZE])
{
	uint8_t text[sizeof(DIGEST_PREFIX) - 1 + PRIVATE_KEY_SIZE];
	int r;

	memcpy(mempcpy(text, DIGEST_PREFIX, sizeof(DIGEST_PREFIX) - 1), private_key, PRIVATE_KEY_SIZE);
	r = crypto_mac_compute(pepper, text, sizeof(text), ret_digest);
	secret_wipe(text, sizeof(text));
	return r;
}
