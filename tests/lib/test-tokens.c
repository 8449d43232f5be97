/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The calls about access tokens: what is asked, and what the caller is told. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "proto/message.h"
#include "proto/verdict.h"
#include "tests/lib/exchange.h"
#include "tests/suite.h"

START_TEST(a_token_is_got_with_a_proof)
{
	static const struct message_token got = {
		.token = "a.b.c", .id = "abc", .key_id = "Key000000001", .account = "default", .expires = 40
	};
	static struct exchange exchange = {
		.request_record = &message_token_issue,
		.reply_record = &message_token,
		.reply = &got,
	};
	struct apikey_admin *admin;
	struct apikey_token *token;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_token_issue(admin, PEER_OPAQUE, &token)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_TOKEN_ISSUE);
	ck_assert_ptr_null(exchange.request.token_issue.credential);
	ck_assert_str_eq(exchange.request.token_issue.proof, PEER_OPAQUE);
	ck_assert_str_eq(token->token, "a.b.c");
	ck_assert_str_eq(token->id, "abc");
	ck_assert_str_eq(token->key_id, "Key000000001");
	ck_assert_str_eq(token->account, "default");
	ck_assert_str_eq(token->tenant, "");
	ck_assert_int_eq(token->expires, 40);
	ck_assert_int_eq(token->reuse, 0);
	apikey_token_free(token);
	apikey_token_free(NULL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_token_issue(admin, NULL, &token)), -EINVAL);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(a_token_is_looked_at_and_revoked)
{
	static const struct message_token_state said = {
		.verdict = VERDICT_DENIED,
		.reason = REASON_TOKEN_USED,
		.id = "abc",
		.key_id = "Key000000001",
		.account = "default",
		.tenant = "blue",
		.issued = 40,
		.expires = 50,
		.reuse = 1,
	};
	static struct exchange exchange = {
		.request_record = &message_token_reference,
		.reply_record = &message_token_state,
		.reply = &said,
	};
	struct apikey_token_state *state;
	struct apikey_admin *admin;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_token_inspect(admin, "a.b.c", &state)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_TOKEN_INSPECT);
	ck_assert_str_eq(exchange.request.token_reference.token, "a.b.c");
	ck_assert_ptr_null(exchange.request.token_reference.why);
	apikey_token_state_free(state);
	apikey_token_state_free(NULL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_token_revoke(admin, "a.b.c", "lost", &state)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_TOKEN_REVOKE);
	ck_assert_str_eq(exchange.request.token_reference.why, "lost");
	ck_assert_int_eq(state->verdict, APIKEY_DENIED);
	ck_assert_str_eq(state->reason, "token_used");
	ck_assert_str_ne(state->reason_sentence, "");
	ck_assert_str_eq(state->id, "abc");
	ck_assert_str_eq(state->key_id, "Key000000001");
	ck_assert_str_eq(state->account, "default");
	ck_assert_str_eq(state->tenant, "blue");
	ck_assert_int_eq(state->issued, 40);
	ck_assert_int_eq(state->expires, 50);
	ck_assert_int_eq(state->reuse, 1);
	apikey_token_state_free(state);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(another_key_is_asked_for)
{
	static const struct message_item version = { .name = "signing_key.version", .number = 7 };
	static struct exchange exchange = {
		.request_record = &message_signing_key,
		.reply_record = &message_item,
		.reply = &version,
	};
	struct apikey_admin *admin;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	for (int now = 0; now < 3; now++) {
		uint64_t number = 0;

		ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_signing_key_rotate(admin, now, &number)), 0);
		ck_assert_uint_eq(exchange.seen.header.type, WIRE_SIGNING_KEY_ROTATE);
		ck_assert_uint_eq(exchange.request.signing_key.now, now != 0);
		ck_assert_uint_eq(number, 7);
	}
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("tokens");
	TCase *cases = tcase_create("calls");

	tcase_add_test(cases, a_token_is_got_with_a_proof);
	tcase_add_test(cases, a_token_is_looked_at_and_revoked);
	tcase_add_test(cases, another_key_is_asked_for);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
