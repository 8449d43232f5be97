/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/backup_seal.h"

#include <endian.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"

#define MAGIC "apikeyd-backup-1"
#define MAGIC_SIZE 16
#define HASHED_SIZE 64
#define SIGNED_SIZE (HASHED_SIZE + CRYPTO_HASH_SIZE)

static void put(uint8_t *at, uint64_t number)
{
	number = htobe64(number);
	memcpy(at, &number, sizeof(number));
}

static uint64_t take(const uint8_t *at)
{
	uint64_t number;

	memcpy(&number, at, sizeof(number));
	return be64toh(number);
}

static int sign(const uint8_t *bytes, const uint8_t *master, uint8_t *ret_mac)
{
	static const char purpose[] = "apikeyd backup seal 1";
	uint8_t key[CRYPTO_KEY_SIZE];
	struct crypto_mac *mac = NULL;
	int r = crypto_mac_new(master, &mac);

	if (r == 0)
		r = crypto_mac_compute(mac, purpose, sizeof(purpose), key);
	crypto_mac_free(mac);
	mac = NULL;
	if (r == 0)
		r = crypto_mac_new(key, &mac);
	if (r == 0)
		r = crypto_mac_compute(mac, bytes, SIGNED_SIZE, ret_mac);
	crypto_mac_free(mac);
	secret_wipe(key, sizeof(key));
	return r;
}

int backup_seal_make(const struct backup_seal *seal, struct crypto_hash *hash, const uint8_t master[CRYPTO_KEY_SIZE],
		     uint8_t ret_bytes[BACKUP_SEAL_SIZE])
{
	uint8_t bytes[BACKUP_SEAL_SIZE] = MAGIC;
	int r;

	put(bytes + MAGIC_SIZE, seal->size);
	put(bytes + MAGIC_SIZE + 8, (uint64_t)seal->time);
	put(bytes + MAGIC_SIZE + 16, seal->rev);
	memcpy(bytes + MAGIC_SIZE + 24, seal->version, sizeof(seal->version));
	r = crypto_hash_add(hash, bytes, HASHED_SIZE);
	if (r == 0)
		r = crypto_hash_read(hash, bytes + HASHED_SIZE);
	if (r == 0)
		r = sign(bytes, master, bytes + SIGNED_SIZE);
	if (r == 0)
		memcpy(ret_bytes, bytes, sizeof(bytes));
	return r;
}

int backup_seal_read(const uint8_t bytes[BACKUP_SEAL_SIZE], uint64_t size, struct crypto_hash *hash,
		     struct backup_seal *ret_seal)
{
	uint8_t digest[CRYPTO_HASH_SIZE];
	struct backup_seal seal;
	int r;

	if (memcmp(bytes, MAGIC, MAGIC_SIZE) != 0)
		return -EINVAL;
	r = crypto_hash_add(hash, bytes, HASHED_SIZE);
	if (r == 0)
		r = crypto_hash_read(hash, digest);
	if (r < 0)
		return r;
	seal.size = take(bytes + MAGIC_SIZE);
	seal.time = (int64_t)take(bytes + MAGIC_SIZE + 8);
	seal.rev = take(bytes + MAGIC_SIZE + 16);
	memcpy(seal.version, bytes + MAGIC_SIZE + 24, sizeof(seal.version));
	if (!secret_equal(digest, bytes + HASHED_SIZE, sizeof(digest)) || seal.size != size || seal.time < 0 ||
	    !memchr(seal.version, '\0', sizeof(seal.version)))
		return -EBADMSG;
	*ret_seal = seal;
	return 0;
}

int backup_seal_verify(const uint8_t bytes[BACKUP_SEAL_SIZE], const uint8_t master[CRYPTO_KEY_SIZE])
{
	uint8_t mac[CRYPTO_MAC_SIZE];
	int r = sign(bytes, master, mac);

	if (r < 0)
		return r;
	return secret_equal(mac, bytes + SIGNED_SIZE, sizeof(mac)) ? 0 : -EKEYREJECTED;
}
