/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Whether an administrator who signed in by a link is one still: judged at each request of the sign-in, by what the
 * name service says of the group, which is asked once a minute. Root and the daemon's own uid need no group.
 *
 * Defends against a sign-in that outlives the right it was made with; and against a name service that hangs: no thread
 * waits for it, a request does so for a moment once a minute, and what it said last counts for some minutes. A sign-in
 * of which nothing was heard for longer is refused until there is an answer.
 */
#ifndef APIKEYD_DAEMON_ADMIN_STANDING_H
#define APIKEYD_DAEMON_ADMIN_STANDING_H

#include "daemon/admin.h"

/* 0: it may go on; an answer; or ADMIN_LATER: admin_go_on() or admin_finish() follows. */
int admin_standing(struct admin_request *request);

#endif
