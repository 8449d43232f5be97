/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * verify-load SOCKETS PID KEYS COUNT FLIGHT: presents COUNT tokens, uniformly random among the first KEYS of
 * bench/tokens.h, on one persistent connection with FLIGHT of them in flight. Prints, in microseconds a verification:
 * elapsed, the daemon's CPU (all its threads, user and system), the client's CPU; and the daemon's resident memory in
 * KiB. PID 0: the server's CPU and memory are not looked at. Fails when one is not granted.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/measure.h"
#include "bench/tokens.h"
#include "lib/apikey.h"

struct load {
	struct apikey_client *client;
	uint64_t keys, left, random;
	unsigned long refused;
	int error;
};

static void answered(void *data, const struct apikey_result *result);

static void submit(struct load *load)
{
	char id[CREDENTIAL_ID_SIZE + 1], token[CREDENTIAL_OPAQUE_MAX + 1];
	struct apikey_request request = { .size = sizeof(request), .service = "bench", .permission = "bench.verify" };

	if (load->left == 0 || load->error < 0)
		return;
	load->left--;
	load->random = load->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	tokens_make((load->random >> 33) % load->keys, id, token);
	request.credential = token;
	load->error = apikey_client_submit(load->client, &request, answered, load);
}

static void answered(void *data, const struct apikey_result *result)
{
	struct load *load = data;

	if (result->verdict != APIKEY_GRANTED)
		load->refused++;
	submit(load);
}

int main(int argc, char **argv)
{
	struct apikey_options options = { .size = sizeof(options), .timeout = 10000 };
	struct load load = { .random = 42 };
	double wall, cpu, own, count;
	long pid;
	int r;

	if (argc != 6) {
		fprintf(stderr, "usage: verify-load SOCKETS PID KEYS COUNT FLIGHT\n");
		return 2;
	}
	options.path = argv[1];
	pid = strtol(argv[2], NULL, 10);
	load.keys = strtoull(argv[3], NULL, 10);
	load.left = strtoull(argv[4], NULL, 10);
	count = (double)load.left;
	r = apikey_client_open(&options, &load.client);
	if (r < 0) {
		fprintf(stderr, "verify-load: %s\n", strerror(-r));
		return EXIT_FAILURE;
	}
	wall = measure_seconds(CLOCK_MONOTONIC);
	own = measure_seconds(CLOCK_PROCESS_CPUTIME_ID);
	cpu = measure_cpu(pid);
	for (long i = strtol(argv[5], NULL, 10); i > 0; i--)
		submit(&load);
	while (apikey_client_pending(load.client) > 0 && r == 0)
		r = apikey_client_wait(load.client, 60000);
	wall = measure_seconds(CLOCK_MONOTONIC) - wall;
	own = measure_seconds(CLOCK_PROCESS_CPUTIME_ID) - own;
	cpu = measure_cpu(pid) - cpu;
	apikey_client_free(load.client);
	if (r < 0 || load.error < 0 || load.refused > 0) {
		fprintf(stderr, "verify-load: %lu refused, %s\n", load.refused, strerror(-(r < 0 ? r : load.error)));
		return EXIT_FAILURE;
	}
	printf("%.2f %.2f %.2f %ld\n", wall / count * 1e6, cpu / count * 1e6, own / count * 1e6, measure_resident(pid));
	return EXIT_SUCCESS;
}
