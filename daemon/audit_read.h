/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reads the lines of the audit file and of those that were rotated away, forwards or backwards, a bounded piece at a
 * time, while others append to them and rotate them.
 *
 * Where a reading stands is a place that a client keeps: a reading survives that the file is rotated, that the daemon
 * is started anew, and that old files go. A place names a file by its inode and a line by the seq before it, and is
 * believed only where both fit; else it is looked for by its seq. So whatever somebody makes of one, a reading begins
 * at the start of a line. It tells how many records there are: who is no administrator is given it sealed
 * (daemon/audit_cursor.h).
 */
#ifndef APIKEYD_DAEMON_AUDIT_READ_H
#define APIKEYD_DAEMON_AUDIT_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Lines that are longer are taken for damaged ones. Bytes. */
#define AUDIT_READ_LINE_MAX ((size_t)4 * 1024 * 1024)
/* Bytes that one reading looks at, unless a single line is longer. */
#define AUDIT_READ_PIECE ((size_t)1024 * 1024)

/* Between two lines. */
struct audit_place {
	uint64_t file;   /* inode */
	uint64_t offset; /* bytes */
	uint64_t seq;    /* of the line before, in the file before where this is the first; 0: it has none */
};

#define AUDIT_PLACE_SIZE sizeof("18446744073709551615.18446744073709551615.18446744073709551615")

void audit_place_format(const struct audit_place *place, char ret_text[AUDIT_PLACE_SIZE]);
bool audit_place_parse(const char *text, struct audit_place *ret_place);

/* How far the file that is being written is whole, and the seq of its last record (daemon/audit.h): behind it may lie
 * part of a write that is not done, or that will be taken back. */
struct audit_reach {
	bool known;
	uint64_t file, size, seq;
};

/* A line without its newline; it lives through the call. */
struct audit_found {
	const char *line;
	size_t size;
	bool broken; /* too long, of which this is the beginning, or without an end: no record */
};

/* False: the reading ends before this line, which comes again next time. */
typedef bool (*audit_visit)(void *data, const struct audit_found *found);

struct audit_reading {
	const char *folder;
	struct audit_reach reach;
	const struct audit_place *from; /* NULL: the beginning, or the end when it goes backwards */
	bool backward;
	/*
	 * Lines of times before since and after until (microseconds) are passed over. The clock may have been set, so
	 * that a file's lines need not be in the order of their times: of what lies a day outside of them and more, no
	 * more is read.
	 */
	int64_t since, until;
	audit_visit visit;
	void *data;
};

struct audit_reading_end {
	struct audit_place start; /* where it began */
	struct audit_place place; /* where the next one goes on */
	bool end;                 /* there is nothing more now */
	bool lost;                /* lines between from and start are gone */
	int64_t oldest;           /* the time of the first record of all, microseconds; 0: there is none */
};

/* 0, or a negative errno: -EAGAIN where files were renamed faster than they could be opened. */
int audit_read(const struct audit_reading *reading, struct audit_reading_end *ret_end);

#endif
