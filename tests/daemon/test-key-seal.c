/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A pair's private key as the store keeps it: opened for the key and number it was sealed for, and for nothing else.
 */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/key_seal.h"
#include "tests/suite.h"

#define ID "a123456b-c12c-123d-1ab4-18bd8c8e88a3"
#define OTHER_ID "a123456b-c12c-123d-1ab4-18bd8c8e88a4"

static const uint8_t data_key[CRYPTO_KEY_SIZE] = { 'd', 0, 1 };
static const uint8_t wrong_data_key[CRYPTO_KEY_SIZE] = { 'd', 0, 2 };
/* One that begins with a NUL: no text function may come near it. */
static const uint8_t private_key[PRIVATE_KEY_SIZE] = { 0, 'p', 0, 0xff };

START_TEST(what_was_sealed_opens)
{
	uint8_t sealed[STORE_SEALED_SIZE], again[STORE_SEALED_SIZE], opened[PRIVATE_KEY_SIZE];

	ck_assert_int_eq(private_key_seal(data_key, ID, UINT32_MAX, private_key, sealed), 0);
	ck_assert_int_eq(private_key_open(data_key, ID, UINT32_MAX, sealed, opened), 0);
	ck_assert_mem_eq(opened, private_key, PRIVATE_KEY_SIZE);
	/* Under a nonce of its own each time. */
	ck_assert_int_eq(private_key_seal(data_key, ID, UINT32_MAX, private_key, again), 0);
	ck_assert_mem_ne(again, sealed, STORE_SEALED_SIZE);
	ck_assert_ptr_null(memmem(sealed, STORE_SEALED_SIZE, private_key + 1, 3));
}
END_TEST

/* Other databases, and those who mend one, rely on the very text. */
START_TEST(the_associated_data_is_this_text)
{
	uint8_t sealed[STORE_SEALED_SIZE], opened[PRIVATE_KEY_SIZE];

	ck_assert_int_eq(crypto_seal(data_key, "key/" ID "/private-key/7", private_key, PRIVATE_KEY_SIZE, sealed), 0);
	ck_assert_int_eq(private_key_open(data_key, ID, 7, sealed, opened), 0);
	ck_assert_mem_eq(opened, private_key, PRIVATE_KEY_SIZE);
}
END_TEST

static const struct {
	const uint8_t *data_key;
	const char *id;
	uint32_t number;
} elsewhere[] = {
	{ data_key, OTHER_ID, 1 },
	{ data_key, ID, 2 },
	{ data_key, ID, 11 },
	{ wrong_data_key, ID, 1 },
};

START_TEST(it_opens_nowhere_else)
{
	uint8_t sealed[STORE_SEALED_SIZE], opened[PRIVATE_KEY_SIZE];

	ck_assert_int_eq(private_key_seal(data_key, ID, 1, private_key, sealed), 0);
	ck_assert_int_eq(
		private_key_open(elsewhere[_i].data_key, elsewhere[_i].id, elsewhere[_i].number, sealed, opened),
		-EBADMSG);
	ck_assert_mem_ne(opened, private_key, PRIVATE_KEY_SIZE);
}
END_TEST

START_TEST(no_byte_of_it_can_be_changed)
{
	uint8_t sealed[STORE_SEALED_SIZE], opened[PRIVATE_KEY_SIZE];

	ck_assert_int_eq(private_key_seal(data_key, ID, 1, private_key, sealed), 0);
	for (size_t i = 0; i < STORE_SEALED_SIZE; i++) {
		sealed[i] ^= 1;
		ck_assert_int_eq(private_key_open(data_key, ID, 1, sealed, opened), -EBADMSG);
		sealed[i] ^= 1;
	}
	ck_assert_int_eq(private_key_open(data_key, ID, 1, sealed, opened), 0);
}
END_TEST

START_TEST(the_digest_is_of_the_bytes_and_of_no_token)
{
	uint8_t digest[STORE_DIGEST_SIZE], wanted[STORE_DIGEST_SIZE], text[5 + PRIVATE_KEY_SIZE] = "pair:";
	struct crypto_mac *mac = NULL;

	ck_assert_int_eq(crypto_mac_new(data_key, &mac), 0);
	memcpy(text + 5, private_key, PRIVATE_KEY_SIZE);
	ck_assert_int_eq(crypto_mac_compute(mac, text, sizeof(text), wanted), 0);
	ck_assert_int_eq(private_key_digest(mac, private_key, digest), 0);
	ck_assert_mem_eq(digest, wanted, STORE_DIGEST_SIZE);
	/* Of the bytes alone it is another one. */
	ck_assert_int_eq(crypto_mac_compute(mac, private_key, PRIVATE_KEY_SIZE, wanted), 0);
	ck_assert_mem_ne(digest, wanted, STORE_DIGEST_SIZE);
	crypto_mac_free(mac);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key-seal");
	TCase *cases = tcase_create("cases");

	tcase_add_test(cases, what_was_sealed_opens);
	tcase_add_test(cases, the_associated_data_is_this_text);
	tcase_add_loop_test(cases, it_opens_nowhere_else, 0, ARRAY_SIZE(elsewhere));
	tcase_add_test(cases, no_byte_of_it_can_be_changed);
	tcase_add_test(cases, the_digest_is_of_the_bytes_and_of_no_token);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
