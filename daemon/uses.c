/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Notes lie behind each other in an array, so that taking them is one move; a table of places finds a secret's note.
 * Everything is allocated at the start. Key ids are drawn by us and only good keys are noted, so nobody can aim at the
 * table's order.
 */
#include "daemon/uses.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"

struct uses {
	pthread_mutex_t lock; /* over all below */
	size_t capacity;
	size_t count;
	struct store_use *notes;
	size_t place_count; /* a power of two, at least twice capacity */
	uint32_t *places;   /* 1 + index of a note; 0: free */
};

int uses_new(size_t capacity, struct uses **ret_uses)
{
	struct uses *uses;
	size_t places = 2;

	if (capacity == 0)
		capacity = 1;
	if (capacity > UINT32_MAX / 4)
		return -ENOMEM;
	while (places < 2 * capacity)
		places *= 2;
	uses = calloc(1, sizeof(*uses));
	if (!uses)
		return -ENOMEM;
	pthread_mutex_init(&uses->lock, NULL);
	uses->capacity = capacity;
	uses->place_count = places;
	uses->notes = calloc(capacity, sizeof(*uses->notes));
	uses->places = calloc(places, sizeof(*uses->places));
	if (!uses->notes || !uses->places) {
		uses_free(uses);
		return -ENOMEM;
	}
	*ret_uses = uses;
	return 0;
}

void uses_free(struct uses *uses)
{
	if (!uses)
		return;
	pthread_mutex_destroy(&uses->lock);
	free(uses->notes);
	free(uses->places);
	free(uses);
}

/* The place of a secret: that of its note, or the free one where it would go. There is always a free one. */
static uint32_t *find_place(const struct uses *uses, const char *key_id, uint32_t secret)
{
	size_t mask = uses->place_count - 1;
	size_t at = (encoding_crc32(key_id, strlen(key_id)) + secret * UINT32_C(0x9e3779b1)) & mask;

	for (;; at = (at + 1) & mask) {
		uint32_t place = uses->places[at];

		if (place == 0)
			break;
		if (uses->notes[place - 1].secret == secret && strcmp(uses->notes[place - 1].key_id, key_id) == 0)
			break;
	}
	return &uses->places[at];
}

/* The note of a secret, made when there is none; NULL when the table is full. */
static struct store_use *obtain_note(struct uses *uses, const char *key_id, uint32_t secret)
{
	uint32_t *place = find_place(uses, key_id, secret);
	struct store_use *note;

	if (*place != 0)
		return &uses->notes[*place - 1];
	if (uses->count == uses->capacity)
		return NULL;
	note = &uses->notes[uses->count++];
	*note = (struct store_use){ .secret = secret };
	memcpy(note->key_id, key_id, strnlen(key_id, sizeof(note->key_id) - 1));
	*place = (uint32_t)uses->count;
	return note;
}

static void copy_text(char *ret_text, const char *text, size_t size)
{
	size_t length = text ? strnlen(text, size - 1) : 0;

	memcpy(ret_text, text ? text : "", length);
	ret_text[length] = '\0';
}

static void set_last(struct store_use *use, int64_t time, const char *service, const char *source)
{
	use->last_time = time;
	copy_text(use->last_service, service, sizeof(use->last_service));
	copy_text(use->last_source, source, sizeof(use->last_source));
}

static void set_first(struct store_use *use, int64_t time, const char *service, const char *source)
{
	use->first_time = time;
	copy_text(use->first_service, service, sizeof(use->first_service));
	copy_text(use->first_source, source, sizeof(use->first_source));
}

bool uses_note(struct uses *uses, const char *key_id, uint32_t secret, int64_t time, const char *service,
	       const char *source)
{
	struct store_use *note;
	bool half_full;

	pthread_mutex_lock(&uses->lock);
	note = obtain_note(uses, key_id, secret);
	if (note) {
		if (note->count == 0)
			set_first(note, time, service, source);
		set_last(note, time, service, source);
		note->count++;
	}
	half_full = uses->count >= uses->capacity - uses->capacity / 2;
	pthread_mutex_unlock(&uses->lock);
	return half_full;
}

static int compare(const void *a, const void *b)
{
	const struct store_use *left = a, *right = b;
	int order = strcmp(left->key_id, right->key_id);

	return order != 0 ? order : (left->secret > right->secret) - (left->secret < right->secret);
}

struct store_use *uses_take(struct uses *uses, size_t *ret_count)
{
	struct store_use *taken = NULL;
	size_t count = 0;

	pthread_mutex_lock(&uses->lock);
	if (uses->count > 0)
		taken = malloc(uses->count * sizeof(*taken));
	if (taken) { /* else they stay for the next time */
		count = uses->count;
		memcpy(taken, uses->notes, count * sizeof(*taken));
		memset(uses->places, 0, uses->place_count * sizeof(*uses->places));
		uses->count = 0;
	}
	pthread_mutex_unlock(&uses->lock);
	if (taken)
		qsort(taken, count, sizeof(*taken), compare);
	*ret_count = count;
	return taken;
}

/* Adds what came later to what came before. */
static void add_later(struct store_use *use, const struct store_use *later)
{
	if (later->count == 0)
		return;
	if (use->count == 0)
		set_first(use, later->first_time, later->first_service, later->first_source);
	set_last(use, later->last_time, later->last_service, later->last_source);
	use->count += later->count;
}

void uses_return(struct uses *uses, const struct store_use *notes, size_t count)
{
	pthread_mutex_lock(&uses->lock);
	for (size_t i = 0; i < count; i++) {
		struct store_use *note = obtain_note(uses, notes[i].key_id, notes[i].secret);
		struct store_use whole = notes[i];

		if (!note)
			continue;
		add_later(&whole, note);
		*note = whole;
	}
	pthread_mutex_unlock(&uses->lock);
}

void uses_merge(struct uses *uses, struct store_use *use)
{
	uint32_t place;

	pthread_mutex_lock(&uses->lock);
	place = *find_place(uses, use->key_id, use->secret);
	if (place != 0)
		add_later(use, &uses->notes[place - 1]);
	pthread_mutex_unlock(&uses->lock);
}
