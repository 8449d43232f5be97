/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit file: one JSON object a line, written before the reply it belongs to goes out; its rotation, and the chain
 * its records form (crypto/audit_chain.h). A batch of records is one write(2) under one lock, which also orders seq. A
 * failed write leaves no half line behind. Texts that are not UTF-8 are escaped; a user name that looks like a key is
 * cut to its prefix. Never a secret.
 */
#ifndef APIKEYD_DAEMON_AUDIT_H
#define APIKEYD_DAEMON_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "crypto/audit_chain.h"
#include "proto/verdict.h"

#define AUDIT_FILE "audit.jsonl"

struct journal;
struct audit_reach;

/* One record. Texts may be NULL or empty (the field is left out) and belong to the caller; they only need to live
 * through the call. */
struct audit_record {
	int64_t time;      /* microseconds since 1970 UTC */
	const char *event; /* "verify", "account", "key_create", "throttled", … static */
	bool has_verdict;
	enum verdict verdict;
	enum reason reason;
	const char *key_id, *key_name, *owner, *user, *service, *tty, *rhost, *permission;
	bool unnamed;         /* key_name and owner are nobody's: they cost the time of a key's, and are not written */
	bool test;            /* of a test key */
	const char *bound_to; /* misuse: the service that the key is for, and which did not ask */
	const char *misuse;   /* how a key was used that should not be used so: a sentence */
	const char *detail;   /* why it was malformed: a sentence */
	bool has_peer;
	uid_t peer_uid;
	pid_t peer_pid;
	const char *actor; /* who changed something: "uid:0", a key id */
	const char
		*changes; /* a JSON object on one line, before and after; written as it is (anything else: as a text) */
	uint64_t count;   /* how many alike this record stands for; 0 and 1: one, not written */
};

struct audit_options {
	uint64_t max_size;       /* bytes before rotation; 0: never */
	uint64_t keep;           /* rotated files: audit.jsonl.1 … */
	uint64_t spool;          /* bytes of records that wait in memory while they cannot be written; 0: none do */
	struct journal *journal; /* gets a copy of each record; outlives the audit; NULL: none */
};

struct audit;

/*
 * Opens (0640, O_APPEND, O_NOFOLLOW) the file in a folder and finds its last seq; a torn last line is closed by a
 * "recovered" record, before the first other one. A folder that cannot be written, or is locked by another daemon, is
 * no error here: audit_health() says so and each write tries again, opening once a second at most. 0, -ENOMEM. The
 * process ignores SIGXFSZ.
 *
 * Besides what it is given it writes "recovered" records, "checkpoint" records, which say the rev that was reached (at
 * the start of each file but the first, and now and then), "store_restored" (see audit_last_rev()), and of the chain
 * "chain_start", "chain_resumed" and "chain_mismatch" (daemon/audit_notes.c).
 */
int audit_open(const char *folder, const struct audit_options *options, struct audit **ret_audit);
/* Accepts NULL. */
void audit_close(struct audit *audit);

/* Appends records in order, any thread; a batch is one write(2). 0, or a negative errno: none of them is in the file;
 * where the options have a spool, they wait in it to be written before any other, which is tried once a second, and a
 * "spooled" record behind them says how many there were, and for how many there was no room. */
int audit_write(struct audit *audit, const struct audit_record *records, size_t count);

/*
 * An administrative change: audit_format() gives the object that goes into the change log inside the transaction
 * (malloc'ed, the caller frees; NULL when out of memory), audit_append_change() puts it into the file after the commit,
 * with seq and rev added. Any thread.
 *
 * The file remembers how far it got, so the caller does not: changes come in ascending order of rev; one whose rev the
 * file has already is not written again, and the answer is 0. So at start, and whenever an append has failed, the
 * caller lists the change log after audit_last_rev() and appends what it finds, before any further change. 0, or a
 * negative errno: it is not in the file.
 */
char *audit_format(const struct audit_record *record);
int audit_append_change(struct audit *audit, uint64_t rev, const char *object);

/*
 * The rev of the last change in the file, or in the rotated one before it; 0 when there is none, and while the file
 * cannot be read. store_rev is the rev the store is at. When the file is ahead of it the store was set back to a
 * backup: a "store_restored" record says so, and changes count from store_rev again.
 */
uint64_t audit_last_rev(struct audit *audit, uint64_t store_rev);

/* Reopens (SIGHUP) with other options; a file that was moved away is followed by a new one. */
void audit_reopen(struct audit *audit, const struct audit_options *options);

/* How far the file is whole (daemon/audit_read.h). */
void audit_reach(struct audit *audit, struct audit_reach *ret_reach);

/* Any thread, now and then: tries again what failed, and writes what waits. */
void audit_tend(struct audit *audit);

/*
 * Waits until all records that were written before are on the disk, with the names of their files; nobody else waits
 * meanwhile. Any thread. 0, or a negative errno: it is not known, and the next call tries again.
 */
int audit_sync(struct audit *audit);
/* True where a file was rotated away since: it should not be behind the one that follows it for long. */
bool audit_has_rotated(struct audit *audit);

/*
 * The key of the chain (daemon/audit_seal.h), which comes when the store is open; until then records get no MAC. One
 * thread. audit_lacks_key(): true where the file could be read and there is no key; *ret_seq is the next record's
 * number. audit_continue() takes the key that was sealed, and holds the file against what was sealed with it;
 * audit_begin() takes a fresh one, and says why (static) in a record. audit_head() fills in key, seq and prev as they
 * are now; false while there is no key.
 */
struct audit_seal;
bool audit_lacks_key(struct audit *audit, uint64_t *ret_seq);
void audit_continue(struct audit *audit, const struct audit_seal *seal);
void audit_begin(struct audit *audit, const struct audit_seal *seal, const char *why);
bool audit_head(struct audit *audit, struct audit_seal *seal);

/*
 * Whether records carry the MAC of the running key, or of one that follows it. ret_right gets 1, 0, or -1 for each that
 * is from before the key. 0; -ENOKEY: there is none; -ENOMEM, -EIO.
 */
int audit_check(struct audit *audit, const struct chain_links *links, size_t count, int8_t *ret_right);

struct audit_health {
	bool writable;                      /* the file is open and the last write succeeded */
	char fault[512];                    /* a sentence, when not writable or not to be rotated; else "" */
	uint64_t seq;                       /* of the last record */
	uint64_t size;                      /* of the file, bytes */
	uint64_t max_size;                  /* it is rotated at; 0: never */
	uint64_t rotated;                   /* rotated files there are, */
	uint64_t keep;                      /* and may be */
	bool keyed;                         /* records get a MAC */
	char chain[CHAIN_ID_SIZE + 1];      /* the chain's id, once there was a key */
	uint64_t key_from;                  /* the running key is for records from this one on */
	char head[2 * CHAIN_HASH_SIZE + 1]; /* the prev that the next record will have */
	uint64_t spool_records;             /* wait in memory */
	uint64_t spool_bytes;
	uint64_t spool_max;
	uint64_t dropped;     /* records that found no room there, since the start */
	uint64_t failures;    /* writes that failed since start */
	char last_fault[256]; /* the last failure since start, long over or not; "" */
	int64_t last_failed;  /* when that was, seconds since 1970 UTC */
	bool disk_known;
	uint64_t disk_free; /* bytes left where the file is, for this user */
};
void audit_health(struct audit *audit, struct audit_health *ret_health);
/* No record is kept now: the last write failed, and none waits for the next. Any thread. */
bool audit_is_stopped(struct audit *audit);

#endif
