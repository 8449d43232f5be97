/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "bench/keys.h"

#include <limits.h>
#include <stdio.h>

#include "crypto/master_key.h"
#include "daemon/store_open.h"

int keys_open(const char *folder, struct store **ret_store, struct keyring *ret_keyring, char *ret_fault,
	      size_t fault_size)
{
	uint8_t master[CRYPTO_KEY_SIZE];
	struct store *store;
	char path[PATH_MAX];
	int r = store_open(folder, false, &store, ret_fault, fault_size);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "%s/%s", folder, MASTER_KEY_FILE);
	r = master_key_read(path, master, ret_fault, fault_size);
	if (r == 0)
		r = keyring_load(store_writer(store), master, ret_keyring, ret_fault, fault_size);
	if (r < 0) {
		store_close(store);
		return r;
	}
	*ret_store = store;
	return 0;
}
