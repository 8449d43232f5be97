/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The scanner finds what a slow look at each byte finds, no more and no less, in however small pieces it gets the
 * bytes. Some bytes of the input stand for credentials, since no fuzzer guesses check characters.
 */
#include "proto/scan.h"

#include "common/cleanup.h"
#include "tests/fuzz/fuzz.h"
#include "tests/proto/scan-reference.h"

#define SIZE_MOST 20000

struct text {
	size_t size;
	char bytes[SIZE_MOST + CREDENTIAL_OPAQUE_MAX + 1];
};

static void add(struct text *text, const char *bytes, size_t size)
{
	memcpy(text->bytes + text->size, bytes, size);
	text->size += size;
}

/* 1 to 4: a token, a test key, a public key, a token that was changed. */
static void add_credential(struct text *text, uint8_t what, uint8_t seed)
{
	char id[CREDENTIAL_ID_SIZE], secret[CREDENTIAL_SECRET_SIZE], token[CREDENTIAL_OPAQUE_MAX + 1];

	if (what == 3) {
		add(text, "a123456b-c12c-123d-1ab4-18bd8c8e88a3", CREDENTIAL_PUBLIC_KEY_SIZE);
		return;
	}
	memset(id, encoding_base62[seed % 62], sizeof(id));
	memset(secret, encoding_base62[seed / 4 % 62], sizeof(secret));
	credential_write_opaque(what == 2, id, secret, token);
	if (what == 4)
		token[seed % strlen(token)] ^= 1;
	add(text, token, strlen(token));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE struct text *text = malloc(sizeof(*text));
	struct scan_hits wanted, got;
	size_t piece = size > 0 ? data[0] + 1U : 1;

	MUST(text);
	text->size = 0;
	for (size_t i = 1; i < size && text->size < SIZE_MOST; i++) {
		if (data[i] >= 1 && data[i] <= 4)
			add_credential(text, data[i], (uint8_t)(i + data[0]));
		else
			add(text, (const char *)data + i, 1);
	}
	reference_scan(text->bytes, text->size, &wanted);
	for (int whole = 0; whole < 2; whole++) {
		piecewise_scan(text->bytes, text->size, whole ? text->size + 1 : piece, &got);
		MUST(got.count == wanted.count);
		for (size_t i = 0; i < got.count; i++)
			MUST(got.hits[i].kind == wanted.hits[i].kind && got.hits[i].at == wanted.hits[i].at &&
			     got.hits[i].size == wanted.hits[i].size);
		free(got.hits);
	}
	free(wanted.hits);
	return 0;
}
