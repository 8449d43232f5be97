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

#define KEY "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
#define SIG "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y"
#define HMAC KEY ":randomuniquestring123:1535617532:" SIG "="
#define OPAQUE "ak_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz01234504PMxH"
#define OPAQUE_TEST "akt_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz0123452saAzQ"
#define HEADER "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
#define ACCESS HEADER ".eyJleHAiOjF9." SIG

#define FORTY "0123456789012345678901234567890123456789"
#define LONGEST                                                                                                        \
	FORTY FORTY FORTY FORTY FORTY FORTY FORTY FORTY FORTY FORTY FORTY FORTY "01234567890123456789012345678901"

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

	/* Only a whole token gives an id away, and what is none of ours but looks like it has a mistake that is told.
	 */
	ck_assert_int_eq(credential.id[0] != '\0',
			 credential.kind == CREDENTIAL_OPAQUE || credential.kind == CREDENTIAL_HMAC);
	ck_assert(credential.kind == CREDENTIAL_OPAQUE || !credential.test);
	ck_assert_int_eq(credential.problem[0] != '\0',
			 credential.kind == CREDENTIAL_MALFORMED || credential.kind == CREDENTIAL_TRUNCATED);
	return credential.kind;
}

/* What a text is that is none of ours. */
static enum credential_kind kind_of_other(const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
			return CREDENTIAL_NONE;
	}
	return size < 16 || size > 512 ? CREDENTIAL_NONE : CREDENTIAL_OTHER;
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
	static const char *const tokens[] = { OPAQUE, OPAQUE_TEST };
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
				expected = kind_of_other(token, size);
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
	{ TEXT("correct horse battery staple"), CREDENTIAL_OTHER },
	{ TEXT("AK_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz012345000000"), CREDENTIAL_OTHER },
	{ TEXT(" ak_0aZ9bY8cX7dW"), CREDENTIAL_OTHER },
	{ TEXT("aku_0aZ9bY8cX7dW"), CREDENTIAL_OTHER },
	{ TEXT("\b\n\r\177INCORRECT"), CREDENTIAL_NONE },
	/* what sshd makes up for a user who does not exist, as long as what was typed */
	{ TEXT("\b\n\r\177INCORRECT\b\n\r\177INCORRECT"), CREDENTIAL_NONE },
	{ TEXT("correct horse\tbattery staple"), CREDENTIAL_NONE },
	{ TEXT("correct horse battery staple\n"), CREDENTIAL_NONE },
	{ TEXT("correct horse battery staple\177"), CREDENTIAL_NONE },
	{ TEXT("s\xc3\xa9same, ouvre-toi"), CREDENTIAL_OTHER },
	{ TEXT("s\xe9same, ouvre-toi!"), CREDENTIAL_OTHER },
	{ TEXT("123456789012345"), CREDENTIAL_NONE },
	{ TEXT("1234567890123456"), CREDENTIAL_OTHER },
	{ TEXT(LONGEST), CREDENTIAL_OTHER },
	{ TEXT(LONGEST "x"), CREDENTIAL_NONE },
	{ TEXT("5f4dcc3b5aa765d61d8327deb882cf99"), CREDENTIAL_OTHER },
	{ TEXT(KEY), CREDENTIAL_OTHER },
	{ TEXT(SIG "="), CREDENTIAL_OTHER },
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

static const struct {
	const char *text;
	size_t size;
	enum credential_kind kind;
	size_t start;
} others[] = {
	/* HMAC tokens, by their public key or by their scheme */
	{ TEXT(HMAC), CREDENTIAL_HMAC, 0 },
	{ TEXT("Hmac " HMAC), CREDENTIAL_HMAC, 5 },
	{ TEXT("hmac " HMAC), CREDENTIAL_HMAC, 5 },
	{ TEXT("HMAC " HMAC), CREDENTIAL_HMAC, 5 },
	{ TEXT(KEY ":"), CREDENTIAL_TRUNCATED, 0 },
	{ TEXT(KEY ":n:1:" SIG), CREDENTIAL_TRUNCATED, 0 },
	{ TEXT("Hmac "), CREDENTIAL_TRUNCATED, 5 },
	{ TEXT("Hmac " KEY), CREDENTIAL_TRUNCATED, 5 },
	{ TEXT("Hmac a123"), CREDENTIAL_TRUNCATED, 5 },
	{ TEXT("Hmac  " HMAC), CREDENTIAL_MALFORMED, 5 },
	{ TEXT("Hmac Hmac " HMAC), CREDENTIAL_MALFORMED, 5 },
	{ TEXT("Hmac Bearer " HMAC), CREDENTIAL_MALFORMED, 5 },
	{ TEXT("Hmac " OPAQUE), CREDENTIAL_MALFORMED, 5 },
	{ TEXT("Hmac " ACCESS), CREDENTIAL_MALFORMED, 5 },
	{ TEXT(KEY ":correct horse"), CREDENTIAL_MALFORMED, 0 },
	{ TEXT(HMAC "\n"), CREDENTIAL_MALFORMED, 0 },
	{ TEXT("A123456B-C12C-123D-1AB4-18BD8C8E88A3:n:1:" SIG "="), CREDENTIAL_OTHER, 0 },
	{ TEXT("Hmac"), CREDENTIAL_NONE, 0 },
	{ TEXT("Hmac:" HMAC), CREDENTIAL_OTHER, 0 },
	{ TEXT("Hmac\t" HMAC), CREDENTIAL_NONE, 0 },
	{ TEXT("Hmacs are fun, are they not"), CREDENTIAL_OTHER, 0 },
	{ TEXT(HMAC "\0"), CREDENTIAL_NONE, 0 },
	{ TEXT("\0" HMAC), CREDENTIAL_NONE, 0 },
	/* access tokens, by the one header alone */
	{ TEXT(ACCESS), CREDENTIAL_ACCESS, 0 },
	{ TEXT(HEADER "."), CREDENTIAL_TRUNCATED, 0 },
	{ TEXT(HEADER ".eyJleHAiOjF9"), CREDENTIAL_TRUNCATED, 0 },
	{ TEXT(HEADER ".eyJleHAiOjF9.JYDZ7e7Y36"), CREDENTIAL_TRUNCATED, 0 },
	{ TEXT(ACCESS "."), CREDENTIAL_MALFORMED, 0 },
	{ TEXT(HEADER ".." SIG), CREDENTIAL_MALFORMED, 0 },
	{ TEXT(HEADER ".eyJleHAiOjF9.JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Z"), CREDENTIAL_MALFORMED, 0 },
	{ TEXT(HEADER), CREDENTIAL_OTHER, 0 },
	{ TEXT("eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0.eyJleHAiOjF9."), CREDENTIAL_OTHER, 0 },      /* none */
	{ TEXT("eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjF9." SIG), CREDENTIAL_OTHER, 0 }, /* RS256 */
	{ TEXT("eyJhbGciOiJoczI1NiIsInR5cCI6IkpXVCJ9.eyJleHAiOjF9." SIG), CREDENTIAL_OTHER, 0 }, /* hs256 */
	{ TEXT(HEADER "=.eyJleHAiOjF9." SIG), CREDENTIAL_OTHER, 0 },
	{ TEXT(ACCESS "\0"), CREDENTIAL_NONE, 0 },
	/* schemes of bearers, in any case, once */
	{ TEXT("Bearer " OPAQUE), CREDENTIAL_OPAQUE, 7 },
	{ TEXT("bearer " OPAQUE_TEST), CREDENTIAL_OPAQUE, 7 },
	{ TEXT("BEARER " ACCESS), CREDENTIAL_ACCESS, 7 },
	{ TEXT("apiToken " OPAQUE), CREDENTIAL_OPAQUE, 9 },
	{ TEXT("APITOKEN " ACCESS), CREDENTIAL_ACCESS, 9 },
	{ TEXT("Bearer " HMAC), CREDENTIAL_HMAC, 7 },
	{ TEXT("Bearer Hmac " HMAC), CREDENTIAL_HMAC, 12 },
	{ TEXT("apiToken " LONGEST), CREDENTIAL_OTHER, 9 },
	{ TEXT("apiToken " LONGEST "x"), CREDENTIAL_NONE, 9 },
	{ TEXT("Bearer 1234567890123456"), CREDENTIAL_OTHER, 7 },
	{ TEXT("Bearer 123456789012345"), CREDENTIAL_NONE, 7 },
	{ TEXT("Bearer ak_0aZ9bY8cX7dW"), CREDENTIAL_TRUNCATED, 7 },
	{ TEXT("Bearer " OPAQUE "\n"), CREDENTIAL_MALFORMED, 7 },
	{ TEXT("Bearer "), CREDENTIAL_NONE, 7 },
	{ TEXT("Bearer"), CREDENTIAL_NONE, 0 },
	{ TEXT("Bearer Bearer " OPAQUE), CREDENTIAL_OTHER, 7 },
	{ TEXT("Bearer apiToken " OPAQUE), CREDENTIAL_OTHER, 7 },
	{ TEXT("apiToken Bearer " ACCESS), CREDENTIAL_OTHER, 9 },
	{ TEXT("Bearer  " OPAQUE), CREDENTIAL_OTHER, 7 },
	{ TEXT(" Bearer " OPAQUE), CREDENTIAL_OTHER, 0 },
	{ TEXT("Bearer\t" OPAQUE), CREDENTIAL_NONE, 0 },
	{ TEXT("Basic " OPAQUE), CREDENTIAL_OTHER, 0 },
	{ TEXT("Token " OPAQUE), CREDENTIAL_OTHER, 0 },
	{ TEXT("Bearer " OPAQUE "\0"), CREDENTIAL_NONE, 0 },
};

START_TEST(tokens_and_schemes_are_classified)
{
	struct credential credential = classify(others[_i].text, others[_i].size);

	ck_assert_int_eq(kind_of(others[_i].text, others[_i].size), others[_i].kind);
	ck_assert_uint_eq(credential.start, others[_i].start);
	if (!memchr(others[_i].text, '\0', others[_i].size))
		ck_assert_uint_eq(credential.start + credential.size, others[_i].size);
	if (credential.kind == CREDENTIAL_HMAC)
		ck_assert_str_eq(credential.id, KEY);
	if (credential.kind == CREDENTIAL_OPAQUE)
		ck_assert_str_eq(credential.id, ID);
}
END_TEST

/* A locale may take other characters for the same letter, as the Turkish ones do with i; what a text is must not. */
START_TEST(the_case_of_a_scheme_is_that_of_ascii)
{
	static const char *const texts_of_others[] = {
		"ap\xc4\xb1Token " OPAQUE, "ap\xfdToken " OPAQUE, "AP\xddTOKEN " OPAQUE, "ap\xc4\xb0token " OPAQUE,
		"[earer " OPAQUE,          "Be\x01rer " OPAQUE,   "@mac " HMAC
	};

	for (size_t i = 0; i < ARRAY_SIZE(texts_of_others); i++)
		ck_assert_int_eq(kind_of(texts_of_others[i], strlen(texts_of_others[i])),
				 kind_of_other(texts_of_others[i], strlen(texts_of_others[i])));
}
END_TEST

/* However an HMAC token or an access token is cut, it is never taken for something that is whole. */
START_TEST(no_part_of_a_token_is_whole)
{
	static const char *const tokens[] = { HMAC, "Hmac " HMAC, ACCESS, "Bearer " ACCESS, "Bearer Hmac " HMAC };
	const char *token = tokens[_i];

	for (size_t size = 0; size < strlen(token); size++) {
		enum credential_kind kind = kind_of(token, size);

		ck_assert(kind == CREDENTIAL_NONE || kind == CREDENTIAL_OTHER || kind == CREDENTIAL_TRUNCATED);
		ck_assert(kind == CREDENTIAL_TRUNCATED || size <= strlen("Bearer ") + strlen(HEADER));
	}
}
END_TEST

/* One byte more behind the end is never overlooked. */
START_TEST(nothing_stands_behind_a_token)
{
	static const char *const tokens[] = { HMAC, ACCESS };
	char text[256];
	size_t size = strlen(tokens[_i]);

	memcpy(text, tokens[_i], size);
	for (int byte = 1; byte < 256; byte++) {
		text[size] = (char)byte;
		ck_assert_int_eq(kind_of(text, size + 1), CREDENTIAL_MALFORMED);
	}
}
END_TEST

START_TEST(a_text_over_the_limit_is_not_looked_at)
{
	static const char end[] = "A." SIG;
	static const char scheme[] = { 'H', 'm', 'a', 'c', ' ' };
	char text[WIRE_CREDENTIAL_MAX + 1];

	memset(text, 'a', sizeof(text));
	text[1] = 'k';
	text[2] = '_';
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX), CREDENTIAL_MALFORMED);
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX + 1), CREDENTIAL_NONE);
	ck_assert_int_eq(credential_classify(text, SIZE_MAX).kind, CREDENTIAL_NONE);
	memcpy(text, ACCESS, sizeof(HEADER));
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX), CREDENTIAL_TRUNCATED);
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX + 1), CREDENTIAL_NONE);
	memcpy(text + WIRE_CREDENTIAL_MAX + 1 - sizeof(end), end, sizeof(end));
	text[WIRE_CREDENTIAL_MAX] = 'a';
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX), CREDENTIAL_ACCESS);
	memcpy(text, scheme, sizeof(scheme));
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX), CREDENTIAL_MALFORMED);
	ck_assert_int_eq(kind_of(text, WIRE_CREDENTIAL_MAX + 1), CREDENTIAL_NONE);
}
END_TEST

static const struct {
	const char *text;
	size_t shown; /* 0: no secret */
} names[] = {
	{ "", 0 },
	{ "alice", 0 },
	{ "ak", 0 },
	{ "ak_", 0 },
	{ "ak_0aZ9bY8cX7dW", 0 }, /* the id is public */
	{ "ak_0aZ9bY8cX7dW_", 3 },
	{ "ak_0aZ9bY8cX7dW_abc", 3 },
	{ "ak_0aZ9bY8cX7dWabc", 3 }, /* mistyped, and still a secret */
	{ "ak_0aZ9bY8cX7d _abc", 3 },
	{ "akt_0aZ9bY8cX7dW", 0 },
	{ "akt_0aZ9bY8cX7dW_", 4 },
	{ "ak_0aZ9bY8cX7dW_abcdefghijklmnopqrstuvwxyz012345000000", 3 },
	{ "bak_0aZ9bY8cX7dW_abc", 0 },
	{ KEY, 0 }, /* public */
	{ KEY ":", 0 },
	{ KEY ":randomuniquestring123:1535617532:", 0 },
	{ KEY ":randomuniquestring123:1535617532:J", 37 },
	{ KEY ":not quite:one:J", 37 },
	{ HMAC, 37 },
	{ "x" HMAC, 0 },
	{ HEADER, 0 },
	{ HEADER ".", 0 },
	{ HEADER ".e", 3 },
	{ ACCESS, 3 },
};

START_TEST(names_that_hold_a_secret_are_seen)
{
	static const char *const schemes[] = { "Bearer ", "apitoken ", "Hmac ", "Bearer Hmac " };
	char text[256];

	ck_assert_uint_eq(credential_shown_size(names[_i].text), names[_i].shown);
	ck_assert_int_eq(credential_looks_secret(names[_i].text), names[_i].shown > 0);
	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		strcpy(stpcpy(text, schemes[i]), names[_i].text);
		ck_assert_uint_eq(credential_shown_size(text), 0);
		ck_assert_int_eq(credential_looks_secret(text), names[_i].shown > 0);
	}
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
	{ KEY, true },
	{ KEY ":", false },
	{ "A123456B-C12C-123D-1AB4-18BD8C8E88A3", false },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88a", false },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88a33", false },
	{ "a123456bc12c123d1ab418bd8c8e88a3", false },
	{ "a123456b-c12c-123d-1ab418bd-8c8e88a3", false },
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
	tcase_add_loop_test(cases, tokens_and_schemes_are_classified, 0, ARRAY_SIZE(others));
	tcase_add_test(cases, the_case_of_a_scheme_is_that_of_ascii);
	tcase_add_loop_test(cases, no_part_of_a_token_is_whole, 0, 5);
	tcase_add_loop_test(cases, nothing_stands_behind_a_token, 0, 2);
	tcase_add_test(cases, a_text_over_the_limit_is_not_looked_at);
	tcase_add_loop_test(cases, names_that_hold_a_secret_are_seen, 0, ARRAY_SIZE(names));
	tcase_add_loop_test(cases, ids_are_told_from_names, 0, ARRAY_SIZE(ids));
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
