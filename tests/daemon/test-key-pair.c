/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The making of pairs, and the look at those that were made elsewhere.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/key_pair.h"
#include "tests/suite.h"

#define PUBLIC_KEY "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
#define PRIVATE_KEY "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y="

static const struct keyring keyring = { .pepper_version = 3, .pepper = { 'p' }, .data = { 'd' } };

START_TEST(a_public_key_is_a_random_uuid)
{
	char public_key[CREDENTIAL_PUBLIC_KEY_SIZE + 1], before[CREDENTIAL_PUBLIC_KEY_SIZE + 1] = "";
	unsigned char seen[CREDENTIAL_PUBLIC_KEY_SIZE] = { 0 };

	for (int i = 0; i < 200; i++) {
		ck_assert_int_eq(key_pair_draw_public(public_key), 0);
		ck_assert_msg(credential_is_public_key(public_key), "%s", public_key);
		ck_assert_int_eq(public_key[14], '4');
		ck_assert_msg(strchr("89ab", public_key[19]) != NULL, "%s", public_key);
		ck_assert_str_ne(public_key, before);
		for (size_t at = 0; at < sizeof(seen); at++)
			seen[at] |= (unsigned char)(before[0] != '\0' && before[at] != public_key[at]);
		strcpy(before, public_key);
	}
	/* Every digit but the version varies; of 200 none would stay the same in 10^200 such tests. */
	for (size_t at = 0; at < sizeof(seen); at++)
		ck_assert_int_eq(seen[at], public_key[at] != '-' && at != 14);
}
END_TEST

START_TEST(what_is_drawn_is_what_is_kept)
{
	struct store_secret secret = { .number = 7, .created = 5 }, taken = { .number = 7 };
	char text[KEY_PAIR_TEXT_SIZE + 1], again[KEY_PAIR_TEXT_SIZE + 1];
	uint8_t opened[PRIVATE_KEY_SIZE];

	ck_assert_int_eq(key_pair_draw(&keyring, PUBLIC_KEY, &secret, text), 0);
	ck_assert_uint_eq(strlen(text), 44);
	ck_assert_uint_eq(secret.form, STORE_FORM_PAIR);
	ck_assert_uint_eq(secret.pepper, 3);
	ck_assert_uint_eq(secret.number, 7);
	ck_assert_int_eq(secret.created, 5);
	ck_assert_int_eq(private_key_open(keyring.data, PUBLIC_KEY, 7, secret.sealed, opened), 0);
	encoding_base64_encode(opened, sizeof(opened), again);
	ck_assert_str_eq(text, again);
	/* Brought along it is the same: one digest, so that no two keys share it. */
	ck_assert_int_eq(key_pair_take(&keyring, PUBLIC_KEY, text, &taken), 0);
	ck_assert_uint_eq(taken.form, STORE_FORM_PAIR);
	ck_assert_mem_eq(taken.digest, secret.digest, STORE_DIGEST_SIZE);
	ck_assert_mem_ne(taken.sealed, secret.sealed, STORE_SEALED_SIZE);
	ck_assert_int_eq(private_key_open(keyring.data, PUBLIC_KEY, 7, taken.sealed, opened), 0);
	/* The next one is another. */
	ck_assert_int_eq(key_pair_draw(&keyring, PUBLIC_KEY, &secret, again), 0);
	ck_assert_str_ne(text, again);
	ck_assert_mem_ne(taken.digest, secret.digest, STORE_DIGEST_SIZE);
}
END_TEST

static const struct {
	const char *public_key, *private_key;
	const char *fault; /* a part of the sentence; NULL: it is a pair */
} pairs[] = {
	{ PUBLIC_KEY, PRIVATE_KEY, NULL },
	/* not one of our own making: any version and variant */
	{ "00000000-0000-0000-0000-000000000000", PRIVATE_KEY, NULL },
	{ NULL, PRIVATE_KEY, "missing" },
	{ PUBLIC_KEY, NULL, "missing" },
	{ "A123456B-C12C-123D-1AB4-18BD8C8E88A3", PRIVATE_KEY, "upper-case" },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88aF", PRIVATE_KEY, "upper-case" },
	{ "a123456b-c12c-123d-1ab4-18bd8c8e88aG", PRIVATE_KEY, "no public key" },
	{ "", PRIVATE_KEY, "no public key" },
	{ PUBLIC_KEY " ", PRIVATE_KEY, "no public key" },
	{ "{" PUBLIC_KEY "}", PRIVATE_KEY, "no public key" },
	{ "0123456789ab", PRIVATE_KEY, "no public key" },
	{ PRIVATE_KEY, PUBLIC_KEY, "no public key" },
	{ PUBLIC_KEY, PUBLIC_KEY, "no private key" },
	{ PUBLIC_KEY, "", "no private key" },
	/* without padding, with more of it, with spare bits, of 31 and 33 bytes, in the alphabet for URLs, broken */
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y", "no private key" },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y==", "no private key" },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Z=", "no private key" },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X6w==", "no private key" },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64YA", "no private key" },
	{ PUBLIC_KEY, "-_HYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", "no private key" },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=\n", "no private key" },
	{ PUBLIC_KEY, " AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=", "no private key" },
	{ PUBLIC_KEY, "AGHYR1aWYgHgyjhJLkVC\nd7b8XfAVeA4tuFwCQl3X64Y=", "no private key" },
	/* hexadecimal of 32 bytes */
	{ PUBLIC_KEY, "0061d84756966201e0ca38492e454277b6fc5df015780e2db85c02425dd7eb86", "no private key" },
};

START_TEST(a_pair_is_looked_at)
{
	const char *private_key = pairs[_i].private_key;
	struct store_secret secret = { .number = 1 };
	char fault[WIRE_REASON_MAX + 1] = "unchanged";
	bool good = key_pair_check(pairs[_i].public_key, private_key, fault, sizeof(fault));

	ck_assert_int_eq(good, pairs[_i].fault == NULL);
	ck_assert_msg(strstr(fault, pairs[_i].fault ? pairs[_i].fault : "unchanged") != NULL, "%s", fault);
	/* What may be the private key in the wrong place is not repeated. */
	ck_assert_ptr_null(strstr(fault, "AGHY"));
	if (private_key && pairs[_i].fault && strcmp(pairs[_i].fault, "no private key") == 0)
		ck_assert_int_eq(key_pair_take(&keyring, PUBLIC_KEY, private_key, &secret), -EINVAL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key-pair");
	TCase *cases = tcase_create("cases");

	tcase_add_test(cases, a_public_key_is_a_random_uuid);
	tcase_add_test(cases, what_is_drawn_is_what_is_kept);
	tcase_add_loop_test(cases, a_pair_is_looked_at, 0, ARRAY_SIZE(pairs));
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
