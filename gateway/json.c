/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/json.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/wiping.h"
#include "lib/apikey.h"

void json_prepare(void)
{
	json_set_alloc_funcs(wiping_new, wiping_free);
	/* Else the first object would draw it, in whichever thread. */
	json_object_seed(0);
}

static json_t *text_of(const char *text, size_t size)
{
	CLEANUP_FREE char *mended = NULL;

	if (encoding_is_utf8(text, size))
		return json_stringn(text, size);
	mended = malloc(size);
	if (!mended)
		return NULL;
	for (size_t i = 0; i < size; i++)
		mended[i] = (unsigned char)text[i] < 0x80 ? text[i] : '?';
	return json_stringn(mended, size);
}

json_t *json_text(const char *text)
{
	return text_of(text, strlen(text));
}

/* Adds a value to an array. Takes it over. */
static json_t *add(json_t *array, json_t *value)
{
	if (array && json_array_append_new(array, value) == 0)
		return array;
	json_decref(array);
	return NULL;
}

json_t *json_texts(const char *const *texts)
{
	json_t *array = json_array();

	for (; array && texts && *texts; texts++)
		array = add(array, json_text(*texts));
	return array;
}

json_t *json_words(const char *text)
{
	json_t *array = json_array();

	while (array && *text) {
		size_t size = strcspn(text, " ");

		if (size > 0)
			array = add(array, text_of(text, size));
		text += size;
		text += *text == ' ' ? 1 : 0;
	}
	return array;
}

json_t *json_moment(int64_t time)
{
	return time == 0 || time == APIKEY_NEVER ? json_null() : json_integer(time);
}

json_t *json_number(uint64_t number)
{
	return json_integer(number > INT64_MAX ? INT64_MAX : (json_int_t)number);
}

bool json_put(json_t *object, const char *name, json_t *value)
{
	return json_object_set_new(object, name, value) == 0;
}

/* Into memory of one size, known before, so that no piece of a secret is left where it grew. */
char *json_write(const json_t *value)
{
	size_t size = value ? json_dumpb(value, NULL, 0, JSON_COMPACT) : 0;
	char *text = size > 0 ? malloc(size + 1) : NULL;

	if (!text)
		return NULL;
	if (json_dumpb(value, text, size, JSON_COMPACT) != size) {
		free(text);
		return NULL;
	}
	text[size] = '\0';
	return text;
}
