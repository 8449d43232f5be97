/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads lines that may hold secrets. Defends against lines without an end, which would fill the memory: of one that is
 * too long its length is all that is kept; and against what buffers leave behind: they are wiped.
 */
#ifndef APIKEYD_CLI_LINE_INPUT_H
#define APIKEYD_CLI_LINE_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/scope.h"

#define LINE_INPUT_BUFFER 65536

struct line_input {
	int fd;
	uint64_t number; /* of the line that was read last: 1, 2, … */
	uint64_t bytes;  /* read and handed out so far */
	size_t at, end;  /* what is left of buffer */
	char buffer[LINE_INPUT_BUFFER];
};

struct line {
	char *text;    /* a NUL behind it; malloc'ed, the caller frees it with line_free(). NULL where it is too long */
	size_t size;   /* without its end: LF, or CR and LF */
	bool too_long; /* longer than most */
};

/* 1 and a line of most bytes at most; 0 at the end; or a negative errno. */
int line_input_read(struct line_input *input, size_t most, struct line *ret_line);
void line_input_done(struct line_input *input);

/* Wipes and frees. */
void line_free(struct line *line);

#define SCOPED_LINE_INPUT SCOPED(line_input_done)

#endif
