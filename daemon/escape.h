/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Texts from outside made fit for a log: one line of printable UTF-8, with no key in it. Defends against user names
 * that forge further lines, steer a terminal, or are a key someone typed into the wrong field. Pure.
 */
#ifndef APIKEYD_DAEMON_ESCAPE_H
#define APIKEYD_DAEMON_ESCAPE_H

#include <stdbool.h>
#include <stddef.h>

/* The bytes that size bytes of text can grow to, the mark of a cut key included. */
#define ESCAPE_ROOM(size) (4 * (size) + 4)

/*
 * Writes size bytes of text to end and returns the new end; no NUL. What is no UTF-8 and what is a control character
 * becomes \xNN, and a backslash before an x becomes \x5c, so that nobody can type what looks escaped. end has
 * ESCAPE_ROOM(size) bytes.
 */
char *escape_text(char *end, const char *text, size_t size);

/* The same, and of the first credential in the text only what is public is kept, and of the rest nothing: "ak_…". */
char *escape_name(char *end, const char *text, size_t size);

/* True when escape_name() would copy the text as it is, and it holds no quote and no backslash either. */
bool escape_is_plain(const char *text, size_t size);

#endif
