/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The master key and the keys it seals: data key, pepper, audit key. The master key is a file of 32 bytes that is not
 * in the database; whoever copies the database alone has nothing. It is made only together with a new database.
 */
#ifndef APIKEYD_DAEMON_KEYRING_H
#define APIKEYD_DAEMON_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/crypto.h"
#include "daemon/store.h"

#define KEYRING_FILE "apikeyd.master-key"

struct keyring {
	uint32_t pepper_version;
	uint8_t pepper[CRYPTO_KEY_SIZE];
	uint8_t data[CRYPTO_KEY_SIZE];
	uint8_t audit[CRYPTO_KEY_SIZE];
};

/*
 * Reads a master key file: regular, exactly 32 bytes, owned by root or this user, opened O_NOFOLLOW, and closed to
 * everybody else: mode 0400 or 0600, or an access control list that lets in nobody but this user, which is how systemd
 * hands a credential on. 0, -ENOENT, -ELOOP (a link), -EPERM (owner or mode), -EINVAL (no regular file, wrong size), or
 * another negative errno; on failure ret_fault gets a sentence that names the file and the mend.
 */
int keyring_read_master(const char *path, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size);

/* Makes a new master key file, 0400, by a temporary file and rename, fsynced with its folder; -EEXIST leaves the old
 * one alone. */
int keyring_make_master(const char *path, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size);

/* Makes the sealed keys of a new database inside an open write transaction. 0, -EIO, or what the store answers. */
int keyring_create(struct store *store, const uint8_t master[CRYPTO_KEY_SIZE]);

/*
 * Unseals them. -EBADMSG: the master key is not this database's, or a sealed key is damaged; -ENOENT: the database has
 * none; or what the store answers. ret_fault gets a sentence on failure. The caller ends ret_keyring with
 * keyring_done().
 */
int keyring_load(struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE], struct keyring *ret_keyring,
		 char *ret_fault, size_t fault_size);

/* Wipes. */
void keyring_done(struct keyring *keyring);

#endif
