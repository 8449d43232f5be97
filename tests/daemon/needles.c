/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/needles.h"

#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/encoding.h"
#include "tests/daemon/host.h"

/* How much of each form is taken for the secret: 64 random bits or more, which do not come about by themselves. */
#define PIECE_BYTES 8
#define PIECE_TEXT 12
#define PIECE_HEX 16

#define SECRET_MAX 128
#define SECRETS_MAX 256
#define START 8 /* bytes by which a piece is found */
#define BUCKETS (1 << 16)

_Static_assert(PIECE_HEX < NEEDLES_OVERLAP && PIECE_TEXT < NEEDLES_OVERLAP && PIECE_BYTES >= START, "sizes");

struct piece {
	struct piece *next; /* of the same bucket */
	const char *what, *form;
	size_t size;
	unsigned char bytes[PIECE_HEX];
};

struct needles {
	size_t count;
	struct {
		size_t size;
		unsigned char bytes[SECRET_MAX];
	} secrets[SECRETS_MAX];
	struct piece *buckets[BUCKETS];
};

struct needles *needles_new(void)
{
	struct needles *needles = calloc(1, sizeof(*needles));

	if (!needles)
		fail("out of memory");
	return needles;
}

void needles_free(struct needles *needles)
{
	for (size_t i = 0; i < BUCKETS; i++) {
		while (needles->buckets[i]) {
			struct piece *piece = needles->buckets[i];

			needles->buckets[i] = piece->next;
			free(piece);
		}
	}
	free(needles);
}

static size_t bucket_of(const unsigned char *at)
{
	uint64_t start;

	memcpy(&start, at, sizeof(start));
	return (size_t)(start * UINT64_C(0x9e3779b97f4a7c15) >> 48) % BUCKETS;
}

static const struct piece *find_piece(const struct needles *needles, const unsigned char *at, size_t left)
{
	const struct piece *piece = needles->buckets[bucket_of(at)];

	while (piece && (piece->size > left || memcmp(piece->bytes, at, piece->size) != 0))
		piece = piece->next;
	return piece;
}

/* Every piece of one form. */
static void add_form(struct needles *needles, const char *what, const char *form, const void *text, size_t size,
		     size_t piece_size)
{
	for (size_t i = 0; i + piece_size <= size; i++) {
		const unsigned char *at = (const unsigned char *)text + i;
		struct piece *piece;

		if (find_piece(needles, at, piece_size))
			continue;
		piece = calloc(1, sizeof(*piece));
		if (!piece)
			fail("out of memory");
		*piece = (struct piece){
			.next = needles->buckets[bucket_of(at)], .what = what, .form = form, .size = piece_size
		};
		memcpy(piece->bytes, at, piece_size);
		needles->buckets[bucket_of(at)] = piece;
	}
}

static void add_hex(struct needles *needles, const char *what, const unsigned char *secret, size_t size)
{
	char text[2 * SECRET_MAX + 1];

	encoding_hex(secret, size, text);
	add_form(needles, what, "hexadecimal", text, 2 * size, PIECE_HEX);
	for (char *at = text; *at != '\0'; at++)
		*at = (char)toupper((unsigned char)*at);
	add_form(needles, what, "hexadecimal", text, 2 * size, PIECE_HEX);
}

/* As it stands where 0, 1 or 2 bytes, modulo 3, come before it: without the characters that those have a part in. */
static void add_base64(struct needles *needles, const char *what, const unsigned char *secret, size_t size)
{
	for (size_t before = 0; before < 3; before++) {
		unsigned char shifted[SECRET_MAX + 2] = { 0 };
		char text[ENCODING_BASE64_SIZE(SECRET_MAX + 2) + 1];
		size_t whole = (before + size) / 3 * 4, first = before > 0 ? 4 : 0;

		memcpy(shifted + before, secret, size);
		encoding_base64_encode(shifted, before + size, text);
		add_form(needles, what, "base64", text + first, whole - first, PIECE_TEXT);
		encoding_base64url_encode(shifted, before + size, text);
		add_form(needles, what, "base64", text + first, whole - first, PIECE_TEXT);
	}
}

static bool is_text(const unsigned char *bytes, size_t size)
{
	while (size > 0 && isalnum(bytes[size - 1]))
		size--;
	return size == 0;
}

void needles_add(struct needles *needles, const char *what, const void *secret, size_t size)
{
	if (size > SECRET_MAX || size < 24 || needles->count == SECRETS_MAX)
		fail("%s cannot be looked for", what);
	for (size_t i = 0; i < needles->count; i++) {
		if (needles->secrets[i].size == size && memcmp(needles->secrets[i].bytes, secret, size) == 0)
			return;
	}
	memcpy(needles->secrets[needles->count].bytes, secret, size);
	needles->secrets[needles->count++].size = size;
	add_form(needles, what, "bytes", secret, size, is_text(secret, size) ? PIECE_TEXT : PIECE_BYTES);
	add_hex(needles, what, secret, size);
	add_base64(needles, what, secret, size);
}

size_t needles_count(const struct needles *needles)
{
	return needles->count;
}

bool needles_find(const struct needles *needles, const void *data, size_t size, struct found *ret_found)
{
	for (size_t i = 0; i + START <= size; i++) {
		const struct piece *piece = find_piece(needles, (const unsigned char *)data + i, size - i);

		if (!piece)
			continue;
		*ret_found = (struct found){ .what = piece->what, .form = piece->form, .at = i };
		return true;
	}
	return false;
}
