/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon is killed with SIGKILL at any moment while keys are imported. What a call acknowledged is there afterwards
 * under the same id; the import that is done again makes all keys once, and none twice. Many requests are on their way.
 *
 *   import-loop [KILLS [SEED]]
 */
#include "tests/daemon/loop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEYS 20000
#define DEFAULT_KILLS 5
#define BATCH 400
#define REQUESTS 64

struct record {
	struct apikey_admin *admin; /* of the import that runs */
	struct apikey_import_key keys[KEYS];
	const struct apikey_import_key *list[KEYS];
	char names[KEYS][16], secrets[KEYS][40];
	char ids[KEYS][40]; /* as they were acknowledged */
	size_t created, unchanged;
};

static const char *const permissions[] = { "test.use", NULL };

static void take(struct record *record, size_t first, const struct apikey_import *import)
{
	for (size_t i = 0; i < import->count; i++) {
		const struct apikey_import_result *result = &import->results[i];
		char *id = record->ids[first + i];

		if (result->outcome == APIKEY_IMPORT_REFUSED)
			fail("key %zu was refused: %s", first + i, result->message);
		if (result->outcome == APIKEY_IMPORT_CREATED && *id)
			fail("key %zu was made as %s before, and is made again as %s", first + i, id, result->id);
		if (*id && strcmp(id, result->id) != 0)
			fail("key %zu was %s and is %s", first + i, id, result->id);
		snprintf(id, sizeof(record->ids[0]), "%s", result->id);
		if (result->outcome == APIKEY_IMPORT_CREATED)
			record->created++;
		else
			record->unchanged++;
	}
}

/* Sends requests until there is no room or all is sent; *ret_asked is how many keys each has. False: the daemon has
 * gone.
 */
static bool send_some(struct record *record, size_t *sent, size_t *asked, size_t *requests)
{
	while (*sent < KEYS && *requests < REQUESTS) {
		size_t count = KEYS - *sent < BATCH ? KEYS - *sent : BATCH;
		int r = apikey_key_import_send(record->admin, record->list + *sent, count, 0, &asked[*requests]);

		if (r == -EAGAIN && *requests > 0)
			return true;
		if (r != 0)
			return false;
		*sent += asked[(*requests)++];
	}
	return true;
}

/* Imports all from the start, until it is done or the daemon has gone. */
static void *import_all(void *data)
{
	struct record *record = data;
	size_t asked[REQUESTS], requests = 0, sent = 0, done = 0;

	while (done < KEYS && send_some(record, &sent, asked, &requests)) {
		struct apikey_import *import = NULL;
		int r = apikey_key_import_receive(record->admin, &import);

		if (r > 0)
			fail("an import was refused: %s", apikey_admin_message(record->admin));
		if (r < 0)
			break;
		if (import->count != asked[0])
			fail("%zu keys were answered of %zu", import->count, asked[0]);
		take(record, done, import);
		done += import->count;
		apikey_import_free(import);
		memmove(asked, asked + 1, --requests * sizeof(asked[0]));
	}
	apikey_admin_free(record->admin);
	return done == KEYS ? record : NULL;
}

static size_t count_keys(const struct host *host)
{
	struct apikey_admin *admin = host_admin(host);
	char cursor[1200] = "";
	size_t count = 0;

	do {
		struct apikey_key_list *list = NULL;

		if (apikey_key_list(admin, NULL, *cursor ? cursor : NULL, 0, &list) != 0)
			fail("the keys cannot be listed: %s", apikey_admin_message(admin));
		count += list->count;
		snprintf(cursor, sizeof(cursor), "%s", list->cursor);
		apikey_key_list_free(list);
	} while (*cursor);
	if (apikey_store_check(admin) != 0)
		fail("%s", apikey_admin_message(admin));
	apikey_admin_free(admin);
	return count;
}

static void fill(struct record *record)
{
	for (size_t i = 0; i < KEYS; i++) {
		snprintf(record->names[i], sizeof(record->names[i]), "key-%zu", i * 7919 % KEYS);
		snprintf(record->secrets[i], sizeof(record->secrets[i]), "a secret of elsewhere %zu", i);
		record->keys[i] = (struct apikey_import_key){ .size = sizeof(record->keys[i]),
							      .name = record->names[i],
							      .owner = "alice",
							      .secret = record->secrets[i],
							      .permissions = permissions,
							      .expires = APIKEY_NEVER };
		record->list[i] = &record->keys[i];
	}
}

/* One import that is killed somewhere, or comes to its end. */
static void kill_once(struct host *host, struct record *record, unsigned int delay)
{
	pthread_t thread;

	record->admin = host_admin(host);
	if (pthread_create(&thread, NULL, import_all, record) != 0)
		fail("no thread");
	poll(NULL, 0, (int)delay);
	host_end(host, SIGKILL);
	pthread_join(thread, NULL);
	host_start(host);
}

int main(int argc, char **argv)
{
	struct loop loop = loop_open(argc, argv, DEFAULT_KILLS);
	struct record *record = calloc(1, sizeof(*record));
	struct host host;
	size_t count;

	if (!record)
		fail("out of memory");
	fill(record);
	host_open(&host, NULL);
	host_start(&host);
	for (unsigned int i = 0; i < loop.times; i++)
		kill_once(&host, record, 1 + loop_draw(&loop.seed, 150));
	record->admin = host_admin(&host);
	if (!import_all(record))
		fail("the import does not come to its end");
	count = count_keys(&host);
	if (count != KEYS)
		fail("there are %zu keys instead of %d", count, KEYS);
	for (size_t i = 0; i < KEYS; i += KEYS / 50) {
		if (loop_verify(&host, record->secrets[i]) != APIKEY_GRANTED)
			fail("key %zu does not log in", i);
	}
	printf("%u kills, %zu keys made and acknowledged, %zu found again\n", loop.times, record->created,
	       record->unchanged);
	host_stop(&host);
	host_remove(&host);
	free(record);
	return EXIT_SUCCESS;
}
