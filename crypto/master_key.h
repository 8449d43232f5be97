/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The master key's file: 32 bytes outside the database. The daemon reads it, apikeyd --init makes it, apikeyctl carries
 * it to another host; whoever copies the database alone has nothing.
 */
#ifndef APIKEYD_CRYPTO_MASTER_KEY_H
#define APIKEYD_CRYPTO_MASTER_KEY_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"

#define MASTER_KEY_FILE "apikeyd.master-key"

/*
 * Reads a master key file: regular, exactly 32 bytes, owned by root or this user, opened O_NOFOLLOW, and closed to
 * everybody else: mode 0400 or 0600, or an access control list that lets in nobody but this user, which is how systemd
 * hands a credential on. 0, -ENOENT, -ELOOP (a link), -EPERM (owner or mode), -EINVAL (no regular file, wrong size), or
 * another negative errno; on failure ret_fault gets a sentence that names the file and the mend.
 */
int master_key_read(const char *path, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size);

/* Makes a new master key file, 0400, by a temporary file and rename, fsynced with its folder; -EEXIST leaves the old
 * one alone. */
int master_key_make(const char *path, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size);

#define MASTER_KEY_KEPT ".before-import"

/*
 * Puts a key in the place of the one that is there, if any: 0400, the owner that the old one has where that is root or
 * the folder's, else the folder's. The old one is kept beside it, with MASTER_KEY_KEPT behind its name, and ".2" and so
 * on where that is taken. At any moment there is the old or the new one, whole. 0, or a negative errno and a sentence;
 * that says so where the new one is in place and may not be on disk.
 */
int master_key_replace(const char *path, const uint8_t master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size);

/*
 * A rotation, in steps: the file is locked against others who change it until the end; a new key is made beside it,
 * with MASTER_KEY_NEW behind its name, and is on disk when this returns; it takes the place of the old one, which is
 * kept beside it, with MASTER_KEY_ROTATED behind its name, and ".2" and so on. Without the last step the end removes
 * the new key. path outlives it. 0, or a negative errno (-EBUSY: another change is under way) and a sentence.
 */
#define MASTER_KEY_NEW ".new"
#define MASTER_KEY_ROTATED ".before-rotate"
struct master_key_successor;
int master_key_successor_begin(const char *path, struct master_key_successor **ret_successor, char *ret_fault,
			       size_t fault_size);
int master_key_successor_make(struct master_key_successor *successor, uint8_t ret_master[CRYPTO_KEY_SIZE],
			      char *ret_fault, size_t fault_size);
int master_key_successor_place(struct master_key_successor *successor, char *ret_fault, size_t fault_size);
void master_key_successor_free(struct master_key_successor *successor); /* accepts NULL */

#endif
