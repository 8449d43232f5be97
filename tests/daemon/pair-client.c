/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/pair-client.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "crypto/pair_signature.h"
#include "tests/daemon/host-vault.h"

static void make_pair(struct vault *vault, struct crypto_mac *pepper, unsigned int number, struct pair *ret_pair)
{
	static struct store_key key;
	struct store_secret *secret = &key.secrets[0];
	char name[32];

	snprintf(name, sizeof(name), "pair-%u", number);
	snprintf(ret_pair->id, sizeof(ret_pair->id), "a123456b-c12c-123d-1ab4-%012x", number);
	key = (struct store_key){ .kind = STORE_PAIR,
				  .state = STORE_ACTIVE,
				  .created = clock_wall_seconds(),
				  .expires = TIME_NEVER,
				  .name = name,
				  .owner = "alice",
				  .account = STORE_DEFAULT_ACCOUNT,
				  .tenant = STORE_DEFAULT_TENANT,
				  .state_reason = "",
				  .exclusive = "",
				  .created_by = "test",
				  .permissions = "test.use",
				  .roles = "",
				  .sources = "",
				  .users = "",
				  .labels = "",
				  .secret_count = 1 };
	memcpy(key.id, ret_pair->id, sizeof(key.id));
	secret->number = 1;
	secret->form = STORE_FORM_PAIR;
	secret->pepper = vault->keyring.pepper_version;
	secret->created = key.created;
	if (crypto_random(ret_pair->private_key, PRIVATE_KEY_SIZE) < 0 ||
	    private_key_seal(vault->keyring.data, key.id, 1, ret_pair->private_key, secret->sealed) < 0 ||
	    private_key_digest(pepper, ret_pair->private_key, secret->digest) < 0 ||
	    store_insert_key(vault->store, &key) < 0)
		fail("cannot make a pair: %s", store_fault(store_writer(vault->store)));
}

void pairs_make(const struct host *host, unsigned int first, struct pair *ret_pairs, size_t count)
{
	struct crypto_mac *pepper = NULL;
	struct host_vault opened;
	struct vault *vault;

	host_vault_open(host, &opened);
	vault = opened.vault;
	if (crypto_mac_new(vault->keyring.pepper, &pepper) < 0 || store_write_begin(vault->store) < 0)
		fail("cannot write to the store");
	for (size_t i = 0; i < count; i++)
		make_pair(vault, pepper, first + (unsigned int)i, &ret_pairs[i]);
	if (store_write_commit(vault->store) < 0)
		fail("cannot write to the store");
	crypto_mac_free(pepper);
	host_vault_close(&opened);
}

void pair_token(const struct pair *pair, const char *nonce, const char *epoch, char ret_token[PAIR_TOKEN_SIZE])
{
	char now[32], signature[PAIR_SIGNATURE_SIZE + 1];
	struct crypto_signer *signer = NULL;
	struct pair_fields fields;

	snprintf(now, sizeof(now), "%" PRId64, clock_wall_seconds());
	epoch = epoch ? epoch : now;
	fields = (struct pair_fields){ .public_key = { pair->id, strlen(pair->id) },
				       .nonce = { nonce, strlen(nonce) },
				       .epoch = { epoch, strlen(epoch) } };
	if (crypto_signer_new(&signer) < 0 || pair_sign(signer, pair->private_key, &fields, signature) < 0)
		fail("cannot sign a token");
	crypto_signer_free(signer);
	snprintf(ret_token, PAIR_TOKEN_SIZE, "%s:%s:%s:%s", pair->id, nonce, epoch, signature);
}
