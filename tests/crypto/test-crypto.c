/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The primitives against published vectors (RFC 4231, and the AES-256-GCM cases of the algorithm's specification), and
 * what must not come out of them.
 */
#include <check.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"
#include "crypto/crypto.h"
#include "tests/suite.h"

static const uint8_t some_key[CRYPTO_KEY_SIZE] = { 1, 2, 3, 0, 0xff };

static void compute(const uint8_t *key, const void *data, size_t size, uint8_t *ret_digest)
{
	struct crypto_mac *mac = NULL;

	ck_assert_int_eq(crypto_mac_new(key, &mac), 0);
	ck_assert_int_eq(crypto_mac_compute(mac, data, size, ret_digest), 0);
	crypto_mac_free(mac);
}

/*
 * RFC 4231. Keys here always have 32 bytes; HMAC pads shorter ones with zeros, so the RFC's cases with keys of up to 32
 * bytes are the same computation with a padded key.
 */
START_TEST(hmac_matches_rfc_4231)
{
	static const struct {
		const char *key, *data, *digest;
	} cases[] = {
		{ "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b000000000000000000000000", "4869205468657265",
		  "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7" },
		{ "4a65666500000000000000000000000000000000000000000000000000000000",
		  "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		  "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843" },
		{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa000000000000000000000000",
		  "dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd"
		  "dddddddddddddddddddddddddddddddd",
		  "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe" },
		{ "0102030405060708090a0b0c0d0e0f1011121314151617181900000000000000",
		  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
		  "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd",
		  "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b" },
	};
	uint8_t key[CRYPTO_KEY_SIZE], data[64], digest[CRYPTO_MAC_SIZE], wanted[CRYPTO_MAC_SIZE];
	size_t size = strlen(cases[_i].data) / 2;

	ck_assert(encoding_unhex(cases[_i].key, key, sizeof(key)));
	ck_assert(encoding_unhex(cases[_i].data, data, size));
	ck_assert(encoding_unhex(cases[_i].digest, wanted, sizeof(wanted)));
	compute(key, data, size, digest);
	ck_assert_mem_eq(digest, wanted, sizeof(wanted));
}
END_TEST

START_TEST(hmac_starts_again_for_each_text)
{
	struct crypto_mac *mac = NULL;
	uint8_t first[CRYPTO_MAC_SIZE], other[CRYPTO_MAC_SIZE], again[CRYPTO_MAC_SIZE], alone[CRYPTO_MAC_SIZE];

	ck_assert_int_eq(crypto_mac_new(some_key, &mac), 0);
	ck_assert_int_eq(crypto_mac_compute(mac, "one", 3, first), 0);
	ck_assert_int_eq(crypto_mac_compute(mac, "another", 7, other), 0);
	ck_assert_int_eq(crypto_mac_compute(mac, "one", 3, again), 0);
	crypto_mac_free(mac);
	compute(some_key, "another", 7, alone);
	ck_assert_mem_eq(first, again, sizeof(first));
	ck_assert_mem_eq(other, alone, sizeof(other));
	ck_assert_mem_ne(first, other, sizeof(first));
}
END_TEST

START_TEST(hmac_keeps_no_pointer_to_the_key)
{
	uint8_t key[CRYPTO_KEY_SIZE], digest[CRYPTO_MAC_SIZE], wanted[CRYPTO_MAC_SIZE];
	struct crypto_mac *mac = NULL;

	memcpy(key, some_key, sizeof(key));
	compute(key, "text", 4, wanted);
	ck_assert_int_eq(crypto_mac_new(key, &mac), 0);
	memset(key, 0x55, sizeof(key));
	ck_assert_int_eq(crypto_mac_compute(mac, "text", 4, digest), 0);
	crypto_mac_free(mac);
	ck_assert_mem_eq(digest, wanted, sizeof(wanted));
}
END_TEST

START_TEST(hmac_takes_empty_texts_and_texts_with_nul)
{
	uint8_t none[CRYPTO_MAC_SIZE], nul[CRYPTO_MAC_SIZE], key[CRYPTO_KEY_SIZE] = { 0 }, wanted[CRYPTO_MAC_SIZE];

	compute(key, "", 0, none);
	compute(key, "\0", 1, nul);
	ck_assert_mem_ne(none, nul, sizeof(none));
	ck_assert(encoding_unhex("b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad", wanted,
				 sizeof(wanted)));
	ck_assert_mem_eq(none, wanted, sizeof(wanted));
	crypto_mac_free(NULL);
}
END_TEST

/* RFC 7515, A.1, whose key is longer than ours; RFC 4231, cases 1 and 6, with a shorter one and one that is hashed. */
START_TEST(a_signer_takes_a_key_for_each_text)
{
	static const char text[] =
		"eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAs"
		"DQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
	static const char jws_key[] =
		"AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
	uint8_t key[131], digest[CRYPTO_MAC_SIZE], wanted[CRYPTO_MAC_SIZE];
	struct crypto_signer *signer = NULL;
	char written[ENCODING_BASE64URL_SIZE(CRYPTO_MAC_SIZE) + 1];
	size_t size = 0;

	ck_assert_int_eq(crypto_signer_new(&signer), 0);
	for (int again = 0; again < 2; again++) {
		ck_assert(encoding_base64url_decode(jws_key, strlen(jws_key), key, sizeof(key), &size));
		ck_assert_uint_eq(size, 64);
		ck_assert_int_eq(crypto_signer_compute(signer, key, size, text, strlen(text), digest), 0);
		encoding_base64url_encode(digest, sizeof(digest), written);
		ck_assert_str_eq(written, "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");

		memset(key, 0x0b, 20);
		ck_assert_int_eq(crypto_signer_compute(signer, key, 20, "Hi There", 8, digest), 0);
		ck_assert(encoding_unhex("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", wanted,
					 sizeof(wanted)));
		ck_assert_mem_eq(digest, wanted, sizeof(wanted));

		memset(key, 0xaa, sizeof(key));
		ck_assert_int_eq(crypto_signer_compute(signer, key, sizeof(key),
						       "Test Using Larger Than Block-Size Key - Hash Key First", 54,
						       digest),
				 0);
		ck_assert(encoding_unhex("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", wanted,
					 sizeof(wanted)));
		ck_assert_mem_eq(digest, wanted, sizeof(wanted));
	}
	crypto_signer_free(signer);
	crypto_signer_free(NULL);
}
END_TEST

/* Or a text would be signed with the key of the one before. */
START_TEST(a_signer_signs_nothing_without_a_key)
{
	uint8_t digest[CRYPTO_MAC_SIZE] = { 1 }, before[CRYPTO_MAC_SIZE] = { 1 };
	struct crypto_signer *signer = NULL;

	ck_assert_int_eq(crypto_signer_new(&signer), 0);
	ck_assert_int_eq(crypto_signer_compute(signer, some_key, 0, "text", 4, digest), -EIO);
	ck_assert_mem_eq(digest, before, sizeof(digest));
	ck_assert_int_eq(crypto_signer_compute(signer, some_key, sizeof(some_key), "text", 4, digest), 0);
	memcpy(digest, before, sizeof(digest));
	ck_assert_int_eq(crypto_signer_compute(signer, some_key, 0, "text", 4, digest), -EIO);
	ck_assert_mem_eq(digest, before, sizeof(digest));
	crypto_signer_free(signer);
}
END_TEST

START_TEST(sha256_matches_fips_180)
{
	static const struct {
		const char *data, *digest;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};
	uint8_t digest[CRYPTO_HASH_SIZE], wanted[CRYPTO_HASH_SIZE];

	ck_assert(encoding_unhex(cases[_i].digest, wanted, sizeof(wanted)));
	ck_assert_int_eq(crypto_sha256(cases[_i].data, strlen(cases[_i].data), digest), 0);
	ck_assert_mem_eq(digest, wanted, sizeof(wanted));
	if (_i == 0) {
		memset(digest, 0, sizeof(digest));
		ck_assert_int_eq(crypto_sha256(NULL, 0, digest), 0);
		ck_assert_mem_eq(digest, wanted, sizeof(wanted));
	}
}
END_TEST

/* The specification's AES-256 cases with a nonce of 96 bits, in our order: nonce, ciphertext, tag. */
START_TEST(open_takes_published_gcm_vectors)
{
	static const struct {
		const char *key, *sealed, *plain;
	} cases[] = {
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "000000000000000000000000530f8afbc74536b9a963b4f1c4cb738b", "" },
		{ "0000000000000000000000000000000000000000000000000000000000000000",
		  "000000000000000000000000cea7403d4d606b6e074ec5d3baf39d18d0d1c8a799996bf0265b98b5d48ab919",
		  "00000000000000000000000000000000" },
		{ "feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308",
		  "cafebabefacedbaddecaf888522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48"
		  "590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662898015adb094dac5d93471bdec1a502270e3cc6c",
		  "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525"
		  "b16aedf5aa0de657ba637b391aafd255" },
	};
	uint8_t key[CRYPTO_KEY_SIZE], sealed[128], plain[128], wanted[128];
	size_t sealed_size = strlen(cases[_i].sealed) / 2, size = strlen(cases[_i].plain) / 2;

	ck_assert_uint_eq(sealed_size, size + CRYPTO_SEAL_OVERHEAD);
	ck_assert(encoding_unhex(cases[_i].key, key, sizeof(key)));
	ck_assert(encoding_unhex(cases[_i].sealed, sealed, sealed_size));
	ck_assert(encoding_unhex(cases[_i].plain, wanted, size));
	ck_assert_int_eq(crypto_open(key, "", sealed, sealed_size, plain), 0);
	ck_assert(memcmp(plain, wanted, size) == 0);
}
END_TEST

START_TEST(what_was_sealed_opens_again)
{
	static const size_t sizes[] = { 0, 1, 15, 16, 17, 32, 4096 };
	uint8_t plain[4096], sealed[4096 + CRYPTO_SEAL_OVERHEAD], opened[4096];
	size_t size = sizes[_i];

	for (size_t i = 0; i < size; i++)
		plain[i] = (uint8_t)(i * 7);
	ck_assert_int_eq(crypto_seal(some_key, "sealed/data/1", plain, size, sealed), 0);
	ck_assert_int_eq(crypto_open(some_key, "sealed/data/1", sealed, size + CRYPTO_SEAL_OVERHEAD, opened), 0);
	ck_assert(memcmp(plain, opened, size) == 0);
}
END_TEST

START_TEST(sealing_twice_gives_different_bytes)
{
	uint8_t plain[32] = { 0 }, one[32 + CRYPTO_SEAL_OVERHEAD], two[32 + CRYPTO_SEAL_OVERHEAD];

	ck_assert_int_eq(crypto_seal(some_key, "a", plain, sizeof(plain), one), 0);
	ck_assert_int_eq(crypto_seal(some_key, "a", plain, sizeof(plain), two), 0);
	ck_assert_mem_ne(one, two, 12);
	ck_assert_mem_ne(one + 12, two + 12, sizeof(plain));
}
END_TEST

START_TEST(a_changed_bit_anywhere_does_not_open_and_leaves_nothing)
{
	uint8_t plain[32], sealed[32 + CRYPTO_SEAL_OVERHEAD], opened[32];
	static const uint8_t wiped[32];

	memset(plain, 'x', sizeof(plain));
	ck_assert_int_eq(crypto_seal(some_key, "a", plain, sizeof(plain), sealed), 0);
	for (size_t i = 0; i < sizeof(sealed); i++) {
		sealed[i] ^= 1;
		memset(opened, 'y', sizeof(opened));
		ck_assert_int_eq(crypto_open(some_key, "a", sealed, sizeof(sealed), opened), -EBADMSG);
		ck_assert_mem_eq(opened, wiped, sizeof(opened));
		sealed[i] ^= 1;
	}
	ck_assert_int_eq(crypto_open(some_key, "a", sealed, sizeof(sealed), opened), 0);
}
END_TEST

START_TEST(another_key_text_or_length_does_not_open)
{
	uint8_t plain[32] = { 0 }, sealed[32 + CRYPTO_SEAL_OVERHEAD], opened[64], other[CRYPTO_KEY_SIZE];

	memcpy(other, some_key, sizeof(other));
	other[31] ^= 1;
	ck_assert_int_eq(crypto_seal(some_key, "sealed/data/1", plain, sizeof(plain), sealed), 0);
	ck_assert_int_eq(crypto_open(other, "sealed/data/1", sealed, sizeof(sealed), opened), -EBADMSG);
	ck_assert_int_eq(crypto_open(some_key, "sealed/data/2", sealed, sizeof(sealed), opened), -EBADMSG);
	ck_assert_int_eq(crypto_open(some_key, "", sealed, sizeof(sealed), opened), -EBADMSG);
	for (size_t size = 0; size < sizeof(sealed); size++)
		ck_assert_int_eq(crypto_open(some_key, "sealed/data/1", sealed, size, opened), -EBADMSG);
}
END_TEST

START_TEST(random_bytes_differ)
{
	uint8_t one[32] = { 0 }, two[32] = { 0 };

	ck_assert_int_eq(crypto_random(one, sizeof(one)), 0);
	ck_assert_int_eq(crypto_random(two, sizeof(two)), 0);
	ck_assert_mem_ne(one, two, sizeof(one));
	ck_assert_int_eq(crypto_random(one, 0), 0);
}
END_TEST

START_TEST(random_text_is_base62_and_ends)
{
	char text[200];

	for (size_t size = 0; size < 199; size++) {
		memset(text, '!', sizeof(text));
		ck_assert_int_eq(crypto_random_base62(text, size), 0);
		ck_assert_uint_eq(strlen(text), size);
		ck_assert(encoding_is_base62(text, size));
		ck_assert_int_eq(text[size + 1], '!');
	}
}
END_TEST

/*
 * Chi-squared over 62 characters. A remainder without rejection makes the first 8 characters a quarter more likely,
 * which gives about 1,000 here; fair texts stay under 150 but for one run in 10^9.
 */
START_TEST(random_text_has_no_bias)
{
	enum { COUNT = 200000 };
	char *text = malloc(COUNT + 1);
	unsigned int counts[256] = { 0 };
	double squares = 0, wanted = COUNT / 62.0;

	ck_assert_ptr_nonnull(text);
	ck_assert_int_eq(crypto_random_base62(text, COUNT), 0);
	for (size_t i = 0; i < COUNT; i++)
		counts[(unsigned char)text[i]]++;
	for (size_t i = 0; i < 62; i++) {
		double difference = counts[(unsigned char)encoding_base62[i]] - wanted;

		squares += difference * difference / wanted;
	}
	free(text);
	ck_assert_double_lt(squares, 150);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crypto");
	TCase *cases = tcase_create("crypto");

	tcase_add_loop_test(cases, hmac_matches_rfc_4231, 0, 4);
	tcase_add_test(cases, hmac_starts_again_for_each_text);
	tcase_add_test(cases, hmac_keeps_no_pointer_to_the_key);
	tcase_add_test(cases, hmac_takes_empty_texts_and_texts_with_nul);
	tcase_add_test(cases, a_signer_takes_a_key_for_each_text);
	tcase_add_test(cases, a_signer_signs_nothing_without_a_key);
	tcase_add_loop_test(cases, sha256_matches_fips_180, 0, 3);
	tcase_add_loop_test(cases, open_takes_published_gcm_vectors, 0, 3);
	tcase_add_loop_test(cases, what_was_sealed_opens_again, 0, 7);
	tcase_add_test(cases, sealing_twice_gives_different_bytes);
	tcase_add_test(cases, a_changed_bit_anywhere_does_not_open_and_leaves_nothing);
	tcase_add_test(cases, another_key_text_or_length_does_not_open);
	tcase_add_test(cases, random_bytes_differ);
	tcase_add_test(cases, random_text_is_base62_and_ends);
	tcase_add_test(cases, random_text_has_no_bias);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
