/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The one file that calls libcrypto. It defends against secrets left in memory, biased random texts, and plaintext that
 * is used although it was tampered with: nothing unauthenticated leaves crypto_open().
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <limits.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"

#define NONCE_SIZE 12
#define TAG_SIZE 16

/* The greatest multiple of 62 that a byte can count to: bytes from here on would favour the first characters. */
#define BASE62_BYTE_LIMIT (256 / 62 * 62)

struct crypto_mac {
	EVP_MAC *algorithm;
	EVP_MAC_CTX *context; /* keyed; started again for each text */
};

static void free_cipher(EVP_CIPHER **cipher)
{
	EVP_CIPHER_free(*cipher);
}

static void free_cipher_context(EVP_CIPHER_CTX **context)
{
	EVP_CIPHER_CTX_free(*context);
}

int crypto_random(void *ret_bytes, size_t size)
{
	if (size > INT_MAX || RAND_priv_bytes(ret_bytes, (int)size) != 1)
		return -EIO;
	return 0;
}

int crypto_random_base62(char *ret_text, size_t size)
{
	uint8_t bytes[64];
	size_t done = 0;
	int r = 0;

	while (done < size) {
		r = crypto_random(bytes, sizeof(bytes));
		if (r < 0)
			break;
		for (size_t i = 0; i < sizeof(bytes) && done < size; i++)
			if (bytes[i] < BASE62_BYTE_LIMIT)
				ret_text[done++] = encoding_base62[bytes[i] % 62];
	}
	secret_wipe(bytes, sizeof(bytes));
	if (r < 0)
		secret_wipe(ret_text, done);
	else
		ret_text[size] = '\0';
	return r;
}

/*
 * The first releases of OpenSSL 3.0 did not start HMAC again without the key being given again: the second text was
 * digested behind the first. With such a library every key but the first would be refused, so it is found out here.
 */
static bool starts_again(struct crypto_mac *mac)
{
	uint8_t first[CRYPTO_MAC_SIZE], second[CRYPTO_MAC_SIZE];
	bool same = crypto_mac_compute(mac, "", 1, first) == 0 && crypto_mac_compute(mac, "", 1, second) == 0 &&
		    secret_equal(first, second, sizeof(first));

	secret_wipe(first, sizeof(first));
	secret_wipe(second, sizeof(second));
	return same;
}

/* Fetches the algorithm; key NULL: it is given later. mac is zeroed, and ended by mac_done() in any case. */
static int mac_init(struct crypto_mac *mac, const uint8_t *key)
{
	char digest[] = "SHA256";
	const OSSL_PARAM parameters[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
		OSSL_PARAM_construct_end(),
	};

	mac->algorithm = EVP_MAC_fetch(NULL, "HMAC", NULL);
	if (mac->algorithm)
		mac->context = EVP_MAC_CTX_new(mac->algorithm);
	if (!mac->context)
		return -EIO;
	if (!key)
		return EVP_MAC_CTX_set_params(mac->context, parameters) == 1 ? 0 : -EIO;
	return EVP_MAC_init(mac->context, key, CRYPTO_KEY_SIZE, parameters) == 1 ? 0 : -EIO;
}

static void mac_done(struct crypto_mac *mac)
{
	EVP_MAC_CTX_free(mac->context); /* wipes what it derived from the key */
	EVP_MAC_free(mac->algorithm);
}

int crypto_mac_new(const uint8_t key[CRYPTO_KEY_SIZE], struct crypto_mac **ret_mac)
{
	struct crypto_mac *mac = calloc(1, sizeof(*mac));

	if (!mac)
		return -ENOMEM;
	if (mac_init(mac, key) < 0 || !starts_again(mac)) {
		crypto_mac_free(mac);
		return -EIO;
	}
	*ret_mac = mac;
	return 0;
}

void crypto_mac_free(struct crypto_mac *mac)
{
	if (!mac)
		return;
	mac_done(mac);
	free(mac);
}

/* Digests a text under the key that was given last. */
static int mac_finish(struct crypto_mac *mac, const void *data, size_t size, uint8_t ret_digest[CRYPTO_MAC_SIZE])
{
	uint8_t digest[CRYPTO_MAC_SIZE];
	size_t digest_size = 0;
	int r = -EIO;

	if (EVP_MAC_update(mac->context, data, size) == 1 &&
	    EVP_MAC_final(mac->context, digest, &digest_size, sizeof(digest)) == 1 && digest_size == sizeof(digest)) {
		memcpy(ret_digest, digest, sizeof(digest));
		r = 0;
	}
	secret_wipe(digest, sizeof(digest));
	return r;
}

int crypto_mac_compute(struct crypto_mac *mac, const void *data, size_t size, uint8_t ret_digest[CRYPTO_MAC_SIZE])
{
	return EVP_MAC_init(mac->context, NULL, 0, NULL) == 1 ? mac_finish(mac, data, size, ret_digest) : -EIO;
}

struct crypto_signer {
	struct crypto_mac mac;
};

int crypto_signer_new(struct crypto_signer **ret_signer)
{
	struct crypto_signer *signer = calloc(1, sizeof(*signer));

	if (!signer)
		return -ENOMEM;
	if (mac_init(&signer->mac, NULL) < 0) {
		crypto_signer_free(signer);
		return -EIO;
	}
	*ret_signer = signer;
	return 0;
}

void crypto_signer_free(struct crypto_signer *signer)
{
	if (!signer)
		return;
	mac_done(&signer->mac);
	free(signer);
}

int crypto_signer_compute(struct crypto_signer *signer, const void *key, size_t key_size, const void *data, size_t size,
			  uint8_t ret_digest[CRYPTO_MAC_SIZE])
{
	static const uint8_t nothing[CRYPTO_KEY_SIZE];
	uint8_t digest[CRYPTO_MAC_SIZE];
	int r = -EIO;

	/* The key before stays in force where none is given. */
	if (key_size > 0 && EVP_MAC_init(signer->mac.context, key, key_size, NULL) == 1)
		r = mac_finish(&signer->mac, data, size, digest);
	/* Another key takes the place of what was derived from this one. */
	if (EVP_MAC_init(signer->mac.context, nothing, sizeof(nothing), NULL) != 1)
		r = -EIO;
	if (r == 0)
		memcpy(ret_digest, digest, sizeof(digest));
	secret_wipe(digest, sizeof(digest));
	return r;
}

/* A context for AES-256-GCM with key, nonce and associated data in it. */
static bool start_cipher(EVP_CIPHER_CTX *context, const uint8_t *key, const uint8_t *nonce, const char *associated,
			 bool seal)
{
	CLEANUP(free_cipher) EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL);
	size_t associated_size = strlen(associated);
	int written;

	return cipher && associated_size <= INT_MAX &&
	       EVP_CipherInit_ex2(context, cipher, key, nonce, seal, NULL) == 1 &&
	       EVP_CIPHER_CTX_get_iv_length(context) == NONCE_SIZE &&
	       EVP_CipherUpdate(context, NULL, &written, (const uint8_t *)associated, (int)associated_size) == 1;
}

/* What crypto_seal() does; leaves wiping to it. */
static bool seal(const uint8_t *key, const char *associated, const uint8_t *plain, size_t size, uint8_t *sealed)
{
	CLEANUP(free_cipher_context) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	uint8_t *ciphertext = sealed + NONCE_SIZE;
	int written = 0, rest = 0;

	return context && RAND_bytes(sealed, NONCE_SIZE) == 1 && start_cipher(context, key, sealed, associated, true) &&
	       EVP_CipherUpdate(context, ciphertext, &written, plain, (int)size) == 1 && written == (int)size &&
	       EVP_CipherFinal_ex(context, ciphertext + size, &rest) == 1 && rest == 0 &&
	       EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE, ciphertext + size) == 1;
}

int crypto_seal(const uint8_t key[CRYPTO_KEY_SIZE], const char *associated, const void *plain, size_t size,
		void *ret_sealed)
{
	if (size > INT_MAX - CRYPTO_SEAL_OVERHEAD)
		return -EIO;
	if (!seal(key, associated, plain, size, ret_sealed)) {
		secret_wipe(ret_sealed, size + CRYPTO_SEAL_OVERHEAD);
		return -EIO;
	}
	return 0;
}

/* What crypto_open() does; leaves wiping to it. */
static int open_sealed(const uint8_t *key, const char *associated, const uint8_t *sealed, size_t size, uint8_t *plain)
{
	CLEANUP(free_cipher_context) EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	const uint8_t *ciphertext = sealed + NONCE_SIZE;
	uint8_t tag[TAG_SIZE], none;
	int written = 0, rest = 0;

	memcpy(tag, ciphertext + size, sizeof(tag));
	if (!context || !start_cipher(context, key, sealed, associated, false) ||
	    EVP_CipherUpdate(context, plain, &written, ciphertext, (int)size) != 1 || written != (int)size ||
	    EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, sizeof(tag), tag) != 1)
		return -EIO;
	/* A stream cipher has nothing left to write here: this compares the tag. */
	return EVP_CipherFinal_ex(context, &none, &rest) == 1 ? 0 : -EBADMSG;
}

int crypto_open(const uint8_t key[CRYPTO_KEY_SIZE], const char *associated, const void *sealed, size_t sealed_size,
		void *ret_plain)
{
	size_t size;
	int r;

	if (sealed_size < CRYPTO_SEAL_OVERHEAD || sealed_size > INT_MAX)
		return -EBADMSG;
	size = sealed_size - CRYPTO_SEAL_OVERHEAD;
	r = open_sealed(key, associated, sealed, size, ret_plain);
	if (r < 0)
		secret_wipe(ret_plain, size);
	return r;
}

/* ---- parts ---- */

struct crypto_hash {
	EVP_MD *algorithm;
	EVP_MD_CTX *context;
};

int crypto_hash_new(struct crypto_hash **ret_hash)
{
	struct crypto_hash *hash = calloc(1, sizeof(*hash));

	if (!hash)
		return -ENOMEM;
	hash->algorithm = EVP_MD_fetch(NULL, "SHA256", NULL);
	hash->context = EVP_MD_CTX_new();
	if (!hash->algorithm || !hash->context || EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) != 1) {
		crypto_hash_free(hash);
		return -EIO;
	}
	*ret_hash = hash;
	return 0;
}

void crypto_hash_free(struct crypto_hash *hash)
{
	if (!hash)
		return;
	EVP_MD_CTX_free(hash->context);
	EVP_MD_free(hash->algorithm);
	free(hash);
}

int crypto_hash_add(struct crypto_hash *hash, const void *data, size_t size)
{
	return EVP_DigestUpdate(hash->context, data, size) == 1 ? 0 : -EIO;
}

int crypto_hash_read(struct crypto_hash *hash, uint8_t ret_digest[CRYPTO_HASH_SIZE])
{
	uint8_t digest[EVP_MAX_MD_SIZE];
	unsigned int size = 0;

	if (EVP_DigestFinal_ex(hash->context, digest, &size) != 1 || size != CRYPTO_HASH_SIZE)
		return -EIO;
	memcpy(ret_digest, digest, CRYPTO_HASH_SIZE);
	return 0;
}

int crypto_hash_compute(struct crypto_hash *hash, const void *data, size_t size, uint8_t ret_digest[CRYPTO_HASH_SIZE])
{
	if (EVP_DigestInit_ex2(hash->context, hash->algorithm, NULL) != 1 || crypto_hash_add(hash, data, size) < 0)
		return -EIO;
	return crypto_hash_read(hash, ret_digest);
}

int crypto_sha256(const void *data, size_t size, uint8_t ret_digest[CRYPTO_HASH_SIZE])
{
	struct crypto_hash *hash;
	int r = crypto_hash_new(&hash);

	if (r < 0)
		return r;
	r = crypto_hash_add(hash, data, size);
	if (r == 0)
		r = crypto_hash_read(hash, ret_digest);
	crypto_hash_free(hash);
	return r;
}

/* ---- passphrases ---- */

static void free_kdf(EVP_KDF **kdf)
{
	EVP_KDF_free(*kdf);
}

static void free_kdf_context(EVP_KDF_CTX **context)
{
	EVP_KDF_CTX_free(*context);
}

int crypto_stretch(const struct crypto_stretch *parameters, const char *passphrase, size_t size,
		   uint8_t ret_key[CRYPTO_KEY_SIZE])
{
	CLEANUP(free_kdf) EVP_KDF *algorithm = EVP_KDF_fetch(NULL, "SCRYPT", NULL);
	CLEANUP(free_kdf_context) EVP_KDF_CTX *context = algorithm ? EVP_KDF_CTX_new(algorithm) : NULL;
	struct crypto_stretch copy = *parameters;
	/* What libcrypto may take: as much as these parameters need, and some for its own use. */
	uint64_t memory = 128 * copy.n * copy.r + 128 * (uint64_t)copy.r * copy.p + 1024 * 1024;
	OSSL_PARAM list[] = {
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_PASSWORD, (void *)(uintptr_t)passphrase, size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, copy.salt, sizeof(copy.salt)),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_N, &copy.n),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_R, &copy.r),
		OSSL_PARAM_construct_uint32(OSSL_KDF_PARAM_SCRYPT_P, &copy.p),
		OSSL_PARAM_construct_uint64(OSSL_KDF_PARAM_SCRYPT_MAXMEM, &memory),
		OSSL_PARAM_construct_end(),
	};

	if (context && EVP_KDF_derive(context, ret_key, CRYPTO_KEY_SIZE, list) == 1)
		return 0;
	secret_wipe(ret_key, CRYPTO_KEY_SIZE);
	return -EIO;
}
