/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * once-load SOCKETS PID WORK KEYS COUNT FLIGHT: presents COUNT credentials with FLIGHT of them in flight. WORK is one
 * of the table below; all credentials, of the first KEYS keys in turn, are made before the clock runs. Prints how many
 * a second; the median, the 99th and the 99.9th percentile of the time from asking to the answer, in microseconds; and
 * microseconds of the daemon's CPU for each. Fails when one is not granted.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/issue.h"
#include "bench/measure.h"
#include "bench/pairs.h"
#include "bench/tokens.h"
#include "lib/apikey.h"

struct load {
	const char *sockets;
	uint64_t keys;
	size_t count, flight;
	char **credentials;
	double *times; /* of each: when it was asked, then how long it took */
	/* presenting */
	struct apikey_client *client;
	size_t next;
	unsigned long refused;
	int error;
};

struct question {
	struct load *load;
	size_t number;
};

/* ---- what is presented ---- */

/* Keys of fill-store, each again and again: no work for the writer. */
static int make_keys(struct load *load)
{
	for (size_t i = 0; i < load->count; i++) {
		char id[CREDENTIAL_ID_SIZE + 1], token[CREDENTIAL_OPAQUE_MAX + 1];

		tokens_make(i % load->keys, id, token);
		load->credentials[i] = strdup(token);
		if (!load->credentials[i])
			return -ENOMEM;
	}
	return 0;
}

static int make_hmac(struct load *load)
{
	struct crypto_signer *signer;
	uint64_t state = pairs_begin();
	int r = crypto_signer_new(&signer);

	if (r < 0)
		return r;
	for (size_t i = 0; r == 0 && i < load->count; i++) {
		char token[PAIRS_TOKEN_MAX + 1];

		r = pairs_sign(signer, i % load->keys, &state, token);
		load->credentials[i] = r == 0 ? strdup(token) : NULL;
		if (r == 0 && !load->credentials[i])
			r = -ENOMEM;
	}
	crypto_signer_free(signer);
	return r;
}

static int issue(struct load *load)
{
	return issue_tokens(load->sockets, load->credentials, load->count, load->flight, load->times, NULL);
}

static int make_access(struct load *load)
{
	int r = make_hmac(load);

	return r < 0 ? r
		     : issue_tokens(load->sockets, load->credentials, load->count, load->flight, load->times,
				    load->credentials);
}

/* ---- presenting ---- */

static void answered(void *data, const struct apikey_result *result);

static void submit(struct question *question)
{
	struct load *load = question->load;
	struct apikey_request request = { .size = sizeof(request), .service = "bench", .permission = "bench.verify" };

	if (load->next == load->count || load->error < 0)
		return;
	question->number = load->next++;
	request.credential = load->credentials[question->number];
	load->times[question->number] = measure_seconds(CLOCK_MONOTONIC);
	load->error = apikey_client_submit(load->client, &request, answered, question);
}

static void answered(void *data, const struct apikey_result *result)
{
	struct question *question = data;
	struct load *load = question->load;

	load->times[question->number] = measure_seconds(CLOCK_MONOTONIC) - load->times[question->number];
	if (result->verdict != APIKEY_GRANTED && load->refused++ == 0)
		fprintf(stderr, "once-load: the first that is refused: %s\n", result->reason);
	submit(question);
}

static int present(struct load *load)
{
	struct apikey_options options = { .size = sizeof(options), .path = load->sockets, .timeout = 10000 };
	struct question *questions = calloc(load->flight, sizeof(*questions));
	int r = questions ? apikey_client_open(&options, &load->client) : -ENOMEM;

	for (size_t i = 0; r == 0 && i < load->flight; i++) {
		questions[i].load = load;
		submit(&questions[i]);
	}
	while (r == 0 && apikey_client_pending(load->client) > 0)
		r = apikey_client_wait(load->client, 60000);
	apikey_client_free(load->client);
	free(questions);
	if (r == 0)
		r = load->error;
	return r == 0 && load->refused > 0 ? -EACCES : r;
}

/* ---- all ---- */

static const struct work {
	const char *name;
	int (*make)(struct load *load);
	int (*run)(struct load *load); /* what is measured */
} works[] = {
	{ "key", make_keys, present },
	{ "hmac", make_hmac, present },
	{ "issue", make_hmac, issue },
	{ "access", make_access, present },
};

static const struct work *find_work(const char *name)
{
	for (size_t i = 0; i < sizeof(works) / sizeof(works[0]); i++) {
		if (strcmp(works[i].name, name) == 0)
			return &works[i];
	}
	return NULL;
}

static int measure(const struct work *work, struct load *load, long pid)
{
	double wall = measure_seconds(CLOCK_MONOTONIC), cpu = measure_cpu(pid), count = (double)load->count;
	int r = work->run(load);

	if (r < 0)
		return r;
	wall = measure_seconds(CLOCK_MONOTONIC) - wall;
	cpu = measure_cpu(pid) - cpu;
	printf("%.0f %.0f %.0f %.0f %.2f\n", count / wall, measure_quantile(load->times, load->count, 0.5) * 1e6,
	       measure_quantile(load->times, load->count, 0.99) * 1e6,
	       measure_quantile(load->times, load->count, 0.999) * 1e6, cpu / count * 1e6);
	return 0;
}

int main(int argc, char **argv)
{
	const struct work *work = argc == 7 ? find_work(argv[3]) : NULL;
	struct load load = { .count = work ? strtoul(argv[5], NULL, 10) : 0 };
	int r;

	if (load.count == 0) {
		fprintf(stderr, "usage: once-load SOCKETS PID key|hmac|issue|access KEYS COUNT FLIGHT\n");
		return 2;
	}
	load.sockets = argv[1];
	load.keys = strtoull(argv[4], NULL, 10);
	load.flight = strtoul(argv[6], NULL, 10);
	load.credentials = calloc(load.count, sizeof(*load.credentials));
	load.times = calloc(load.count, sizeof(*load.times));
	r = load.credentials && load.times ? work->make(&load) : -ENOMEM;
	if (r == 0)
		r = measure(work, &load, strtol(argv[2], NULL, 10));
	if (r < 0)
		fprintf(stderr, "once-load: %s\n", strerror(-r));
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
