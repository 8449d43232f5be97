/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/text.h"

#include <langinfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scope.h"
#include "crypto/token_signature.h"

#define ID_SIZE 12
#define BASE62 "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define PRIVATE_KEY_DIGITS 43

/* Of one character: the length a first byte announces, and the least value that needs it (less is overlong). */
static const struct {
	unsigned char mask, lead;
	size_t size;
	uint32_t least;
} utf8_forms[] = {
	{ 0x80, 0x00, 1, 0 },
	{ 0xe0, 0xc0, 2, 0x80 },
	{ 0xf0, 0xe0, 3, 0x800 },
	{ 0xf8, 0xf0, 4, 0x10000 },
};

/* Characters that are valid, but move the cursor, are invisible, or turn the direction of reading. */
static const struct {
	uint32_t first, last;
} unprintable[] = {
	{ 0x00, 0x1f },     { 0x7f, 0x9f },     { 0xad, 0xad },        { 0x61c, 0x61c },   { 0x200b, 0x200f },
	{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0xfe00, 0xfe0f },    { 0xfeff, 0xfeff }, { 0xfff0, 0xfffb },
	{ 0xe000, 0xf8ff }, { 0xfffe, 0xffff }, { 0xe0000, 0x10ffff },
};

size_t text_decode(const char *text, uint32_t *ret_character)
{
	unsigned char first = (unsigned char)text[0];

	if (first == '\0')
		return 0;
	for (size_t i = 0; i < COUNT_OF(utf8_forms); i++) {
		uint32_t character;

		if ((first & utf8_forms[i].mask) != utf8_forms[i].lead)
			continue;
		character = first & (unsigned char)~utf8_forms[i].mask;
		for (size_t j = 1; j < utf8_forms[i].size; j++) {
			if (((unsigned char)text[j] & 0xc0) != 0x80)
				return 0;
			character = character << 6 | ((unsigned char)text[j] & 0x3f);
		}
		if (character < utf8_forms[i].least || character > 0x10ffff ||
		    (character >= 0xd800 && character <= 0xdfff))
			return 0;
		*ret_character = character;
		return utf8_forms[i].size;
	}
	return 0;
}

static bool is_printable(uint32_t character)
{
	for (size_t i = 0; i < COUNT_OF(unprintable); i++)
		if (character >= unprintable[i].first && character <= unprintable[i].last)
			return false;
	return true;
}

char *text_printable(const char *text)
{
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	char *copy = malloc(4 * strlen(text) + 1);
	char *end = copy;

	if (!copy)
		return NULL;
	while (*text != '\0') {
		uint32_t character;
		size_t size = text_decode(text, &character);

		if (size > 0 && is_printable(character) && (utf8 || character < 0x80)) {
			end = mempcpy(end, text, size);
			text += size;
			continue;
		}
		for (size_t i = 0; i < (size > 0 ? size : 1); i++)
			end += sprintf(end, "\\%03o", (unsigned char)*text++);
	}
	*end = '\0';
	return copy;
}

char *text_utf8(const char *text)
{
	char *copy = malloc(4 * strlen(text) + 1);
	char *end = copy;

	if (!copy)
		return NULL;
	while (*text != '\0') {
		uint32_t character;
		size_t size = text_decode(text, &character);

		if (size == 0) {
			end += sprintf(end, "\\x%02x", (unsigned char)*text++);
			continue;
		}
		end = mempcpy(end, text, size);
		text += size;
	}
	*end = '\0';
	return copy;
}

/* The length of the prefix of a key, 0 where there is none. */
static size_t key_prefix(const char *text)
{
	if (strncmp(text, "ak_", 3) == 0)
		return 3;
	return strncmp(text, "akt_", 4) == 0 ? 4 : 0;
}

bool text_holds_access_token(const char *text)
{
	const char *start = strstr(text, TOKEN_HEAD);

	return start && start[strlen(TOKEN_HEAD)] != '\0';
}

bool text_holds_secret(const char *text)
{
	size_t prefix = key_prefix(text);

	if (prefix > 0 && strlen(text) > prefix + ID_SIZE)
		return true;
	for (const char *start = strstr(text, "ak"); start; start = strstr(start + 1, "ak")) {
		prefix = key_prefix(start);
		if (prefix > 0 && strspn(start + prefix, BASE62) == ID_SIZE && start[prefix + ID_SIZE] == '_' &&
		    strspn(start + prefix + ID_SIZE + 1, BASE62) > 0)
			return true;
	}
	return text_holds_access_token(text);
}

bool text_holds_private_key(const char *text)
{
	while (*text != '\0') {
		size_t digits = strspn(text, BASE62 "+/"), padding = strspn(text + digits, "=");

		if (digits == PRIVATE_KEY_DIGITS && padding == 1)
			return true;
		text += digits + padding > 0 ? digits + padding : 1;
	}
	return false;
}

const char *text_key_reference(const char *text)
{
	size_t prefix = key_prefix(text);

	if (prefix > 0 && strlen(text) == prefix + ID_SIZE && strspn(text + prefix, BASE62) == ID_SIZE)
		return text + prefix;
	return text;
}

bool text_count(const char *text, uint64_t most, uint64_t *ret_count)
{
	uint64_t count = 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (*at < '0' || *at > '9' || count > (most - (uint64_t)(*at - '0')) / 10)
			return false;
		count = 10 * count + (uint64_t)(*at - '0');
	}
	if (count == 0)
		return false;
	*ret_count = count;
	return true;
}
