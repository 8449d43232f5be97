/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What is a credential and what is a normal password: the decision that keeps passwords in their process. Whole tokens,
 * each truncation, each change of one character, and what only looks alike.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "proto/credential.h"
#include "proto/wire.h"
#include "tests/suite.h"

#define ID "0aZ9bY8cX7dW"
#define SECRET "abcdefghijklmnopqrstuvwxyz012345"

/* Classifies a copy of exactly size bytes, so that a read behind its end is found. */
static struct credential classify(const char *text, size_t size)
{
	char *copy = malloc(size + (size == 0));
	struct credential credential;

	ck_assert_ptr_nonnull(copy);
	memcpy(copy, text, size);
	credential = credential_classify(copy, size);
	free(copy);
	return credential;
}

static enum credential_kind kind_of(const char *text, size_t size)
{
	struct credential credential = classify(text, size);

	/* Only a whole token gives an id away. */
	ck_assert_int_eq(credential.id[0] != '\0', credential.kind == CREDENTIAL_OPAQUE);
	ck_assert(credential.kind == CREDENTIAL_OPAQUE || !credential.test);
	return credential.kind;
}

START_TEST(a_token_is_written_as_it_is_documented)
{
	char token[CREDENTIAL_OPAQUE_MAX + 1], check[7] = "";

	memset(token, '#', sizeof(token));
	credential_write_opaque(_i == 1, ID, SECRET, token);
	ck_assert_uint_eq(strlen(token), _i == 1 ? 55 : 54);
	ck_assert_mem_eq(token, _i == 1 ? "akt_" ID "_" SECRET : "ak_" ID "_" SECRET, strlen(token) - 6);
	encoding_base62_number(encoding_crc32(token, strlen(token) - 6), check, 6);
	ck_assert_str_eq(token + strlen(token) - 6, check);
}
END_TEST

/* Fixed texts: the form of a token never changes, or keys that are out there stop working. */
START_TEST(a_token_of_old_is_still_one)
{
	static const char *const tokens[] = { "ak_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz01234504PMxH",
					      "akt_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz0123452saAzQ" };
	struct credential credential = classify(tokens[_i], strlen(tokens[_i]));

	ck_assert_int_eq(credential.kind, CREDENTIAL_OPAQUE);
	ck_assert_int_eq(credential.test, _i == 1);
	ck_assert_str_eq(credential.id, ID);
}
END_TEST

START_TEST(each_truncation_is_told)
{
	char token[CREDENTIAL_OPAQUE_MAX + 1];
	size_t prefix = _i == 1 ? 4 : 3;

	credential_write_opaque(_i == 1, ID, SECRET, token);
	for (size_t size = 0; size < strlen(token); size++)
		ck_assert_msg(kind_of(token, size) == (size < prefix ? CREDENTIAL_NONE : CREDENTIAL_TRUNCATED),
			      "%zu bytes", size);
	ck_assert_int_eq(kind_of(token, strlen(token)), CREDENTIAL_OPAQUE);
}
END_TEST

START_TEST(a_longer_text_is_malformed)
{
	char token[CREDENTIAL_OPAQUE_MAX + 64];
	size_t size;

	credential_write_opaque(_i == 1, ID, SECRET, token);
	size = strlen(token);
	for (int byte = 1; byte < 256; byte++) {
		token[size] = (char)byte;
		ck_assert_int_eq(kind_of(token, size + 1), CREDENTIAL_MALFORMED);
	}
	memset(token + size, 'a', 60);
	for (size_t more = 1; more <= 60; more++)
		ck_assert_int_eq(kind_of(token, size + more), CREDENTIAL_MALFORMED);
}
END_TEST

START_TEST(each_changed_character_is_refused)
{
	char token[CREDENTIAL_OPAQUE_MAX + 1];
	size_t prefix = _i == 1 ? 4 : 3, size;

	credential_write_opaque(_i == 1, ID, SECRET, token);
	size = strlen(token);
	for (size_t at = 0; at < size; at++) {
		char good = token[at];

		for (int byte = 0; byte < 256; byte++) {
			enum credential_kind expected = CREDENTIAL_MALFORMED;

			token[at] = (char)byte;
			if (token[at] == good)
				continue;
			/* "ak__…", made from "akt_…", has a prefix of ours again. */
			if (byte == 0 || (at < prefix && strncmp(token, "ak_", 3) != 0))
				expected = CREDENTIAL_NONE;
			ck_assert_msg(kind_of(token, size) == expected, "byte %zu as 0x%02x", at, (unsigned int)byte);
		}
		token[at] = good;
	}
	ck_assert_int_eq(kind_of(token, size), CREDENTIAL_OPAQUE);
}
END_TEST

/* Two characters swapped, a common slip of the pen. */
START_TEST(swapped_characters_are_refused)
{
	char token[CREDENTIAL_OPAQUE_MAX + 1];
	size_t size;

	credential_write_opaque(false, ID, SECRET, token);
	size = strlen(token);
	for (size_t at = 1; at < size; at++) {
		char left = token[at - 1], right = token[at];

		if (left == right)
			continue;
		token[at - 1] = right;
		token[at] = left;
		ck_assert_int_ne(kind_of(token, size), CREDENTIAL_OPAQUE);
		token[at - 1] = left;
		token[at] = right;
	}
}
END_TEST

#define TEXT(literal) literal, sizeof(literal) - 1
static const struct {
	const char *text;
	size_t size;
	enum credential_kind kind;
} texts[] = {
	/* normal passwords */
	{ TEXT(""), CREDENTIAL_NONE },
	{ TEXT("a"), CREDENTIAL_NONE },
	{ TEXT("ak"), CREDENTIAL_NONE },
	{ TEXT("akt"), CREDENTIAL_NONE },
	{ TEXT("correct horse battery staple"), CREDENTIAL_NONE },
	{ TEXT("AK_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz012345000000"), CREDENTIAL_NONE },
	{ TEXT(" ak_0aZ9bY8cX7dW"), CREDENTIAL_NONE },
	{ TEXT("aku_0aZ9bY8cX7dW"), CREDENTIAL_NONE },
	{ TEXT("\b\n\r\177INCORRECT"), CREDENTIAL_NONE },
	{ TEXT("ak-0aZ9bY8cX7dW"), CREDENTIAL_NONE },
	/* a NUL anywhere */
	{ TEXT("\0"), CREDENTIAL_NONE },
	{ TEXT("ak_\0"), CREDENTIAL_NONE },
	{ TEXT("ak_0aZ9\0Y8cX7dW"), CREDENTIAL_NONE },
	/* cut short */
	{ TEXT("ak_"), CREDENTIAL_TRUNCATED },
	{ TEXT("akt_"), CREDENTIAL_TRUNCATED },
	{ TEXT("ak_0aZ9bY8cX7dW"), CREDENTIAL_TRUNCATED },
	{ TEXT("ak_0aZ9bY8cX7dW_"), CREDENTIAL_TRUNCATED },
	{ TEXT("ak_0aZ9bY8cX7dW_a"), CREDENTIAL_TRUNCATED },
	/* short, and no beginning of a token either */
	{ TEXT("ak_ "), CREDENTIAL_MALFORMED },
	{ TEXT("ak__"), CREDENTIAL_MALFORMED },
	{ TEXT("ak_hello world"), CREDENTIAL_MALFORMED },
	{ TEXT("ak_0aZ9bY8cX7dWx"), CREDENTIAL_MALFORMED },
	{ TEXT("ak_0aZ9bY8cX7d_a"), CREDENTIAL_MALFORMED },
	{ TEXT("ak_0aZ9bY8cX7dW_abc\n"), CREDENTIAL_MALFORMED },
	{ TEXT("ak_0aZ9bY8cX7dW_\xc3\xa9"), CREDENTIAL_MALFORMED },
	/* of the right length */
	{ TEXT("ak_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz012345000000"), CREDENTIAL_MALFORMED },
	{ TEXT("ak____________________________________________________"), CREDENTIAL_MALFORMED },
	{ TEXT("akt_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz012345000000"), CREDENTIAL_MALFORMED },
	/* the check characters of the text with the other prefix */
	{ TEXT("ak_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz0123452saAzQ"), CREDENTIAL_MALFORMED },
	{ TEXT("akt_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz01234504PMxH"), CREDENTIAL_MALFORMED },
};

START_TEST(texts_are_classified)
{
	ck_assert_int_eq(kind_of(texts[_i].text, texts[_i].size), texts[_i].kind);
}
END_TEST

START_TEST(a_text_over_the_limit_is_not_looked_at)
{
	char text[WIRE_CREDENTIAL_MAX + 1];

	memset(text, 'a', sizeof(text));
	memcpy(text, "ak_", 3);
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX), CREDENTIAL_MALFORMED);
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX + 1), CREDENTIAL_NONE);
	ck_assert_int_eq(credential_classify(text, SIZE_MAX).kind, CREDENTIAL_NONE);
}
END_TEST

static const struct {
	const char *text;
	bool secret;
} names[] = {
	{ "", false },
	{ "alice", false },
	{ "ak", false },
	{ "ak_", false },
	{ "ak_0aZ9bY8cX7dW", false }, /* the id is public */
	{ "ak_0aZ9bY8cX7dW_", true },
	{ "ak_0aZ9bY8cX7dW_abc", true },
	{ "ak_0aZ9bY8cX7dWabc", true }, /* mistyped, and still a secret */
	{ "ak_0aZ9bY8cX7d _abc", true },
	{ "akt_0aZ9bY8cX7dW", false },
	{ "akt_0aZ9bY8cX7dW_", true },
	{ "ak_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz012345000000", true },
	{ "bak_0aZ9bY8cX7dW_abc", false },
};

START_TEST(names_that_hold_a_secret_are_seen)
{
	ck_assert_int_eq(credential_looks_secret(names[_i].text), names[_i].secret);
}
END_TEST

static const struct {
	const char *text;
	bool id;
} ids[] = {
	{ "", false },
	{ ID, true },
	{ "000000000000", true },
	{ "0aZ9bY8cX7d", false },
	{ "0aZ9bY8cX7dWx", false },
	{ "0aZ9bY8cX7d_", false },
	{ "0aZ9bY8cX7d ", false },
	{ "0aZ9bY8c/7dW", false },
	{ "ak_0aZ9bY8cX", false },
};

START_TEST(ids_are_told_from_names)
{
	ck_assert_int_eq(credential_is_id(ids[_i].text), ids[_i].id);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("credential");
	TCase *cases = tcase_create("credential");

	tcase_add_loop_test(cases, a_token_is_written_as_it_is_documented, 0, 2);
	tcase_add_loop_test(cases, a_token_of_old_is_still_one, 0, 2);
	tcase_add_loop_test(cases, each_truncation_is_told, 0, 2);
	tcase_add_loop_test(cases, a_longer_text_is_malformed, 0, 2);
	tcase_add_loop_test(cases, each_changed_character_is_refused, 0, 2);
	tcase_add_test(cases, swapped_characters_are_refused);
	tcase_add_loop_test(cases, texts_are_classified, 0, ARRAY_SIZE(texts));
	tcase_add_test(cases, a_text_over_the_limit_is_not_looked_at);
	tcase_add_loop_test(cases, names_that_hold_a_secret_are_seen, 0, ARRAY_SIZE(names));
	tcase_add_loop_test(cases, ids_are_told_from_names, 0, ARRAY_SIZE(ids));
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
