/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the fuzz targets share: the entry that libFuzzer or tests/fuzz/replay.c calls, and what must hold for any input.
 */
#ifndef APIKEYD_TESTS_FUZZ_FUZZ_H
#define APIKEYD_TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One input of the target. Always 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(): it holds in every build. */
#define MUST(condition)                                                                                                \
	do {                                                                                                           \
		if (!(condition)) {                                                                                    \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);                 \
			abort();                                                                                       \
		}                                                                                                      \
	} while (0)

/* A malloc'ed copy of the input up to its first NUL, with a NUL behind it. Never NULL. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	size_t length = size > 0 ? strnlen((const char *)data, size) : 0;
	char *text = malloc(length + 1);

	MUST(text);
	if (length > 0)
		memcpy(text, data, length);
	text[length] = '\0';
	return text;
}

#endif
