/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * User names and uids for administrative requests, looked up in a thread of its own, since a name service may hang.
 * Whoever asks gets an answer inside the deadline; verification never comes here.
 */
#ifndef APIKEYD_DAEMON_NAMES_H
#define APIKEYD_DAEMON_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/thread.h"
#include "proto/wire.h"

#define NAMES_DEADLINE 3000 /* milliseconds */

struct names;
struct names_query;

/* Runs in the asking thread. error: 0 (found), -ENOENT (no such user), -ETIMEDOUT, or what the name service said. */
typedef void (*names_found)(void *data, int error, uid_t uid, const char *name);

/* Starts the thread. 0 or a negative errno. */
int names_start(struct names **ret_names);
/* Ends it; one that hangs in the name service is left behind. Accepts NULL. */
void names_stop(struct names *names);

/* Looks up by name, or by uid when name is NULL; found is called in thread, once, unless names_cancel() comes first. 0,
 * -ENOMEM. */
int names_look_up(struct names *names, struct thread *thread, const char *name, uid_t uid, names_found found,
		  void *data, struct names_query **ret_query);

/* Nobody waits for it any more. In the asking thread, before found was called. */
void names_cancel(struct names_query *query);

#endif
