/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/output.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/scope.h"
#include "cli/text.h"

int output_prepare(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free descriptor is this one. Reading the first and writing the second goes on failing. */
		if (open("/dev/null", fd == 1 ? O_RDONLY : O_WRONLY) != fd)
			return errno ? -errno : -EBADF;
	}
	return 0;
}

static void say(const char *start, const char *form, va_list values) __attribute__((format(printf, 2, 0)));

static void say(const char *start, const char *form, va_list values)
{
	SCOPED_FREE char *text = NULL, *printable = NULL;

	if (vasprintf(&text, form, values) < 0)
		text = NULL;
	printable = text ? text_printable(text) : NULL;
	/* What is on standard output was said before. */
	fflush(stdout);
	fprintf(stderr, "%s%s\n", start, printable ? printable : "out of memory");
}

enum status output_complain(enum status status, const char *form, ...)
{
	va_list values;

	va_start(values, form);
	say("apikeyctl: ", form, values);
	va_end(values);
	return status;
}

void output_note(const char *form, ...)
{
	va_list values;

	va_start(values, form);
	say("", form, values);
	va_end(values);
}

enum status output_no_memory(void)
{
	return output_complain(STATUS_REFUSED, "out of memory");
}

bool output_is_open(void)
{
	int flags = fcntl(STDOUT_FILENO, F_GETFL);

	return flags >= 0 && (flags & O_ACCMODE) != O_RDONLY;
}

int output_write_secret(const char *data, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDOUT_FILENO, data, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return written < 0 ? -errno : -EIO;
		data += written;
		size -= (size_t)written;
	}
	/* Some file systems tell only now that there was no room. Pipes and terminals have nothing to say to it. */
	if (fsync(STDOUT_FILENO) < 0 && (errno == EIO || errno == ENOSPC || errno == EDQUOT))
		return -errno;
	return 0;
}

enum status output_finish(enum status status)
{
	bool failed = ferror(stdout) != 0;
	int error = fclose(stdout) != 0 ? errno : 0;

	/* What failed before may have been long ago, and errno is another's. */
	if (error != 0 || failed)
		return output_complain(status == STATUS_DONE || status == STATUS_WARNED ? STATUS_REFUSED : status,
				       "not all could be written to standard output%s%s", error != 0 ? ": " : "",
				       error != 0 ? strerror(error) : "");
	return status;
}
