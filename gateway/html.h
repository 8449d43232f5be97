/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A writer of HTML, for which escaping is no decision of its caller: markup stands in templates alone, which the
 * compiler wants to be literals, and whatever is put into one is escaped, for text and for values of attributes in
 * double quotes alike. Names of keys, reasons and records of the audit may hold anything: what is no UTF-8, steers a
 * terminal or turns the direction of the text around it is shown as U+FFFD.
 */
#ifndef APIKEYD_GATEWAY_HTML_H
#define APIKEYD_GATEWAY_HTML_H

#include <stdbool.h>
#include <stddef.h>

/* {0} is empty. It may hold a new key: what it lets go of is wiped. */
struct html {
	char *text;
	size_t size, room;
	bool failed; /* memory was short: what was written is not whole, and is not given out */
};

/*
 * Adds a template with its values: %s, which is escaped, and %d %u %ld %lu %lld %llu %zu %%. NULL for %s writes
 * nothing.
 */
void html_print(struct html *html, const char *template, ...) __attribute__((format(printf, 2, 3)));

/* Adds a value to a path or query of a link: all but unreserved characters become %XX. */
void html_print_component(struct html *html, const char *text);

/* Hands the text over, which ends in a NUL and is malloc'ed; NULL where memory was short. It is empty after that. */
char *html_take(struct html *html);

/* Wipes, frees and empties. Accepts an empty one. */
void html_done(struct html *html);

#endif
