/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit file (FORMATS 9): one JSON object a line, written before the reply it belongs to goes out; and its
 * rotation. A batch of records is one write(2) under one lock, which also orders seq. A failed write leaves no half
 * line behind. Texts that are not UTF-8 are escaped; a user name that looks like a key is cut to its prefix. Never a
 * secret.
 */
#ifndef APIKEYD_DAEMON_AUDIT_H
#define APIKEYD_DAEMON_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "proto/verdict.h"

#define AUDIT_FILE "audit.jsonl"

/* One record. Texts may be NULL (the field is left out) and belong to the caller; they only need to live through the
 * call. */
struct audit_record {
	int64_t time;      /* microseconds since 1970 UTC */
	const char *event; /* "verify", "account", "key_create", "throttled", … static */
	bool has_verdict;
	enum verdict verdict;
	enum reason reason;
	const char *key_id, *key_name, *owner, *user, *service, *tty, *rhost, *permission;
	bool has_peer;
	uid_t peer_uid;
	pid_t peer_pid;
	const char *actor;   /* who changed something: "uid:0", a key id */
	const char *changes; /* a JSON object, before and after; written as it is */
	uint64_t count;      /* how many alike this record stands for; 0 and 1: one, not written */
};

struct audit_options {
	uint64_t max_size; /* bytes before rotation */
	uint64_t keep;     /* rotated files: audit.jsonl.1 … */
	bool journal;      /* copy to the journal, through daemon/journal.h */
};

struct audit;

/* Opens (0640, O_APPEND, O_NOFOLLOW) the file in a folder and finds its last seq; a torn last line is closed by a
 * "recovered" record. A folder that cannot be written is no error here: audit_fault() says so and each write tries
 * again. 0, -ENOMEM. */
int audit_open(const char *folder, const struct audit_options *options, struct audit **ret_audit);
void audit_close(struct audit *audit);

/* Appends records in order, any thread. 0, or a negative errno: none of them is in the file. */
int audit_write(struct audit *audit, const struct audit_record *records, size_t count);

/*
 * An administrative change: audit_format() gives the object that goes into the change log inside the transaction
 * (malloc'ed, the caller frees; NULL when out of memory), audit_append_change() puts it into the file after the commit,
 * with seq and rev added. Changes come in the order of rev, from one thread; what fails is tried again before the next
 * record.
 */
char *audit_format(const struct audit_record *record);
int audit_append_change(struct audit *audit, uint64_t rev, const char *object);

/* The greatest rev among the last records of the file and the rotated one before it; 0 when there is none. */
uint64_t audit_last_rev(struct audit *audit);

/* Reopens (SIGHUP) with other options. */
void audit_reopen(struct audit *audit, const struct audit_options *options);

struct audit_health {
	bool writable;      /* the last write succeeded */
	char fault[256];    /* a sentence, when not writable */
	uint64_t seq;       /* of the last record */
	uint64_t size;      /* of the file, bytes */
	uint64_t failures;  /* writes that failed since start */
	uint64_t disk_free; /* bytes left where the file is, for this user */
};
void audit_health(struct audit *audit, struct audit_health *ret_health);

#endif
