/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Names and values as they stand behind the ? of a request target and in the body of a form:
 * application/x-www-form-urlencoded (WHATWG URL, section 5). Strict, since permissions are decided by what is read here
 * and a proxy may have read it before: a broken escape, a control character, what is no UTF-8, and a name that stands
 * there twice are faults, not guesses. Pure.
 */
#ifndef APIKEYD_GATEWAY_URLENCODED_H
#define APIKEYD_GATEWAY_URLENCODED_H

#include <stddef.h>

#define URLENCODED_MOST 64 /* pairs */

struct urlencoded_pair {
	const char *name, *value;
};

/* {0} is empty. */
struct urlencoded {
	struct urlencoded_pair pairs[URLENCODED_MOST];
	size_t count;
	char *text; /* what the pairs point into, wiped at the end: a credential may be in it */
	size_t size;
};

/*
 * Reads size bytes. Lines may end in values (CR LF), since texts of forms have several lines; other control characters
 * may not. 0; -EINVAL, and *ret_fault is a sentence for a person, static; -ENOMEM. After 0 the caller ends it with
 * urlencoded_done().
 */
int urlencoded_read(const char *text, size_t size, struct urlencoded *ret_pairs, const char **ret_fault);

/* Wipes, frees and empties. Accepts an empty one. */
void urlencoded_done(struct urlencoded *pairs);

/* The value of a name; NULL where it is not there. */
const char *urlencoded_find(const struct urlencoded *pairs, const char *name);

#endif
