/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys that the master key seals in the database: data key, pepper, audit key, handle key. The master key itself
 * (crypto/master_key.h) is made only together with a new database.
 */
#ifndef APIKEYD_DAEMON_KEYRING_H
#define APIKEYD_DAEMON_KEYRING_H

#include <stddef.h>
#include <stdint.h>

#include "crypto/crypto.h"
#include "daemon/store.h"

struct keyring {
	uint32_t wrap; /* of its master key */
	uint32_t pepper_version;
	uint8_t pepper[CRYPTO_KEY_SIZE];
	uint8_t data[CRYPTO_KEY_SIZE];
	uint8_t audit[CRYPTO_KEY_SIZE];
	uint8_t handle[CRYPTO_KEY_SIZE];
};

/* Makes the sealed keys of a new database inside an open write transaction. 0, -EIO, or what the store answers. */
int keyring_create(struct store *store, const uint8_t master[CRYPTO_KEY_SIZE]);

/*
 * Unseals them. -EBADMSG: the master key is not this database's, or a sealed key is damaged; -ENOENT: the database has
 * none; or what the store answers. ret_fault gets a sentence on failure. The caller ends ret_keyring with
 * keyring_done().
 */
int keyring_load(struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE], struct keyring *ret_keyring,
		 char *ret_fault, size_t fault_size);

/*
 * Makes anew, inside an open write transaction, the keys that sign what is given out, under the next version: audit and
 * handle. What they signed before is worth nothing after that. From then on this master key alone opens the keys.
 * reader sees the transaction. 0, -EIO, or what the store answers.
 */
int keyring_renew(struct store *store, struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE]);

/*
 * Adds, inside an open write transaction, wraps of all keys under a fresh master key. Those of the present one, which
 * is in the file, and of the running one, which the daemon has, stay beside them; others, of a rotation that was cut
 * short or of a key between the two, go. fresh may be NULL: it is only looked whether it could be done. reader sees the
 * transaction. 0 and the number of the new wrap (or of the present one); -EKEYREJECTED: the present key is not this
 * database's; -EBADMSG: a key is damaged; -EIO, or what the store answers. ret_fault gets a sentence, but for
 * -EKEYREJECTED.
 */
int keyring_rotate(struct store *store, struct store_reader *reader, uint32_t running,
		   const uint8_t present[CRYPTO_KEY_SIZE], const uint8_t *fresh, uint32_t *ret_wrap, char *ret_fault,
		   size_t fault_size);

/*
 * Removes, inside an open write transaction, the wraps before one that a daemon has started with: the file holds that
 * key then, or one that follows it, and never again one before.
 */
int keyring_retire(struct store *store, struct store_reader *reader, uint32_t wrap);

/* 1 when this master key opens the keys and another one follows it that will be in the file at the next start; 0, also
 * when it does not open them; or a negative errno. */
int keyring_is_followed(struct store_reader *reader, const uint8_t master[CRYPTO_KEY_SIZE]);

/* Wipes. */
void keyring_done(struct keyring *keyring);

#endif
