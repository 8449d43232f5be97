/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * All of libapikey-sign. A token that is handed out is one that the daemon's own parser takes: what stands in it is
 * judged by that, and by nothing else here. Defends against a private key that stays in memory, and against a token
 * that would only be refused where nobody says why.
 */
#include "lib/apikey-sign.h"

#include <errno.h>
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "common/secret.h"
#include "crypto/pair_signature.h"
#include "lib/versioned.h"
#include "proto/hmac_token.h"

#define NONCE_SIZE 22 /* 131 random bits */
#define EPOCH_MAX (HMAC_TOKEN_EPOCH_DIGITS + 1 + HMAC_TOKEN_FRACTION_DIGITS)
#define TOKEN_MAX                                                                                                      \
	(CREDENTIAL_PUBLIC_KEY_SIZE + 1 + HMAC_TOKEN_NONCE_MAX + 1 + EPOCH_MAX + 1 + HMAC_TOKEN_SIGNATURE_SIZE)

/* What a token is made of. */
struct parts {
	const char *public_key, *nonce, *epoch, *body_hash;
	char own_nonce[NONCE_SIZE + 1], own_epoch[24], own_hash[PAIR_BODY_HASH_SIZE + 1];
};

static void free_signer(struct crypto_signer **signer)
{
	crypto_signer_free(*signer);
}

const char *apikey_sign_message(enum apikey_sign_answer answer)
{
	static const char *const messages[] = {
		[APIKEY_SIGN_OK] = "Nothing is wrong.",
		[APIKEY_SIGN_PUBLIC_KEY] = "The public key has to be 8-4-4-4-12 hexadecimal digits in lower case.",
		[APIKEY_SIGN_PRIVATE_KEY] =
			"The private key has to be the base64 of 32 bytes: 44 characters, of which the last is '='.",
		[APIKEY_SIGN_NONCE] = "The nonce has to be 1 to 128 letters, digits, '.', '_' and '-'.",
		[APIKEY_SIGN_EPOCH] =
			"The epoch has to be seconds since 1970, up to 12 digits, with a fraction of up to 9 or none.",
		[APIKEY_SIGN_BODY_HASH] =
			"The body hash has to be the base64 of a SHA-256, or empty for an empty body.",
	};

	return (unsigned int)answer < ARRAY_SIZE(messages) ? messages[answer] : "There is no such answer.";
}

/* Which of the texts the parser of tokens does not like; a signature that it does not like is none that we made. */
static enum apikey_sign_answer blame(enum hmac_token_error error)
{
	switch (error) {
	case HMAC_TOKEN_NONCE_EMPTY:
	case HMAC_TOKEN_NONCE_CHARACTER:
	case HMAC_TOKEN_NONCE_LENGTH:
		return APIKEY_SIGN_NONCE;
	case HMAC_TOKEN_EPOCH_EMPTY:
	case HMAC_TOKEN_EPOCH_CHARACTER:
	case HMAC_TOKEN_EPOCH_LENGTH:
	case HMAC_TOKEN_EPOCH_FRACTION:
		return APIKEY_SIGN_EPOCH;
	default:
		return APIKEY_SIGN_PUBLIC_KEY;
	}
}

/* Whether each text could be a field, so that the token is cut where they were joined. */
static enum apikey_sign_answer check_sizes(const struct parts *parts)
{
	const struct {
		const char *text;
		size_t max;
		enum apikey_sign_answer answer;
	} fields[] = {
		{ parts->public_key, CREDENTIAL_PUBLIC_KEY_SIZE, APIKEY_SIGN_PUBLIC_KEY },
		{ parts->nonce, HMAC_TOKEN_NONCE_MAX, APIKEY_SIGN_NONCE },
		{ parts->epoch, EPOCH_MAX, APIKEY_SIGN_EPOCH },
	};

	for (size_t i = 0; i < ARRAY_SIZE(fields); i++) {
		if (strlen(fields[i].text) > fields[i].max || strchr(fields[i].text, ':'))
			return fields[i].answer;
	}
	return APIKEY_SIGN_OK;
}

static bool is_body_hash(const char *text)
{
	uint8_t digest[CRYPTO_HASH_SIZE];
	size_t size = 0;

	return *text == '\0' || (strlen(text) == PAIR_BODY_HASH_SIZE &&
				 encoding_base64_decode(text, PAIR_BODY_HASH_SIZE, digest, sizeof(digest), &size));
}

/* Joins the parts and a signature. 0 and the token; a positive enum apikey_sign_answer; -EIO. */
static int join(const struct parts *parts, const char *signature, char ret_token[TOKEN_MAX + 1])
{
	struct hmac_token parsed;
	enum hmac_token_error error;
	int size = snprintf(ret_token, TOKEN_MAX + 1, "%s:%s:%s:%s", parts->public_key, parts->nonce, parts->epoch,
			    signature);

	if (size < 0 || size > TOKEN_MAX)
		return -EIO;
	error = hmac_token_parse(ret_token, (size_t)size, &parsed);
	secret_wipe(&parsed, sizeof(parsed));
	return error == HMAC_TOKEN_WELL_FORMED ? 0 : (int)blame(error);
}

/* What the caller leaves to us. 0, a positive enum apikey_sign_answer, or a negative errno. */
static int fill_in(const void *body, size_t size, struct parts *parts)
{
	int r = 0;

	if (!parts->nonce) {
		r = crypto_random_base62(parts->own_nonce, NONCE_SIZE);
		parts->nonce = parts->own_nonce;
	}
	if (!parts->epoch) {
		snprintf(parts->own_epoch, sizeof(parts->own_epoch), "%" PRId64, (int64_t)time(NULL));
		parts->epoch = parts->own_epoch;
	}
	if (parts->body_hash)
		return r < 0 || is_body_hash(parts->body_hash) ? r : APIKEY_SIGN_BODY_HASH;
	if (r == 0)
		r = pair_hash_body(body, size, parts->own_hash);
	parts->body_hash = parts->own_hash;
	return r;
}

static struct pair_field field(const char *text)
{
	return (struct pair_field){ text, strlen(text) };
}

static int sign(const struct parts *parts, const char *private_key, char ret_signature[PAIR_SIGNATURE_SIZE + 1])
{
	CLEANUP(free_signer) struct crypto_signer *signer = NULL;
	const struct pair_fields fields = { field(parts->public_key), field(parts->nonce), field(parts->epoch),
					    field(parts->body_hash) };
	uint8_t key[CRYPTO_KEY_SIZE];
	int r;

	if (pair_read_private_key(private_key, strlen(private_key), key) < 0)
		return APIKEY_SIGN_PRIVATE_KEY;
	r = crypto_signer_new(&signer);
	if (r == 0)
		r = pair_sign(signer, key, &fields, ret_signature);
	secret_wipe(key, sizeof(key));
	return r;
}

/* The token of parts that are complete. */
static int make(const struct parts *parts, const char *private_key, char **ret_token)
{
	/* Anything that has the form of a signature: what is wrong otherwise is found before the key is touched. */
	char signature[PAIR_SIGNATURE_SIZE + 1] = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
	char token[TOKEN_MAX + 1];
	int r = (int)check_sizes(parts);

	if (r == 0)
		r = join(parts, signature, token);
	if (r == 0)
		r = sign(parts, private_key, signature);
	if (r == 0)
		r = join(parts, signature, token);
	if (r == 0) {
		char *copy = strdup(token);

		if (copy)
			*ret_token = copy;
		else
			r = -ENOMEM;
	}
	secret_wipe(signature, sizeof(signature));
	secret_wipe(token, sizeof(token));
	return r;
}

int apikey_sign_token(const char *public_key, const char *private_key, const void *body, size_t size,
		      const struct apikey_sign_options *given_options, char **ret_token)
{
	struct apikey_sign_options options;
	struct parts parts = { .public_key = public_key };
	int r;

	if (versioned_read(given_options, &options, sizeof(options)) < 0 || !public_key || !private_key || !ret_token)
		return -EINVAL;
	if ((!body && size > 0) || (options.body_hash && (body || size > 0)))
		return -EINVAL;
	parts.nonce = options.nonce;
	parts.epoch = options.epoch;
	parts.body_hash = options.body_hash;
	r = fill_in(body, size, &parts);
	return r == 0 ? make(&parts, private_key, ret_token) : r;
}

void apikey_sign_free(char *token)
{
	if (token)
		secret_wipe(token, strlen(token));
	free(token);
}
