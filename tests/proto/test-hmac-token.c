/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The shape of an HMAC token: what is one, where its fields are, and for each text that is none the mistake that is
 * told.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "proto/hmac_token.h"
#include "tests/suite.h"

#define KEY "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
#define NONCE "randomuniquestring123"
#define EPOCH "1535617532"
#define SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y="
#define BEFORE_SIG KEY ":" NONCE ":" EPOCH ":"
#define TOKEN BEFORE_SIG SIG

#define TEN "0123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

/* Parses a copy of exactly size bytes, so that a read behind its end is found. What is no token leaves *ret_token as it
 * was. */
static enum hmac_token_error parse(const char *text, size_t size, struct hmac_token *ret_token)
{
	char *copy = malloc(size + (size == 0));
	struct hmac_token token, untouched;
	enum hmac_token_error error;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	memset(&token, 0x5a, sizeof(token));
	memset(&untouched, 0x5a, sizeof(untouched));
	error = hmac_token_parse(copy, size, &token);
	if (error != HMAC_TOKEN_WELL_FORMED) {
		ck_assert_int_eq(memcmp(&token, &untouched, sizeof(token)), 0);
		ck_assert_int_ne(hmac_token_error_sentence(error)[0], '\0');
	} else if (ret_token) {
		*ret_token = token;
		/* The same places in the text that stays. */
		ck_assert_ptr_eq(token.public_key, copy);
		ret_token->public_key = text;
		ret_token->nonce = text + (token.nonce - copy);
		ret_token->epoch = text + (token.epoch - copy);
		ret_token->signature = text + (token.signature - copy);
	}
	free(copy);
	return error;
}

START_TEST(a_token_is_taken_apart)
{
	static const uint8_t mac[] = { 0x25, 0x80, 0xd9, 0xed, 0xee, 0xd8, 0xdf, 0xaa, 0x1e, 0x24, 0x9d,
				       0xc4, 0xe5, 0x40, 0x7b, 0xb4, 0x5f, 0x55, 0x04, 0x0c, 0x08, 0xbf,
				       0x50, 0x79, 0x1d, 0x33, 0xcd, 0xc3, 0xd8, 0x9a, 0x57, 0xa6 };
	struct hmac_token token;

	ck_assert_int_eq(parse(TOKEN, strlen(TOKEN), &token), HMAC_TOKEN_WELL_FORMED);
	ck_assert_mem_eq(token.public_key, KEY, CREDENTIAL_PUBLIC_KEY_SIZE);
	ck_assert_uint_eq(token.nonce_size, strlen(NONCE));
	ck_assert_mem_eq(token.nonce, NONCE, strlen(NONCE));
	ck_assert_uint_eq(token.epoch_size, strlen(EPOCH));
	ck_assert_mem_eq(token.epoch, EPOCH, strlen(EPOCH));
	ck_assert(token.seconds == 1535617532);
	ck_assert_uint_eq(token.signed_size, strlen(BEFORE_SIG));
	ck_assert_mem_eq(token.signature, SIG, HMAC_TOKEN_SIGNATURE_SIZE);
	ck_assert_mem_eq(token.mac, mac, sizeof(mac));
}
END_TEST

static const struct {
	const char *epoch;
	int64_t seconds;
} epochs[] = {
	{ "0", 0 },
	{ "1", 1 },
	{ "0000000001", 1 },
	{ "1535617532.123", 1535617532 },
	{ "1535617532.0", 1535617532 },
	{ "1535617532.999999999", 1535617532 },
	{ "999999999999", INT64_C(999999999999) },
	{ "999999999999.999999999", INT64_C(999999999999) },
	{ "4294967296", INT64_C(4294967296) },
};

START_TEST(epochs_are_read)
{
	struct hmac_token token;
	char text[256];

	snprintf(text, sizeof(text), KEY ":n:%s:" SIG, epochs[_i].epoch);
	ck_assert_int_eq(parse(text, strlen(text), &token), HMAC_TOKEN_WELL_FORMED);
	ck_assert(token.seconds == epochs[_i].seconds);
	/* as it was written, since that is what was signed */
	ck_assert_uint_eq(token.epoch_size, strlen(epochs[_i].epoch));
	ck_assert_mem_eq(token.epoch, epochs[_i].epoch, token.epoch_size);
}
END_TEST

#define TEXT(literal) literal, sizeof(literal) - 1
static const struct {
	const char *text;
	size_t size;
	enum hmac_token_error error;
} texts[] = {
	{ TEXT(TOKEN), HMAC_TOKEN_WELL_FORMED },
	{ TEXT("00000000-0000-0000-0000-000000000000:.:0:" SIG), HMAC_TOKEN_WELL_FORMED },
	{ TEXT(KEY ":A-z_0.9:1:" SIG), HMAC_TOKEN_WELL_FORMED },
	{ TEXT(KEY ":" HUNDRED TEN TEN "01234567:1:" SIG), HMAC_TOKEN_WELL_FORMED },
	{ TEXT(KEY ":n:1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), HMAC_TOKEN_WELL_FORMED },
	{ TEXT(KEY ":n:1://////////////////////////////////////////8="), HMAC_TOKEN_WELL_FORMED },
	/* a NUL, wherever it is */
	{ TEXT("\0"), HMAC_TOKEN_NUL },
	{ TEXT(TOKEN "\0"), HMAC_TOKEN_NUL },
	{ TEXT("\0" TOKEN), HMAC_TOKEN_NUL },
	{ TEXT(KEY ":random\0string:1:" SIG), HMAC_TOKEN_NUL },
	{ TEXT(KEY ":n:1\0:" SIG), HMAC_TOKEN_NUL },
	{ TEXT(KEY ":n:1:\0" SIG), HMAC_TOKEN_NUL },
	/* the public key */
	{ TEXT(" " TOKEN), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT(":" TOKEN), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("Hmac " TOKEN), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("A123456B-C12C-123D-1AB4-18BD8C8E88A3:n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("a123456b-c12c-123d-1ab4-18bd8c8e88a:n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("a123456b-c12c-123d-1ab4-18bd8c8e88a33:n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("a123456bc12c123d1ab418bd8c8e88a3:n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("{a123456b-c12c-123d-1ab4-18bd8c8e88a}:n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("g123456b-c12c-123d-1ab4-18bd8c8e88a3:n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("a123456b-c12c-123d-1ab4-18bd8c8e88a3 :n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("0aZ9bY8cX7dW:n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	{ TEXT("n:1:" SIG), HMAC_TOKEN_PUBLIC_KEY },
	/* the nonce */
	{ TEXT(KEY "::1:" SIG), HMAC_TOKEN_NONCE_EMPTY },
	{ TEXT(KEY ":::"), HMAC_TOKEN_NONCE_EMPTY },
	{ TEXT(KEY ":a b:1:" SIG), HMAC_TOKEN_NONCE_CHARACTER },
	{ TEXT(KEY ":a/b:1:" SIG), HMAC_TOKEN_NONCE_CHARACTER },
	{ TEXT(KEY ":a+b:1:" SIG), HMAC_TOKEN_NONCE_CHARACTER },
	{ TEXT(KEY ":a=:1:" SIG), HMAC_TOKEN_NONCE_CHARACTER },
	{ TEXT(KEY ":a\n:1:" SIG), HMAC_TOKEN_NONCE_CHARACTER },
	{ TEXT(KEY ":n\xc3\xa9:1:" SIG), HMAC_TOKEN_NONCE_CHARACTER },
	{ TEXT(KEY ":" HUNDRED TEN TEN "012345678:1:" SIG), HMAC_TOKEN_NONCE_LENGTH },
	{ TEXT(KEY ":" HUNDRED HUNDRED), HMAC_TOKEN_NONCE_LENGTH },
	/* the epoch */
	{ TEXT(KEY ":n::" SIG), HMAC_TOKEN_EPOCH_EMPTY },
	{ TEXT(KEY ":n:-1:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:+1:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n: 1:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:1 :" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:.5:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:.:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:0x10:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:1e9:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:1,5:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:1.2.3:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:1.-2:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:NaN:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:2018-08-30:" SIG), HMAC_TOKEN_EPOCH_CHARACTER },
	{ TEXT(KEY ":n:\xd9\xa1:" SIG), HMAC_TOKEN_EPOCH_CHARACTER }, /* a digit in other alphabets */
	{ TEXT(KEY ":n:1535617532123:" SIG), HMAC_TOKEN_EPOCH_LENGTH },
	{ TEXT(KEY ":n:0000000000001:" SIG), HMAC_TOKEN_EPOCH_LENGTH },
	{ TEXT(KEY ":n:18446744073709551617:" SIG), HMAC_TOKEN_EPOCH_LENGTH },
	{ TEXT(KEY ":n:" HUNDRED ":" SIG), HMAC_TOKEN_EPOCH_LENGTH },
	{ TEXT(KEY ":n:1.:" SIG), HMAC_TOKEN_EPOCH_FRACTION },
	{ TEXT(KEY ":n:1.0123456789:" SIG), HMAC_TOKEN_EPOCH_FRACTION },
	/* the signature: its alphabet */
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV-Y="), HMAC_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV_Y="), HMAC_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(BEFORE_SIG " JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6="), HMAC_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7\ntF9VBAwIv1B5HTPNw9iaV6Y="), HMAC_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y\n"), HMAC_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y%3D"), HMAC_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(BEFORE_SIG "2580d9edeed8dfaa1e249dc4e5407bb45f55040c08bf50791d33cdc3d89a57a6"),
	  HMAC_TOKEN_SIGNATURE_LENGTH },
	/* its padding */
	{ TEXT(BEFORE_SIG "="), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6=="), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6="), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y=="), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y====="), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y=\n"), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y= "), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7=F9VBAwIv1B5HTPNw9iaV6Y="), HMAC_TOKEN_SIGNATURE_PADDING },
	{ TEXT(BEFORE_SIG "ra2Jv3nQ6LxYw1iC4WyE0Xr3Nqg="), HMAC_TOKEN_SIGNATURE_PADDING }, /* an HMAC-SHA-1 */
	/* its last bits: Y is 24, and 25 to 27 mean the same byte */
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Z="), HMAC_TOKEN_SIGNATURE_SPARE_BITS },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6a="), HMAC_TOKEN_SIGNATURE_SPARE_BITS },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6b="), HMAC_TOKEN_SIGNATURE_SPARE_BITS },
	/* its length: 33 bytes, 48 bytes */
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6YA"), HMAC_TOKEN_SIGNATURE_LENGTH },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6YAAAAAAAAAAAAAAAAAAAAA"),
	  HMAC_TOKEN_SIGNATURE_LENGTH },
	/* more fields */
	{ TEXT(TOKEN ":"), HMAC_TOKEN_FIELDS },
	{ TEXT(TOKEN ":" SIG), HMAC_TOKEN_FIELDS },
	{ TEXT(KEY ":n:1::" SIG), HMAC_TOKEN_FIELDS },
	{ TEXT(KEY ":n:1:2:" SIG), HMAC_TOKEN_FIELDS },
	/* cut short, in each field and behind each colon */
	{ TEXT(""), HMAC_TOKEN_TRUNCATED },
	{ TEXT("a123456b-c12c"), HMAC_TOKEN_TRUNCATED },
	{ TEXT(KEY), HMAC_TOKEN_TRUNCATED },
	{ TEXT(KEY ":"), HMAC_TOKEN_TRUNCATED },
	{ TEXT(KEY ":n"), HMAC_TOKEN_TRUNCATED },
	{ TEXT(KEY ":n:"), HMAC_TOKEN_TRUNCATED },
	{ TEXT(KEY ":n:1"), HMAC_TOKEN_TRUNCATED },
	{ TEXT(KEY ":n:1."), HMAC_TOKEN_TRUNCATED },
	{ TEXT(KEY ":n:1.5"), HMAC_TOKEN_TRUNCATED },
	{ TEXT(BEFORE_SIG), HMAC_TOKEN_TRUNCATED },
	{ TEXT(BEFORE_SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y"), HMAC_TOKEN_TRUNCATED },
};

START_TEST(each_mistake_has_a_name)
{
	ck_assert_int_eq(parse(texts[_i].text, texts[_i].size, NULL), texts[_i].error);
}
END_TEST

START_TEST(each_error_is_met_and_has_a_sentence)
{
	bool met[HMAC_TOKEN_ERROR_COUNT] = { false };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		met[texts[i].error] = true;
	for (enum hmac_token_error error = HMAC_TOKEN_WELL_FORMED; error < HMAC_TOKEN_ERROR_COUNT; error++) {
		ck_assert_msg(met[error], "no text gives error %d", (int)error);
		ck_assert_int_eq(hmac_token_error_sentence(error)[0] != '\0', error != HMAC_TOKEN_WELL_FORMED);
		for (enum hmac_token_error other = HMAC_TOKEN_WELL_FORMED; other < error; other++)
			ck_assert_str_ne(hmac_token_error_sentence(error), hmac_token_error_sentence(other));
	}
	ck_assert_str_eq(hmac_token_error_sentence(HMAC_TOKEN_ERROR_COUNT), "");
	ck_assert_str_eq(hmac_token_error_sentence((enum hmac_token_error)1000), "");
}
END_TEST

/* Wherever a caller cuts it, OpenVPN at 127 bytes and RADIUS at 128 among them. */
START_TEST(each_truncation_is_told)
{
	static const char text[] = KEY ":6f1c8c52-8f0b-4f7e-9c43-0d6e7a7f1f11:1535617532.123:" SIG;

	ck_assert_uint_gt(strlen(text), 128);
	for (size_t size = 0; size < strlen(text); size++)
		ck_assert_msg(parse(text, size, NULL) == HMAC_TOKEN_TRUNCATED, "%zu bytes", size);
	ck_assert_int_eq(parse(text, strlen(text), NULL), HMAC_TOKEN_WELL_FORMED);
}
END_TEST

/* One changed byte either makes it no token, or another one in just that field: none changes what the others hold. */
START_TEST(each_changed_byte_is_seen)
{
	char text[] = TOKEN;
	struct hmac_token first, token;

	ck_assert_int_eq(parse(TOKEN, strlen(TOKEN), &first), HMAC_TOKEN_WELL_FORMED);
	for (size_t at = 0; at < strlen(TOKEN); at++) {
		for (int byte = 0; byte < 256; byte++) {
			text[at] = (char)byte;
			if (text[at] == TOKEN[at] || parse(text, strlen(TOKEN), &token) != HMAC_TOKEN_WELL_FORMED)
				continue;
			ck_assert_uint_eq(token.signed_size, first.signed_size);
			ck_assert_int_eq(memcmp(token.mac, first.mac, sizeof(first.mac)) != 0, at >= token.signed_size);
		}
		text[at] = TOKEN[at];
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hmac-token");
	TCase *cases = tcase_create("hmac-token");

	tcase_add_test(cases, a_token_is_taken_apart);
	tcase_add_loop_test(cases, epochs_are_read, 0, ARRAY_SIZE(epochs));
	tcase_add_loop_test(cases, each_mistake_has_a_name, 0, ARRAY_SIZE(texts));
	tcase_add_test(cases, each_error_is_met_and_has_a_sentence);
	tcase_add_test(cases, each_truncation_is_told);
	tcase_add_test(cases, each_changed_byte_is_seen);
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
