/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Work that takes long (copying the store, reading all of it, what waits for a disk) in a thread of its own, so that
 * the main thread goes on serving. One chore at a time: such work is bound by the disk, and two at once are slower than
 * one after the other.
 */
#ifndef APIKEYD_DAEMON_CHORE_H
#define APIKEYD_DAEMON_CHORE_H

#include "daemon/thread.h"

/* Embedded in what it is about, which lives until done has run. */
struct chore {
	void (*run)(struct chore *chore); /* in the thread of its own */
	struct thread *origin;            /* done runs there, after it */
	struct thread_task done;
};

struct chores;

/* 0 or -ENOMEM. */
int chores_new(struct chores **ret_chores);
/* Waits for the chore that is being done, if any, and frees. Accepts NULL. */
void chores_free(struct chores *chores);

/* By one thread, the main thread. 0, -EBUSY (one is being done), or another negative errno; run and done follow only on
 * 0. */
int chores_begin(struct chores *chores, struct chore *chore);

#endif
