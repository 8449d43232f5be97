/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Gets an access token with a key pair, which is read from standard input, on two lines: example [RUNTIME-FOLDER] */
#include <apikey-sign.h>
#include <apikey.h>

#include <stdio.h>
#include <string.h>

/* The proof is good once; the access token that comes for it is printed. */
static int exchange(struct apikey_admin *admin, const char *proof)
{
	struct apikey_token *token;
	int r = apikey_token_issue(admin, proof, &token);

	if (r != 0) {
		fprintf(stderr, "%s\n", r > 0 ? apikey_admin_message(admin) : strerror(-r));
		return 1;
	}
	puts(token->token);
	fprintf(stderr, "good %s, until %lld\n", token->reuse ? "as often as it is used" : "once",
		(long long)token->expires);
	apikey_token_free(token);
	return 0;
}

int main(int argc, char **argv)
{
	struct apikey_options options = { .size = sizeof(options), .path = argc > 1 ? argv[1] : NULL };
	char public_key[64] = "", private_key[64] = "", *proof;
	struct apikey_admin *admin;
	int r;

	if (!fgets(public_key, sizeof(public_key), stdin) || !fgets(private_key, sizeof(private_key), stdin))
		return 2;
	public_key[strcspn(public_key, "\n")] = '\0';
	private_key[strcspn(private_key, "\n")] = '\0';
	r = apikey_sign_token(public_key, private_key, NULL, 0, NULL, &proof);
	explicit_bzero(private_key, sizeof(private_key));
	if (r != 0) {
		fprintf(stderr, "%s\n", r > 0 ? apikey_sign_message(r) : strerror(-r));
		return 2;
	}
	r = apikey_admin_open(&options, &admin);
	if (r == 0) {
		r = exchange(admin, proof);
		apikey_admin_free(admin);
	} else {
		fprintf(stderr, "%s\n", strerror(-r));
		r = 2;
	}
	apikey_sign_free(proof);
	return r;
}
