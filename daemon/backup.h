/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Taking a backup: a copy of the store as it is at one moment, sealed (crypto/backup_seal.h), in a file of the state
 * folder that has no name. Blocks: it is done in a thread of its own.
 */
#ifndef APIKEYD_DAEMON_BACKUP_H
#define APIKEYD_DAEMON_BACKUP_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/backup_seal.h"
#include "daemon/store.h"

struct backup {
	int fd;        /* -1: none */
	uint64_t size; /* with its seal */
	uint64_t keys;
	struct backup_seal seal;
};

/* Numbers in the copy's meta, beside "rev": when it was taken, and by which version (major * 1000000 + minor * 1000 +
 * patch). */
#define BACKUP_TIME "backup_time"
#define BACKUP_VERSION "backup_version"

/* now: seconds since 1970 UTC. 0; -ENOSPC or another negative errno, a sentence, and nothing is left. The caller ends
 * it with backup_done(). */
int backup_take(struct store *store, const char *folder, const uint8_t master[CRYPTO_KEY_SIZE], int64_t now,
		struct backup *ret_backup, char *ret_fault, size_t fault_size);
void backup_done(struct backup *backup);

/* Removes what a killed daemon has left of taking one. */
void backup_clean(const char *folder);

#endif
