/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_seek.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/audit_file.h"
#include "proto/audit_entry.h"

#define WINDOW ((size_t)256 * 1024) /* bytes in which the start of a record is looked for, */
#define GLANCE ((size_t)4096)       /* and in which it nearly always is */

struct head {
	uint64_t start, end; /* of its line, the newline included, in bytes of the file */
	uint64_t seq;
	int64_t time;
};

/* A part of a segment. False where it cannot be read: nothing is known of it then. The caller frees. */
static bool read_window(const struct audit_folder *folder, size_t index, uint64_t start, size_t size, char **ret_data)
{
	CLEANUP_CLOSE int fd = audit_folder_open_segment(folder, &folder->segments[index]);
	char *data = fd < 0 ? NULL : malloc(size + 1);

	if (!data || audit_file_read_at(fd, data, size, start) != (int64_t)size) {
		free(data);
		return false;
	}
	*ret_data = data;
	return true;
}

/* Looks at so many bytes from an offset on. */
static bool first_head_in(const struct audit_folder *folder, size_t index, uint64_t offset, bool inside, size_t window,
			  struct head *ret_head)
{
	CLEANUP_FREE char *data = NULL;
	uint64_t rest = folder->segments[index].size - offset;
	size_t size = rest < window ? (size_t)rest : window;
	const char *line, *newline;

	if (!read_window(folder, index, offset, size, &data))
		return false;
	line = data;
	if (inside) {
		newline = memchr(data, '\n', size);
		if (!newline)
			return false;
		line = newline + 1;
	}
	while (line < data + size) {
		size_t left = size - (size_t)(line - data);
		struct head head = { .start = offset + (uint64_t)(line - data) };

		newline = memchr(line, '\n', left);
		/* The end of a line may lie behind the window. */
		head.end = newline ? offset + (uint64_t)(newline + 1 - data) : head.start;
		if (audit_entry_head(line, newline ? (size_t)(newline - line) : left, &head.seq, &head.time)) {
			*ret_head = head;
			return true;
		}
		if (!newline)
			return false;
		line = newline + 1;
	}
	return false;
}

/* The first record that begins at an offset or behind it; the offset is the start of a line, or behind it where inside
 * is set. */
static bool first_head(const struct audit_folder *folder, size_t index, uint64_t offset, bool inside,
		       struct head *ret_head)
{
	return first_head_in(folder, index, offset, inside, GLANCE, ret_head) ||
	       first_head_in(folder, index, offset, inside, WINDOW, ret_head);
}

/* Looks at so many bytes before an offset. */
static bool last_head_in(const struct audit_folder *folder, size_t index, uint64_t offset, bool only, size_t window,
			 struct head *ret_head)
{
	CLEANUP_FREE char *data = NULL;
	size_t size = offset < window ? (size_t)offset : window, end = size;
	uint64_t start = offset - size;

	if (size == 0 || !read_window(folder, index, start, size, &data))
		return false;
	while (end > 0) {
		size_t stop = data[end - 1] == '\n' ? end - 1 : end;
		const char *newline = memrchr(data, '\n', stop);
		size_t line = newline ? (size_t)(newline - data) + 1 : 0;
		struct head head = { .start = start + line, .end = start + end };

		if (!newline && start > 0)
			return false;
		if (audit_entry_head(data + line, stop - line, &head.seq, &head.time)) {
			*ret_head = head;
			return true;
		}
		if (only)
			return false;
		end = line;
	}
	return false;
}

/* The last record before an offset, which is the start of a line or the end of the file. only: of the line right before
 * it. */
static bool last_head(const struct audit_folder *folder, size_t index, uint64_t offset, bool only,
		      struct head *ret_head)
{
	return last_head_in(folder, index, offset, only, GLANCE, ret_head) ||
	       last_head_in(folder, index, offset, only, WINDOW, ret_head);
}

int audit_seek_limit(struct audit_folder *folder, const struct audit_reach *reach)
{
	struct audit_segment *newest = folder->segments;

	if (folder->count == 0)
		return 0;
	if (reach->known && reach->file == newest->file && reach->size < newest->size)
		newest->size = reach->size;
	while (newest->size > 0) {
		CLEANUP_FREE char *data = NULL;
		size_t size = newest->size < WINDOW ? (size_t)newest->size : WINDOW;
		const char *newline;

		/* Made shorter, or renamed, since it was looked at. */
		if (!read_window(folder, 0, newest->size - size, size, &data))
			return -EAGAIN;
		newline = memrchr(data, '\n', size);
		newest->size -= newline ? size - (size_t)(newline + 1 - data) : size;
		if (newline)
			break;
	}
	return 0;
}

int64_t audit_seek_oldest(const struct audit_folder *folder)
{
	struct head head;

	for (size_t i = folder->count; i > 0; i--)
		if (folder->segments[i - 1].size > 0)
			return first_head(folder, i - 1, 0, false, &head) ? head.time : 0;
	return 0;
}

bool audit_seek_times(const struct audit_folder *folder, size_t index, int64_t *ret_first, int64_t *ret_last)
{
	struct head first, last;

	if (!first_head(folder, index, 0, false, &first) ||
	    !last_head(folder, index, folder->segments[index].size, false, &last))
		return false;
	*ret_first = first.time;
	*ret_last = last.time;
	return true;
}

struct audit_at audit_seek_start(const struct audit_folder *folder)
{
	return (struct audit_at){ .index = folder->count > 0 ? folder->count - 1 : 0, .offset = 0 };
}

struct audit_at audit_seek_end(const struct audit_folder *folder)
{
	return (struct audit_at){ .index = 0, .offset = folder->count > 0 ? folder->segments[0].size : 0 };
}

/* The seq of the line before, also where that is in the file before. */
static uint64_t seq_before(const struct audit_folder *folder, const struct audit_at *at)
{
	struct head head;
	size_t index = at->index;
	uint64_t offset = at->offset;

	while (offset == 0 && ++index < folder->count)
		offset = folder->segments[index].size;
	return offset > 0 && last_head(folder, index, offset, true, &head) ? head.seq : 0;
}

struct audit_place audit_seek_place(const struct audit_folder *folder, const struct audit_at *at)
{
	if (folder->count == 0)
		return (struct audit_place){ .file = 0 };
	return (struct audit_place){
		.file = folder->segments[at->index].file,
		.offset = at->offset,
		.seq = seq_before(folder, at),
	};
}

/* ---- a place that was kept ---- */

static bool is_line_start(const struct audit_folder *folder, const struct audit_at *at)
{
	CLEANUP_FREE char *data = NULL;

	return at->offset == 0 || (read_window(folder, at->index, at->offset - 1, 1, &data) && *data == '\n');
}

/* Where it says it is, and what is there is what it says. */
static bool find_by_file(const struct audit_folder *folder, const struct audit_place *place, struct audit_at *ret_at)
{
	for (size_t i = 0; i < folder->count; i++) {
		struct audit_at at = { .index = i, .offset = place->offset };

		if (folder->segments[i].file != place->file)
			continue;
		if (place->offset > folder->segments[i].size || !is_line_start(folder, &at) ||
		    (place->seq != 0 && seq_before(folder, &at) != place->seq))
			return false;
		*ret_at = at;
		return true;
	}
	return false;
}

/* Goes on, from the start of a line, behind the last record whose seq is not greater. */
static uint64_t walk_to(const struct audit_folder *folder, size_t index, uint64_t offset, uint64_t seq)
{
	uint64_t found = offset, size = folder->segments[index].size;

	while (offset < size) {
		CLEANUP_FREE char *data = NULL;
		size_t most = size - offset < WINDOW ? (size_t)(size - offset) : WINDOW;
		const char *line, *newline;

		if (!read_window(folder, index, offset, most, &data))
			break;
		for (line = data; (newline = memchr(line, '\n', most - (size_t)(line - data))) != NULL;
		     line = newline + 1) {
			struct head head;

			if (!audit_entry_head(line, (size_t)(newline - line), &head.seq, &head.time))
				continue;
			if (head.seq > seq)
				return found;
			found = offset + (uint64_t)(newline + 1 - data);
		}
		/* A line that does not fit is none that is looked for. */
		offset += line > data ? (uint64_t)(line - data) : most;
	}
	return found;
}

/* Behind the last record of a segment whose seq is not greater; its first one is such. */
static uint64_t find_in_segment(const struct audit_folder *folder, size_t index, uint64_t seq)
{
	uint64_t low = 0, high = folder->segments[index].size;
	struct head head;

	while (high - low > WINDOW) {
		uint64_t middle = low + (high - low) / 2;

		if (first_head(folder, index, middle, true, &head) && head.start < high && head.seq <= seq)
			low = head.start;
		else
			high = middle;
	}
	return walk_to(folder, index, low, seq);
}

static struct audit_at find_by_seq(const struct audit_folder *folder, uint64_t seq)
{
	struct head head;

	for (size_t i = 0; i < folder->count; i++)
		if (folder->segments[i].size > 0 && first_head(folder, i, 0, false, &head) && head.seq <= seq)
			return (struct audit_at){ .index = i, .offset = find_in_segment(folder, i, seq) };
	return audit_seek_start(folder);
}

/* True where the record that follows is not the next one. */
static bool is_lost(const struct audit_folder *folder, const struct audit_at *at, uint64_t seq)
{
	struct head head;

	for (size_t i = at->index + 1; i > 0; i--) {
		uint64_t offset = i == at->index + 1 ? at->offset : 0;

		if (offset < folder->segments[i - 1].size)
			return !first_head(folder, i - 1, offset, false, &head) || head.seq != seq + 1;
	}
	return false;
}

int audit_seek(const struct audit_folder *folder, const struct audit_reach *reach, const struct audit_place *place,
	       struct audit_at *ret_at, bool *ret_lost)
{
	*ret_lost = false;
	*ret_at = audit_seek_start(folder);
	/* Of a time when there was no file yet. */
	if (folder->count == 0 || (place->file == 0 && place->seq == 0) || find_by_file(folder, place, ret_at))
		return 0;
	/* Where all was removed, numbers begin anew. */
	if (place->seq == 0 || (reach->known && reach->seq < place->seq)) {
		*ret_lost = true;
		return 0;
	}
	*ret_at = find_by_seq(folder, place->seq);
	*ret_lost = is_lost(folder, ret_at, place->seq);
	return 0;
}
