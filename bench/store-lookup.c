/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * store-lookup FOLDER [LOOKUPS]: what one lookup of a random key costs in a store that fill-store has filled, without
 * the rest of a verification: its token is made again too, which takes some of the time. The best of five runs for each
 * line, after one that is thrown away.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/tokens.h"
#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/store.h"

#define LOOKUP_READERS 6
#define LOOKUP_RUNS 5

static double cpu_microseconds(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e6 + (double)time.tv_nsec / 1e3;
}

static int fail(struct store_reader *reader, const char *what, int error)
{
	fprintf(stderr, "store-lookup: %s: %s: %s\n", what, strerror(-error), store_fault(reader));
	return error;
}

/* The same sequence in every run, and no order in it. */
static uint64_t random_number(uint64_t number)
{
	number = (number ^ number >> 31) * UINT64_C(0xd6e8feb86659fd93);
	number = (number ^ number >> 32) * UINT64_C(0xd6e8feb86659fd93);
	return number ^ number >> 29;
}

/* Looks up random keys, so many in each read transaction. */
static int lookup(struct store_reader *reader, struct store_key *key, uint64_t keys, unsigned int lookups,
		  unsigned int batch, uint64_t seed)
{
	char id[CREDENTIAL_ID_SIZE + 1], token[CREDENTIAL_OPAQUE_MAX + 1];
	int r = 0;

	for (unsigned int i = 0; r == 0 && i < lookups; i++) {
		if (i % batch == 0)
			r = store_read_begin(reader);
		tokens_make(random_number(seed + i) % keys, id, token);
		if (r == 0)
			r = store_find_key(reader, id, key);
		if (i % batch == batch - 1 || i == lookups - 1)
			store_read_end(reader);
	}
	return r;
}

static int measure(struct store_reader *reader, struct store_key *key, uint64_t keys, unsigned int lookups,
		   unsigned int batch)
{
	double best_cpu = 0, best_wall = 0;

	for (unsigned int run = 0; run <= LOOKUP_RUNS; run++) {
		double cpu = cpu_microseconds();
		int64_t wall = clock_monotonic();
		int r = lookup(reader, key, keys, lookups, batch, (uint64_t)run << 32);

		if (r < 0)
			return fail(reader, "a key that was filled in", r);
		cpu = (cpu_microseconds() - cpu) / lookups;
		wall = clock_monotonic() - wall;
		if (run == 1 || (run > 1 && cpu < best_cpu)) {
			best_cpu = cpu;
			best_wall = (double)wall / 1e3 / lookups;
		}
	}
	printf("  %2u in a batch: %6.2f us of processor time, %6.2f us\n", batch, best_cpu, best_wall);
	return 0;
}

/* Resident memory in KiB, now. */
static long resident(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	long size = -1;

	if (file == NULL)
		return -1;
	while (fgets(line, sizeof(line), file) != NULL) {
		if (strncmp(line, "VmRSS:", 6) == 0)
			size = strtol(line + 6, NULL, 10);
	}
	fclose(file);
	return size;
}

static int run(const char *folder, unsigned int lookups)
{
	CLEANUP_FREE struct store_key *key = calloc(1, sizeof(*key));
	struct store_reader *readers[LOOKUP_READERS] = { NULL };
	struct store *store = NULL;
	uint64_t counts[STORE_STATE_COUNT];
	char fault[1024] = "", id[CREDENTIAL_ID_SIZE + 1], token[CREDENTIAL_OPAQUE_MAX + 1];
	int64_t began = clock_monotonic();
	int r;

	tokens_make(0, id, token);
	r = store_open(folder, false, &store, fault, sizeof(fault));
	if (r < 0 || key == NULL) {
		fprintf(stderr, "store-lookup: %s\n", fault);
		return -1;
	}
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(readers); i++)
		r = store_reader_open(store, &readers[i]);
	if (r == 0)
		r = store_find_key(readers[0], id, key);
	if (r == 0)
		printf("first answer after opening: %.2f ms\n", (double)(clock_monotonic() - began) / 1e6);
	else
		fprintf(stderr, "store-lookup: the first key: %s\n", strerror(-r));
	if (r == 0)
		r = store_count_keys(readers[0], counts);
	if (r == 0) {
		printf("%" PRIu64 " keys\n", counts[STORE_ACTIVE]);
		r = measure(readers[0], key, counts[STORE_ACTIVE], lookups, 1);
	}
	if (r == 0)
		r = measure(readers[0], key, counts[STORE_ACTIVE], lookups, 64);
	/* The others fill their caches too. */
	for (size_t i = 1; r == 0 && i < ARRAY_SIZE(readers); i++)
		r = lookup(readers[i], key, counts[STORE_ACTIVE], lookups / 10, 64, i);
	if (r == 0)
		printf("resident with %d readers: %.1f MiB\n", LOOKUP_READERS, (double)resident() / 1024);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		store_reader_close(readers[i]);
	store_close(store);
	return r;
}

int main(int argc, char **argv)
{
	unsigned long lookups = argc == 3 ? strtoul(argv[2], NULL, 10) : 200000;

	if (argc < 2 || argc > 3 || lookups < 1000 || lookups > UINT32_MAX) {
		fprintf(stderr, "usage: store-lookup FOLDER [LOOKUPS]\n");
		return 2;
	}
	return run(argv[1], (unsigned int)lookups) == 0 ? 0 : 1;
}
