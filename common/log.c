/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINE_MAX_SIZE 2048

void log_line(int priority, const char *format, ...)
{
	char line[LINE_MAX_SIZE];
	size_t size = 0;
	va_list arguments;
	int more;

	if (getenv("JOURNAL_STREAM"))
		size = (size_t)snprintf(line, sizeof(line), "<%d>", priority);
	va_start(arguments, format);
	more = vsnprintf(line + size, sizeof(line) - size - 1, format, arguments);
	va_end(arguments);
	if (more < 0)
		return;
	size += (size_t)more < sizeof(line) - size - 1 ? (size_t)more : sizeof(line) - size - 2;
	line[size++] = '\n';
	/* The journal's stream is a socket, and one that is full would hold everything up. */
	if (send(STDERR_FILENO, line, size, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 && errno == ENOTSOCK &&
	    write(STDERR_FILENO, line, size) < 0)
		return;
}
