/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The lock is on the folder, not on the file: it then holds through a rotation, when the file is another one.
 */
#include "daemon/audit_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/audit.h"

#define FILE_MODE 0640
#define FILE_NEW AUDIT_FILE ".new"
#define NAME_SIZE sizeof(AUDIT_FILE ".18446744073709551615")
/* O_NONBLOCK: a FIFO somebody put there is found out about, not waited for. */
#define FILE_FLAGS (O_RDWR | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)

static int check_regular(int fd, uint64_t *ret_size)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -ENOTSUP;
	*ret_size = (uint64_t)status.st_size;
	return 0;
}

/* Makes a file that is not there yet. */
static int create_file(int folder, const char *name, int *ret_fd)
{
	CLEANUP_CLOSE int fd = openat(folder, name, FILE_FLAGS | O_CREAT | O_EXCL, FILE_MODE);

	/* The umask is meant for other files. */
	if (fd < 0 || fchmod(fd, FILE_MODE) < 0)
		return -errno;
	*ret_fd = cleanup_take_fd(&fd);
	return 0;
}

static int open_or_create(int folder, int *ret_fd)
{
	int fd = openat(folder, AUDIT_FILE, FILE_FLAGS);

	if (fd >= 0) {
		*ret_fd = fd;
		return 0;
	}
	if (errno == ENOENT)
		return create_file(folder, AUDIT_FILE, ret_fd);
	return errno == ENXIO || errno == EISDIR || errno == ENODEV ? -ENOTSUP : -errno;
}

int audit_file_open(struct audit_file *file, const char *path)
{
	CLEANUP_CLOSE int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP_CLOSE int fd = -1;
	uint64_t size = 0;
	int r;

	if (folder < 0)
		return -errno;
	if (flock(folder, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	r = open_or_create(folder, &fd);
	if (r < 0)
		return r;
	r = check_regular(fd, &size);
	if (r < 0)
		return r;
	file->size = size;
	file->folder = cleanup_take_fd(&folder);
	file->fd = cleanup_take_fd(&fd);
	return 0;
}

void audit_file_close(struct audit_file *file)
{
	cleanup_close_fd(&file->fd);
	cleanup_close_fd(&file->folder);
	*file = (struct audit_file)AUDIT_FILE_INIT;
}

/* Takes back what a failed write left behind. */
static void take_back(struct audit_file *file, size_t written)
{
	struct stat status;
	uint64_t left, before;

	if (fstat(file->fd, &status) == 0) {
		left = (uint64_t)status.st_size;
		/* The file may have been made shorter by someone; then its size says nothing about where we began. */
		before = left >= written ? left - written : 0;
		if (before > file->size)
			before = file->size;
		if (left == before || ftruncate(file->fd, (off_t)before) == 0) {
			file->size = before;
			return;
		}
	}
	audit_file_close(file);
}

int audit_file_append(struct audit_file *file, const void *data, size_t size)
{
	size_t written = 0;

	while (written < size) {
		ssize_t count = write(file->fd, (const char *)data + written, size - written);

		if (count < 0 && errno == EINTR)
			continue;
		if (count <= 0) {
			int error = count < 0 ? errno : ENOSPC;

			take_back(file, written);
			return -error;
		}
		written += (size_t)count;
	}
	file->size += size;
	return 0;
}

static void file_name(char name[NAME_SIZE], uint64_t number)
{
	if (number == 0)
		snprintf(name, NAME_SIZE, "%s", AUDIT_FILE);
	else
		snprintf(name, NAME_SIZE, "%s.%" PRIu64, AUDIT_FILE, number);
}

static bool exists(int folder, const char *name)
{
	return faccessat(folder, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* Removes what is at and beyond a number, up to the first gap. */
static void remove_from(int folder, uint64_t number)
{
	char name[NAME_SIZE];

	do
		file_name(name, number++);
	while (unlinkat(folder, name, 0) == 0);
}

/* Moves the file and the rotated ones up by one, up to the first gap: what an admin took away leaves room. */
static int move_up(int folder, uint64_t keep, bool *ret_moved)
{
	char from[NAME_SIZE], to[NAME_SIZE];
	uint64_t gap = 1;

	for (; gap < keep; gap++) {
		file_name(to, gap);
		if (!exists(folder, to))
			break;
	}
	for (; gap > 0; gap--) {
		file_name(from, gap - 1);
		file_name(to, gap);
		if (renameat(folder, from, folder, to) == 0)
			*ret_moved = gap == 1;
		else if (errno != ENOENT)
			return -errno;
	}
	return 0;
}

int audit_file_rotate(struct audit_file *file, uint64_t keep)
{
	CLEANUP_CLOSE int fd = -1;
	char first[NAME_SIZE];
	bool moved = false;
	int r;

	/* The new file is made first: without one nothing has moved. */
	unlinkat(file->folder, FILE_NEW, 0);
	r = create_file(file->folder, FILE_NEW, &fd);
	if (r < 0)
		return r;
	/* With nothing to keep the new file simply takes the name of the old one. */
	if (keep > 0)
		r = move_up(file->folder, keep, &moved);
	if (r == 0 && renameat(file->folder, FILE_NEW, file->folder, AUDIT_FILE) < 0) {
		r = -errno;
		file_name(first, 1);
		if (moved)
			renameat(file->folder, first, file->folder, AUDIT_FILE);
	}
	if (r < 0) {
		unlinkat(file->folder, FILE_NEW, 0);
		return r;
	}
	if (keep < UINT64_MAX)
		remove_from(file->folder, keep + 1);
	close(file->fd);
	file->fd = cleanup_take_fd(&fd);
	file->size = 0;
	return 0;
}

uint64_t audit_file_rotated(const char *path, uint64_t most)
{
	CLEANUP_CLOSE int folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	char name[NAME_SIZE];
	uint64_t count = 0;

	for (; folder >= 0 && count < most; count++) {
		file_name(name, count + 1);
		if (!exists(folder, name))
			break;
	}
	return count;
}

bool audit_file_is_gone(struct audit_file *file)
{
	struct stat status;

	if (fstat(file->fd, &status) < 0)
		return false;
	file->size = (uint64_t)status.st_size;
	return status.st_nlink == 0;
}

static bool is_same(const struct stat *one, const struct stat *other)
{
	return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

bool audit_file_is_elsewhere(const struct audit_file *file, const char *path)
{
	struct stat held, found;

	if (stat(path, &found) < 0)
		return errno == ENOENT || errno == ENOTDIR;
	if (fstat(file->folder, &held) == 0 && !is_same(&held, &found))
		return true;
	return fstat(file->fd, &held) == 0 && fstatat(file->folder, AUDIT_FILE, &found, AT_SYMLINK_NOFOLLOW) == 0
		       ? !is_same(&held, &found)
		       : errno == ENOENT;
}

int64_t audit_file_read_at(int fd, void *ret_data, size_t size, uint64_t offset)
{
	size_t got = 0;

	while (got < size) {
		ssize_t count = pread(fd, (char *)ret_data + got, size - got, (off_t)(offset + got));

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0)
			return -errno;
		if (count == 0)
			break;
		got += (size_t)count;
	}
	return (int64_t)got;
}

int audit_file_digest(const struct audit_file *file, uint64_t from, uint8_t ret_digest[CHAIN_HASH_SIZE])
{
	struct crypto_hash *hash;
	uint8_t piece[16384];
	ssize_t size = 0;
	int r = crypto_hash_new(&hash);

	while (r == 0 && (size = pread(file->fd, piece, sizeof(piece), (off_t)from)) != 0) {
		if (size < 0 && errno == EINTR)
			continue;
		r = size < 0 ? -errno : crypto_hash_add(hash, piece, (size_t)size);
		from += size > 0 ? (uint64_t)size : 0;
	}
	if (r == 0)
		r = crypto_hash_read(hash, ret_digest);
	crypto_hash_free(hash);
	return r;
}

int audit_file_tail(const struct audit_file *file, struct audit_tail *ret_tail)
{
	CLEANUP_CLOSE int rotated = -1;
	struct audit_tail tail = { 0 };
	char name[NAME_SIZE];
	bool torn;
	uint64_t size, record_end;
	int r;

	r = audit_tail_read(file->fd, &tail);
	if (r < 0)
		return r;
	torn = tail.torn;
	record_end = tail.record_end;
	if (!tail.has_seq || !tail.has_rev || !tail.has_record) {
		file_name(name, 1);
		rotated = openat(file->folder, name, (FILE_FLAGS & ~(O_RDWR | O_APPEND)) | O_RDONLY);
		/* One that cannot be read says nothing; the records go on from what is known. */
		if (rotated >= 0 && check_regular(rotated, &size) == 0)
			audit_tail_read(rotated, &tail);
	}
	/* What is torn has used its number up, where that is the next one; any other number in it means nothing. */
	if (tail.has_record && tail.seq != tail.links.seq + 1)
		tail.seq = tail.links.seq;
	tail.torn = torn;
	tail.record_end = record_end;
	*ret_tail = tail;
	return 0;
}
