/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/host-vault.h"

#include <stdio.h>

#include "crypto/master_key.h"

void host_master_key(const struct host *host, uint8_t ret_master[CRYPTO_KEY_SIZE])
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/state/" MASTER_KEY_FILE, host->folder);
	file = fopen(path, "re");
	if (!file || fread(ret_master, 1, CRYPTO_KEY_SIZE, file) != CRYPTO_KEY_SIZE)
		fail("cannot read %s", path);
	fclose(file);
}

void host_vault_open(const struct host *host, struct host_vault *ret_opened)
{
	struct vault_paths paths = { .state_folder = ret_opened->folder,
				     .master_key = "",
				     .master = ret_opened->master };
	char fault[VAULT_FAULT_SIZE] = "";

	snprintf(ret_opened->folder, sizeof(ret_opened->folder), "%s/state", host->folder);
	host_master_key(host, ret_opened->master);
	if (vault_keeper_new(&paths, &ret_opened->keeper) < 0)
		fail("out of memory");
	(void)vault_keeper_try(ret_opened->keeper);
	ret_opened->vault = vault_acquire(ret_opened->keeper);
	if (!ret_opened->vault) {
		vault_fault(ret_opened->keeper, fault, sizeof(fault));
		fail("%s", fault);
	}
}

void host_vault_close(struct host_vault *opened)
{
	vault_release(opened->vault);
	vault_keeper_free(opened->keeper);
}
