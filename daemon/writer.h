/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The one thread that writes to the store. What waits is done in one transaction, each job in a savepoint of its own,
 * and answered after the commit: what was acknowledged is on disk. A commit that fails refuses all of its group. Also
 * flushes uses, appends to the audit file what the change log has and the file has not, prunes that log, and forgets
 * what was used once and has expired.
 */
#ifndef APIKEYD_DAEMON_WRITER_H
#define APIKEYD_DAEMON_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/thread.h"

/* Number of the store: the latest time there was, seconds since 1970 UTC. */
#define WRITER_CLOCK "clock_seen"

struct writer_job;

/*
 * Runs in the writer's thread inside a transaction. 0: done, to be committed; a positive enum answer: refused, rolled
 * back to the savepoint; a negative errno: the store failed, likewise. One of bulk has no savepoint: it has written
 * nothing where it refuses, and where it fails all of the group is refused.
 */
typedef int (*writer_run)(struct writer_job *job, struct vault *vault);

/* Embedded in what it is about, which lives until done has run. */
struct writer_job {
	writer_run run;
	struct thread *origin; /* done runs there */
	struct thread_task done;
	bool alone; /* no transaction is open, nothing else is done meanwhile, and vault may be NULL: it makes its own
		     */
	bool bulk;  /* one of many that write much: waits behind the others, and shares a transaction with more of its
		       kind */
	int result; /* what run returned; ANSWER_STORE_FAILED or ANSWER_UNAVAILABLE when it came to nothing */
	struct writer_job *next;
};

struct writer;

/* Starts the thread. 0 or a negative errno. */
int writer_start(struct daemon *daemon, struct writer **ret_writer);

/* Does what waits, flushes uses, ends the thread and frees. Accepts NULL. */
void writer_stop(struct writer *writer);

/* Any thread: queues a job. */
void writer_submit(struct writer *writer, struct writer_job *job);

/* Any thread: uses should be flushed, or the store has come back. Accepts NULL: the writer has ended. */
void writer_wake(struct writer *writer);

struct writer_health {
	char fault[256];      /* a sentence when the last write failed; "" when it succeeded */
	char last_fault[256]; /* the last there was since the start, long over or not; "" */
	int64_t last_failed;  /* when that was, seconds since 1970 UTC */
};
void writer_health(struct writer *writer, struct writer_health *ret_health);

#endif
