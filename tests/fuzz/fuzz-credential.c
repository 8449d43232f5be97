/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a credential text is. A whole token is exactly what its id and secret are written as; nothing else is taken for
 * one. The input is also made into a token, since no fuzzer guesses check characters.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "proto/credential.h"
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"

static void check_whole(const char *text, size_t size, const struct credential *credential)
{
	size_t prefix = credential->test ? 4 : 3;
	char again[CREDENTIAL_OPAQUE_MAX + 1];

	MUST(size == (credential->test ? CREDENTIAL_OPAQUE_MAX : CREDENTIAL_OPAQUE_SIZE));
	MUST(credential_is_id(credential->id));
	credential_write_opaque(credential->test, credential->id, text + prefix + CREDENTIAL_ID_SIZE + 1, again);
	MUST(strlen(again) == size && memcmp(again, text, size) == 0);
	MUST(credential_looks_secret(again));
	for (size_t less = 0; less < size; less++)
		MUST(credential_classify(text, less).kind == (less < prefix ? CREDENTIAL_NONE : CREDENTIAL_TRUNCATED));
}

static void check_made(const uint8_t *data, size_t size)
{
	char id[CREDENTIAL_ID_SIZE], secret[CREDENTIAL_SECRET_SIZE], token[CREDENTIAL_OPAQUE_MAX + 1];
	struct credential credential;
	bool test = size > 0 && data[0] & 1;

	for (size_t i = 0; i < sizeof(id); i++)
		id[i] = encoding_base62[i < size ? data[i] % 62 : 0];
	for (size_t i = 0; i < sizeof(secret); i++)
		secret[i] = encoding_base62[i + sizeof(id) < size ? data[i + sizeof(id)] % 62 : 0];
	credential_write_opaque(test, id, secret, token);
	credential = credential_classify(token, strlen(token));
	MUST(credential.kind == CREDENTIAL_OPAQUE && credential.test == test);
	MUST(memcmp(credential.id, id, sizeof(id)) == 0);
	check_whole(token, strlen(token), &credential);
	/* The last byte chooses a character to change. */
	token[size > 0 ? data[size - 1] % strlen(token) : 0] ^= 1;
	MUST(credential_classify(token, strlen(token)).kind != CREDENTIAL_OPAQUE);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	struct credential credential = credential_classify((const char *)data, size);

	if (size == 0 || size > WIRE_CREDENTIAL_MAX || strlen(text) != size)
		MUST(credential.kind == CREDENTIAL_NONE);
	if (credential.kind == CREDENTIAL_OPAQUE)
		check_whole((const char *)data, size, &credential);
	else
		MUST(credential.id[0] == '\0' && !credential.test);
	/* A text of ours that is longer than an id must not be logged whole. */
	if (credential.kind != CREDENTIAL_NONE && size > 4 + CREDENTIAL_ID_SIZE)
		MUST(credential_looks_secret(text));
	MUST(!credential_is_id(text) || !credential_looks_secret(text));
	check_made(data, size);
	return 0;
}
