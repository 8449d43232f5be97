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

/* How much may be shown of a text that begins like a credential; 0 when it begins like none. Inside a longer text the
 * whole start of a key must be there, or "weak_passwords_policy" would be cut. */
static size_t shown_size(const char *text, bool inside)
{
	size_t shown = credential_shown_size(text);

	if (shown > 0 && inside && text[0] == 'a' && text[1] == 'k' &&
	    !(encoding_is_base62(text + shown, CREDENTIAL_ID_SIZE) && text[shown + CREDENTIAL_ID_SIZE] == '_'))
		return 0;
	return shown;
}

/* Where what may be shown of the first credential in the NUL-terminated text ends; 0 when there is none. */
static size_t find_key(const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		size_t shown = shown_size(at, at > text);

		if (shown > 0)
			return (size_t)(at - text) + shown;
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
