/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys sealed in the database. Each is sealed under its purpose and version, so that a row that is swapped for
 * another one in the database does not open. crypto/master_key.c has the master key file.
 */
#include "daemon/keyring.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/secret.h"

#define SEALED_SIZE (CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD)
#define FIRST_VERSION 1

static const struct sealed_key {
	const char *purpose;
	size_t offset; /* in struct keyring */
	bool signs;    /* made anew after a restore */
} sealed_keys[] = {
	{ "pepper", offsetof(struct keyring, pepper), false },
	{ "data", offsetof(struct keyring, data), false },
	{ "audit", offsetof(struct keyring, audit), true },
	{ "handle", offsetof(struct keyring, handle), true },
};

struct associated {
	char text[64];
};

static struct associated associate(const char *purpose, uint32_t version)
{
	struct associated associated;

	snprintf(associated.text, sizeof(associated.text), "sealed/%s/%u", purpose, (unsigned int)version);
	return associated;
}

static int make_key(struct store *store, const uint8_t *master, const char *purpose, uint32_t version)
{
	struct associated associated = associate(purpose, version);
	uint8_t key[CRYPTO_KEY_SIZE], sealed[SEALED_SIZE];
	int r = crypto_random(key, sizeof(key));

	if (r == 0)
		r = crypto_seal(master, associated.text, key, sizeof(key), sealed);
	if (r == 0)
		r = store_save_sealed(store, purpose, version, sealed, sizeof(sealed));
	secret_wipe(key, sizeof(key));
	return r;
}

int keyring_create(struct store *store, const uint8_t master[CRYPTO_KEY_SIZE])
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sealed_keys); i++)
		r = make_key(store, master, sealed_keys[i].purpose, FIRST_VERSION);
	return r;
}

int keyring_renew(struct store *store, struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE])
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(sealed_keys); i++) {
		uint8_t sealed[SEALED_SIZE];
		size_t size = sizeof(sealed);
		uint32_t version = 0;

		if (!sealed_keys[i].signs)
			continue;
		r = store_load_sealed(reader, sealed_keys[i].purpose, &version, sealed, &size);
		if (r == -ENOENT)
			r = 0;
		if (r == 0 && version == UINT32_MAX)
			r = -EOVERFLOW;
		if (r == 0)
			r = make_key(store, master, sealed_keys[i].purpose, version + 1);
	}
	return r;
}

static int load_key(struct store_reader *reader, const uint8_t *master, const char *purpose, uint8_t *key,
		    uint32_t *ret_version, char *fault, size_t fault_size)
{
	uint8_t sealed[SEALED_SIZE];
	size_t size = sizeof(sealed);
	uint32_t version = 0;
	int r = store_load_sealed(reader, purpose, &version, sealed, &size);

	if (r == -ENOENT) {
		snprintf(fault, fault_size,
			 "the database has no %s key: it was not made by apikeyd --init, or is damaged; restore a "
			 "backup",
			 purpose);
		return r;
	}
	if (r == -EMSGSIZE || (r == 0 && size != sizeof(sealed))) {
		snprintf(fault, fault_size, "the sealed %s key in the database is damaged; restore a backup", purpose);
		return -EBADMSG;
	}
	if (r < 0) {
		snprintf(fault, fault_size, "the %s key cannot be read from the database: %s", purpose, strerror(-r));
		return r;
	}
	r = crypto_open(master, associate(purpose, version).text, sealed, sizeof(sealed), key);
	if (r == -EBADMSG)
		snprintf(fault, fault_size,
			 "the master key does not open this database's %s key: it belongs to another database; put the "
			 "key back that this one was made with, or restore a backup made under this key",
			 purpose);
	else if (r < 0)
		snprintf(fault, fault_size, "the %s key cannot be opened: libcrypto failed", purpose);
	if (r == 0)
		*ret_version = version;
	return r;
}

int keyring_load(struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE], struct keyring *ret_keyring,
		 char *ret_fault, size_t fault_size)
{
	CLEANUP(keyring_done) struct keyring keyring = { 0 };

	for (size_t i = 0; i < ARRAY_SIZE(sealed_keys); i++) {
		uint8_t *key = (uint8_t *)&keyring + sealed_keys[i].offset;
		uint32_t version = 0;
		int r = load_key(reader, master, sealed_keys[i].purpose, key, &version, ret_fault, fault_size);

		/* A store from before there was a key of its own for handles: they are signed as they were then. */
		if (r == -ENOENT && key == keyring.handle) {
			memcpy(key, keyring.pepper, CRYPTO_KEY_SIZE);
			r = 0;
		}
		if (r < 0)
			return r;
		if (key == keyring.pepper)
			keyring.pepper_version = version;
	}
	*ret_keyring = keyring;
	return 0;
}

void keyring_done(struct keyring *keyring)
{
	secret_wipe(keyring, sizeof(*keyring));
}
