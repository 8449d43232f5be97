/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Secrets to look for in files and memory: as bytes, in hexadecimal and in base64, whole or a part of them, for what
 * was freed without being wiped has lost its first bytes to the allocator alone.
 */
#ifndef APIKEYD_TESTS_DAEMON_NEEDLES_H
#define APIKEYD_TESTS_DAEMON_NEEDLES_H

#include <stdbool.h>
#include <stddef.h>

struct needles;

/* Never NULL; to be freed with needles_free(). */
struct needles *needles_new(void);
void needles_free(struct needles *needles);

/* Adds the secret, in all forms: bytes of any value, 24 or more, or a text of letters and digits. what lives as long as
 * the needles. Adding the same bytes again does nothing. */
void needles_add(struct needles *needles, const char *what, const void *secret, size_t size);

size_t needles_count(const struct needles *needles);

struct found {
	const char *what;
	const char *form; /* "bytes", "hexadecimal", "base64" */
	size_t at;
};

/* True when some of a secret is there; *ret_found says of which. */
bool needles_find(const struct needles *needles, const void *data, size_t size, struct found *ret_found);

/* How much of what is looked at in pieces has to be looked at again with the next. */
#define NEEDLES_OVERLAP 32

#endif
