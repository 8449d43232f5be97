/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit, private to its own files: records (daemon/audit.c), how the file is opened and what the audit itself has
 * to say in it (daemon/audit_notes.c), what is told about it (daemon/audit_health.c), what is on the disk
 * (daemon/audit_sync.c). All functions are called with the
 * lock held.
 */
#ifndef APIKEYD_DAEMON_AUDIT_STATE_H
#define APIKEYD_DAEMON_AUDIT_STATE_H

#include <pthread.h>

#include "common/cleanup.h"
#include "daemon/audit.h"
#include "daemon/audit_chain.h"
#include "daemon/audit_file.h"
#include "daemon/audit_format.h"

#define AUDIT_RETRY                                                                                                    \
	1000000000LL /* nanoseconds between attempts to open, to rotate, to write what waits, to look after the file   \
		      */

/* Records of the audit's own that have to come before any other, in this order. */
enum audit_note {
	AUDIT_NOTE_RECOVERED,
	AUDIT_NOTE_CHAIN_START,
	AUDIT_NOTE_CHAIN_MISMATCH,
	AUDIT_NOTE_CHAIN_RESUMED,
	AUDIT_NOTE_RESTORED,
	AUDIT_NOTE_CHECKPOINT,
	AUDIT_NOTE_SPOOLED,
	AUDIT_NOTE_COUNT,
};

/* Where the chain was when its key was sealed. */
struct audit_sealed {
	bool is; /* it was not held against the file yet */
	uint64_t seq;
	uint8_t prev[CHAIN_HASH_SIZE]; /* of the record behind it */
};

/* What waits until it can be written. */
struct audit_spool {
	struct audit_text text; /* lines without their numbers */
	size_t count;           /* lines */
	int64_t since;          /* microseconds since 1970 UTC; 0: all is written */
	int64_t next_try;       /* CLOCK_MONOTONIC, nanoseconds: nothing is tried before, and all records wait */
	uint64_t written;       /* of what waited, */
	uint64_t dropped;       /* and what found no room, since then; */
	uint64_t dropped_ever;  /* and since the start */
};

struct audit {
	pthread_mutex_t lock; /* over all below */
	char *folder;
	struct audit_options options;
	struct audit_file file;
	uint64_t seq;           /* of the last record */
	bool scanned;           /* the end of a file has been read */
	uint64_t rev;           /* of the last change */
	uint64_t rev_attempted; /* the greatest a write was tried with */
	uint64_t store_rev;     /* the file cannot be ahead of this when it is read first */
	uint64_t unmarked;      /* bytes since a line with a rev */
	struct audit_chain chain;
	struct audit_sealed sealed;
	bool has_first; /* a record was in the file when it was read first, */
	struct chain_links first;
	bool first_chained;    /* of a chain, */
	uint64_t learned_seq;  /* and no other has been written while seq is still this */
	uint64_t found;        /* how often a file was opened that others may have written, or was none */
	uint64_t synced_found; /* all files of then are on the disk; but the one that is written may not be, */
	uint64_t rotations;    /* nor those that were rotated away since there were so many */
	uint64_t synced_rotations;
	uint64_t synced_seq; /* all up to here is */
	bool closed;         /* torn ends in a newline already */
	bool notes[AUDIT_NOTE_COUNT];
	struct chain_torn torn; /* what NOTE_RECOVERED says */
	const char *why;        /* a chain began; static */
	uint64_t known_seq, found_seq;
	struct audit_spool spool;
	int last_error;                            /* negative errno */
	int64_t next_open, next_rotate, next_look; /* CLOCK_MONOTONIC, nanoseconds */
	bool writable;
	uint64_t failures;
	char fault[256], rotate_fault[256];
	char last_fault[256]; /* a copy of one of them */
	int64_t last_failed;  /* seconds since 1970 UTC */
};

static inline void audit_unlock(pthread_mutex_t **lock)
{
	pthread_mutex_unlock(*lock);
}

#define AUDIT_LOCKED(audit)                                                                                            \
	CLEANUP(audit_unlock) __attribute__((unused)) pthread_mutex_t *locked = &(audit)->lock;                        \
	pthread_mutex_lock(locked)

/* Keeps a failure to tell of, and returns it. */
int audit_fail(struct audit *audit, const char *what, int r);
/* The same of a rotation, which is no reason to fail. */
void audit_rotate_failed(struct audit *audit, int r);

/* Appends bytes as they are. 0 or a negative errno. */
int audit_append(struct audit *audit, const void *data, size_t size);

/* Makes the file ready for a record: open, whole, and ours. 0 or a negative errno. */
int audit_ready(struct audit *audit);
/* Writes what the audit itself has to say. 0 or a negative errno. */
int audit_write_notes(struct audit *audit);
/* A file that is ahead of the store tells of changes the store no longer knows. */
void audit_settle_rev(struct audit *audit);
/* Holds what was sealed of the chain against what the file ended with when it was read first. */
void audit_settle_sealed(struct audit *audit);
/* Numbers lines, each begun and ended, and appends them; where that fails the chain is where it was. The text is used
 * up. 0 or a negative errno. */
int audit_put_lines(struct audit *audit, struct audit_text *text, size_t count);
/* Keeps lines that could not be written, behind those that wait, where the options say so. */
void audit_spool_add(struct audit *audit, const struct audit_text *lines, size_t count);
/* Writes what waits. 0 or a negative errno. */
int audit_spool_write(struct audit *audit);
void audit_spool_done(struct audit_spool *spool);
/* Opens the file where it is not open. 0 or a negative errno. */
int audit_open_file(struct audit *audit);

#endif
