/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Credentials in texts: all that are there are found, once each, wherever they stand and however the bytes come;
 * nothing that only looks like one is.
 */
#include "proto/scan.h"

#include <stdio.h>

#include "common/cleanup.h"
#include "tests/proto/scan-reference.h"
#include "tests/suite.h"

#define PLANTED 1000
#define NEAR 1000
#define TEXT_SIZE ((size_t)4 * 1024 * 1024)
#define PUBLIC_KEY "a123456b-c12c-123d-1ab4-18bd8c8e88a3"

static char token[CREDENTIAL_OPAQUE_MAX + 1], test_key[CREDENTIAL_OPAQUE_MAX + 1];

static void setup(void)
{
	credential_write_opaque(false, "0123456789ab", "0123456789abcdefghijABCDEFGHIJxy", token);
	credential_write_opaque(true, "0123456789ab", "0123456789abcdefghijABCDEFGHIJxy", test_key);
}

/* A small generator: the same text each time. */
static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void fill_base62(uint32_t *state, char *ret_text, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ret_text[i] = encoding_base62[next(state) % 62];
}

/* What is found in a text, in pieces of every size up to 70 and in one. */
static void expect(const char *text, size_t size, size_t wanted)
{
	struct scan_hits reference, got;

	reference_scan(text, size, &reference);
	ck_assert_msg(reference.count == wanted, "the reference finds %zu in %s", reference.count, text);
	for (size_t piece = 1; piece <= 70; piece++) {
		piecewise_scan(text, size, piece < 70 ? piece : size + 1, &got);
		ck_assert_msg(got.count == wanted, "%zu in pieces of %zu: %s", got.count, piece, text);
		for (size_t i = 0; i < got.count; i++) {
			ck_assert_uint_eq(got.hits[i].at, reference.hits[i].at);
			ck_assert_uint_eq(got.hits[i].size, reference.hits[i].size);
			ck_assert_uint_eq(got.hits[i].kind, reference.hits[i].kind);
		}
		free(got.hits);
	}
	free(reference.hits);
}

/* T: a token; K: a test key; P: a public key; 0: a NUL. */
static const struct {
	const char *text;
	size_t found;
} texts[] = {
	{ "", 0 },
	{ "T", 1 },
	{ "K", 1 },
	{ "P", 1 },
	{ "before T behind", 1 },
	{ "TT", 2 },
	{ "TKPTKP", 5 }, /* a public key goes on where hexadecimal digits do: 'a' of the next token */
	{ "T,K;P\nT", 4 },
	{ "0T0K0P0", 3 },
	{ "ak_T", 1 },
	{ "ak_ak_T", 1 },
	{ "akt_akt_K", 1 },
	{ "akt_T", 1 },
	{ "ak_0123456789abT", 1 },
	{ "ak_0123456789ab_T", 1 },
	/* inside of a longer word it is one all the same */
	{ "xT", 1 },
	{ "Tx", 1 },
	{ "_T_", 1 },
	{ "TOKEN=T&", 1 },
	/* a public key is not inside of a longer number */
	{ "xP", 1 },
	{ "fP", 0 },
	{ "Pf", 0 },
	{ "P-", 0 },
	{ "-P", 0 },
	{ "P:nonce:1:sig", 1 },
	{ "PG", 1 },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88a", 0 },
	{ "A123456B-C12C-123D-1AB4-18BD8C8E88A3", 0 },
	{ "ak_", 0 },
	{ "_____________________________________________________________________________", 0 },
	{ "-----------------------------------------------------------------------------", 0 },
};

START_TEST(it_is_found_wherever_it_stands)
{
	char text[1024];
	size_t size = 0;

	for (const char *at = texts[_i].text; *at; at++) {
		const char *part = *at == 'T' ? token : *at == 'K' ? test_key : *at == 'P' ? PUBLIC_KEY : NULL;

		/* A word that has these letters is none of them. */
		if (part && strncmp(texts[_i].text, "TOKEN", 5) == 0 && at < texts[_i].text + 6)
			part = NULL;
		if (part) {
			memcpy(text + size, part, strlen(part));
			size += strlen(part);
		} else {
			text[size++] = *at == '0' && texts[_i].text[0] == '0' ? '\0' : *at;
		}
	}
	text[size] = '\0';
	expect(text, size, texts[_i].found);
}
END_TEST

/* Each character of one counts. */
START_TEST(what_was_changed_is_not_found)
{
	static const char others[] = "_-a0Z/ \n\x80";
	char text[128];

	for (int test = 0; test < 2; test++) {
		const char *whole = test ? test_key : token;

		for (size_t i = 0; i < strlen(whole); i++) {
			for (size_t j = 0; j < sizeof(others); j++) {
				struct scan_hits got;

				if (whole[i] == others[j])
					continue;
				snprintf(text, sizeof(text), ". %s .", whole);
				text[2 + i] = others[j];
				piecewise_scan(text, strlen(whole) + 4, SIZE_MAX / 2, &got);
				ck_assert_msg(got.count == 0, "found in %s", text);
				free(got.hits);
			}
			snprintf(text, sizeof(text), "%.*s", (int)i, whole);
			expect(text, i, 0);
		}
	}
}
END_TEST

/* The place of a border between two pieces makes no difference, wherever in a larger block a text stands. */
START_TEST(borders_and_places_make_no_difference)
{
	char text[400];

	for (size_t at = 0; at + CREDENTIAL_OPAQUE_SIZE <= sizeof(text); at += 7) {
		memset(text, at % 2 ? '_' : '-', sizeof(text));
		memcpy(text + at, token, CREDENTIAL_OPAQUE_SIZE);
		expect(text, sizeof(text), 1);
		memset(text, 'z', sizeof(text));
		memcpy(text + at, PUBLIC_KEY, CREDENTIAL_PUBLIC_KEY_SIZE);
		expect(text, sizeof(text), 1);
	}
}
END_TEST

struct planted {
	size_t found;
	const char *text;
	bool *at;
};

static void note(void *user, enum scan_kind kind, size_t at, size_t size)
{
	struct planted *planted = user;

	(void)size;
	ck_assert_uint_eq(kind, SCAN_OPAQUE);
	ck_assert_msg(planted->at[at], "something is found at %zu that was not put there", at);
	planted->at[at] = false;
	planted->found++;
}

/* Of a few MiB of what looks like a log, a thousand planted and a thousand that one character is wrong in. */
START_TEST(all_that_were_planted_are_found_and_nothing_else)
{
	CLEANUP_FREE char *text = malloc(TEXT_SIZE);
	CLEANUP_FREE bool *at = calloc(TEXT_SIZE, sizeof(*at));
	struct planted planted = { .text = text, .at = at };
	char id[CREDENTIAL_ID_SIZE], secret[CREDENTIAL_SECRET_SIZE], made[CREDENTIAL_OPAQUE_MAX + 1];
	uint32_t state = 1;

	ck_assert(text && at);
	for (size_t i = 0; i < TEXT_SIZE; i++) {
		uint32_t draw = next(&state) % 100;

		text[i] = draw < 8    ? ' '
			  : draw < 10 ? '\n'
			  : draw < 14 ? '_'
			  : draw < 16 ? '-'
				      : encoding_base62[draw % 62];
	}
	for (size_t i = 0; i < PLANTED + NEAR; i++) {
		size_t place = TEXT_SIZE / (PLANTED + NEAR) * i + next(&state) % 1000;

		fill_base62(&state, id, sizeof(id));
		fill_base62(&state, secret, sizeof(secret));
		credential_write_opaque(i % 4 == 0, id, secret, made);
		if (i % 2)
			made[4 + next(&state) % (strlen(made) - 4)] ^= 1;
		else
			at[place] = true;
		memcpy(text + place, made, strlen(made));
	}
	ck_assert_uint_eq(scan_bytes(text, TEXT_SIZE, 0, true, note, &planted), TEXT_SIZE);
	ck_assert_uint_eq(planted.found, PLANTED);
}
END_TEST

START_TEST(what_is_left_for_the_next_piece_is_said)
{
	struct scan_hits hits = { .count = 0 };
	char text[200];

	memset(text, ' ', sizeof(text));
	ck_assert_uint_eq(scan_bytes(text, 10, 0, false, scan_hits_visit, &hits), 0);
	ck_assert_uint_eq(scan_bytes(text, 0, 0, true, scan_hits_visit, &hits), 0);
	ck_assert_uint_eq(scan_bytes(text, 200, 0, false, scan_hits_visit, &hits), 200 - SCAN_WINDOW);
	ck_assert_uint_eq(scan_bytes(text, 200, 150, false, scan_hits_visit, &hits), 150);
	ck_assert_uint_eq(scan_bytes(text, 200, 150, true, scan_hits_visit, &hits), 200);
	ck_assert_uint_eq(hits.count, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scan");
	TCase *tests = tcase_create("scan");

	tcase_set_timeout(tests, 120);
	tcase_add_unchecked_fixture(tests, setup, NULL);
	tcase_add_loop_test(tests, it_is_found_wherever_it_stands, 0, (int)ARRAY_SIZE(texts));
	tcase_add_test(tests, what_was_changed_is_not_found);
	tcase_add_test(tests, borders_and_places_make_no_difference);
	tcase_add_test(tests, all_that_were_planted_are_found_and_nothing_else);
	tcase_add_test(tests, what_is_left_for_the_next_piece_is_said);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
