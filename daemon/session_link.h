/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A conversation with apikey-sessiond, which keeps the register of sessions, over session-control.sock: one question at
 * a time, in the main thread's loop, which it never holds up. Defends against a helper that is away, hangs, or answers
 * what was not asked: each question has a deadline, and the conversation ends with it.
 */
#ifndef APIKEYD_DAEMON_SESSION_LINK_H
#define APIKEYD_DAEMON_SESSION_LINK_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/thread.h"
#include "proto/codec.h"

#define SESSION_LINK_MILLISECONDS 2000 /* for an answer */
#define SESSION_LINK_FAULT_SIZE 160

struct session_link;

/*
 * The answer to a question, called once from the loop: 0 and the packet, of the type that answers it, which lives until
 * the call returns; a positive enum answer; or a negative errno (-ETIMEDOUT; -ECANCELED: the daemon ends; -EPROTO, …),
 * after which nothing more can be asked. Who is called may ask the next one, or close the link.
 */
typedef void session_answered(void *data, int result, const void *packet, size_t size);

/* Connects, in the main thread. 0, or a negative errno: -ENOENT, -ECONNREFUSED, -EPERM where neither root nor this uid
 * listens, …. */
int session_link_open(struct thread *thread, struct session_link **ret_link);
/* Nothing is called any more. Accepts NULL. */
void session_link_close(struct session_link *link);

/* Asks. 0, or a negative errno, and answered is not called. */
int session_link_ask(struct session_link *link, uint16_t type, const struct codec_record *record, const void *message,
		     session_answered *answered, void *data);

/* At the daemon's end: whoever still waits gets -ECANCELED, as does who opens one from now on. */
void session_link_cancel_all(struct daemon *daemon);

/* A sentence about a result that is not 0: why, and what to do. */
void session_link_fault(int result, char ret_fault[SESSION_LINK_FAULT_SIZE]);

#endif
