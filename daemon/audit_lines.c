/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD "{\"seq\":"
#define HEAD_SIZE (sizeof(HEAD "18446744073709551615,") - 1)

/* What stands before the members until the head is written: more than the head will be. */
struct room {
	size_t size; /* of the members, without the closing brace */
	uint8_t digest[CHAIN_HASH_SIZE];
};

_Static_assert(sizeof(struct room) >= HEAD_SIZE, "a line does not grow where it is numbered");

static size_t write_head(char ret_head[HEAD_SIZE + 1], uint64_t seq)
{
	return (size_t)snprintf(ret_head, HEAD_SIZE + 1, HEAD "%" PRIu64 ",", seq);
}

size_t audit_line_begin(struct audit_text *text)
{
	size_t start = text->size;

	if (audit_text_reserve(text, sizeof(struct room)))
		text->size += sizeof(struct room);
	return start;
}

void audit_line_end(struct audit_text *text, size_t start, struct crypto_hash *hash)
{
	struct room room;
	const char *members;

	if (!audit_text_reserve(text, CHAIN_TAIL_MAX))
		return;
	text->size--; /* the closing brace comes with the tail */
	members = text->data + start + sizeof(room);
	room.size = text->size - start - sizeof(room);
	if (crypto_hash_compute(hash, members, room.size, room.digest) < 0)
		text->failed = true;
	memcpy(text->data + start, &room, sizeof(room));
	text->size += CHAIN_TAIL_MAX;
}

size_t audit_lines_size(const struct audit_text *text, size_t count, uint64_t seq, bool keyed)
{
	const struct chain_links links = { .has_mac = keyed };
	char head[HEAD_SIZE + 1], tail[CHAIN_TAIL_MAX];
	size_t size = text->size, tail_size = chain_write_tail(&links, tail);

	for (size_t i = 0; i < count; i++)
		size -= sizeof(struct room) + CHAIN_TAIL_MAX - write_head(head, seq + i) - tail_size;
	return size;
}

size_t audit_lines_first(const struct audit_text *text, size_t most, size_t *ret_count)
{
	size_t size = 0, count = 0;

	while (size < text->size) {
		struct room room;
		size_t line;

		memcpy(&room, text->data + size, sizeof(room));
		line = sizeof(room) + room.size + CHAIN_TAIL_MAX;
		if (count > 0 && line > most - size)
			break;
		size += line;
		count++;
		if (size >= most)
			break;
	}
	*ret_count = count;
	return size;
}

int audit_lines_number(struct audit_text *text, size_t count, uint64_t seq, struct audit_chain *chain, size_t *ret_size)
{
	char head[HEAD_SIZE + 1];
	const char *from = text->data;
	char *to = text->data;

	for (size_t i = 0; i < count; i++) {
		struct chain_links links = { .seq = seq + i };
		size_t head_size = write_head(head, links.seq);
		struct room room;
		int r;

		memcpy(&room, from, sizeof(room));
		memcpy(links.digest, room.digest, sizeof(links.digest));
		r = audit_chain_link(chain, &links);
		if (r < 0)
			return r;
		memcpy(to, head, head_size);
		memmove(to + head_size, from + sizeof(room), room.size);
		from += sizeof(room) + room.size + CHAIN_TAIL_MAX;
		to += head_size + room.size;
		to += chain_write_tail(&links, to);
	}
	*ret_size = (size_t)(to - text->data);
	return 0;
}
