/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The decoder of the wire, for every message: the packet's type, counted around, chooses the record. What is accepted
 * keeps its limits, is encoded again to the very same bytes (unknown optional fields apart), and means the same then.
 */
#include "common/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/proto/records.h"

static size_t load(const uint8_t *bytes, size_t size)
{
	size_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static const struct codec_field *find_field(const struct codec_record *record, size_t tag)
{
	for (size_t i = 0; i < record->field_count; i++) {
		if (record->fields[i].tag == tag)
			return &record->fields[i];
	}
	return NULL;
}

/* How many of the bytes of an accepted record are fields its table does not know, nested records included. */
static size_t unknown_bytes(const struct codec_record *record, const uint8_t *bytes, size_t size)
{
	size_t unknown = 0;

	while (size > 0) {
		size_t tag, length;
		const struct codec_field *field;

		MUST(size >= WIRE_FIELD_SIZE);
		tag = load(bytes, 2);
		length = load(bytes + 2, 2);
		MUST(length <= size - WIRE_FIELD_SIZE);
		field = find_field(record, tag);
		MUST(field || tag & WIRE_OPTIONAL);
		if (!field)
			unknown += WIRE_FIELD_SIZE + length;
		else if (field->kind == CODEC_RECORDS)
			unknown += unknown_bytes(field->record, bytes + WIRE_FIELD_SIZE, length);
		bytes += WIRE_FIELD_SIZE + length;
		size -= WIRE_FIELD_SIZE + length;
	}
	return unknown;
}

static void check_text(const struct codec_field *field, const char *text)
{
	MUST(text && *text != '\0' && strlen(text) <= field->limit);
}

static void check_limits(const struct codec_record *record, const char *message)
{
	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];
		const void *member = message + field->offset;
		const struct codec_texts *texts = member;
		const struct codec_bytes *bytes = member;
		const struct codec_records *records = member;

		switch (field->kind) {
		case CODEC_NUMBER:
			MUST(*(const uint64_t *)member <= field->limit);
			break;
		case CODEC_TIME:
			MUST(*(const int64_t *)member >= 0);
			break;
		case CODEC_TEXT:
			if (field->required || *(const char *const *)member)
				check_text(field, *(const char *const *)member);
			break;
		case CODEC_BYTES:
			MUST(bytes->size <= field->limit && (bytes->size > 0 || !field->required));
			break;
		case CODEC_TEXT_LIST:
			MUST(texts->count <= WIRE_LIST_MAX);
			for (size_t j = 0; j < texts->count; j++)
				check_text(field, texts->items[j]);
			break;
		case CODEC_RECORDS:
			MUST(records->count <= field->limit);
			for (size_t j = 0; j < records->count; j++)
				check_limits(field->record, (const char *)records->items + j * field->record->size);
			break;
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t again[WIRE_PACKET_MAX];
	CLEANUP(pool_done) struct pool pool = { NULL };
	const struct codec_record *record;
	struct codec_header header;
	size_t again_size = 0;
	void *message, *back;

	if (codec_decode_header(data, size, &header) < 0)
		return 0;
	MUST(size >= WIRE_HEADER_SIZE && size <= WIRE_PACKET_MAX);
	record = all_records[header.type % all_records_count];
	message = record_decode(record, data, size, &pool);
	if (!message)
		return 0;
	check_limits(record, message);
	MUST(codec_encode(record, message, header, again, sizeof(again), &again_size) == 0);
	MUST(again_size + unknown_bytes(record, data + WIRE_HEADER_SIZE, size - WIRE_HEADER_SIZE) == size);
	if (again_size == size)
		MUST(memcmp(data, again, size) == 0);
	back = record_decode(record, again, again_size, &pool);
	MUST(back && record_equal(record, message, back));
	return 0;
}
