/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/audit_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "cli/output.h"

#define AUDIT_FILE "audit.jsonl"
#define PIECE 65536
#define WAIT_TIMES 200 /* of 10 ms, for the end of a line that is being written */
#define NUMBER_DIGITS 18

struct file {
	int fd;
	char *name;
	dev_t device;
	ino_t inode;
};

struct audit_files {
	struct file *files; /* the newest first */
	size_t count;
};

struct audit_files *audit_files_new(void)
{
	return calloc(1, sizeof(struct audit_files));
}

void audit_files_free(struct audit_files *files)
{
	if (!files)
		return;
	for (size_t i = 0; i < files->count; i++) {
		close(files->files[i].fd);
		free(files->files[i].name);
	}
	free(files->files);
	free(files);
}

static bool is_there(const struct audit_files *files, const struct stat *status)
{
	for (size_t i = 0; i < files->count; i++)
		if (files->files[i].device == status->st_dev && files->files[i].inode == status->st_ino)
			return true;
	return false;
}

/* Opens a file that is older than those before. It takes the name over. */
static enum status add(struct audit_files *files, char *name)
{
	int fd = name ? open(name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC) : -1;
	struct file *more;
	struct stat status;
	enum status result = STATUS_DONE;

	if (!name)
		return output_no_memory();
	if (fd < 0 || fstat(fd, &status) < 0) {
		result = output_complain(STATUS_REFUSED, "%s cannot be read: %s%s", name, strerror(errno),
					 errno == EACCES ? "; be root, or a member of the daemon's group" : "");
	} else if (!S_ISREG(status.st_mode)) {
		result = output_complain(STATUS_REFUSED, "%s is no file", name);
	} else if (!is_there(files, &status)) {
		more = reallocarray(files->files, files->count + 1, sizeof(*more));
		if (more) {
			files->files = more;
			more[files->count++] = (struct file){ fd, name, status.st_dev, status.st_ino };
			return STATUS_DONE;
		}
		result = output_no_memory();
	}
	if (fd >= 0)
		close(fd);
	free(name);
	return result;
}

enum status audit_files_open(struct audit_files *files, const char *const *paths, size_t count)
{
	enum status status = STATUS_DONE;

	while (count-- > 0 && status == STATUS_DONE)
		status = add(files, strdup(paths[count]));
	return status;
}

/* The number of a rotated file; 0: it is none. */
static uint64_t number_of(const char *name)
{
	static const char start[] = AUDIT_FILE ".";
	const char *digits = name + sizeof(start) - 1;

	if (strncmp(name, start, sizeof(start) - 1) != 0 || *digits < '1' || *digits > '9' ||
	    strspn(digits, "0123456789") != strlen(digits) || strlen(digits) > NUMBER_DIGITS)
		return 0;
	return strtoull(digits, NULL, 10);
}

static int compare_numbers(const void *one, const void *other)
{
	const uint64_t *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

static char *join(const char *folder, uint64_t number)
{
	char *name = NULL;
	int size = number == 0 ? asprintf(&name, "%s/" AUDIT_FILE, folder)
			       : asprintf(&name, "%s/" AUDIT_FILE ".%" PRIu64, folder, number);

	return size < 0 ? NULL : name;
}

/* The numbers there are; -ENOMEM. */
static int list_numbers(DIR *folder, uint64_t **ret_numbers, size_t *ret_count)
{
	const struct dirent *entry;
	uint64_t *numbers = NULL, *more, number;
	size_t count = 0;

	while ((entry = readdir(folder))) {
		number = number_of(entry->d_name);
		if (number == 0)
			continue;
		more = reallocarray(numbers, count + 1, sizeof(*numbers));
		if (!more) {
			free(numbers);
			return -ENOMEM;
		}
		numbers = more;
		numbers[count++] = number;
	}
	if (count > 0)
		qsort(numbers, count, sizeof(*numbers), compare_numbers);
	*ret_numbers = numbers;
	*ret_count = count;
	return 0;
}

enum status audit_files_open_folder(struct audit_files *files, const char *path)
{
	enum status status = add(files, join(path, 0));
	DIR *folder = status == STATUS_DONE ? opendir(path) : NULL;
	uint64_t *numbers = NULL;
	size_t count = 0;
	int r;

	if (status != STATUS_DONE)
		return status;
	if (!folder)
		return output_complain(STATUS_REFUSED, "%s cannot be read: %s", path, strerror(errno));
	r = list_numbers(folder, &numbers, &count);
	closedir(folder);
	if (r < 0)
		return output_no_memory();
	/* One more than there were: a rotation may have made it meanwhile. */
	for (size_t i = 0; i < count && status == STATUS_DONE; i++)
		status = add(files, join(path, numbers[i]));
	if (status == STATUS_DONE && count > 0) {
		char *next = join(path, numbers[count - 1] + 1);

		if (next && access(next, F_OK) == 0)
			status = add(files, next);
		else
			free(next);
	}
	free(numbers);
	return status;
}

static enum status unreadable(const struct file *file, int error)
{
	if (error == -ENOMEM)
		return output_no_memory();
	return output_complain(STATUS_REFUSED, "%s cannot be read: %s", file->name, strerror(-error));
}

/* Feeds a file up to its end; where a daemon writes to it, up to the end of a line. 0 or a negative errno. */
static int feed(const struct file *file, struct audit_verifier *verifier, bool live)
{
	static const struct timespec pause = { .tv_nsec = 10000000 };
	char piece[PIECE];
	bool ended = true;
	int waited = 0, r = 0;

	while (r == 0) {
		ssize_t size = read(file->fd, piece, sizeof(piece));

		if (size < 0 && errno == EINTR)
			continue;
		if (size < 0)
			return -errno;
		if (size == 0 && (ended || !live || waited++ == WAIT_TIMES))
			break;
		if (size == 0) {
			(void)nanosleep(&pause, NULL);
			continue;
		}
		ended = piece[size - 1] == '\n';
		r = audit_verifier_add(verifier, piece, (size_t)size);
	}
	return r;
}

enum status audit_files_feed(struct audit_files *files, struct audit_verifier *verifier, bool live)
{
	for (size_t i = files->count; i-- > 0;) {
		const struct file *file = &files->files[i];
		int r;

		audit_verifier_begin(verifier, file->name);
		r = feed(file, verifier, live && i == 0);
		if (r == 0)
			r = audit_verifier_end(verifier, i == 0);
		if (r < 0)
			return unreadable(file, r);
	}
	return STATUS_DONE;
}

int audit_files_read_small(const char *path, char *ret_text, size_t room, size_t *ret_size)
{
	bool standard = strcmp(path, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	size_t size = 0;
	ssize_t got = 1;
	int r = 0;

	if (fd < 0)
		return -errno;
	while (r == 0 && got != 0 && size < room) {
		got = read(fd, ret_text + size, room - size);
		if (got < 0 && errno != EINTR)
			r = -errno;
		size += got > 0 ? (size_t)got : 0;
	}
	if (r == 0 && size == room)
		r = -EFBIG;
	if (!standard)
		close(fd);
	if (r == 0)
		*ret_size = size;
	return r;
}

bool audit_files_read_hash(const char *hex, uint8_t ret_hash[CHAIN_HASH_SIZE])
{
	if (strlen(hex) != (size_t)2 * CHAIN_HASH_SIZE ||
	    strspn(hex, "0123456789abcdef") != (size_t)2 * CHAIN_HASH_SIZE)
		return false;
	for (size_t i = 0; i < CHAIN_HASH_SIZE; i++) {
		const char digits[] = { hex[2 * i], hex[2 * i + 1], '\0' };

		ret_hash[i] = (uint8_t)strtoul(digits, NULL, 16);
	}
	return true;
}
