/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/wiping.h"

#include <stdint.h>
#include <stdlib.h>

#include "common/secret.h"

/* What stands before each block: its size, in the room of the strictest alignment. */
union block {
	size_t size;
	max_align_t align;
};

void *wiping_new(size_t size)
{
	union block *block;

	if (size > SIZE_MAX - sizeof(*block))
		return NULL;
	block = malloc(sizeof(*block) + size);
	if (!block)
		return NULL;
	block->size = size;
	return block + 1;
}

void wiping_free(void *data)
{
	union block *block = data;

	if (!data)
		return;
	block--;
	secret_wipe(block + 1, block->size);
	free(block);
}
