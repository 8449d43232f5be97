/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/codec.h"

#include <errno.h>
#include <string.h>

static uint64_t load(const unsigned char *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = 0; i < size; i++)
		value = value << 8 | bytes[i];
	return value;
}

static void store(unsigned char *bytes, size_t size, uint64_t value)
{
	for (size_t i = size; i > 0; i--, value >>= 8)
		bytes[i - 1] = (unsigned char)value;
}

/* ---- encoding ---- */

struct writer {
	unsigned char *buffer;
	size_t capacity, size;
};

/* Begins a field of size bytes and returns where they go; NULL when they do not fit. */
static unsigned char *writer_field(struct writer *writer, uint16_t tag, size_t size)
{
	unsigned char *field = writer->buffer + writer->size;

	if (size > UINT16_MAX || writer->capacity - writer->size < WIRE_FIELD_SIZE + size)
		return NULL;
	store(field, 2, tag);
	store(field + 2, 2, size);
	writer->size += WIRE_FIELD_SIZE + size;
	return field + WIRE_FIELD_SIZE;
}

static int encode_number(struct writer *writer, const struct codec_field *field, uint64_t value)
{
	unsigned char *bytes;

	if (value > field->limit)
		return -EINVAL;
	if (value == 0 && !field->required)
		return 0;
	bytes = writer_field(writer, field->tag, 8);
	if (!bytes)
		return -EMSGSIZE;
	store(bytes, 8, value);
	return 0;
}

static int encode_text(struct writer *writer, const struct codec_field *field, const char *text)
{
	size_t size = text ? strlen(text) : 0;
	unsigned char *bytes;

	if (size == 0)
		return field->required ? -EINVAL : 0;
	if (size > field->limit)
		return -EINVAL;
	bytes = writer_field(writer, field->tag, size + 1);
	if (!bytes)
		return -EMSGSIZE;
	memcpy(bytes, text, size + 1);
	return 0;
}

static int encode_bytes(struct writer *writer, const struct codec_field *field, const struct codec_bytes *given)
{
	unsigned char *bytes;

	if (given->size == 0)
		return field->required ? -EINVAL : 0;
	if (given->size > field->limit)
		return -EINVAL;
	bytes = writer_field(writer, field->tag, given->size);
	if (!bytes)
		return -EMSGSIZE;
	memcpy(bytes, given->data, given->size);
	return 0;
}

static int encode_texts(struct writer *writer, const struct codec_field *field, const struct codec_texts *texts)
{
	if (texts->count > WIRE_LIST_MAX || (texts->count == 0 && field->required))
		return -EINVAL;
	for (size_t i = 0; i < texts->count; i++) {
		int r = texts->items[i] && *texts->items[i] ? encode_text(writer, field, texts->items[i]) : -EINVAL;

		if (r < 0)
			return r;
	}
	return 0;
}

static int encode_record(struct writer *writer, const struct codec_record *record, const void *message);

static int encode_records(struct writer *writer, const struct codec_field *field, const struct codec_records *records)
{
	if (records->count > field->limit || (records->count == 0 && field->required))
		return -EINVAL;
	for (size_t i = 0; i < records->count; i++) {
		const void *item = (const char *)records->items + i * field->record->size;
		unsigned char *bytes = writer_field(writer, field->tag, 0);
		size_t start = writer->size;
		int r;

		if (!bytes)
			return -EMSGSIZE;
		r = encode_record(writer, field->record, item);
		if (r < 0)
			return r;
		if (writer->size - start > UINT16_MAX)
			return -EMSGSIZE;
		store(bytes - 2, 2, writer->size - start);
	}
	return 0;
}

static int encode_field(struct writer *writer, const struct codec_field *field, const void *member)
{
	switch (field->kind) {
	case CODEC_NUMBER:
		return encode_number(writer, field, *(const uint64_t *)member);
	case CODEC_TIME:
		return encode_number(writer, field, (uint64_t) * (const int64_t *)member);
	case CODEC_TEXT:
		return encode_text(writer, field, *(const char *const *)member);
	case CODEC_BYTES:
		return encode_bytes(writer, field, member);
	case CODEC_TEXT_LIST:
		return encode_texts(writer, field, member);
	case CODEC_RECORDS:
		return encode_records(writer, field, member);
	}
	return -EINVAL;
}

static int encode_record(struct writer *writer, const struct codec_record *record, const void *message)
{
	for (size_t i = 0; i < record->field_count; i++) {
		const struct codec_field *field = &record->fields[i];
		int r = encode_field(writer, field, (const char *)message + field->offset);

		if (r < 0)
			return r;
	}
	return 0;
}

int codec_encode(const struct codec_record *record, const void *message, struct codec_header header, void *buffer,
		 size_t capacity, size_t *ret_size)
{
	struct writer writer = { .buffer = buffer, .capacity = capacity, .size = WIRE_HEADER_SIZE };
	int r;

	if (writer.capacity > WIRE_PACKET_MAX)
		writer.capacity = WIRE_PACKET_MAX;
	if (capacity < WIRE_HEADER_SIZE)
		return -EMSGSIZE;
	r = encode_record(&writer, record, message);
	if (r < 0)
		return r;
	store(writer.buffer, 4, WIRE_MAGIC);
	store(writer.buffer + 4, 2, WIRE_VERSION);
	store(writer.buffer + 6, 2, header.type);
	store(writer.buffer + 8, 8, header.request_id);
	store(writer.buffer + 16, 4, writer.size - WIRE_HEADER_SIZE);
	*ret_size = writer.size;
	return 0;
}

/* ---- decoding ---- */

struct reader {
	const unsigned char *bytes;
	size_t size;
};

struct wire_field {
	uint16_t tag;
	const unsigned char *bytes;
	size_t size;
};

/* Takes the next field off the reader. False when what is left is no whole field. */
static bool reader_field(struct reader *reader, struct wire_field *ret_field)
{
	struct wire_field field;

	if (reader->size < WIRE_FIELD_SIZE)
		return false;
	field.tag = (uint16_t)load(reader->bytes, 2);
	field.size = load(reader->bytes + 2, 2);
	field.bytes = reader->bytes + WIRE_FIELD_SIZE;
	if (field.size > reader->size - WIRE_FIELD_SIZE)
		return false;
	reader->bytes += WIRE_FIELD_SIZE + field.size;
	reader->size -= WIRE_FIELD_SIZE + field.size;
	*ret_field = field;
	return true;
}

static bool decode_number(const struct codec_field *field, const struct wire_field *wire, uint64_t *ret_value)
{
	uint64_t value;

	if (wire->size != 8)
		return false;
	value = load(wire->bytes, 8);
	if (value > field->limit || (field->kind == CODEC_TIME && value > INT64_MAX))
		return false;
	if (value == 0 && !field->required) /* said by leaving the field out, so that a message has one encoding */
		return false;
	*ret_value = value;
	return true;
}

/* The text of a field, or NULL when it breaks a rule. */
static const char *decode_text(const struct codec_field *field, const struct wire_field *wire)
{
	if (wire->size < 2 || wire->size - 1 > field->limit)
		return NULL;
	if (memchr(wire->bytes, '\0', wire->size) != wire->bytes + wire->size - 1)
		return NULL;
	return (const char *)wire->bytes;
}

static bool decode_bytes(const struct codec_field *field, const struct wire_field *wire, struct codec_bytes *ret_bytes)
{
	if (wire->size == 0 || wire->size > field->limit)
		return false;
	*ret_bytes = (struct codec_bytes){ .size = wire->size, .data = wire->bytes };
	return true;
}

static bool decode_text_item(const struct codec_field *field, const struct wire_field *wire, struct codec_texts *texts)
{
	const char *text = decode_text(field, wire);

	if (!text || texts->count == WIRE_LIST_MAX)
		return false;
	texts->items[texts->count++] = text;
	return true;
}

/* Walks a record. message is where members go, or NULL to check only. */
static bool decode_record(const struct codec_record *record, struct reader reader, void *message);

static bool decode_record_item(const struct codec_field *field, const struct wire_field *wire,
			       struct codec_records *records)
{
	struct reader nested = { .bytes = wire->bytes, .size = wire->size };

	if (records->count == field->limit || !decode_record(field->record, nested, NULL))
		return false;
	if (records->count++ == 0)
		records->bytes = wire->bytes - WIRE_FIELD_SIZE;
	records->size = (size_t)(wire->bytes + wire->size - records->bytes);
	return true;
}

static bool decode_field(const struct codec_field *field, const struct wire_field *wire, void *member)
{
	switch (field->kind) {
	case CODEC_NUMBER:
	case CODEC_TIME:
		/* uint64_t and int64_t may alias each other. */
		return decode_number(field, wire, member);
	case CODEC_TEXT:
		*(const char **)member = decode_text(field, wire);
		return *(const char **)member != NULL;
	case CODEC_BYTES:
		return decode_bytes(field, wire, member);
	case CODEC_TEXT_LIST:
		return decode_text_item(field, wire, member);
	case CODEC_RECORDS:
		return decode_record_item(field, wire, member);
	}
	return false;
}

static bool is_list(const struct codec_field *field)
{
	return field->kind == CODEC_TEXT_LIST || field->kind == CODEC_RECORDS;
}

static bool decode_record(const struct codec_record *record, struct reader reader, void *message)
{
	union {
		uint64_t number;
		const char *text;
		struct codec_bytes bytes;
		struct codec_texts texts;
		struct codec_records records;
	} unused;
	size_t next = 0; /* the first field of the table that may still come */
	int last_tag = -1;

	unused.texts.count = 0;
	while (reader.size > 0) {
		struct wire_field wire;
		const struct codec_field *field;

		if (!reader_field(&reader, &wire) || wire.tag < last_tag)
			return false;
		while (next < record->field_count && record->fields[next].tag < wire.tag) {
			if (record->fields[next].required && last_tag < record->fields[next].tag)
				return false;
			next++;
		}
		if (next == record->field_count || record->fields[next].tag != wire.tag) {
			if (!(wire.tag & WIRE_OPTIONAL) || wire.tag == last_tag)
				return false;
			last_tag = wire.tag;
			continue;
		}
		field = &record->fields[next];
		if (wire.tag == last_tag && !is_list(field))
			return false;
		if (!message && wire.tag != last_tag)
			memset(&unused, 0, sizeof(unused));
		if (!decode_field(field, &wire, message ? (char *)message + field->offset : (void *)&unused))
			return false;
		last_tag = wire.tag;
	}
	for (; next < record->field_count; next++) {
		if (record->fields[next].required && last_tag < record->fields[next].tag)
			return false;
	}
	return true;
}

int codec_decode_header(const void *packet, size_t size, struct codec_header *ret_header)
{
	const unsigned char *bytes = packet;

	if (size < WIRE_HEADER_SIZE || size > WIRE_PACKET_MAX || load(bytes, 4) != WIRE_MAGIC ||
	    load(bytes + 4, 2) != WIRE_VERSION || load(bytes + 16, 4) != size - WIRE_HEADER_SIZE)
		return -EBADMSG;
	ret_header->type = (uint16_t)load(bytes + 6, 2);
	ret_header->request_id = load(bytes + 8, 8);
	return 0;
}

int codec_decode(const struct codec_record *record, const void *packet, size_t size, void *ret_message)
{
	struct reader reader;

	memset(ret_message, 0, record->size);
	if (size < WIRE_HEADER_SIZE)
		return -EBADMSG;
	reader.bytes = (const unsigned char *)packet + WIRE_HEADER_SIZE;
	reader.size = size - WIRE_HEADER_SIZE;
	if (!decode_record(record, reader, ret_message)) {
		memset(ret_message, 0, record->size);
		return -EBADMSG;
	}
	return 0;
}

bool codec_next_record(struct codec_records *records, const struct codec_record *record, void *ret_item)
{
	struct reader reader = { .bytes = records->bytes, .size = records->size };
	struct reader nested;
	struct wire_field wire;

	if (records->count == 0 || !reader_field(&reader, &wire))
		return false;
	nested = (struct reader){ .bytes = wire.bytes, .size = wire.size };
	memset(ret_item, 0, record->size);
	if (!decode_record(record, nested, ret_item))
		return false;
	records->count--;
	records->bytes = reader.bytes;
	records->size = reader.size;
	return true;
}
