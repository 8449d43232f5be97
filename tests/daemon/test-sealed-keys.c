/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys sealed in a real database: made once, opened by their own master key, and by nothing else.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/keyring.h"
#include "daemon/store.h"

#define SEALED_SIZE (CRYPTO_KEY_SIZE + CRYPTO_SEAL_OVERHEAD)

static const uint8_t master[CRYPTO_KEY_SIZE] = { 'm', 0, 'a' };
static const uint8_t wrong_master[CRYPTO_KEY_SIZE] = { 'm', 0, 'b' };
static char folder[] = "/tmp/test-sealed-keys.XXXXXX";
static char fault[512];
static struct store *store;
static struct store_reader *reader;

static void setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/test-sealed-keys.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_msg(store_open(folder, true, &store, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_int_eq(store_reader_open(store, &reader), 0);
	fault[0] = '\0';
}

static void teardown(void)
{
	DIR *listing = opendir(folder);
	struct dirent *entry;

	store_reader_close(reader);
	store_close(store);
	while (listing && (entry = readdir(listing)))
		unlinkat(dirfd(listing), entry->d_name, 0);
	if (listing)
		closedir(listing);
	rmdir(folder);
}

static void create(const uint8_t *key)
{
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(keyring_create(store, key), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
}

static int load(const uint8_t *key, struct keyring *ret_keyring)
{
	int r;

	ck_assert_int_eq(store_read_begin(reader), 0);
	r = keyring_load(reader, key, ret_keyring, fault, sizeof(fault));
	store_read_end(reader);
	return r;
}

/* Asserts that the keyring does not load, that nothing of it came out, and what is said. */
static void assert_refused(const uint8_t *key, int error, const char *sentence)
{
	struct keyring keyring, before;

	memset(&keyring, 0x5a, sizeof(keyring));
	memset(&before, 0x5a, sizeof(before));
	ck_assert_int_eq(load(key, &keyring), error);
	ck_assert_mem_eq(&keyring, &before, sizeof(keyring));
	ck_assert_msg(strstr(fault, sentence), "\"%s\" is not in: %s", sentence, fault);
}

static void save(const char *purpose, uint32_t version, const void *blob, size_t size)
{
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_save_sealed(store, purpose, version, blob, size), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
}

static void fetch(const char *purpose, uint8_t *ret_blob)
{
	uint32_t version;
	size_t size = SEALED_SIZE;

	ck_assert_int_eq(store_read_begin(reader), 0);
	ck_assert_int_eq(store_load_sealed(reader, purpose, &version, ret_blob, &size), 0);
	store_read_end(reader);
	ck_assert_uint_eq(version, 1);
	ck_assert_uint_eq(size, SEALED_SIZE);
}

START_TEST(created_keys_load_and_stay_the_same)
{
	struct keyring one = { 0 }, two = { 0 };
	static const uint8_t none[CRYPTO_KEY_SIZE];

	create(master);
	ck_assert_msg(load(master, &one) == 0, "%s", fault);
	ck_assert_int_eq(load(master, &two), 0);
	ck_assert_uint_eq(one.pepper_version, 1);
	ck_assert_mem_eq(one.pepper, two.pepper, CRYPTO_KEY_SIZE);
	ck_assert_mem_eq(one.data, two.data, CRYPTO_KEY_SIZE);
	ck_assert_mem_eq(one.audit, two.audit, CRYPTO_KEY_SIZE);
	ck_assert_mem_ne(one.pepper, one.data, CRYPTO_KEY_SIZE);
	ck_assert_mem_ne(one.data, one.audit, CRYPTO_KEY_SIZE);
	ck_assert_mem_ne(one.pepper, none, CRYPTO_KEY_SIZE);
	keyring_done(&one);
	ck_assert_mem_eq(one.pepper, none, CRYPTO_KEY_SIZE);
	ck_assert_mem_eq(one.audit, none, CRYPTO_KEY_SIZE);
	keyring_done(&two);
}
END_TEST

START_TEST(another_master_key_does_not_open_them)
{
	create(master);
	assert_refused(wrong_master, -EBADMSG, "belongs to another database");
}
END_TEST

START_TEST(a_database_without_keys_says_so)
{
	assert_refused(master, -ENOENT, "has no pepper key");
}
END_TEST

/* Every bit that a damaged or meddled-with row could have changed is under the seal. */
START_TEST(a_damaged_row_does_not_load)
{
	uint8_t sealed[SEALED_SIZE];

	create(master);
	fetch("audit", sealed);
	sealed[SEALED_SIZE / 2] ^= 1;
	save("audit", 2, sealed, sizeof(sealed));
	assert_refused(master, -EBADMSG, "audit key");
}
END_TEST

START_TEST(a_row_of_another_size_does_not_load)
{
	uint8_t sealed[SEALED_SIZE + 1] = { 0 };

	create(master);
	save("data", 2, sealed, _i == 0 ? SEALED_SIZE - 1 : SEALED_SIZE + 1);
	assert_refused(master, -EBADMSG, "sealed data key in the database is damaged");
}
END_TEST

/* Who can write the database must not make the pepper a key that is known elsewhere, or bring an old one back. */
START_TEST(a_row_does_not_load_as_another)
{
	static const char *const purposes[] = { "data", "pepper" };
	uint8_t sealed[SEALED_SIZE];

	create(master);
	fetch(purposes[_i], sealed);
	save("pepper", 2, sealed, sizeof(sealed));
	assert_refused(master, -EBADMSG, "pepper key");
}
END_TEST

START_TEST(an_aborted_transaction_leaves_no_keys)
{
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(keyring_create(store, master), 0);
	store_write_abort(store);
	assert_refused(master, -ENOENT, "has no pepper key");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sealed-keys");
	TCase *cases = tcase_create("sealed-keys");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, created_keys_load_and_stay_the_same);
	tcase_add_test(cases, another_master_key_does_not_open_them);
	tcase_add_test(cases, a_database_without_keys_says_so);
	tcase_add_test(cases, a_damaged_row_does_not_load);
	tcase_add_loop_test(cases, a_row_of_another_size_does_not_load, 0, 2);
	tcase_add_loop_test(cases, a_row_does_not_load_as_another, 0, 2);
	tcase_add_test(cases, an_aborted_transaction_leaves_no_keys);
	suite_add_tcase(suite, cases);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
