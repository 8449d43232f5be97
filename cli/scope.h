/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Cleanup as an attribute: what a variable holds is released when it goes out of scope, so that every early return is
 * safe. apikeyctl stands on the public header of libapikey alone and so brings these few lines itself.
 */
#ifndef APIKEYD_CLI_SCOPE_H
#define APIKEYD_CLI_SCOPE_H

#include <stdlib.h>
#include <unistd.h>

#define SCOPED(function) __attribute__((cleanup(function)))

static inline void scope_free(void *pointer)
{
	free(*(void **)pointer);
}

/* malloc'ed memory, freed at the end of the scope. */
#define SCOPED_FREE SCOPED(scope_free)

/* Standard input, output and error stay open. */
static inline void scope_close(const int *fd)
{
	if (*fd > STDERR_FILENO)
		close(*fd);
}

/* A descriptor or -1, closed at the end of the scope. */
#define SCOPED_FD SCOPED(scope_close)

/* Defines name(T **), for SCOPED(name), out of a destructor that accepts NULL. */
#define SCOPE_DESTRUCTOR(name, type, destructor)                                                                       \
	static inline void name(type **pointer)                                                                        \
	{                                                                                                              \
		destructor(*pointer);                                                                                  \
	}                                                                                                              \
	struct name##_is_defined

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
