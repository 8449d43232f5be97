/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A bar on a terminal for what takes long: on standard error, and only where that is one. */
#ifndef APIKEYD_CLI_PROGRESS_H
#define APIKEYD_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
	bool on;
	bool drawn;            /* the line of the terminal is taken */
	const char *unit;      /* what is counted: "lines" */
	uint64_t whole;        /* 0: nobody knows */
	int64_t started, last; /* nanoseconds */
};

void progress_begin(struct progress *progress, const char *unit, uint64_t whole);
/* done of the whole, and how many have been counted. Draws a few times a second. */
void progress_show(struct progress *progress, uint64_t done, uint64_t count);
/* Takes the bar away, for a line of text or for good. */
void progress_clear(struct progress *progress);

/* The bar without the end of a line, in width columns at most. For progress_show() and its test. */
#define PROGRESS_TEXT_SIZE 160
void progress_write(const struct progress *progress, uint64_t done, uint64_t count, int64_t nanoseconds,
		    unsigned int width, char ret_text[PROGRESS_TEXT_SIZE]);

#endif
