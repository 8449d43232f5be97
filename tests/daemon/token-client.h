/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The requests about access tokens, for the tests that speak them to the real daemon. */
#ifndef APIKEYD_TESTS_DAEMON_TOKEN_CLIENT_H
#define APIKEYD_TESTS_DAEMON_TOKEN_CLIENT_H

#include <check.h>
#include <stdio.h>

#include "proto/wire.h"
#include "tests/daemon/wire-client.h"

/* The last one that was issued. */
static char access_token[WIRE_CREDENTIAL_MAX + 1];

/* Texts of the reply live until the next call of one of these two. */
static inline enum answer token_try(const struct host *at, const char *proof, struct message_token *ret_token)
{
	static struct wire_client *client;
	struct message_token_issue request = { .proof = proof };

	if (client)
		wire_close(client);
	client = wire_open(at, WIRE_ADMIN_SOCKET);
	return wire_ask(client, WIRE_TOKEN_ISSUE, &message_token_issue, &request, &message_token, ret_token);
}

/* Into access_token. */
static inline struct message_token token_issue(const struct host *at, const char *proof)
{
	struct message_token said;

	ck_assert_int_eq(token_try(at, proof, &said), ANSWER_OK);
	snprintf(access_token, sizeof(access_token), "%s", said.token);
	return said;
}

static inline enum answer token_refer(struct wire_client *client, uint16_t type, const char *credential,
				      const char *text, struct message_token_state *ret_state)
{
	struct message_token_reference request = { .credential = credential, .token = text, .why = "a test" };

	return wire_ask(client, type, &message_token_reference, &request, &message_token_state, ret_state);
}

#endif
