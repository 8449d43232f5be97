/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/find_hits.h"

#include <stdlib.h>
#include <string.h>

#define ROOM_FIRST 256

/* FNV-1a: whoever makes texts collide slows down the own search. */
static uint64_t hash(const char *text, size_t size)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ (unsigned char)text[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* Where a text is, or would be. */
static struct find_hit *find_slot(struct find_hit *hits, size_t room, const char *text, size_t size)
{
	size_t at = (size_t)(hash(text, size) % room);

	while (hits[at].text[0] != '\0' && (memcmp(hits[at].text, text, size) != 0 || hits[at].text[size] != '\0'))
		at = at + 1 == room ? 0 : at + 1;
	return &hits[at];
}

static void drop(struct find_hit *hits, size_t room)
{
	if (hits)
		explicit_bzero(hits, room * sizeof(*hits));
	free(hits);
}

static void free_names(struct find_hit *hit)
{
	free(hit->id);
	free(hit->name);
	free(hit->owner);
	free(hit->tenant);
	free(hit->state);
}

static bool is_kept(const struct find_hit *hit)
{
	return hit->text[0] != '\0' && (hit->ours || !hit->asked || hit->kind == APIKEY_SCAN_KEY);
}

/* Moves all that are kept into a table with so much room. */
static bool move(struct find_hits *hits, size_t room, bool (*keeps)(const struct find_hit *hit))
{
	struct find_hit *fresh = calloc(room, sizeof(*fresh));

	if (!fresh)
		return false;
	hits->count = 0;
	for (size_t i = 0; i < hits->room; i++) {
		const struct find_hit *hit = &hits->hits[i];

		if (hit->text[0] == '\0' || (keeps && !keeps(hit)))
			continue;
		*find_slot(fresh, room, hit->text, strlen(hit->text)) = *hit;
		hits->count++;
	}
	drop(hits->hits, hits->room);
	hits->hits = fresh;
	hits->room = room;
	return true;
}

bool find_hits_note(struct find_hits *hits, enum apikey_scan_kind kind, const char *text, size_t size,
		    const struct find_place *place)
{
	struct find_hit *hit;

	if (size >= FIND_TEXT_SIZE)
		return true;
	if (hits->count * 2 >= hits->room && !move(hits, hits->room > 0 ? hits->room * 2 : ROOM_FIRST, NULL))
		return false;
	hit = find_slot(hits->hits, hits->room, text, size);
	if (hit->text[0] == '\0') {
		memcpy(hit->text, text, size);
		hit->kind = kind;
		hits->count++;
		hits->unasked++;
	}
	hit->count++;
	if (hit->place_count < FIND_PLACES)
		hit->places[hit->place_count++] = *place;
	return true;
}

bool find_hits_forget(struct find_hits *hits)
{
	size_t room = ROOM_FIRST, kept = 0;

	for (size_t i = 0; i < hits->room; i++)
		kept += is_kept(&hits->hits[i]);
	while (room < 4 * kept)
		room *= 2;
	return move(hits, room, is_kept);
}

void find_hits_done(struct find_hits *hits)
{
	for (size_t i = 0; i < hits->room; i++)
		free_names(&hits->hits[i]);
	drop(hits->hits, hits->room);
	*hits = (struct find_hits){ .count = 0 };
}
