/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Ends the sessions of keys that were ended: all that are registered when the change is on disk, those among them that
 * were being registered meanwhile. What could not be ended is counted and said; nothing waits for it.
 */
#ifndef APIKEYD_DAEMON_SESSION_SWEEP_H
#define APIKEYD_DAEMON_SESSION_SWEEP_H

#include <stdbool.h>

#include "daemon/session_link.h"
#include "proto/message.h"

/* What came of it. */
struct session_sweep_result {
	uint64_t ended;                      /* told to end */
	uint64_t again;                      /* of these, such as had been told before and have not ended yet */
	uint64_t loose;                      /* of these, such as leave processes behind that left their leader */
	char fault[SESSION_LINK_FAULT_SIZE]; /* why there may be others; "": there are none */
};

struct session_sweep_request {
	const char *key; /* an id: only this key's; NULL: of any, as wanted says */
	/* Whether this one is meant; NULL: all of the key. Called in the main thread, until done. */
	bool (*wanted)(void *data, const struct message_session *session);
	/* For each that was told to end, with ending as it was before; may be NULL. */
	void (*ended)(void *data, const struct message_session *session);
	/* Once, from the main thread's loop. */
	void (*done)(void *data, const struct session_sweep_result *result);
	void *data;
};

/* In the main thread, after the commit. What request points to is copied, or the caller's until done was called, which
 * may be before this returns. */
void session_sweep_start(struct thread *thread, const struct session_sweep_request *request);

#endif
