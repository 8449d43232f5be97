/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "crypto/master_key.h"
#include "daemon/signing_key_make.h"

struct shared_vault {
	struct vault vault; /* first: what the others see */
	atomic_uint references;
};

struct vault_keeper {
	struct vault_paths paths;
	pthread_mutex_t opening; /* held while the store is opened or replaced; taken before lock */
	pthread_mutex_t lock;    /* over all below */
	struct shared_vault *present;
	bool failing; /* the present one was reported */
	char fault[VAULT_FAULT_SIZE];
	atomic_uint generation;
	void (*opened)(void *data, const struct vault *vault); /* not changed after the start */
	void *opened_data;
	struct lockdown lockdown; /* has its own lock */
};

static struct shared_vault *shared_from(struct vault *vault)
{
	return (struct shared_vault *)vault;
}

void vault_release(struct vault *vault)
{
	struct shared_vault *shared = vault ? shared_from(vault) : NULL;

	if (!shared || atomic_fetch_sub(&shared->references, 1) > 1)
		return;
	keyring_done(&shared->vault.keyring);
	store_close(shared->vault.store);
	free(shared);
}

static int read_master(const struct vault_paths *paths, uint8_t *ret_master, char *ret_fault, size_t fault_size)
{
	if (!paths->master)
		return master_key_read(paths->master_key, ret_master, ret_fault, fault_size);
	memcpy(ret_master, paths->master, CRYPTO_KEY_SIZE);
	return 0;
}

/* Opens store and keyring. */
static int open_vault(const struct vault_paths *paths, struct vault **ret_vault, struct store_lockdown *ret_lockdown,
		      char *ret_fault, size_t fault_size)
{
	CLEANUP_VAULT struct vault *vault = NULL;
	struct store_reader *reader = NULL;
	struct shared_vault *shared;
	uint8_t master[CRYPTO_KEY_SIZE];
	int r;

	shared = calloc(1, sizeof(*shared));
	if (!shared) {
		snprintf(ret_fault, fault_size, "out of memory");
		return -ENOMEM;
	}
	atomic_init(&shared->references, 1);
	vault = &shared->vault;
	r = store_open(paths->state_folder, false, &vault->store, ret_fault, fault_size);
	if (r < 0)
		return r;
	r = read_master(paths, master, ret_fault, fault_size);
	if (r < 0)
		return r;
	r = store_reader_open(vault->store, &reader);
	if (r == 0)
		r = store_find_lockdown(reader, ret_lockdown);
	if (r == 0)
		r = keyring_load(reader, master, &vault->keyring, ret_fault, fault_size);
	else
		snprintf(ret_fault, fault_size, "%s/" STORE_FILE " cannot be read: %s", paths->state_folder,
			 strerror(-r));
	store_reader_close(reader);
	secret_wipe(master, sizeof(master));
	if (r < 0)
		return r;
	*ret_vault = vault;
	vault = NULL;
	return 0;
}

static int create_database(const struct vault_paths *paths, const uint8_t *master, char *ret_fault, size_t fault_size)
{
	struct store *store = NULL;
	int r;

	r = store_open(paths->state_folder, true, &store, ret_fault, fault_size);
	if (r < 0)
		return r;
	r = store_write_begin(store);
	if (r == 0)
		r = keyring_create(store, master);
	if (r == 0)
		r = signing_key_start(store, master, clock_wall_seconds());
	if (r == 0)
		r = store_write_commit(store);
	else
		store_write_abort(store);
	store_close(store);
	if (r < 0)
		snprintf(ret_fault, fault_size, "%s/" STORE_FILE " cannot be written: %s", paths->state_folder,
			 strerror(-r));
	return r;
}

/* 1: the database has its keys; 0: it is missing, or its first transaction never came about; or a negative errno and a
 * fault. */
static int database_is_finished(const struct vault_paths *paths, char *ret_fault, size_t fault_size)
{
	CLEANUP_FREE char *path = NULL;
	struct store *store = NULL;
	struct store_reader *reader = NULL;
	uint8_t sealed[CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD];
	size_t size = sizeof(sealed);
	struct stat status;
	uint32_t version;
	int r;

	if (asprintf(&path, "%s/" STORE_FILE, paths->state_folder) < 0)
		return -ENOMEM;
	if (lstat(path, &status) < 0 && errno == ENOENT)
		return 0;
	r = store_open(paths->state_folder, true, &store, ret_fault, fault_size);
	if (r < 0)
		return r;
	r = store_reader_open(store, &reader);
	if (r == 0)
		r = store_load_sealed(reader, "pepper", &version, sealed, &size);
	store_reader_close(reader);
	store_close(store);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		snprintf(ret_fault, fault_size, "%s cannot be read: %s", path, strerror(-r));
	return r < 0 ? r : 1;
}

int vault_create(const struct vault_paths *paths, char *ret_fault, size_t fault_size)
{
	CLEANUP_VAULT struct vault *vault = NULL;
	struct store_lockdown lockdown;
	uint8_t master[CRYPTO_KEY_SIZE];
	int r = database_is_finished(paths, ret_fault, fault_size);

	if (r < 0)
		return r;
	if (r > 0)
		return open_vault(paths, &vault, &lockdown, ret_fault, fault_size) < 0 ? -EEXIST : 0;
	/* A key without a database was never used: an earlier attempt that was cut short. */
	r = paths->master ? -EEXIST : master_key_make(paths->master_key, master, ret_fault, fault_size);
	if (r == -EEXIST)
		r = read_master(paths, master, ret_fault, fault_size);
	if (r == 0)
		r = create_database(paths, master, ret_fault, fault_size);
	secret_wipe(master, sizeof(master));
	return r;
}

int vault_keeper_new(const struct vault_paths *paths, struct vault_keeper **ret_keeper)
{
	struct vault_keeper *keeper = calloc(1, sizeof(*keeper));

	if (!keeper)
		return -ENOMEM;
	keeper->paths = *paths;
	pthread_mutex_init(&keeper->opening, NULL);
	pthread_mutex_init(&keeper->lock, NULL);
	atomic_init(&keeper->generation, 1);
	lockdown_init(&keeper->lockdown);
	snprintf(keeper->fault, sizeof(keeper->fault), "the key store is not open yet");
	*ret_keeper = keeper;
	return 0;
}

void vault_keeper_free(struct vault_keeper *keeper)
{
	if (!keeper)
		return;
	vault_release(keeper->present ? &keeper->present->vault : NULL);
	lockdown_done(&keeper->lockdown);
	pthread_mutex_destroy(&keeper->lock);
	pthread_mutex_destroy(&keeper->opening);
	free(keeper);
}

/* Opens the store and makes it the present one. drop: the one before is given up even where that fails. opening is
 * held. */
static int open_anew(struct vault_keeper *keeper, bool drop)
{
	char fault[VAULT_FAULT_SIZE] = "";
	struct vault *vault = NULL, *old = NULL;
	struct store_lockdown lockdown;
	int r;

	r = open_vault(&keeper->paths, &vault, &lockdown, fault, sizeof(fault));
	/* Before anybody reads a key in it. */
	if (r == 0)
		lockdown_set(&keeper->lockdown, &lockdown);
	if (r == 0 && keeper->opened)
		keeper->opened(keeper->opened_data, vault);
	pthread_mutex_lock(&keeper->lock);
	snprintf(keeper->fault, sizeof(keeper->fault), "%s", r == 0 ? "" : fault);
	if (r == 0 || drop) {
		old = keeper->present ? &keeper->present->vault : NULL;
		keeper->present = r == 0 ? shared_from(vault) : NULL;
		keeper->failing = false;
		atomic_fetch_add(&keeper->generation, 1);
	}
	pthread_mutex_unlock(&keeper->lock);
	vault_release(old);
	return r;
}

void vault_keeper_on_open(struct vault_keeper *keeper, void (*opened)(void *data, const struct vault *vault),
			  void *data)
{
	keeper->opened = opened;
	keeper->opened_data = data;
}

bool vault_keeper_try(struct vault_keeper *keeper)
{
	bool needed;
	int r;

	pthread_mutex_lock(&keeper->lock);
	needed = !keeper->present || keeper->failing;
	pthread_mutex_unlock(&keeper->lock);
	/* Never waits: a store that is being replaced is opened by who replaces it. */
	if (!needed || pthread_mutex_trylock(&keeper->opening) != 0)
		return false;
	r = open_anew(keeper, false);
	pthread_mutex_unlock(&keeper->opening);
	return r == 0;
}

void vault_keeper_freeze(struct vault_keeper *keeper)
{
	pthread_mutex_lock(&keeper->opening);
}

int vault_keeper_renew(struct vault_keeper *keeper)
{
	return open_anew(keeper, true);
}

void vault_keeper_thaw(struct vault_keeper *keeper)
{
	pthread_mutex_unlock(&keeper->opening);
}

const char *vault_folder(const struct vault_keeper *keeper)
{
	return keeper->paths.state_folder;
}

int vault_master(const struct vault_keeper *keeper, uint8_t ret_master[CRYPTO_KEY_SIZE], char *ret_fault,
		 size_t fault_size)
{
	return read_master(&keeper->paths, ret_master, ret_fault, fault_size);
}

struct vault *vault_acquire(struct vault_keeper *keeper)
{
	struct vault *vault = NULL;

	pthread_mutex_lock(&keeper->lock);
	if (keeper->present) {
		atomic_fetch_add(&keeper->present->references, 1);
		vault = &keeper->present->vault;
	}
	pthread_mutex_unlock(&keeper->lock);
	return vault;
}

unsigned int vault_generation(struct vault_keeper *keeper)
{
	return atomic_load_explicit(&keeper->generation, memory_order_acquire);
}

struct lockdown *vault_lockdown(struct vault_keeper *keeper)
{
	return &keeper->lockdown;
}

void vault_report_fault(struct vault_keeper *keeper, const struct vault *vault, const char *fault)
{
	pthread_mutex_lock(&keeper->lock);
	if (keeper->present && &keeper->present->vault == vault && !keeper->failing) {
		keeper->failing = true;
		snprintf(keeper->fault, sizeof(keeper->fault), "%s", fault);
	}
	pthread_mutex_unlock(&keeper->lock);
}

void vault_report(struct vault_keeper *keeper, const struct vault *vault)
{
	char fault[VAULT_FAULT_SIZE];

	snprintf(fault, sizeof(fault),
		 "the key store %s/" STORE_FILE " failed while it was read; it is opened again every second",
		 keeper->paths.state_folder);
	vault_report_fault(keeper, vault, fault);
}

void vault_fault(struct vault_keeper *keeper, char *ret_fault, size_t fault_size)
{
	pthread_mutex_lock(&keeper->lock);
	snprintf(ret_fault, fault_size, "%s", keeper->fault);
	pthread_mutex_unlock(&keeper->lock);
}
