/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The file under the audit: opened with care, locked against a second daemon, appended to whole or not at all, rotated
 * without losing a line. Knows lines, not records. One thread at a time.
 */
#ifndef APIKEYD_DAEMON_AUDIT_FILE_H
#define APIKEYD_DAEMON_AUDIT_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/audit_chain.h"

struct audit_file {
	int folder;    /* holds the lock; -1 when closed */
	int fd;        /* -1 when closed */
	uint64_t size; /* bytes */
};

#define AUDIT_FILE_INIT                                                                                                \
	{                                                                                                              \
		.folder = -1, .fd = -1                                                                                 \
	}

/*
 * Opens AUDIT_FILE in a folder, making it (0640) when it is missing. 0, or a negative errno and the file stays closed:
 * -EBUSY (another process has the folder locked), -ELOOP (a symbolic link), -ENOTSUP (no regular file), -ENOENT (no
 * such folder), -EACCES, -EROFS, -ENOSPC …
 */
int audit_file_open(struct audit_file *file, const char *path);
/* Closes and unlocks; accepts a closed one. */
void audit_file_close(struct audit_file *file);

/*
 * Appends bytes that end in a newline. 0, or a negative errno and nothing of them is in the file. Where a part was
 * written and cannot be taken back the file is closed: reading its tail when it is opened again tells what is there.
 */
int audit_file_append(struct audit_file *file, const void *data, size_t size);

/*
 * Begins a new file; the old one becomes AUDIT_FILE ".1", that one ".2" …, and what is beyond keep is removed. 0, or a
 * negative errno and the old file is still the one that is appended to.
 */
int audit_file_rotate(struct audit_file *file, uint64_t keep);

/* How many rotated files lie in a folder, up to the first gap, most at most. */
uint64_t audit_file_rotated(const char *path, uint64_t most);

/* True when somebody removed the file while it was open. Brings size up to date. */
bool audit_file_is_gone(struct audit_file *file);
/* True when file or folder, which lies there, was moved away, so that the path leads elsewhere. */
bool audit_file_is_elsewhere(const struct audit_file *file, const char *path);

/* What the end of the file says. */
struct audit_tail {
	bool torn;                /* the last line has no end */
	bool has_seq, has_rev;    /* a whole number was found */
	uint64_t seq;             /* of the last line that has one, a torn one included */
	uint64_t rev;             /* of the last whole line that has one */
	uint64_t behind_rev;      /* bytes from that line to the end of its file */
	bool has_links;           /* the last whole record is part of a chain, */
	struct chain_links links; /* and this is where in it */
	bool has_record;
	uint64_t record_end; /* where the last whole record ends; what lies behind it is none */
};

/*
 * Reads backwards, in bounded pieces, until both numbers are found; what is missing in the file is looked for in the
 * one rotated before it. Lines that are none of ours are passed over. 0, or a negative errno.
 */
int audit_file_tail(const struct audit_file *file, struct audit_tail *ret_tail);

/* The piece of audit_file_tail() for one descriptor; fills in what tail does not have yet. */
int audit_tail_read(int fd, struct audit_tail *tail);

/* Reads up to size bytes, fewer at the end of the file. How many, or a negative errno. */
int64_t audit_file_read_at(int fd, void *ret_data, size_t size, uint64_t offset);

/* The SHA-256 of what lies in the file from an offset on. 0, or a negative errno. */
int audit_file_digest(const struct audit_file *file, uint64_t from, uint8_t ret_digest[CHAIN_HASH_SIZE]);

#endif
