/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Prints the header of a request whose body is the first argument; the pair is read from standard input, on two lines.
 */
#include <apikey-sign.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	const char *body = argc > 1 ? argv[1] : "";
	char public_key[64] = "", private_key[64] = "", *token;
	int r;

	if (!fgets(public_key, sizeof(public_key), stdin) || !fgets(private_key, sizeof(private_key), stdin))
		return 2;
	public_key[strcspn(public_key, "\n")] = '\0';
	private_key[strcspn(private_key, "\n")] = '\0';
	r = apikey_sign_token(public_key, private_key, body, strlen(body), NULL, &token);
	explicit_bzero(private_key, sizeof(private_key));
	if (r != 0) {
		fprintf(stderr, "%s\n", r > 0 ? apikey_sign_message(r) : strerror(-r));
		return 1;
	}
	printf("Authorization: Hmac %s\n", token);
	apikey_sign_free(token);
	return 0;
}
