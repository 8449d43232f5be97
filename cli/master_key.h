/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The commands of "master-key", and what they share. */
#ifndef APIKEYD_CLI_MASTER_KEY_H
#define APIKEYD_CLI_MASTER_KEY_H

#include <string.h>

#include "cli/command.h"
#include "crypto/master_key.h"

#define MASTER_KEY_DEFAULT "/etc/credstore/" MASTER_KEY_FILE

/* Files alone; no daemon. */
enum status master_key_export(const struct arguments *arguments);
enum status master_key_import(const struct arguments *arguments);
/* With the daemon. */
enum status master_key_rotate(const struct arguments *arguments);

/* Wiped at the end of its scope. */
struct master {
	uint8_t key[CRYPTO_KEY_SIZE];
};

static inline void master_wipe(struct master *master)
{
	explicit_bzero(master, sizeof(*master));
}

#define SCOPED_MASTER SCOPED(master_wipe)

/* The file --file names, or the usual one. */
const char *master_key_file(const struct arguments *arguments);

/* Says what is wrong with it, and who could do it. Returns the exit status. */
enum status master_key_failed(int error, const char *fault);

#endif
