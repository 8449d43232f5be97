/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Calls of apikeyd's administration, which block, in threads of their own, each with a connection of its own to
 * admin.sock. Here and in the loop nobody waits for them. What a thread's connection acts for is said with each piece
 * of work and forgotten behind it, so that no request acts with the credential of another one. Work of one kind cannot
 * have all threads, nor all room to wait, so that it keeps none of another kind out; and it ends in time.
 */
#ifndef APIKEYD_GATEWAY_CALLS_H
#define APIKEYD_GATEWAY_CALLS_H

#include <systemd/sd-event.h>

#include "lib/apikey.h"

enum calls_kind {
	CALLS_API,
	CALLS_PORTAL, /* pages for people */
	CALLS_KINDS,
};

/* Pieces of work of a kind that are done at a time; and that no thread has taken. */
#define CALLS_API_THREADS 3
#define CALLS_API_WAITING 192
#define CALLS_PORTAL_THREADS 2
#define CALLS_PORTAL_WAITING 64

#define CALLS_SECONDS 8 /* from when it was submitted, a piece of work has so long to ask the daemon */

struct calls;

/*
 * Runs in a thread, once. admin has no credential: what is called without one acts for this program's uid. NULL: the
 * daemon is not to be reached, or the time was over before a thread was free. Each call with it takes a few seconds at
 * the most; when the time is over it fails, and once one has failed the others fail at once.
 */
typedef void (*calls_work)(struct apikey_admin *admin, void *data);

/* Runs in the loop, once, after it. */
typedef void (*calls_done)(void *data);

/* folder: apikeyd's runtime folder, which must outlive it. 0, or a negative errno; that the daemon is away is none. */
int calls_new(sd_event *event, const char *folder, struct calls **ret_calls);

/* Waits for what is being done, a few seconds at the most; what waits is done without the daemon. Then the threads are
 * gone, and done has run for all. Accepts NULL. */
void calls_free(struct calls *calls);

/* In the loop's thread. 0, and work and done follow, never from here; -EAGAIN: too many of this kind wait; -ENOMEM;
 * -ECANCELED: it is being freed. */
int calls_submit(struct calls *calls, enum calls_kind kind, calls_work work, calls_done done, void *data);

#endif
