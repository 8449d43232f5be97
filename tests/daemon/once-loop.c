/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Clients race to spend the same tokens that are good once. Of those who show one, exactly one gets in; and while the
 * daemon is killed with SIGKILL at any moment, one or none does. Whoever comes later, after however many restarts, does
 * not.
 *
 *   once-loop [TIMES [SEED]]    TIMES tokens of each kind raced for, and then TIMES kills
 */
#include "tests/daemon/loop.h"
#include "tests/daemon/pair-client.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 64 /* each token is shown by so many at about the same time */
#define PAIRS 3
#define DEFAULT_TIMES 5
#define TOKENS_MAX 200000
#define SAMPLE 40 /* tokens shown again after a restart */

struct spent {
	char *token; /* NULL: not made yet */
	atomic_uint granted;
};

struct record {
	const struct host *host;
	struct pair pairs[PAIRS];
	pthread_mutex_t lock; /* over making tokens */
	struct spent *tokens;
	unsigned int end;    /* the number behind the last token; set while no client runs */
	atomic_uint drawn;   /* turns, CLIENTS for each token */
	atomic_uint decided; /* since the last start */
	atomic_uint granted, refused, unavailable;
	atomic_bool stop;
	pthread_t clients[CLIENTS];
};

/* ---- tokens ---- */

static char *sign(struct record *record, unsigned int number, unsigned int attempt)
{
	char nonce[32], text[PAIR_TOKEN_SIZE];

	snprintf(nonce, sizeof(nonce), "nonce-%u-%u", number, attempt);
	pair_token(&record->pairs[number % PAIRS], nonce, NULL, text);
	return strdup(text);
}

/* NULL: the daemon was killed meanwhile, and the proof may be used up. */
static char *exchange(struct record *record, const char *proof)
{
	struct apikey_options options = host_options(record->host);
	struct apikey_admin *admin = NULL;
	struct apikey_token *token = NULL;
	char *text = NULL;
	int r = apikey_admin_open(&options, &admin);

	if (r == 0)
		r = apikey_token_issue(admin, proof, &token);
	if (r > 0)
		fail("issue: %s (%s)", apikey_answer_name(r), apikey_admin_message(admin));
	if (r == 0)
		text = strdup(token->token);
	apikey_token_free(token);
	apikey_admin_free(admin);
	return text;
}

static char *make_signed(struct record *record, unsigned int number)
{
	return sign(record, number, 0);
}

static char *make_issued(struct record *record, unsigned int number)
{
	int64_t end = milliseconds() + 60000;
	char *text = NULL;

	for (unsigned int attempt = 0; !text; attempt++) {
		char *proof = sign(record, number, attempt);

		if (milliseconds() > end)
			fail("the daemon issues nothing");
		text = exchange(record, proof);
		free(proof);
		if (!text)
			poll(NULL, 0, 1);
	}
	return text;
}

/* One after the other. */
static const struct {
	const char *name;
	char *(*make)(struct record *record, unsigned int number);
} kinds[] = { { "HMAC", make_signed }, { "access", make_issued } };

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static struct spent *token_of(struct record *record, unsigned int number)
{
	struct spent *spent = &record->tokens[number];

	pthread_mutex_lock(&record->lock);
	if (!spent->token)
		spent->token = kinds[number % KINDS].make(record, number);
	pthread_mutex_unlock(&record->lock);
	return spent;
}

/* How many tokens somebody has drawn a turn of; of the last one perhaps not all. */
static unsigned int tokens_drawn(struct record *record)
{
	unsigned int drawn = (atomic_load(&record->drawn) + CLIENTS - 1) / CLIENTS;

	return drawn < record->end ? drawn : record->end;
}

static enum apikey_verdict show(struct record *record, struct spent *spent)
{
	enum apikey_verdict verdict = loop_verify(record->host, spent->token);

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

/* ---- clients ---- */

static void *client_run(void *data)
{
	struct record *record = data;

	while (!atomic_load(&record->stop)) {
		unsigned int number = atomic_fetch_add(&record->drawn, 1) / CLIENTS;

		if (number >= record->end)
			break;
		/* Nobody is there between a kill and the next start. */
		if (show(record, token_of(record, number)) == APIKEY_UNAVAILABLE)
			poll(NULL, 0, 1);
	}
	return NULL;
}

/* They show tokens from number begin to end. */
static void clients_start(struct record *record, unsigned int begin, unsigned int end)
{
	record->end = end;
	atomic_store(&record->drawn, begin * CLIENTS);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		if (pthread_create(&record->clients[i], NULL, client_run, record) != 0)
			fail("cannot start a thread");
	}
}

static void clients_join(struct record *record)
{
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_join(record->clients[i], NULL);
}

/* ---- what has to hold ---- */

static void race(struct record *record, unsigned int times)
{
	clients_start(record, 0, times * KINDS);
	clients_join(record);
	for (unsigned int i = 0; i < times * KINDS; i++) {
		if (atomic_load(&record->tokens[i].granted) != 1)
			fail("nobody was granted with a token that %d showed: %s", CLIENTS, record->tokens[i].token);
	}
	if (atomic_load(&record->unavailable) > 0)
		fail("%u times there was no answer", atomic_load(&record->unavailable));
	for (unsigned int kind = 0; kind < KINDS; kind++)
		printf("%u %s tokens, each shown by %d clients: one won each time\n", times, kinds[kind].name, CLIENTS);
	fflush(stdout);
}

/* Shows tokens from a number on again, while nobody kills the daemon: every answer is definite. */
static void show_again(struct record *record, unsigned int from)
{
	unsigned int end = tokens_drawn(record);

	for (unsigned int i = from; i < end; i++) {
		struct spent *spent = token_of(record, i);

		if (show(record, spent) == APIKEY_UNAVAILABLE)
			fail("the daemon decides nothing after a restart");
		if (show(record, spent) == APIKEY_GRANTED)
			fail("a token was granted after it had been shown: %s", spent->token);
	}
}

/* Those of about the last moment. */
static unsigned int sample_before(unsigned int end)
{
	return end > SAMPLE ? end - SAMPLE : 0;
}

static void race_and_kill(struct record *record, struct host *host, struct loop *loop)
{
	unsigned int begin = loop->times * KINDS;

	clients_start(record, begin, TOKENS_MAX);
	for (unsigned int i = 0; i < loop->times; i++) {
		unsigned int end;

		loop_wait(&record->decided, 1 + loop_draw(&loop->seed, 3 * CLIENTS), &record->stop);
		host_end(host, SIGKILL);
		end = tokens_drawn(record);
		host_start(host);
		atomic_store(&record->decided, 0);
		show_again(record, sample_before(end));
	}
	atomic_store(&record->stop, true);
	clients_join(record);
	show_again(record, sample_before(tokens_drawn(record)));
	printf("%u kills, %u tokens: %u granted, %u refusals, %u unavailable\n", loop->times,
	       tokens_drawn(record) - begin, atomic_load(&record->granted) - begin, atomic_load(&record->refused),
	       atomic_load(&record->unavailable));
	if (atomic_load(&record->granted) <= begin || atomic_load(&record->granted) > tokens_drawn(record))
		fail("too little happened to show anything");
}

int main(int argc, char **argv)
{
	struct loop loop = loop_open(argc, argv, DEFAULT_TIMES);
	static struct record record = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct host host;

	record.host = &host;
	record.tokens = calloc(TOKENS_MAX, sizeof(*record.tokens));
	if (!record.tokens)
		fail("out of memory");
	if (loop.times > TOKENS_MAX / 2 / KINDS)
		fail("there are %d tokens at most", TOKENS_MAX);
	/* Refusals are what is asked for here, and must not slow down whom they are told. */
	host_open(&host, "[daemon]\nconnections_per_uid = 256\n" HOST_UNTHROTTLED);
	host_start(&host);
	pairs_make(&host, 1, record.pairs, PAIRS);
	race(&record, loop.times);
	race_and_kill(&record, &host, &loop);
	host_end(&host, SIGTERM);
	for (unsigned int i = 0; i < TOKENS_MAX; i++)
		free(record.tokens[i].token);
	free(record.tokens);
	host_remove(&host);
	return EXIT_SUCCESS;
}
