/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One question to the daemon and its answer: a public request made a packet, a packet made a public result. Defends
 * against an answer that is another question's: id, user and service must be echoed.
 */
#ifndef APIKEYD_LIB_ASK_H
#define APIKEYD_LIB_ASK_H

#include <stddef.h>
#include <stdint.h>

#include "common/cleanup.h"
#include "lib/apikey.h"
#include "lib/connect.h"
#include "proto/verdict.h"
#include "proto/wire.h"

/* A packet that holds a credential or a handle: wiped at the end of its scope. */
struct ask_packet {
	size_t size; /* bytes */
	unsigned char bytes[WIRE_VERIFY_PACKET_MAX];
};

void ask_packet_done(struct ask_packet *packet);
#define CLEANUP_ASK_PACKET CLEANUP(ask_packet_done)

/* What an answer must say again. */
struct ask_echo {
	uint16_t type; /* of the request: WIRE_VERIFY or WIRE_ACCOUNT */
	uint64_t id;
	const char *user; /* NULL: not said, and not to be said by the answer */
	const char *service;
};

/*
 * Sends a question on a connection of its own and receives the answer, which may be the same packet. 0, or a negative
 * errno: those of connect_open(), connect_send() and connect_receive().
 */
int ask_exchange(const char *path, enum connect_purpose purpose, const struct ask_packet *question,
		 struct deadline deadline, struct ask_packet *ret_answer);

/* Makes the packet of a request, which is not versioned any more. 0, or -EINVAL (ret_packet may hold some of it). */
int ask_encode(uint16_t type, uint64_t id, const struct apikey_request *request, struct ask_packet *ret_packet);

/*
 * Reads an answer. 0 and a result whose texts point into the packet; -EBADMSG when the packet breaks a rule or is not
 * the answer to this question.
 */
int ask_decode(const struct ask_echo *echo, const void *packet, size_t size, struct apikey_result *ret_result);

/* The result that says that nobody could decide. */
struct apikey_result ask_unavailable(enum reason reason);

/* Why, of a negative errno of an exchange. */
enum reason ask_failure(int error);

/* The public verdict of a number, a refusal for one that is none; never a grant. */
enum apikey_verdict ask_refusal(uint64_t number);

#endif
