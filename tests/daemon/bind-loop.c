/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Clients of two services race for the first use of keys that it binds, while the daemon is killed with SIGKILL at any
 * moment: no two services are ever both let in with one key, neither before a kill nor after it, and what was let in is
 * what the key is bound to.
 *
 *   bind-loop [KILLS [SEED]]
 */
#include "tests/daemon/loop.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"

#define CLIENTS 64
#define DEFAULT_TIMES 2
#define KEYS 16 /* raced for, one after the other, before they are all looked at and others made */

static const char *const services[] = { "dovecot", "sshd" };

struct bound {
	char *id, *secret;
	atomic_uint granted[ARRAY_SIZE(services)], refused[ARRAY_SIZE(services)];
};

struct record {
	struct host *host;
	char socket[108];
	struct bound keys[KEYS];
	atomic_uint number; /* of the key that is raced for */
	atomic_uint decided;
	atomic_bool stop;
};

struct client {
	struct record *record;
	size_t service;
	pthread_t thread;
};

static void make_keys(struct record *record)
{
	static unsigned int made;
	struct apikey_admin *admin = host_admin(record->host);

	for (size_t i = 0; i < KEYS; i++) {
		struct bound *bound = &record->keys[i];
		char name[32] = "";
		struct apikey_key_options options = loop_options(name);
		struct apikey_key *key = NULL;

		options.exclusive = APIKEY_UNBOUND;
		snprintf(name, sizeof(name), "key-%u", made++);
		if (apikey_key_create(admin, &options, &key) != 0)
			fail("create: %s", apikey_admin_message(admin));
		free(bound->id);
		free(bound->secret);
		bound->id = strdup(key->id);
		bound->secret = strdup(key->secret);
		for (size_t service = 0; service < ARRAY_SIZE(services); service++) {
			atomic_store(&bound->granted[service], 0);
			atomic_store(&bound->refused[service], 0);
		}
		apikey_key_free(key);
	}
	apikey_admin_free(admin);
}

static enum apikey_verdict use(struct record *record, struct bound *bound, size_t service)
{
	struct apikey_options options = host_options(record->host);
	struct apikey_request request = {
		.size = sizeof(request),
		.credential = bound->secret,
		.service = services[service],
		.permission = "test.use",
		.user = "alice",
	};
	struct apikey_result *result = NULL;
	enum apikey_verdict verdict;

	options.path = record->socket;
	if (apikey_verify(&options, &request, &result) < 0)
		fail("the daemon cannot be asked");
	verdict = result->verdict;
	if (verdict == APIKEY_GRANTED)
		atomic_fetch_add(&bound->granted[service], 1);
	else if (verdict == APIKEY_DENIED)
		atomic_fetch_add(&bound->refused[service], 1);
	else if (verdict != APIKEY_UNAVAILABLE)
		fail("the key %s is refused: %s (%s)", bound->id, apikey_verdict_name(verdict), result->reason);
	if (atomic_load(&bound->granted[service]) > 0 && atomic_load(&bound->granted[!service]) > 0)
		fail("two services were let in with the key %s", bound->id);
	apikey_result_free(result);
	return verdict;
}

static void *client_run(void *data)
{
	struct client *client = data;
	struct record *record = client->record;

	while (!atomic_load(&record->stop)) {
		unsigned int number = atomic_load(&record->number);
		enum apikey_verdict verdict = use(record, &record->keys[number], client->service);

		if (verdict == APIKEY_UNAVAILABLE) {
			poll(NULL, 0, 1);
			continue;
		}
		atomic_fetch_add(&record->decided, 1);
		/* Who is refused leads on to the next key: this one is bound. */
		if (verdict == APIKEY_DENIED && number + 1 < KEYS)
			(void)atomic_compare_exchange_strong(&record->number, &number, number + 1);
	}
	return NULL;
}

/* While nobody uses them: each is bound to the one service that was let in, if any was; and stays so. Returns how many
 * are bound. */
static unsigned int check_keys(struct record *record)
{
	struct apikey_admin *admin = host_admin(record->host);
	unsigned int bound_keys = 0;

	for (size_t i = 0; i < KEYS; i++) {
		struct bound *bound = &record->keys[i];
		struct apikey_key *key = NULL;
		size_t service = 0;

		if (apikey_key_show(admin, bound->id, &key) != 0)
			fail("show: %s", apikey_admin_message(admin));
		if (strcmp(key->exclusive, APIKEY_UNBOUND) != 0) {
			service = strcmp(key->exclusive, services[1]) == 0;
			if (strcmp(key->exclusive, services[service]) != 0)
				fail("the key %s is bound to %s", bound->id, key->exclusive);
			if (atomic_load(&bound->granted[!service]) > 0 || atomic_load(&bound->refused[service]) > 0)
				fail("the key %s is bound to %s, and was let in elsewhere, or refused there", bound->id,
				     key->exclusive);
			if (use(record, bound, service) != APIKEY_GRANTED ||
			    use(record, bound, !service) != APIKEY_DENIED)
				fail("the key %s is not bound to %s any more", bound->id, key->exclusive);
			bound_keys++;
		} else if (atomic_load(&bound->granted[0]) + atomic_load(&bound->granted[1]) > 0) {
			fail("the key %s was let in, and is not bound", bound->id);
		}
		apikey_key_free(key);
	}
	apikey_admin_free(admin);
	return bound_keys;
}

static void start(struct record *record, struct client *clients)
{
	atomic_store(&record->stop, false);
	atomic_store(&record->number, 0);
	atomic_store(&record->decided, 0);
	for (size_t i = 0; i < CLIENTS; i++) {
		clients[i].record = record;
		clients[i].service = i % ARRAY_SIZE(services);
		if (pthread_create(&clients[i].thread, NULL, client_run, &clients[i]) != 0)
			fail("cannot start a thread");
	}
}

int main(int argc, char **argv)
{
	struct loop loop = loop_open(argc, argv, DEFAULT_TIMES);
	static struct client clients[CLIENTS];
	static struct record record;
	static struct host host;
	unsigned int bound_keys = 0;

	record.host = &host;
	host_open(&host, "[daemon]\nconnections_per_uid = 256\n" HOST_UNTHROTTLED);
	host_start(&host);
	/* There every caller is believed, root or not. */
	snprintf(record.socket, sizeof(record.socket), "%s/login.sock", host.runtime);
	for (unsigned int i = 0; i < loop.times; i++) {
		make_keys(&record);
		start(&record, clients);
		loop_wait(&record.decided, 1 + loop_draw(&loop.seed, 4 * CLIENTS), &record.stop);
		host_end(&host, SIGKILL);
		host_start(&host);
		/* They go on where they were, some at a key that was being bound. */
		loop_wait(&record.decided, atomic_load(&record.decided) + CLIENTS, &record.stop);
		atomic_store(&record.stop, true);
		for (size_t j = 0; j < CLIENTS; j++)
			pthread_join(clients[j].thread, NULL);
		bound_keys += check_keys(&record);
	}
	printf("%u kills, %u keys bound, none to two services\n", loop.times, bound_keys);
	if (bound_keys == 0)
		fail("too little happened to show anything");
	host_end(&host, SIGTERM);
	for (size_t i = 0; i < KEYS; i++) {
		free(record.keys[i].id);
		free(record.keys[i].secret);
	}
	host_remove(&host);
	return EXIT_SUCCESS;
}
