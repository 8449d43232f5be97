/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon is killed with SIGKILL at any moment while clients race to spend the same HMAC tokens. Of those who show
 * one, one gets in or none does; whoever comes later, after however many restarts, does not.
 *
 *   once-loop [KILLS [SEED]]
 */
#include "tests/daemon/pair-client.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 4 /* each token is shown by so many at about the same time */
#define PAIRS 3
#define DEFAULT_KILLS 10
#define TOKENS_MAX 200000
#define SAMPLE 150 /* tokens shown again after a restart */

struct spent {
	char *token; /* NULL: not made yet */
	atomic_uint granted;
};

struct record {
	const struct host *host;
	struct pair pairs[PAIRS];
	pthread_mutex_t lock; /* over making tokens */
	struct spent *tokens;
	atomic_uint drawn;   /* turns, CLIENTS for each token */
	atomic_uint decided; /* since the last start */
	atomic_uint granted, refused, unavailable;
	atomic_bool stop;
};

static unsigned int draw(unsigned int *seed, unsigned int limit)
{
	*seed = *seed * 1103515245U + 12345U;
	return (*seed >> 8) % limit;
}

static struct spent *token_of(struct record *record, unsigned int number)
{
	struct spent *spent = &record->tokens[number];
	char nonce[32], text[PAIR_TOKEN_SIZE];

	pthread_mutex_lock(&record->lock);
	if (!spent->token) {
		snprintf(nonce, sizeof(nonce), "nonce-%u", number);
		pair_token(&record->pairs[number % PAIRS], nonce, NULL, text);
		spent->token = strdup(text);
	}
	pthread_mutex_unlock(&record->lock);
	return spent;
}

static enum apikey_verdict show(struct record *record, struct spent *spent)
{
	struct apikey_options options = host_options(record->host);
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = spent->token,
		.service = record->host->service,
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
	if (verdict == APIKEY_GRANTED && atomic_fetch_add(&spent->granted, 1) != 0)
		fail("a token was granted twice: %s", spent->token);
	if (verdict == APIKEY_GRANTED)
		atomic_fetch_add(&record->granted, 1);
	else if (verdict == APIKEY_UNAVAILABLE)
		atomic_fetch_add(&record->unavailable, 1);
	else
		atomic_fetch_add(&record->refused, 1);
	if (verdict != APIKEY_UNAVAILABLE)
		atomic_fetch_add(&record->decided, 1);
	return verdict;
}

static void *client_run(void *data)
{
	struct record *record = data;

	while (!atomic_load(&record->stop)) {
		unsigned int number = atomic_fetch_add(&record->drawn, 1) / CLIENTS;

		if (number >= TOKENS_MAX)
			break;
		/* Nobody is there between a kill and the next start. */
		if (show(record, token_of(record, number)) == APIKEY_UNAVAILABLE)
			poll(NULL, 0, 1);
	}
	return NULL;
}

/* Shows tokens from a number on again, while nobody kills the daemon: every answer is definite. */
static void show_again(struct record *record, unsigned int from)
{
	unsigned int end = atomic_load(&record->drawn) / CLIENTS;

	for (unsigned int i = from; i < end && i < TOKENS_MAX; i++) {
		struct spent *spent = token_of(record, i);

		if (show(record, spent) == APIKEY_UNAVAILABLE)
			fail("the daemon decides nothing after a restart");
		if (show(record, spent) == APIKEY_GRANTED)
			fail("a token was granted after it had been shown: %s", spent->token);
	}
}

static void wait_for_traffic(struct record *record, unsigned int decisions)
{
	int64_t end = milliseconds() + 60000;

	while (atomic_load(&record->decided) < decisions && atomic_load(&record->drawn) / CLIENTS < TOKENS_MAX) {
		if (milliseconds() > end)
			fail("the clients no longer get anything done");
		poll(NULL, 0, 1);
	}
}

int main(int argc, char **argv)
{
	unsigned int kills = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : DEFAULT_KILLS;
	unsigned int seed = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : (unsigned int)milliseconds();
	static struct record record = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct host host;
	pthread_t threads[CLIENTS];
	unsigned int end;

	printf("seed %u\n", seed);
	record.host = &host;
	record.tokens = calloc(TOKENS_MAX, sizeof(*record.tokens));
	if (!record.tokens)
		fail("out of memory");
	/* Refusals are what is asked for here, and must not slow down whom they are told. */
	host_open(&host, "[throttle]\nfailures_per_minute = 100000\n");
	host_start(&host);
	pairs_make(&host, 1, record.pairs, PAIRS);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		if (pthread_create(&threads[i], NULL, client_run, &record) != 0)
			fail("cannot start a thread");
	}

	for (unsigned int i = 0; i < kills; i++) {
		wait_for_traffic(&record, 1 + draw(&seed, 60));
		host_end(&host, SIGKILL);
		end = atomic_load(&record.drawn) / CLIENTS;
		host_start(&host);
		atomic_store(&record.decided, 0);
		/* Those of about the moment of the kill. */
		show_again(&record, end > SAMPLE / 3 ? end - SAMPLE / 3 : 0);
	}

	atomic_store(&record.stop, true);
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	end = atomic_load(&record.drawn) / CLIENTS;
	show_again(&record, end > SAMPLE ? end - SAMPLE : 0);
	host_end(&host, SIGTERM);

	printf("%u kills, %u tokens: %u granted, %u refusals, %u unavailable\n", kills, end,
	       atomic_load(&record.granted), atomic_load(&record.refused), atomic_load(&record.unavailable));
	if (atomic_load(&record.granted) == 0 || atomic_load(&record.refused) == 0 ||
	    atomic_load(&record.granted) > end)
		fail("too little happened to show anything");
	for (unsigned int i = 0; i < TOKENS_MAX; i++)
		free(record.tokens[i].token);
	free(record.tokens);
	host_remove(&host);
	return EXIT_SUCCESS;
}
