/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/html.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"

#define FIRST_ROOM ((size_t)8 * 1024)
#define REPLACEMENT "\xef\xbf\xbd"

static bool make_room(struct html *html, size_t size)
{
	size_t room = html->room > 0 ? html->room : FIRST_ROOM;
	char *text;

	if (html->failed)
		return false;
	if (size < html->room - html->size)
		return true;
	while (room - html->size <= size)
		room *= 2;
	text = malloc(room);
	if (!text) {
		html->failed = true;
		return false;
	}
	if (html->size > 0)
		memcpy(text, html->text, html->size);
	secret_wipe(html->text, html->size);
	free(html->text);
	html->text = text;
	html->room = room;
	return true;
}

static void add(struct html *html, const char *text, size_t size)
{
	if (!make_room(html, size))
		return;
	memcpy(html->text + html->size, text, size);
	html->size += size;
	html->text[html->size] = '\0';
}

/* The size of the UTF-8 character at text; 0 where there is none. */
static size_t character_size(const char *text)
{
	for (size_t size = 1; size <= 4; size++) {
		if (encoding_is_utf8(text, size))
			return size;
		if (text[size] == '\0')
			break;
	}
	return 0;
}

/* Characters that are not seen, and make others read differently from what they are. */
static bool is_hidden(const char *text, size_t size)
{
	static const char *const hidden[] = {
		"\xe2\x80\x8b", "\xe2\x80\x8e", "\xe2\x80\x8f", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaa",
		"\xe2\x80\xab", "\xe2\x80\xac", "\xe2\x80\xad", "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x81\xa7",
		"\xe2\x81\xa8", "\xe2\x81\xa9", "\xef\xbb\xbf", "\xd8\x9c",
	};
	unsigned char first = (unsigned char)text[0];

	if (size == 1)
		return (first < ' ' && first != '\n' && first != '\r' && first != '\t') || first == 0x7f;
	if (size == 2 && first == 0xc2 && (unsigned char)text[1] < 0xa0)
		return true; /* C1 */
	for (size_t i = 0; i < ARRAY_SIZE(hidden); i++) {
		if (strlen(hidden[i]) == size && memcmp(hidden[i], text, size) == 0)
			return true;
	}
	return false;
}

static const char *entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

static void add_escaped(struct html *html, const char *text)
{
	while (text && *text != '\0') {
		size_t size = character_size(text);
		const char *written = size == 1 ? entity_of(*text) : NULL;

		if (size == 0 || is_hidden(text, size))
			written = REPLACEMENT;
		if (written)
			add(html, written, strlen(written));
		else
			add(html, text, size);
		text += size > 0 ? size : 1;
	}
}

static void add_number(struct html *html, bool negative, unsigned long long number)
{
	char digits[32];
	int size = snprintf(digits, sizeof(digits), "%s%llu", negative ? "-" : "", number);

	add(html, digits, (size_t)size);
}

static void add_signed(struct html *html, long long number)
{
	add_number(html, number < 0, number < 0 ? 0 - (unsigned long long)number : (unsigned long long)number);
}

void html_print(struct html *html, const char *template, ...)
{
	va_list values;
	char length;

	va_start(values, template);
	for (;;) {
		size_t plain = strcspn(template, "%");

		add(html, template, plain);
		template += plain;
		if (*template == '\0')
			break;
		template ++;
		/* 'L' stands for "ll". */
		length = '\0';
		if (*template == 'l' || *template == 'z')
			length = *template ++;
		if (length == 'l' && *template == 'l') {
			length = 'L';
			template ++;
		}
		if (*template == 's')
			add_escaped(html, va_arg(values, const char *));
		else if (*template == 'd')
			add_signed(html, length == 'L'   ? va_arg(values, long long)
					 : length == 'l' ? va_arg(values, long)
							 : va_arg(values, int));
		else if (*template == 'u')
			add_number(html, false,
				   length == 'L'   ? va_arg(values, unsigned long long)
				   : length == 'l' ? va_arg(values, unsigned long)
				   : length == 'z' ? va_arg(values, size_t)
						   : va_arg(values, unsigned int));
		else if (*template == '%')
			add(html, "%", 1);
		else
			html->failed = true; /* nothing is guessed of a template that says something else */
		if (html->failed)
			break;
		template ++;
	}
	va_end(values);
}

void html_print_component(struct html *html, const char *text)
{
	char escape[4];

	for (; *text != '\0'; text++) {
		char c = *text;

		if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		    strchr("-._~", c) != NULL) {
			add(html, &c, 1);
		} else {
			snprintf(escape, sizeof(escape), "%%%02X", (unsigned char)c);
			add(html, escape, 3);
		}
	}
}

char *html_take(struct html *html)
{
	char *text = html->failed ? NULL : html->text;

	if (text)
		*html = (struct html){ .size = 0 };
	return text;
}

void html_done(struct html *html)
{
	secret_wipe(html->text, html->size);
	free(html->text);
	*html = (struct html){ .size = 0 };
}
