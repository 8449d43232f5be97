/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/pair_signature.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"

_Static_assert(ENCODING_BASE64_SIZE(CRYPTO_KEY_SIZE) == PAIR_PRIVATE_KEY_TEXT_SIZE, "size of a private key");
_Static_assert(ENCODING_BASE64_SIZE(CRYPTO_HASH_SIZE) == PAIR_BODY_HASH_SIZE, "size of a body hash");
_Static_assert(ENCODING_BASE64_SIZE(CRYPTO_MAC_SIZE) == PAIR_SIGNATURE_SIZE, "size of a signature");

static void free_hash(struct crypto_hash **hash)
{
	crypto_hash_free(*hash);
}

int pair_read_private_key(const char *text, size_t size, uint8_t ret_key[CRYPTO_KEY_SIZE])
{
	uint8_t key[CRYPTO_KEY_SIZE];
	size_t key_size = 0;
	int r = -EINVAL;

	if (size == PAIR_PRIVATE_KEY_TEXT_SIZE && encoding_base64_decode(text, size, key, sizeof(key), &key_size) &&
	    key_size == sizeof(key)) {
		memcpy(ret_key, key, sizeof(key));
		r = 0;
	}
	secret_wipe(key, sizeof(key));
	return r;
}

static int read_hash(struct crypto_hash *hash, char ret_hash[PAIR_BODY_HASH_SIZE + 1])
{
	uint8_t digest[CRYPTO_HASH_SIZE];
	int r = crypto_hash_read(hash, digest);

	if (r == 0)
		encoding_base64_encode(digest, sizeof(digest), ret_hash);
	return r;
}

int pair_hash_body(const void *body, size_t size, char ret_hash[PAIR_BODY_HASH_SIZE + 1])
{
	uint8_t digest[CRYPTO_HASH_SIZE];
	int r;

	if (size == 0) {
		*ret_hash = '\0';
		return 0;
	}
	r = crypto_sha256(body, size, digest);
	if (r == 0)
		encoding_base64_encode(digest, sizeof(digest), ret_hash);
	return r;
}

int pair_hash_descriptor(int fd, char ret_hash[PAIR_BODY_HASH_SIZE + 1])
{
	CLEANUP(free_hash) struct crypto_hash *hash = NULL;
	char part[16384];
	int r = crypto_hash_new(&hash);

	for (size_t total = 0; r == 0;) {
		ssize_t got = read(fd, part, sizeof(part));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0 && total > 0)
			return read_hash(hash, ret_hash);
		if (got == 0) {
			*ret_hash = '\0';
			return 0;
		}
		total += (size_t)got;
		r = crypto_hash_add(hash, part, (size_t)got);
	}
	return r;
}

/* Puts together what is signed. 0 and its size; -EINVAL. */
static int join(const struct pair_fields *fields, char signed_text[PAIR_SIGNED_MAX], size_t *ret_size)
{
	const struct pair_field *all[] = { &fields->public_key, &fields->nonce, &fields->epoch, &fields->body_hash };
	size_t size = 0;

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		const struct pair_field *field = all[i];

		if (field->size == 0 && field != &fields->body_hash)
			return -EINVAL;
		if (i > 0 && size == PAIR_SIGNED_MAX)
			return -EINVAL;
		if (i > 0)
			signed_text[size++] = ':';
		if (field->size > PAIR_SIGNED_MAX - size)
			return -EINVAL;
		if (field->size == 0)
			continue;
		if (memchr(field->text, ':', field->size))
			return -EINVAL;
		memcpy(signed_text + size, field->text, field->size);
		size += field->size;
	}
	*ret_size = size;
	return 0;
}

int pair_sign(struct crypto_signer *signer, const uint8_t key[CRYPTO_KEY_SIZE], const struct pair_fields *fields,
	      char ret_signature[PAIR_SIGNATURE_SIZE + 1])
{
	char signed_text[PAIR_SIGNED_MAX];
	uint8_t digest[CRYPTO_MAC_SIZE];
	size_t size;
	int r = join(fields, signed_text, &size);

	if (r == 0)
		r = crypto_signer_compute(signer, key, CRYPTO_KEY_SIZE, signed_text, size, digest);
	if (r < 0)
		return r;
	encoding_base64_encode(digest, sizeof(digest), ret_signature);
	secret_wipe(digest, sizeof(digest));
	return 0;
}

int pair_verify(struct crypto_signer *signer, const uint8_t key[CRYPTO_KEY_SIZE], const struct pair_fields *fields,
		const char *signature, size_t size)
{
	char right[PAIR_SIGNATURE_SIZE + 1];
	int r = pair_sign(signer, key, fields, right);

	if (r < 0)
		return r;
	/* As texts: no other text than this one stands for these bytes. */
	if (size != PAIR_SIGNATURE_SIZE || !secret_equal(right, signature, size))
		r = -EBADMSG;
	secret_wipe(right, sizeof(right));
	return r;
}
