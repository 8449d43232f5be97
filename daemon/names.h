/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * User names, uids and who is in a group, for administrative requests, looked up in a thread of its own, since a name
 * service may hang. Whoever asks gets an answer inside the deadline; verification never comes here. Defends against who
 * asks and does not wait for the answer: what nobody waits for any more is not looked up.
 */
#ifndef APIKEYD_DAEMON_NAMES_H
#define APIKEYD_DAEMON_NAMES_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/thread.h"
#include "proto/wire.h"

#define NAMES_DEADLINE 3000  /* milliseconds */
#define NAMES_QUEUE_MAX 1024 /* look-ups that wait for the thread: more than that would not be answered in time */

struct names;
struct names_query;

/* Runs in the asking thread. error: 0 (found), -ENOENT (no such user), -ETIMEDOUT (uid and name say nothing), or what
 * the name service said. */
typedef void (*names_found)(void *data, int error, uid_t uid, const char *name);

/* Starts the thread. 0 or a negative errno. */
int names_start(struct names **ret_names);
/* Ends it; one that hangs in the name service is left behind. Accepts NULL. */
void names_stop(struct names *names);

/* Looks up by name, or by uid when name is NULL; found is called in thread, once, unless names_cancel() comes first. 0,
 * -ENOMEM, -ETIMEDOUT: so many wait that it would not be in time. */
int names_look_up(struct names *names, struct thread *thread, const char *name, uid_t uid, names_found found,
		  void *data, struct names_query **ret_query);

/* What came of a look-up, in the asking thread, whenever that is known: also when nobody waits for it any more, so who
 * asks sees to it that such ones are few. Not where the daemon ends before. Runs before found. */
typedef void (*names_settled)(struct thread *thread, const char *tag, gid_t group, int error);

#define NAMES_TAG_SIZE 16

struct names_member {
	uid_t uid;
	gid_t group;
	uint64_t deadline;     /* milliseconds */
	const char *tag;       /* of the asker's, for settled: shorter than NAMES_TAG_SIZE */
	names_settled settled; /* NULL */
};

/* Whether that user is in the group, by the user's first group or another: as names_look_up(); error is -EPERM where
 * the name service says that it is not so. */
int names_look_up_member(struct names *names, struct thread *thread, const struct names_member *member,
			 names_found found, void *data, struct names_query **ret_query);

/* Nobody waits for it any more, and it is not begun unless it is to be settled. In the asking thread, before found was
 * called. The query may be gone. */
void names_cancel(struct names_query *query);

#endif
