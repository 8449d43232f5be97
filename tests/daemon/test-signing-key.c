/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The keys that sign access tokens: one after the other, good for as long as what they signed, and bound to their
 * place. */
#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "daemon/signing_key.h"
#include "proto/access_token.h"
#include "tests/daemon/store-scratch.h"
#include "tests/suite.h"

#define NOW INT64_C(1790000000)

static const uint8_t data_key[CRYPTO_KEY_SIZE] = { 1, 2, 3 }, other_key[CRYPTO_KEY_SIZE] = { 1, 2, 4 };

static void open_store(struct scratch *scratch)
{
	scratch_init(scratch);
	scratch_open(scratch);
}

static uint32_t settle(struct scratch *scratch, int64_t now)
{
	uint32_t version = 77;

	ck_assert_int_eq(store_write_begin(scratch->store), 0);
	ck_assert_int_eq(signing_key_settle(scratch->store, data_key, now, &version), 0);
	ck_assert_int_eq(store_write_commit(scratch->store), 0);
	return version;
}

static int renew(struct scratch *scratch, int64_t now, bool at_once, uint32_t *ret_version)
{
	int r;

	ck_assert_int_eq(store_write_begin(scratch->store), 0);
	r = signing_key_renew(scratch->store, data_key, now, at_once, ret_version);
	ck_assert_int_eq(store_write_commit(scratch->store), 0);
	return r;
}

static void sign(struct scratch *scratch, struct access_token *ret_token, char text[TOKEN_SIZE_MAX + 1])
{
	ck_assert_int_eq(signing_key_sign(scratch->reader, data_key, "{}", 2, text), 0);
	ck_assert_int_eq(access_token_parse(text, strlen(text), ret_token), ACCESS_TOKEN_WELL_FORMED);
}

static int check(struct scratch *scratch, int64_t now, const char *text, const struct access_token *token)
{
	return signing_key_check(scratch->reader, data_key, now, text, token->signed_size, token->mac);
}

START_TEST(a_store_without_a_key_gets_one)
{
	CLEANUP_SCRATCH struct scratch scratch;
	char text[TOKEN_SIZE_MAX + 1];
	struct access_token token;

	open_store(&scratch);
	ck_assert_int_eq(signing_key_is_due(scratch.reader, NOW), 1);
	ck_assert_int_eq(signing_key_sign(scratch.reader, data_key, "{}", 2, text), -ENOENT);
	ck_assert_uint_eq(settle(&scratch, NOW), 1);
	ck_assert_int_eq(signing_key_is_due(scratch.reader, NOW), 0);
	ck_assert_uint_eq(settle(&scratch, NOW), 0);
	sign(&scratch, &token, text);
	ck_assert_int_eq(check(&scratch, NOW, text, &token), 0);
	/* Every bit of the MAC counts, and every byte of what is signed. */
	for (size_t i = 0; i < 8 * sizeof(token.mac); i++) {
		token.mac[i / 8] ^= (uint8_t)(1 << i % 8);
		ck_assert_int_eq(check(&scratch, NOW, text, &token), -EBADMSG);
		token.mac[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	token.signed_size--;
	ck_assert_int_eq(check(&scratch, NOW, text, &token), -EBADMSG);
}
END_TEST

START_TEST(the_key_before_is_good_for_as_long_as_what_it_signed)
{
	CLEANUP_SCRATCH struct scratch scratch;
	char first[TOKEN_SIZE_MAX + 1], second[TOKEN_SIZE_MAX + 1];
	struct access_token one, two;
	int64_t later = NOW + SIGNING_KEY_SECONDS;

	open_store(&scratch);
	ck_assert_uint_eq(settle(&scratch, NOW), 1);
	sign(&scratch, &one, first);
	ck_assert_int_eq(signing_key_is_due(scratch.reader, later - 1), 0);
	ck_assert_int_eq(signing_key_is_due(scratch.reader, later), 1);
	ck_assert_uint_eq(settle(&scratch, later), 2);
	sign(&scratch, &two, second);
	ck_assert_str_ne(first, second);
	ck_assert_int_eq(check(&scratch, later, first, &one), 0);
	ck_assert_int_eq(check(&scratch, later, second, &two), 0);
	ck_assert_int_eq(check(&scratch, later + ACCESS_LIFETIME_MAX - 1, first, &one), 0);
	ck_assert_int_eq(check(&scratch, later + ACCESS_LIFETIME_MAX, first, &one), -EBADMSG);
	ck_assert_int_eq(check(&scratch, later + ACCESS_LIFETIME_MAX, second, &two), 0);
	/* Once it is forgotten a clock that is set back brings it back no more. */
	ck_assert_int_eq(signing_key_is_due(scratch.reader, later + ACCESS_LIFETIME_MAX), 1);
	ck_assert_uint_eq(settle(&scratch, later + ACCESS_LIFETIME_MAX), 0);
	ck_assert_int_eq(check(&scratch, later, first, &one), -EBADMSG);
	ck_assert_int_eq(check(&scratch, later, second, &two), 0);
	ck_assert_int_eq(signing_key_is_due(scratch.reader, later + ACCESS_LIFETIME_MAX), 0);
}
END_TEST

START_TEST(at_once_all_before_are_worth_nothing)
{
	CLEANUP_SCRATCH struct scratch scratch;
	char text[TOKEN_SIZE_MAX + 1];
	struct access_token token;
	uint32_t version = 0;

	open_store(&scratch);
	ck_assert_uint_eq(settle(&scratch, NOW), 1);
	sign(&scratch, &token, text);
	for (uint32_t i = 2; i <= SIGNING_KEYS_MAX; i++) {
		ck_assert_int_eq(renew(&scratch, NOW, false, &version), 0);
		ck_assert_uint_eq(version, i);
		ck_assert_int_eq(check(&scratch, NOW, text, &token), 0);
	}
	ck_assert_int_eq(renew(&scratch, NOW, false, &version), -EBUSY);
	ck_assert_int_eq(check(&scratch, NOW, text, &token), 0);
	ck_assert_int_eq(renew(&scratch, NOW, true, &version), 0);
	ck_assert_uint_eq(version, SIGNING_KEYS_MAX + 1);
	ck_assert_int_eq(check(&scratch, NOW, text, &token), -EBADMSG);
	sign(&scratch, &token, text);
	ck_assert_int_eq(check(&scratch, NOW, text, &token), 0);
	/* With as many as there can be there is room again once they are old. */
	for (uint32_t i = 1; i < SIGNING_KEYS_MAX; i++)
		ck_assert_int_eq(renew(&scratch, NOW, false, &version), 0);
	ck_assert_int_eq(renew(&scratch, NOW, false, &version), -EBUSY);
	ck_assert_uint_eq(settle(&scratch, NOW + SIGNING_KEY_SECONDS), version + 1);
	ck_assert_int_eq(check(&scratch, NOW + SIGNING_KEY_SECONDS, text, &token), -EBADMSG);
}
END_TEST

START_TEST(a_key_from_the_future_is_followed_by_one_of_now)
{
	CLEANUP_SCRATCH struct scratch scratch;

	open_store(&scratch);
	ck_assert_uint_eq(settle(&scratch, NOW + 10 * SIGNING_KEY_SECONDS), 1);
	ck_assert_int_eq(signing_key_is_due(scratch.reader, NOW), 1);
	ck_assert_uint_eq(settle(&scratch, NOW), 2);
	ck_assert_int_eq(signing_key_is_due(scratch.reader, NOW), 0);
}
END_TEST

static void tamper(const struct scratch *scratch, const char *sql)
{
	sqlite3 *database = NULL;

	ck_assert_int_eq(sqlite3_open(scratch_path(scratch, STORE_FILE), &database), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(sqlite3_close(database), SQLITE_OK);
}

START_TEST(a_sealed_key_opens_in_its_place_alone)
{
	CLEANUP_SCRATCH struct scratch scratch;
	char text[TOKEN_SIZE_MAX + 1];
	struct access_token token;
	uint32_t version = 0;

	open_store(&scratch);
	ck_assert_uint_eq(settle(&scratch, NOW), 1);
	sign(&scratch, &token, text);
	ck_assert_int_eq(signing_key_check(scratch.reader, other_key, NOW, text, token.signed_size, token.mac),
			 -EKEYREJECTED);
	ck_assert_int_eq(signing_key_sign(scratch.reader, other_key, "{}", 2, text), -EKEYREJECTED);
	tamper(&scratch, "UPDATE signing_key SET version = 2");
	ck_assert_int_eq(check(&scratch, NOW, text, &token), -EKEYREJECTED);
	tamper(&scratch, "UPDATE signing_key SET version = 1");
	ck_assert_int_eq(check(&scratch, NOW, text, &token), 0);
	/* One that is damaged does not end what another one has signed. */
	ck_assert_int_eq(renew(&scratch, NOW, false, &version), 0);
	tamper(&scratch, "UPDATE signing_key SET blob = zeroblob(60) WHERE version = 2");
	ck_assert_int_eq(check(&scratch, NOW, text, &token), 0);
	token.mac[0] ^= 1;
	ck_assert_int_eq(check(&scratch, NOW, text, &token), -EKEYREJECTED);
	tamper(&scratch, "UPDATE signing_key SET blob = zeroblob(59)");
	ck_assert_int_eq(check(&scratch, NOW, text, &token), -EIO);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("signing-key");
	TCase *cases = tcase_create("keys");

	tcase_add_test(cases, a_store_without_a_key_gets_one);
	tcase_add_test(cases, the_key_before_is_good_for_as_long_as_what_it_signed);
	tcase_add_test(cases, at_once_all_before_are_worth_nothing);
	tcase_add_test(cases, a_key_from_the_future_is_followed_by_one_of_now);
	tcase_add_test(cases, a_sealed_key_opens_in_its_place_alone);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
