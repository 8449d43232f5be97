/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A backup is the database, byte by byte, and behind it a seal of BACKUP_SEAL_SIZE bytes:
 *
 *     offset  size
 *          0    16   "apikeyd-backup-1"
 *         16     8   size of the database in bytes; all numbers are big-endian
 *         24     8   when it was taken, seconds since 1970 UTC
 *         32     8   the revision it holds
 *         40    24   version of the apikeyd that made it, filled up with NULs
 *         64    32   SHA-256 of the database and of the 64 bytes above
 *         96    32   HMAC-SHA-256 of the 96 bytes above, under a key derived from the master key
 *
 * The hash finds a backup that was cut or damaged, without any key. The MAC finds one that was not made by an apikeyd
 * with this master key: the rows of a database say which key may do what, so a file that someone else prepared is not
 * even opened.
 */
#ifndef APIKEYD_CRYPTO_BACKUP_SEAL_H
#define APIKEYD_CRYPTO_BACKUP_SEAL_H

#include <stdint.h>

#include "crypto/crypto.h"

#define BACKUP_SEAL_SIZE 128
#define BACKUP_VERSION_MAX 23

struct backup_seal {
	uint64_t size; /* of the database */
	int64_t time;
	uint64_t rev;
	char version[BACKUP_VERSION_MAX + 1];
};

/* Ends a hash to which the database was added, and writes the seal. 0 or a negative errno. */
int backup_seal_make(const struct backup_seal *seal, struct crypto_hash *hash, const uint8_t master[CRYPTO_KEY_SIZE],
		     uint8_t ret_bytes[BACKUP_SEAL_SIZE]);

/*
 * Ends a hash to which the database, size bytes, was added, and reads the seal behind it. 0; -EINVAL: this is no seal;
 * -EBADMSG: the database was cut or damaged; -EIO. Nothing is known yet of who made it.
 */
int backup_seal_read(const uint8_t bytes[BACKUP_SEAL_SIZE], uint64_t size, struct crypto_hash *hash,
		     struct backup_seal *ret_seal);

/* 0 when an apikeyd with this master key made it; -EKEYREJECTED; -EIO. */
int backup_seal_verify(const uint8_t bytes[BACKUP_SEAL_SIZE], const uint8_t master[CRYPTO_KEY_SIZE]);

#endif
