/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cli/text: what reaches a terminal or JSON, and what is taken for a secret. */
#include <check.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>

#include "cli/scope.h"
#include "cli/text.h"
#include "tests/suite.h"

static const struct {
	const char *text, *ascii, *utf8; /* utf8 NULL: as in ascii */
} printable[] = {
	{ "", "", NULL },
	{ "alice/laptop", "alice/laptop", NULL },
	{ "a\\b", "a\\b", NULL },
	{ "\033[2Jx", "\\033[2Jx", NULL },
	{ "a\nb\tc\r", "a\\012b\\011c\\015", NULL },
	{ "\x7f", "\\177", NULL },
	{ "caf\xc3\xa9", "caf\\303\\251", "caf\xc3\xa9" },
	{ "\xf0\x9f\x94\x91", "\\360\\237\\224\\221", "\xf0\x9f\x94\x91" },
	/* CSI as one character of the C1 set */
	{ "\xc2\x9b"
	  "2J",
	  "\\302\\2332J", NULL },
	/* a bare C1 byte, a cut sequence, an overlong slash, a surrogate, beyond the last character */
	{ "\x9b", "\\233", NULL },
	{ "a\xc3", "a\\303", NULL },
	{ "\xe2\x82", "\\342\\202", NULL },
	{ "\xc0\xaf", "\\300\\257", NULL },
	{ "\xed\xa0\x80", "\\355\\240\\200", NULL },
	{ "\xf4\x90\x80\x80", "\\364\\220\\200\\200", NULL },
	/* turns the direction of reading; takes no room */
	{ "a\xe2\x80\xae"
	  "b",
	  "a\\342\\200\\256b", NULL },
	{ "a\xe2\x80\x8b"
	  "b",
	  "a\\342\\200\\213b", NULL },
};

START_TEST(control_characters_never_reach_an_ascii_terminal)
{
	SCOPED_FREE char *text = NULL;

	ck_assert_ptr_nonnull(setlocale(LC_CTYPE, "C"));
	text = text_printable(printable[_i].text);
	ck_assert_str_eq(text, printable[_i].ascii);
}
END_TEST

START_TEST(control_characters_never_reach_a_utf8_terminal)
{
	SCOPED_FREE char *text = NULL;

	/* Where there is no such locale there is no such terminal. */
	if (!setlocale(LC_CTYPE, "C.UTF-8") || strcmp(nl_langinfo(CODESET), "UTF-8") != 0)
		return;
	text = text_printable(printable[_i].text);
	ck_assert_str_eq(text, printable[_i].utf8 ? printable[_i].utf8 : printable[_i].ascii);
}
END_TEST

static const struct {
	const char *text, *utf8;
} json[] = {
	{ "", "" },
	{ "caf\xc3\xa9\n\x7f", "caf\xc3\xa9\n\x7f" },
	{ "caf\xe9", "caf\\xe9" },
	{ "\xff\xfe", "\\xff\\xfe" },
	{ "\xc0\xaf", "\\xc0\\xaf" },
	{ "\xe2\x82", "\\xe2\\x82" },
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" },
};

START_TEST(bytes_that_are_not_utf8_are_escaped_for_json)
{
	SCOPED_FREE char *text = text_utf8(json[_i].text);

	ck_assert_str_eq(text, json[_i].utf8);
}
END_TEST

static const struct {
	const char *text;
	bool secret;
} secrets[] = {
	{ "", false },
	{ "ak_", false },
	{ "0123456789ab", false },
	{ "ak_0123456789ab", false },
	{ "akt_0123456789ab", false },
	{ "ak_0123456789ab_", true },
	{ "ak_0123456789abX", true },
	{ "akt_0123456789ab_X", true },
	{ "ak_not the form of a key at all", true },
	{ "ak_0123456789ab_0123456789ABCDEFGHIJKLMNOPQRSTUV000000", true },
	{ "alice/ak_0123456789ab_01234567", true },
	{ "akak_0123456789ab_01234567", true },
	{ "stolen: akt_0123456789ab_0, revoke", true },
	{ "alice/ak_0123456789ab", false },
	{ "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJp", true },
	{ "Bearer eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJp", true },
	{ "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.", false },
	{ "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9", false },
	{ "weak_passwords and strong ones", false },
	{ "alice/laptop", false },
};

START_TEST(a_secret_is_recognised_wherever_it_stands)
{
	ck_assert_msg(text_holds_secret(secrets[_i].text) == secrets[_i].secret, "%s", secrets[_i].text);
}
END_TEST

static const struct {
	const char *text;
	bool private_key;
} private_keys[] = {
	{ "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", true },
	{ "--nonce=AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", true },
	{ " AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y= ", true },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3:AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=\n", true },
	{ "+++++++++++++++++++++/+++++++++++++++++++++=", true },
	{ "", false },
	{ "=", false },
	{ "====", false },
	{ "a=b", false },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3", false },
	{ "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y", false },
	{ "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y==", false },
	{ "xAGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", false },
	{ "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64=", false },
};

START_TEST(a_private_key_is_recognised_where_it_is_a_word)
{
	ck_assert_msg(text_holds_private_key(private_keys[_i].text) == private_keys[_i].private_key, "%s",
		      private_keys[_i].text);
}
END_TEST

static const struct {
	const char *text, *reference;
} references[] = {
	{ "0123456789ab", "0123456789ab" },       { "ak_0123456789ab", "0123456789ab" },
	{ "akt_0123456789ab", "0123456789ab" },   { "ak_0123456789a", "ak_0123456789a" },
	{ "ak_0123456789a-", "ak_0123456789a-" }, { "alice/laptop", "alice/laptop" },
};

START_TEST(the_public_part_of_a_key_names_it)
{
	ck_assert_str_eq(text_key_reference(references[_i].text), references[_i].reference);
}
END_TEST

static const struct {
	const char *text;
	uint64_t most, count; /* 0: it is none */
} counts[] = {
	{ "1", 9, 1 },
	{ "9", 9, 9 },
	{ "007", 9, 7 },
	{ "4294967295", UINT32_MAX, UINT32_MAX },
	{ "18446744073709551615", UINT64_MAX, UINT64_MAX },
	{ "", 9, 0 },
	{ "0", 9, 0 },
	{ "10", 9, 0 },
	{ "-1", 9, 0 },
	{ "+1", 9, 0 },
	{ " 1", 9, 0 },
	{ "1 ", 9, 0 },
	{ "0x1", 99, 0 },
	{ "4294967296", UINT32_MAX, 0 },
	{ "18446744073709551616", UINT64_MAX, 0 },
	{ "99999999999999999999999", UINT64_MAX, 0 },
};

START_TEST(a_count_is_digits_alone_and_within_its_limit)
{
	uint64_t count = 0;

	ck_assert_msg(text_count(counts[_i].text, counts[_i].most, &count) == (counts[_i].count > 0), "%s",
		      counts[_i].text);
	ck_assert_uint_eq(count, counts[_i].count);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/text");
	TCase *tests = tcase_create("text");

	tcase_add_loop_test(tests, control_characters_never_reach_an_ascii_terminal, 0, (int)COUNT_OF(printable));
	tcase_add_loop_test(tests, control_characters_never_reach_a_utf8_terminal, 0, (int)COUNT_OF(printable));
	tcase_add_loop_test(tests, bytes_that_are_not_utf8_are_escaped_for_json, 0, (int)COUNT_OF(json));
	tcase_add_loop_test(tests, a_secret_is_recognised_wherever_it_stands, 0, (int)COUNT_OF(secrets));
	tcase_add_loop_test(tests, a_private_key_is_recognised_where_it_is_a_word, 0, (int)COUNT_OF(private_keys));
	tcase_add_loop_test(tests, the_public_part_of_a_key_names_it, 0, (int)COUNT_OF(references));
	tcase_add_loop_test(tests, a_count_is_digits_alone_and_within_its_limit, 0, (int)COUNT_OF(counts));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
