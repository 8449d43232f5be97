/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/settings_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

#define FILE_SIZE_MAX ((size_t)1 << 20)

struct complaint {
	const char *path;
	settings_reporter reporter;
	void *data;
};

/* Reports and returns -EINVAL. */
static __attribute__((format(printf, 2, 3))) int complain(const struct complaint *complaint, const char *format, ...)
{
	char text[512], message[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	snprintf(message, sizeof(message), "%s: %s", complaint->path, text);
	complaint->reporter(complaint->data, false, message);
	return -EINVAL;
}

static int check_file(int fd, const struct complaint *complaint)
{
	struct stat status;

	if (fstat(fd, &status) < 0)
		return complain(complaint, "cannot be examined: %s", strerror(errno));
	if (!S_ISREG(status.st_mode))
		return complain(complaint, "is no regular file");
	if (status.st_uid != 0 && status.st_uid != geteuid())
		return complain(
			complaint,
			"belongs to uid %u, who could change what this program does: it must belong to root or uid "
			"%u",
			(unsigned int)status.st_uid, (unsigned int)geteuid());
	if ((status.st_mode & 0022) != 0)
		return complain(complaint, "can be written by others (mode %04o): run chmod go-w on it",
				(unsigned int)status.st_mode & 07777);
	return 0;
}

/* Reads all of a file into memory, which the caller frees. */
static int read_file(int fd, const struct complaint *complaint, char **ret_text, size_t *ret_size)
{
	CLEANUP_FREE char *text = malloc(FILE_SIZE_MAX + 1);
	size_t size = 0;

	if (!text)
		return -ENOMEM;
	while (size <= FILE_SIZE_MAX) {
		ssize_t r = read(fd, text + size, FILE_SIZE_MAX + 1 - size);

		if (r < 0 && errno == EINTR)
			continue;
		if (r < 0)
			return complain(complaint, "cannot be read: %s", strerror(errno));
		if (r == 0)
			break;
		size += (size_t)r;
	}
	if (size > FILE_SIZE_MAX)
		return complain(complaint, "is longer than 1 MiB");
	*ret_text = text;
	*ret_size = size;
	text = NULL;
	return 0;
}

int settings_file_read(const char *path, char **ret_text, size_t *ret_size, settings_reporter reporter, void *data)
{
	const struct complaint complaint = { path, reporter, data };
	CLEANUP_CLOSE int fd = -1;
	int r;

	/* Not blocking: a FIFO in its place must not hold the program up. */
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return -ENOENT;
	if (fd < 0 && errno == ELOOP)
		return complain(&complaint, "is a symbolic link: name the file that it points to");
	if (fd < 0)
		return complain(&complaint, "cannot be opened: %s", strerror(errno));
	r = check_file(fd, &complaint);
	return r < 0 ? r : read_file(fd, &complaint, ret_text, ret_size);
}

int settings_file_read_given(const char *given, const char *fallback, char **ret_text, size_t *ret_size,
			     settings_reporter reporter, void *data)
{
	const struct complaint complaint = { given, reporter, data };
	int r = settings_file_read(given ? given : fallback, ret_text, ret_size, reporter, data);

	if (r != -ENOENT)
		return r;
	if (given)
		return complain(&complaint, "does not exist");
	*ret_text = NULL;
	*ret_size = 0;
	return 0;
}
