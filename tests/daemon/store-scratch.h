/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A store in a folder of its own, and keys to put in it, for the tests of the store.
 */
#ifndef APIKEYD_TESTS_DAEMON_STORE_SCRATCH_H
#define APIKEYD_TESTS_DAEMON_STORE_SCRATCH_H

#include <limits.h>

#include "common/cleanup.h"
#include "daemon/store.h"

struct scratch {
	char folder[PATH_MAX];
	struct store *store;
	struct store_reader *reader;
};

/* A folder, without a store. */
void scratch_init(struct scratch *scratch);
/* Makes or opens the store in the folder, and a reader. */
void scratch_open(struct scratch *scratch);
void scratch_close(struct scratch *scratch);
/* Closes the store and removes the folder. */
void scratch_done(struct scratch *scratch);
#define CLEANUP_SCRATCH CLEANUP(scratch_done)

/* The path of a file in the folder; a buffer that the next call but seven uses again. */
const char *scratch_path(const struct scratch *scratch, const char *name);

/* Fills a key with the number in its id, name and digest; its owner is alice. The texts point into key->text. */
void scratch_key(struct store_key *ret_key, unsigned int number);
/* The id of that key. */
const char *scratch_id(unsigned int number, char ret_id[CREDENTIAL_KEY_ID_MAX + 1]);

/* Inserts the keys of count numbers from one on, in one transaction. The first failure of begin, insert and commit. */
int scratch_insert_many(struct store *store, unsigned int number, unsigned int count);
int scratch_insert(struct store *store, unsigned int number);
/* Sets the state of the key of a number, in a transaction of its own. */
int scratch_set_state(struct store *store, unsigned int number, enum store_state state);

/* Asserts that two keys are the same in all that is stored. */
void scratch_assert_same(const struct store_key *a, const struct store_key *b);

/*
 * Runs a function in a child process and returns its status: 0 is right, 77 could not be tried here. The child is not
 * root when drop is set, and then owns the folder. It asserts nothing itself: check knows of one process for each test.
 */
int scratch_in_child(struct scratch *scratch, bool drop, int (*function)(struct scratch *scratch));

/* Mounts a tmpfs of so many bytes on the folder, in a name space of the calling process alone. False: not here. */
bool scratch_mount(const struct scratch *scratch, size_t size);
/* Changes it: its size, and whether it can be written. */
bool scratch_remount(const struct scratch *scratch, size_t size, bool readonly);

#endif
