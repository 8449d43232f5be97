/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/doctor_memory.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/output.h"
#include "cli/scope.h"

#define GROW_FIRST 8

/* What stands before each block, in the room of the strictest alignment. */
union block {
	union block *before;
	max_align_t align;
};

void *doctor_memory_take(struct doctor_memory *memory, size_t size)
{
	union block *block = size < SIZE_MAX - sizeof(*block) ? calloc(1, sizeof(*block) + size) : NULL;

	if (!block)
		exit((int)output_no_memory());
	block->before = memory->last;
	memory->last = block;
	return block + 1;
}

char *doctor_memory_text(struct doctor_memory *memory, const char *form, ...)
{
	SCOPED_FREE char *text = NULL;
	va_list arguments;
	int size;

	va_start(arguments, form);
	size = vasprintf(&text, form, arguments);
	va_end(arguments);
	if (size < 0) {
		text = NULL;
		exit((int)output_no_memory());
	}
	return memcpy(doctor_memory_take(memory, (size_t)size + 1), text, (size_t)size + 1);
}

void *doctor_memory_grow(struct doctor_memory *memory, void *array, size_t count, size_t element)
{
	size_t room = count == 0 ? GROW_FIRST : 2 * count;
	void *grown;

	/* Full when it is empty, or holds the first room or twice as many, and so on. */
	if (count != 0 && (count < GROW_FIRST || (count & (count - 1)) != 0))
		return array;
	if (room > SIZE_MAX / element)
		exit((int)output_no_memory());
	grown = doctor_memory_take(memory, room * element);
	if (count > 0)
		memcpy(grown, array, count * element);
	return grown;
}

void doctor_memory_done(struct doctor_memory *memory)
{
	union block *block = memory->last;

	while (block) {
		union block *before = block->before;

		free(block);
		block = before;
	}
	memory->last = NULL;
}
