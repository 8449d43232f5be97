/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/json.h"

#include <stdio.h>
#include <string.h>

#include "cli/text.h"
#include "cli/when.h"
#include "common/wiping.h"
#include "lib/apikey.h"

void json_prepare(void)
{
	json_set_alloc_funcs(wiping_new, wiping_free);
}

json_t *json_text(const char *text)
{
	char *utf8 = text_utf8(text);
	json_t *value = utf8 ? json_string(utf8) : NULL;

	if (utf8)
		explicit_bzero(utf8, strlen(utf8));
	free(utf8);
	return value;
}

json_t *json_text_or_null(const char *text)
{
	return text && text[0] != '\0' ? json_text(text) : json_null();
}

json_t *json_time(int64_t time)
{
	char text[WHEN_TEXT_SIZE];

	if (time == 0 || time == APIKEY_NEVER)
		return json_null();
	when_rfc3339(time, text);
	return json_string(text);
}

json_t *json_number(uint64_t number)
{
	return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

json_t *json_texts(const char *const *texts)
{
	json_t *array = json_array();

	for (; array && texts && *texts; texts++)
		if (json_array_append_new(array, json_text(*texts)) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

bool json_put(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) == 0;
}

/* A text that grows. */
struct text {
	char *data;
	size_t size, room;
};

/* All that is not ASCII is escaped by jansson; DEL, which counts as ASCII, here. */
static int append_escaped(const char *data, size_t size, void *target)
{
	struct text *text = target;
	size_t need = text->size + 6 * size + 1;

	if (text->room < need) {
		char *grown = wiping_new(2 * need);

		if (!grown)
			return -1;
		if (text->data)
			memcpy(grown, text->data, text->size);
		wiping_free(text->data);
		text->data = grown;
		text->room = 2 * need;
	}
	for (size_t i = 0; i < size; i++)
		if (data[i] == 0x7f) {
			memcpy(text->data + text->size, "\\u007f", 6);
			text->size += 6;
		} else {
			text->data[text->size++] = data[i];
		}
	return 0;
}

char *json_write_text(const json_t *value, bool one_line)
{
	struct text text = { 0 };

	if (json_dump_callback(value, append_escaped, &text,
			       JSON_ENSURE_ASCII | (one_line ? JSON_COMPACT : JSON_INDENT(2))) < 0 ||
	    append_escaped("\n", one_line ? 0 : 1, &text) < 0) {
		wiping_free(text.data);
		return NULL;
	}
	text.data[text.size] = '\0';
	return text.data;
}

void json_text_free(char *text)
{
	wiping_free(text);
}

bool json_print(const json_t *value)
{
	SCOPED_JSON_TEXT char *text = json_write_text(value, false);

	if (text)
		fputs(text, stdout);
	return text != NULL;
}
