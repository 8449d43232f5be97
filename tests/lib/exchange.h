/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Administrative requests and their answers: a server that keeps what it was asked and answers as the test says.
 */
#ifndef APIKEYD_TESTS_LIB_EXCHANGE_H
#define APIKEYD_TESTS_LIB_EXCHANGE_H

#include "lib/apikey.h"
#include "tests/lib/peer.h"

#define EXCHANGE_PATIENT 20000 /* milliseconds; where an answer is expected */

/* What the server answers, and what it saw of the last request; the test reads it after the reply has come. */
struct exchange {
	const struct codec_record *request_record, *reply_record;
	const void *reply;
	uint16_t reply_type; /* 0: the one that fits */
	uint64_t id_change;  /* added to the request's */
	bool silent;
	atomic_uint turn; /* tells thread checkers what the socket orders: test and server take turns at this struct */
	struct peer_request seen;
	bool decoded;
	union {
		struct message_key_create create;
		struct message_key_list list;
		struct message_key_reference reference;
		struct message_key_update update;
		struct message_key_rotate rotate;
		struct message_key_retire retire;
		struct message_explain explain;
		struct message_status status;
		struct message_key_import key_import;
		struct message_role_change role_change;
		struct message_role_list role_list;
		struct message_role_reference role_reference;
		struct message_token_issue token_issue;
		struct message_token_reference token_reference;
		struct message_signing_key signing_key;
		struct message_session_query session_query;
		struct message_session_choice session_choice;
	} request;
};

/* One call, during which the exchange is the server's. */
#define EXCHANGE_CALL(exchange, call)                                                                                  \
	({                                                                                                             \
		int r_;                                                                                                \
                                                                                                                       \
		atomic_fetch_add(&(exchange).turn, 1);                                                                 \
		r_ = (call);                                                                                           \
		atomic_fetch_add(&(exchange).turn, 1);                                                                 \
		r_;                                                                                                    \
	})

/* A script for a peer whose data is a struct exchange. */
void exchange_serve(struct peer *peer, int fd, unsigned int number);

/* Opens a handle to the peer; timeout in milliseconds. */
struct apikey_admin *exchange_open(const struct peer *peer, unsigned int timeout);

#endif
