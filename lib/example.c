/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Verifies a credential read from standard input: example SERVICE PERMISSION [RUNTIME-FOLDER] */
#include <apikey.h>

#include <stdio.h>
#include <string.h>

int main(int argc, char **argv)
{
	struct apikey_options options = { .size = sizeof(options) };
	struct apikey_request request = { .size = sizeof(request) };
	struct apikey_result *result;
	char credential[2048 + 2] = "";
	int r, granted;

	if (argc < 3 || !fgets(credential, sizeof(credential), stdin))
		return 2;
	credential[strcspn(credential, "\n")] = '\0';
	request.credential = credential;
	request.service = argv[1];
	request.permission = argv[2];
	options.path = argv[3]; /* NULL: the daemon of this system */
	r = apikey_verify(&options, &request, &result);
	explicit_bzero(credential, sizeof(credential));
	if (r < 0) {
		fprintf(stderr, "%s\n", strerror(-r));
		return 2;
	}
	granted = result->verdict == APIKEY_GRANTED;
	printf("%s ", apikey_verdict_name(result->verdict));
	puts(granted ? result->owner : result->reason);
	apikey_result_free(result);
	return granted ? 0 : 1;
}
