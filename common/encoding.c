/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/encoding.h"

#include <string.h>

const char encoding_base62[62 + 1] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

uint32_t encoding_crc32(const void *data, size_t size)
{
	/* The reflected polynomial, four bits at a step: the table is small enough to be read here. */
	static const uint32_t nibbles[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	const unsigned char *bytes = data;
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		crc ^= bytes[i];
		crc = crc >> 4 ^ nibbles[crc & 15];
		crc = crc >> 4 ^ nibbles[crc & 15];
	}
	return ~crc;
}

void encoding_base62_number(uint32_t value, char *ret_text, size_t digits)
{
	for (size_t i = digits; i > 0; i--) {
		ret_text[i - 1] = encoding_base62[value % 62];
		value /= 62;
	}
}

static bool is_base62(char character)
{
	return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
	       (character >= 'a' && character <= 'z');
}

bool encoding_is_base62(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (!is_base62(text[i]))
			return false;
	}
	return true;
}

void encoding_hex(const void *data, size_t size, char *ret_text)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++) {
		ret_text[2 * i] = digits[bytes[i] >> 4];
		ret_text[2 * i + 1] = digits[bytes[i] & 15];
	}
	ret_text[2 * size] = '\0';
}

static int hex_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	if (digit >= 'A' && digit <= 'F')
		return digit - 'A' + 10;
	return -1;
}

bool encoding_unhex(const char *text, void *ret_data, size_t size)
{
	unsigned char *bytes = ret_data;

	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < 2 * size; i++) {
		if (hex_value(text[i]) < 0)
			return false;
	}
	for (size_t i = 0; i < size; i++)
		bytes[i] = (unsigned char)(hex_value(text[2 * i]) * 16 + hex_value(text[2 * i + 1]));
	return true;
}

/* The length in bytes of the well-formed sequence at text, with its code point; 0 when there is none. */
static size_t utf8_sequence(const unsigned char *text, size_t size, uint32_t *ret_point)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

	for (size_t form = 0; form < 4; form++) {
		uint32_t point;

		if ((text[0] & forms[form].mask) != forms[form].lead)
			continue;
		if (size <= form)
			return 0;
		point = text[0] & (unsigned char)~forms[form].mask;
		for (size_t i = 1; i <= form; i++) {
			if ((text[i] & 0xc0) != 0x80)
				return 0;
			point = point << 6 | (text[i] & 0x3f);
		}
		if (point < forms[form].least || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
			return 0;
		*ret_point = point;
		return form + 1;
	}
	return 0;
}

static bool utf8_check(const char *text, size_t size, bool allow_control)
{
	const unsigned char *bytes = (const unsigned char *)text;

	for (size_t i = 0; i < size;) {
		uint32_t point = 0;
		size_t length = utf8_sequence(bytes + i, size - i, &point);

		if (length == 0)
			return false;
		if (!allow_control && (point < 0x20 || (point >= 0x7f && point <= 0x9f)))
			return false;
		i += length;
	}
	return true;
}

bool encoding_is_utf8(const char *text, size_t size)
{
	return utf8_check(text, size, true);
}

bool encoding_is_printable_utf8(const char *text, size_t size)
{
	return utf8_check(text, size, false);
}
