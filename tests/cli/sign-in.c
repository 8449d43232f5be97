/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a gateway does with what its client shows: sign-in RUNTIME-FOLDER SOURCE AGENT, with the credential on standard
 * input. Prints that of the sign-in; or, where it is refused, the reason, and ends with 1.
 */
#include <stdio.h>
#include <string.h>

#include "lib/apikey.h"

int main(int argc, char **argv)
{
	char credential[2050];
	struct apikey_options options = { .size = sizeof(options), .timeout = 10000 };
	struct apikey_signin_options wanted = { .size = sizeof(wanted), .credential = credential, .portal = 1 };
	struct apikey_signin *signin = NULL;
	struct apikey_admin *admin = NULL;
	int r;

	if (argc != 4 || !fgets(credential, sizeof(credential), stdin))
		return 2;
	credential[strcspn(credential, "\n")] = '\0';
	options.path = argv[1];
	wanted.source = argv[2];
	wanted.agent = argv[3];
	r = apikey_admin_open(&options, &admin);
	if (r == 0)
		r = apikey_signin(admin, &wanted, &signin);
	if (r == 0)
		puts(signin->credential);
	else
		puts(r > 0 ? apikey_admin_reason(admin, NULL) : strerror(-r));
	apikey_signin_free(signin);
	apikey_admin_free(admin);
	return r == 0 ? 0 : 1;
}
