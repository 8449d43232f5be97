/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How much a test is to try. */
#ifndef APIKEYD_TESTS_LONG_H
#define APIKEYD_TESTS_LONG_H

#include <stdbool.h>
#include <stdlib.h>

/* Whether there is time for what takes long, as with ./check --long. */
static inline bool tests_are_long(void)
{
	const char *text = getenv("CHECK_LONG");

	return text && *text;
}

#endif
