/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A record with a field of every kind, for the tests of the codec. Tags have gaps, so that unknown ones fit in between.
 */
#ifndef APIKEYD_TESTS_PROTO_EVERY_KIND_H
#define APIKEYD_TESTS_PROTO_EVERY_KIND_H

#include "common/cleanup.h"
#include "proto/codec.h"

struct inner {
	const char *name;
	uint64_t number;
};

struct outer {
	uint64_t number;
	int64_t time;
	const char *text;
	const char *optional;
	struct codec_texts texts;
	struct codec_records records;
	uint64_t any;
	struct codec_bytes bytes;
	const char *last;
};

static const struct codec_field inner_fields[] = {
	{ 1, CODEC_TEXT, true, offsetof(struct inner, name), 8, NULL },
	{ 3, CODEC_NUMBER, false, offsetof(struct inner, number), 100, NULL },
};
static const struct codec_record inner_record = { "inner", sizeof(struct inner), ARRAY_SIZE(inner_fields),
						  inner_fields };

static const struct codec_field outer_fields[] = {
	{ 1, CODEC_NUMBER, false, offsetof(struct outer, number), 1000, NULL },
	{ 3, CODEC_TIME, false, offsetof(struct outer, time), INT64_MAX, NULL },
	{ 5, CODEC_TEXT, true, offsetof(struct outer, text), 8, NULL },
	{ 7, CODEC_TEXT, false, offsetof(struct outer, optional), 65000, NULL },
	{ 9, CODEC_TEXT_LIST, false, offsetof(struct outer, texts), 4, NULL },
	{ 11, CODEC_RECORDS, false, offsetof(struct outer, records), 3, &inner_record },
	{ 13, CODEC_NUMBER, false, offsetof(struct outer, any), UINT64_MAX, NULL },
	{ 15, CODEC_BYTES, false, offsetof(struct outer, bytes), 16, NULL },
	/* what a later version may add for old peers to skip */
	{ WIRE_OPTIONAL | 4, CODEC_TEXT, false, offsetof(struct outer, last), 8, NULL },
};
static const struct codec_record outer_record = { "outer", sizeof(struct outer), ARRAY_SIZE(outer_fields),
						  outer_fields };

/* A table with a kind that there is not, as a newer header with an older codec would have. */
static const struct codec_field odd_fields[] = {
	{ 1, (enum codec_kind)77, false, offsetof(struct outer, text), 10, NULL },
};
static const struct codec_record odd_record = { "odd", sizeof(struct outer), 1, odd_fields };

/* A number and lists that must be there. */
static const struct codec_field strict_fields[] = {
	{ 1, CODEC_NUMBER, true, offsetof(struct outer, number), 10, NULL },
	{ 2, CODEC_TEXT_LIST, true, offsetof(struct outer, texts), 4, NULL },
	{ 3, CODEC_RECORDS, true, offsetof(struct outer, records), 2, &inner_record },
};
static const struct codec_record strict_record = { "strict", sizeof(struct outer), ARRAY_SIZE(strict_fields),
						   strict_fields };

#endif
