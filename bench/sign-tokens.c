/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * sign-tokens PAIRS COUNT: prints so many HMAC tokens of the first PAIRS of bench/pairs.h in turn, one a line.
 */
#include <stdio.h>
#include <stdlib.h>

#include "bench/pairs.h"

int main(int argc, char **argv)
{
	uint64_t pairs = argc == 3 ? strtoull(argv[1], NULL, 10) : 0, state = pairs_begin();
	unsigned long count = pairs > 0 ? strtoul(argv[2], NULL, 10) : 0;
	struct crypto_signer *signer;

	if (count == 0 || crypto_signer_new(&signer) < 0) {
		fprintf(stderr, "usage: sign-tokens PAIRS COUNT\n");
		return 2;
	}
	for (unsigned long i = 0; i < count; i++) {
		char token[PAIRS_TOKEN_MAX + 1];

		if (pairs_sign(signer, i % pairs, &state, token) < 0)
			return EXIT_FAILURE;
		puts(token);
	}
	crypto_signer_free(signer);
	return EXIT_SUCCESS;
}
