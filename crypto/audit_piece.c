/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "crypto/audit_piece.h"

#include <string.h>

#define HEAD_ROOM 64

/* The number that a line begins with. */
static uint64_t seq_of(const char *data, size_t size)
{
	struct chain_line line;
	char head[HEAD_ROOM];

	for (size_t i = sizeof("{\"seq\":") - 1; i < size && i < sizeof(head) - 1; i++) {
		if (data[i] != ',' && data[i] != '}')
			continue;
		memcpy(head, data, i);
		head[i] = '}';
		return chain_read_line(head, i + 1, &line) ? line.links.seq : 0;
	}
	return 0;
}

int audit_piece_add(struct audit_piece *piece, uint64_t line, const char *data, size_t size, bool newline)
{
	int r = 0;

	if (piece->lines == 0) {
		piece->line = line;
		r = crypto_hash_new(&piece->hash);
		if (r == 0)
			r = crypto_hash_new(&piece->ended);
	}
	if (r == 0 && piece->newline)
		r = crypto_hash_add(piece->hash, "\n", 1);
	if (r == 0)
		r = crypto_hash_add(piece->hash, data, size);
	if (r == 0)
		r = crypto_hash_add(piece->ended, data, size);
	if (r == 0 && newline)
		r = crypto_hash_add(piece->ended, "\n", 1);
	piece->size += size + newline;
	piece->newline = newline;
	piece->lines++;
	/* The number of a torn record counts as used where it has one that is whole. */
	piece->seq = seq_of(data, size);
	return r;
}

bool audit_piece_is(const struct audit_piece *piece, const struct chain_torn *torn)
{
	uint8_t digest[CHAIN_HASH_SIZE];
	struct crypto_hash *hash;

	if (torn->bytes != piece->size && torn->bytes + 1 != piece->size)
		return false;
	hash = torn->bytes == piece->size ? piece->ended : piece->hash;
	return crypto_hash_read(hash, digest) == 0 && memcmp(digest, torn->digest, sizeof(digest)) == 0;
}

void audit_piece_done(struct audit_piece *piece)
{
	crypto_hash_free(piece->hash);
	crypto_hash_free(piece->ended);
	*piece = (struct audit_piece){ .size = 0 };
}
