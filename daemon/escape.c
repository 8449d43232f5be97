/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/escape.h"

#include <string.h>

#include "common/encoding.h"
#include "proto/credential.h"

#define UTF8_MAX 4
#define CUT_MARK "\xe2\x80\xa6" /* an ellipsis */

/* The bytes of the printable character text begins with; 0 when it begins with none. */
static size_t printable_character(const char *text, size_t size)
{
	for (size_t length = 1; length <= UTF8_MAX && length <= size; length++) {
		if (encoding_is_printable_utf8(text, length))
			return length;
	}
	return 0;
}

static char *write_byte(char *end, char byte)
{
	char digits[3];

	encoding_hex(&byte, 1, digits);
	*end++ = '\\';
	*end++ = 'x';
	return mempcpy(end, digits, 2);
}

char *escape_text(char *end, const char *text, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t length = printable_character(text + i, size - i);

		if (length == 0 || (text[i] == '\\' && i + 1 < size && text[i + 1] == 'x')) {
			end = write_byte(end, text[i]);
			i++;
			continue;
		}
		end = mempcpy(end, text + i, length);
		i += length;
	}
	return end;
}

/* The length of the key prefix text begins with, when what follows looks like a key. Inside a longer text the whole
 * start of one must be there, or "weak_passwords_policy" would be cut. */
static size_t key_prefix(const char *text, bool inside)
{
	size_t prefix;

	if (!credential_looks_secret(text))
		return 0;
	prefix = strcspn(text, "_") + 1;
	if (inside &&
	    !(encoding_is_base62(text + prefix, CREDENTIAL_ID_SIZE) && text[prefix + CREDENTIAL_ID_SIZE] == '_'))
		return 0;
	return prefix;
}

/* Where the prefix of the first key in the NUL-terminated text ends; 0 when there is no key. */
static size_t find_key(const char *text)
{
	for (const char *at = text; (at = strstr(at, "ak")) != NULL; at++) {
		size_t prefix = key_prefix(at, at > text);

		if (prefix > 0)
			return (size_t)(at - text) + prefix;
	}
	return 0;
}

char *escape_name(char *end, const char *text, size_t size)
{
	size_t keep = find_key(text);

	if (keep == 0)
		return escape_text(end, text, size);
	end = escape_text(end, text, keep);
	return mempcpy(end, CUT_MARK, strlen(CUT_MARK));
}

bool escape_is_plain(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] < 0x20 || text[i] > 0x7e || text[i] == '"' || text[i] == '\\')
			return false;
	}
	return find_key(text) == 0;
}
