/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/backup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "config.h"
#include "daemon/store_file.h"

#define UNFINISHED STORE_FILE ".backup"
#define PART_SIZE 65536

void backup_clean(const char *folder)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s/" UNFINISHED, folder) < sizeof(path))
		store_file_remove(path);
}

static uint64_t version_number(void)
{
	unsigned int major = 0, minor = 0, patch = 0;

	(void)sscanf(PACKAGE_VERSION, "%u.%u.%u", &major, &minor, &patch);
	return major * UINT64_C(1000000) + minor * UINT64_C(1000) + patch;
}

static void free_hash(struct crypto_hash **hash)
{
	crypto_hash_free(*hash);
}

/* Hashes the copy and appends its seal. */
static int seal_copy(struct backup *backup, const uint8_t *master)
{
	CLEANUP(free_hash) struct crypto_hash *hash = NULL;
	CLEANUP_FREE uint8_t *part = malloc(PART_SIZE);
	uint8_t bytes[BACKUP_SEAL_SIZE];
	ssize_t got = 0;
	int r = part ? crypto_hash_new(&hash) : -ENOMEM;

	while (r == 0 && (got = read(backup->fd, part, PART_SIZE)) != 0) {
		if (got < 0 && errno == EINTR)
			continue;
		r = got < 0 ? -errno : crypto_hash_add(hash, part, (size_t)got);
		backup->seal.size += got > 0 ? (uint64_t)got : 0;
	}
	if (r == 0)
		r = backup_seal_make(&backup->seal, hash, master, bytes);
	if (r < 0)
		return r;
	backup->size = backup->seal.size + sizeof(bytes);
	got = pwrite(backup->fd, bytes, sizeof(bytes), (off_t)backup->seal.size);
	if (got != (ssize_t)sizeof(bytes))
		return got < 0 ? -errno : -ENOSPC;
	return 0;
}

/* What the copy holds is read in the transaction it is copied in. */
static int copy_store(struct store_reader *reader, const char *path, struct backup *backup, char *fault,
		      size_t fault_size)
{
	const struct store_number numbers[] = {
		{ BACKUP_TIME, (uint64_t)backup->seal.time },
		{ BACKUP_VERSION, version_number() },
	};
	uint64_t counts[STORE_STATE_COUNT] = { 0 };
	int r = store_read_begin(reader);

	if (r == 0)
		r = store_rev(reader, &backup->seal.rev);
	if (r == 0)
		r = store_count_keys(reader, counts);
	if (r < 0) {
		store_read_end(reader);
		return fault_tell(r, fault, fault_size, "%s", store_fault(reader));
	}
	for (size_t i = 0; i < STORE_STATE_COUNT; i++)
		backup->keys += counts[i];
	r = store_copy(reader, path, numbers, ARRAY_SIZE(numbers), fault, fault_size);
	store_read_end(reader);
	return r;
}

int backup_take(struct store *store, const char *folder, const uint8_t master[CRYPTO_KEY_SIZE], int64_t now,
		struct backup *ret_backup, char *ret_fault, size_t fault_size)
{
	CLEANUP(backup_done) struct backup backup = { .fd = -1, .seal = { .time = now, .version = PACKAGE_VERSION } };
	struct store_reader *reader = NULL;
	char path[PATH_MAX];
	int r;

	if ((size_t)snprintf(path, sizeof(path), "%s/" UNFINISHED, folder) >= sizeof(path))
		return fault_tell(-ENAMETOOLONG, ret_fault, fault_size, "%s: this path is too long", folder);
	backup_clean(folder);
	r = store_reader_open(store, &reader);
	if (r < 0)
		return fault_tell(r, ret_fault, fault_size, "the key store cannot be read: %s", strerror(-r));
	r = copy_store(reader, path, &backup, ret_fault, fault_size);
	store_reader_close(reader);
	if (r < 0)
		return r;
	backup.fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	r = backup.fd < 0 ? -errno : 0;
	(void)unlink(path);
	if (r == 0)
		r = seal_copy(&backup, master);
	if (r < 0)
		return fault_tell(r, ret_fault, fault_size, "%s: the copy cannot be finished: %s", path, strerror(-r));
	*ret_backup = backup;
	backup.fd = -1;
	return 0;
}

void backup_done(struct backup *backup)
{
	if (backup->fd >= 0)
		close(backup->fd);
	backup->fd = -1;
}
