/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/signing_key_make.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit_changes.h"
#include "daemon/keyring.h"
#include "daemon/signing_key.h"

int signing_key_log(struct vault *vault, const struct audit_record *record, uint32_t version)
{
	char changes[64];

	snprintf(changes, sizeof(changes), "{\"after\":{\"version\":%" PRIu32 "}}", version);
	return audit_changes_log(vault->store, record, changes);
}

int signing_key_start(struct store *store, const uint8_t master[CRYPTO_KEY_SIZE], int64_t now)
{
	CLEANUP(keyring_done) struct keyring keyring = { 0 };
	char fault[VAULT_FAULT_SIZE];
	uint32_t version;
	int r = keyring_load(store_writer(store), master, &keyring, fault, sizeof(fault));

	return r < 0 ? r : signing_key_renew(store, keyring.data, now, true, &version);
}

int signing_keys_settle_within(struct vault *vault)
{
	struct audit_record record = { .time = clock_wall_microseconds(),
				       .event = "signing_key_rotate",
				       .actor = "apikeyd" };
	uint32_t version = 0;
	int r = signing_key_settle(vault->store, vault->keyring.data, clock_wall_seconds(), &version);

	return r == 0 && version > 0 ? signing_key_log(vault, &record, version) : r;
}

int signing_keys_settle(struct vault *vault)
{
	int r = signing_key_is_due(store_writer(vault->store), clock_wall_seconds());

	if (r <= 0)
		return r;
	r = store_write_begin(vault->store);
	if (r < 0)
		return r;
	r = signing_keys_settle_within(vault);
	if (r < 0) {
		store_write_abort(vault->store);
		return r;
	}
	return store_write_commit(vault->store);
}
