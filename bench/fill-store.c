/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * fill-store FOLDER NUMBER: adds keys to the store in a folder, made by apikeyd --init --state-dir FOLDER, until it has
 * that many of bench/tokens.h's. Each has an owner of its own, user0 …, and the permission bench.verify.
 *
 * Ids go in in sorted order, every second one first: as fast as a sorted load, while pages end up as loosely filled as
 * years of random keys leave them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/keys.h"
#include "bench/tokens.h"
#include "common/clock.h"
#include "daemon/store_open.h"

/* Keys in one transaction, and KiB of cache for the writer: digests have no order, and each page that does not stay in
 * the cache is written again and again. */
#define GROUP 2500000
#define CACHE (1536U << 10)

static struct store_key key;
static struct crypto_mac *mac;

static int fail(const char *what, int error)
{
	fprintf(stderr, "fill-store: %s: %s\n", what, strerror(-error));
	return EXIT_FAILURE;
}

static int add_key(struct store *store, uint64_t number)
{
	char token[CREDENTIAL_OPAQUE_MAX + 1], owner[32];
	int r;

	tokens_make(number, key.id, token);
	snprintf(owner, sizeof(owner), "user%llu", (unsigned long long)number);
	key.kind = STORE_OPAQUE;
	key.state = STORE_ACTIVE;
	key.created = 1;
	key.expires = TIME_NEVER;
	key.name = "bench";
	key.owner = owner;
	key.account = STORE_DEFAULT_ACCOUNT;
	key.tenant = STORE_DEFAULT_TENANT;
	key.state_reason = key.exclusive = key.roles = key.users = key.sources = key.labels = "";
	key.created_by = "bench";
	key.permissions = "bench.verify";
	key.secret_count = 1;
	key.secrets[0] = (struct store_secret){ .number = 1, .form = STORE_FORM_TOKEN, .created = 1 };
	r = crypto_mac_compute(mac, token, strlen(token), key.secrets[0].digest);
	return r < 0 ? r : store_insert_key(store, &key);
}

struct entry {
	char id[CREDENTIAL_ID_SIZE];
	uint32_t number;
};

static int compare_entries(const void *a, const void *b)
{
	return memcmp(((const struct entry *)a)->id, ((const struct entry *)b)->id, CREDENTIAL_ID_SIZE);
}

static struct entry *make_entries(uint64_t from, size_t count)
{
	char id[CREDENTIAL_ID_SIZE + 1], token[CREDENTIAL_OPAQUE_MAX + 1];
	struct entry *entries = calloc(count, sizeof(*entries));

	for (size_t i = 0; entries != NULL && i < count; i++) {
		tokens_make(from + i, id, token);
		memcpy(entries[i].id, id, sizeof(entries[i].id));
		entries[i].number = (uint32_t)(from + i);
	}
	if (entries != NULL)
		qsort(entries, count, sizeof(*entries), compare_entries);
	return entries;
}

static int fill(struct store *store, uint64_t from, uint64_t until)
{
	size_t count = until > from ? until - from : 0, done = 0;
	struct entry *entries = make_entries(from, count);
	int r = entries != NULL ? store_set_cache(store, CACHE) : -ENOMEM;

	while (r == 0 && done < count) {
		size_t end = count - done > GROUP ? done + GROUP : count;

		r = store_write_begin(store);
		for (; done < end && r == 0; done++) {
			size_t evens = (count + 1) / 2;

			r = add_key(store, entries[done < evens ? 2 * done : 2 * (done - evens) + 1].number);
		}
		if (r == 0)
			r = store_write_commit(store);
	}
	free(entries);
	return r;
}

static int count_present(struct store *store, uint64_t *ret_present)
{
	uint64_t counts[STORE_STATE_COUNT];
	int r = store_count_keys(store_writer(store), counts);

	*ret_present = r == 0 ? counts[STORE_ACTIVE] : 0;
	return r;
}

int main(int argc, char **argv)
{
	char fault[512] = "";
	struct keyring keyring;
	struct store *store;
	uint64_t present;
	int r;

	if (argc != 3) {
		fprintf(stderr, "usage: fill-store FOLDER NUMBER\n");
		return 2;
	}
	r = keys_open(argv[1], &store, &keyring, fault, sizeof(fault));
	if (r < 0)
		return fail(fault, r);
	r = crypto_mac_new(keyring.pepper, &mac);
	if (r == 0)
		r = count_present(store, &present);
	if (r == 0)
		r = fill(store, present, strtoull(argv[2], NULL, 10));
	crypto_mac_free(mac);
	store_close(store);
	return r < 0 ? fail(argv[1], r) : 0;
}
