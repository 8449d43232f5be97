/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The master key as a text: what is read, what is refused and why, and that no passphrase but the right one opens it.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"
#include "crypto/master_key_text.h"
#include "tests/suite.h"

#define N 1024 /* cheap: the usual cost is for passphrases, not for tests */
#define PASSPHRASE "correct horse battery"

static const uint8_t master[CRYPTO_KEY_SIZE] = "the master key of this test, 32";
static char text[MASTER_KEY_TEXT_SIZE];
static struct master_key_text sealed;

static void setup(void)
{
	ck_assert_int_eq(master_key_text_seal(master, PASSPHRASE, strlen(PASSPHRASE), N, text), 0);
}

START_TEST(a_sealed_key_opens_again)
{
	uint8_t opened[CRYPTO_KEY_SIZE];

	ck_assert_int_eq(strncmp(text, "# The master key of apikeyd", 27), 0);
	ck_assert_int_eq(master_key_text_read(text, strlen(text), &sealed), 0);
	ck_assert_uint_eq(sealed.stretch.n, N);
	ck_assert_int_eq(master_key_text_open(&sealed, PASSPHRASE, strlen(PASSPHRASE), opened), 0);
	ck_assert_mem_eq(opened, master, sizeof(master));
}
END_TEST

START_TEST(another_passphrase_opens_nothing)
{
	static const char *const wrong[] = { "correct horse batterz", "correct horse batter", "", PASSPHRASE " " };
	uint8_t opened[CRYPTO_KEY_SIZE];

	ck_assert_int_eq(master_key_text_read(text, strlen(text), &sealed), 0);
	ck_assert_int_eq(master_key_text_open(&sealed, wrong[_i], strlen(wrong[_i]), opened), -EBADMSG);
}
END_TEST

START_TEST(the_text_holds_neither_key_nor_passphrase)
{
	char hex[2 * CRYPTO_KEY_SIZE + 1], again[MASTER_KEY_TEXT_SIZE];

	encoding_hex(master, sizeof(master), hex);
	ck_assert_ptr_null(strstr(text, hex));
	ck_assert_ptr_null(strstr(text, PASSPHRASE));
	ck_assert_int_eq(master_key_text_seal(master, PASSPHRASE, strlen(PASSPHRASE), N, again), 0);
	ck_assert_str_ne(text, again);
}
END_TEST

/* One character of any line but the first, changed, is found before any passphrase is tried. */
START_TEST(a_mistyped_character_is_found)
{
	size_t start = strcspn(text, "\n") + 1;

	for (size_t i = start; text[i] != '\0'; i++) {
		char kept = text[i];

		text[i] = kept == '1' ? '2' : '1';
		ck_assert_msg(master_key_text_read(text, strlen(text), &sealed) < 0, "at %zu: %s", i, text + i);
		text[i] = kept;
	}
	ck_assert_int_eq(master_key_text_read(text, strlen(text), &sealed), 0);
}
END_TEST

START_TEST(a_cut_text_is_refused)
{
	for (size_t size = 0; size + 1 < strlen(text); size++)
		ck_assert_int_lt(master_key_text_read(text, size, &sealed), 0);
}
END_TEST

/* As a person types it in again, or an editor leaves it. */
START_TEST(line_ends_and_comments_do_not_matter)
{
	char other[2 * MASTER_KEY_TEXT_SIZE] = "# typed in again\r\n\n";
	size_t size = strlen(other);

	for (const char *at = strchr(text, '\n') + 1; *at; at++) {
		if (*at == '\n')
			other[size++] = '\r';
		other[size++] = *at;
	}
	ck_assert_int_eq(master_key_text_read(other, size - 2, &sealed), 0);
}
END_TEST

/* A whole text, check and all, whose parameters would take all memory. */
START_TEST(parameters_out_of_bounds_are_not_tried)
{
	static const char *const stretches[] = { "2097152 8 1", "1024 9 1", "1024 8 17", "1000 8 1",
						 "0 8 1",       "1 8 1",    "1024 0 1",  "1024 8 0" };
	struct crypto_hash *hash = NULL;
	uint8_t digest[CRYPTO_HASH_SIZE];
	char body[MASTER_KEY_TEXT_SIZE], check[17];
	char *salt = strstr(text, "salt: "), *last = strstr(text, "check: ");

	snprintf(body, sizeof(body),
		 "# The master key of apikeyd, sealed by a passphrase. \"apikeyctl master-key import\" takes it in.\n"
		 "format: 1\nstretch: scrypt %s\n%.*s",
		 stretches[_i], (int)(last - salt), salt);
	ck_assert_int_eq(crypto_hash_new(&hash), 0);
	ck_assert_int_eq(crypto_hash_add(hash, body, strlen(body)), 0);
	ck_assert_int_eq(crypto_hash_read(hash, digest), 0);
	crypto_hash_free(hash);
	encoding_hex(digest, 8, check);
	snprintf(body + strlen(body), sizeof(body) - strlen(body), "check: %s\n", check);
	ck_assert_int_eq(master_key_text_read(body, strlen(body), &sealed), -ERANGE);
}
END_TEST

START_TEST(what_is_no_such_text_is_refused)
{
	static const char nul[] = "format: 1\n\0";

	ck_assert_int_eq(master_key_text_read("", 0, &sealed), -EINVAL);
	ck_assert_int_eq(master_key_text_read("format: 2\n", 10, &sealed), -EINVAL);
	ck_assert_int_eq(master_key_text_read("format: 1\n", 10, &sealed), -EBADMSG);
	ck_assert_int_eq(master_key_text_read(nul, sizeof(nul), &sealed), -EINVAL);
	memset(text, 'x', sizeof(text));
	ck_assert_int_eq(master_key_text_read(text, sizeof(text), &sealed), -EINVAL);
}
END_TEST

/* Each of the inputs counts, and nothing else. */
START_TEST(every_input_of_stretching_counts)
{
	struct crypto_stretch stretch = { .n = 16384, .r = 8, .p = 1, .salt = "SodiumChloride" };
	uint8_t one[CRYPTO_KEY_SIZE], two[CRYPTO_KEY_SIZE];
	char hex[2 * CRYPTO_KEY_SIZE + 1];

	ck_assert_int_eq(crypto_stretch(&stretch, "pleaseletmein", 13, one), 0);
	/* For good: what was exported has to open with every later release. */
	encoding_hex(one, sizeof(one), hex);
	ck_assert_str_eq(hex, "f7d2bd1befac5a5bd950e569afa233d06ab554e25b451d4027f2142013beaea3");
	stretch.n = 8192;
	ck_assert_int_eq(crypto_stretch(&stretch, "pleaseletmein", 13, two), 0);
	ck_assert_mem_ne(one, two, sizeof(one));
	stretch.n = 16384;
	stretch.salt[15] = 1;
	ck_assert_int_eq(crypto_stretch(&stretch, "pleaseletmein", 13, two), 0);
	ck_assert_mem_ne(one, two, sizeof(one));
	stretch.salt[15] = 0;
	ck_assert_int_eq(crypto_stretch(&stretch, "pleaseletmeim", 13, two), 0);
	ck_assert_mem_ne(one, two, sizeof(one));
	ck_assert_int_eq(crypto_stretch(&stretch, "pleaseletmein", 13, two), 0);
	ck_assert_mem_eq(one, two, sizeof(one));
	stretch.n = 3;
	ck_assert_int_eq(crypto_stretch(&stretch, "pleaseletmein", 13, two), -EIO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("master key text");
	TCase *cases = tcase_create("master key text");

	tcase_add_checked_fixture(cases, setup, NULL);
	tcase_add_test(cases, a_sealed_key_opens_again);
	tcase_add_loop_test(cases, another_passphrase_opens_nothing, 0, 4);
	tcase_add_test(cases, the_text_holds_neither_key_nor_passphrase);
	tcase_add_test(cases, a_mistyped_character_is_found);
	tcase_add_test(cases, a_cut_text_is_refused);
	tcase_add_test(cases, line_ends_and_comments_do_not_matter);
	tcase_add_loop_test(cases, parameters_out_of_bounds_are_not_tried, 0, 8);
	tcase_add_test(cases, what_is_no_such_text_is_refused);
	tcase_add_test(cases, every_input_of_stretching_counts);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
