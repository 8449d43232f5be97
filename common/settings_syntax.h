/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The lines of a configuration file: "[section]", "name = value", and comments that begin with # or ; and have a line
 * of their own. What inih would let slip or cut in silence is an error here: over-long lines, NUL and other control
 * characters, a byte order mark, values that go on in the next line, comments behind a value, text behind a section.
 * Pure: bytes in, calls out.
 */
#ifndef APIKEYD_COMMON_SETTINGS_SYNTAX_H
#define APIKEYD_COMMON_SETTINGS_SYNTAX_H

#include <stddef.h>

#define SETTINGS_LINE_MAX 1000 /* bytes, without the line's end */
#define SETTINGS_NAME_MAX 64   /* bytes of a section's or setting's name */

/* What the lines say, in their order. Texts live until the call returns. Lines are counted from 1. */
struct settings_syntax {
	void (*section)(void *data, unsigned int line, const char *name);
	void (*setting)(void *data, unsigned int line, const char *name, const char *value);
	void (*fault)(void *data, unsigned int line, const char *message); /* the line is left out */
};

/* Reads size bytes of text, which need no NUL behind them. 0, or -ENOMEM. */
int settings_syntax_read(const char *text, size_t size, const struct settings_syntax *syntax, void *data);

#endif
