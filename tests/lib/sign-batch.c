/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What tests/lib/other-signer.py compares itself with. A line of standard input is
 *
 *     sign PUBLIC-KEY PRIVATE-KEY NONCE EPOCH BODY        the answer: the token that the library makes
 *     verify PRIVATE-KEY TOKEN BODY                       the answer: good or bad
 *
 * with the body in hexadecimal behind an "x", so that an empty one is a word too. A line that is neither ends it all.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "crypto/pair_signature.h"
#include "lib/apikey-sign.h"
#include "proto/hmac_token.h"

#define WORDS_MAX 6

struct body {
	unsigned char *bytes;
	size_t size;
};

static void die(const char *why)
{
	fprintf(stderr, "sign-batch: %s\n", why);
	exit(2);
}

static struct body read_body(const char *word)
{
	size_t size = strlen(word) / 2;
	struct body body = { malloc(size + 1), size };

	if (!body.bytes || *word != 'x' || !encoding_unhex(word + 1, body.bytes, size))
		die("the body cannot be read");
	return body;
}

static void sign(char **words)
{
	struct apikey_sign_options options = { .size = sizeof(options), .nonce = words[3], .epoch = words[4] };
	struct body body = read_body(words[5]);
	char *token;
	int r = apikey_sign_token(words[1], words[2], body.bytes, body.size, &options, &token);

	if (r != 0)
		die(r > 0 ? apikey_sign_message((enum apikey_sign_answer)r) : strerror(-r));
	puts(token);
	apikey_sign_free(token);
	free(body.bytes);
}

static void verify(struct crypto_signer *signer, char **words)
{
	struct body body = read_body(words[3]);
	char hash[PAIR_BODY_HASH_SIZE + 1];
	uint8_t key[CRYPTO_KEY_SIZE];
	struct hmac_token token;
	struct pair_fields fields;

	if (pair_read_private_key(words[1], strlen(words[1]), key) < 0 ||
	    pair_hash_body(body.bytes, body.size, hash) < 0)
		die("the private key or the body is none");
	free(body.bytes);
	if (hmac_token_parse(words[2], strlen(words[2]), &token) != HMAC_TOKEN_WELL_FORMED) {
		puts("bad");
		return;
	}
	fields = (struct pair_fields){
		.public_key = { token.public_key, CREDENTIAL_PUBLIC_KEY_SIZE },
		.nonce = { token.nonce, token.nonce_size },
		.epoch = { token.epoch, token.epoch_size },
		.body_hash = { hash, strlen(hash) },
	};
	puts(pair_verify(signer, key, &fields, token.signature, HMAC_TOKEN_SIGNATURE_SIZE) == 0 ? "good" : "bad");
}

int main(void)
{
	struct crypto_signer *signer = NULL;
	CLEANUP_FREE char *line = NULL;
	size_t capacity = 0;

	if (crypto_signer_new(&signer) < 0)
		die("there is no signer");
	while (getline(&line, &capacity, stdin) > 0) {
		char *words[WORDS_MAX + 1] = { NULL }, *rest = NULL;
		size_t count = 0;

		for (char *word = strtok_r(line, " \n", &rest); word && count <= WORDS_MAX;
		     word = strtok_r(NULL, " \n", &rest))
			words[count++] = word;
		if (count == 6 && strcmp(words[0], "sign") == 0)
			sign(words);
		else if (count == 4 && strcmp(words[0], "verify") == 0)
			verify(signer, words);
		else
			die("a line is not understood");
	}
	crypto_signer_free(signer);
	return EXIT_SUCCESS;
}
