/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whose turn it is to have sessions ended: of the requests of one uid one at a time, in the order in which they came.
 * Defends against a user whose requests keep the register so busy that an administrator's are not answered in time.
 * They wait, and are not refused: what ends a key is to end its sessions, too.
 */
#ifndef APIKEYD_DAEMON_SESSION_TURN_H
#define APIKEYD_DAEMON_SESSION_TURN_H

#include "daemon/thread.h"

struct session_turn {
	struct thread_task task; /* first */
	void (*begin)(struct session_turn *turn);
	struct session_turn *next; /* of the daemon's */
	uid_t uid;
	bool taken;
};

/* In the main thread: begins at once, or from its loop when those of the uid that came before have left. */
void session_turn_take(struct thread *thread, struct session_turn *turn, uid_t uid,
		       void (*begin)(struct session_turn *turn));

/* It is over. Nothing is done where it was not taken. */
void session_turn_leave(struct thread *thread, struct session_turn *turn);

#endif
