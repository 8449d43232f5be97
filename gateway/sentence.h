/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the daemon says, for who comes over HTTP: a sentence, without the parts that tell how apikeyctl is used.
 */
#ifndef APIKEYD_GATEWAY_SENTENCE_H
#define APIKEYD_GATEWAY_SENTENCE_H

#include "proto/wire.h"

#define SENTENCE_SIZE (WIRE_REASON_MAX + 64)

/* with_keys: what does over HTTP what --with-keys does; NULL: that is left out, too. Of "" becomes "". */
void sentence_for_http(const char *text, const char *with_keys, char ret_sentence[SENTENCE_SIZE]);

#endif
