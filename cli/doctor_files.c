/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/doctor_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cli/scope.h"

#define NAMES_MAX 8192

static void folder_scope(DIR **folder)
{
	if (*folder)
		closedir(*folder);
}

int doctor_files_open(struct doctor_files *files, const char *tree)
{
	struct open_how how = { .flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT };
	long fd;

	files->root = -1;
	files->tree = "";
	if (!tree)
		return 0;
	files->root = open(tree, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (files->root < 0)
		return -errno;
	/* A kernel that cannot keep links inside the tree would have us look at the wrong files. */
	fd = syscall(SYS_openat2, files->root, ".", &how, sizeof(how));
	if (fd < 0)
		return -errno;
	close((int)fd);
	files->tree = tree;
	return 0;
}

void doctor_files_close(struct doctor_files *files)
{
	if (files->root >= 0)
		close(files->root);
	files->root = -1;
}

int doctor_files_descriptor(const struct doctor_files *files, const char *path, int flags)
{
	struct open_how how = { .flags = (unsigned int)flags | O_CLOEXEC,
				.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS };
	long fd;

	if (files->root < 0)
		fd = open(path, flags | O_CLOEXEC);
	else
		fd = syscall(SYS_openat2, files->root, path, &how, sizeof(how));
	return fd < 0 ? -errno : (int)fd;
}

int doctor_files_stat(const struct doctor_files *files, const char *path, enum doctor_follow follow,
		      struct stat *ret_status)
{
	SCOPED_FD int fd = doctor_files_descriptor(files, path, O_PATH | (follow == DOCTOR_FOLLOW ? 0 : O_NOFOLLOW));
	struct stat status;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	*ret_status = status;
	return 0;
}

int doctor_files_read(const struct doctor_files *files, const char *path, enum doctor_follow follow, size_t limit,
		      bool from_end, char **ret_text, size_t *ret_size)
{
	SCOPED_FD int fd = doctor_files_descriptor(
		files, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | (follow == DOCTOR_FOLLOW ? 0 : O_NOFOLLOW));
	struct stat status;
	size_t size = 0;
	off_t start = 0;
	char *text;

	if (fd < 0)
		return fd;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	if (status.st_size > (off_t)limit) {
		if (!from_end)
			return -EFBIG;
		start = status.st_size - (off_t)limit;
	}
	limit = (size_t)(status.st_size - start);
	text = doctor_memory_take(files->memory, limit + 1);
	while (size < limit) {
		ssize_t got = pread(fd, text + size, limit - size, start + (off_t)size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		size += (size_t)got;
	}
	*ret_text = text;
	*ret_size = size;
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int doctor_files_list(const struct doctor_files *files, const char *path, char ***ret_names)
{
	int fd = doctor_files_descriptor(files, path, O_RDONLY | O_DIRECTORY | O_NONBLOCK);
	SCOPED(folder_scope) DIR *folder = NULL;
	const struct dirent *entry;
	char **names = NULL;
	size_t count = 0;

	if (fd < 0)
		return fd;
	folder = fdopendir(fd);
	if (!folder) {
		int error = errno;

		close(fd);
		return -error;
	}
	while ((entry = readdir(folder))) {
		if (entry->d_name[0] == '.')
			continue;
		if (count == NAMES_MAX)
			return -EFBIG;
		names = doctor_memory_grow(files->memory, names, count, sizeof(*names));
		names[count++] = doctor_memory_text(files->memory, "%s", entry->d_name);
	}
	if (count > 0)
		qsort(names, count, sizeof(*names), compare_names);
	names = doctor_memory_grow(files->memory, names, count, sizeof(*names));
	names[count] = NULL;
	*ret_names = names;
	return 0;
}

const char *doctor_files_link(const struct doctor_files *files, const char *path)
{
	SCOPED_FD int fd = doctor_files_descriptor(files, path, O_PATH | O_NOFOLLOW);
	char target[PATH_MAX];
	ssize_t size;

	if (fd < 0)
		return NULL;
	size = readlinkat(fd, "", target, sizeof(target) - 1);
	if (size < 0)
		return NULL;
	target[size] = '\0';
	return doctor_memory_text(files->memory, "%s", target);
}

const char *doctor_files_show(const struct doctor_files *files, const char *path)
{
	size_t size = strlen(files->tree);

	while (size > 0 && files->tree[size - 1] == '/')
		size--;
	return doctor_memory_text(files->memory, "%.*s%s", (int)size, files->tree, path);
}
