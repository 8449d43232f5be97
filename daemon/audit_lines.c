/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define HEAD "{\"seq\":"
#define HEAD_ROOM (sizeof(HEAD "18446744073709551615,") - 1) /* until it is known it holds the line's size */

static size_t write_head(char ret_head[HEAD_ROOM + 1], uint64_t seq)
{
	return (size_t)snprintf(ret_head, HEAD_ROOM + 1, HEAD "%" PRIu64 ",", seq);
}

size_t audit_line_begin(struct audit_text *text)
{
	size_t start = text->size;

	if (audit_text_reserve(text, HEAD_ROOM))
		text->size += HEAD_ROOM;
	return start;
}

void audit_line_end(struct audit_text *text, size_t start)
{
	size_t size;

	audit_text_append(text, "\n", 1);
	if (text->failed)
		return;
	size = text->size - start - HEAD_ROOM;
	memcpy(text->data + start, &size, sizeof(size));
}

size_t audit_lines_size(const struct audit_text *text, size_t count, uint64_t seq)
{
	char head[HEAD_ROOM + 1];
	size_t size = text->size;

	for (size_t i = 0; i < count; i++)
		size -= HEAD_ROOM - write_head(head, seq + i);
	return size;
}

size_t audit_lines_number(struct audit_text *text, size_t count, uint64_t seq)
{
	char head[HEAD_ROOM + 1];
	const char *from = text->data;
	char *to = text->data;

	for (size_t i = 0; i < count; i++) {
		size_t size, head_size = write_head(head, seq + i);

		memcpy(&size, from, sizeof(size));
		memcpy(to, head, head_size);
		memmove(to + head_size, from + HEAD_ROOM, size);
		to += head_size + size;
		from += HEAD_ROOM + size;
	}
	return (size_t)(to - text->data);
}
