/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Secrets: memory that is wiped when it is let go, and comparison in constant time. There is no
 * way to print one from here. Defends against secrets left on the heap or stack of a login
 * process and against guessing by time.
 */
#ifndef APIKEYD_COMMON_SECRET_H
#define APIKEYD_COMMON_SECRET_H

#include <stdbool.h>
#include <stddef.h>

#include "common/cleanup.h"

/* Overwrites size bytes in a way the compiler does not remove. data may be NULL when size is 0. */
void secret_wipe(void *data, size_t size);

/* True when the size bytes are equal; takes the same time wherever they differ. */
bool secret_equal(const void *a, const void *b, size_t size);

/* A heap copy of secret bytes. data ends in one NUL that size does not count. {NULL, 0} is empty. */
struct secret {
	char *data;
	size_t size; /* bytes */
};

/* Copies size bytes. 0, or -ENOMEM (secret untouched). The caller ends it with secret_done(). */
int secret_init(struct secret *secret, const void *data, size_t size);

/* Wipes, frees and empties. Accepts NULL and an empty secret. */
void secret_done(struct secret *secret);

#define CLEANUP_SECRET CLEANUP(secret_done)

#endif
