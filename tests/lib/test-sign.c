/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * libapikey-sign as a program sees it: tests/vectors/hmac.json through the shared library, and everything a caller can
 * get wrong.
 */
#include <check.h>
#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/apikey-sign.h"
#include "tests/suite.h"

#define PUBLIC_KEY "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
#define PRIVATE_KEY "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y="
#define EMPTY_HASH "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="

static const struct apikey_sign_options fixed = { .size = sizeof(fixed),
						  .nonce = "randomuniquestring123",
						  .epoch = "1535617532" };

static char untouched[] = "untouched";

static const char *text_of(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	ck_assert_ptr_nonnull(text);
	return text;
}

START_TEST(the_vectors_are_met)
{
	const char *srcdir = getenv("srcdir");
	json_error_t error;
	json_t *vectors, *cases, *one;
	char path[4096];
	size_t index;

	snprintf(path, sizeof(path), "%s/tests/vectors/hmac.json", srcdir ? srcdir : ".");
	vectors = json_load_file(path, 0, &error);
	ck_assert_msg(vectors != NULL, "%s: %s", path, error.text);
	cases = json_object_get(vectors, "cases");
	ck_assert_uint_ge(json_array_size(cases), 2);
	json_array_foreach(cases, index, one)
	{
		const char *public_key = text_of(vectors, "publicKey"), *private_key = text_of(vectors, "privateKey");
		const char *body = text_of(one, "body");
		struct apikey_sign_options options = { .size = sizeof(options),
						       .nonce = text_of(one, "nonce"),
						       .epoch = text_of(one, "epoch") };
		char wanted[512], *token;

		snprintf(wanted, sizeof(wanted), "%s:%s:%s:%s", public_key, options.nonce, options.epoch,
			 text_of(one, "sig"));
		ck_assert_int_eq(apikey_sign_token(public_key, private_key, body, strlen(body), &options, &token), 0);
		ck_assert_str_eq(token, wanted);
		apikey_sign_free(token);
		options.body_hash = text_of(one, "bodyHash");
		ck_assert_int_eq(apikey_sign_token(public_key, private_key, NULL, 0, &options, &token), 0);
		ck_assert_str_eq(token, wanted);
		apikey_sign_free(token);
	}
	json_decref(vectors);
}
END_TEST

/* Whose nonce a caller could use twice. */
START_TEST(nonce_and_epoch_are_made_where_none_is_given)
{
	struct apikey_sign_options options = { .size = sizeof(options) };
	char *tokens[2], nonces[2][64], signature[64];
	long long epoch, before = time(NULL);

	for (int i = 0; i < 2; i++) {
		ck_assert_int_eq(
			apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, NULL, 0, i == 0 ? NULL : &options, &tokens[i]), 0);
		ck_assert_int_eq(
			sscanf(tokens[i], PUBLIC_KEY ":%63[0-9A-Za-z]:%lld:%63s", nonces[i], &epoch, signature), 3);
		ck_assert_uint_eq(strlen(nonces[i]), 22);
		ck_assert_uint_eq(strlen(signature), 44);
		ck_assert_int_ge(epoch, before);
		ck_assert_int_le(epoch, time(NULL));
		apikey_sign_free(tokens[i]);
	}
	ck_assert_str_ne(nonces[0], nonces[1]);
}
END_TEST

#define DIGITS_128                                                                                                     \
	"0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF0123456789ABCDEF"                                             \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const struct {
	const char *public_key, *private_key, *nonce, *epoch, *body_hash;
	int result;
} calls[] = {
	{ PUBLIC_KEY, PRIVATE_KEY, DIGITS_128, "1", NULL, 0 },
	{ PUBLIC_KEY, PRIVATE_KEY, "._-", "123456789012.123456789", EMPTY_HASH, 0 },
	{ "00000000-0000-0000-0000-000000000000", PRIVATE_KEY, "n", "1", "", 0 },
	{ "", PRIVATE_KEY, "n", "1", NULL, APIKEY_SIGN_PUBLIC_KEY },
	{ "A123456B-C12C-123D-1AB4-18BD8C8E88A3", PRIVATE_KEY, "n", "1", NULL, APIKEY_SIGN_PUBLIC_KEY },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88a", PRIVATE_KEY, "n", "1", NULL, APIKEY_SIGN_PUBLIC_KEY },
	{ PUBLIC_KEY "0", PRIVATE_KEY, "n", "1", NULL, APIKEY_SIGN_PUBLIC_KEY },
	{ PUBLIC_KEY ":", PRIVATE_KEY, "n", "1", NULL, APIKEY_SIGN_PUBLIC_KEY },
	{ PUBLIC_KEY "\n", PRIVATE_KEY, "n", "1", NULL, APIKEY_SIGN_PUBLIC_KEY },
	{ PRIVATE_KEY, PUBLIC_KEY, "n", "1", NULL, APIKEY_SIGN_PUBLIC_KEY },
	{ PUBLIC_KEY, "", "n", "1", NULL, APIKEY_SIGN_PRIVATE_KEY },
	{ PUBLIC_KEY, PUBLIC_KEY, "n", "1", NULL, APIKEY_SIGN_PRIVATE_KEY },
	{ PUBLIC_KEY, PRIVATE_KEY "\n", "n", "1", NULL, APIKEY_SIGN_PRIVATE_KEY },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y", "n", "1", NULL, APIKEY_SIGN_PRIVATE_KEY },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Z=", "n", "1", NULL, APIKEY_SIGN_PRIVATE_KEY },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X", "n", "1", NULL, APIKEY_SIGN_PRIVATE_KEY },
	{ PUBLIC_KEY, PRIVATE_KEY, "", "1", NULL, APIKEY_SIGN_NONCE },
	{ PUBLIC_KEY, PRIVATE_KEY, DIGITS_128 "0", "1", NULL, APIKEY_SIGN_NONCE },
	{ PUBLIC_KEY, PRIVATE_KEY, "a b", "1", NULL, APIKEY_SIGN_NONCE },
	{ PUBLIC_KEY, PRIVATE_KEY, "a:1", "1", NULL, APIKEY_SIGN_NONCE },
	{ PUBLIC_KEY, PRIVATE_KEY, "\xc3\xa9", "1", NULL, APIKEY_SIGN_NONCE },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "-1", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "+1", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1.", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", ".5", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1e9", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1 ", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1:", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1535617532123", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1.1234567890", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "0000000000000000000000000", NULL, APIKEY_SIGN_EPOCH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1", "x", APIKEY_SIGN_BODY_HASH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1", EMPTY_HASH "\n", APIKEY_SIGN_BODY_HASH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1", "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=", APIKEY_SIGN_BODY_HASH },
	{ PUBLIC_KEY, PRIVATE_KEY, "n", "1", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
	  APIKEY_SIGN_BODY_HASH },
};

START_TEST(a_text_is_taken_or_named)
{
	struct apikey_sign_options options = {
		.size = sizeof(options),
		.nonce = calls[_i].nonce,
		.epoch = calls[_i].epoch,
		.body_hash = calls[_i].body_hash,
	};
	char *token = untouched;

	ck_assert_int_eq(apikey_sign_token(calls[_i].public_key, calls[_i].private_key, NULL, 0, &options, &token),
			 calls[_i].result);
	if (calls[_i].result == 0) {
		ck_assert_ptr_ne(token, untouched);
		apikey_sign_free(token);
	} else {
		ck_assert_ptr_eq(token, untouched);
	}
}
END_TEST

START_TEST(a_call_that_makes_no_sense_is_refused)
{
	const struct {
		struct apikey_sign_options options;
		char unknown;
	} later = { { .size = sizeof(later) }, 1 }, later_silent = { { .size = sizeof(later) }, 0 };
	struct apikey_sign_options options = fixed;
	char *token = untouched;

	ck_assert_int_eq(apikey_sign_token(NULL, PRIVATE_KEY, NULL, 0, NULL, &token), -EINVAL);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, NULL, NULL, 0, NULL, &token), -EINVAL);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, NULL, 0, NULL, NULL), -EINVAL);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, NULL, 1, NULL, &token), -EINVAL);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, NULL, 0, &later.options, &token), -EINVAL);
	options.body_hash = "";
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, "body", 4, &options, &token), -EINVAL);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, "body", 0, &options, &token), -EINVAL);
	options.size = 0;
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, NULL, 0, &options, &token), -EINVAL);
	options.size = sizeof(options) - 1;
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, NULL, 0, &options, &token), -EINVAL);
	ck_assert_ptr_eq(token, untouched);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, NULL, 0, &later_silent.options, &token), 0);
	apikey_sign_free(token);
	apikey_sign_free(NULL);
}
END_TEST

/* A body may hold anything, NUL bytes too, and one byte more makes another token. */
START_TEST(all_of_the_body_is_signed)
{
	char *empty, *nul, *two;

	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, "", 0, &fixed, &empty), 0);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, "\0", 1, &fixed, &nul), 0);
	ck_assert_int_eq(apikey_sign_token(PUBLIC_KEY, PRIVATE_KEY, "\0\0", 2, &fixed, &two), 0);
	ck_assert_str_ne(empty, nul);
	ck_assert_str_ne(nul, two);
	ck_assert_str_ne(empty, two);
	apikey_sign_free(empty);
	apikey_sign_free(nul);
	apikey_sign_free(two);
}
END_TEST

START_TEST(every_answer_has_a_sentence)
{
	for (int answer = APIKEY_SIGN_OK; answer <= APIKEY_SIGN_BODY_HASH + 1; answer++) {
		const char *message = apikey_sign_message((enum apikey_sign_answer)answer);

		ck_assert_uint_gt(strlen(message), 10);
		ck_assert(isupper((unsigned char)message[0]));
		ck_assert_int_eq(message[strlen(message) - 1], '.');
		for (int other = APIKEY_SIGN_OK; other < answer; other++)
			ck_assert_str_ne(message, apikey_sign_message((enum apikey_sign_answer)other));
	}
	ck_assert_ptr_nonnull(apikey_sign_message((enum apikey_sign_answer) - 1));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("libapikey-sign");
	TCase *cases = tcase_create("sign");

	tcase_add_test(cases, the_vectors_are_met);
	tcase_add_test(cases, nonce_and_epoch_are_made_where_none_is_given);
	tcase_add_loop_test(cases, a_text_is_taken_or_named, 0, sizeof(calls) / sizeof(calls[0]));
	tcase_add_test(cases, a_call_that_makes_no_sense_is_refused);
	tcase_add_test(cases, all_of_the_body_is_signed);
	tcase_add_test(cases, every_answer_has_a_sentence);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
