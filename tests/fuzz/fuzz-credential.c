/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a text is. A whole token is exactly what its parts are written as; nothing else is taken for one, and no part of
 * one is. The input is also made into an opaque token, since no fuzzer guesses check characters.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "proto/access_token.h"
#include "proto/credential.h"
#include "proto/hmac_token.h"
#include "proto/wire.h"
#include "tests/fuzz/fuzz.h"

/* Opaque tokens. */
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

static bool is_one_of_ours(enum credential_kind kind)
{
	return kind == CREDENTIAL_OPAQUE || kind == CREDENTIAL_HMAC || kind == CREDENTIAL_ACCESS;
}

/* The bare credential is the same without the schemes, and again with one; no part of it is one, nor does anything
 * behind it belong to it. */
static void check_bare(const char *bare, const struct credential *credential)
{
	CLEANUP_FREE char *text = malloc(credential->size + strlen("bEARER "));
	struct credential again = credential_classify(bare, credential->size);
	size_t size = credential->size;

	MUST(text);
	MUST(again.kind == credential->kind && again.start == 0 && again.size == size);
	MUST(strcmp(again.id, credential->id) == 0 && again.test == credential->test);
	for (size_t less = 0; less < size; less++)
		MUST(!is_one_of_ours(credential_classify(bare, less).kind));
	memcpy(stpcpy(text, "bEARER "), bare, size);
	again = credential_classify(text, size + strlen("bEARER "));
	MUST(again.kind == (size + strlen("bEARER ") > WIRE_CREDENTIAL_MAX ? CREDENTIAL_NONE : credential->kind));
	memcpy(text, bare, size);
	text[size] = '=';
	MUST(!is_one_of_ours(credential_classify(text, size + 1).kind));
}

static void check_kind(const char *text, size_t size, const struct credential *credential)
{
	struct hmac_token hmac;
	struct access_token access;

	MUST(credential->start + credential->size == size);
	MUST((credential->problem[0] != '\0') ==
	     (credential->kind == CREDENTIAL_MALFORMED || credential->kind == CREDENTIAL_TRUNCATED));
	if (credential->kind == CREDENTIAL_OPAQUE)
		check_whole(text + credential->start, credential->size, credential);
	if (credential->kind == CREDENTIAL_HMAC) {
		MUST(hmac_token_parse(text + credential->start, credential->size, &hmac) == HMAC_TOKEN_WELL_FORMED);
		MUST(credential_is_public_key(credential->id));
	}
	if (credential->kind == CREDENTIAL_ACCESS)
		MUST(access_token_parse(text + credential->start, credential->size, &access) ==
		     ACCESS_TOKEN_WELL_FORMED);
	if (credential->kind == CREDENTIAL_OTHER)
		MUST(credential->size >= CREDENTIAL_OTHER_MIN && credential->size <= CREDENTIAL_OTHER_MAX);
	if (is_one_of_ours(credential->kind))
		check_bare(text + credential->start, credential);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	struct credential credential = credential_classify((const char *)data, size);

	if (size == 0 || size > WIRE_CREDENTIAL_MAX || strlen(text) != size)
		MUST(credential.kind == CREDENTIAL_NONE && credential.problem[0] == '\0');
	else
		check_kind((const char *)data, size, &credential);
	MUST(credential.kind == CREDENTIAL_OPAQUE || !credential.test);
	MUST((credential.kind == CREDENTIAL_OPAQUE || credential.kind == CREDENTIAL_HMAC) ==
	     (credential.id[0] != '\0'));
	/* A token, or what should be an opaque one and is longer than an id, must not be logged whole. */
	if (is_one_of_ours(credential.kind) || (strncmp(text, "ak_", 3) == 0 && strlen(text) > 3 + CREDENTIAL_ID_SIZE))
		MUST(credential_looks_secret(text));
	MUST(credential_shown_size(text) < strlen(text) || *text == '\0');
	MUST(!credential_is_id(text) || !credential_looks_secret(text));
	check_made(data, size);
	return 0;
}
