/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon is killed with SIGKILL while a backup is restored and keys are revoked. Whatever moment it is, afterwards
 * there is the store from before or the restored one, whole; every key that was never revoked works, and none works
 * whose revoke was acknowledged.
 *
 *   restore-loop [ROUNDS [SEED]]
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

#define KEYS 64
#define STAY 32 /* of them, never revoked */
#define DEFAULT_ROUNDS 6

struct fact {
	char id[32];
	char secret[64];
	atomic_bool revoked; /* acknowledged */
};

struct round {
	const struct host *host;
	struct fact facts[KEYS];
	unsigned char *backup;
	size_t size;
	atomic_bool stop;
	atomic_uint revokes;
	atomic_bool sent, restored;
};

static void make_keys(struct round *round, unsigned int number)
{
	struct apikey_admin *admin = host_admin(round->host);

	for (unsigned int i = 0; i < KEYS; i++) {
		char name[64] = "";
		struct apikey_key_options options = loop_options(name);
		struct apikey_key *key = NULL;
		int r;

		snprintf(name, sizeof(name), "key-%u-%u", number, i);
		r = apikey_key_create(admin, &options, &key);
		if (r != 0)
			fail("create: %d %s", r, apikey_admin_message(admin));
		snprintf(round->facts[i].id, sizeof(round->facts[i].id), "%s", key->id);
		snprintf(round->facts[i].secret, sizeof(round->facts[i].secret), "%s", key->secret);
		atomic_store(&round->facts[i].revoked, false);
		apikey_key_free(key);
	}
	apikey_admin_free(admin);
}

static void take_backup(struct round *round)
{
	struct apikey_admin *admin = host_admin(round->host);
	struct apikey_backup *backup = NULL;
	int r = apikey_backup_open(admin, &backup);

	if (r != 0)
		fail("backup: %d %s", r, apikey_admin_message(admin));
	round->size = (size_t)backup->size;
	round->backup = malloc(round->size);
	if (!round->backup)
		fail("out of memory");
	for (size_t offset = 0; offset < round->size;) {
		size_t got = 0;

		r = apikey_backup_read(admin, offset, round->backup + offset, round->size - offset, &got);
		if (r != 0 || got == 0)
			fail("reading the backup: %d %s", r, apikey_admin_message(admin));
		offset += got;
	}
	apikey_backup_free(backup);
	apikey_admin_free(admin);
}

/* Restores once. The daemon may die under it. */
static void *restore(void *data)
{
	struct round *round = data;
	struct apikey_options options = host_options(round->host);
	struct apikey_admin *admin = NULL;
	struct apikey_restored *restored = NULL;
	int r = apikey_admin_open(&options, &admin);

	if (r == 0)
		r = apikey_restore_open(admin);
	for (size_t offset = 0; r == 0 && offset < round->size;) {
		size_t size = round->size - offset < APIKEY_PART_MAX ? round->size - offset : APIKEY_PART_MAX;

		r = apikey_restore_write(admin, offset, round->backup + offset, size);
		offset += size;
	}
	atomic_store(&round->sent, true);
	if (r == 0)
		r = apikey_restore_finish(admin, 0, &restored);
	if (r > 0)
		fail("restore: %s", apikey_admin_message(admin));
	atomic_store(&round->restored, r == 0);
	apikey_restored_free(restored);
	apikey_admin_free(admin);
	return NULL;
}

/* Revokes key after key until the daemon dies. */
static void *revoke_keys(void *data)
{
	struct round *round = data;
	struct apikey_options options = host_options(round->host);
	struct apikey_admin *admin = NULL;
	int r = apikey_admin_open(&options, &admin);

	for (unsigned int i = STAY; i < KEYS && r == 0 && !atomic_load(&round->stop); i++) {
		struct apikey_key *key = NULL;

		r = apikey_key_revoke(admin, round->facts[i].id, "test", &key);
		if (r > 0)
			fail("revoke: %s", apikey_admin_message(admin));
		if (r == 0) {
			atomic_store(&round->facts[i].revoked, true);
			atomic_fetch_add(&round->revokes, 1);
		}
		apikey_key_free(key);
	}
	apikey_admin_free(admin);
	return NULL;
}

static bool works(const struct round *round, const struct fact *fact)
{
	enum apikey_verdict verdict = loop_verify(round->host, fact->secret);

	if (verdict == APIKEY_UNAVAILABLE)
		fail("the daemon does not serve after the restart");
	return verdict == APIKEY_GRANTED;
}

static void check_facts(const struct round *round)
{
	struct apikey_admin *admin = host_admin(round->host);
	int r;

	for (unsigned int i = 0; i < KEYS; i++) {
		const struct fact *fact = &round->facts[i];
		bool granted = works(round, fact);

		if (i < STAY && !granted)
			fail("the key %s, which nobody revoked, does not work", fact->id);
		if (atomic_load(&fact->revoked) && granted)
			fail("the key %s, whose revoke was acknowledged, works", fact->id);
	}
	r = apikey_store_check(admin);
	if (r != 0)
		fail("the store is not whole: %d %s", r, apikey_admin_message(admin));
	apikey_admin_free(admin);
}

static void one_round(struct round *round, struct host *host, unsigned int number, unsigned int *seed)
{
	pthread_t restorer, revoker;
	unsigned int wait = loop_draw(seed, 60);
	int64_t end = milliseconds() + 60000;

	make_keys(round, number);
	take_backup(round);
	atomic_store(&round->stop, false);
	atomic_store(&round->sent, false);
	if (pthread_create(&restorer, NULL, restore, round) != 0 ||
	    pthread_create(&revoker, NULL, revoke_keys, round) != 0)
		fail("cannot start a thread");
	while (!atomic_load(&round->sent) && milliseconds() < end)
		poll(NULL, 0, 1);
	if (number % 3 != 0) {
		/* Some time into the work that follows. */
		poll(NULL, 0, (int)wait / 2);
		host_end(host, SIGKILL);
	}
	pthread_join(restorer, NULL);
	pthread_join(revoker, NULL);
	if (number % 3 == 0) {
		check_facts(round); /* while it runs on */
		host_end(host, SIGKILL);
	}
	host_start(host);
	check_facts(round);
	free(round->backup);
}

int main(int argc, char **argv)
{
	struct loop loop = loop_open(argc, argv, DEFAULT_ROUNDS);
	unsigned int restored = 0;
	static struct round round;
	static struct host host;

	/* Refusals are what is asked for here, and must not slow down whom they are told. */
	host_open(&host, HOST_UNTHROTTLED);
	host_start(&host);
	round.host = &host;
	for (unsigned int i = 0; i < loop.times; i++) {
		one_round(&round, &host, i, &loop.seed);
		restored += atomic_load(&round.restored);
	}
	host_end(&host, SIGTERM);
	printf("%u rounds, %u restores acknowledged, %u revokes acknowledged\n", loop.times, restored,
	       atomic_load(&round.revokes));
	if (!restored || !atomic_load(&round.revokes))
		fail("too little happened to show anything");
	host_remove(&host);
	return EXIT_SUCCESS;
}
