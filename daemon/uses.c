/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A note is small, so that many wait together: written in the order of keys, those of one page of the store then cost
 * one page. Services and sources repeat, so notes name them by where they lie in a heap of texts. Notes and texts that
 * were taken change places with those of the time before; nothing is allocated after the start. Key ids are drawn by
 * us and only good keys are noted, so nobody can aim at the table's order.
 */
#include "daemon/uses.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"

#define TEXTS_PER_NOTE 8  /* bytes of texts for each note there is room for */
#define PACKED_ID_SIZE 17 /* an id as it is; a public key as its bytes, and a mark behind */
#define PACKED_MARK (PACKED_ID_SIZE - 1)
#define TEXT_SIZE (WIRE_SERVICE_MAX + 1 + WIRE_NETWORK_MAX + 1)

struct note {
	uint8_t key_id[PACKED_ID_SIZE]; /* unused bytes are 0 */
	uint32_t secret;
	uint32_t first_text, last_text; /* offsets into texts: service, NUL, source, NUL */
	uint64_t count;
	int64_t first_time, last_time;
};

struct notes {
	size_t count;
	struct note *notes;
	size_t text_size, text_count;
	char *texts;
};

struct uses {
	pthread_mutex_t lock; /* over all below, but what was taken is read without it by the thread that took it */
	size_t capacity, text_capacity;
	struct notes present, taken;
	bool sorting; /* taken, without the lock; nobody else looks into it until that is over: */
	pthread_cond_t sorted;
	size_t written;       /* the first so many of taken */
	size_t place_count;   /* a power of two, at least twice capacity */
	uint32_t *places;     /* 1 + index of a note; 0: free */
	size_t text_places;   /* a power of two; half of them stay free */
	uint32_t *text_place; /* 1 + offset of a text; 0: free */
};

static size_t power_above(size_t number)
{
	size_t power = 2;

	while (power < number)
		power *= 2;
	return power;
}

static int notes_new(struct notes *notes, size_t capacity, size_t text_capacity)
{
	notes->notes = calloc(capacity, sizeof(*notes->notes));
	notes->texts = calloc(text_capacity, 1);
	return notes->notes && notes->texts ? 0 : -ENOMEM;
}

static void notes_done(struct notes *notes)
{
	free(notes->notes);
	free(notes->texts);
}

int uses_new(size_t capacity, struct uses **ret_uses)
{
	struct uses *uses;

	if (capacity == 0)
		capacity = 1;
	if (capacity > UINT32_MAX / (4 * TEXTS_PER_NOTE))
		return -ENOMEM;
	uses = calloc(1, sizeof(*uses));
	if (!uses)
		return -ENOMEM;
	pthread_mutex_init(&uses->lock, NULL);
	pthread_cond_init(&uses->sorted, NULL);
	uses->capacity = capacity;
	uses->text_capacity = capacity * TEXTS_PER_NOTE + 4 * TEXT_SIZE;
	uses->place_count = power_above(2 * capacity);
	uses->text_places = power_above(capacity / 4 + 64);
	uses->places = calloc(uses->place_count, sizeof(*uses->places));
	uses->text_place = calloc(uses->text_places, sizeof(*uses->text_place));
	if (!uses->places || !uses->text_place || notes_new(&uses->present, capacity, uses->text_capacity) < 0 ||
	    notes_new(&uses->taken, capacity, uses->text_capacity) < 0) {
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
	pthread_cond_destroy(&uses->sorted);
	pthread_mutex_destroy(&uses->lock);
	notes_done(&uses->present);
	notes_done(&uses->taken);
	free(uses->places);
	free(uses->text_place);
	free(uses);
}

/* ---- texts ---- */

static size_t put_text(char *to, const char *text, size_t size)
{
	size_t length = text ? strnlen(text, size - 1) : 0;

	memcpy(to, text ? text : "", length);
	to[length] = '\0';
	return length + 1;
}

/* Where a service and a source lie behind each other; they are put there when they are nowhere. False when there is no
 * room. */
static bool intern(struct uses *uses, const char *service, const char *source, uint32_t *ret_text)
{
	struct notes *notes = &uses->present;
	size_t mask = uses->text_places - 1;
	char text[TEXT_SIZE];
	size_t size = put_text(text, service, WIRE_SERVICE_MAX + 1);
	size_t at;

	size += put_text(text + size, source, WIRE_NETWORK_MAX + 1);
	for (at = encoding_crc32(text, size) & mask; uses->text_place[at] != 0; at = (at + 1) & mask) {
		uint32_t offset = uses->text_place[at] - 1;

		if (size <= notes->text_size - offset && memcmp(notes->texts + offset, text, size) == 0) {
			*ret_text = offset;
			return true;
		}
	}
	if (size > uses->text_capacity - notes->text_size || 2 * notes->text_count >= uses->text_places)
		return false;
	memcpy(notes->texts + notes->text_size, text, size);
	*ret_text = (uint32_t)notes->text_size;
	uses->text_place[at] = *ret_text + 1;
	notes->text_size += size;
	notes->text_count++;
	return true;
}

static const char *service_of(const struct notes *notes, uint32_t text)
{
	return notes->texts + text;
}

static const char *source_of(const struct notes *notes, uint32_t text)
{
	const char *service = service_of(notes, text);

	return service + strlen(service) + 1;
}

/* ---- notes ---- */

/* Where in a public key its bytes stand, two digits each. */
static const uint8_t byte_places[PACKED_MARK] = { 0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34 };

static void pack_id(uint8_t ret_id[PACKED_ID_SIZE], const char *key_id)
{
	char digits[2 * PACKED_MARK + 1] = "";

	memset(ret_id, 0, PACKED_ID_SIZE);
	if (!credential_is_public_key(key_id)) {
		memcpy(ret_id, key_id, strnlen(key_id, CREDENTIAL_ID_SIZE));
		return;
	}
	for (size_t i = 0; i < PACKED_MARK; i++)
		memcpy(digits + 2 * i, key_id + byte_places[i], 2);
	(void)encoding_unhex(digits, ret_id, PACKED_MARK);
	ret_id[PACKED_MARK] = 1;
}

static void unpack_id(const uint8_t id[PACKED_ID_SIZE], char ret_key_id[CREDENTIAL_KEY_ID_MAX + 1])
{
	char digits[2 * PACKED_MARK + 1];

	memset(ret_key_id, 0, CREDENTIAL_KEY_ID_MAX + 1);
	if (id[PACKED_MARK] == 0) {
		memcpy(ret_key_id, id, CREDENTIAL_ID_SIZE);
		return;
	}
	encoding_hex(id, PACKED_MARK, digits);
	memset(ret_key_id, '-', CREDENTIAL_PUBLIC_KEY_SIZE);
	for (size_t i = 0; i < PACKED_MARK; i++)
		memcpy(ret_key_id + byte_places[i], digits + 2 * i, 2);
}

/* The place of a secret: that of its note, or the free one where it would go. There is always a free one. */
static uint32_t *find_place(const struct uses *uses, const uint8_t id[PACKED_ID_SIZE], uint32_t secret)
{
	size_t mask = uses->place_count - 1;
	size_t at = (encoding_crc32(id, PACKED_ID_SIZE) + secret * UINT32_C(0x9e3779b1)) & mask;

	for (;; at = (at + 1) & mask) {
		uint32_t *place = &uses->places[at];
		const struct note *note;

		if (*place == 0)
			return place;
		note = &uses->present.notes[*place - 1];
		if (note->secret == secret && memcmp(note->key_id, id, PACKED_ID_SIZE) == 0)
			return place;
	}
}

/* The note of a secret, made when there is none; NULL when the table is full. */
static struct note *obtain_note(struct uses *uses, const uint8_t id[PACKED_ID_SIZE], uint32_t secret)
{
	uint32_t *place = find_place(uses, id, secret);
	struct notes *notes = &uses->present;
	struct note *note;

	if (*place != 0)
		return &notes->notes[*place - 1];
	if (notes->count == uses->capacity)
		return NULL;
	note = &notes->notes[notes->count++];
	*note = (struct note){ .secret = secret };
	memcpy(note->key_id, id, sizeof(note->key_id));
	*place = (uint32_t)notes->count;
	return note;
}

bool uses_note(struct uses *uses, const char *key_id, uint32_t secret, int64_t time, const char *service,
	       const char *source)
{
	uint8_t id[PACKED_ID_SIZE];
	struct note *note = NULL;
	uint32_t text;
	bool half_full;

	pack_id(id, key_id);
	pthread_mutex_lock(&uses->lock);
	if (intern(uses, service, source, &text))
		note = obtain_note(uses, id, secret);
	if (note) {
		if (note->count == 0) {
			note->first_time = time;
			note->first_text = text;
		}
		note->last_time = time;
		note->last_text = text;
		note->count++;
	}
	half_full = uses->present.count >= uses->capacity - uses->capacity / 2 ||
		    uses->present.text_size > uses->text_capacity / 2 ||
		    4 * uses->present.text_count > uses->text_places;
	pthread_mutex_unlock(&uses->lock);
	return half_full;
}

static int compare(const void *a, const void *b)
{
	const struct note *left = a, *right = b;
	int order = memcmp(left->key_id, right->key_id, sizeof(left->key_id));

	return order != 0 ? order : (left->secret > right->secret) - (left->secret < right->secret);
}

size_t uses_take(struct uses *uses)
{
	struct notes emptied;
	size_t count;

	pthread_mutex_lock(&uses->lock);
	emptied = (struct notes){ .notes = uses->taken.notes, .texts = uses->taken.texts };
	uses->taken = uses->present;
	uses->present = emptied;
	uses->written = 0;
	count = uses->taken.count;
	uses->sorting = true; /* which takes too long for the lock: logins wait for it */
	memset(uses->places, 0, uses->place_count * sizeof(*uses->places));
	memset(uses->text_place, 0, uses->text_places * sizeof(*uses->text_place));
	pthread_mutex_unlock(&uses->lock);
	if (count > 0)
		qsort(uses->taken.notes, count, sizeof(*uses->taken.notes), compare);
	pthread_mutex_lock(&uses->lock);
	uses->sorting = false;
	pthread_cond_broadcast(&uses->sorted);
	pthread_mutex_unlock(&uses->lock);
	return count;
}

static void expand(const struct notes *notes, const struct note *note, struct store_use *ret_use)
{
	struct store_use *use = ret_use;

	unpack_id(note->key_id, use->key_id);
	use->secret = note->secret;
	use->count = note->count;
	use->first_time = note->first_time;
	use->last_time = note->last_time;
	(void)put_text(use->first_service, service_of(notes, note->first_text), sizeof(use->first_service));
	(void)put_text(use->first_source, source_of(notes, note->first_text), sizeof(use->first_source));
	(void)put_text(use->last_service, service_of(notes, note->last_text), sizeof(use->last_service));
	(void)put_text(use->last_source, source_of(notes, note->last_text), sizeof(use->last_source));
}

void uses_taken(const struct uses *uses, size_t index, struct store_use *ret_use)
{
	expand(&uses->taken, &uses->taken.notes[index], ret_use);
}

void uses_written(struct uses *uses, size_t count)
{
	pthread_mutex_lock(&uses->lock);
	uses->written = count;
	pthread_mutex_unlock(&uses->lock);
}

/* Puts one note back below what came meanwhile. */
static void return_note(struct uses *uses, const struct note *old)
{
	uint32_t first, last;
	struct note *note;

	if (!intern(uses, service_of(&uses->taken, old->first_text), source_of(&uses->taken, old->first_text),
		    &first) ||
	    !intern(uses, service_of(&uses->taken, old->last_text), source_of(&uses->taken, old->last_text), &last))
		return;
	note = obtain_note(uses, old->key_id, old->secret);
	if (!note)
		return;
	if (note->count == 0) {
		note->last_time = old->last_time;
		note->last_text = last;
	}
	note->first_time = old->first_time;
	note->first_text = first;
	note->count += old->count;
}

void uses_return(struct uses *uses)
{
	pthread_mutex_lock(&uses->lock);
	for (size_t i = uses->written; i < uses->taken.count; i++)
		return_note(uses, &uses->taken.notes[i]);
	/* Those that were written stay, for whoever still looks at the store as it was before. */
	uses->taken.count = uses->written;
	pthread_mutex_unlock(&uses->lock);
}

/* Adds a note that came later to a use. */
static void add_later(struct store_use *use, const struct notes *notes, const struct note *note)
{
	struct store_use later;

	expand(notes, note, &later);
	if (use->count > 0) {
		later.count += use->count;
		later.first_time = use->first_time;
		memcpy(later.first_service, use->first_service, sizeof(later.first_service));
		memcpy(later.first_source, use->first_source, sizeof(later.first_source));
	}
	*use = later;
}

/* True when the store had a note before it said what use says. Whether it is written does not tell: who looks may have
 * begun before that, or while it went on. */
static bool has_got(const struct store_use *use, const struct notes *notes, const struct note *note)
{
	return use->count >= note->count && use->last_time == note->last_time &&
	       strcmp(use->last_service, service_of(notes, note->last_text)) == 0 &&
	       strcmp(use->last_source, source_of(notes, note->last_text)) == 0;
}

void uses_merge(struct uses *uses, struct store_use *use)
{
	struct note wanted = { .secret = use->secret };
	const struct note *taken;
	uint32_t place;

	pack_id(wanted.key_id, use->key_id);
	pthread_mutex_lock(&uses->lock);
	/* Without these a secret that is in use would seem to be unused. */
	while (uses->sorting)
		pthread_cond_wait(&uses->sorted, &uses->lock);
	taken = bsearch(&wanted, uses->taken.notes, uses->taken.count, sizeof(wanted), compare);
	if (taken && !has_got(use, &uses->taken, taken))
		add_later(use, &uses->taken, taken);
	place = *find_place(uses, wanted.key_id, use->secret);
	if (place != 0)
		add_later(use, &uses->present, &uses->present.notes[place - 1]);
	pthread_mutex_unlock(&uses->lock);
}
