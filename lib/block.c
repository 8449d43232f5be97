/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/block.h"

#include <errno.h>
#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#include "common/secret.h"

struct block {
	size_t size, used;    /* bytes of memory; size is 0 while it is measured */
	max_align_t memory[]; /* the root is its first */
};

static size_t round_up(size_t size)
{
	return (size + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
}

void *block_take(struct block *block, size_t count, size_t size)
{
	size_t start = block->used;

	block->used += round_up(count * size);
	return block->size > 0 ? (unsigned char *)block->memory + start : NULL;
}

int block_build(block_builder builder, const void *packet, size_t size, void **ret_root)
{
	struct block measured = { 0 };
	struct block *block;
	void *copy;
	int r;

	r = builder(&measured, packet, size);
	if (r < 0)
		return r;
	block_take(&measured, 1, size);
	block = calloc(1, sizeof(*block) + measured.used);
	if (!block)
		return -ENOMEM;
	block->size = measured.used;
	/* The copy lies behind what the builder takes. */
	copy = (unsigned char *)block->memory + measured.used - round_up(size);
	memcpy(copy, packet, size);
	r = builder(block, copy, size);
	if (r < 0) {
		block_free(block->memory);
		return r;
	}
	*ret_root = block->memory;
	return 0;
}

void block_free(void *root)
{
	struct block *block;

	if (!root)
		return;
	block = (struct block *)((unsigned char *)root - offsetof(struct block, memory));
	secret_wipe(block->memory, block->size);
	free(block);
}
