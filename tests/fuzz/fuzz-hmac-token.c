/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The shape of an HMAC token. What is accepted is written again from its fields, byte by byte the same, so no token has
 * two texts; a cut one is told as cut. What is not accepted has one mistake with a sentence.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "proto/hmac_token.h"
#include "tests/fuzz/fuzz.h"

static void check_fields(const char *text, size_t size, const struct hmac_token *token)
{
	CLEANUP_FREE char *again = malloc(size + 1);
	char signature[HMAC_TOKEN_SIGNATURE_SIZE + 1];
	int64_t seconds = 0;
	char *end;

	MUST(again);
	MUST(token->nonce_size >= 1 && token->nonce_size <= HMAC_TOKEN_NONCE_MAX && token->epoch_size >= 1);
	end = mempcpy(again, token->public_key, CREDENTIAL_PUBLIC_KEY_SIZE);
	*end++ = ':';
	end = mempcpy(end, token->nonce, token->nonce_size);
	*end++ = ':';
	end = mempcpy(end, token->epoch, token->epoch_size);
	*end++ = ':';
	MUST((size_t)(end - again) == token->signed_size);
	MUST(token->signed_size + HMAC_TOKEN_SIGNATURE_SIZE == size);
	MUST(token->signature == text + token->signed_size);
	encoding_base64_encode(token->mac, sizeof(token->mac), signature);
	memcpy(end, signature, HMAC_TOKEN_SIGNATURE_SIZE);
	MUST(memcmp(again, text, size) == 0);
	/* The fields cannot be cut in another way, and the number is that of the text. */
	MUST(!memchr(token->nonce, ':', token->nonce_size) && !memchr(token->epoch, ':', token->epoch_size));
	for (size_t i = 0; i < token->epoch_size && token->epoch[i] != '.'; i++)
		seconds = seconds * 10 + (token->epoch[i] - '0');
	MUST(seconds == token->seconds && seconds >= 0 && seconds <= INT64_C(999999999999));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	struct hmac_token token, part;
	enum hmac_token_error error = hmac_token_parse(text, size, &token);

	MUST(error < HMAC_TOKEN_ERROR_COUNT);
	MUST((hmac_token_error_sentence(error)[0] == '\0') == (error == HMAC_TOKEN_WELL_FORMED));
	MUST((error == HMAC_TOKEN_NUL) == (size > 0 && memchr(text, '\0', size) != NULL));
	if (error == HMAC_TOKEN_WELL_FORMED)
		check_fields(text, size, &token);
	/* What is right as far as it goes stays so when less of it comes. */
	if (error == HMAC_TOKEN_WELL_FORMED || error == HMAC_TOKEN_TRUNCATED)
		for (size_t less = 0; less < size; less++)
			MUST(hmac_token_parse(text, less, &part) == HMAC_TOKEN_TRUNCATED);
	return 0;
}
