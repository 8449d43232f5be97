/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Cleanup as an attribute, so that every early return is safe: the resource is released when the
 * variable goes out of scope. A destructor named here accepts the empty value (NULL, -1).
 */
#ifndef APIKEYD_COMMON_CLEANUP_H
#define APIKEYD_COMMON_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

#define CLEANUP(function) __attribute__((cleanup(function)))

static inline void cleanup_free_pointer(void *pointer)
{
	free(*(void **)pointer);
}

/* Leaves -1 behind: the number soon belongs to another one, which a second call would close. */
static inline void cleanup_close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The variable is malloc'ed memory, freed at the end of its scope. */
#define CLEANUP_FREE CLEANUP(cleanup_free_pointer)
/* The variable is a descriptor or -1, closed at the end of its scope. */
#define CLEANUP_CLOSE CLEANUP(cleanup_close_fd)

/* Hands the descriptor on: returns it and leaves -1 behind. */
static inline int cleanup_take_fd(int *fd)
{
	int taken = *fd;

	*fd = -1;
	return taken;
}

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

#endif
