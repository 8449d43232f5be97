/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/audit.h"

#define NAME_SIZE sizeof(AUDIT_FILE ".18446744073709551615")
#define ATTEMPTS 20

void audit_folder_close(struct audit_folder *folder)
{
	if (folder->fd >= 0)
		close(folder->fd);
	free(folder->segments);
	*folder = (struct audit_folder)AUDIT_FOLDER_INIT;
}

/* Hands it on, and leaves a closed one behind. */
static struct audit_folder take(struct audit_folder *folder)
{
	struct audit_folder taken = *folder;

	*folder = (struct audit_folder)AUDIT_FOLDER_INIT;
	return taken;
}

/* "audit.jsonl" is 0, "audit.jsonl.7" is 7. False for any other name. */
static bool read_name(const char *name, uint64_t *ret_number)
{
	const char *digit = name + sizeof(AUDIT_FILE) - 1;
	uint64_t number = 0;

	if (strncmp(name, AUDIT_FILE, sizeof(AUDIT_FILE) - 1) != 0)
		return false;
	if (*digit == '\0') {
		*ret_number = 0;
		return true;
	}
	if (digit[0] != '.' || digit[1] < '1' || digit[1] > '9' || strlen(digit + 1) > 9)
		return false;
	for (digit++; *digit >= '0' && *digit <= '9'; digit++)
		number = number * 10 + (uint64_t)(*digit - '0');
	*ret_number = number;
	return *digit == '\0';
}

static int compare(const void *left, const void *right)
{
	const struct audit_segment *a = left, *b = right;

	return a->number < b->number ? -1 : a->number > b->number;
}

static void close_folder(DIR **directory)
{
	if (*directory)
		closedir(*directory);
}

/* Those that are there, as far as one walk sees them. */
static int list(int folder, struct audit_segment *segments, size_t *ret_count)
{
	CLEANUP_CLOSE int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(close_folder) DIR *directory = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	size_t count = 0;

	if (!directory)
		return -errno;
	(void)cleanup_take_fd(&fd); /* is the directory's */
	while ((errno = 0, entry = readdir(directory)) != NULL) {
		struct audit_segment segment;
		struct stat status;

		if (!read_name(entry->d_name, &segment.number) ||
		    fstatat(folder, entry->d_name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(status.st_mode))
			continue;
		if (count == AUDIT_SEGMENTS_MAX)
			return -E2BIG;
		segment.file = status.st_ino;
		segment.size = (uint64_t)status.st_size;
		segments[count++] = segment;
	}
	if (errno != 0)
		return -errno;
	qsort(segments, count, sizeof(*segments), compare);
	*ret_count = count;
	return 0;
}

/* The same files under the same names, each once. */
static bool is_same(const struct audit_segment *before, const struct audit_segment *now, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (before[i].number != now[i].number || before[i].file != now[i].file)
			return false;
		for (size_t j = 0; j < i; j++)
			if (now[j].file == now[i].file)
				return false;
	}
	return true;
}

int audit_folder_open(const char *path, struct audit_folder *ret_folder)
{
	CLEANUP(audit_folder_close) struct audit_folder folder = { .fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) };
	CLEANUP_FREE struct audit_segment *before = malloc(AUDIT_SEGMENTS_MAX * sizeof(*before));
	size_t count = 0;
	int r;

	if (folder.fd < 0)
		return -errno;
	folder.segments = malloc(AUDIT_SEGMENTS_MAX * sizeof(*folder.segments));
	if (!before || !folder.segments)
		return -ENOMEM;
	r = list(folder.fd, before, &count);
	for (int i = 0; i < ATTEMPTS && r == 0; i++) {
		r = list(folder.fd, folder.segments, &folder.count);
		if (r < 0)
			break;
		if (count == folder.count && is_same(before, folder.segments, count)) {
			*ret_folder = take(&folder);
			return 0;
		}
		memcpy(before, folder.segments, folder.count * sizeof(*before));
		count = folder.count;
	}
	return r < 0 ? r : -EAGAIN;
}

bool audit_folder_holds_still(const struct audit_folder *folder)
{
	CLEANUP_FREE struct audit_segment *now = malloc(AUDIT_SEGMENTS_MAX * sizeof(*now));
	size_t count = 0;

	return now && list(folder->fd, now, &count) == 0 && count == folder->count &&
	       is_same(folder->segments, now, count);
}

int audit_folder_open_segment(const struct audit_folder *folder, const struct audit_segment *segment)
{
	CLEANUP_CLOSE int fd = -1;
	char name[NAME_SIZE];
	struct stat status;

	if (segment->number == 0)
		snprintf(name, sizeof(name), "%s", AUDIT_FILE);
	else
		snprintf(name, sizeof(name), "%s.%" PRIu64, AUDIT_FILE, segment->number);
	fd = openat(folder->fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -EAGAIN : -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	return status.st_ino == segment->file ? cleanup_take_fd(&fd) : -EAGAIN;
}
