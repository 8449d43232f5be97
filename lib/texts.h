/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Texts, which are "" for the caller where the wire has none; and lists of them, which end in NULL for the caller and
 * have a count on the wire.
 */
#ifndef APIKEYD_LIB_TEXTS_H
#define APIKEYD_LIB_TEXTS_H

#include "lib/block.h"
#include "proto/codec.h"

static inline const char *text_or_empty(const char *text)
{
	return text ? text : "";
}

/* Counts a list, which may be NULL. 0, or -EINVAL when it is longer than the wire takes. */
int texts_read(const char *const *items, struct codec_texts *ret_texts);

/* The list as the caller sees it, in the block; the texts stay where they are. NULL while the block is measured. */
const char *const *texts_take(struct block *block, const struct codec_texts *texts);

#endif
