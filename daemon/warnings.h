/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Once a day, events in the journal for the keys about which something has to be done (daemon/due.h). All keys are
 * walked in small steps with rests between them, in the main thread, so that a million of them keep nobody waiting.
 * Each event is noted in the store before it is given: who is started anew goes on where it was. Beyond so many events
 * a day the rest is told of as a number, lest they push other things out of the journal.
 */
#ifndef APIKEYD_DAEMON_WARNINGS_H
#define APIKEYD_DAEMON_WARNINGS_H

#include "daemon/thread.h"

#define WARNINGS_MOST 500 /* events a day, and one more that says how many keys there are beyond */

/* Number of the store: the last day whose walk is done, days since 1970 UTC. */
#define WARNINGS_DAY "warned_day"

struct warnings;

/* Begins, in the loop of a thread that reads the store. 0 or a negative errno. */
int warnings_new(struct thread *thread, struct warnings **ret_warnings);

/* After the writer has ended, and the thread. Accepts NULL. */
void warnings_free(struct warnings *warnings);

#endif
