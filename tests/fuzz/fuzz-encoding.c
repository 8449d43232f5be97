/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* UTF-8, hexadecimal and base64. What is well-formed stays so when it is cut between characters; the others go both
 * ways, base64 from one text alone. */
#include <strings.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "tests/fuzz/fuzz.h"

static void check_utf8(const char *text, size_t size)
{
	bool whole = encoding_is_utf8(text, size);

	if (encoding_is_printable_utf8(text, size)) {
		MUST(whole);
		for (size_t i = 0; i < size; i++)
			MUST((unsigned char)text[i] >= 0x20 && text[i] != 0x7f);
	}
	/* Two halves are well-formed exactly when the whole is and the cut goes before no continuation byte. */
	for (size_t cut = 0; cut <= size && size < 256; cut++) {
		bool halves = encoding_is_utf8(text, cut) && encoding_is_utf8(text + cut, size - cut);

		MUST(halves == (whole && (cut == size || (text[cut] & 0xc0) != 0x80)));
	}
}

static void check_base64(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = malloc(ENCODING_BASE64_SIZE(size) + 1);
	CLEANUP_FREE uint8_t *back = malloc(size + 1);
	size_t back_size = 0;

	MUST(text && back);
	encoding_base64_encode(data, size, text);
	MUST(strlen(text) == ENCODING_BASE64_SIZE(size));
	MUST(encoding_base64_decode(text, strlen(text), back, size, &back_size));
	MUST(back_size == size && memcmp(data, back, size) == 0);
	encoding_base64url_encode(data, size, text);
	MUST(strlen(text) == ENCODING_BASE64URL_SIZE(size));
	MUST(encoding_base64url_decode(text, strlen(text), back, size, &back_size));
	MUST(back_size == size && memcmp(data, back, size) == 0);
	if (encoding_base64_decode((const char *)data, size, back, size, &back_size)) {
		MUST(ENCODING_BASE64_SIZE(back_size) == size);
		encoding_base64_encode(back, back_size, text);
		MUST(memcmp(text, data, size) == 0);
	}
	if (encoding_base64url_decode((const char *)data, size, back, size, &back_size)) {
		MUST(ENCODING_BASE64URL_SIZE(back_size) == size);
		encoding_base64url_encode(back, back_size, text);
		MUST(memcmp(text, data, size) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size), *digits = malloc(2 * size + 1);
	CLEANUP_FREE uint8_t *back = malloc(size + 1);

	MUST(digits && back);
	if (size > 0)
		check_utf8((const char *)data, size);
	encoding_hex(data, size, digits);
	MUST(encoding_unhex(digits, back, size) && memcmp(data, back, size) == 0);
	if (encoding_unhex(text, back, strlen(text) / 2)) {
		encoding_hex(back, strlen(text) / 2, digits);
		MUST(strcasecmp(text, digits) == 0);
	}
	check_base64(data, size);
	if (encoding_is_base62((const char *)data, size))
		MUST(encoding_is_printable_utf8((const char *)data, size));
	return 0;
}
