/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The open store and the keys unsealed from it, as one thing that is there or is not. Counted references, because a
 * store that was mended is opened anew while threads still use the old one. A keeper holds the present one, and says
 * why when there is none.
 */
#ifndef APIKEYD_DAEMON_VAULT_H
#define APIKEYD_DAEMON_VAULT_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"
#include "daemon/keyring.h"
#include "daemon/lockdown.h"
#include "daemon/store.h"

#define VAULT_FAULT_SIZE 512

struct vault {
	struct store *store;
	struct keyring keyring;
};

/* Where things lie. Texts belong to the caller and outlive the keeper. */
struct vault_paths {
	const char *state_folder;
	const char *master_key;
	/* The master key itself, read while the process was still root; NULL: it is read from the file each time. */
	const uint8_t *master;
};

/*
 * Makes a master key and a new database together. Where both are there already: 0 and nothing is changed. A database
 * without its master key, and a master key that is not the database's, are left alone: -EEXIST and a fault.
 */
int vault_create(const struct vault_paths *paths, char *ret_fault, size_t fault_size);

struct vault_keeper;

int vault_keeper_new(const struct vault_paths *paths, struct vault_keeper **ret_keeper);
void vault_keeper_free(struct vault_keeper *keeper);

/* opened is called with each vault that is opened, before anybody gets it. */
void vault_keeper_on_open(struct vault_keeper *keeper, void (*opened)(void *data, const struct vault *vault),
			  void *data);

/*
 * Opens the store when there is none, or when the present one was reported to fail, and makes it the present one. True
 * when what vault_acquire() gives has changed. Called by one thread.
 */
bool vault_keeper_try(struct vault_keeper *keeper);

/* Any thread. The present vault, or NULL; end with vault_release(). */
struct vault *vault_acquire(struct vault_keeper *keeper);
void vault_release(struct vault *vault);

static inline void vault_release_pointer(struct vault **vault)
{
	vault_release(*vault);
}

/* The variable is a vault or NULL, released at the end of its scope. */
#define CLEANUP_VAULT CLEANUP(vault_release_pointer)

/* Goes up whenever vault_acquire() would give something else; cheap, for each batch. */
unsigned int vault_generation(struct vault_keeper *keeper);

/*
 * Any thread, for a store that is about to be replaced: keeps vault_keeper_try() from opening anything until
 * vault_keeper_thaw(). vault_keeper_renew(), between the two, opens what is there now and makes it the present vault;
 * where it cannot be opened there is none, and it is tried again every second. 0, or a negative errno.
 */
void vault_keeper_freeze(struct vault_keeper *keeper);
int vault_keeper_renew(struct vault_keeper *keeper);
void vault_keeper_thaw(struct vault_keeper *keeper);

/* The state folder: lives as long as the keeper. */
const char *vault_folder(const struct vault_keeper *keeper);

/* The master key; the caller wipes it. 0, or a negative errno and a sentence. */
int vault_master(const struct vault_keeper *keeper, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault,
		 size_t fault_size);

/* The lockdown of the store that was opened last; lives as long as the keeper. */
struct lockdown *vault_lockdown(struct vault_keeper *keeper);

/* Any thread: an operation on this vault failed with -EIO; it will be opened anew. */
void vault_report(struct vault_keeper *keeper, const struct vault *vault);
/* The same where it is something else about the vault that failed, which the sentence says. */
void vault_report_fault(struct vault_keeper *keeper, const struct vault *vault, const char *fault);

/* Why there is no vault, or what fails in it; "" when all is well. */
void vault_fault(struct vault_keeper *keeper, char *ret_fault, size_t fault_size);

#endif
