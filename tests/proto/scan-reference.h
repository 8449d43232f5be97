/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the scanner has to find, found slowly and written apart from it: at each byte it is asked anew what begins
 * there. And what it finds when it is handed the bytes in pieces.
 */
#ifndef APIKEYD_TESTS_PROTO_SCAN_REFERENCE_H
#define APIKEYD_TESTS_PROTO_SCAN_REFERENCE_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"
#include "proto/scan.h"

struct scan_hit {
	enum scan_kind kind;
	size_t at, size;
};

struct scan_hits {
	size_t count, most;
	struct scan_hit *hits;
	size_t base; /* where the piece in hand begins */
};

static inline void scan_hits_add(struct scan_hits *hits, enum scan_kind kind, size_t at, size_t size)
{
	if (hits->count == hits->most) {
		hits->most = hits->most * 2 + 16;
		hits->hits = realloc(hits->hits, hits->most * sizeof(*hits->hits));
		if (!hits->hits)
			abort();
	}
	hits->hits[hits->count++] = (struct scan_hit){ kind, at, size };
}

static inline void scan_hits_visit(void *user, enum scan_kind kind, size_t at, size_t size)
{
	struct scan_hits *hits = user;

	scan_hits_add(hits, kind, hits->base + at, size);
}

static inline int scan_hits_compare(const void *left, const void *right)
{
	const struct scan_hit *a = left, *b = right;

	return a->at != b->at ? (a->at < b->at ? -1 : 1) : (int)a->kind - (int)b->kind;
}

static inline void scan_hits_sort(struct scan_hits *hits)
{
	if (hits->count > 0)
		qsort(hits->hits, hits->count, sizeof(*hits->hits), scan_hits_compare);
}

static inline bool reference_is_of(const char *text, size_t size, const char *characters)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\0' || !strchr(characters, text[i]))
			return false;
	}
	return true;
}

/* The size of the token that begins here, or 0. */
static inline size_t reference_token(const char *text, size_t left)
{
	static const char base62[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
	static const char *const prefixes[] = { "ak_", "akt_" };
	char check[6];

	for (size_t i = 0; i < 2; i++) {
		size_t prefix = strlen(prefixes[i]), size = prefix + 12 + 1 + 32 + 6;

		if (left < size || memcmp(text, prefixes[i], prefix) != 0 ||
		    !reference_is_of(text + prefix, 12, base62) || text[prefix + 12] != '_' ||
		    !reference_is_of(text + prefix + 13, 38, base62))
			continue;
		encoding_base62_number(encoding_crc32(text, size - 6), check, sizeof(check));
		if (memcmp(check, text + size - 6, sizeof(check)) == 0)
			return size;
	}
	return 0;
}

static inline bool reference_public_key(const char *data, size_t size, size_t at)
{
	static const char digits[] = "0123456789abcdef", beside[] = "0123456789abcdef-";

	if (size - at < 36)
		return false;
	for (size_t i = 0; i < 36; i++) {
		if (i == 8 || i == 13 || i == 18 || i == 23 ? data[at + i] != '-'
							    : !reference_is_of(data + at + i, 1, digits))
			return false;
	}
	return !(at > 0 && reference_is_of(data + at - 1, 1, beside)) &&
	       !(at + 36 < size && reference_is_of(data + at + 36, 1, beside));
}

static inline void reference_scan(const char *data, size_t size, struct scan_hits *ret_hits)
{
	*ret_hits = (struct scan_hits){ .count = 0 };
	for (size_t at = 0; at < size; at++) {
		size_t token = reference_token(data + at, size - at);

		if (token > 0)
			scan_hits_add(ret_hits, SCAN_OPAQUE, at, token);
		if (reference_public_key(data, size, at))
			scan_hits_add(ret_hits, SCAN_PUBLIC_KEY, at, 36);
	}
}

/* As a stream is read: so many bytes more each time, into memory of just that size. */
static inline void piecewise_scan(const char *data, size_t size, size_t piece, struct scan_hits *ret_hits)
{
	size_t begin = 0, from = 0, end = 0; /* from is counted from begin */

	*ret_hits = (struct scan_hits){ .count = 0 };
	do {
		size_t next = size - end < piece ? size : end + piece;
		char *room = malloc(next - begin + 1);

		if (!room)
			abort();
		end = next;
		if (end > begin)
			memcpy(room, data + begin, end - begin);
		ret_hits->base = begin;
		from = scan_bytes(room, end - begin, from, end == size, scan_hits_visit, ret_hits);
		free(room);
		if (from > 1) {
			begin += from - 1;
			from = 1;
		}
	} while (end < size);
	scan_hits_sort(ret_hits);
}

#endif
