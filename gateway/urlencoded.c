/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/urlencoded.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"
#include "common/secret.h"

/* Decodes size bytes into ret_text, which has room for as many, and a NUL. Its size, or -1 for a broken escape. */
static ssize_t decode(const char *text, size_t size, char *ret_text)
{
	size_t length = 0;

	for (size_t i = 0; i < size; i++) {
		char c = text[i];

		if (c == '+') {
			c = ' ';
		} else if (c == '%') {
			const char digits[] = { i + 1 < size ? text[i + 1] : '\0', i + 2 < size ? text[i + 2] : '\0',
						'\0' };

			if (!encoding_unhex(digits, &c, 1))
				return -1;
			i += 2;
		}
		ret_text[length++] = c;
	}
	ret_text[length] = '\0';
	return (ssize_t)length;
}

static bool is_plain(const char *text, size_t size, bool lines)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c == 0x7f || (c < ' ' && !(lines && (c == '\n' || c == '\r' || c == '\t'))))
			return false;
	}
	return encoding_is_utf8(text, size);
}

/* Reads one pair into *room, and moves that on behind it. NULL, or the sentence that says what is wrong. */
static const char *read_pair(struct urlencoded *pairs, const char *text, size_t size, char **room)
{
	const char *equals = memchr(text, '=', size);
	size_t name_size = equals ? (size_t)(equals - text) : size;
	char *name = *room, *value;
	ssize_t length;

	if (pairs->count == ARRAY_SIZE(pairs->pairs))
		return "There are more than 64 parameters.";
	length = decode(text, name_size, name);
	if (length < 0)
		return "A % in a parameter's name is not followed by two hexadecimal digits.";
	if (length == 0 || !is_plain(name, (size_t)length, false))
		return "A parameter's name is empty, or has characters that no name has.";
	if (urlencoded_find(pairs, name))
		return "A parameter is there twice.";
	value = name + length + 1;
	length = decode(equals ? equals + 1 : "", equals ? size - name_size - 1 : 0, value);
	if (length < 0)
		return "A % in a parameter's value is not followed by two hexadecimal digits.";
	if (!is_plain(value, (size_t)length, true))
		return "A parameter's value has control characters, or is not UTF-8.";
	pairs->pairs[pairs->count++] = (struct urlencoded_pair){ name, value };
	*room = value + length + 1;
	return NULL;
}

int urlencoded_read(const char *text, size_t size, struct urlencoded *ret_pairs, const char **ret_fault)
{
	/* What is decoded is never longer. Each pair has two NULs: one for the & behind it, one for the =, which it may
	 * lack; behind the last one there is no &. */
	struct urlencoded pairs = { .size = size + URLENCODED_MOST + 1 };
	const char *fault = NULL;
	char *room;

	pairs.text = malloc(pairs.size);
	if (!pairs.text)
		return -ENOMEM;
	room = pairs.text;
	while (size > 0 && !fault) {
		const char *end = memchr(text, '&', size);
		size_t length = end ? (size_t)(end - text) : size;

		if (length > 0)
			fault = read_pair(&pairs, text, length, &room);
		length += end ? 1 : 0;
		text += length;
		size -= length;
	}
	if (fault) {
		urlencoded_done(&pairs);
		*ret_fault = fault;
		return -EINVAL;
	}
	*ret_pairs = pairs;
	return 0;
}

void urlencoded_done(struct urlencoded *pairs)
{
	secret_wipe(pairs->text, pairs->size);
	free(pairs->text);
	*pairs = (struct urlencoded){ .count = 0 };
}

const char *urlencoded_find(const struct urlencoded *pairs, const char *name)
{
	for (size_t i = 0; i < pairs->count; i++) {
		if (strcmp(pairs->pairs[i].name, name) == 0)
			return pairs->pairs[i].value;
	}
	return NULL;
}
