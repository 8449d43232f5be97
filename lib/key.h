/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Keys as the wire says them, made the public structs (block.h says how they are owned).
 */
#ifndef APIKEYD_LIB_KEY_H
#define APIKEYD_LIB_KEY_H

#include "lib/block.h"

/* Builds a struct apikey_key of a message_key packet. */
int key_build(struct block *block, const void *packet, size_t size);

/* Builds a struct apikey_key_list of a message_key_page packet. */
int key_build_list(struct block *block, const void *packet, size_t size);

#endif
