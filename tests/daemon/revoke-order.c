/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A revoke is true when it returns. One client keeps 64 verifications of a key in flight on a persistent connection,
 * another revokes the key; no request that is sent after the revoke has returned is granted, whichever batch, thread or
 * snapshot it meets.
 *
 *   revoke-order [ROUNDS]
 */
#include "tests/daemon/loop.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_ROUNDS 30
#define IN_FLIGHT 64

/* One request of a round. */
struct question {
	bool after; /* sent after the revoke returned */
	struct tally *tally;
};

struct tally {
	unsigned int before_granted, before_refused;
	unsigned int after_granted, after_refused, unavailable;
};

static void answered(void *data, const struct apikey_result *result)
{
	const struct question *question = data;
	struct tally *tally = question->tally;

	if (result->verdict == APIKEY_UNAVAILABLE)
		tally->unavailable++;
	else if (result->verdict == APIKEY_GRANTED)
		*(question->after ? &tally->after_granted : &tally->before_granted) += 1;
	else
		*(question->after ? &tally->after_refused : &tally->before_refused) += 1;
}

static void ask(struct apikey_client *client, const struct host *host, const char *secret, struct question *question)
{
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = secret,
		.service = host->service,
		.permission = "test.use",
		.user = "alice",
	};
	int r = apikey_client_submit(client, &request, answered, question);

	if (r < 0)
		fail("submit: %s", strerror(-r));
}

static struct apikey_key *create(struct apikey_admin *admin, unsigned int round)
{
	char name[32] = "";
	struct apikey_key_options options = loop_options(name);
	struct apikey_key *key = NULL;
	int r;

	snprintf(name, sizeof(name), "key-%u", round);
	r = apikey_key_create(admin, &options, &key);
	if (r != 0)
		fail("create: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
	return key;
}

/* Returns how many requests were in flight when the revoke was sent. */
static size_t run_round(const struct host *host, struct apikey_client *client, struct apikey_admin *admin,
			unsigned int round, struct tally *tally)
{
	struct question before = { .after = false, .tally = tally }, after = { .after = true, .tally = tally };
	struct apikey_key *key = create(admin, round), *revoked = NULL;
	size_t in_flight;
	int r;

	/* Granted once, so that a refusal below says something. */
	if (loop_verify(host, key->secret) != APIKEY_GRANTED)
		fail("the new key is not granted");
	for (unsigned int i = 0; i < IN_FLIGHT; i++)
		ask(client, host, key->secret, &before);
	/* Now and then some are answered already, and others take their place. */
	for (unsigned int i = 0; i < round % 8; i++) {
		if (apikey_client_process(client) < 0)
			fail("the connection ended");
		while (apikey_client_pending(client) < IN_FLIGHT)
			ask(client, host, key->secret, &before);
	}
	in_flight = apikey_client_pending(client);
	r = apikey_key_revoke(admin, key->id, NULL, &revoked);
	if (r != 0)
		fail("revoke: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
	for (unsigned int i = 0; i < IN_FLIGHT; i++)
		ask(client, host, key->secret, &after);
	if (loop_verify(host, key->secret) == APIKEY_GRANTED)
		fail("a one-shot request after the revoke was granted");
	r = apikey_client_wait(client, 10000);
	if (r < 0)
		fail("waiting: %s", strerror(-r));
	apikey_key_free(key);
	apikey_key_free(revoked);
	return in_flight;
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
	static struct host host;
	struct apikey_options options;
	struct apikey_client *client = NULL;
	struct apikey_admin *admin;
	struct tally tally = { 0 };
	size_t in_flight = 0;
	int r;

	host_open(&host, NULL);
	host_start(&host);
	options = host_options(&host);
	r = apikey_client_open(&options, &client);
	if (r < 0)
		fail("cannot connect: %s", strerror(-r));
	admin = host_admin(&host);
	for (unsigned int round = 0; round < rounds; round++) {
		in_flight += run_round(&host, client, admin, round, &tally);
		if (tally.after_granted)
			fail("round %u: %u requests sent after the revoke had returned were granted", round,
			     tally.after_granted);
	}
	apikey_client_free(client);
	apikey_admin_free(admin);
	host_end(&host, SIGTERM);
	host_remove(&host);

	printf("%u rounds, %zu in flight at each revoke on average; before: %u granted, %u refused; after: 0 granted, "
	       "%u "
	       "refused\n",
	       rounds, rounds ? in_flight / rounds : 0, tally.before_granted, tally.before_refused,
	       tally.after_refused);
	if (tally.unavailable)
		fail("%u requests got no answer", tally.unavailable);
	if (tally.after_refused != rounds * IN_FLIGHT || !tally.before_granted ||
	    in_flight < (size_t)rounds * IN_FLIGHT / 2)
		fail("too little happened to show anything");
	return EXIT_SUCCESS;
}
