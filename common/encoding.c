/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/encoding.h"

#include <string.h>

const char encoding_base62[62 + 1] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

uint32_t encoding_crc32(const void *data, size_t size)
{
	/* The reflected polynomial: what the high and the low four bits of a byte come to, small enough to be read
	 * here. */
	static const uint32_t high[16] = {
		0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
		0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
	};
	static const uint32_t low[16] = {
		0x00000000, 0x77073096, 0xee0e612c, 0x990951ba, 0x076dc419, 0x706af48f, 0xe963a535, 0x9e6495a3,
		0x0edb8832, 0x79dcb8a4, 0xe0d5e91e, 0x97d2d988, 0x09b64c2b, 0x7eb17cbd, 0xe7b82d07, 0x90bf1d91,
	};
	const unsigned char *bytes = data;
	uint32_t crc = UINT32_MAX;

	for (size_t i = 0; i < size; i++) {
		uint32_t byte = (crc ^ bytes[i]) & 0xff;

		crc = crc >> 8 ^ high[byte >> 4] ^ low[byte & 15];
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

/* The two characters in which the alphabets of base64 and base64url differ. */
static const char base64_last[2] = { '+', '/' };
static const char base64url_last[2] = { '-', '_' };

/* 1 when low <= value <= high, else 0, without a branch. */
static int within(int value, int low, int high)
{
	return ((low - 1 - value) & (value - high - 1)) < 0;
}

static char base64_digit(int value, const char last[2])
{
	return (char)(within(value, 0, 25) * (value + 'A') + within(value, 26, 51) * (value - 26 + 'a') +
		      within(value, 52, 61) * (value - 52 + '0') + within(value, 62, 62) * last[0] +
		      within(value, 63, 63) * last[1]);
}

/* 0 to 63, -1 for a character that is none of the alphabet. */
static int base64_value(char digit, const char last[2])
{
	int c = (unsigned char)digit;

	return within(c, 'A', 'Z') * (c - 'A' + 1) + within(c, 'a', 'z') * (c - 'a' + 27) +
	       within(c, '0', '9') * (c - '0' + 53) + within(c, last[0], last[0]) * 63 +
	       within(c, last[1], last[1]) * 64 - 1;
}

/* Writes the characters without padding, and returns where they end. */
static char *base64_write(const unsigned char *bytes, size_t size, const char last[2], char *text)
{
	for (size_t i = 0; i < size; i += 3) {
		size_t count = size - i < 3 ? size - i : 3;
		uint32_t group = (uint32_t)bytes[i] << 16;

		if (count > 1)
			group |= (uint32_t)bytes[i + 1] << 8;
		if (count > 2)
			group |= bytes[i + 2];
		for (size_t digit = 0; digit <= count; digit++)
			*text++ = base64_digit((int)(group >> (18 - 6 * digit) & 63), last);
	}
	return text;
}

/* Reads length characters that have no padding. All are looked at before a byte is written. */
static bool base64_read(const char *text, size_t length, const char last[2], unsigned char *bytes, size_t capacity,
			size_t *ret_size)
{
	size_t size = length / 4 * 3 + length % 4 * 3 / 4;
	int spare, bad = 0;

	if (length % 4 == 1 || size > capacity)
		return false;
	for (size_t i = 0; i < length; i++)
		bad |= base64_value(text[i], last);
	spare = length % 4 == 2 ? 15 : length % 4 == 3 ? 3 : 0;
	if (bad < 0 || (spare != 0 && (base64_value(text[length - 1], last) & spare) != 0))
		return false;
	for (size_t i = 0, bits = 0, at = 0; i < length; i++) {
		bits = bits << 6 | (size_t)base64_value(text[i], last);
		if (i % 4 != 0)
			bytes[at++] = (unsigned char)(bits >> (6 - 2 * (i % 4)));
	}
	*ret_size = size;
	return true;
}

void encoding_base64_encode(const void *data, size_t size, char *ret_text)
{
	char *end = base64_write(data, size, base64_last, ret_text);

	for (; (size_t)(end - ret_text) < ENCODING_BASE64_SIZE(size); end++)
		*end = '=';
	*end = '\0';
}

void encoding_base64url_encode(const void *data, size_t size, char *ret_text)
{
	*base64_write(data, size, base64url_last, ret_text) = '\0';
}

bool encoding_base64_decode(const char *text, size_t length, void *ret_data, size_t capacity, size_t *ret_size)
{
	size_t padding = 0;

	if (length % 4 != 0)
		return false;
	while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
		padding++;
	return base64_read(text, length - padding, base64_last, ret_data, capacity, ret_size);
}

bool encoding_base64url_decode(const char *text, size_t length, void *ret_data, size_t capacity, size_t *ret_size)
{
	return base64_read(text, length, base64url_last, ret_data, capacity, ret_size);
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

bool encoding_is_visible(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}
