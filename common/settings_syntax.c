/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Lines are checked and counted here; inih splits names from values. It is built everywhere with a line buffer of 200
 * bytes and cuts what is longer, so a long setting reaches it in pieces, each but the first as a continuation line,
 * which it reports under the same name. Where it was built without those, the line is an error, never a shorter value.
 */
#include "common/settings_syntax.h"

#include <errno.h>
#include <ini.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/encoding.h"

#define BLANKS " \t"
/* As much of a name as every build of inih repeats for a continuation line. */
#define REPEATED_NAME_SIZE 48

static const char shape_fault[] = "expected [section], name = value, or a comment that begins with #";

struct reader {
	const struct settings_syntax *syntax;
	void *data;
	const char *at, *end;
	unsigned int line;
	char text[SETTINGS_LINE_MAX + 1]; /* the line; then what is left of it for inih */
	char *rest;                       /* in text; NULL when all of the line is handed on */
	char name[SETTINGS_NAME_MAX + 1];
	char value[SETTINGS_LINE_MAX + 1]; /* the pieces so far */
	bool awaited;                      /* a piece was handed on that inih has not reported */
	bool spaced;                       /* blanks were left out before the next piece */
};

static void fault(struct reader *reader, const char *message)
{
	reader->syntax->fault(reader->data, reader->line, message);
}

/* NULL when the bytes of a line are fit to be looked at, else what is wrong with them. */
static const char *line_error(const char *text, size_t size, unsigned int line)
{
	if (size > SETTINGS_LINE_MAX)
		return "the line is longer than 1000 bytes";
	if (memchr(text, '\0', size))
		return "the line has a NUL byte in it";
	if (line == 1 && size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return "the file begins with a byte order mark: save it as plain UTF-8";
	if (size > 0 && text[size - 1] == '\r')
		return "the line ends in a carriage return: save the file with Unix line ends";
	for (size_t at = 0; at < size;) {
		const char *tab = memchr(text + at, '\t', size - at);
		size_t piece = tab ? (size_t)(tab - text) - at : size - at;

		if (!encoding_is_utf8(text + at, piece))
			return "the line is not UTF-8";
		if (!encoding_is_printable_utf8(text + at, piece))
			return "the line has a control character in it";
		at += piece + 1;
	}
	return NULL;
}

/* Takes the next line into reader->text, without blanks behind it. False at the end of the file. */
static bool take_line(struct reader *reader)
{
	while (reader->at < reader->end) {
		const char *start = reader->at;
		const char *newline = memchr(start, '\n', (size_t)(reader->end - start));
		size_t size = (size_t)((newline ? newline : reader->end) - start);
		const char *error;

		reader->at = newline ? newline + 1 : reader->end;
		reader->line++;
		error = line_error(start, size, reader->line);
		if (error) {
			fault(reader, error);
			continue;
		}
		while (size > 0 && strchr(BLANKS, start[size - 1]))
			size--;
		memcpy(reader->text, start, size);
		reader->text[size] = '\0';
		return true;
	}
	return false;
}

static void take_section(struct reader *reader)
{
	char *name = reader->text + 1;
	size_t size = strcspn(name, "]");

	if (name[size] != ']' || name[size + 1] != '\0' || size == 0 || size > SETTINGS_NAME_MAX) {
		fault(reader, "expected [section] and nothing else on the line");
		return;
	}
	name[size] = '\0';
	reader->syntax->section(reader->data, reader->line, name);
}

/* Makes a setting's line ready for inih. */
static void take_setting(struct reader *reader)
{
	size_t separator = strcspn(reader->text, "=:");
	size_t size = separator;

	while (size > 0 && strchr(BLANKS, reader->text[size - 1]))
		size--;
	if (reader->text[separator] != '=' || size == 0) {
		fault(reader, shape_fault);
		return;
	}
	if (size > SETTINGS_NAME_MAX || separator > SETTINGS_NAME_MAX + 16) {
		fault(reader, "the name of the setting is longer than 64 bytes");
		return;
	}
	if (strpbrk(reader->text, "#;")) {
		fault(reader, "a comment needs a line of its own, and no value has # or ; in it");
		return;
	}
	memcpy(reader->name, reader->text, size);
	reader->name[size] = '\0';
	reader->value[0] = '\0';
	reader->rest = reader->text;
	reader->spaced = false;
}

/* Goes on to the next line that is for inih; the others are dealt with. False at the end of the file. */
static bool next_setting(struct reader *reader)
{
	reader->rest = NULL;
	while (!reader->rest && take_line(reader)) {
		if (reader->text[0] == '\0' || strchr("#;", reader->text[0]))
			continue;
		if (strchr(BLANKS, reader->text[0]))
			fault(reader, "the line begins with white space: a value cannot go on in a second line");
		else if (reader->text[0] == '[')
			take_section(reader);
		else
			take_setting(reader);
	}
	return reader->rest;
}

/* How much of what is left fits a piece; between two words where that can be. */
static size_t piece_size(const char *rest, size_t room)
{
	size_t size = strlen(rest);

	if (size <= room)
		return size;
	for (size_t cut = room; cut > room / 2; cut--)
		if (strchr(BLANKS, rest[cut]))
			return cut;
	return room;
}

/* inih asks for a line of at most num - 1 bytes. */
static char *read_piece(char *str, int num, void *stream)
{
	struct reader *reader = stream;
	size_t room = num > 3 ? (size_t)num - 3 : 0; /* a blank before, a line end and a NUL behind */
	size_t size;

	if (reader->awaited) {
		fault(reader, shape_fault);
		reader->awaited = false;
		reader->rest = NULL;
	}
	if (!reader->rest && !next_setting(reader))
		return NULL;
	size = piece_size(reader->rest, room);
	snprintf(str, (size_t)num, "%s%.*s\n", reader->rest == reader->text ? "" : " ", (int)size, reader->rest);
	reader->rest += size;
	reader->awaited = true;
	return str;
}

static int take_piece(void *user, const char *section, const char *name, const char *value)
{
	struct reader *reader = user;
	size_t size = strlen(reader->value), blanks;

	(void)section;
	if (!reader->awaited || !value || strncmp(name, reader->name, REPEATED_NAME_SIZE) != 0)
		return 1;
	reader->awaited = false;
	snprintf(reader->value + size, sizeof(reader->value) - size, "%s%s", reader->spaced && size > 0 ? " " : "",
		 value);
	blanks = strspn(reader->rest, BLANKS);
	reader->rest += blanks;
	reader->spaced = blanks > 0;
	if (*reader->rest != '\0')
		return 1;
	reader->rest = NULL;
	reader->syntax->setting(reader->data, reader->line, reader->name, reader->value);
	return 1;
}

int settings_syntax_read(const char *text, size_t size, const struct settings_syntax *syntax, void *data)
{
	struct reader reader = { .syntax = syntax, .data = data, .at = text, .end = text + size };

	if (ini_parse_stream(read_piece, &reader, take_piece, &reader) == -2)
		return -ENOMEM;
	if (reader.awaited) /* a build that stops at the first error */
		fault(&reader, shape_fault);
	return 0;
}
