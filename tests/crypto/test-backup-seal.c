/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The seal of a backup: any byte that is changed or missing is found, and who made it. */
#include <errno.h>
#include <string.h>

#include "crypto/backup_seal.h"
#include "tests/suite.h"

#define DATA_SIZE 5000

static uint8_t data[DATA_SIZE], bytes[BACKUP_SEAL_SIZE];
static const uint8_t master[CRYPTO_KEY_SIZE] = "0123456789abcdef0123456789abcde";
static const uint8_t other[CRYPTO_KEY_SIZE] = "0123456789abcdef0123456789abcdf";

/* A hash of the first bytes, added in two parts. */
static struct crypto_hash *hash_of(size_t size)
{
	struct crypto_hash *hash = NULL;

	ck_assert_int_eq(crypto_hash_new(&hash), 0);
	ck_assert_int_eq(crypto_hash_add(hash, data, size / 3), 0);
	ck_assert_int_eq(crypto_hash_add(hash, data + size / 3, size - size / 3), 0);
	return hash;
}

static int read_seal(size_t size, struct backup_seal *ret_seal)
{
	struct crypto_hash *hash = hash_of(size);
	int r = backup_seal_read(bytes, size, hash, ret_seal);

	crypto_hash_free(hash);
	return r;
}

static void make(void)
{
	struct backup_seal seal = { .size = DATA_SIZE, .time = 1234567890, .rev = 77, .version = "1.2.3" };
	struct crypto_hash *hash;

	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	hash = hash_of(DATA_SIZE);
	ck_assert_int_eq(backup_seal_make(&seal, hash, master, bytes), 0);
	crypto_hash_free(hash);
}

START_TEST(a_seal_reads_back)
{
	struct backup_seal seal;

	make();
	ck_assert_int_eq(read_seal(DATA_SIZE, &seal), 0);
	ck_assert_uint_eq(seal.size, DATA_SIZE);
	ck_assert_int_eq(seal.time, 1234567890);
	ck_assert_uint_eq(seal.rev, 77);
	ck_assert_str_eq(seal.version, "1.2.3");
	ck_assert_int_eq(backup_seal_verify(bytes, master), 0);
	ck_assert_int_eq(backup_seal_verify(bytes, other), -EKEYREJECTED);
}
END_TEST

START_TEST(every_changed_bit_is_found)
{
	struct backup_seal seal;

	make();
	for (size_t i = 0; i < sizeof(bytes) * 8; i++) {
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
		/* What is before the MAC is found without a key; the MAC itself with one. */
		if (i / 8 < 96)
			ck_assert_int_eq(read_seal(DATA_SIZE, &seal), i / 8 < 16 ? -EINVAL : -EBADMSG);
		ck_assert_int_eq(backup_seal_verify(bytes, master), -EKEYREJECTED);
		bytes[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	for (size_t i = 0; i < sizeof(data); i += 37) {
		data[i] ^= 1;
		ck_assert_int_eq(read_seal(DATA_SIZE, &seal), -EBADMSG);
		data[i] ^= 1;
	}
	ck_assert_int_eq(read_seal(DATA_SIZE, &seal), 0);
}
END_TEST

START_TEST(a_cut_database_is_found)
{
	struct backup_seal seal;

	make();
	ck_assert_int_eq(read_seal(DATA_SIZE - 1, &seal), -EBADMSG);
	ck_assert_int_eq(read_seal(0, &seal), -EBADMSG);
}
END_TEST

/* The form is for good: backups outlive releases. */
START_TEST(the_bytes_are_fixed)
{
	static const uint8_t head[] = "apikeyd-backup-1"
				      "\0\0\0\0\0\0\x13\x88"
				      "\0\0\0\0\x49\x96\x02\xd2"
				      "\0\0\0\0\0\0\0\x4d"
				      "1.2.3";

	make();
	ck_assert_mem_eq(bytes, head, sizeof(head) - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("backup seal");
	TCase *cases = tcase_create("backup seal");

	tcase_add_test(cases, a_seal_reads_back);
	tcase_add_test(cases, every_changed_bit_is_found);
	tcase_add_test(cases, a_cut_database_is_found);
	tcase_add_test(cases, the_bytes_are_fixed);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
