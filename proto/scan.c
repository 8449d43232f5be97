/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Most bytes are no credential, and the fewer times each is touched the faster it goes. What a token and a public key
 * have at fixed distances, "k_" or "t_" and another underscore, and four dashes, is looked for in LANE bytes at a time,
 * by operations that the compiler has for every processor; only where all of it is there is a text looked at.
 */
#include "proto/scan.h"

#include <stdint.h>
#include <string.h>

#define LANE 16
#define BLOCK ((size_t)4 * LANE)

#define TOKEN_STEP (CREDENTIAL_ID_SIZE + 1) /* from the first underscore of a token to the second */
#define DASH_FIRST 8                        /* where the first dash of a public key is, */
#define DASH_STEP 5                         /* and how far the next three */
#define AHEAD ((size_t)3 * DASH_STEP)       /* how far behind a mark is looked */

_Static_assert(CREDENTIAL_OPAQUE_MAX + 1 < SCAN_WINDOW, "a token has room in a window");
_Static_assert(CREDENTIAL_PUBLIC_KEY_SIZE + 2 < SCAN_WINDOW, "so has a public key");
_Static_assert(TOKEN_STEP <= AHEAD, "the second underscore is not farther");

typedef uint8_t lane __attribute__((vector_size(LANE)));
typedef uint64_t words __attribute__((vector_size(LANE)));

/* A lane is handed on by its address: how one is returned differs between processors with and without such registers.
 */
static inline void load(const uint8_t *at, lane *ret_lane)
{
	memcpy(ret_lane, at, sizeof(*ret_lane));
}

/* Whether one of BLOCK bytes may be the first underscore or dash of something. One is there before them, and AHEAD are
 * behind them. */
static inline bool is_promising(const uint8_t *at)
{
	lane found = { 0 };
	words whole;

	for (size_t i = 0; i < BLOCK; i += LANE) {
		lane before, here, next, second, dash_2, dash_3, dash_4;

		load(at + i - 1, &before);
		load(at + i, &here);
		load(at + i + 1, &next);
		load(at + i + TOKEN_STEP, &second);
		load(at + i + DASH_STEP, &dash_2);
		load(at + i + (size_t)2 * DASH_STEP, &dash_3);
		load(at + i + AHEAD, &dash_4);
		found |= (lane)((here == '_') & (second == '_') & ((before == 'k') | (before == 't')));
		found |= (lane)((here == '-') & (dash_2 == '-') & (dash_3 == '-') & (dash_4 == '-') & (next != '-'));
	}
	memcpy(&whole, &found, sizeof(whole));
	return (whole[0] | whole[1]) != 0;
}

struct scan {
	const uint8_t *data;
	size_t size;
	size_t from, until; /* where a text may begin that is visited */
	scan_visitor visitor;
	void *user;
};

static bool is_digit(uint8_t byte)
{
	return (byte >= '0' && byte <= '9') || (byte >= 'a' && byte <= 'f');
}

/* A token whose first underscore is at place. */
static void try_token(const struct scan *scan, size_t place)
{
	for (size_t before = 2; before <= 3; before++) {
		size_t size = CREDENTIAL_OPAQUE_SIZE + before - 2, at = place - before;
		const char *text;

		if (place < before || at < scan->from || at >= scan->until || size > scan->size - at)
			continue;
		text = (const char *)scan->data + at;
		/* Most are told apart by this, without the sum. */
		if (text[0] != 'a' || text[1] != 'k' || (before == 3 && text[2] != 't'))
			continue;
		if (credential_classify(text, size).kind == CREDENTIAL_OPAQUE)
			scan->visitor(scan->user, SCAN_OPAQUE, at, size);
	}
}

/* A public key whose first dash is at place. What it stands in must not go on: that would be another number. */
static void try_public_key(const struct scan *scan, size_t place)
{
	size_t at = place - DASH_FIRST, end = at + CREDENTIAL_PUBLIC_KEY_SIZE;
	const uint8_t *data = scan->data;

	if (place < DASH_FIRST || at < scan->from || at >= scan->until || CREDENTIAL_PUBLIC_KEY_SIZE > scan->size - at)
		return;
	/* Most are told apart by this. */
	if (data[place + DASH_STEP] != '-')
		return;
	if (!credential_is_public_key_start((const char *)data + at, CREDENTIAL_PUBLIC_KEY_SIZE))
		return;
	if (at > 0 && (is_digit(data[at - 1]) || data[at - 1] == '-'))
		return;
	if (end < scan->size && (is_digit(data[end]) || data[end] == '-'))
		return;
	scan->visitor(scan->user, SCAN_PUBLIC_KEY, at, CREDENTIAL_PUBLIC_KEY_SIZE);
}

/* Looks at each byte from place to end. */
static void try_each(const struct scan *scan, size_t place, size_t end)
{
	for (; place < end; place++) {
		if (scan->data[place] == '_')
			try_token(scan, place);
		else if (scan->data[place] == '-')
			try_public_key(scan, place);
	}
}

size_t scan_bytes(const void *data, size_t size, size_t from, bool end, scan_visitor visitor, void *user)
{
	struct scan scan = { .data = data, .size = size, .from = from, .visitor = visitor, .user = user };
	size_t place = from > 0 ? from : 1, last; /* nothing has its mark first */

	if (!end && size < from + SCAN_WINDOW)
		return from;
	scan.until = end ? size : size - SCAN_WINDOW;
	/* The mark that is looked for stands DASH_FIRST bytes behind the beginning at most. */
	last = scan.until + DASH_FIRST < size ? scan.until + DASH_FIRST : size;
	for (; place + BLOCK + AHEAD <= size && place < last; place += BLOCK) {
		if (is_promising(scan.data + place))
			try_each(&scan, place, place + BLOCK < last ? place + BLOCK : last);
	}
	try_each(&scan, place, last);
	return scan.until;
}
