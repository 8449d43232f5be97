/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an access token says: written and read again, and whatever else stands there refused, each for its own reason.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/claims.h"
#include "tests/suite.h"

#define NOW INT64_C(1790000000)

static struct claims some_claims(void)
{
	return (struct claims){ .issuer = "apikeyd",
				.audience = "https://example.org/a\"b\\c",
				.subject = "Key000000001",
				.account = "default",
				.tenant = "default",
				.id = "0123456789abcdefghijAB",
				.issued = NOW,
				.not_before = NOW,
				.expires = NOW + 1800,
				.secret = 7 };
}

static void assert_same(const struct claims *a, const struct claims *b)
{
	ck_assert_str_eq(a->issuer, b->issuer);
	ck_assert_str_eq(a->audience, b->audience);
	ck_assert_str_eq(a->subject, b->subject);
	ck_assert_str_eq(a->account, b->account);
	ck_assert_str_eq(a->tenant, b->tenant);
	ck_assert_str_eq(a->id, b->id);
	ck_assert_int_eq(a->issued, b->issued);
	ck_assert_int_eq(a->not_before, b->not_before);
	ck_assert_int_eq(a->expires, b->expires);
	ck_assert_uint_eq(a->secret, b->secret);
}

START_TEST(what_is_written_is_read_again)
{
	struct claims claims = some_claims(), read = { .secret = 0 };
	char payload[CLAIMS_SIZE_MAX];
	size_t size = 0;

	for (int i = 0; i < 3; i++) {
		if (i == 1)
			claims.tenant[0] = '\0';
		if (i == 2)
			strcpy(claims.subject, "a123456b-c12c-123d-1ab4-18bd8c8e88a3");
		ck_assert_int_eq(claims_format(&claims, payload, &size), 0);
		ck_assert_int_eq(claims_parse(payload, size, &read), CLAIMS_WELL_FORMED);
		assert_same(&claims, &read);
		/* Not a byte less, nor one more. */
		for (size_t cut = 0; cut < size; cut++)
			ck_assert_int_eq(claims_parse(payload, cut, &read), CLAIMS_NO_OBJECT);
		read = (struct claims){ .secret = 0 };
	}
}
END_TEST

START_TEST(the_greatest_fits_and_what_is_no_text_is_not_written)
{
	struct claims claims = some_claims(), read;
	char payload[CLAIMS_SIZE_MAX];
	size_t size = 0;

	memset(claims.issuer, 'i', CLAIMS_TEXT_MAX);
	memset(claims.audience, '"', CLAIMS_TEXT_MAX);
	memset(claims.account, 'a', WIRE_NAME_MAX);
	memset(claims.tenant, 't', WIRE_NAME_MAX);
	memset(claims.id, 'j', CLAIMS_ID_MAX);
	strcpy(claims.subject, "a123456b-c12c-123d-1ab4-18bd8c8e88a3");
	claims.expires = claims.not_before = claims.issued = CLAIMS_TIME_MAX - 1;
	claims.expires++;
	claims.secret = UINT32_MAX;
	ck_assert_int_eq(claims_format(&claims, payload, &size), 0);
	ck_assert_int_eq(claims_parse(payload, size, &read), CLAIMS_WELL_FORMED);
	assert_same(&claims, &read);
	strcpy(claims.account, "\xff");
	ck_assert_int_eq(claims_format(&claims, payload, &size), -EINVAL);
	memset(claims.account, 1, WIRE_NAME_MAX);
	memset(claims.tenant, 1, WIRE_NAME_MAX);
	ck_assert_int_eq(claims_format(&claims, payload, &size), -EMSGSIZE);
}
END_TEST

#define START "{\"iss\":\"apikeyd\",\"aud\":\"apikeyd\","
#define WHO "\"sub\":\"Key000000001\",\"account\":\"default\",\"tenant\":\"default\","
#define TIMES "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1790001800,"
#define END "\"jti\":\"abc\",\"secret_number\":1}"

static const struct {
	const char *payload;
	enum claims_error error;
} payloads[] = {
	{ START WHO TIMES END, CLAIMS_WELL_FORMED },
	{ " " START WHO TIMES END "\n", CLAIMS_WELL_FORMED },
	{ "", CLAIMS_NO_OBJECT },
	{ "[]", CLAIMS_NO_OBJECT },
	{ "1", CLAIMS_NO_OBJECT },
	{ "null", CLAIMS_NO_OBJECT },
	{ "{}", CLAIMS_MISSING },
	{ START WHO TIMES END "{}", CLAIMS_NO_OBJECT },
	{ START WHO TIMES END " x", CLAIMS_NO_OBJECT },
	{ START WHO TIMES "\"jti\":\"a\\u0000c\",\"secret_number\":1}", CLAIMS_NUL },
	{ START WHO TIMES "\"jti\":\"\xff\",\"secret_number\":1}", CLAIMS_NO_OBJECT },
	/* twice, whichever of the two is right */
	{ START WHO TIMES "\"exp\":1790001800," END, CLAIMS_TWICE },
	{ START WHO TIMES "\"sub\":\"Key000000002\"," END, CLAIMS_TWICE },
	{ START WHO TIMES "\"s\\u0075b\":\"Key000000002\"," END, CLAIMS_TWICE },
	{ START WHO TIMES "\"x\":{\"a\":1,\"a\":2}," END, CLAIMS_TWICE },
	/* left out, and what means nothing here */
	{ START TIMES END, CLAIMS_MISSING },
	{ START WHO END, CLAIMS_MISSING },
	{ "{\"aud\":\"apikeyd\"," WHO TIMES END, CLAIMS_MISSING },
	{ START WHO TIMES "\"jti\":\"abc\"}", CLAIMS_MISSING },
	{ START WHO TIMES "\"secret_number\":1}", CLAIMS_MISSING },
	{ START WHO TIMES "\"scope\":\"mail\"," END, CLAIMS_UNKNOWN },
	{ START WHO TIMES "\"Exp\":1," END, CLAIMS_UNKNOWN },
	{ START WHO TIMES "\"\":1," END, CLAIMS_UNKNOWN },
	/* texts */
	{ "{\"iss\":1,\"aud\":\"apikeyd\"," WHO TIMES END, CLAIMS_TEXT },
	{ "{\"iss\":\"apikeyd\",\"aud\":[\"apikeyd\"]," WHO TIMES END, CLAIMS_TEXT },
	{ "{\"iss\":null,\"aud\":\"apikeyd\"," WHO TIMES END, CLAIMS_TEXT },
	{ "{\"iss\":\"\",\"aud\":\"apikeyd\"," WHO TIMES END, CLAIMS_TEXT },
	{ START "\"sub\":\"Key000000001\",\"account\":\"default\",\"tenant\":\"\"," TIMES END, CLAIMS_TEXT },
	{ START WHO TIMES "\"jti\":\"a'b\",\"secret_number\":1}", CLAIMS_TEXT },
	{ START WHO TIMES "\"jti\":\"0123456789012345678901234567890123456789012345678901234567890123x\","
			  "\"secret_number\":1}",
	  CLAIMS_TEXT },
	{ START "\"sub\":\"Key0\",\"account\":\"default\"," TIMES END, CLAIMS_SUBJECT },
	{ START "\"sub\":\"A123456B-C12C-123D-1AB4-18BD8C8E88A3\",\"account\":\"default\"," TIMES END, CLAIMS_SUBJECT },
	{ START "\"sub\":\"a123456b-c12c-123d-1ab4-18bd8c8e88a3x\",\"account\":\"default\"," TIMES END, CLAIMS_TEXT },
	/* numbers */
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1790001800.5," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1790001800.0," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1.7e9," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":\"1790001800\"," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":true," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":-1," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":0," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":99999999999999999999," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1e999," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":01790001800," END, CLAIMS_NO_OBJECT },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1790001800000," END, CLAIMS_MILLIS },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":99999999999001," END, CLAIMS_NUMBER },
	{ START WHO "\"iat\":1790000000000,\"nbf\":1790000000,\"exp\":1790001800," END, CLAIMS_MILLIS },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":9223372036854775807," END, CLAIMS_NUMBER },
	{ START WHO TIMES "\"jti\":\"abc\",\"secret_number\":0}", CLAIMS_NUMBER },
	{ START WHO TIMES "\"jti\":\"abc\",\"secret_number\":4294967296}", CLAIMS_NUMBER },
	{ START WHO TIMES "\"jti\":\"abc\",\"secret_number\":1.0}", CLAIMS_NUMBER },
	/* order */
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1790000000," END, CLAIMS_ORDER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000001,\"exp\":1790000001," END, CLAIMS_ORDER },
	{ START WHO "\"iat\":1790000001,\"nbf\":1790000000,\"exp\":1790001800," END, CLAIMS_ORDER },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1790086400," END, CLAIMS_WELL_FORMED },
	{ START WHO "\"iat\":1790000000,\"nbf\":1790000000,\"exp\":1790086401," END, CLAIMS_ORDER },
};

START_TEST(what_is_wrong_has_a_reason_of_its_own)
{
	const char *payload = payloads[_i].payload;
	struct claims claims = { .secret = 0 };
	/* Not one byte behind it is looked at. */
	CLEANUP_FREE char *exact = malloc(strlen(payload) + 1);
	enum claims_error error;

	memcpy(exact, payload, strlen(payload));
	error = claims_parse(exact, strlen(payload), &claims);
	ck_assert_msg(error == payloads[_i].error, "%s: %s", payload, claims_error_sentence(error));
	ck_assert_int_eq(claims.secret != 0, error == CLAIMS_WELL_FORMED);
	ck_assert_int_eq(*claims_error_sentence(error) == '\0', error == CLAIMS_WELL_FORMED);
}
END_TEST

START_TEST(nul_and_depth_are_refused)
{
	static const char with_nul[] = START WHO TIMES "\"jti\":\"ab\0c\",\"secret_number\":1}";
	static const char behind[] = START WHO TIMES END "\0";
	char deep[CLAIMS_SIZE_MAX];
	struct claims claims;

	ck_assert_int_eq(claims_parse(with_nul, sizeof(with_nul) - 1, &claims), CLAIMS_NUL);
	ck_assert_int_eq(claims_parse(behind, sizeof(behind) - 1, &claims), CLAIMS_NUL);
	memset(deep, '[', sizeof(deep));
	ck_assert_int_eq(claims_parse(deep, sizeof(deep), &claims), CLAIMS_NO_OBJECT);
	for (size_t i = 0; i + 5 <= sizeof(deep); i += 5)
		memcpy(deep + i, "{\"a\":", 5);
	ck_assert_int_eq(claims_parse(deep, sizeof(deep), &claims), CLAIMS_NO_OBJECT);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("claims");
	TCase *cases = tcase_create("payloads");

	tcase_add_test(cases, what_is_written_is_read_again);
	tcase_add_test(cases, the_greatest_fits_and_what_is_no_text_is_not_written);
	tcase_add_loop_test(cases, what_is_wrong_has_a_reason_of_its_own, 0, ARRAY_SIZE(payloads));
	tcase_add_test(cases, nul_and_depth_are_refused);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
