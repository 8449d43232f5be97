/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures of access tokens: one that another implementation made, and everything that is nearly one.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"
#include "crypto/token_signature.h"
#include "tests/suite.h"

#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define PAYLOAD "{\"sub\":\"0123456789ab\",\"exp\":1700001800}"
/* Computed by Python's hmac, over SIGNED, under a key of the bytes 0 to 31. */
#define SIGNED HEADER ".eyJzdWIiOiIwMTIzNDU2Nzg5YWIiLCJleHAiOjE3MDAwMDE4MDB9"
#define MAC "hlFlYxQ3jaf8H-AiU0QyKE4ws54ROW8Mf9dolImDRGc"

static struct crypto_mac *mac;
static uint8_t right[CRYPTO_MAC_SIZE];

static void setup(void)
{
	uint8_t key[CRYPTO_KEY_SIZE];
	size_t size = 0;

	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)i;
	ck_assert_int_eq(crypto_mac_new(key, &mac), 0);
	ck_assert(encoding_base64url_decode(MAC, strlen(MAC), right, sizeof(right), &size));
	ck_assert_uint_eq(size, sizeof(right));
}

static void teardown(void)
{
	crypto_mac_free(mac);
}

/* A copy of exactly size bytes, so that a read behind its end is found. */
static int verify(const char *signed_text, size_t size, const uint8_t digest[CRYPTO_MAC_SIZE])
{
	char *copy = malloc(size + (size == 0));
	int r;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, signed_text, size);
	r = token_verify(mac, copy, size, digest);
	free(copy);
	return r;
}

START_TEST(the_header_is_the_constant_text)
{
	char header[64] = "";
	size_t size = 0;

	ck_assert(encoding_base64url_decode(HEADER, strlen(HEADER), header, sizeof(header) - 1, &size));
	ck_assert_str_eq(header, "{\"alg\":\"HS256\",\"typ\":\"JWT\"}");
}
END_TEST

START_TEST(it_is_what_another_implementation_makes)
{
	char token[TOKEN_SIZE_MAX + 1];

	ck_assert_int_eq(token_sign(mac, PAYLOAD, strlen(PAYLOAD), token), 0);
	ck_assert_str_eq(token, SIGNED "." MAC);
	ck_assert_int_eq(verify(SIGNED, strlen(SIGNED), right), 0);
}
END_TEST

START_TEST(a_changed_bit_anywhere_is_refused)
{
	char text[] = SIGNED;

	for (size_t bit = 0; bit < 8 * strlen(SIGNED); bit++) {
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
		ck_assert_int_eq(verify(text, strlen(SIGNED), right), bit / 8 <= strlen(HEADER) ? -EINVAL : -EBADMSG);
		text[bit / 8] = (char)(text[bit / 8] ^ 1 << bit % 8);
	}
	for (size_t bit = 0; bit < 8 * sizeof(right); bit++) {
		right[bit / 8] ^= (uint8_t)(1 << bit % 8);
		ck_assert_int_eq(verify(SIGNED, strlen(SIGNED), right), -EBADMSG);
		right[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	ck_assert_int_eq(verify(SIGNED, strlen(SIGNED), right), 0);
}
END_TEST

START_TEST(another_length_is_refused)
{
	for (size_t size = 0; size < strlen(SIGNED); size++)
		ck_assert_int_eq(verify(SIGNED, size, right), size <= strlen(HEADER) ? -EINVAL : -EBADMSG);
	ck_assert_int_eq(verify(SIGNED "\0", strlen(SIGNED) + 1, right), -EBADMSG);
	ck_assert_int_eq(verify(SIGNED "." MAC, strlen(SIGNED "." MAC), right), -EBADMSG);
}
END_TEST

static const char *const other_headers[] = {
	"{\"alg\":\"none\",\"typ\":\"JWT\"}",
	"{\"alg\":\"RS256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"hs256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"HS512\",\"typ\":\"JWT\"}",
	"{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"1\"}",
	"{\"alg\":\"HS256\"}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\"} ",
	" {\"alg\":\"HS256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"HS256\",\"alg\":\"none\",\"typ\":\"JWT\"}",
	"{}",
	"",
};

START_TEST(another_header_is_refused_although_its_mac_is_right)
{
	uint8_t digest[CRYPTO_MAC_SIZE];
	char text[512];

	encoding_base64url_encode(other_headers[_i], strlen(other_headers[_i]), text);
	strcat(text, SIGNED + strlen(HEADER));
	ck_assert_int_eq(crypto_mac_compute(mac, text, strlen(text), digest), 0);
	ck_assert_int_eq(verify(text, strlen(text), digest), -EINVAL);
}
END_TEST

START_TEST(another_key_is_refused)
{
	uint8_t key[CRYPTO_KEY_SIZE] = { 0 };
	struct crypto_mac *other;

	ck_assert_int_eq(crypto_mac_new(key, &other), 0);
	ck_assert_int_eq(token_verify(other, SIGNED, strlen(SIGNED), right), -EBADMSG);
	crypto_mac_free(other);
}
END_TEST

START_TEST(payloads_of_every_size_are_signed)
{
	char token[TOKEN_SIZE_MAX + 1], payload[TOKEN_PAYLOAD_MAX + 1], read[TOKEN_PAYLOAD_MAX];
	uint8_t digest[CRYPTO_MAC_SIZE];
	size_t size, read_size = 0;

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (char)(i * 37);
	for (size = 1; size <= TOKEN_PAYLOAD_MAX; size++) {
		const char *start = token + strlen(HEADER) + 1, *dot;

		ck_assert_int_eq(token_sign(mac, payload, size, token), 0);
		dot = strchr(start, '.');
		ck_assert_ptr_nonnull(dot);
		ck_assert(encoding_base64url_decode(start, (size_t)(dot - start), read, sizeof(read), &read_size));
		ck_assert_uint_eq(read_size, size);
		ck_assert(memcmp(read, payload, size) == 0);
		ck_assert(encoding_base64url_decode(dot + 1, strlen(dot + 1), digest, sizeof(digest), &read_size));
		ck_assert_int_eq(verify(token, (size_t)(dot - token), digest), 0);
	}
	ck_assert_uint_eq(strlen(token), TOKEN_SIZE_MAX);
	strcpy(token, "untouched");
	ck_assert_int_eq(token_sign(mac, payload, size, token), -EINVAL);
	ck_assert_int_eq(token_sign(mac, payload, SIZE_MAX, token), -EINVAL);
	ck_assert_int_eq(token_sign(mac, payload, 0, token), -EINVAL);
	ck_assert_str_eq(token, "untouched");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crypto/token_signature");
	TCase *cases = tcase_create("token_signature");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, the_header_is_the_constant_text);
	tcase_add_test(cases, it_is_what_another_implementation_makes);
	tcase_add_test(cases, a_changed_bit_anywhere_is_refused);
	tcase_add_test(cases, another_length_is_refused);
	tcase_add_loop_test(cases, another_header_is_refused_although_its_mac_is_right, 0,
			    sizeof(other_headers) / sizeof(other_headers[0]));
	tcase_add_test(cases, another_key_is_refused);
	tcase_add_test(cases, payloads_of_every_size_are_signed);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
