/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/escape.h"

#define RECORDS_MAX 512
#define RECORD_SPARE 32  /* bytes, what the wire adds to a record */
#define PAGE_SPARE 512   /* and to a page */
#define DAMAGE_SHOWN 256 /* bytes of a line that is no record */
#define NOBODY_ELSE                                                                                                    \
	(1U << AUDIT_MEMBER_SEQ | 1U << AUDIT_MEMBER_REV | 1U << AUDIT_MEMBER_PEER_PID) /* administrators alone */
#define CUT (1U << AUDIT_MEMBER_CHANGES)

int audit_page_init(struct audit_page *ret_page, size_t most)
{
	struct audit_page page = { .most = most > 0 && most < RECORDS_MAX ? most : RECORDS_MAX };

	page.records = calloc(page.most, sizeof(*page.records));
	page.text = malloc(WIRE_PACKET_MAX);
	if (!page.records || !page.text) {
		audit_page_done(&page);
		return -ENOMEM;
	}
	*ret_page = page;
	return 0;
}

void audit_page_done(struct audit_page *page)
{
	free(page->records);
	free(page->text);
	*page = (struct audit_page){ .count = 0 };
}

/* Room for a text of at most size bytes and its NUL; NULL where there is none. */
static char *reserve(const struct audit_page *page, size_t size)
{
	if (page->count == page->most ||
	    page->size + size + (page->count + 1) * RECORD_SPARE + PAGE_SPARE > WIRE_PACKET_MAX)
		return NULL;
	return page->text + page->size;
}

/* Adds the text that was written into the room. */
static bool add(struct audit_page *page, char *text, size_t size, bool damaged)
{
	text[size] = '\0';
	page->records[page->count++] = (struct message_audit_record){ .json = text, .damaged = damaged };
	page->size += size + 1;
	return true;
}

/* The size of a record with the members that are not left out, which are bits. */
static size_t measure(const struct audit_entry *entry, unsigned int left_out)
{
	size_t size = sizeof("{,\"cut\":true}");

	for (unsigned int i = 0; i < AUDIT_MEMBERS; i++)
		if (entry->members[i].text && !(left_out & 1U << i))
			size += sizeof(",\"\":") + strlen(audit_member_name(i)) + entry->members[i].size;
	return size;
}

static bool add_members(struct audit_page *page, const struct audit_entry *entry, unsigned int left_out)
{
	char *text = reserve(page, measure(entry, left_out)), *end = text, between = '{';

	if (!text)
		return false;
	for (unsigned int i = 0; i < AUDIT_MEMBERS; i++) {
		const struct audit_value *value = &entry->members[i];

		if (!value->text || left_out & 1U << i)
			continue;
		end += sprintf(end, "%c\"%s\":", between, audit_member_name(i));
		memcpy(end, value->text, value->size);
		end += value->size;
		between = ',';
	}
	end = stpcpy(end, left_out & CUT ? ",\"cut\":true}" : "}");
	return add(page, text, (size_t)(end - text), false);
}

/* What is too long for an answer is shown without its changes; and what is so without them, as it begins. */
static bool add_long(struct audit_page *page, const char *line, size_t size, const struct audit_entry *entry,
		     unsigned int left_out)
{
	if (measure(entry, left_out) <= WIRE_AUDIT_RECORD_MAX)
		return add_members(page, entry, left_out);
	if (measure(entry, left_out | CUT) <= WIRE_AUDIT_RECORD_MAX)
		return add_members(page, entry, left_out | CUT);
	return line ? audit_page_add_damage(page, line, size) : true;
}

bool audit_page_add_line(struct audit_page *page, const char *line, size_t size, const struct audit_entry *entry)
{
	char *text;

	if (size > WIRE_AUDIT_RECORD_MAX)
		return add_long(page, line, size, entry, CUT);
	text = reserve(page, size);
	if (!text)
		return false;
	memcpy(text, line, size);
	return add(page, text, size, false);
}

bool audit_page_add_part(struct audit_page *page, const struct audit_entry *entry)
{
	return add_long(page, NULL, 0, entry, NOBODY_ELSE);
}

/* Of what is printable only quotes and backslashes need an escape. */
static char *put_quoted(char *end, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '"' || text[i] == '\\')
			*end++ = '\\';
		*end++ = text[i];
	}
	return end;
}

/* As escape_name(), which wants a text without NULs, piece by piece. */
static char *put_escaped(char *end, const char *line, size_t size)
{
	char copy[DAMAGE_SHOWN + 1];

	memcpy(copy, line, size);
	copy[size] = '\0';
	for (size_t at = 0; at < size;) {
		size_t piece = strlen(copy + at);

		end = escape_name(end, copy + at, piece);
		at += piece;
		if (at < size)
			end = escape_text(end, copy + at++, 1);
	}
	return end;
}

bool audit_page_add_damage(struct audit_page *page, const char *line, size_t size)
{
	char escaped[2 * ESCAPE_ROOM(DAMAGE_SHOWN)];
	size_t shown = size < DAMAGE_SHOWN ? size : DAMAGE_SHOWN;
	char *text = reserve(page, 2 * sizeof(escaped) + 64), *end = text;

	if (!text)
		return false;
	end += sprintf(end, "{\"damaged\":\"");
	end = put_quoted(end, escaped, (size_t)(put_escaped(escaped, line, shown) - escaped));
	end += sprintf(end, "\",\"size\":%zu}", size);
	return add(page, text, (size_t)(end - text), true);
}
