/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the checks of doctor allocate lives until doctor ends. Out of memory, the program says so and exits: doctor
 * changes nothing, so nothing is lost by that, and no check can mistake a lack of memory for a good host.
 */
#ifndef APIKEYD_CLI_DOCTOR_MEMORY_H
#define APIKEYD_CLI_DOCTOR_MEMORY_H

#include <stddef.h>

struct doctor_memory {
	void *last; /* the newest block, each holding on to the one before */
};

/* Zeroed memory; never NULL. */
void *doctor_memory_take(struct doctor_memory *memory, size_t size);

/* A text; never NULL. */
char *doctor_memory_text(struct doctor_memory *memory, const char *form, ...) __attribute__((format(printf, 2, 3)));

/*
 * Room for one more in an array of count elements of element bytes each, which grows by doubling: the array as it is
 * from now on. An array is grown through this function alone.
 */
void *doctor_memory_grow(struct doctor_memory *memory, void *array, size_t count, size_t element);

/* Frees all of it. */
void doctor_memory_done(struct doctor_memory *memory);

#endif
