/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finds the last seq and rev of an audit file from its end. Both stand at the very start of a line, where no text of a
 * caller can be, so that only line starts are looked at and a line may be of any length. A file that lost its end in a
 * power cut may hold anything, NULs included: what is no record is passed over.
 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "daemon/audit_file.h"

#define PIECE 65536
#define HEAD sizeof("{\"seq\":18446744073709551615,\"rev\":18446744073709551615,")
#define NUMBER_MAX INT64_MAX                    /* what JSON readers take for an integer */
#define WHOLE_MAX ((off_t)1024 * 1024)          /* a last line without its newline is read up to this size, in bytes */
#define LINE_MAX_READ ((off_t)16 * 1024 * 1024) /* and another one up to this */

static bool take_literal(const char **at, const char *end, const char *literal)
{
	size_t size = strlen(literal);

	if ((size_t)(end - *at) < size || memcmp(*at, literal, size) != 0)
		return false;
	*at += size;
	return true;
}

/* A number that is whole: something follows it. */
static bool take_number(const char **at, const char *end, uint64_t *ret_number)
{
	const char *digit = *at;
	uint64_t number = 0;

	for (; digit < end && *digit >= '0' && *digit <= '9'; digit++) {
		uint64_t value = (uint64_t)(*digit - '0');

		if (number > (NUMBER_MAX - value) / 10)
			return false;
		number = number * 10 + value;
	}
	if (digit == *at || digit == end || (*digit != ',' && *digit != '}'))
		return false;
	*at = digit;
	*ret_number = number;
	return true;
}

/* Looks at the start of a line. True when nothing is left to find. */
static bool look(const char *line, size_t size, bool whole, struct audit_tail *tail)
{
	const char *at = line, *end = line + size;
	uint64_t seq, rev;

	if (!take_literal(&at, end, "{\"seq\":") || !take_number(&at, end, &seq))
		return false;
	if (!tail->has_seq) {
		tail->seq = seq;
		tail->has_seq = true;
	}
	if (!tail->has_rev && whole && take_literal(&at, end, ",\"rev\":") && take_number(&at, end, &rev)) {
		tail->rev = rev;
		tail->has_rev = true;
	}
	return tail->has_seq && tail->has_rev;
}

/*
 * Reads a line for where it is in the chain. False when it is no whole record. One that has no newline at its end is
 * whole where only that is missing.
 */
static bool read_links(int fd, off_t start, off_t stop, bool ended, struct audit_tail *tail)
{
	CLEANUP_FREE char *line = NULL;
	struct crypto_hash *hash = NULL;
	struct chain_line read;
	int64_t size;
	json_t *json;
	bool whole;

	if (stop - start > (ended ? LINE_MAX_READ : WHOLE_MAX) || !(line = malloc((size_t)(stop - start) + 1)))
		return false;
	size = audit_file_read_at(fd, line, (size_t)(stop - start), (uint64_t)start);
	if (size <= 0 || !chain_read_line(line, (size_t)size, &read))
		return false;
	if (!ended) {
		json = json_loadb(line, (size_t)size, 0, NULL);
		whole = json != NULL;
		json_decref(json);
		if (!whole)
			return false;
	}
	if (tail->has_record)
		return true;
	tail->has_record = true;
	tail->record_end = (uint64_t)stop + ended;
	tail->has_links = read.chained && crypto_hash_new(&hash) == 0 &&
			  crypto_hash_compute(hash, read.text, read.text_size, read.links.digest) == 0;
	tail->links = read.links;
	crypto_hash_free(hash);
	return true;
}

int audit_tail_read(int fd, struct audit_tail *tail)
{
	CLEANUP_FREE char *piece = NULL;
	struct stat status;
	off_t end, stop; /* where the line that is looked for ends: at a newline, or the end of the file */

	if (fstat(fd, &status) < 0)
		return -errno;
	tail->torn = false;
	end = stop = status.st_size;
	piece = malloc(PIECE + HEAD);
	if (!piece)
		return -ENOMEM;

	/* Each piece is read with the start of the line that begins right behind it. */
	for (off_t piece_end = end; piece_end > 0;) {
		off_t start = piece_end > PIECE ? piece_end - PIECE : 0;
		size_t room = (size_t)(piece_end - start) + HEAD, most = (size_t)(end - start);
		int64_t got = audit_file_read_at(fd, piece, room < most ? room : most, (uint64_t)start);
		const char *newline;
		size_t line_end = (size_t)(piece_end - start);

		if (got < 0)
			return (int)got;
		if ((size_t)got < line_end) /* made shorter meanwhile */
			line_end = (size_t)got;
		if (piece_end == end && line_end > 0)
			tail->torn = piece[line_end - 1] != '\n';
		while ((newline = memrchr(piece, '\n', line_end)) || (start == 0 && line_end > 0)) {
			size_t line = newline ? (size_t)(newline - piece) + 1 : 0;
			off_t line_stop = stop;
			bool last = stop == end, whole = true;

			line_end = newline ? (size_t)(newline - piece) : 0;
			stop = start + (off_t)line_end;
			if (line == (size_t)got) /* behind the last newline */
				continue;
			if (!tail->has_record || (last && tail->torn))
				whole = read_links(fd, start + (off_t)line, line_stop, !last || !tail->torn, tail) ||
					!(last && tail->torn);
			if (look(piece + line, (size_t)got - line, whole, tail) && tail->has_record) {
				tail->behind_rev = (uint64_t)(end - start) - line;
				return 0;
			}
		}
		piece_end = start;
	}
	return 0;
}
