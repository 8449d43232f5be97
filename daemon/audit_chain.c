/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_chain.h"

#include <errno.h>
#include <string.h>

#include "common/secret.h"

int audit_chain_init(struct audit_chain *chain)
{
	*chain = (struct audit_chain){ .keyed = false };
	return crypto_hash_new(&chain->hash);
}

static void drop_mac(struct audit_chain *chain)
{
	crypto_mac_free(chain->mac);
	chain->mac = NULL;
}

void audit_chain_done(struct audit_chain *chain)
{
	drop_mac(chain);
	crypto_hash_free(chain->hash);
	secret_wipe(chain, sizeof(*chain));
}

void audit_chain_set_key(struct audit_chain *chain, const struct chain_key *key, const char *id)
{
	drop_mac(chain);
	secret_wipe(&chain->key, sizeof(chain->key));
	chain->keyed = key != NULL;
	if (!key)
		return;
	chain->key = *key;
	memcpy(chain->id, id, sizeof(chain->id));
}

static int ready_mac(struct audit_chain *chain)
{
	int r;

	if (chain->mac && chain->mac_epoch == chain->key.epoch)
		return 0;
	drop_mac(chain);
	r = crypto_mac_new(chain->key.bytes, &chain->mac);
	if (r == 0)
		chain->mac_epoch = chain->key.epoch;
	return r;
}

int audit_chain_link(struct audit_chain *chain, struct chain_links *links)
{
	int r = 0;

	memcpy(links->prev, chain->prev, sizeof(links->prev));
	links->has_mac = chain->keyed;
	if (chain->keyed) {
		r = chain_key_advance(&chain->key, links->seq / CHAIN_EPOCH);
		if (r == 0)
			r = ready_mac(chain);
		if (r == 0)
			r = chain_mac(chain->mac, links, links->mac);
	}
	return r < 0 ? r : chain_next(chain->hash, links, chain->prev);
}

int audit_chain_check(struct audit_chain *chain, const struct chain_links *links)
{
	struct chain_key key = chain->key;
	struct crypto_mac *mac = NULL;
	uint8_t expected[CRYPTO_MAC_SIZE];
	int r;

	if (!chain->keyed || !links->has_mac)
		return 0;
	r = chain_key_advance(&key, links->seq / CHAIN_EPOCH);
	if (r == 0)
		r = crypto_mac_new(key.bytes, &mac);
	if (r == 0)
		r = chain_mac(mac, links, expected);
	if (r == 0)
		r = secret_equal(expected, links->mac, sizeof(expected));
	crypto_mac_free(mac);
	secret_wipe(&key, sizeof(key));
	return r;
}

void audit_chain_mark(const struct audit_chain *chain, struct audit_chain_mark *ret_mark)
{
	ret_mark->key = chain->key;
	memcpy(ret_mark->prev, chain->prev, sizeof(ret_mark->prev));
}

void audit_chain_back(struct audit_chain *chain, struct audit_chain_mark *mark)
{
	chain->key = mark->key;
	memcpy(chain->prev, mark->prev, sizeof(chain->prev));
	audit_chain_forget(mark);
}

void audit_chain_forget(struct audit_chain_mark *mark)
{
	secret_wipe(mark, sizeof(*mark));
}
