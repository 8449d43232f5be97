/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/restore.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/secret.h"
#include "daemon/audit.h"
#include "daemon/keyring.h"
#include "daemon/signing_key_make.h"
#include "daemon/store_file.h"

#define SUBFOLDER STORE_FILE ".restore"
#define PART_SIZE 65536

struct restore {
	char folder[PATH_MAX]; /* the state folder */
	char inside[PATH_MAX]; /* the folder in it */
	char path[PATH_MAX];   /* of the database in that */
	int fd;
	uint64_t size;
	struct backup_seal seal;
	uint8_t master[CRYPTO_KEY_SIZE];
	/* once it is checked */
	struct store *store;
	struct store_reader *reader;
};

/* ---- the file ---- */

/* Whatever is in it: a migration that was cut short has left files that no list here would know. */
static void remove_folder(const char *path)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *folder = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		(void)unlinkat(fd, entry->d_name, 0); /* which takes no folder, such as the two that are always there */
	if (folder)
		closedir(folder);
	else if (fd >= 0)
		close(fd);
	(void)rmdir(path);
}

void restore_clean(const char *folder)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/" SUBFOLDER, folder) < sizeof(path))
		remove_folder(path);
	if ((size_t)snprintf(path, sizeof(path), "%s/" STORE_KEPT ".new", folder) < sizeof(path))
		store_file_remove(path);
}

int restore_new(const char *folder, struct restore **ret_restore, char *ret_fault, size_t fault_size)
{
	CLEANUP_FREE struct restore *restore = calloc(1, sizeof(*restore));

	if (!restore)
		return fault_tell(-ENOMEM, ret_fault, fault_size, "out of memory");
	if (strlen(folder) + sizeof("/" SUBFOLDER "/" STORE_FILE ".schema-4294967295.new") > PATH_MAX)
		return fault_tell(-ENAMETOOLONG, ret_fault, fault_size, "%s: this path is too long", folder);
	strcpy(restore->folder, folder);
	strcpy(stpcpy(restore->inside, folder), "/" SUBFOLDER);
	strcpy(stpcpy(restore->path, restore->inside), "/" STORE_FILE);
	restore_clean(folder);
	if (mkdir(restore->inside, 0700) < 0)
		return fault_tell(-errno, ret_fault, fault_size, "%s cannot be made: %s", restore->inside,
				  strerror(errno));
	restore->fd = open(restore->path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (restore->fd < 0) {
		int error = errno;

		restore_clean(folder);
		return fault_tell(-error, ret_fault, fault_size, "%s cannot be made: %s", restore->path,
				  strerror(error));
	}
	*ret_restore = restore;
	restore = NULL;
	return 0;
}

static void close_store(struct restore *restore)
{
	store_reader_close(restore->reader);
	store_close(restore->store);
	restore->reader = NULL;
	restore->store = NULL;
}

void restore_free(struct restore *restore)
{
	if (!restore)
		return;
	close_store(restore);
	if (restore->fd >= 0)
		close(restore->fd);
	restore_clean(restore->folder);
	secret_wipe(restore->master, sizeof(restore->master));
	free(restore);
}

int restore_write(struct restore *restore, uint64_t offset, const void *data, size_t size)
{
	if (offset != restore->size || restore->fd < 0 || offset > (uint64_t)INT64_MAX - size)
		return -EINVAL;
	for (size_t done = 0; done < size;) {
		ssize_t r = pwrite(restore->fd, (const char *)data + done, size - done, (off_t)(offset + done));

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return -errno;
		done += (size_t)r;
	}
	restore->size += size;
	return 0;
}

/* ---- the check ---- */

static void free_hash(struct crypto_hash **hash)
{
	crypto_hash_free(*hash);
}

/* Hashes the first size bytes. */
static int hash_file(int fd, uint64_t size, struct crypto_hash *hash)
{
	CLEANUP_FREE uint8_t *part = malloc(PART_SIZE);
	uint64_t done = 0;

	if (!part)
		return -ENOMEM;
	while (done < size) {
		size_t wanted = size - done < PART_SIZE ? (size_t)(size - done) : PART_SIZE;
		ssize_t got = pread(fd, part, wanted, (off_t)done);
		int r;

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return got < 0 ? -errno : -EIO;
		r = crypto_hash_add(hash, part, (size_t)got);
		if (r < 0)
			return r;
		done += (uint64_t)got;
	}
	return 0;
}

/* Whole, and made under this master key: before that nothing in it is looked at. */
static int check_seal(struct restore *restore, char *fault, size_t fault_size)
{
	CLEANUP(free_hash) struct crypto_hash *hash = NULL;
	uint8_t bytes[BACKUP_SEAL_SIZE];
	uint64_t size = restore->size - sizeof(bytes);
	int r;

	if (restore->size <= sizeof(bytes))
		return fault_tell(-EINVAL, fault, fault_size, "this is no backup of apikeyd: it is too short");
	if (pread(restore->fd, bytes, sizeof(bytes), (off_t)size) != (ssize_t)sizeof(bytes))
		return fault_tell(-EIO, fault, fault_size, "the backup cannot be read: %s", strerror(errno));
	r = crypto_hash_new(&hash);
	if (r == 0)
		r = hash_file(restore->fd, size, hash);
	if (r == 0)
		r = backup_seal_read(bytes, size, hash, &restore->seal);
	if (r == -EINVAL)
		return fault_tell(
			r, fault, fault_size,
			"this is no backup of apikeyd, or its end is missing: fetch the whole file again, or take an "
			"older backup");
	if (r == -EBADMSG)
		return fault_tell(
			r, fault, fault_size,
			"the backup is damaged: what is in it is not what was written; fetch the file again, or take "
			"an older backup");
	if (r == 0)
		r = backup_seal_verify(bytes, restore->master);
	if (r == -EKEYREJECTED)
		return fault_tell(
			r, fault, fault_size,
			"the backup was not made under this host's master key, or was changed by somebody: bring the "
			"master key of the host it comes from (apikeyctl master-key import), or the one before "
			"the last rotation, restart apikeyd and restore again");
	return r < 0 ? fault_tell(r, fault, fault_size, "the backup cannot be checked: %s", strerror(-r)) : 0;
}

static int check_database(struct restore *restore, char *fault, size_t fault_size)
{
	struct keyring keyring;
	int r = store_examine(restore->path, fault, fault_size);

	if (r == 0)
		r = store_open(restore->inside, false, &restore->store, fault, fault_size);
	if (r < 0)
		return r;
	r = store_reader_open(restore->store, &restore->reader);
	if (r < 0)
		return fault_tell(r, fault, fault_size, "the backup cannot be read: %s", strerror(-r));
	r = store_check(restore->reader, fault, fault_size);
	if (r == 0)
		r = keyring_load(restore->reader, restore->master, &keyring, fault, fault_size);
	if (r == 0)
		keyring_done(&keyring);
	return r;
}

int restore_check(struct restore *restore, const uint8_t master[CRYPTO_KEY_SIZE], char *ret_fault, size_t fault_size)
{
	int r;

	if (restore->store)
		return 0;
	if (restore->fd < 0)
		return fault_tell(-EINVAL, ret_fault, fault_size, "the backup was refused already");
	memcpy(restore->master, master, sizeof(restore->master));
	r = check_seal(restore, ret_fault, fault_size);
	if (r == 0 && ftruncate(restore->fd, (off_t)(restore->size - BACKUP_SEAL_SIZE)) < 0)
		r = fault_tell(-errno, ret_fault, fault_size, "the backup cannot be written: %s", strerror(errno));
	close(restore->fd);
	restore->fd = -1;
	if (r == 0)
		r = check_database(restore, ret_fault, fault_size);
	if (r < 0)
		close_store(restore);
	return r;
}

/* ---- the present store ---- */

/* The present store and one who reads it: the vault's, or where there is none, opened for this. */
struct present {
	struct store *store, *own;
	struct store_reader *reader;
	uint64_t rev;
};

static void present_done(struct present *present)
{
	store_reader_close(present->reader);
	store_close(present->own);
	*present = (struct present){ .store = NULL };
}

/* 0, or a negative errno and why it cannot be read. */
static int present_open(const struct restore *restore, struct vault *vault, struct present *ret_present, char *fault,
			size_t fault_size)
{
	int r = 0;

	*ret_present = (struct present){ .store = vault ? vault->store : NULL };
	if (!vault) {
		r = store_open(restore->folder, false, &ret_present->own, fault, fault_size);
		ret_present->store = ret_present->own;
	}
	if (r < 0)
		return r;
	r = store_reader_open(ret_present->store, &ret_present->reader);
	if (r == 0)
		r = store_rev(ret_present->reader, &ret_present->rev);
	if (r < 0) {
		snprintf(fault, fault_size, "%s",
			 ret_present->reader ? store_fault(ret_present->reader) : strerror(-r));
		store_reader_close(ret_present->reader);
		ret_present->reader = NULL;
	}
	return r;
}

static int refuse_unreadable(const char *why, char *fault, size_t fault_size)
{
	return fault_tell(
		-ESTALE, fault, fault_size,
		"the present key store cannot be read, so nobody knows what was revoked since the backup (%s); mend "
		"it, or say --accept-revived to bring back every key as it was in the backup",
		why);
}

/* Merges or only reports; falls back to the backup alone where that was accepted. */
static int hold_against(struct restore *restore, bool write, struct present *present, bool accept_revived, int64_t now,
			struct restore_outcome *outcome, char *fault, size_t fault_size)
{
	bool present_failed = false;
	int r = restore_merge(write ? restore->store : NULL, restore->reader, present->reader, accept_revived, now,
			      &outcome->report, &present_failed);

	if (r < 0 && present_failed) {
		char why[256];

		snprintf(why, sizeof(why), "%s", store_fault(present->reader));
		if (!accept_revived)
			return refuse_unreadable(why, fault, fault_size);
		outcome->present_unreadable = true;
		r = restore_merge(NULL, restore->reader, NULL, true, now, &outcome->report, &present_failed);
	}
	if (r < 0)
		fault_tell(r, fault, fault_size, "the backup cannot be compared with the key store: %s",
			   *store_fault(restore->reader) ? store_fault(restore->reader) : strerror(-r));
	return r;
}

static int open_for(struct restore *restore, struct vault *vault, bool accept_revived, struct present *ret_present,
		    struct restore_outcome *outcome, char *fault, size_t fault_size)
{
	char why[256] = "";

	if (!restore->store)
		return fault_tell(-EINVAL, fault, fault_size, "the backup was not checked, or was refused");
	memset(outcome, 0, sizeof(*outcome));
	outcome->seal = restore->seal;
	if (present_open(restore, vault, ret_present, why, sizeof(why)) < 0) {
		if (!accept_revived)
			return refuse_unreadable(why, fault, fault_size);
		outcome->present_unreadable = true;
	}
	outcome->present_rev = ret_present->rev;
	return 0;
}

int restore_compare(struct restore *restore, struct vault *vault, bool accept_revived, int64_t now,
		    struct restore_outcome *ret_outcome, char *ret_fault, size_t fault_size)
{
	CLEANUP(present_done) struct present present = { .store = NULL };
	int r = open_for(restore, vault, accept_revived, &present, ret_outcome, ret_fault, fault_size);

	return r < 0 ? r
		     : hold_against(restore, false, &present, accept_revived, now, ret_outcome, ret_fault, fault_size);
}

/* ---- the change ---- */

static int raise_number(struct store *store, struct store_reader *present, const char *name, uint64_t least)
{
	uint64_t here = 0, there = 0;
	int r = store_load_number(store_writer(store), name, &here);

	if (r == 0 && present && store_load_number(present, name, &there) < 0)
		there = 0;
	if (here < there)
		here = there;
	if (here < least)
		here = least;
	return r < 0 ? r : store_save_number(store, name, here);
}

/* Whether a nonce was used is not known of any that can have been made by now; nor, where the clock was set back, of
 * those that the present store has used. */
static int raise_purged_epoch(struct store *store, struct store_reader *present, int64_t least)
{
	int64_t last = 0;

	if (present && store_once_last(present, STORE_NONCE, &last) == 0 && last > least)
		least = last;
	return raise_number(store, present, STORE_PURGED_EPOCH, (uint64_t)least);
}

/* One that there is goes on, whatever the backup says and whoever accepted what; of a store that cannot be read, what
 * the daemon knows of it. One that the backup has comes back with it: ending it is a word of its own. */
static int keep_lockdown(struct store *store, struct store_reader *present, struct lockdown *known)
{
	struct store_lockdown lockdown;

	if (!present || store_find_lockdown(present, &lockdown) < 0)
		lockdown_get(known, &lockdown);
	return lockdown.on ? store_save_lockdown(store, &lockdown) : 0;
}

/* What a restored store has that the backup had not: a later revision, new keys that sign, one-time tokens spent. */
static int set_numbers(struct restore *restore, struct store_reader *present, struct audit *audit, int64_t now,
		       restore_record record, void *data, struct restore_outcome *outcome)
{
	struct store *store = restore->store;
	uint64_t present_rev = outcome->present_rev; /* 0 where it is not known: the audit knows how far it was */
	uint64_t audited = audit ? audit_last_rev(audit, present ? present_rev : UINT64_MAX) : 0;
	uint64_t highest = present_rev > audited ? present_rev : audited;
	CLEANUP_FREE char *text = NULL;
	uint64_t backup_rev = 0;
	int r = store_rev(store_writer(store), &backup_rev);

	/* What the backup has of a later revision than this host is in another host's audit. */
	if (r == 0)
		r = raise_number(store, present, "audited_rev", backup_rev > highest ? backup_rev : audited);
	if (r == 0)
		r = raise_purged_epoch(store, present, now + RESTORE_EPOCH_AHEAD);
	if (r == 0)
		r = raise_number(store, present, STORE_PURGED_EXP, (uint64_t)now);
	if (r == 0)
		r = keyring_renew(store, store_writer(store), restore->master);
	/* No access token of before is signed by what is made instead. */
	if (r == 0)
		r = signing_key_start(store, restore->master, now);
	if (r == 0)
		r = store_raise_rev(store, highest);
	if (r < 0)
		return r;
	outcome->rev = (backup_rev > highest ? backup_rev : highest) + 1;
	text = record(data, outcome);
	return text ? store_log_change(store, now, text, &outcome->rev) : -ENOMEM;
}

/* Makes the backup what the store is to be, in one transaction of its own. */
static int merge(struct restore *restore, struct present *present, struct lockdown *lockdown, struct audit *audit,
		 bool accept_revived, int64_t now, restore_record record, void *data, struct restore_outcome *outcome,
		 char *fault, size_t fault_size)
{
	int r = store_write_begin(restore->store);

	if (r == 0) {
		r = hold_against(restore, true, present, accept_revived, now, outcome, fault, fault_size);
		if (r < 0) {
			store_write_abort(restore->store);
			return r;
		}
		r = set_numbers(restore, outcome->present_unreadable ? NULL : present->reader, audit, now, record, data,
				outcome);
	}
	if (r == 0)
		r = keep_lockdown(restore->store, outcome->present_unreadable ? NULL : present->reader, lockdown);
	if (r == 0)
		r = store_write_commit(restore->store);
	else
		store_write_abort(restore->store);
	return r < 0 ? fault_tell(r, fault, fault_size, "the backup cannot be made ready: %s",
				  *store_fault(store_writer(restore->store)) ? store_fault(store_writer(restore->store))
									     : strerror(-r))
		     : 0;
}

/* Keeps the store that is going to be replaced, under a name it gets when it is whole. */
static int keep_present(struct restore *restore, struct present *present, char *fault, size_t fault_size)
{
	char kept[PATH_MAX], fresh[PATH_MAX];
	int r;

	strcpy(stpcpy(kept, restore->folder), "/" STORE_KEPT);
	strcpy(stpcpy(fresh, restore->folder), "/" STORE_KEPT ".new");
	store_file_remove(fresh);
	r = store_copy(present->reader, fresh, NULL, 0, fault, fault_size);
	if (r < 0)
		return r;
	if (rename(fresh, kept) < 0) {
		r = -errno;
		(void)unlink(fresh);
		return fault_tell(r, fault, fault_size, "%s cannot be made: %s", kept, strerror(-r));
	}
	/* The log of one that was kept whole, with its log, would be taken for this one's. */
	strcpy(stpcpy(fresh, kept), "-wal");
	(void)unlink(fresh);
	return 0;
}

/* Into the open store in one transaction, or in the place of a file that cannot be opened. */
static int take_place(struct restore *restore, struct present *present, char *fault, size_t fault_size)
{
	char path[PATH_MAX];
	int r;

	if (present->store) {
		r = store_replace(present->store, restore->reader);
		if (r < 0)
			fault_tell(r, fault, fault_size, "the key store cannot be replaced: %s",
				   store_fault(store_writer(present->store)));
		return r;
	}
	/* A copy without a log, which nobody has open. */
	strcpy(stpcpy(path, restore->folder), "/" STORE_KEPT ".new");
	store_file_remove(path);
	r = store_copy(restore->reader, path, NULL, 0, fault, fault_size);
	if (r == 0)
		r = store_install(restore->folder, path, fault, fault_size);
	if (r < 0)
		(void)unlink(path);
	return r;
}

static bool has_database(const struct restore *restore)
{
	char path[PATH_MAX];
	struct stat status;

	strcpy(stpcpy(path, restore->folder), "/" STORE_FILE);
	return lstat(path, &status) == 0;
}

/* At the next start the file holds a master key that the backup does not know. */
static int check_master(const struct restore *restore, const struct present *present, char *fault, size_t fault_size)
{
	int r = present->reader ? keyring_is_followed(present->reader, restore->master) : 0;

	if (r > 0)
		return fault_tell(-ESTALE, fault, fault_size,
				  "the master key was rotated, and apikeyd still runs with the one before: restart it "
				  "(systemctl restart apikeyd) and restore again");
	return 0;
}

static int commit(struct restore *restore, struct vault *vault, struct lockdown *lockdown, struct audit *audit,
		  bool accept_revived, int64_t now, restore_record record, void *data, struct restore_outcome *outcome,
		  char *fault, size_t fault_size)
{
	CLEANUP(present_done) struct present present = { .store = NULL };
	int r = open_for(restore, vault, accept_revived, &present, outcome, fault, fault_size);

	if (r == 0)
		r = check_master(restore, &present, fault, fault_size);
	if (r == 0)
		r = merge(restore, &present, lockdown, audit, accept_revived, now, record, data, outcome, fault,
			  fault_size);
	if (r < 0)
		return r;
	if (present.reader) {
		r = keep_present(restore, &present, fault, fault_size);
		/* Of a disk that cannot be read there may be no copy; that it is lost was accepted. */
		if (r < 0 && !(outcome->present_unreadable && r == -EIO))
			return r;
		outcome->kept = r == 0;
	} else if (!present.store) {
		outcome->kept = has_database(restore);
	}
	return take_place(restore, &present, fault, fault_size);
}

int restore_commit(struct restore *restore, struct vault_keeper *keeper, struct vault *vault, struct audit *audit,
		   bool accept_revived, int64_t now, restore_record record, void *data,
		   struct restore_outcome *ret_outcome, char *ret_fault, size_t fault_size)
{
	int r;

	vault_keeper_freeze(keeper);
	r = commit(restore, vault, vault_lockdown(keeper), audit, accept_revived, now, record, data, ret_outcome,
		   ret_fault, fault_size);
	if (r == 0)
		(void)vault_keeper_renew(keeper); /* what fails here is tried again every second, and status says why */
	vault_keeper_thaw(keeper);
	close_store(restore);
	return r;
}
