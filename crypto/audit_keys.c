/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/audit_keys.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

int audit_keys_add(struct audit_keys *keys, const struct chain_key *first, uint64_t seq)
{
	struct audit_key *items = reallocarray(NULL, keys->count + 1, sizeof(*items));
	struct audit_key *key;
	int r;

	if (!items)
		return -ENOMEM;
	if (keys->items) {
		memcpy(items, keys->items, keys->count * sizeof(*items));
		secret_wipe(keys->items, keys->count * sizeof(*items));
		free(keys->items);
	}
	keys->items = items;
	key = &items[keys->count];
	*key = (struct audit_key){ .first = *first, .now = *first, .seq = seq };
	r = chain_key_id(first, key->id);
	keys->count += r == 0;
	return r;
}

void audit_keys_done(struct audit_keys *keys)
{
	for (size_t i = 0; i < keys->count; i++)
		crypto_mac_free(keys->items[i].mac);
	if (keys->items)
		secret_wipe(keys->items, keys->count * sizeof(*keys->items));
	free(keys->items);
	*keys = (struct audit_keys){ .items = NULL };
}

struct audit_key *audit_keys_before(const struct audit_keys *keys, uint64_t seq)
{
	struct audit_key *found = NULL;

	for (size_t i = 0; i < keys->count; i++) {
		struct audit_key *key = &keys->items[i];

		if (key->seq <= seq && (!found || key->seq > found->seq))
			found = key;
	}
	return found;
}

struct audit_key *audit_keys_named(const struct audit_keys *keys, const char *id)
{
	for (size_t i = 0; i < keys->count; i++) {
		if (strcmp(keys->items[i].id, id) == 0)
			return &keys->items[i];
	}
	return NULL;
}

int audit_key_check(struct audit_key *key, const struct chain_links *links)
{
	uint64_t epoch = links->seq / CHAIN_EPOCH;
	uint8_t mac[CRYPTO_MAC_SIZE];
	int r;

	if (epoch < key->now.epoch)
		key->now = key->first;
	r = chain_key_advance(&key->now, epoch);
	if (r == -ERANGE)
		return 0; /* no record of this chain has such a number */
	if (r == 0 && (!key->mac || key->mac_epoch != epoch)) {
		crypto_mac_free(key->mac);
		key->mac = NULL;
		key->mac_epoch = epoch;
		r = crypto_mac_new(key->now.bytes, &key->mac);
	}
	if (r == 0)
		r = chain_mac(key->mac, links, mac);
	return r < 0 ? r : secret_equal(mac, links->mac, sizeof(mac));
}
