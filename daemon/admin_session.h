/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Sessions that end with their key: what the requests that end one have to do about them. The change comes first, and
 * stands whatever comes of the sessions; the answer waits for both.
 */
#ifndef APIKEYD_DAEMON_ADMIN_SESSION_H
#define APIKEYD_DAEMON_ADMIN_SESSION_H

#include "daemon/admin.h"

struct message_session;
struct session_sweep_result;

/* Sessions that end with a change to many keys. data is that of request->sessions. */
struct admin_sessions_many {
	/* Whether a session is meant. */
	bool (*wanted)(const struct admin_request *request, const struct message_session *session);
	/* The reply with what came of it, by admin_reply(). 0 or a negative errno. */
	int (*reply)(struct admin_request *request, const struct session_sweep_result *result);
	void (*free_data)(void *data);
};

/*
 * The same of one of many keys, for all of which the request says wanted (enum message_sessions): what is to end is
 * noted. 0 or a negative errno.
 */
int admin_sessions_decide_of(struct admin_request *request, struct store_reader *reader, const struct store_key *key,
			     uint64_t wanted);

/* True where there is a key whose sessions are to end; and whether it is one of them. */
bool admin_sessions_are_to_end(const struct admin_request *request);
bool admin_sessions_are_of(const struct admin_request *request, const char *key_id);

/* The sessions of many end after the commit; data goes with the request. */
void admin_sessions_end_many(struct admin_request *request, const struct admin_sessions_many *many, void *data);

/* In the writer's transaction, keys[0] being the key: whether its sessions are to end, by what the request says or else
 * by policy. 0 or a negative errno. */
int admin_sessions_decide(struct admin_request *request, struct store_reader *reader);

/* After the commit, in the request's thread: ends them, completes the answer and finishes the request. */
void admin_sessions_end(struct admin_request *request);

/* Frees what there is, and lets the next one have its turn. */
void admin_sessions_done(struct admin_request *request);

#endif
