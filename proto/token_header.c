/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "proto/token_header.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "proto/access_token.h"

#define HEADER "{\"alg\":\"HS256\",\"typ\":\"JWT\"}"
#define HEADER_MAX 384 /* bytes; a longer one is none that anybody writes */

/* The value of a digit of base64 or base64url, or -1. */
static int digit_value(char digit)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	const char *found = memchr(digits, digit, sizeof(digits) - 1);

	if (found)
		return (int)(found - digits);
	if (digit == '-' || digit == '+')
		return 62;
	return digit == '_' || digit == '/' ? 63 : -1;
}

/* Reads what is encoded in whatever way; the decoder of credentials takes one way alone. The bytes, or 0. */
static size_t decode(const char *text, size_t size, char ret_bytes[HEADER_MAX])
{
	uint32_t bits = 0;
	unsigned int count = 0;
	size_t bytes = 0;

	for (size_t i = 0; i < size; i++) {
		int value = digit_value(text[i]);

		if (value < 0 && text[i] != '\0' && strchr("= \t\r\n", text[i]))
			continue;
		if (value < 0 || bytes == HEADER_MAX)
			return 0;
		bits = (bits << 6 | (uint32_t)value) & 0xffff;
		count += 6;
		if (count >= 8) {
			count -= 8;
			ret_bytes[bytes++] = (char)(bits >> count);
		}
	}
	return bytes;
}

static const char *skip_blank(const char *at, const char *end)
{
	while (at < end && *at != '\0' && strchr(" \t\r\n", *at))
		at++;
	return at;
}

/* The text of the first member "alg", and its size. NULL: there is none that is a text. */
static const char *find_algorithm(const char *header, size_t size, size_t *ret_size)
{
	static const char name[] = "\"alg\"";
	const char *end = header + size, *at = memmem(header, size, name, sizeof(name) - 1), *quote;

	if (!at)
		return NULL;
	at = skip_blank(at + sizeof(name) - 1, end);
	if (at == end || *at++ != ':')
		return NULL;
	at = skip_blank(at, end);
	if (at == end || *at++ != '"')
		return NULL;
	quote = memchr(at, '"', (size_t)(end - at));
	if (!quote)
		return NULL;
	*ret_size = (size_t)(quote - at);
	return at;
}

static bool is_text(const char *text, size_t size, const char *wanted)
{
	return size == strlen(wanted) && strncasecmp(text, wanted, size) == 0;
}

static const char *describe(const char *header, size_t size)
{
	size_t length = 0;
	const char *algorithm = find_algorithm(header, size, &length);

	if (size == sizeof(HEADER) - 1 && memcmp(header, HEADER, size) == 0)
		return "The header of the token is encoded in another way than as base64url without padding.";
	if (!algorithm)
		return "The header of the token names no algorithm; access tokens of apikeyd have one header alone.";
	if (is_text(algorithm, length, "none"))
		return "The header of the token says that it is not signed (alg none).";
	if (!is_text(algorithm, length, "HS256"))
		return "The header of the token names another algorithm than HS256; apikeyd has not issued it.";
	if (memcmp(algorithm, "HS256", length) != 0)
		return "The header of the token writes HS256 in another case.";
	return "The header of the token has more than access tokens of apikeyd have there, or has it in another order "
	       "or with spaces.";
}

const char *token_header_sentence(const char *text, size_t size)
{
	char header[HEADER_MAX];
	const char *dot = memchr(text, '.', size), *start;
	size_t bytes;

	if (!dot || (size >= ACCESS_TOKEN_START_SIZE && memcmp(text, ACCESS_TOKEN_START, ACCESS_TOKEN_START_SIZE) == 0))
		return "";
	bytes = decode(text, (size_t)(dot - text), header);
	start = skip_blank(header, header + bytes);
	if (start == header + bytes || *start != '{')
		return "";
	return describe(header, bytes);
}
