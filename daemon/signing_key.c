/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/signing_key.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>

#include "common/secret.h"

_Static_assert(STORE_SIGNING_SIZE == CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD, "a sealed key has its room");

struct associated {
	char text[sizeof("signing-key/4294967295")];
};

static struct associated associate(uint32_t version)
{
	struct associated associated;

	snprintf(associated.text, sizeof(associated.text), "signing-key/%" PRIu32, version);
	return associated;
}

/* The newest ones; behind the first that is good no more there is none that is. */
struct signing_keys {
	size_t count, good;
	int64_t now;
	struct store_signing_key keys[SIGNING_KEYS_MAX + 1];
};

static bool take_key(void *data, const struct store_signing_key *key)
{
	struct signing_keys *keys = data;
	/* When the key behind it was made, it signed no more. */
	bool good = keys->count == 0 || (keys->good == keys->count &&
					 keys->now < keys->keys[keys->count - 1].created + ACCESS_LIFETIME_MAX);

	keys->keys[keys->count++] = *key;
	if (good && keys->good < SIGNING_KEYS_MAX)
		keys->good++;
	return keys->count <= SIGNING_KEYS_MAX;
}

static int read_keys(struct store_reader *reader, int64_t now, struct signing_keys *ret_keys)
{
	ret_keys->count = ret_keys->good = 0;
	ret_keys->now = now;
	return store_list_signing_keys(reader, take_key, ret_keys);
}

/* The MAC under one key, made ready. 0; -EKEYREJECTED: it does not open; -EIO; -ENOMEM. */
static int open_key(const struct store_signing_key *key, const uint8_t *data_key, struct crypto_mac **ret_mac)
{
	uint8_t plain[CRYPTO_KEY_SIZE];
	int r = crypto_open(data_key, associate(key->version).text, key->sealed, sizeof(key->sealed), plain);

	if (r == 0)
		r = crypto_mac_new(plain, ret_mac);
	secret_wipe(plain, sizeof(plain));
	return r == -EBADMSG ? -EKEYREJECTED : r;
}

int signing_key_check(struct store_reader *reader, const uint8_t data_key[CRYPTO_KEY_SIZE], int64_t now,
		      const char *signed_text, size_t size, const uint8_t mac[CRYPTO_MAC_SIZE])
{
	struct signing_keys keys;
	bool found = false;
	int failed = -EBADMSG, r = read_keys(reader, now, &keys);

	if (r < 0)
		return r;
	for (size_t i = 0; i < keys.good; i++) {
		struct crypto_mac *key = NULL;

		r = open_key(&keys.keys[i], data_key, &key);
		if (r == 0)
			r = token_verify(key, signed_text, size, mac);
		crypto_mac_free(key);
		if (r == 0)
			found = true;
		else if (r != -EBADMSG)
			failed = r;
	}
	return found ? 0 : failed;
}

int signing_key_sign(struct store_reader *reader, const uint8_t data_key[CRYPTO_KEY_SIZE], const void *payload,
		     size_t size, char ret_token[TOKEN_SIZE_MAX + 1])
{
	struct crypto_mac *key = NULL;
	struct signing_keys keys;
	int r = read_keys(reader, 0, &keys);

	if (r == 0 && keys.count == 0)
		r = -ENOENT;
	if (r == 0)
		r = open_key(&keys.keys[0], data_key, &key);
	if (r == 0)
		r = token_sign(key, payload, size, ret_token);
	crypto_mac_free(key);
	return r;
}

static int make_key(struct store *store, const uint8_t *data_key, uint32_t version, int64_t now)
{
	struct store_signing_key key = { .version = version, .created = now };
	uint8_t plain[CRYPTO_KEY_SIZE];
	int r = crypto_random(plain, sizeof(plain));

	if (r == 0)
		r = crypto_seal(data_key, associate(version).text, plain, sizeof(plain), key.sealed);
	secret_wipe(plain, sizeof(plain));
	return r < 0 ? r : store_insert_signing_key(store, &key);
}

int signing_key_renew(struct store *store, const uint8_t data_key[CRYPTO_KEY_SIZE], int64_t now, bool at_once,
		      uint32_t *ret_version)
{
	struct signing_keys keys;
	uint32_t version;
	int r = read_keys(store_writer(store), now, &keys);

	if (r < 0)
		return r;
	if (!at_once && keys.good == SIGNING_KEYS_MAX)
		return -EBUSY;
	version = keys.count > 0 ? keys.keys[0].version : 0;
	if (version == UINT32_MAX)
		return -EOVERFLOW;
	if (at_once)
		r = store_drop_signing_keys(store, version);
	if (r == 0)
		r = make_key(store, data_key, version + 1, now);
	if (r == 0)
		*ret_version = version + 1;
	return r;
}

/* One from the future was made while the clock was wrong. */
static bool needs_key(const struct signing_keys *keys)
{
	return keys->count == 0 || keys->now - keys->keys[0].created >= SIGNING_KEY_SECONDS ||
	       keys->keys[0].created - keys->now > ACCESS_LIFETIME_MAX;
}

int signing_key_is_due(struct store_reader *reader, int64_t now)
{
	struct signing_keys keys;
	int r = read_keys(reader, now, &keys);

	return r < 0 ? r : needs_key(&keys) || keys.good < keys.count;
}

int signing_key_settle(struct store *store, const uint8_t data_key[CRYPTO_KEY_SIZE], int64_t now, uint32_t *ret_version)
{
	struct signing_keys keys;
	uint32_t version = 0;
	int r = read_keys(store_writer(store), now, &keys);

	if (r == 0 && keys.good < keys.count)
		r = store_drop_signing_keys(store, keys.keys[keys.good].version);
	/* With as many as can be, the oldest of which is about to go, the newest is not an old one. */
	if (r == 0 && needs_key(&keys))
		r = signing_key_renew(store, data_key, now, keys.good == SIGNING_KEYS_MAX, &version);
	if (r == 0)
		*ret_version = version;
	return r;
}
