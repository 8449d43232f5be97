/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Rotations under fire. Several clients rotate one key at once, each told what it saw: for every number exactly one
 * wins. Then the daemon is killed with SIGKILL again and again while a client rotates and others log in: every secret
 * whose rotation was acknowledged is good, and what was retired stays so. Revokes and deletes race with rotations: the
 * key never comes back.
 *
 *   rotate-loop [ROUNDS [KILLS]]
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

#define CLIENTS 4
#define DEFAULT_ROUNDS 50
#define DEFAULT_KILLS 5
#define SECRET_SIZE 64

static struct host host;

static struct apikey_key *create(struct apikey_admin *admin, const char *name)
{
	struct apikey_key_options options = loop_options(name);
	struct apikey_key *key = NULL;
	int r = apikey_key_create(admin, &options, &key);

	if (r != 0)
		fail("create: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
	return key;
}

/* ---- one wins ---- */

struct race {
	pthread_barrier_t start;
	const char *id;
	uint32_t expected;
	atomic_uint won, lost;
	char secrets[CLIENTS][SECRET_SIZE];
};

struct racer {
	struct race *race;
	unsigned int number, rounds;
};

static void *race_run(void *data)
{
	struct racer *racer = data;
	struct race *race = racer->race;
	struct apikey_admin *admin = host_admin(&host);

	for (unsigned int round = 0; round < racer->rounds; round++) {
		struct apikey_rotate_options options = { .size = sizeof(options), .now = 1 };
		struct apikey_key *key = NULL;
		int r;

		pthread_barrier_wait(&race->start);
		options.expected = race->expected;
		r = apikey_key_rotate(admin, race->id, &options, &key);
		race->secrets[racer->number][0] = '\0';
		if (r == 0) {
			atomic_fetch_add(&race->won, 1);
			snprintf(race->secrets[racer->number], SECRET_SIZE, "%s", key->secret);
		} else if (r == APIKEY_WRONG_STATE) {
			atomic_fetch_add(&race->lost, 1);
		} else {
			fail("rotate: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
		}
		apikey_key_free(key);
		pthread_barrier_wait(&race->start);
	}
	apikey_admin_free(admin);
	return NULL;
}

static void one_wins(unsigned int rounds)
{
	struct apikey_admin *admin = host_admin(&host);
	struct apikey_key *key = create(admin, "raced");
	struct race race = { .id = key->id };
	struct racer racers[CLIENTS];
	pthread_t threads[CLIENTS];

	pthread_barrier_init(&race.start, NULL, CLIENTS + 1);
	for (unsigned int i = 0; i < CLIENTS; i++) {
		racers[i] = (struct racer){ .race = &race, .number = i, .rounds = rounds };
		if (pthread_create(&threads[i], NULL, race_run, &racers[i]) != 0)
			fail("cannot start a thread");
	}
	for (unsigned int round = 1; round <= rounds; round++) {
		race.expected = round;
		atomic_store(&race.won, 0);
		atomic_store(&race.lost, 0);
		pthread_barrier_wait(&race.start);
		pthread_barrier_wait(&race.start);
		if (race.won != 1 || race.lost != CLIENTS - 1)
			fail("of %d rotations of secret %u, %u won and %u lost", CLIENTS, round, race.won, race.lost);
		for (unsigned int i = 0; i < CLIENTS; i++)
			if (race.secrets[i][0] && loop_verify(&host, race.secrets[i]) != APIKEY_GRANTED)
				fail("the secret of the rotation that won is refused");
	}
	for (unsigned int i = 0; i < CLIENTS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&race.start);
	apikey_key_free(key);
	apikey_admin_free(admin);
}

/* ---- a key that is ended stays so ---- */

struct end_race {
	pthread_barrier_t start;
	const char *id;
	bool deletes;
	char secret[SECRET_SIZE]; /* "" when the rotation lost */
};

static void *rotate_once(void *data)
{
	struct end_race *race = data;
	struct apikey_admin *admin = host_admin(&host);
	struct apikey_key *key = NULL;
	int r;

	pthread_barrier_wait(&race->start);
	r = apikey_key_rotate(admin, race->id, NULL, &key);
	if (r == 0)
		snprintf(race->secret, SECRET_SIZE, "%s", key->secret);
	else if (r != (race->deletes ? APIKEY_NOT_FOUND : APIKEY_WRONG_STATE))
		fail("rotate: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
	apikey_key_free(key);
	apikey_admin_free(admin);
	return NULL;
}

/* Returns how often the rotation came first. */
static unsigned int the_end_wins(unsigned int rounds)
{
	struct apikey_admin *admin = host_admin(&host);
	unsigned int first = 0;

	for (unsigned int round = 0; round < rounds; round++) {
		struct apikey_key *key, *ended = NULL;
		struct end_race race = { .deletes = round % 2 == 1 };
		char name[32];
		pthread_t thread;
		int r;

		snprintf(name, sizeof(name), "ended-%u", round);
		key = create(admin, name);
		race.id = key->id;
		pthread_barrier_init(&race.start, NULL, 2);
		if (pthread_create(&thread, NULL, rotate_once, &race) != 0)
			fail("cannot start a thread");
		pthread_barrier_wait(&race.start);
		r = (race.deletes ? apikey_key_delete : apikey_key_revoke)(admin, key->id, NULL, &ended);
		if (r != 0)
			fail("end: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
		pthread_join(thread, NULL);
		pthread_barrier_destroy(&race.start);
		if (loop_verify(&host, key->secret) == APIKEY_GRANTED)
			fail("a key that was ended is good again");
		if (race.secret[0] && loop_verify(&host, race.secret) == APIKEY_GRANTED)
			fail("a key that was ended is good again by its new secret");
		first += race.secret[0] != '\0';
		apikey_key_free(ended);
		apikey_key_free(key);
	}
	apikey_admin_free(admin);
	return first;
}

/* ---- nothing acknowledged is lost ---- */

struct chain {
	const char *id;
	pthread_mutex_t lock;      /* over both secrets */
	char good[SECRET_SIZE];    /* nobody asks to end it before there is another one here */
	char retired[SECRET_SIZE]; /* its end was acknowledged; "" before */
	atomic_bool stop;
	atomic_uint rotations, retirements, logins, refusals;
};

static void chain_read(struct chain *chain, char ret_good[SECRET_SIZE], char ret_retired[SECRET_SIZE])
{
	pthread_mutex_lock(&chain->lock);
	memcpy(ret_good, chain->good, SECRET_SIZE);
	memcpy(ret_retired, chain->retired, SECRET_SIZE);
	pthread_mutex_unlock(&chain->lock);
}

/* What was acknowledged before the question was asked binds the answer; the daemon may be gone in between. */
static void *log_in(void *data)
{
	struct chain *chain = data;

	while (!atomic_load(&chain->stop)) {
		char good[SECRET_SIZE], retired[SECRET_SIZE], after[SECRET_SIZE], ignored[SECRET_SIZE];
		enum apikey_verdict verdict;

		chain_read(chain, good, retired);
		verdict = loop_verify(&host, good);
		chain_read(chain, after, ignored);
		if (verdict != APIKEY_GRANTED && verdict != APIKEY_UNAVAILABLE && strcmp(good, after) == 0)
			fail("a good secret is refused: %s", apikey_verdict_name(verdict));
		if (verdict == APIKEY_GRANTED)
			atomic_fetch_add(&chain->logins, 1);
		if (!retired[0])
			continue;
		verdict = loop_verify(&host, retired);
		if (verdict == APIKEY_GRANTED)
			fail("a retired secret is good");
		if (verdict != APIKEY_UNAVAILABLE)
			atomic_fetch_add(&chain->refusals, 1);
	}
	return NULL;
}

/* True when it was done; false when the connection was lost, and nobody knows whether it was. */
static bool acknowledged(struct apikey_admin *admin, const char *what, int r)
{
	if (r > 0)
		fail("%s: %s (%s)", what, apikey_answer_name(r), apikey_admin_message(admin));
	return r == 0;
}

/*
 * A rotation, and the end of all before. A rotation whose answer was lost leaves a current secret that nobody knows;
 * the next one, which ends nothing by itself, takes its place.
 */
static bool rotate_one(struct chain *chain, struct apikey_admin *admin)
{
	struct apikey_rotate_options options = { .size = sizeof(options), .overlap = 86400 };
	struct apikey_key *key = NULL;
	char before[SECRET_SIZE], ignored[SECRET_SIZE];

	chain_read(chain, before, ignored);
	if (!acknowledged(admin, "rotate", apikey_key_rotate(admin, chain->id, &options, &key)))
		return false;
	pthread_mutex_lock(&chain->lock);
	snprintf(chain->good, SECRET_SIZE, "%s", key->secret);
	pthread_mutex_unlock(&chain->lock);
	apikey_key_free(key);
	atomic_fetch_add(&chain->rotations, 1);
	key = NULL;
	if (!acknowledged(admin, "retire", apikey_key_retire(admin, chain->id, 0, NULL, &key)))
		return false;
	apikey_key_free(key);
	pthread_mutex_lock(&chain->lock);
	memcpy(chain->retired, before, SECRET_SIZE);
	pthread_mutex_unlock(&chain->lock);
	atomic_fetch_add(&chain->retirements, 1);
	return true;
}

static void *rotate_on(void *data)
{
	struct chain *chain = data;
	struct apikey_options options = host_options(&host);
	struct apikey_admin *admin = NULL;

	while (!atomic_load(&chain->stop)) {
		if (!admin && apikey_admin_open(&options, &admin) < 0) {
			admin = NULL;
			poll(NULL, 0, 1);
			continue;
		}
		if (rotate_one(chain, admin))
			continue;
		apikey_admin_free(admin);
		admin = NULL;
	}
	apikey_admin_free(admin);
	return NULL;
}

static void wait_for(atomic_uint *count, unsigned int least)
{
	int64_t end = milliseconds() + 60000;

	while (atomic_load(count) < least) {
		if (milliseconds() > end)
			fail("nothing gets done any more");
		poll(NULL, 0, 1);
	}
}

static void survive(unsigned int kills)
{
	static struct chain chain = { .lock = PTHREAD_MUTEX_INITIALIZER };
	void *(*const functions[])(void *) = { rotate_on, log_in, log_in };
	pthread_t threads[sizeof(functions) / sizeof(functions[0])];
	struct apikey_admin *admin = host_admin(&host);
	struct apikey_key *key = create(admin, "chained");
	char good[SECRET_SIZE], retired[SECRET_SIZE];

	chain.id = key->id;
	snprintf(chain.good, SECRET_SIZE, "%s", key->secret);
	apikey_admin_free(admin);
	for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		if (pthread_create(&threads[i], NULL, functions[i], &chain) != 0)
			fail("cannot start a thread");
	for (unsigned int i = 0; i <= kills; i++) {
		/* Some of each, and at a moment that is another one each time. */
		wait_for(&chain.retirements, atomic_load(&chain.retirements) + 2);
		wait_for(&chain.logins, atomic_load(&chain.logins) + 3 + i % 3);
		wait_for(&chain.refusals, atomic_load(&chain.refusals) + 1 + i % 2);
		if (i == kills)
			break;
		host_end(&host, SIGKILL);
		host_start(&host);
	}
	atomic_store(&chain.stop, true);
	for (size_t i = 0; i < sizeof(threads) / sizeof(threads[0]); i++)
		pthread_join(threads[i], NULL);
	chain_read(&chain, good, retired);
	if (loop_verify(&host, good) != APIKEY_GRANTED || loop_verify(&host, retired) == APIKEY_GRANTED)
		fail("what was acknowledged last is not so");
	apikey_key_free(key);
	printf("%u kills; acknowledged: %u rotations, %u retirements; %u logins, %u refusals of retired secrets\n",
	       kills, atomic_load(&chain.rotations), atomic_load(&chain.retirements), atomic_load(&chain.logins),
	       atomic_load(&chain.refusals));
}

int main(int argc, char **argv)
{
	unsigned int rounds = argc > 1 ? (unsigned int)strtoul(argv[1], NULL, 10) : DEFAULT_ROUNDS;
	unsigned int kills = argc > 2 ? (unsigned int)strtoul(argv[2], NULL, 10) : DEFAULT_KILLS;
	unsigned int first;

	host_open(&host, HOST_UNTHROTTLED);
	host_start(&host);
	one_wins(rounds);
	printf("%u times %d rotations of one secret: one won each time\n", rounds, CLIENTS);
	first = the_end_wins(rounds);
	printf("%u ends of a key beside a rotation, which came first %u times: none came back\n", rounds, first);
	survive(kills);
	host_end(&host, SIGTERM);
	host_remove(&host);
	return EXIT_SUCCESS;
}
