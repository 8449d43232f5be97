/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One request on login.sock or verify.sock, from its packet to its answer: decoded, judged, counted against the caller,
 * recorded, answered. What is judged at once (daemon/batch.c) and what waits for the writer (daemon/pending.c) take the
 * same steps.
 */
#ifndef APIKEYD_DAEMON_ITEM_H
#define APIKEYD_DAEMON_ITEM_H

#include "daemon/audit.h"
#include "daemon/connection.h"
#include "daemon/holder_rotation.h"
#include "daemon/verify.h"
#include "daemon/verify_ticket.h"
#include "proto/message.h"

struct item_handler;

struct item {
	struct codec_header header;
	const struct item_handler *handler; /* NULL: no such request here */
	union {
		struct message_hello hello;
		struct message_verify verify;
		struct message_account account;
		struct message_redeem redeem;
		struct message_rotate rotate;
	} request;
	/* of the request, whichever it is; they point into its packet */
	const char *user, *service, *rhost, *tty, *permission;
	struct verify_outcome outcome;
	char source[WIRE_NETWORK_MAX + 1]; /* where it is counted */
	struct verify_redeemed redeemed;   /* of a ticket */
	bool rotates;                      /* it was judged, and the writer makes a new secret: item_consume() */
	struct holder_rotation rotation;   /* what came of that */
	uint64_t count;                    /* how many failures its record stands for */
};

/* Who asks on a connection; lives as long as the thread's settings do. */
struct verify_caller item_caller(const struct connection *connection);

/* Reads a packet's request that came on this socket; the item points into the packet. False when it breaks a rule of
 * the wire. */
bool item_decode(struct item *item, enum connection_socket socket, const void *packet, size_t size);

/* Whether there is anything to judge about it. */
bool item_is_judged(const struct item *item);

/* Judges. key is room for one key. */
void item_judge(struct item *item, struct thread *thread, const struct verify_caller *caller, struct store_key *key);

/* True when that is half of it, and the rest is for the writer: item_consume(), then item_finish(). */
bool item_is_undecided(const struct item *item);

/* In the writer's transaction: the second half. 0, or a negative errno where the store failed. */
int item_consume(struct item *item, struct vault *vault, const struct daemon *daemon, const struct settings *settings,
		 const struct verify_caller *caller);

/* After the commit, in the thread that answers: grants what was not refused. */
void item_finish(struct item *item, struct thread *thread, const struct verify_caller *caller);

/* After the commit: tells the journal what everybody should know of it. */
void item_announce(const struct item *item, struct thread *thread);

/* Counts a refusal against the caller, who may turn out to be throttled; but never of a ticket. True when a record is
 * to be written. */
bool item_throttle(struct item *item, struct thread *thread, const struct verify_caller *caller);

/* The record; points into item and packet. */
struct audit_record item_record(const struct item *item, const struct verify_caller *caller);

/* What cannot be recorded is not decided; and what its record was to stand for is left to the next. */
void item_fail_audit(struct item *item, struct thread *thread, const struct verify_caller *caller);

/* Counts what came of it, of which way and begun at a moment (CLOCK_MONOTONIC, nanoseconds), and notes a use. */
void item_count(const struct item *item, struct thread *thread, const struct verify_caller *caller, enum tally_way way,
		int64_t begun);

/* Encodes the answer into WIRE_VERIFY_PACKET_MAX bytes. 0 or a negative errno. */
int item_reply(const struct item *item, const struct connection *connection, void *buffer, size_t *ret_size);

#endif
