/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/texts.h"

#include <errno.h>

int texts_read(const char *const *items, struct codec_texts *ret_texts)
{
	ret_texts->count = 0;
	for (; items && *items; items++) {
		if (ret_texts->count == WIRE_LIST_MAX)
			return -EINVAL;
		ret_texts->items[ret_texts->count++] = *items;
	}
	return 0;
}

const char *const *texts_take(struct block *block, const struct codec_texts *texts)
{
	const char **items = block_take(block, texts->count + 1, sizeof(*items));

	for (size_t i = 0; items && i < texts->count; i++)
		items[i] = texts->items[i];
	return items;
}
