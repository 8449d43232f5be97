/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A record's JSON text. Its keys come in one order, so that a line can be signed and compared. Texts go through
 * daemon/escape.h first, since jansson would drop what is not UTF-8; jansson then does the JSON escaping, text by text:
 * an object a record would cost several times as much. A plain text, which neither would change, is copied as it is.
 */
#include "daemon/audit_format.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "daemon/escape.h"

#define MICROSECONDS 1000000

const struct audit_text_field audit_text_fields[] = {
	{ "key_id", offsetof(struct audit_record, key_id), false },
	{ "key_name", offsetof(struct audit_record, key_name), true },
	{ "owner", offsetof(struct audit_record, owner), true },
	{ "user", offsetof(struct audit_record, user), false },
	{ "service", offsetof(struct audit_record, service), false },
	{ "tty", offsetof(struct audit_record, tty), false },
	{ "rhost", offsetof(struct audit_record, rhost), false },
	{ "permission", offsetof(struct audit_record, permission), false },
	{ "bound_to", offsetof(struct audit_record, bound_to), false },
	{ "misuse", offsetof(struct audit_record, misuse), false },
	{ "detail", offsetof(struct audit_record, detail), false },
	{ NULL, 0, false },
};

const char *audit_text_field_value(const struct audit_text_field *field, const struct audit_record *record)
{
	const char *value;

	memcpy(&value, (const char *)record + field->offset, sizeof(value));
	return value && value[0] != '\0' ? value : NULL;
}

void audit_text_done(struct audit_text *text)
{
	free(text->data);
	*text = (struct audit_text)AUDIT_TEXT_INIT;
}

bool audit_text_reserve(struct audit_text *text, size_t size)
{
	size_t capacity;
	char *data;

	if (text->failed)
		return false;
	if (text->capacity - text->size >= size)
		return true;
	if (__builtin_add_overflow(text->size, size, &capacity) ||
	    __builtin_add_overflow(capacity, capacity / 2, &capacity) || !(data = realloc(text->data, capacity))) {
		text->failed = true;
		return false;
	}
	text->data = data;
	text->capacity = capacity;
	return true;
}

void audit_text_append(struct audit_text *text, const void *data, size_t size)
{
	if (!audit_text_reserve(text, size))
		return;
	memcpy(text->data + text->size, data, size);
	text->size += size;
}

/* A string of the source, not of a caller: needs no escaping. */
static void append_literal(struct audit_text *text, const char *literal)
{
	audit_text_append(text, literal, strlen(literal));
}

static void append_name(struct audit_text *text, const char *name)
{
	audit_text_append(text, ",\"", 2);
	append_literal(text, name);
	audit_text_append(text, "\":", 2);
}

static void append_number(struct audit_text *text, const char *name, int64_t number)
{
	char digits[sizeof("-9223372036854775808")];
	int length = snprintf(digits, sizeof(digits), "%" PRId64, number);

	append_name(text, name);
	audit_text_append(text, digits, (size_t)length);
}

/* Printable UTF-8, in quotes. */
static void append_json_text(struct audit_text *text, const char *value, size_t size)
{
	size_t room = 2 * size + 2; /* of printable characters only quotes and backslashes grow, by one byte each */
	json_t *json = json_stringn(value, size);

	if (!json || !audit_text_reserve(text, room)) {
		text->failed = true;
	} else {
		size_t written = json_dumpb(json, text->data + text->size, room, JSON_ENCODE_ANY);

		if (written == 0 || written > room)
			text->failed = true;
		else
			text->size += written;
	}
	json_decref(json);
}

static void append_text(struct audit_text *text, const char *name, const char *value)
{
	size_t size = strlen(value);
	char *escaped, *end;

	append_name(text, name);
	if (escape_is_plain(value, size)) {
		audit_text_append(text, "\"", 1);
		audit_text_append(text, value, size);
		audit_text_append(text, "\"", 1);
		return;
	}
	escaped = malloc(ESCAPE_ROOM(size));
	if (!escaped) {
		text->failed = true;
		return;
	}
	end = escape_name(escaped, value, size);
	append_json_text(text, escaped, (size_t)(end - escaped));
	free(escaped);
}

static void append_time(struct audit_text *text, int64_t microseconds)
{
	int64_t second;
	char whole[CLOCK_TEXT_SIZE], fraction[sizeof(".000000Z\"")];

	if (microseconds < 0)
		microseconds = 0;
	second = microseconds / MICROSECONDS;
	if (second != text->second) {
		clock_format(second, whole, sizeof(whole));
		/* A clock beyond the year 9999 does not fit the cache, and does not matter. */
		if (strlen(whole) != sizeof(text->second_text)) {
			append_literal(text, "\"time\":\"");
			append_literal(text, whole);
			append_literal(text, "\"");
			return;
		}
		memcpy(text->second_text, whole, sizeof(text->second_text) - 1);
		text->second = second;
	}
	append_literal(text, "\"time\":\"");
	audit_text_append(text, text->second_text, sizeof(text->second_text) - 1);
	memcpy(fraction, ".000000Z\"", sizeof(fraction));
	for (int i = 6, rest = (int)(microseconds % MICROSECONDS); rest > 0; i--, rest /= 10)
		fraction[i] = (char)('0' + rest % 10);
	audit_text_append(text, fraction, sizeof(fraction) - 1);
}

bool audit_is_object(const char *object, size_t size)
{
	json_t *json;
	bool is_object;

	if (!encoding_is_printable_utf8(object, size))
		return false;
	json = json_loadb(object, size, 0, NULL);
	is_object = json_is_object(json);
	json_decref(json);
	return is_object;
}

/* What should be an object and is none is kept as a text: a record is never lost over it. */
static void append_object(struct audit_text *text, const char *name, const char *object)
{
	size_t size = strlen(object);

	if (!audit_is_object(object, size)) {
		append_text(text, name, object);
		return;
	}
	append_name(text, name);
	audit_text_append(text, object, size);
}

void audit_format_members(struct audit_text *text, const struct audit_record *record)
{
	append_time(text, record->time);
	append_text(text, "event", record->event);
	if (record->has_verdict) {
		append_name(text, "verdict");
		audit_text_append(text, "\"", 1);
		append_literal(text, verdict_name(record->verdict));
		audit_text_append(text, "\"", 1);
	}
	if (reason_name(record->reason)[0] != '\0') {
		append_name(text, "reason");
		audit_text_append(text, "\"", 1);
		append_literal(text, reason_name(record->reason));
		audit_text_append(text, "\"", 1);
	}
	for (const struct audit_text_field *field = audit_text_fields; field->name; field++) {
		const char *value = audit_text_field_value(field, record);

		size_t before = text->size;

		if (value)
			append_text(text, field->name, value);
		if (field->names_key && record->unnamed)
			text->size = before;
	}
	if (record->test) {
		append_name(text, "test");
		append_literal(text, "true");
	}
	if (record->has_peer) {
		append_number(text, "peer_uid", record->peer_uid);
		append_number(text, "peer_pid", record->peer_pid);
	}
	if (record->actor && record->actor[0] != '\0')
		append_text(text, "actor", record->actor);
	if (record->changes && record->changes[0] != '\0')
		append_object(text, "changes", record->changes);
	if (record->count > 1)
		append_number(text, "count", record->count > INT64_MAX ? INT64_MAX : (int64_t)record->count);
	audit_text_append(text, "}", 1);
}

char *audit_format(const struct audit_record *record)
{
	struct audit_text text = AUDIT_TEXT_INIT;

	audit_text_append(&text, "{", 1);
	audit_format_members(&text, record);
	audit_text_append(&text, "", 1);
	if (text.failed) {
		audit_text_done(&text);
		return NULL;
	}
	return text.data;
}
