/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * plant MIB COUNT: writes so many MiB of what logs and source code look like to standard output, with the keys 0 to
 * COUNT - 1 of bench/tokens.h strewn over it, and as many texts that are one character away from such a key.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/tokens.h"

#define PIECE ((size_t)1024 * 1024)

static const char *const words[] = {
	"2026-11-22T13:07:17Z",
	"host-17",
	"sshd[4711]:",
	"Accepted password for alice from 192.0.2.7 port 51234 ssh2",
	"static int verify_find_secret(const struct store_key *key, enum store_form form)",
	"GET /v1/account/tenants",
	"5f2504e0-4f89-11d3-9a0c-0305e82c3301",
	"id_of_the_next_entry",
	"{\"level\":\"info\",\"msg\":\"done\"}",
	"----------------------------------------",
	"__attribute__((cleanup(free_secret)))",
	"ak_",
	"\n",
	"\n",
	" ",
};

/* A mebibyte of it; the ends of lines come where they come. */
static void fill(uint64_t *state, char *piece)
{
	size_t size = 0;

	while (size < PIECE) {
		const char *word = words[tokens_random(state) % (sizeof(words) / sizeof(words[0]))];
		size_t length = strlen(word) < PIECE - size ? strlen(word) : PIECE - size;

		for (size_t i = 0; i < length; i++)
			piece[size + i] = word[i];
		size += length;
		if (size < PIECE)
			piece[size++] = ' ';
	}
}

static void put(uint64_t *state, char *piece, uint64_t number, bool near)
{
	char id[CREDENTIAL_ID_SIZE + 1], token[CREDENTIAL_OPAQUE_MAX + 1];
	size_t half = PIECE / 2 - CREDENTIAL_OPAQUE_MAX;
	/* The two have a half each, so that neither is written over. */
	char *at = piece + (near ? PIECE / 2 : 0) + tokens_random(state) % half;

	tokens_make(number, id, token);
	if (near)
		token[3 + tokens_random(state) % (strlen(token) - 3)] ^= 1;
	for (size_t i = 0; token[i] != '\0'; i++)
		at[i] = token[i];
}

int main(int argc, char **argv)
{
	unsigned long mebibytes = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	unsigned long count = argc == 3 ? strtoul(argv[2], NULL, 10) : 0, done = 0;
	char *piece = malloc(PIECE);
	uint64_t state = 1;

	if (mebibytes == 0 || count > mebibytes || !piece) {
		fprintf(stderr, "usage: plant MIB COUNT, with no more keys than MiB\n");
		return EXIT_FAILURE;
	}
	for (unsigned long i = 0; i < mebibytes; i++) {
		fill(&state, piece);
		if (done < count && done * mebibytes <= i * count) {
			put(&state, piece, done, false);
			put(&state, piece, done++, true);
		}
		if (fwrite(piece, 1, PIECE, stdout) != PIECE)
			return EXIT_FAILURE;
	}
	free(piece);
	return fflush(stdout) == 0 && done == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
