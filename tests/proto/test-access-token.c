/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The shape of an access token: the one header, three parts, each in its one encoding. Every trick with another
 * algorithm ends at the header, which is compared and not parsed.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "proto/access_token.h"
#include "tests/suite.h"

#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define PAYLOAD "eyJleHAiOjF9"
#define MAC "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y"
#define TOKEN HEADER "." PAYLOAD "." MAC

/* Parses a copy of exactly size bytes, so that a read behind its end is found. What is no token leaves *ret_token as it
 * was. */
static enum access_token_error parse(const char *text, size_t size, struct access_token *ret_token)
{
	char *copy = malloc(size + (size == 0));
	const unsigned char *bytes = (const unsigned char *)ret_token;
	enum access_token_error error;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	memset(ret_token, 0x5a, sizeof(*ret_token));
	error = access_token_parse(copy, size, ret_token);
	if (error != ACCESS_TOKEN_WELL_FORMED) {
		for (size_t i = 0; i < sizeof(*ret_token); i++)
			ck_assert_uint_eq(bytes[i], 0x5a);
		ck_assert_int_ne(access_token_error_sentence(error)[0], '\0');
	}
	free(copy);
	return error;
}

START_TEST(a_token_is_taken_apart)
{
	struct access_token token;
	char start[64];

	encoding_base64url_encode("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", 27, start);
	strcat(start, ".");
	ck_assert_str_eq(start, ACCESS_TOKEN_START);
	ck_assert_int_eq(parse(TOKEN, strlen(TOKEN), &token), ACCESS_TOKEN_WELL_FORMED);
	ck_assert_uint_eq(token.signed_size, strlen(HEADER "." PAYLOAD));
	ck_assert_uint_eq(token.payload_size, 9);
	ck_assert_mem_eq(token.payload, "{\"exp\":1}", 9);
	ck_assert_mem_eq(token.mac, "\x25\x80\xd9\xed\xee\xd8\xdf\xaa\x1e\x24\x9d\xc4\xe5\x40\x7b\xb4", 16);
	ck_assert_mem_eq(token.mac + 16, "\x5f\x55\x04\x0c\x08\xbf\x50\x79\x1d\x33\xcd\xc3\xd8\x9a\x57\xa6", 16);
}
END_TEST

/* The payload is bytes until its MAC is checked: what is in them does not matter here. */
START_TEST(any_payload_is_handed_out)
{
	uint8_t payload[256];
	struct access_token token;
	char text[512];

	for (size_t i = 0; i < sizeof(payload); i++)
		payload[i] = (uint8_t)(255 - i);
	for (size_t size = 1; size <= sizeof(payload); size++) {
		char *end = stpcpy(text, HEADER ".");

		encoding_base64url_encode(payload, size, end);
		strcat(end, "." MAC);
		ck_assert_int_eq(parse(text, strlen(text), &token), ACCESS_TOKEN_WELL_FORMED);
		ck_assert_uint_eq(token.payload_size, size);
		ck_assert_mem_eq(token.payload, payload, size);
	}
}
END_TEST

static const char *const headers[] = {
	"{\"alg\":\"none\",\"typ\":\"JWT\"}",
	"{\"alg\":\"None\",\"typ\":\"JWT\"}",
	"{\"alg\":\"\",\"typ\":\"JWT\"}",
	"{\"typ\":\"JWT\"}",
	"{}",
	"{\"alg\":\"RS256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"ES256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"HS384\",\"typ\":\"JWT\"}",
	"{\"alg\":\"HS512\",\"typ\":\"JWT\"}",
	"{\"alg\":\"hs256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"Hs256\",\"typ\":\"JWT\"}",
	"{\"ALG\":\"HS256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"HS256\",\"typ\":\"jwt\"}",
	"{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}",
	"{\"alg\":\"HS256\"}",
	/* other members, twice the same, another order */
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"kid\":\"1\"}",
	"{\"kid\":\"../../etc/passwd\",\"alg\":\"HS256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"jku\":\"https://example.org/keys\"}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AA\"}}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"crit\":[\"exp\"]}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"b64\":false}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"zip\":\"DEF\"}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\",\"alg\":\"none\"}",
	"{\"alg\":\"none\",\"alg\":\"HS256\",\"typ\":\"JWT\"}",
	"{\"typ\":\"JWT\",\"alg\":\"HS256\"}",
	"{\"typ\":\"JWT\",\r\n \"alg\":\"HS256\"}", /* RFC 7515, appendix A.1 */
	/* the same to a JSON parser */
	"{ \"alg\":\"HS256\",\"typ\":\"JWT\"}",
	"{\"alg\": \"HS256\",\"typ\":\"JWT\"}",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\"} ",
	"{\"alg\":\"HS256\",\"typ\":\"JWT\"}\n",
	"{\"alg\":\"\\u0048S256\",\"typ\":\"JWT\"}",
	"\xef\xbb\xbf{\"alg\":\"HS256\",\"typ\":\"JWT\"}",
};

START_TEST(no_other_header_is_accepted)
{
	static const char *const ends[] = { "." PAYLOAD "." MAC, "." PAYLOAD ".", "." PAYLOAD, "" };
	struct access_token token;

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char text[512];

		encoding_base64url_encode(headers[_i], strlen(headers[_i]), text);
		strcat(text, ends[i]);
		ck_assert_int_eq(parse(text, strlen(text), &token), ACCESS_TOKEN_OTHER_HEADER);
	}
}
END_TEST

#define TEXT(literal) literal, sizeof(literal) - 1
#define REST "." PAYLOAD "." MAC
static const struct {
	const char *text;
	size_t size;
	enum access_token_error error;
} texts[] = {
	{ TEXT(TOKEN), ACCESS_TOKEN_WELL_FORMED },
	{ TEXT(HEADER ".AA." MAC), ACCESS_TOKEN_WELL_FORMED },
	{ TEXT(HEADER ".-_-_." MAC), ACCESS_TOKEN_WELL_FORMED },
	{ TEXT(HEADER "." PAYLOAD ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), ACCESS_TOKEN_WELL_FORMED },
	{ TEXT(HEADER "." PAYLOAD ".__________________________________________8"), ACCESS_TOKEN_WELL_FORMED },
	/* the right header in other texts, which some decoders take for the same */
	{ TEXT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9=" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9====" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\n" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("eyJhbGciOiJIUzI1\nNiIsInR5cCI6IkpXVCJ9" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9 " REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT(" eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9\0" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9AA" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("EYJHBGCIOIJIUZI1NIISINR5CCI6IKPXVCJ9" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("{\"alg\":\"HS256\",\"typ\":\"JWT\"}" REST), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("Bearer " TOKEN), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("." PAYLOAD "." MAC), ACCESS_TOKEN_OTHER_HEADER },
	{ TEXT("..."), ACCESS_TOKEN_OTHER_HEADER },
	/* parts */
	{ TEXT(TOKEN "."), ACCESS_TOKEN_PARTS },
	{ TEXT(TOKEN "." MAC), ACCESS_TOKEN_PARTS },
	{ TEXT(HEADER "." PAYLOAD ".." MAC), ACCESS_TOKEN_PARTS },
	{ TEXT(HEADER "." PAYLOAD "." PAYLOAD "." PAYLOAD "." MAC), ACCESS_TOKEN_PARTS },
	{ TEXT(HEADER ".." MAC), ACCESS_TOKEN_PAYLOAD_EMPTY },
	{ TEXT(HEADER ".."), ACCESS_TOKEN_PAYLOAD_EMPTY },
	{ TEXT(HEADER "..."), ACCESS_TOKEN_PAYLOAD_EMPTY },
	/* the payload */
	{ TEXT(HEADER ".eyJleHAiOjF9=." MAC), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ".AA==." MAC), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ".+/+/." MAC), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ".eyJl\nHAiOjF9." MAC), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ".eyJl\0HAiOjF9." MAC), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ". ." MAC), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ".eyJleHAi OjF9"), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ".{\"exp\":1}." MAC), ACCESS_TOKEN_PAYLOAD_CHARACTER },
	{ TEXT(HEADER ".A." MAC), ACCESS_TOKEN_PAYLOAD_SPARE_BITS },
	{ TEXT(HEADER ".AB." MAC), ACCESS_TOKEN_PAYLOAD_SPARE_BITS },
	{ TEXT(HEADER ".AAB." MAC), ACCESS_TOKEN_PAYLOAD_SPARE_BITS },
	{ TEXT(HEADER ".AAAAA." MAC), ACCESS_TOKEN_PAYLOAD_SPARE_BITS },
	/* the signature */
	{ TEXT(TOKEN "="), ACCESS_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(TOKEN "\n"), ACCESS_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(TOKEN "\0"), ACCESS_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(HEADER "." PAYLOAD ".JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV+Y"), ACCESS_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(HEADER "." PAYLOAD ".JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV/Y"), ACCESS_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(HEADER "." PAYLOAD ".JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6="), ACCESS_TOKEN_SIGNATURE_CHARACTER },
	{ TEXT(HEADER "." PAYLOAD "."
		      "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Z"),
	  ACCESS_TOKEN_SIGNATURE_SPARE_BITS },
	{ TEXT(HEADER "." PAYLOAD "."
		      "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6b"),
	  ACCESS_TOKEN_SIGNATURE_SPARE_BITS },
	{ TEXT(TOKEN "A"), ACCESS_TOKEN_SIGNATURE_LENGTH },
	{ TEXT(TOKEN MAC), ACCESS_TOKEN_SIGNATURE_LENGTH },
	/* cut short, in each part and behind each dot */
	{ TEXT(""), ACCESS_TOKEN_TRUNCATED },
	{ TEXT("eyJ"), ACCESS_TOKEN_TRUNCATED },
	{ TEXT(HEADER), ACCESS_TOKEN_TRUNCATED },
	{ TEXT(HEADER "."), ACCESS_TOKEN_TRUNCATED },
	{ TEXT(HEADER "." PAYLOAD), ACCESS_TOKEN_TRUNCATED },
	{ TEXT(HEADER "." PAYLOAD "."), ACCESS_TOKEN_TRUNCATED },
	{ TEXT(HEADER "." PAYLOAD ".JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6"), ACCESS_TOKEN_TRUNCATED },
};

START_TEST(each_mistake_has_a_name)
{
	struct access_token token;

	ck_assert_int_eq(parse(texts[_i].text, texts[_i].size, &token), texts[_i].error);
}
END_TEST

START_TEST(each_error_has_a_sentence_of_its_own)
{
	bool met[ACCESS_TOKEN_ERROR_COUNT] = { [ACCESS_TOKEN_TOO_LONG] = true /* below */ };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++)
		met[texts[i].error] = true;
	for (enum access_token_error error = ACCESS_TOKEN_WELL_FORMED; error < ACCESS_TOKEN_ERROR_COUNT; error++) {
		ck_assert_msg(met[error], "no text gives error %d", (int)error);
		ck_assert_int_eq(access_token_error_sentence(error)[0] != '\0', error != ACCESS_TOKEN_WELL_FORMED);
		for (enum access_token_error other = ACCESS_TOKEN_WELL_FORMED; other < error; other++)
			ck_assert_str_ne(access_token_error_sentence(error), access_token_error_sentence(other));
	}
	ck_assert_str_eq(access_token_error_sentence(ACCESS_TOKEN_ERROR_COUNT), "");
	ck_assert_str_eq(access_token_error_sentence((enum access_token_error)1000), "");
}
END_TEST

START_TEST(each_truncation_is_told)
{
	struct access_token token;

	for (size_t size = 0; size < strlen(TOKEN); size++) {
		/* A payload that ends amid a byte is not whole, but neither is what comes behind it. */
		ck_assert_msg(parse(TOKEN, size, &token) == ACCESS_TOKEN_TRUNCATED, "%zu bytes", size);
	}
	ck_assert_int_eq(parse(TOKEN, strlen(TOKEN), &token), ACCESS_TOKEN_WELL_FORMED);
}
END_TEST

/* The longest that may be is whole; what is longer is not looked at. */
START_TEST(a_token_has_a_greatest_length)
{
	char text[WIRE_CREDENTIAL_MAX + 2];
	struct access_token token;
	static const char end[] = "." MAC;

	memset(text, 'A', sizeof(text));
	memcpy(text, ACCESS_TOKEN_START, ACCESS_TOKEN_START_SIZE);
	memcpy(text + WIRE_CREDENTIAL_MAX + 1 - sizeof(end), end, sizeof(end));
	ck_assert_int_eq(parse(text, WIRE_CREDENTIAL_MAX, &token), ACCESS_TOKEN_WELL_FORMED);
	ck_assert_uint_eq(token.payload_size, ACCESS_TOKEN_PAYLOAD_BYTES);
	ck_assert_uint_eq(token.payload_size, 1475);
	memcpy(text + WIRE_CREDENTIAL_MAX + 2 - sizeof(end), end, sizeof(end));
	text[WIRE_CREDENTIAL_MAX + 1 - sizeof(end)] = 'A';
	ck_assert_int_eq(parse(text, WIRE_CREDENTIAL_MAX + 1, &token), ACCESS_TOKEN_TOO_LONG);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("access-token");
	TCase *cases = tcase_create("access-token");

	tcase_add_test(cases, a_token_is_taken_apart);
	tcase_add_test(cases, any_payload_is_handed_out);
	tcase_add_loop_test(cases, no_other_header_is_accepted, 0, ARRAY_SIZE(headers));
	tcase_add_loop_test(cases, each_mistake_has_a_name, 0, ARRAY_SIZE(texts));
	tcase_add_test(cases, each_error_has_a_sentence_of_its_own);
	tcase_add_test(cases, each_truncation_is_told);
	tcase_add_test(cases, a_token_has_a_greatest_length);
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
