/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The writer, private to its own files: groups of jobs and the thread (daemon/writer.c), and what it does between them
 * (daemon/writer_flush.c). All functions are called in the writer's thread.
 */
#ifndef APIKEYD_DAEMON_WRITER_STATE_H
#define APIKEYD_DAEMON_WRITER_STATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/writer.h"

struct writer {
	struct daemon *daemon;
	pthread_t id;
	pthread_mutex_t lock; /* over all below */
	pthread_cond_t wake;
	struct writer_job *first, **last;
	size_t waiting; /* jobs in the queue */
	struct writer_job *bulk_first, **bulk_last;
	size_t bulk_waiting;
	bool awake; /* writer_wake() was called */
	bool stopping;
	struct writer_health health;
	/* the writer's thread alone: nanoseconds that the last commit took; how many jobs there were by then, with
	 * those of its group */
	int64_t commit_took;
	size_t present;
	size_t bulk_present; /* the same of bulk */
	size_t bulk_most;    /* in the next group */
	/* uses taken, and how many of them are written */
	size_t uses_taken, uses_written;
	unsigned int settled; /* generation of the vault whose master keys before are settled */
	bool retired;         /* they were just now, and are in the log yet */
	bool purging;         /* more of what has expired may be left */
	int64_t purge_at;     /* on the monotonic clock: no step of it before that */
	int64_t clock_behind; /* since when the wall clock stands behind the latest time; 0: it does not */
	bool sweeping;        /* keys of a deleted tenant or account are left, and the last step went well */
};

/* What could not be done, and why; error 0: it works. */
void writer_set_fault(struct writer *writer, const char *what, int error);

/* Keeps the latest time there was; inside of a transaction. 0 or a negative errno. */
int writer_note_clock(struct writer *writer, struct vault *vault);

/* Writes uses, and does what else is to be done now and then. */
void writer_flush(struct writer *writer);

/* One step of forgetting what was used once; writer->purging: there may be more. */
void writer_purge(struct writer *writer);

#endif
