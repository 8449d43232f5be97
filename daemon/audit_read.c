/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_read.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/audit_file.h"
#include "daemon/audit_folder.h"
#include "daemon/audit_seek.h"
#include "proto/audit_entry.h"

#define SLACK (INT64_C(86400) * 1000000) /* microseconds by which times may be out of order */
#define RETRIES 10
#define PASSED_COST ((size_t)64 * 1024) /* what a file that is passed over counts for, of what may be looked at */

enum step {
	STEP_ON,
	STEP_STOP, /* the page ends before this line */
	STEP_END,  /* nothing that is asked for can follow */
};

struct reader {
	const struct audit_reading *reading;
	struct audit_folder folder;
	struct audit_at at;
	char *buffer;
	size_t room; /* bytes of it */
	size_t left; /* bytes that may be looked at */
};

static void reader_done(struct reader *reader)
{
	audit_folder_close(&reader->folder);
	free(reader->buffer);
}

/* ---- places ---- */

void audit_place_format(const struct audit_place *place, char ret_text[AUDIT_PLACE_SIZE])
{
	snprintf(ret_text, AUDIT_PLACE_SIZE, "%" PRIu64 ".%" PRIu64 ".%" PRIu64, place->file, place->offset,
		 place->seq);
}

bool audit_place_parse(const char *text, struct audit_place *ret_place)
{
	uint64_t numbers[3];

	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		char *end;

		if (*text < '0' || *text > '9')
			return false;
		errno = 0;
		numbers[i] = strtoull(text, &end, 10);
		if (errno != 0 || *end != (i + 1 < ARRAY_SIZE(numbers) ? '.' : '\0'))
			return false;
		text = end + 1;
	}
	if (numbers[1] > INT64_MAX)
		return false;
	*ret_place = (struct audit_place){ numbers[0], numbers[1], numbers[2] };
	return true;
}

/* ---- lines ---- */

static int64_t later(int64_t time)
{
	return time > INT64_MAX - SLACK ? INT64_MAX : time + SLACK;
}

/* Hands a line on, unless its time is another. */
static enum step deliver(const struct reader *reader, const char *line, size_t size, bool broken)
{
	const struct audit_reading *reading = reader->reading;
	const struct audit_found found = { .line = line, .size = size, .broken = broken };
	uint64_t seq;
	int64_t time;

	if (audit_entry_head(line, size, &seq, &time)) {
		if (reading->backward ? time < reading->since - SLACK : time > later(reading->until))
			return STEP_END;
		if (time < reading->since || time > reading->until)
			return STEP_ON;
	}
	return reading->visit(reading->data, &found) ? STEP_ON : STEP_STOP;
}

/* Doubles the room for a line. 0, -EMSGSIZE when it is too long, or -ENOMEM. */
static int make_room(struct reader *reader)
{
	char *larger;

	if (reader->room >= AUDIT_READ_LINE_MAX)
		return -EMSGSIZE;
	larger = realloc(reader->buffer, 2 * reader->room);
	if (!larger)
		return -ENOMEM;
	reader->buffer = larger;
	reader->room *= 2;
	reader->left = reader->room; /* or a reading could end where it began */
	return 0;
}

/* A line that does not fit is one damage, up to its end, however far that is. */
static int skip_long(struct reader *reader, int fd, enum step *ret_step)
{
	uint64_t size = reader->folder.segments[reader->at.index].size, offset = reader->at.offset;
	const char *newline = NULL;

	*ret_step = deliver(reader, reader->buffer, reader->room, true);
	if (*ret_step != STEP_ON)
		return 0;
	for (offset += reader->room; offset < size && !newline;) {
		size_t most = size - offset < reader->room ? (size_t)(size - offset) : reader->room;
		int64_t got = audit_file_read_at(fd, reader->buffer, most, offset);

		if (got <= 0)
			return got < 0 ? (int)got : -EAGAIN;
		newline = memchr(reader->buffer, '\n', (size_t)got);
		offset += newline ? (uint64_t)(newline - reader->buffer) + 1 : (uint64_t)got;
	}
	reader->at.offset = offset;
	return 0;
}

/* Goes through the lines in the buffer, and puts the reader behind those that are done. False: there was not one. */
static bool walk_forward(struct reader *reader, size_t size, enum step *step)
{
	const char *line = reader->buffer, *end = reader->buffer + size, *newline;

	while (*step == STEP_ON && line < end && (newline = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		*step = deliver(reader, line, (size_t)(newline - line), false);
		if (*step == STEP_ON)
			line = newline + 1;
	}
	reader->at.offset += (uint64_t)(line - reader->buffer);
	return line > reader->buffer || *step != STEP_ON;
}

/* A piece of the segment the reader stands in. */
static int read_forward(struct reader *reader, int fd, enum step *step)
{
	uint64_t size = reader->folder.segments[reader->at.index].size;

	while (*step == STEP_ON && reader->left > 0 && reader->at.offset < size) {
		uint64_t rest = size - reader->at.offset;
		size_t most = rest < reader->room ? (size_t)rest : reader->room;
		int64_t got = audit_file_read_at(fd, reader->buffer, most, reader->at.offset);
		int r;

		if (got <= 0)
			return got < 0 ? (int)got : -EAGAIN;
		reader->left -= (size_t)got < reader->left ? (size_t)got : reader->left;
		if (walk_forward(reader, (size_t)got, step))
			continue;
		if ((uint64_t)got == rest) {
			/* A file that was rotated away, and ends without a newline. */
			*step = deliver(reader, reader->buffer, (size_t)got, true);
			if (*step == STEP_ON)
				reader->at.offset = size;
			continue;
		}
		r = make_room(reader);
		if (r == -EMSGSIZE)
			r = skip_long(reader, fd, step);
		if (r < 0)
			return r;
	}
	return 0;
}

/* The same from the end of the buffer, which begins at start. */
static bool walk_backward(struct reader *reader, size_t size, uint64_t start, enum step *step)
{
	size_t end = size;

	while (*step == STEP_ON && end > 0) {
		bool whole = reader->buffer[end - 1] == '\n';
		size_t stop = whole ? end - 1 : end;
		const char *newline = memrchr(reader->buffer, '\n', stop);
		size_t line = newline ? (size_t)(newline - reader->buffer) + 1 : 0;

		if (!newline && start > 0)
			break;
		*step = deliver(reader, reader->buffer + line, stop - line, !whole);
		if (*step == STEP_ON)
			end = line;
	}
	reader->at.offset -= size - end;
	return end < size || *step != STEP_ON;
}

static int skip_long_backward(struct reader *reader, int fd, enum step *ret_step)
{
	const char *newline = NULL;
	uint64_t offset = reader->at.offset - reader->room;

	/* Of a line like that it is its end that is at hand. */
	*ret_step = deliver(reader, reader->buffer, reader->room, true);
	if (*ret_step != STEP_ON)
		return 0;
	while (offset > 0 && !newline) {
		size_t most = offset < reader->room ? (size_t)offset : reader->room;
		int64_t got = audit_file_read_at(fd, reader->buffer, most, offset - most);

		if (got != (int64_t)most)
			return got < 0 ? (int)got : -EAGAIN;
		newline = memrchr(reader->buffer, '\n', most);
		offset -= newline ? most - (uint64_t)(newline + 1 - reader->buffer) : most;
	}
	reader->at.offset = offset;
	return 0;
}

static int read_backward(struct reader *reader, int fd, enum step *step)
{
	while (*step == STEP_ON && reader->left > 0 && reader->at.offset > 0) {
		size_t most = reader->at.offset < reader->room ? (size_t)reader->at.offset : reader->room;
		uint64_t start = reader->at.offset - most;
		int64_t got = audit_file_read_at(fd, reader->buffer, most, start);
		int r;

		if (got != (int64_t)most)
			return got < 0 ? (int)got : -EAGAIN;
		reader->left -= most < reader->left ? most : reader->left;
		if (walk_backward(reader, most, start, step))
			continue;
		r = make_room(reader);
		if (r == -EMSGSIZE)
			r = skip_long_backward(reader, fd, step);
		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- files ---- */

/* What a file's times say: whether it is read, passed over, or the end of all. */
static enum step judge_segment(const struct reader *reader)
{
	const struct audit_reading *reading = reader->reading;
	int64_t first, last;

	if (!audit_seek_times(&reader->folder, reader->at.index, &first, &last))
		return STEP_ON;
	if (last < reading->since - SLACK)
		return reading->backward ? STEP_END : STEP_STOP;
	if (first > later(reading->until))
		return reading->backward ? STEP_STOP : STEP_END;
	return STEP_ON;
}

/* Goes on to the next file where this one is done. False: there is none. */
static bool enter_next(struct reader *reader)
{
	struct audit_at *at = &reader->at;
	const struct audit_segment *segments = reader->folder.segments;

	if (reader->folder.count == 0)
		return false;
	if (reader->reading->backward) {
		if (at->offset > 0)
			return true;
		if (at->index + 1 >= reader->folder.count)
			return false;
		at->offset = segments[++at->index].size;
		return true;
	}
	if (at->offset < segments[at->index].size)
		return true;
	if (at->index == 0)
		return false;
	at->index--;
	at->offset = 0;
	return true;
}

/* The reader stands at the edge of a file, where it begins with it. */
static bool is_at_edge(const struct reader *reader)
{
	return reader->at.offset == (reader->reading->backward ? reader->folder.segments[reader->at.index].size : 0);
}

static int read_segment(struct reader *reader, enum step *step)
{
	const struct audit_segment *segment = &reader->folder.segments[reader->at.index];
	CLEANUP_CLOSE int fd = -1;
	enum step judged = is_at_edge(reader) ? judge_segment(reader) : STEP_ON;

	if (judged == STEP_END) {
		*step = STEP_END;
		return 0;
	}
	if (judged == STEP_STOP) {
		reader->at.offset = reader->reading->backward ? 0 : segment->size;
		reader->left -= reader->left < PASSED_COST ? reader->left : PASSED_COST;
		return 0;
	}
	fd = audit_folder_open_segment(&reader->folder, segment);
	if (fd < 0)
		return fd;
	return reader->reading->backward ? read_backward(reader, fd, step) : read_forward(reader, fd, step);
}

static int read_on(struct reader *reader, struct audit_reading_end *end)
{
	enum step step = STEP_ON;

	while (step == STEP_ON && reader->left > 0) {
		int r;

		if (!enter_next(reader)) {
			end->end = true;
			return 0;
		}
		r = read_segment(reader, &step);
		if (r < 0)
			return r;
	}
	end->end = step == STEP_END;
	return 0;
}

/* ---- one reading ---- */

static int prepare(struct reader *reader, struct audit_reading_end *end)
{
	const struct audit_reading *reading = reader->reading;
	int r = audit_folder_open(reading->folder, &reader->folder);

	if (r < 0)
		return r;
	reader->left = AUDIT_READ_PIECE;
	reader->room = AUDIT_READ_PIECE;
	reader->buffer = malloc(reader->room);
	if (!reader->buffer)
		return -ENOMEM;
	r = audit_seek_limit(&reader->folder, &reading->reach);
	if (r < 0)
		return r;
	end->oldest = audit_seek_oldest(&reader->folder);
	if (!reading->from)
		reader->at = reading->backward ? audit_seek_end(&reader->folder) : audit_seek_start(&reader->folder);
	else
		r = audit_seek(&reader->folder, &reading->reach, reading->from, &reader->at, &end->lost);
	/* Else it may have looked at one file for another. */
	return r < 0 || audit_folder_holds_still(&reader->folder) ? r : -EAGAIN;
}

static int read_once(const struct audit_reading *reading, struct audit_reading_end *ret_end, bool *ret_visited)
{
	CLEANUP(reader_done) struct reader reader = { .reading = reading, .folder = AUDIT_FOLDER_INIT };
	struct audit_reading_end end = { .end = false };
	int r = prepare(&reader, &end);

	if (r < 0)
		return r;
	end.start = audit_seek_place(&reader.folder, &reader.at);
	*ret_visited = true;
	r = read_on(&reader, &end);
	/* Renamed under our hands: what was read up to there counts. */
	if (r == -EAGAIN)
		r = 0;
	if (r < 0)
		return r;
	end.place = audit_seek_place(&reader.folder, &reader.at);
	*ret_end = end;
	return 0;
}

int audit_read(const struct audit_reading *reading, struct audit_reading_end *ret_end)
{
	bool visited = false;
	int r = -EAGAIN;

	for (int i = 0; i < RETRIES && r == -EAGAIN && !visited; i++)
		r = read_once(reading, ret_end, &visited);
	return r;
}
