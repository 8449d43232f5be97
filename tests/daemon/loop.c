/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/loop.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct loop loop_open(int argc, char **argv, unsigned int default_times)
{
	struct loop loop = {
		.times = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : default_times,
		.seed = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : (unsigned int)milliseconds(),
	};

	printf("seed %u\n", loop.seed);
	return loop;
}

unsigned int loop_draw(unsigned int *seed, unsigned int limit)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 8) % limit;
}

struct apikey_key_options loop_options(const char *name)
{
	static const char *const permissions[] = { "test.use", NULL };

	return (struct apikey_key_options){
		.size = sizeof(struct apikey_key_options),
		.name = name,
		.owner = "alice",
		.permissions = permissions,
		.expires = APIKEY_NEVER,
	};
}

enum apikey_verdict loop_verify(const struct host *host, const char *credential)
{
	struct apikey_options options = host_options(host);
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = credential,
		.service = host->service,
		.permission = "test.use",
		.user = "alice",
	};
	struct apikey_result *result = NULL;
	enum apikey_verdict verdict;
	int r = apikey_verify(&options, &request, &result);

	if (r < 0)
		fail("apikey_verify: %s", strerror(-r));
	verdict = result->verdict;
	apikey_result_free(result);
	return verdict;
}

void loop_wait(atomic_uint *counter, unsigned int number, atomic_bool *stopped)
{
	int64_t end = milliseconds() + 60000;

	while (atomic_load(counter) < number && !atomic_load(stopped)) {
		if (milliseconds() > end)
			fail("the clients no longer get anything done");
		poll(NULL, 0, 1);
	}
}
