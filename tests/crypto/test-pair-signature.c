/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Signatures of HMAC tokens: against the vectors of tests/vectors/hmac.json, which others computed, and against all
 * that is nearly right.
 */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "crypto/pair_signature.h"
#include "tests/suite.h"

static json_t *vectors;
static struct crypto_signer *signer;
static uint8_t key[CRYPTO_KEY_SIZE];

static const char *text_of(json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	ck_assert_ptr_nonnull(text);
	return text;
}

static void setup(void)
{
	const char *srcdir = getenv("srcdir"), *text;
	json_error_t error;
	char path[4096];

	snprintf(path, sizeof(path), "%s/tests/vectors/hmac.json", srcdir ? srcdir : ".");
	vectors = json_load_file(path, 0, &error);
	ck_assert_msg(vectors != NULL, "%s: %s", path, error.text);
	text = text_of(vectors, "privateKey");
	ck_assert_int_eq(pair_read_private_key(text, strlen(text), key), 0);
	ck_assert_int_eq(crypto_signer_new(&signer), 0);
}

static void teardown(void)
{
	crypto_signer_free(signer);
	json_decref(vectors);
}

static struct pair_field field(const char *text)
{
	return (struct pair_field){ text, strlen(text) };
}

static struct pair_fields fields_of(const char *public_key, const char *nonce, const char *epoch, const char *hash)
{
	return (struct pair_fields){ field(public_key), field(nonce), field(epoch), field(hash) };
}

static int verify(const struct pair_fields *fields, const char *signature)
{
	return pair_verify(signer, key, fields, signature, strlen(signature));
}

static struct pair_fields some_fields(void)
{
	return fields_of("a123456b-c12c-123d-1ab4-18bd8c8e88a3", "nonce", "1535617532", "");
}

START_TEST(the_vectors_are_met)
{
	json_t *cases = json_object_get(vectors, "cases"), *one;
	size_t index;

	ck_assert_uint_ge(json_array_size(cases), 2);
	json_array_foreach(cases, index, one)
	{
		const char *body = text_of(one, "body");
		char hash[PAIR_BODY_HASH_SIZE + 1], signature[PAIR_SIGNATURE_SIZE + 1];
		struct pair_fields fields;

		ck_assert_int_eq(pair_hash_body(body, strlen(body), hash), 0);
		ck_assert_str_eq(hash, text_of(one, "bodyHash"));
		fields = fields_of(text_of(vectors, "publicKey"), text_of(one, "nonce"), text_of(one, "epoch"), hash);
		ck_assert_int_eq(pair_sign(signer, key, &fields, signature), 0);
		ck_assert_str_eq(signature, text_of(one, "sig"));
		ck_assert_int_eq(verify(&fields, text_of(one, "sig")), 0);
	}
}
END_TEST

/* The text of the private key is no key: neither for who signs nor for who verifies. */
START_TEST(the_private_key_is_not_used_as_text)
{
	const char *text = text_of(vectors, "privateKey");
	const char *wrong = text_of(json_object_get(vectors, "wrongKeyUse"), "sig");
	json_t *one = json_array_get(json_object_get(vectors, "cases"), 0);
	struct pair_fields fields =
		fields_of(text_of(vectors, "publicKey"), text_of(one, "nonce"), text_of(one, "epoch"), "");
	uint8_t digest[CRYPTO_MAC_SIZE];
	char signed_text[256], signature[PAIR_SIGNATURE_SIZE + 1];

	snprintf(signed_text, sizeof(signed_text), "%s:%s:%s:", fields.public_key.text, fields.nonce.text,
		 fields.epoch.text);
	ck_assert_int_eq(crypto_signer_compute(signer, text, strlen(text), signed_text, strlen(signed_text), digest),
			 0);
	encoding_base64_encode(digest, sizeof(digest), signature);
	/* It is what such a signer would send. */
	ck_assert_str_eq(signature, wrong);
	ck_assert_int_eq(verify(&fields, wrong), -EBADMSG);
}
END_TEST

START_TEST(only_the_one_base64_of_32_bytes_is_a_private_key)
{
	static const char *const wrong[] = {
		"",
		"AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y",  /* no padding */
		"AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Z=", /* a spare bit */
		"AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=\n",
		" AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y",
		"AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X6w==", /* 31 bytes */
		"AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64bh", /* 33 bytes */
		"AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64bhAGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64bh",
		"AGHYR1aWYgHgyjhJLkVC-7b8XfAVeA4tuFwCQl3X64Y=",    /* of the alphabet for URLs */
		"0061d847569662 01e0ca38492e454277b6fc5df015780e", /* hexadecimal */
	};
	uint8_t read[CRYPTO_KEY_SIZE], before[CRYPTO_KEY_SIZE];

	memset(before, 7, sizeof(before));
	memcpy(read, before, sizeof(read));
	ck_assert_int_eq(pair_read_private_key(wrong[_i], strlen(wrong[_i]), read), -EINVAL);
	ck_assert_mem_eq(read, before, sizeof(read));
}
END_TEST

START_TEST(a_signature_with_any_bit_changed_is_refused)
{
	struct pair_fields fields = some_fields();
	char right[PAIR_SIGNATURE_SIZE + 1], changed[PAIR_SIGNATURE_SIZE + 1];

	ck_assert_int_eq(pair_sign(signer, key, &fields, right), 0);
	ck_assert_int_eq(verify(&fields, right), 0);
	for (size_t bit = 0; bit < (size_t)8 * PAIR_SIGNATURE_SIZE; bit++) {
		memcpy(changed, right, sizeof(changed));
		changed[bit / 8] = (char)(changed[bit / 8] ^ 1 << bit % 8);
		ck_assert_int_eq(pair_verify(signer, key, &fields, changed, PAIR_SIGNATURE_SIZE), -EBADMSG);
	}
	for (size_t size = 0; size < PAIR_SIGNATURE_SIZE; size++)
		ck_assert_int_eq(pair_verify(signer, key, &fields, right, size), -EBADMSG);
	ck_assert_int_eq(pair_verify(signer, key, &fields, right, PAIR_SIGNATURE_SIZE + 1), -EBADMSG);
}
END_TEST

START_TEST(another_field_or_key_makes_another_signature)
{
	static const struct {
		const char *public_key, *nonce, *epoch, *hash;
	} others[] = {
		{ "a123456b-c12c-123d-1ab4-18bd8c8e88a4", "nonce", "1535617532", "" },
		{ "A123456b-c12c-123d-1ab4-18bd8c8e88a3", "nonce", "1535617532", "" },
		{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3", "Nonce", "1535617532", "" },
		{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3", "nonc", "e1535617532", "" },
		{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3", "nonce", "1535617532.0", "" },
		{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3", "nonce", "01535617532", "" },
		{ "a123456b-c12c-123d-1ab4-18bd8c8e88a3", "nonce", "1535617532",
		  "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=" },
	};
	struct pair_fields fields = some_fields(), other = fields_of(others[_i].public_key, others[_i].nonce,
								     others[_i].epoch, others[_i].hash);
	char right[PAIR_SIGNATURE_SIZE + 1];

	ck_assert_int_eq(pair_sign(signer, key, &fields, right), 0);
	ck_assert_int_eq(verify(&other, right), -EBADMSG);
	for (size_t i = 0; i < sizeof(key); i++) {
		key[i] ^= 1;
		ck_assert_int_eq(verify(&fields, right), -EBADMSG);
		key[i] ^= 1;
	}
	ck_assert_int_eq(verify(&fields, right), 0);
}
END_TEST

/* The SHA-256 of nothing exists, but an empty body is not hashed. */
START_TEST(an_empty_body_has_no_hash)
{
	char hash[PAIR_BODY_HASH_SIZE + 1] = "untouched";

	ck_assert_int_eq(pair_hash_body(NULL, 0, hash), 0);
	ck_assert_str_eq(hash, "");
	ck_assert_int_eq(pair_hash_body("\0", 1, hash), 0);
	ck_assert_str_eq(hash, "bjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=");
}
END_TEST

/* Fields that could be cut in two ways would let one signature stand for two tokens. */
START_TEST(fields_that_are_none_are_not_signed)
{
	static const struct {
		const char *public_key, *nonce, *epoch, *hash;
	} wrong[] = {
		{ "", "n", "1", "" },    { "p", "", "1", "" },    { "p", "n", "", "" },
		{ "p:", "n", "1", "" },  { "p", "n:", "1", "" },  { "p", ":", "1", "" },
		{ "p", "n", "1:2", "" }, { "p", "n", "1", "h:" }, { "p", "n", "1", ":" },
	};
	struct pair_fields fields = fields_of(wrong[_i].public_key, wrong[_i].nonce, wrong[_i].epoch, wrong[_i].hash);
	char signature[PAIR_SIGNATURE_SIZE + 1] = "untouched";

	ck_assert_int_eq(pair_sign(signer, key, &fields, signature), -EINVAL);
	ck_assert_str_eq(signature, "untouched");
	ck_assert_int_eq(verify(&fields, "JYDZ7e7Y36oeJJ3E5UB7tF9VBAwIv1B5HTPNw9iaV6Y="), -EINVAL);
}
END_TEST

START_TEST(fields_that_are_too_long_are_not_signed)
{
	char text[PAIR_SIGNED_MAX + 1], signature[PAIR_SIGNATURE_SIZE + 1];

	memset(text, 'x', sizeof(text));
	for (size_t part = 0; part < 4; part++) {
		struct pair_fields fields = fields_of("p", "n", "e", "h");
		struct pair_field *all[] = { &fields.public_key, &fields.nonce, &fields.epoch, &fields.body_hash };

		/* Three others of one byte each, three colons. */
		*all[part] = (struct pair_field){ text, PAIR_SIGNED_MAX - 6 };
		ck_assert_int_eq(pair_sign(signer, key, &fields, signature), 0);
		ck_assert_int_eq(verify(&fields, signature), 0);
		all[part]->size++;
		ck_assert_int_eq(pair_sign(signer, key, &fields, signature), -EINVAL);
		all[part]->size = SIZE_MAX;
		ck_assert_int_eq(pair_sign(signer, key, &fields, signature), -EINVAL);
	}
}
END_TEST

/* Writes size bytes into a pipe, in parts of that many, from a process of its own; returns the end to read. */
static int pipe_with(size_t size, size_t part)
{
	int ends[2];
	pid_t pid;

	ck_assert_int_eq(pipe(ends), 0);
	pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid > 0) {
		close(ends[1]);
		return ends[0];
	}
	close(ends[0]);
	for (size_t done = 0; done < size; done += part) {
		char bytes[4096];
		size_t count = size - done < part ? size - done : part;

		for (size_t i = 0; i < count; i++)
			bytes[i] = (char)((done + i) * 31);
		if (write(ends[1], bytes, count) != (ssize_t)count)
			_exit(1);
	}
	_exit(0);
}

START_TEST(a_body_in_parts_has_the_hash_of_the_whole)
{
	static const struct {
		size_t size, part;
	} bodies[] = { { 0, 1 }, { 1, 1 }, { 100, 7 }, { 16384, 4096 }, { 16385, 4096 }, { 100000, 1000 } };
	char whole[PAIR_BODY_HASH_SIZE + 1], parts[PAIR_BODY_HASH_SIZE + 1] = "untouched";
	CLEANUP_FREE char *body = malloc(bodies[_i].size + 1);
	CLEANUP_CLOSE int fd = pipe_with(bodies[_i].size, bodies[_i].part);
	int status;

	ck_assert_ptr_nonnull(body);
	for (size_t i = 0; i < bodies[_i].size; i++)
		body[i] = (char)(i * 31);
	ck_assert_int_eq(pair_hash_body(body, bodies[_i].size, whole), 0);
	ck_assert_int_eq(pair_hash_descriptor(fd, parts), 0);
	ck_assert_str_eq(parts, whole);
	ck_assert_int_gt(wait(&status), 0);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_body_that_cannot_be_read_is_said)
{
	char hash[PAIR_BODY_HASH_SIZE + 1] = "untouched";
	CLEANUP_CLOSE int folder = open("/", O_RDONLY | O_CLOEXEC);

	ck_assert_int_eq(pair_hash_descriptor(folder, hash), -EISDIR);
	ck_assert_int_eq(pair_hash_descriptor(-1, hash), -EBADF);
	ck_assert_str_eq(hash, "untouched");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("crypto/pair_signature");
	TCase *cases = tcase_create("pair_signature");

	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, the_vectors_are_met);
	tcase_add_test(cases, the_private_key_is_not_used_as_text);
	tcase_add_loop_test(cases, only_the_one_base64_of_32_bytes_is_a_private_key, 0, 10);
	tcase_add_test(cases, a_signature_with_any_bit_changed_is_refused);
	tcase_add_loop_test(cases, another_field_or_key_makes_another_signature, 0, 7);
	tcase_add_test(cases, an_empty_body_has_no_hash);
	tcase_add_loop_test(cases, fields_that_are_none_are_not_signed, 0, 9);
	tcase_add_test(cases, fields_that_are_too_long_are_not_signed);
	tcase_add_loop_test(cases, a_body_in_parts_has_the_hash_of_the_whole, 0, 6);
	tcase_add_test(cases, a_body_that_cannot_be_read_is_said);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
