/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The module's log: each line is one datagram to /dev/log that is sent without waiting and dropped when the receiver
 * does not take it at once. Defends against a stopped log daemon that stalls logins (as it does through syslog(3)), and
 * against users who write log lines of their own, or a key, into the name they type.
 */
#ifndef APIKEYD_PAM_MODULE_LOG_H
#define APIKEYD_PAM_MODULE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#define LOG_SOCKET "/dev/log"
#define LOG_LINE_SIZE 2048 /* bytes of a whole datagram, NUL included */
#define LOG_FIELD_SIZE 192 /* bytes of one escaped field, NUL included; longer ones are cut */

/* Where lines come from and which are wanted. Texts are the caller's. */
struct log {
	const char *service; /* may be NULL */
	const char *phase;   /* "auth", "account" */
	bool quiet;          /* only lines about broken configuration */
	bool debug;          /* lines at LOG_DEBUG too */
};

/* Whom a line is about, as PAM has it; each may be NULL and is escaped here. */
struct log_subject {
	const char *user;
	const char *ruser;
	const char *rhost;
	const char *tty;
};

/*
 * Writes text as the value of a field: printable ASCII but space and backslash stays, other bytes become \xNN, and what
 * begins like a credential is cut to its prefix. NULL is written as nothing. Always terminated; a text that does not
 * fit is cut and ends in "...". size is at least 8.
 */
void log_escape(const char *text, char *ret_text, size_t size);

/* Writes the datagram of a line: priority, program, pid, module, service, phase, message with its control characters
 * escaped. Returns its length in bytes, which is less than size; a line that does not fit is cut. */
size_t log_format(const struct log *log, int priority, const char *message, char *ret_line, size_t size);

/* Sends a line, or drops it. Never blocks, never raises SIGPIPE. */
void log_write(const struct log *log, int priority, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* The line that those who count failed logins look for, in the form they know. */
void log_failure(const struct log *log, const struct log_subject *subject);

#endif
