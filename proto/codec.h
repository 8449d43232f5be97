/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The one encoder and the one decoder of the wire (proto/wire.h). A message is a struct and a table that says which
 * member is which field; both directions walk the table. Pure: bytes in, struct out, no allocation; consumes exactly.
 */
#ifndef APIKEYD_PROTO_CODEC_H
#define APIKEYD_PROTO_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/wire.h"

enum codec_kind {
	CODEC_NUMBER,    /* uint64_t */
	CODEC_TIME,      /* int64_t, never negative */
	CODEC_TEXT,      /* const char * */
	CODEC_TEXT_LIST, /* struct codec_texts */
	CODEC_BYTES,     /* struct codec_bytes: bytes of any value, none when absent */
	CODEC_RECORDS,   /* struct codec_records: nested records, undecoded until codec_next_record() */
};

/* Bytes that lie in the packet (decoded) or belong to the caller (to be encoded). */
struct codec_bytes {
	size_t size;
	const void *data;
};

/* A list of texts; the texts lie in the packet (decoded) or belong to the caller (to be encoded). */
struct codec_texts {
	size_t count;
	const char *items[WIRE_LIST_MAX];
};

/*
 * Nested records of one tag. To be encoded: items points at count structs of the field's record. Decoded: bytes spans
 * the run of fields in the packet, every one of which has been checked against its table; count is how many.
 */
struct codec_records {
	size_t count;
	const void *items;
	const unsigned char *bytes;
	size_t size;
};

struct codec_record;

struct codec_field {
	uint16_t tag;
	enum codec_kind kind;
	bool required;
	size_t offset;  /* of the member in the struct */
	uint64_t limit; /* number: greatest value; text: most bytes without the NUL; bytes: most of them; lists: of each
			   text; records: most of them */
	const struct codec_record *record; /* CODEC_RECORDS */
};

/* A message or nested record: a struct of size bytes and its fields in ascending order of tag. */
struct codec_record {
	const char *name;
	size_t size;
	size_t field_count;
	const struct codec_field *fields;
};

struct codec_header {
	uint16_t type; /* enum wire_type, unchecked */
	uint64_t request_id;
};

/*
 * Encodes a whole packet. 0 and its size in bytes; -EMSGSIZE when it does not fit in capacity or WIRE_PACKET_MAX,
 * -EINVAL when a member breaks its field's rule (a required text missing, a text or number over its limit, too many of
 * a list). buffer may be half written then.
 */
int codec_encode(const struct codec_record *record, const void *message, struct codec_header header, void *buffer,
		 size_t capacity, size_t *ret_size);

/* Reads the header. 0, or -EBADMSG when it is short, has another magic or version, or its length is not the packet's.
 */
int codec_decode_header(const void *packet, size_t size, struct codec_header *ret_header);

/*
 * Decodes the fields behind the header into a struct of record->size bytes, whose texts point into the packet and live
 * as long. 0, or -EBADMSG (*ret_message zeroed).
 */
int codec_decode(const struct codec_record *record, const void *packet, size_t size, void *ret_message);

/*
 * Takes the next of decoded records. True and *ret_item (of record->size bytes), or false at the end. record is the
 * field's.
 */
bool codec_next_record(struct codec_records *records, const struct codec_record *record, void *ret_item);

#endif
