/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A struct handed to the caller and all it points to, in one allocation that is wiped when it is freed: it may carry a
 * secret. A builder runs twice, first to measure, so that there is no second place that knows the size.
 */
#ifndef APIKEYD_LIB_BLOCK_H
#define APIKEYD_LIB_BLOCK_H

#include <stddef.h>

struct block;

/* Memory for count items of size bytes, zeroed; NULL while the block is measured. What is taken first is the root. */
void *block_take(struct block *block, size_t count, size_t size);

/* Reads a packet and builds a struct out of the block. 0, or -EBADMSG. Must take the same both times. */
typedef int (*block_builder)(struct block *block, const void *packet, size_t size);

/* Builds from a packet, whose copy in the block is what texts point into. 0 and the root, which block_free() frees;
 * -ENOMEM; or what the builder says. */
int block_build(block_builder builder, const void *packet, size_t size, void **ret_root);

/* Wipes and frees. Accepts NULL. */
void block_free(void *root);

#endif
