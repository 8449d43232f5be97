/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* CRC-32, base62, base64, hexadecimal and UTF-8, each against published values or a table of what must and must not
 * pass. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "tests/suite.h"

static const struct {
	const char *text;
	uint32_t crc;
} crcs[] = {
	{ "", 0x00000000 },  { "123456789", 0xcbf43926 }, /* the check value of CRC-32/ISO-HDLC */
	{ "a", 0xe8b7be43 }, { "abc", 0x352441c2 },       { "The quick brown fox jumps over the lazy dog", 0x414fa339 },
};

START_TEST(crc_has_its_published_values)
{
	ck_assert_uint_eq(encoding_crc32(crcs[_i].text, strlen(crcs[_i].text)), crcs[_i].crc);
}
END_TEST

START_TEST(crc_covers_every_byte_value)
{
	unsigned char bytes[256];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	ck_assert_uint_eq(encoding_crc32(bytes, sizeof(bytes)), 0x29058c73);
	memset(bytes, 0, sizeof(bytes));
	ck_assert_uint_eq(encoding_crc32(bytes, 4), 0x2144df1c);
}
END_TEST

/* The vectors that other tools share: tests/vectors/hmac.json, a case on each line. */
START_TEST(check_characters_equal_the_vectors)
{
	const char *srcdir = getenv("srcdir");
	char path[4096], line[512], text[64], check[16], written[7] = "";
	int cases = 0;
	FILE *file;

	snprintf(path, sizeof(path), "%s/tests/vectors/hmac.json", srcdir ? srcdir : ".");
	file = fopen(path, "re");
	ck_assert_msg(file != NULL, "%s cannot be opened", path);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, " {\"text\": \"%63[^\"]\", \"check\": \"%15[^\"]\"}", text, check) != 2)
			continue;
		encoding_base62_number(encoding_crc32(text, strlen(text)), written, 6);
		ck_assert_str_eq(written, check);
		cases++;
	}
	fclose(file);
	ck_assert_int_ge(cases, 2);
}
END_TEST

static const struct {
	uint32_t value;
	size_t digits;
	const char *text;
} numbers[] = {
	{ 0, 6, "000000" },
	{ 0, 1, "0" },
	{ 9, 1, "9" },
	{ 10, 1, "A" },
	{ 35, 1, "Z" },
	{ 36, 1, "a" },
	{ 61, 1, "z" },
	{ 62, 2, "10" },
	{ 62, 6, "000010" },
	{ 62 * 62 - 1, 2, "zz" },
	{ 0xffffffff, 6, "4gfFC3" },
	{ 0xffffffff, 8, "004gfFC3" },
};

START_TEST(numbers_are_written_in_base62)
{
	char text[16];

	memset(text, '#', sizeof(text));
	encoding_base62_number(numbers[_i].value, text, numbers[_i].digits);
	ck_assert_mem_eq(text, numbers[_i].text, numbers[_i].digits);
	ck_assert_int_eq(text[numbers[_i].digits], '#');
}
END_TEST

START_TEST(base62_is_62_characters)
{
	int found = 0;

	ck_assert_uint_eq(strlen(encoding_base62), 62);
	for (int i = 0; i < 256; i++) {
		char character = (char)i;
		bool expected = i > 0 && i < 128 && strchr(encoding_base62, i);

		ck_assert_int_eq(encoding_is_base62(&character, 1), expected);
		found += expected;
	}
	ck_assert_int_eq(found, 62);
	for (size_t i = 1; i < 62; i++)
		ck_assert_int_lt(encoding_base62[i - 1], encoding_base62[i]);
	ck_assert(encoding_is_base62("", 0));
	ck_assert(encoding_is_base62("aZ9", 3));
	ck_assert(!encoding_is_base62("aZ9", 4));
	ck_assert(!encoding_is_base62("aZ_9", 4));
}
END_TEST

/* Of RFC 4648, section 10, and what tells the two alphabets apart. */
static const struct {
	const char *bytes, *standard, *url;
} base64_texts[] = {
	{ "", "", "" },
	{ "f", "Zg==", "Zg" },
	{ "fo", "Zm8=", "Zm8" },
	{ "foo", "Zm9v", "Zm9v" },
	{ "foob", "Zm9vYg==", "Zm9vYg" },
	{ "fooba", "Zm9vYmE=", "Zm9vYmE" },
	{ "foobar", "Zm9vYmFy", "Zm9vYmFy" },
	{ "\xfb\xef\xbe", "++++", "----" },
	{ "\xff\xff\xff", "////", "____" },
	{ "\xff\xef", "/+8=", "_-8" },
	{ "{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9",
	  "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" },
};

START_TEST(base64_has_its_published_values)
{
	size_t size = strlen(base64_texts[_i].bytes), back_size = 0;
	char text[64], back[64];

	ck_assert_uint_eq(ENCODING_BASE64_SIZE(size), strlen(base64_texts[_i].standard));
	ck_assert_uint_eq(ENCODING_BASE64URL_SIZE(size), strlen(base64_texts[_i].url));
	encoding_base64_encode(base64_texts[_i].bytes, size, text);
	ck_assert_str_eq(text, base64_texts[_i].standard);
	ck_assert(encoding_base64_decode(text, strlen(text), back, size, &back_size));
	ck_assert_uint_eq(back_size, size);
	ck_assert_mem_eq(back, base64_texts[_i].bytes, size);
	encoding_base64url_encode(base64_texts[_i].bytes, size, text);
	ck_assert_str_eq(text, base64_texts[_i].url);
	ck_assert(encoding_base64url_decode(text, strlen(text), back, size, &back_size));
	ck_assert_uint_eq(back_size, size);
	ck_assert_mem_eq(back, base64_texts[_i].bytes, size);
}
END_TEST

/* All byte values, at every length: what goes out comes back, and no byte behind the ends is touched. */
START_TEST(base64_goes_both_ways)
{
	for (size_t size = 0; size <= 256; size++) {
		CLEANUP_FREE unsigned char *bytes = malloc(size + 1), *back = malloc(size + 1);
		CLEANUP_FREE char *standard = malloc(ENCODING_BASE64_SIZE(size) + 1);
		CLEANUP_FREE char *url = malloc(ENCODING_BASE64URL_SIZE(size) + 1);
		size_t back_size = 0;

		ck_assert(bytes && back && standard && url);
		for (size_t i = 0; i < size; i++)
			bytes[i] = (unsigned char)(i * 7 + size);
		encoding_base64_encode(bytes, size, standard);
		ck_assert_uint_eq(strlen(standard), ENCODING_BASE64_SIZE(size));
		ck_assert(encoding_base64_decode(standard, strlen(standard), back, size, &back_size));
		ck_assert_uint_eq(back_size, size);
		ck_assert_mem_eq(back, bytes, size);
		memset(back, 0, size);
		encoding_base64url_encode(bytes, size, url);
		ck_assert_uint_eq(strlen(url), ENCODING_BASE64URL_SIZE(size));
		ck_assert(encoding_base64url_decode(url, strlen(url), back, size, &back_size));
		ck_assert_uint_eq(back_size, size);
		ck_assert_mem_eq(back, bytes, size);
	}
}
END_TEST

/* Of all texts of two characters exactly one means each byte, with padding and without. */
START_TEST(one_text_alone_means_a_byte)
{
	static const char alphabets[2][65] = { "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
					       "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_" };
	size_t found = 0;

	for (int i = 0; i < 0x10000; i++) {
		char text[5] = { (char)(i >> 8), (char)(i & 255), '=', '=', '\0' }, again[5];
		unsigned char byte = 0;
		size_t size = 0;
		bool good = _i == 0 ? encoding_base64_decode(text, 4, &byte, 1, &size)
				    : encoding_base64url_decode(text, 2, &byte, 1, &size);

		if (!good)
			continue;
		ck_assert_uint_eq(size, 1);
		ck_assert(memchr(alphabets[_i], text[0], 64) && memchr(alphabets[_i], text[1], 64));
		text[_i == 0 ? 4 : 2] = '\0';
		(_i == 0 ? encoding_base64_encode : encoding_base64url_encode)(&byte, 1, again);
		ck_assert_str_eq(again, text);
		found++;
	}
	ck_assert_uint_eq(found, 256);
	found = 0;
	for (int i = 0; i < 64 * 64 * 64; i++) {
		char text[5] = { alphabets[_i][i >> 12], alphabets[_i][i >> 6 & 63], alphabets[_i][i & 63], '=', '\0' };
		unsigned char bytes[2];
		size_t size;

		found += _i == 0 ? encoding_base64_decode(text, 4, bytes, 2, &size)
				 : encoding_base64url_decode(text, 3, bytes, 2, &size);
	}
	ck_assert_uint_eq(found, 0x10000);
}
END_TEST

#define BASE64(literal) literal, sizeof(literal) - 1
static const struct {
	const char *text;
	size_t size;
	bool url; /* good as base64url */
} no_base64[] = {
	/* padding: missing, too much, in the middle, alone */
	{ BASE64("Zg"), true },
	{ BASE64("Zg="), false },
	{ BASE64("Zg==="), false },
	{ BASE64("Zm8"), true },
	{ BASE64("Zm8=="), false },
	{ BASE64("Z==="), false },
	{ BASE64("="), false },
	{ BASE64("=="), false },
	{ BASE64("===="), false },
	{ BASE64("Zg==Zg=="), false },
	{ BASE64("Zg=="
		 "===="),
	  false },
	{ BASE64("Zm=v"), false },
	{ BASE64("=m9v"), false },
	/* no length of whole bytes */
	{ BASE64("Z"), false },
	{ BASE64("Zm9vY"), false },
	/* spare bits set */
	{ BASE64("Zh=="), false },
	{ BASE64("Zh"), false },
	{ BASE64("Zm9="), false },
	{ BASE64("Zm9"), false },
	{ BASE64("Zm9vYh=="), false },
	/* what is none of the alphabet, first, in the middle and last */
	{ BASE64(" m9v"), false },
	{ BASE64("Zm9 "), false },
	{ BASE64("Z\0009v"), false },
	{ BASE64("Zm9\0"), false },
	{ BASE64("Zm9v\n"), false },
	{ BASE64("Zm9v\r\nYmFy"), false },
	{ BASE64("Zm9\n"), false },
	{ BASE64("Zm9\xff"), false },
	{ BASE64("Zm@v"), false },
	{ BASE64("Zm[v"), false },
	{ BASE64("Zm`v"), false },
	{ BASE64("Zm{v"), false },
	{ BASE64("Zm:v"), false },
	{ BASE64("Zm,v"), false },
	{ BASE64("Zm.v"), false },
	/* the other alphabet */
	{ BASE64("Zm-v"), true },
	{ BASE64("Zm_v"), true },
};

START_TEST(other_text_is_no_base64)
{
	/* A copy of exactly this size, so that a read behind its end is found. */
	CLEANUP_FREE char *copy = malloc(no_base64[_i].size);
	unsigned char bytes[16] = { 1, 2, 3 };
	size_t size = 77;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, no_base64[_i].text, no_base64[_i].size);
	ck_assert(!encoding_base64_decode(copy, no_base64[_i].size, bytes, sizeof(bytes), &size));
	ck_assert_uint_eq(size, 77);
	ck_assert_mem_eq(bytes, "\1\2\3", 4);
	ck_assert(encoding_base64url_decode(copy, no_base64[_i].size, bytes, sizeof(bytes), &size) ==
		  no_base64[_i].url);
	ck_assert(no_base64[_i].url || (size == 77 && memcmp(bytes, "\1\2\3", 4) == 0));
}
END_TEST

START_TEST(base64_knows_its_alphabet_and_its_room)
{
	unsigned char bytes[4] = { 1, 2, 3, 4 };
	size_t size = 77;

	ck_assert(!encoding_base64url_decode("Zm+v", 4, bytes, 4, &size));
	ck_assert(!encoding_base64url_decode("Zm/v", 4, bytes, 4, &size));
	ck_assert(!encoding_base64url_decode("Zg==", 4, bytes, 4, &size));
	ck_assert(!encoding_base64_decode("Zm9v", 4, bytes, 2, &size));
	ck_assert(!encoding_base64url_decode("Zm9v", 4, bytes, 2, &size));
	ck_assert(!encoding_base64url_decode("Zg", 2, bytes, 0, &size));
	ck_assert_uint_eq(size, 77);
	ck_assert_mem_eq(bytes, "\1\2\3\4", 4);
	ck_assert(encoding_base64_decode("Zm9v", 4, bytes, 3, &size));
	ck_assert_uint_eq(size, 3);
	ck_assert_uint_eq(bytes[3], 4);
}
END_TEST

START_TEST(hexadecimal_goes_both_ways)
{
	unsigned char bytes[256], back[256];
	char text[513];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)i;
	memset(text, '#', sizeof(text));
	encoding_hex(bytes, sizeof(bytes), text);
	ck_assert_uint_eq(strlen(text), 512);
	ck_assert_mem_eq(text, "000102", 6);
	ck_assert_str_eq(text + 506, "fdfeff");
	ck_assert(encoding_unhex(text, back, sizeof(back)));
	ck_assert_mem_eq(bytes, back, sizeof(bytes));
	encoding_hex(bytes, 0, text);
	ck_assert_str_eq(text, "");
	ck_assert(encoding_unhex("", back, 0));
	ck_assert(encoding_unhex("aBcDeF", back, 3));
	ck_assert_mem_eq(back, "\xab\xcd\xef", 3);
}
END_TEST

static const char *const no_hexadecimal[] = {
	"",       "0",      "0a0",    "0a0b0",  "0a0b0c0", "0a0b0g", "0a0b0 ",       " a0b0c",
	"0x0b0c", "0a0b0:", "0a0b0/", "0a0b0@", "0a0b0`",  "0a0b0G", "0a0b\xc3\xa9",
};

START_TEST(other_text_is_no_hexadecimal)
{
	unsigned char bytes[3] = { 1, 2, 3 };

	ck_assert(!encoding_unhex(no_hexadecimal[_i], bytes, sizeof(bytes)));
	ck_assert_mem_eq(bytes, "\1\2\3", 3);
}
END_TEST

enum utf8 {
	BROKEN,
	CONTROL, /* well-formed, with a control character in it */
	PRINTABLE,
};

#define TEXT(literal) literal, sizeof(literal) - 1
static const struct {
	const char *text;
	size_t size;
	enum utf8 expected;
} texts[] = {
	{ TEXT(""), PRINTABLE },
	{ TEXT("alice"), PRINTABLE },
	{ TEXT("alice@example.org"), PRINTABLE },
	{ TEXT(" ~"), PRINTABLE },
	/* the first and last of each length */
	{ TEXT("\xc2\xa0"), PRINTABLE },
	{ TEXT("\xdf\xbf"), PRINTABLE },
	{ TEXT("\xe0\xa0\x80"), PRINTABLE },
	{ TEXT("\xef\xbf\xbf"), PRINTABLE },
	{ TEXT("\xf0\x90\x80\x80"), PRINTABLE },
	{ TEXT("\xf4\x8f\xbf\xbf"), PRINTABLE },
	{ TEXT("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91z"), PRINTABLE },
	/* around the surrogates, and the first beyond the last plane */
	{ TEXT("\xed\x9f\xbf"), PRINTABLE },
	{ TEXT("\xee\x80\x80"), PRINTABLE },
	{ TEXT("\xed\xa0\x80"), BROKEN },
	{ TEXT("\xed\xaf\xbf"), BROKEN },
	{ TEXT("\xed\xb0\x80"), BROKEN },
	{ TEXT("\xed\xbf\xbf"), BROKEN },
	{ TEXT("\xed\xa0\x81\xed\xb0\x80"), BROKEN },
	{ TEXT("\xf4\x90\x80\x80"), BROKEN },
	{ TEXT("\xf5\x80\x80\x80"), BROKEN },
	{ TEXT("\xf7\xbf\xbf\xbf"), BROKEN },
	/* five and six bytes, and bytes that never occur */
	{ TEXT("\xf8\x88\x80\x80\x80"), BROKEN },
	{ TEXT("\xfc\x84\x80\x80\x80\x80"), BROKEN },
	{ TEXT("\xfe"), BROKEN },
	{ TEXT("\xff"), BROKEN },
	/* overlong forms of '/', of NUL, and of the greatest that fits a shorter one */
	{ TEXT("\xc0\xaf"), BROKEN },
	{ TEXT("\xe0\x80\xaf"), BROKEN },
	{ TEXT("\xf0\x80\x80\xaf"), BROKEN },
	{ TEXT("\xc0\x80"), BROKEN },
	{ TEXT("\xe0\x80\x80"), BROKEN },
	{ TEXT("\xf0\x80\x80\x80"), BROKEN },
	{ TEXT("\xc1\xbf"), BROKEN },
	{ TEXT("\xe0\x9f\xbf"), BROKEN },
	{ TEXT("\xf0\x8f\xbf\xbf"), BROKEN },
	/* continuation bytes alone, and leads without all of theirs */
	{ TEXT("\x80"), BROKEN },
	{ TEXT("\xbf"), BROKEN },
	{ TEXT("a\x80"), BROKEN },
	{ TEXT("\xc3"), BROKEN },
	{ TEXT("\xc3("), BROKEN },
	{ TEXT("\xc3\xc3"), BROKEN },
	{ TEXT("\xe2\x82"), BROKEN },
	{ TEXT("\xe2\x82z"), BROKEN },
	{ TEXT("\xe2(\xac"), BROKEN },
	{ TEXT("\xf0\x9f\x94"), BROKEN },
	{ TEXT("\xf0\x9f\x94z"), BROKEN },
	{ TEXT("\xf0\x9fz\x91"), BROKEN },
	{ TEXT("\xf0z\x94\x91"), BROKEN },
	{ TEXT("\xc3\xa9\xa9"), BROKEN },
	{ TEXT("Mus\xe9"
	       "e"),
	  BROKEN },
	/* control characters */
	{ TEXT("\0"), CONTROL },
	{ TEXT("a\0b"), CONTROL },
	{ TEXT("a\tb"), CONTROL },
	{ TEXT("a\nb"), CONTROL },
	{ TEXT("\x1b[31m"), CONTROL },
	{ TEXT("\x1f"), CONTROL },
	{ TEXT("\x7f"), CONTROL },
	{ TEXT("\xc2\x80"), CONTROL },
	{ TEXT("\xc2\x9b"
	       "31m"),
	  CONTROL },
	{ TEXT("\xc2\x9f"), CONTROL },
};

START_TEST(utf8_is_told_from_other_bytes)
{
	/* A copy of exactly this size, so that a read behind its end is found. */
	CLEANUP_FREE char *copy = malloc(texts[_i].size + (texts[_i].size == 0));

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, texts[_i].text, texts[_i].size);
	ck_assert_int_eq(encoding_is_utf8(copy, texts[_i].size), texts[_i].expected != BROKEN);
	ck_assert_int_eq(encoding_is_printable_utf8(copy, texts[_i].size), texts[_i].expected == PRINTABLE);
}
END_TEST

/* Every code point in its one form, by an encoder of the test's own. */
START_TEST(every_code_point_passes_once)
{
	for (uint32_t point = 0; point < 0x110000; point++) {
		bool surrogate = point >= 0xd800 && point <= 0xdfff;
		bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
		char text[4];
		size_t size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
		static const unsigned char leads[] = { 0, 0x00, 0xc0, 0xe0, 0xf0 };

		text[0] = (char)(leads[size] | point >> 6 * (size - 1));
		for (size_t i = 1; i < size; i++)
			text[i] = (char)(0x80 | (point >> 6 * (size - 1 - i) & 0x3f));
		if (encoding_is_utf8(text, size) == surrogate ||
		    encoding_is_printable_utf8(text, size) != (!surrogate && !control))
			ck_abort_msg("U+%04X is taken for something else", point);
	}
}
END_TEST

/* What is none is so in the middle of a text and at its end. */
START_TEST(visible_characters_are_told_from_others)
{
	ck_assert(encoding_is_visible(""));
	for (int byte = 1; byte < 256; byte++) {
		const char text[] = { '!', (char)byte, '~', (char)byte, '\0' };

		ck_assert_int_eq(encoding_is_visible(text), byte >= 0x21 && byte <= 0x7e);
		ck_assert_int_eq(encoding_is_visible(text + 3), byte >= 0x21 && byte <= 0x7e);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("encoding");
	TCase *cases = tcase_create("encoding");

	tcase_add_loop_test(cases, crc_has_its_published_values, 0, ARRAY_SIZE(crcs));
	tcase_add_test(cases, crc_covers_every_byte_value);
	tcase_add_test(cases, check_characters_equal_the_vectors);
	tcase_add_loop_test(cases, numbers_are_written_in_base62, 0, ARRAY_SIZE(numbers));
	tcase_add_test(cases, base62_is_62_characters);
	tcase_add_loop_test(cases, base64_has_its_published_values, 0, ARRAY_SIZE(base64_texts));
	tcase_add_test(cases, base64_goes_both_ways);
	tcase_add_loop_test(cases, one_text_alone_means_a_byte, 0, 2);
	tcase_add_loop_test(cases, other_text_is_no_base64, 0, ARRAY_SIZE(no_base64));
	tcase_add_test(cases, base64_knows_its_alphabet_and_its_room);
	tcase_add_test(cases, hexadecimal_goes_both_ways);
	tcase_add_loop_test(cases, other_text_is_no_hexadecimal, 0, ARRAY_SIZE(no_hexadecimal));
	tcase_add_loop_test(cases, utf8_is_told_from_other_bytes, 0, ARRAY_SIZE(texts));
	tcase_add_test(cases, every_code_point_passes_once);
	tcase_add_test(cases, visible_characters_are_told_from_others);
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
