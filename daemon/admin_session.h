/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sessions that end with their key: what the requests that end one have to do about them. The change comes first, and
 * stands whatever comes of the sessions; the answer waits for both.
 */
#ifndef APIKEYD_DAEMON_ADMIN_SESSION_H
#define APIKEYD_DAEMON_ADMIN_SESSION_H

#include "daemon/admin.h"

/* In the writer's transaction, keys[0] being the key: whether its sessions are to end, by what the request says or else
 * by policy. 0 or a negative errno. */
int admin_sessions_decide(struct admin_request *request, struct store_reader *reader);

/* After the commit, in the request's thread: ends them, completes the answer and finishes the request. */
void admin_sessions_end(struct admin_request *request);

/* Frees what there is. */
void admin_sessions_done(struct admin_sessions *sessions);

#endif
