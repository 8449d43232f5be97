/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The master key of a host, and what it opens, as the daemon itself opens it. Whatever does not work ends the test. */
#ifndef APIKEYD_TESTS_DAEMON_HOST_VAULT_H
#define APIKEYD_TESTS_DAEMON_HOST_VAULT_H

#include "daemon/vault.h"
#include "tests/daemon/host.h"

/* From its file. As the daemon that was root once: whose file it is does not matter. */
void host_master_key(const struct host *host, uint8_t ret_master[CRYPTO_KEY_SIZE]);

/* The vault of the store that the daemon has made, which may run. What the keeper points to lives here. */
struct host_vault {
	char folder[96];
	uint8_t master[CRYPTO_KEY_SIZE];
	struct vault_keeper *keeper;
	struct vault *vault;
};

void host_vault_open(const struct host *host, struct host_vault *ret_opened);
void host_vault_close(struct host_vault *opened);

#endif
