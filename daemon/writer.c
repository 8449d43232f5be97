/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/writer_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/thread_create.h"
#include "daemon/audit_changes.h"
#include "proto/answer.h"

#define GROUP_MAX 256   /* jobs in one transaction */
#define FLUSH_SECONDS 5 /* at the latest, uses are written */

/*
 * Whoever was just answered often asks again at once. On a slow disk they would take turns with those that waited
 * meanwhile, each half written while the other one waits. So behind a commit that took GATHER_FROM nanoseconds or more
 * the next group also takes in who comes while it is being made: until there are as many as waited and were answered
 * together, for a part of that time, and GATHER_MAX, at most. A client that asks one thing after the other, alone, is
 * as many as there were, and waits for nobody.
 */
#define GATHER_FROM INT64_C(1000000)
#define GATHER_PART 4
#define GATHER_MAX INT64_C(5000000)

/*
 * Jobs of bulk are done behind all others of a group, as many as there are for BULK_TIME nanoseconds: the more keys one
 * transaction makes, the fewer times the same page is written. As soon as another job waits the group comes to its end,
 * so that a login does not stand behind all of them; nor does it wait for long while the commit writes: where that took
 * longer than BULK_COMMIT the next group has half as many, and twice as many where it took a third of it. Where the
 * last group had more of them, BULK_GATHER nanoseconds at most are waited for the next.
 */
#define BULK_TIME INT64_C(1000000000)
#define BULK_COMMIT INT64_C(400000000)
#define BULK_JOBS_FIRST 8
#define BULK_JOBS_MAX 64
#define BULK_GATHER INT64_C(5000000)

/* What was used once and has expired is forgotten so many at a time: twice what a group may have added, in its own
 * transaction, so that it never falls behind; the rest when nothing else waits. */
#define PURGE_A_JOB 2

/* The latest time is noted so often, with what is written anyway. A clock that has stood behind it for a day is right,
 * and was wrong before. */
#define CLOCK_NOTED_SECONDS 60
#define CLOCK_BELIEVED_SECONDS INT64_C(86400)

void writer_set_fault(struct writer *writer, const char *what, int error)
{
	struct writer_health *health = &writer->health;

	pthread_mutex_lock(&writer->lock);
	if (error == 0) {
		health->fault[0] = '\0';
	} else {
		snprintf(health->fault, sizeof(health->fault), "%s: %s", what, strerror(-error));
		memcpy(health->last_fault, health->fault, sizeof(health->last_fault));
		health->last_failed = clock_wall_seconds();
	}
	pthread_mutex_unlock(&writer->lock);
}

/* ---- groups ---- */

static int run_job(struct writer_job *job, struct vault *vault)
{
	int r = store_savepoint(vault->store);

	if (r < 0)
		return r;
	r = job->run(job, vault);
	if (r == 0)
		r = store_savepoint_release(vault->store);
	if (r != 0)
		store_savepoint_rollback(vault->store);
	return r;
}

/* Keeps the latest time there was, so that a clock that is set back shows, after a restart too. */
int writer_note_clock(struct writer *writer, struct vault *vault)
{
	int64_t now = clock_wall_seconds(), since = clock_monotonic() / 1000000000;
	uint64_t latest = 0;
	int r = store_load_number(store_writer(vault->store), WRITER_CLOCK, &latest);

	if (r < 0 || now <= 0)
		return r;
	if ((uint64_t)now >= latest)
		writer->clock_behind = 0;
	else if (writer->clock_behind == 0)
		writer->clock_behind = since;
	if (writer->clock_behind != 0 ? since - writer->clock_behind < CLOCK_BELIEVED_SECONDS
				      : (uint64_t)now < latest + CLOCK_NOTED_SECONDS)
		return 0;
	writer->clock_behind = 0;
	return store_save_number(vault->store, WRITER_CLOCK, (uint64_t)now);
}

/* Takes jobs off the queue, so many at most; those of one list end with *ret_last. NULL: none waits that may be in a
 * group with others. */
static struct writer_job *take_jobs(struct writer *writer, size_t most, struct writer_job **ret_last, size_t *ret_count)
{
	struct writer_job *first = writer->first, *job = first;
	size_t count = 1;

	if (!first || first->alone)
		return NULL;
	for (; job->next && !job->next->alone && count < most; count++)
		job = job->next;
	writer->first = job->next;
	writer->waiting -= count;
	if (!writer->first)
		writer->last = &writer->first;
	job->next = NULL;
	*ret_last = job;
	*ret_count = count;
	return first;
}

/* How a group grows. */
struct group {
	struct writer_job *first, *last;
	size_t count;  /* but for bulk */
	bool bulk;     /* some may wait */
	size_t wanted; /* jobs, where some are waited for; */
	int64_t until; /* and no longer than until then */
};

static void group_begin(struct writer *writer, struct group *group)
{
	int64_t patience = writer->commit_took / GATHER_PART;

	*group = (struct group){ .until = 0 };
	group->first = take_jobs(writer, GROUP_MAX, &group->last, &group->count);
	if (!group->first)
		group->count = 0;
	group->bulk = writer->bulk_first != NULL;
	if (writer->commit_took < GATHER_FROM)
		return;
	group->wanted = writer->present < GROUP_MAX ? writer->present : GROUP_MAX;
	group->until = clock_monotonic() + (patience < GATHER_MAX ? patience : GATHER_MAX);
}

static void group_add(struct group *group, struct writer_job *first, struct writer_job *last, size_t count)
{
	if (group->first)
		group->last->next = first;
	else
		group->first = first;
	group->last = last;
	group->count += count;
}

static void group_end(struct writer *writer, const struct group *group, int64_t took)
{
	writer->commit_took = took;
	pthread_mutex_lock(&writer->lock);
	writer->present = group->count + writer->waiting;
	pthread_mutex_unlock(&writer->lock);
}

/* The next jobs of a group whose jobs have all run; NULL: it is to be committed. */
static struct writer_job *group_grow(struct writer *writer, struct group *group)
{
	struct timespec until = { .tv_sec = group->until / 1000000000, .tv_nsec = group->until % 1000000000 };
	struct writer_job *more = NULL, *last;
	size_t count;
	int r = 0;

	if (group->count >= group->wanted)
		return NULL;
	pthread_mutex_lock(&writer->lock);
	while (!writer->first && !writer->stopping && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&writer->wake, &writer->lock, &until);
	more = take_jobs(writer, group->wanted - group->count, &last, &count);
	pthread_mutex_unlock(&writer->lock);
	if (more)
		group_add(group, more, last, count);
	return more;
}

/* ---- bulk ---- */

/* The next job of bulk, of which the group has count already; NULL: there is none, or another job waits. */
static struct writer_job *take_bulk(struct writer *writer, size_t count)
{
	int64_t at = clock_monotonic() + BULK_GATHER;
	struct timespec until = { .tv_sec = at / 1000000000, .tv_nsec = at % 1000000000 };
	struct writer_job *job = NULL;
	int r = 0;

	pthread_mutex_lock(&writer->lock);
	while (count > 0 && count < writer->bulk_present && !writer->bulk_first && !writer->first &&
	       !writer->stopping && r != ETIMEDOUT)
		r = pthread_cond_timedwait(&writer->wake, &writer->lock, &until);
	if (count == 0 || !writer->first)
		job = writer->bulk_first;
	if (job) {
		writer->bulk_first = job->next;
		writer->bulk_waiting--;
		if (!writer->bulk_first)
			writer->bulk_last = &writer->bulk_first;
		job->next = NULL;
	}
	pthread_mutex_unlock(&writer->lock);
	return job;
}

/* Whether a transaction with so many jobs of bulk has room for another. */
static bool is_room(const struct writer *writer, struct vault *vault, size_t count, int64_t until)
{
	return count < writer->bulk_most && clock_monotonic() < until && !store_bulk_is_full(vault->store);
}

static int run_bulk(struct writer *writer, struct vault *vault, struct group *group, size_t *ret_count)
{
	int64_t until = clock_monotonic() + BULK_TIME;
	struct writer_job *job;
	size_t count = 0;
	int r = 0;

	while (r >= 0 && (count == 0 || is_room(writer, vault, count, until)) && (job = take_bulk(writer, count))) {
		group_add(group, job, job, 0);
		count++;
		r = job->result = job->run(job, vault);
	}
	*ret_count = count;
	return r < 0 ? r : 0;
}

/* How many the next group may have, after a commit that took so long. */
static void tune_bulk(struct writer *writer, int64_t took)
{
	if (took > BULK_COMMIT)
		writer->bulk_most = (writer->bulk_most + 1) / 2;
	else if (took < BULK_COMMIT / 3 && writer->bulk_most < BULK_JOBS_MAX)
		writer->bulk_most *= 2;
}

/* Runs jobs from one on, and those that come meanwhile. */
static void run_jobs(struct writer *writer, struct vault *vault, struct group *group, struct writer_job *job)
{
	while (job) {
		job->result = run_job(job, vault);
		job = job->next ? job->next : group_grow(writer, group);
	}
}

/* Runs what is bulk, and then whoever waits because of it. */
static int run_bulk_and_others(struct writer *writer, struct vault *vault, struct group *group)
{
	struct writer_job *more, *last;
	size_t bulk = 0, count;
	int r = run_bulk(writer, vault, group, &bulk);

	pthread_mutex_lock(&writer->lock);
	writer->bulk_present = bulk + writer->bulk_waiting;
	more = r == 0 ? take_jobs(writer, GROUP_MAX, &last, &count) : NULL;
	pthread_mutex_unlock(&writer->lock);
	if (more) {
		group_add(group, more, last, count);
		group->wanted = 0;
		run_jobs(writer, vault, group, more);
	}
	return r;
}

/* Runs all jobs in one transaction and leaves each one's result in it. */
static int run_group(struct writer *writer, struct vault *vault, struct group *group)
{
	size_t purged;
	int64_t began;
	int r = store_write_begin(vault->store);

	if (r < 0)
		return r;
	r = audit_changes_note(writer->daemon->audit, vault);
	if (r == 0)
		r = writer_note_clock(writer, vault);
	if (r == 0)
		run_jobs(writer, vault, group, group->first);
	if (r == 0 && group->bulk)
		r = run_bulk_and_others(writer, vault, group);
	/* Has a step of its own: that something cannot be forgotten refuses no revoke. What undid the whole transaction
	 * is found by the commit. */
	if (r == 0 && store_purge_once(vault->store, clock_wall_seconds(), group->count * PURGE_A_JOB, &purged) == 0 &&
	    purged > 0)
		writer->purging = true;
	if (r < 0) {
		store_write_abort(vault->store);
		return r;
	}
	began = clock_monotonic();
	r = store_write_commit(vault->store);
	group_end(writer, group, clock_monotonic() - began);
	if (group->bulk)
		tune_bulk(writer, writer->commit_took);
	return r;
}

static int answer_of(int result)
{
	return result < 0 ? ANSWER_STORE_FAILED : result;
}

static void finish(struct writer_job *jobs, int failure)
{
	struct writer_job *next;

	for (struct writer_job *job = jobs; job; job = next) {
		next = job->next;
		job->result = failure ? failure : answer_of(job->result);
		thread_post(job->origin, &job->done);
	}
}

/* What brings its own transaction, and may put another store in the vault's place. */
static void do_alone(struct writer *writer, struct writer_job *job)
{
	struct vault *vault = vault_acquire(writer->daemon->keeper);

	job->result = job->run(job, vault);
	vault_release(vault);
	vault = vault_acquire(writer->daemon->keeper);
	if (vault)
		(void)audit_changes_append(writer->daemon->audit, vault);
	vault_release(vault);
	finish(job, 0);
}

static void do_group(struct writer *writer, struct group *group)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(writer->daemon->keeper);
	int r;

	if (!vault) {
		finish(group->first, ANSWER_UNAVAILABLE);
		return;
	}
	r = run_group(writer, vault, group);
	writer_set_fault(writer, "the key store cannot be written", r);
	if (r == -EIO)
		vault_report(writer->daemon->keeper, vault);
	/* In the file before it is acknowledged; what the file does not take is in the log all the same. */
	if (r == 0)
		(void)audit_changes_append(writer->daemon->audit, vault);
	finish(group->first, r < 0 ? ANSWER_STORE_FAILED : 0);
}

/* ---- the thread ---- */

/* Takes the first job off the queue where it is one that is done alone. */
static struct writer_job *take_alone(struct writer *writer)
{
	struct writer_job *job = writer->first;

	if (!job || !job->alone)
		return NULL;
	writer->first = job->next;
	writer->waiting--;
	if (!writer->first)
		writer->last = &writer->first;
	job->next = NULL;
	return job;
}

/* Waits for work, at most until the next flush. True when it is time for that. */
static bool wait_for_work(struct writer *writer, int64_t flush_at)
{
	bool unfinished = writer->uses_written < writer->uses_taken || writer->sweeping;
	int64_t at = writer->purging && writer->purge_at < flush_at ? writer->purge_at : flush_at;
	struct timespec until = { .tv_sec = at / 1000000000, .tv_nsec = at % 1000000000 };
	int r = 0;

	while (!writer->first && !writer->bulk_first && !writer->awake && !writer->stopping && !unfinished &&
	       r != ETIMEDOUT)
		r = pthread_cond_timedwait(&writer->wake, &writer->lock, &until);
	return (r == ETIMEDOUT && at == flush_at) || writer->awake || unfinished;
}

static void *run(void *data)
{
	struct writer *writer = data;
	int64_t flush_at = 0; /* at once: what a crash left out of the audit file goes in first */
	bool stopping;

	(void)pthread_setname_np(pthread_self(), "writer");
	do {
		struct writer_job *alone;
		struct group group;
		bool flush_now, worked;

		pthread_mutex_lock(&writer->lock);
		flush_now = wait_for_work(writer, flush_at);
		writer->awake = false;
		alone = take_alone(writer);
		group_begin(writer, &group);
		worked = alone || group.first || group.bulk;
		stopping = writer->stopping && !worked;
		pthread_mutex_unlock(&writer->lock);
		if (alone)
			do_alone(writer, alone);
		if (group.first || group.bulk)
			do_group(writer, &group);
		if (flush_now || stopping) {
			do
				writer_flush(writer);
			while (stopping && writer->uses_written < writer->uses_taken);
			flush_at = clock_monotonic() + FLUSH_SECONDS * INT64_C(1000000000);
		}
		/* Whoever waits comes first. */
		if (!stopping && !worked && (flush_now || writer->purging) && clock_monotonic() >= writer->purge_at)
			writer_purge(writer);
	} while (!stopping);
	return NULL;
}

int writer_start(struct daemon *daemon, struct writer **ret_writer)
{
	struct writer *writer = calloc(1, sizeof(*writer));
	pthread_condattr_t attributes;
	int r;

	if (!writer)
		return -ENOMEM;
	writer->daemon = daemon;
	writer->last = &writer->first;
	writer->bulk_last = &writer->bulk_first;
	writer->bulk_most = BULK_JOBS_FIRST;
	pthread_mutex_init(&writer->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&writer->wake, &attributes);
	pthread_condattr_destroy(&attributes);
	r = thread_create(run, writer, &writer->id);
	if (r < 0) {
		pthread_cond_destroy(&writer->wake);
		pthread_mutex_destroy(&writer->lock);
		free(writer);
		return r;
	}
	*ret_writer = writer;
	return 0;
}

void writer_stop(struct writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->stopping = true;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
	pthread_join(writer->id, NULL);
	pthread_cond_destroy(&writer->wake);
	pthread_mutex_destroy(&writer->lock);
	free(writer);
}

void writer_submit(struct writer *writer, struct writer_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&writer->lock);
	if (job->bulk) {
		*writer->bulk_last = job;
		writer->bulk_last = &job->next;
		writer->bulk_waiting++;
	} else {
		*writer->last = job;
		writer->last = &job->next;
		writer->waiting++;
	}
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
}

void writer_wake(struct writer *writer)
{
	if (!writer)
		return;
	pthread_mutex_lock(&writer->lock);
	writer->awake = true;
	pthread_cond_signal(&writer->wake);
	pthread_mutex_unlock(&writer->lock);
}

void writer_health(struct writer *writer, struct writer_health *ret_health)
{
	pthread_mutex_lock(&writer->lock);
	*ret_health = writer->health;
	pthread_mutex_unlock(&writer->lock);
}
