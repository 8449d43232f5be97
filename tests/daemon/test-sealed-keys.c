/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The keys sealed in a real database: made once, opened by their own master key, and by nothing else.
 */
#include <check.h>
#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/keyring.h"
#include "daemon/store.h"
#include "tests/suite.h"

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
	ck_assert_int_eq(store_save_sealed(store, purpose, version, 1, blob, size), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
}

static void fetch_version(const char *purpose, uint32_t newest, uint8_t *ret_blob)
{
	uint32_t version;
	size_t size = SEALED_SIZE;

	ck_assert_int_eq(store_read_begin(reader), 0);
	ck_assert_int_eq(store_load_sealed(reader, purpose, &version, ret_blob, &size), 0);
	store_read_end(reader);
	ck_assert_uint_eq(version, newest);
	ck_assert_uint_eq(size, SEALED_SIZE);
}

static void fetch(const char *purpose, uint8_t *ret_blob)
{
	fetch_version(purpose, 1, ret_blob);
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

/* ---- another master key ---- */

static const uint8_t second[CRYPTO_KEY_SIZE] = { 's', 0, 'a' }, third[CRYPTO_KEY_SIZE] = { 't', 0, 'a' };

/* Rotates in a transaction of its own; fresh NULL only asks. What comes of it. */
static int rotate(uint32_t running, const uint8_t *present, const uint8_t *fresh, uint32_t *ret_wrap)
{
	int r;

	ck_assert_int_eq(store_write_begin(store), 0);
	r = keyring_rotate(store, store_writer(store), running, present, fresh, ret_wrap, fault, sizeof(fault));
	if (r == 0)
		ck_assert_int_eq(store_write_commit(store), 0);
	else
		store_write_abort(store);
	return r;
}

static void retire(uint32_t wrap)
{
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(keyring_retire(store, store_writer(store), wrap), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
}

/* Asserts that the master key opens just what was made first, and by which wrap. */
static void assert_opens(const uint8_t *key, uint32_t wrap, const struct keyring *made)
{
	struct keyring keyring;

	ck_assert_msg(load(key, &keyring) == 0, "%s", fault);
	ck_assert_uint_eq(keyring.wrap, wrap);
	ck_assert_uint_eq(keyring.pepper_version, made->pepper_version);
	ck_assert_mem_eq(keyring.pepper, made->pepper, CRYPTO_KEY_SIZE);
	ck_assert_mem_eq(keyring.data, made->data, CRYPTO_KEY_SIZE);
	ck_assert_mem_eq(keyring.audit, made->audit, CRYPTO_KEY_SIZE);
	ck_assert_mem_eq(keyring.handle, made->handle, CRYPTO_KEY_SIZE);
}

static void assert_wraps(uint32_t oldest, uint32_t newest)
{
	uint32_t first = 0, last = 0;

	ck_assert_int_eq(store_wraps(reader, &first, &last), 0);
	ck_assert_uint_eq(first, oldest);
	ck_assert_uint_eq(last, newest);
}

static void create_and_load(struct keyring *ret_made)
{
	create(master);
	ck_assert_int_eq(load(master, ret_made), 0);
	ck_assert_uint_eq(ret_made->wrap, 1);
}

START_TEST(either_key_opens_them_until_the_one_before_is_retired)
{
	struct keyring made;
	uint32_t wrap = 0;

	create_and_load(&made);
	ck_assert_msg(rotate(1, master, second, &wrap) == 0, "%s", fault);
	ck_assert_uint_eq(wrap, 2);
	assert_opens(master, 1, &made);
	assert_opens(second, 2, &made);
	assert_refused(wrong_master, -EBADMSG, "belongs to another database");
	ck_assert_int_eq(keyring_is_followed(reader, master), 1);
	ck_assert_int_eq(keyring_is_followed(reader, second), 0);
	ck_assert_int_eq(keyring_is_followed(reader, wrong_master), 0);
	/* A daemon that has started with the old one retires nothing: the file may be replaced at any moment. */
	retire(1);
	assert_wraps(1, 2);
	retire(2);
	assert_wraps(2, 2);
	assert_refused(master, -EBADMSG, "belongs to another database");
	assert_opens(second, 2, &made);
}
END_TEST

/* Twice without a restart: what the daemon has, what the file has and what it gets, and nothing else. */
START_TEST(the_running_the_present_and_the_fresh_key_open_them)
{
	static const uint8_t fourth[CRYPTO_KEY_SIZE] = { 'f' };
	struct keyring made;
	uint32_t wrap = 0;

	create_and_load(&made);
	ck_assert_int_eq(rotate(1, master, second, &wrap), 0);
	ck_assert_int_eq(rotate(1, second, third, &wrap), 0);
	ck_assert_uint_eq(wrap, 3);
	assert_opens(master, 1, &made);
	assert_opens(second, 2, &made);
	assert_opens(third, 3, &made);
	ck_assert_int_eq(rotate(1, third, fourth, &wrap), 0);
	assert_refused(second, -EBADMSG, "belongs to another database");
	assert_opens(master, 1, &made);
	assert_opens(third, 3, &made);
	assert_opens(fourth, 4, &made);
}
END_TEST

/* The file was not replaced after all: the key that nobody has goes, and its number is not that of another. */
START_TEST(a_rotation_that_was_cut_short_is_cleared_away)
{
	struct keyring made;
	uint32_t wrap = 0;

	create_and_load(&made);
	ck_assert_int_eq(rotate(1, master, second, &wrap), 0);
	ck_assert_int_eq(rotate(1, master, third, &wrap), 0);
	ck_assert_uint_eq(wrap, 3);
	assert_refused(second, -EBADMSG, "belongs to another database");
	assert_opens(master, 1, &made);
	assert_opens(third, 3, &made);
}
END_TEST

START_TEST(a_key_that_is_not_the_present_one_changes_nothing)
{
	struct keyring made;
	uint32_t wrap = 77;

	create_and_load(&made);
	ck_assert_int_eq(rotate(1, wrong_master, second, &wrap), -EKEYREJECTED);
	ck_assert_int_eq(rotate(1, wrong_master, NULL, &wrap), -EKEYREJECTED);
	ck_assert_uint_eq(wrap, 77);
	/* To ask is not to change. */
	ck_assert_int_eq(rotate(1, master, NULL, &wrap), 0);
	ck_assert_uint_eq(wrap, 1);
	assert_wraps(1, 1);
	assert_opens(master, 1, &made);
}
END_TEST

static bool take_signing_3(void *data, const char *purpose, uint32_t version, uint32_t wrap, const void *blob,
			   size_t size)
{
	if (strcmp(purpose, "signing") != 0 || version != 3)
		return true;
	ck_assert_uint_eq(wrap, 2);
	ck_assert_uint_eq(size, SEALED_SIZE);
	memcpy(data, blob, size);
	return false;
}

/* Versions that are not the newest go along, whatever they are for; one that cannot is named, and stops it. */
START_TEST(all_versions_are_sealed_anew_or_none)
{
	static const uint8_t key[CRYPTO_KEY_SIZE] = { 'k' };
	uint8_t sealed[SEALED_SIZE], opened[CRYPTO_KEY_SIZE];
	struct keyring made;
	uint32_t wrap = 0;

	create_and_load(&made);
	ck_assert_int_eq(crypto_seal(master, "sealed/signing/3", key, sizeof(key), sealed), 0);
	save("signing", 3, sealed, sizeof(sealed));
	ck_assert_int_eq(crypto_seal(master, "sealed/signing/4", key, sizeof(key), sealed), 0);
	save("signing", 4, sealed, sizeof(sealed));
	ck_assert_int_eq(rotate(1, master, second, &wrap), 0);
	retire(2);
	fetch_version("signing", 4, sealed);
	ck_assert_int_eq(crypto_open(second, "sealed/signing/4", sealed, sizeof(sealed), opened), 0);
	ck_assert_mem_eq(opened, key, sizeof(key));
	/* Behind the newest there is the one before. */
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_list_sealed(store_writer(store), take_signing_3, sealed), 0);
	store_write_abort(store);
	ck_assert_int_eq(crypto_open(second, "sealed/signing/3", sealed, sizeof(sealed), opened), 0);
	ck_assert_mem_eq(opened, key, sizeof(key));

	sealed[SEALED_SIZE / 2] ^= 1;
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(store_save_sealed(store, "signing", 3, 2, sealed, sizeof(sealed)), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
	ck_assert_int_eq(rotate(2, second, third, &wrap), -EBADMSG);
	ck_assert_msg(strstr(fault, "version 3 of the sealed signing key"), "%s", fault);
	assert_wraps(2, 2);
	assert_opens(second, 2, &made);
}
END_TEST

START_TEST(a_key_that_only_another_master_key_has_stops_it)
{
	uint8_t sealed[SEALED_SIZE] = { 0 };
	struct keyring made;
	uint32_t wrap = 0;

	create_and_load(&made);
	ck_assert_int_eq(rotate(1, master, second, &wrap), 0);
	save("signing", 1, sealed, sizeof(sealed)); /* wrap 1 alone */
	ck_assert_int_eq(rotate(1, second, third, &wrap), -EBADMSG);
	ck_assert_msg(strstr(fault, "version 1 of the sealed signing key"), "%s", fault);
	assert_wraps(1, 2);
	assert_opens(master, 1, &made);
	assert_opens(second, 2, &made);
}
END_TEST

/* New keys that sign are sealed under one master key; another one would open the rest and not these. */
START_TEST(renewing_leaves_one_master_key)
{
	struct keyring made, renewed;
	uint32_t wrap = 0;

	create_and_load(&made);
	ck_assert_int_eq(rotate(1, master, second, &wrap), 0);
	ck_assert_int_eq(store_write_begin(store), 0);
	ck_assert_int_eq(keyring_renew(store, store_writer(store), master), 0);
	ck_assert_int_eq(store_write_commit(store), 0);
	assert_wraps(1, 1);
	ck_assert_int_eq(load(master, &renewed), 0);
	ck_assert_mem_eq(renewed.pepper, made.pepper, CRYPTO_KEY_SIZE);
	ck_assert_mem_ne(renewed.audit, made.audit, CRYPTO_KEY_SIZE);
	ck_assert_int_eq(rotate(1, master, third, &wrap), 0);
	assert_opens(third, 2, &renewed);
}
END_TEST

static bool is_in_file(const char *name, const uint8_t *bytes, size_t size)
{
	static char content[1 << 20];
	char path[sizeof(folder) + 256];
	size_t got;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "re");
	if (!file)
		return false;
	got = fread(content, 1, sizeof(content), file);
	ck_assert_uint_lt(got, sizeof(content));
	fclose(file);
	return memmem(content, got, bytes, size);
}

/* The index of the log has no content. */
static bool is_in_store(const uint8_t *bytes, size_t size)
{
	return is_in_file(STORE_FILE, bytes, size) || is_in_file(STORE_FILE "-wal", bytes, size);
}

START_TEST(what_is_retired_is_in_no_file_any_more)
{
	uint8_t sealed[SEALED_SIZE];
	struct keyring made;
	uint32_t wrap = 0;

	create_and_load(&made);
	fetch("pepper", sealed);
	ck_assert(is_in_store(sealed, sizeof(sealed)));
	ck_assert_int_eq(rotate(1, master, second, &wrap), 0);
	retire(2);
	ck_assert_int_eq(store_empty_log(store), 0);
	ck_assert(!is_in_store(sealed, sizeof(sealed)));
	assert_opens(second, 2, &made);
	fetch("pepper", sealed);
	ck_assert(is_in_store(sealed, sizeof(sealed)));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sealed-keys");
	TCase *cases = tcase_create("sealed-keys");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, created_keys_load_and_stay_the_same);
	tcase_add_test(cases, another_master_key_does_not_open_them);
	tcase_add_test(cases, a_database_without_keys_says_so);
	tcase_add_test(cases, a_damaged_row_does_not_load);
	tcase_add_loop_test(cases, a_row_of_another_size_does_not_load, 0, 2);
	tcase_add_loop_test(cases, a_row_does_not_load_as_another, 0, 2);
	tcase_add_test(cases, an_aborted_transaction_leaves_no_keys);
	tcase_add_test(cases, either_key_opens_them_until_the_one_before_is_retired);
	tcase_add_test(cases, the_running_the_present_and_the_fresh_key_open_them);
	tcase_add_test(cases, a_rotation_that_was_cut_short_is_cleared_away);
	tcase_add_test(cases, a_key_that_is_not_the_present_one_changes_nothing);
	tcase_add_test(cases, all_versions_are_sealed_anew_or_none);
	tcase_add_test(cases, a_key_that_only_another_master_key_has_stops_it);
	tcase_add_test(cases, renewing_leaves_one_master_key);
	tcase_add_test(cases, what_is_retired_is_in_no_file_any_more);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
