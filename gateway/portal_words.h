/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Lists of words as forms have them: boxes that were ticked, and fields that hold several. */
#ifndef APIKEYD_GATEWAY_PORTAL_WORDS_H
#define APIKEYD_GATEWAY_PORTAL_WORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "gateway/urlencoded.h"

#define WORDS_MOST 64

/* {0} is empty. */
struct words {
	const char *list[WORDS_MOST + 1]; /* it ends in NULL */
	size_t count;
	char *text;    /* what some point into */
	bool too_many; /* there were more, or no memory for them */
};

/* Adds what stands behind the prefix in the names of a form: a box named "permission:mail.imap" is "mail.imap". */
void words_add_ticked(struct words *words, const struct urlencoded *form, const char *prefix);

/* Adds the words of a text, which blanks, commas or line ends part; one text for each list. */
void words_add_text(struct words *words, const char *text);

/* Frees and empties. Accepts an empty one. */
void words_done(struct words *words);

#endif
