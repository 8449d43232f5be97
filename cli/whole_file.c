/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/whole_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/output.h"

#define ORIGIN_SIZE 64

static bool is_output(const struct whole_file *file)
{
	return strcmp(file->path, "-") == 0;
}

static enum status cannot(const struct whole_file *file, int error)
{
	if (error == EEXIST)
		return output_complain(STATUS_REFUSED, "%s is there already and was left as it is; --force replaces it",
				       file->path);
	return output_complain(STATUS_REFUSED, "%s cannot be written, and nothing was left of it: %s",
			       is_output(file) ? "standard output" : file->path, strerror(error));
}

static int open_folder(struct whole_file *file)
{
	const char *slash = strrchr(file->path, '/');
	SCOPED_FREE char *folder = slash == file->path ? strdup("/")
				   : slash             ? strndup(file->path, (size_t)(slash - file->path))
						       : strdup(".");

	file->name = strdup(slash ? slash + 1 : file->path);
	if (!folder || !file->name)
		return -ENOMEM;
	if (*file->name == '\0')
		return -EISDIR;
	file->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return file->folder < 0 ? -errno : 0;
}

/* Refuses what is there and may not be replaced, and what is no file: a device would be replaced by one. */
static int look(const struct whole_file *file)
{
	struct stat status;

	if (fstatat(file->folder, file->name, &status, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (S_ISDIR(status.st_mode))
		return -EISDIR;
	if (!file->replace)
		return -EEXIST;
	return S_ISREG(status.st_mode) ? 0 : -EINVAL;
}

/* By which a file without a name can be given one. */
static void write_origin(const struct whole_file *file, char ret_path[ORIGIN_SIZE])
{
	snprintf(ret_path, ORIGIN_SIZE, "/proc/self/fd/%d", file->fd);
}

static int open_file(struct whole_file *file)
{
	char origin[ORIGIN_SIZE];

	file->fd = openat(file->folder, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);
	if (file->fd >= 0) {
		write_origin(file, origin);
		if (access(origin, F_OK) == 0)
			return 0;
		/* Without /proc it would be found at the end that it can have no name. */
		close(file->fd);
		file->fd = -1;
	} else if (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT) {
		return -errno;
	}
	if (asprintf(&file->temporary, ".%s.%ld.new", file->name, (long)getpid()) < 0) {
		file->temporary = NULL;
		return -ENOMEM;
	}
	file->fd = openat(file->folder, file->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return file->fd < 0 ? -errno : 0;
}

enum status whole_file_begin(struct whole_file *file, const char *path, bool replace)
{
	int r;

	*file = (struct whole_file)WHOLE_FILE_INIT;
	file->path = path;
	file->replace = replace;
	if (is_output(file)) {
		file->fd = STDOUT_FILENO;
		return output_is_open() ? STATUS_DONE : cannot(file, EBADF);
	}
	r = open_folder(file);
	if (r == 0)
		r = look(file);
	if (r == -EINVAL)
		return output_complain(STATUS_REFUSED, "%s is no file; to write to it, name - and redirect the output",
				       path);
	if (r == 0)
		r = open_file(file);
	return r < 0 ? cannot(file, -r) : STATUS_DONE;
}

enum status whole_file_write(struct whole_file *file, const void *data, size_t size)
{
	const char *at = data;

	while (size > 0) {
		ssize_t written = write(file->fd, at, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return cannot(file, written < 0 ? errno : EIO);
		at += written;
		size -= (size_t)written;
	}
	return STATUS_DONE;
}

/* A file without a name gets one: the last, or one to be renamed from. */
static int name_file(struct whole_file *file, const char *name)
{
	char origin[ORIGIN_SIZE];

	write_origin(file, origin);
	return linkat(AT_FDCWD, origin, file->folder, name, AT_SYMLINK_FOLLOW) < 0 ? -errno : 0;
}

static int give_name(struct whole_file *file)
{
	int r;

	if (!file->temporary && !file->replace)
		return name_file(file, file->name);
	if (!file->temporary) {
		if (asprintf(&file->temporary, ".%s.%ld.new", file->name, (long)getpid()) < 0) {
			file->temporary = NULL;
			return -ENOMEM;
		}
		(void)unlinkat(file->folder, file->temporary, 0);
		r = name_file(file, file->temporary);
		if (r < 0)
			return r;
	}
	if (renameat2(file->folder, file->temporary, file->folder, file->name, file->replace ? 0 : RENAME_NOREPLACE) <
	    0)
		return -errno;
	free(file->temporary);
	file->temporary = NULL;
	return 0;
}

enum status whole_file_finish(struct whole_file *file)
{
	int r;

	if (is_output(file)) {
		/* Some file systems tell only now that there was no room. Pipes have nothing to say to it. */
		if (fsync(file->fd) < 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
			return cannot(file, errno);
		return STATUS_DONE;
	}
	r = fsync(file->fd) < 0 ? -errno : give_name(file);
	if (r < 0)
		return cannot(file, -r);
	/* A file system that cannot do it to folders alone says EINVAL. */
	if (fsync(file->folder) < 0 && errno != EINVAL)
		return output_complain(
			STATUS_REFUSED,
			"%s is in place, but its folder cannot be written to disk: %s; run 'sync' before you "
			"rely on it",
			file->path, strerror(errno));
	return STATUS_DONE;
}

void whole_file_done(struct whole_file *file)
{
	if (file->temporary && file->folder >= 0)
		(void)unlinkat(file->folder, file->temporary, 0);
	if (file->fd > STDERR_FILENO)
		close(file->fd);
	if (file->folder >= 0)
		close(file->folder);
	free(file->temporary);
	free(file->name);
	*file = (struct whole_file)WHOLE_FILE_INIT;
}
