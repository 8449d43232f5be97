/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A key may lie in one of few places, which a hash of its id picks whose start is drawn at random, so that nobody who
 * makes keys can crowd one of them. Each place has the networks of one key with the time each was last seen; where they
 * are full, the one that was not seen for longest goes.
 */
#include "daemon/sources.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "common/cleanup.h"
#include "proto/credential.h"

#define WAYS 8

struct seen {
	uint8_t family, bytes[SOURCES_BITS_6 / 8];
	int64_t time;
};

struct place {
	char id[CREDENTIAL_KEY_ID_MAX + 1]; /* "": free */
	int64_t used;
	size_t count;
	struct seen seen[SOURCES_MOST + 1];
};

struct sources {
	pthread_mutex_t lock; /* over the places */
	uint64_t start;
	size_t set_count; /* a power of two */
	struct place places[];
};

int sources_new(size_t keys, struct sources **ret_sources)
{
	struct sources *sources;
	size_t sets = 1, size;

	while (sets < SIZE_MAX / WAYS / 2 && sets * WAYS < keys)
		sets *= 2;
	if (__builtin_mul_overflow(sets * WAYS, sizeof(struct place), &size) ||
	    __builtin_add_overflow(size, sizeof(*sources), &size))
		return -ENOMEM;
	/* Memory that is not touched costs nothing. */
	sources = calloc(1, size);
	if (!sources)
		return -ENOMEM;
	if (getrandom(&sources->start, sizeof(sources->start), 0) != sizeof(sources->start)) {
		free(sources);
		return -EIO;
	}
	sources->set_count = sets;
	pthread_mutex_init(&sources->lock, NULL);
	*ret_sources = sources;
	return 0;
}

void sources_free(struct sources *sources)
{
	if (!sources)
		return;
	pthread_mutex_destroy(&sources->lock);
	free(sources);
}

/* FNV-1a. */
static struct place *find_set(struct sources *sources, const char *key_id)
{
	uint64_t hash = sources->start;

	for (const char *at = key_id; *at != '\0'; at++)
		hash = (hash ^ (unsigned char)*at) * UINT64_C(0x100000001b3);
	return sources->places + ((hash ^ hash >> 32) & (sources->set_count - 1)) * WAYS;
}

/* The key's place; NULL where it has none. */
static struct place *look_up(struct sources *sources, const char *key_id)
{
	struct place *set = find_set(sources, key_id);

	for (struct place *place = set; place < set + WAYS; place++)
		if (strcmp(place->id, key_id) == 0)
			return place;
	return NULL;
}

/* The same, or else a free one, or that of the key that was not used for longest, made the key's. */
static struct place *find_place(struct sources *sources, const char *key_id)
{
	struct place *set = find_set(sources, key_id), *oldest = look_up(sources, key_id);

	if (oldest)
		return oldest;
	oldest = set;
	for (struct place *place = set; place < set + WAYS; place++)
		if (oldest->id[0] != '\0' && (place->id[0] == '\0' || place->used < oldest->used))
			oldest = place;
	oldest->count = 0;
	snprintf(oldest->id, sizeof(oldest->id), "%s", key_id);
	return oldest;
}

static struct seen network_of(const struct address *address, int64_t now)
{
	struct seen network = { .family = address->family, .time = now };

	memcpy(network.bytes, address->bytes, address->family == 4 ? SOURCES_BITS_4 / 8 : SOURCES_BITS_6 / 8);
	return network;
}

static bool is_same(const struct seen *one, const struct seen *other)
{
	return one->family == other->family && memcmp(one->bytes, other->bytes, sizeof(one->bytes)) == 0;
}

/* Those that were seen within the window stay, and among them no other one of the network. */
static void drop_old(struct place *place, const struct seen *network, int64_t window)
{
	size_t kept = 0;

	for (size_t i = 0; i < place->count; i++) {
		const struct seen *seen = &place->seen[i];

		if (!is_same(seen, network) && seen->time > network->time - window)
			place->seen[kept++] = *seen;
	}
	place->count = kept;
}

size_t sources_note(struct sources *sources, const char *key_id, const struct address *address, int64_t now,
		    int64_t window)
{
	struct seen network = network_of(address, now);
	struct place *place;
	size_t count;

	pthread_mutex_lock(&sources->lock);
	place = find_place(sources, key_id);
	place->used = now;
	drop_old(place, &network, window);
	/* They stand in the order in which they were last seen. */
	if (place->count == ARRAY_SIZE(place->seen)) {
		memmove(place->seen, place->seen + 1, (ARRAY_SIZE(place->seen) - 1) * sizeof(place->seen[0]));
		place->count--;
	}
	place->seen[place->count++] = network;
	count = place->count;
	pthread_mutex_unlock(&sources->lock);
	return count;
}

size_t sources_look(struct sources *sources, const char *key_id, const struct address *address, int64_t now,
		    int64_t window)
{
	struct seen network = network_of(address, now);
	const struct place *place;
	size_t count = 1;

	pthread_mutex_lock(&sources->lock);
	place = look_up(sources, key_id);
	for (size_t i = 0; place && i < place->count; i++)
		count += !is_same(&place->seen[i], &network) && place->seen[i].time > now - window;
	pthread_mutex_unlock(&sources->lock);
	return count > SOURCES_MOST + 1 ? SOURCES_MOST + 1 : count;
}

void sources_forget(struct sources *sources, const char *key_id)
{
	struct place *place;

	pthread_mutex_lock(&sources->lock);
	place = look_up(sources, key_id);
	if (place)
		place->count = 0;
	pthread_mutex_unlock(&sources->lock);
}
