/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "pam_module/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/credential.h"

#define PROGRAM_SIZE 64 /* bytes of the program's name in a line, NUL included */
#define FIRST_FREE_FD 3 /* below are the standard streams, even where the caller has closed them */

static bool is_printable(char character)
{
	return character >= 0x20 && character < 0x7f;
}

static void escape_byte(char byte, char ret_text[static 5])
{
	static const char digits[] = "0123456789abcdef";

	ret_text[0] = '\\';
	ret_text[1] = 'x';
	ret_text[2] = digits[(unsigned char)byte >> 4];
	ret_text[3] = digits[(unsigned char)byte & 15];
	ret_text[4] = '\0';
}

void log_escape(const char *text, char *ret_text, size_t size)
{
	static const char cut[] = "...";
	size_t used = 0;

	for (; text && *text; text++) {
		char piece[5] = { *text, '\0' };
		/* A credential hides anywhere in a text: behind a space, or behind the name someone typed first. */
		size_t shown = credential_shown_size(text);

		if (!is_printable(*text) || *text == ' ' || *text == '\\')
			escape_byte(*text, piece);
		if (shown > 0 && used + shown + sizeof(cut) <= size)
			used = (size_t)((char *)mempcpy(ret_text + used, text, shown) - ret_text);
		if (shown > 0 || used + strlen(piece) + sizeof(cut) > size) {
			strcpy(ret_text + used, cut);
			return;
		}
		used = (size_t)(stpcpy(ret_text + used, piece) - ret_text);
	}
	ret_text[used] = '\0';
}

/*
 * No time stamp: the receiver puts its own on a line that has none, and to tell the local time would mean to read the
 * environment and the time zone files in the caller's process.
 */
size_t log_format(const struct log *log, int priority, const char *message, char *ret_line, size_t size)
{
	char program[PROGRAM_SIZE], service[LOG_FIELD_SIZE];
	int written;
	size_t used;

	/* Whoever starts a setuid program says what it is called. */
	log_escape(program_invocation_short_name, program, sizeof(program));
	log_escape(log->service, service, sizeof(service));
	written = snprintf(ret_line, size, "<%d>%s[%d]: pam_apikey(%s:%s): ", LOG_AUTHPRIV | priority, program,
			   (int)getpid(), service, log->phase);
	if (written < 0)
		return 0;
	if ((size_t)written >= size)
		return size - 1;
	for (used = (size_t)written; *message; message++) {
		char piece[5] = { *message, '\0' };

		if (!is_printable(*message))
			escape_byte(*message, piece);
		if (used + strlen(piece) >= size)
			break;
		used = (size_t)(stpcpy(ret_line + used, piece) - ret_line);
	}
	return used;
}

static int open_socket(void)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || fd >= FIRST_FREE_FD)
		return cleanup_take_fd(&fd);
	return fcntl(fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD);
}

static void send_line(const char *line, size_t size)
{
	CLEANUP_CLOSE int fd = open_socket();
	struct sockaddr_un address;
	socklen_t address_size;

	if (fd < 0 || socket_address(LOG_SOCKET, &address, &address_size) < 0)
		return;
	/* What is not taken at once is lost: a login does not wait for its log. */
	(void)!sendto(fd, line, size, MSG_DONTWAIT | MSG_NOSIGNAL, (const struct sockaddr *)&address, address_size);
}

void log_write(const struct log *log, int priority, const char *format, ...)
{
	char message[LOG_LINE_SIZE], line[LOG_LINE_SIZE];
	va_list arguments;
	int written;

	if (priority == LOG_DEBUG && !log->debug)
		return;
	if (log->quiet && priority != LOG_ALERT)
		return;
	va_start(arguments, format);
	written = vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	if (written >= 0)
		send_line(line, log_format(log, priority, message, line, sizeof(line)));
}

void log_failure(const struct log *log, const struct log_subject *subject)
{
	char user[LOG_FIELD_SIZE], ruser[LOG_FIELD_SIZE], rhost[LOG_FIELD_SIZE], tty[LOG_FIELD_SIZE];

	log_escape(subject->user, user, sizeof(user));
	log_escape(subject->ruser, ruser, sizeof(ruser));
	log_escape(subject->rhost, rhost, sizeof(rhost));
	log_escape(subject->tty, tty, sizeof(tty));
	log_write(log, LOG_NOTICE, "authentication failure; logname= uid=%u euid=%u tty=%s ruser=%s rhost=%s user=%s",
		  (unsigned int)getuid(), (unsigned int)geteuid(), tty, ruser, rhost, user);
}
