/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the tests of the wire share: every record there is, messages filled by their tables, decoded messages with all
 * their nested records unfolded, and comparison. They walk the same tables as the codec; what a table itself gets wrong
 * is for tests/proto/test-message.c to find.
 */
#ifndef APIKEYD_TESTS_PROTO_RECORDS_H
#define APIKEYD_TESTS_PROTO_RECORDS_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/codec.h"

/* Every record of proto/message.h, nested ones too. The order is that of the seeds in tests/fuzz/corpus/packet. */
extern const struct codec_record *const all_records[];
extern const size_t all_records_count;

/* Memory for messages, freed all at once. {NULL} is empty. */
struct pool {
	struct pool_chunk *last;
};

/* size zeroed bytes that live until pool_done(). Never NULL: the test ends instead. */
void *pool_take(struct pool *pool, size_t size);
void pool_done(struct pool *pool);

enum filling {
	FILL_LEAST,   /* only what is required, a character each */
	FILL_SOME,    /* every field, short and each different; lists of three */
	FILL_GREATEST /* every field at its limit; one item a list, so that all of it fits in a packet */
};

/* A message of the record, record->size bytes, from the pool. */
void *record_fill(const struct codec_record *record, enum filling filling, struct pool *pool);

/* Decodes a packet and everything nested in it, so that it can be encoded again. NULL when it is refused. */
void *record_decode(const struct codec_record *record, const void *packet, size_t size, struct pool *pool);

/* True when both say the same. NULL and "" texts are the same, nothing. */
bool record_equal(const struct codec_record *record, const void *left, const void *right);

#endif
