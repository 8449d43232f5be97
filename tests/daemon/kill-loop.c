/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon is killed with SIGKILL at any moment while clients create, revoke and verify. What a call acknowledged is
 * there afterwards: every key that was made is known and active, every key that was revoked is refused, always.
 *
 *   kill-loop [KILLS [SEED]]
 */
#include "tests/daemon/loop.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define CLIENTS 3
#define DEFAULT_KILLS 10
#define FACTS_MAX 200000
#define SAMPLE 40 /* older facts looked at after each restart; all of them at the end */

enum fact_state {
	FACT_ACTIVE,   /* its creation was acknowledged */
	FACT_REVOKING, /* a revoke was sent and not acknowledged: both are right */
	FACT_REVOKED,  /* its revoke was acknowledged */
};

struct fact {
	char id[32];
	char secret[64];
	enum fact_state state;
};

/* What the clients were told, under the lock. */
struct record {
	pthread_mutex_t lock;
	struct fact *facts;
	size_t count;
	atomic_uint acknowledged; /* creates and revokes since the last start */
	atomic_uint creates, revokes, verifications, granted, refused, unavailable;
	atomic_bool stop;
};

struct client {
	const struct host *host;
	struct record *record;
	unsigned int number;
	unsigned int seed;
};

static struct fact fact_read(struct record *record, size_t i)
{
	struct fact fact;

	pthread_mutex_lock(&record->lock);
	fact = record->facts[i];
	pthread_mutex_unlock(&record->lock);
	return fact;
}

static size_t fact_count(struct record *record)
{
	size_t count;

	pthread_mutex_lock(&record->lock);
	count = record->count;
	pthread_mutex_unlock(&record->lock);
	return count;
}

/* True when the fact was in state from and is now in state to. */
static bool fact_move(struct record *record, size_t i, enum fact_state from, enum fact_state to)
{
	bool moved;

	pthread_mutex_lock(&record->lock);
	moved = record->facts[i].state == from;
	if (moved)
		record->facts[i].state = to;
	pthread_mutex_unlock(&record->lock);
	return moved;
}

static void fact_add(struct record *record, const struct apikey_key *key)
{
	struct fact fact = { .state = FACT_ACTIVE };

	if (strlen(key->id) >= sizeof(fact.id) || strlen(key->secret) >= sizeof(fact.secret) || !key->secret[0])
		fail("the new key has the id \"%s\" and %zu bytes of secret", key->id, strlen(key->secret));
	memcpy(fact.id, key->id, strlen(key->id));
	memcpy(fact.secret, key->secret, strlen(key->secret));
	pthread_mutex_lock(&record->lock);
	if (record->count < FACTS_MAX)
		record->facts[record->count++] = fact;
	else
		atomic_store(&record->stop, true);
	pthread_mutex_unlock(&record->lock);
}

static enum apikey_verdict verify(const struct host *host, struct record *record, const struct fact *fact)
{
	enum apikey_verdict verdict = loop_verify(host, fact->secret);

	atomic_fetch_add(&record->verifications, 1);
	switch (verdict) {
	case APIKEY_GRANTED:
		atomic_fetch_add(&record->granted, 1);
		break;
	case APIKEY_UNAVAILABLE:
		atomic_fetch_add(&record->unavailable, 1);
		break;
	default:
		atomic_fetch_add(&record->refused, 1);
		break;
	}
	return verdict;
}

/* What was acknowledged before the question was asked binds the answer; the daemon may be gone in between. */
static void verify_some(struct client *client, size_t i)
{
	struct fact before = fact_read(client->record, i), after;
	enum apikey_verdict verdict = verify(client->host, client->record, &before);

	after = fact_read(client->record, i);
	if (before.state == FACT_REVOKED && verdict == APIKEY_GRANTED)
		fail("the revoked key %s was accepted", before.id);
	if (after.state == FACT_ACTIVE && verdict != APIKEY_GRANTED && verdict != APIKEY_UNAVAILABLE)
		fail("the active key %s was refused: %s", before.id, apikey_verdict_name(verdict));
}

/* An answer that is neither "done" nor a lost connection has no place here. */
static bool acknowledged(struct client *client, struct apikey_admin *admin, const char *what, int r)
{
	if (r == 0) {
		atomic_fetch_add(&client->record->acknowledged, 1);
		return true;
	}
	if (r > 0)
		fail("%s: %s (%s)", what, apikey_answer_name(r), apikey_admin_message(admin));
	return false;
}

static bool create_one(struct client *client, struct apikey_admin *admin, unsigned int sequence)
{
	char name[64] = "";
	struct apikey_key_options options = loop_options(name);
	struct apikey_key *key = NULL;

	snprintf(name, sizeof(name), "key-%u-%u", client->number, sequence);
	if (!acknowledged(client, admin, "create", apikey_key_create(admin, &options, &key)))
		return false;
	fact_add(client->record, key);
	atomic_fetch_add(&client->record->creates, 1);
	apikey_key_free(key);
	return true;
}

static bool revoke_one(struct client *client, struct apikey_admin *admin, size_t i)
{
	struct fact fact = fact_read(client->record, i);
	struct apikey_key *key = NULL;

	if (!fact_move(client->record, i, FACT_ACTIVE, FACT_REVOKING))
		return true;
	if (!acknowledged(client, admin, "revoke", apikey_key_revoke(admin, fact.id, "test", &key)))
		return false;
	fact_move(client->record, i, FACT_REVOKING, FACT_REVOKED);
	atomic_fetch_add(&client->record->revokes, 1);
	apikey_key_free(key);
	return true;
}

static void *client_run(void *data)
{
	struct client *client = data;
	struct record *record = client->record;
	struct apikey_options options = host_options(client->host);
	struct apikey_admin *admin = NULL;

	for (unsigned int sequence = 0; !atomic_load(&record->stop); sequence++) {
		size_t count = fact_count(record);
		unsigned int what = loop_draw(&client->seed, 10);
		bool connected = true;

		if (!admin && apikey_admin_open(&options, &admin) < 0) {
			admin = NULL;
			poll(NULL, 0, 1);
			continue;
		}
		if (what < 4 || count == 0)
			connected = create_one(client, admin, sequence);
		else if (what < 6)
			connected = revoke_one(client, admin, loop_draw(&client->seed, (unsigned int)count));
		else
			verify_some(client, loop_draw(&client->seed, (unsigned int)count));
		if (!connected) {
			apikey_admin_free(admin);
			admin = NULL;
		}
	}
	apikey_admin_free(admin);
	return NULL;
}

/* The daemon runs, and nobody kills it now: every answer is definite. */
static void check_fact(const struct host *host, struct record *record, struct apikey_admin *admin, size_t i)
{
	struct fact before = fact_read(record, i), after;
	struct apikey_key *key = NULL;
	enum apikey_verdict verdict;
	int r = apikey_key_show(admin, before.id, &key);

	if (r < 0)
		fail("show: %s", strerror(-r));
	if (r > 0)
		fail("the key %s, whose creation was acknowledged, is gone: %s", before.id, apikey_answer_name(r));
	after = fact_read(record, i);
	if (before.state == FACT_REVOKED && strcmp(key->state, "revoked") != 0)
		fail("the key %s, whose revoke was acknowledged, is %s", before.id, key->state);
	if (after.state == FACT_ACTIVE && strcmp(key->state, "active") != 0)
		fail("the key %s, which nobody revoked, is %s", before.id, key->state);
	apikey_key_free(key);

	before = fact_read(record, i);
	verdict = verify(host, record, &before);
	after = fact_read(record, i);
	if (before.state == FACT_REVOKED && verdict == APIKEY_GRANTED)
		fail("the revoked key %s was accepted after a restart", before.id);
	if (after.state == FACT_ACTIVE && verdict != APIKEY_GRANTED)
		fail("the active key %s was not accepted after a restart: %s", before.id, apikey_verdict_name(verdict));
}

/* Everything that is new since the last look, and a sample of the rest. Returns how far the record was looked at. */
static size_t check_facts(const struct host *host, struct record *record, size_t seen, unsigned int *seed)
{
	struct apikey_admin *admin = host_admin(host);
	size_t count = fact_count(record);

	for (size_t i = seen; i < count; i++)
		check_fact(host, record, admin, i);
	for (unsigned int i = 0; i < SAMPLE && seen > 0; i++)
		check_fact(host, record, admin, loop_draw(seed, (unsigned int)seen));
	apikey_admin_free(admin);
	return count;
}

int main(int argc, char **argv)
{
	struct loop loop = loop_open(argc, argv, DEFAULT_KILLS);
	static struct record record = { .lock = PTHREAD_MUTEX_INITIALIZER };
	static struct host host;
	struct client clients[CLIENTS];
	pthread_t threads[CLIENTS];
	size_t seen = 0, doubtful = 0;
	int64_t longest = 0;

	record.facts = calloc(FACTS_MAX, sizeof(*record.facts));
	if (!record.facts)
		fail("out of memory");
	/* Refusals are what is asked for here, and must not slow down whom they are told. */
	host_open(&host, HOST_UNTHROTTLED);
	host_start(&host);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		clients[i] = (struct client){ .host = &host, .record = &record, .number = i, .seed = loop.seed + i };
		if (pthread_create(&threads[i], NULL, client_run, &clients[i]) != 0)
			fail("cannot start a thread");
	}

	for (unsigned int i = 0; i < loop.times; i++) {
		int64_t start;

		loop_wait(&record.acknowledged, 1 + loop_draw(&loop.seed, 30), &record.stop);
		host_end(&host, SIGKILL);
		atomic_store(&record.acknowledged, 0);
		start = milliseconds();
		host_start(&host);
		if (milliseconds() - start > longest)
			longest = milliseconds() - start;
		seen = check_facts(&host, &record, seen, &loop.seed);
	}

	atomic_store(&record.stop, true);
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	check_facts(&host, &record, 0, &loop.seed);
	for (size_t i = 0; i < record.count; i++)
		doubtful += record.facts[i].state == FACT_REVOKING;
	host_end(&host, SIGTERM);

	printf("%u kills; acknowledged: %u creates, %u revokes, %zu revokes in doubt; %u verifications, of them %u "
	       "granted, "
	       "%u refused, %u unavailable; longest start %lld ms\n",
	       loop.times, atomic_load(&record.creates), atomic_load(&record.revokes), doubtful,
	       atomic_load(&record.verifications), atomic_load(&record.granted), atomic_load(&record.refused),
	       atomic_load(&record.unavailable), (long long)longest);
	if (!atomic_load(&record.granted) || !atomic_load(&record.refused) || !atomic_load(&record.revokes))
		fail("too little happened to show anything");
	free(record.facts);
	host_remove(&host);
	return EXIT_SUCCESS;
}
