/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The calls about sessions: what is asked, and what the caller is told; and a key that is ended with its sessions.
 */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/message.h"
#include "tests/lib/exchange.h"
#include "tests/suite.h"

static const struct message_session whole = {
	.session = 4711,
	.leader = 815,
	.key_id = "0123456789ab",
	.key_name = "laptop",
	.owner = "alice",
	.user = "deploy",
	.tenant = "default",
	.service = "sshd",
	.tty = "ssh",
	.source = "192.0.2.7",
	.since = 1800000000,
	.ending = 1,
	.whole = 1,
};

static const struct message_session bare = {
	.session = 4712, .key_id = "0123456789ab", .key_name = "n", .owner = "alice", .service = "sudo", .leader = 1
};

static void assert_text(const char *said, const char *wanted)
{
	ck_assert_str_eq(said, wanted ? wanted : "");
}

static void assert_session(const struct apikey_session *session, const struct message_session *wanted)
{
	ck_assert_uint_eq(session->number, wanted->session);
	ck_assert_int_eq(session->leader, (int64_t)wanted->leader);
	assert_text(session->key_id, wanted->key_id);
	assert_text(session->key_name, wanted->key_name);
	assert_text(session->owner, wanted->owner);
	assert_text(session->user, wanted->user);
	assert_text(session->tenant, wanted->tenant);
	assert_text(session->service, wanted->service);
	assert_text(session->tty, wanted->tty);
	assert_text(session->source, wanted->source);
	ck_assert_int_eq(session->since, wanted->since);
	ck_assert_int_eq(session->ending, wanted->ending == 1);
	ck_assert_int_eq(session->whole, wanted->whole == 1);
}

START_TEST(a_list_is_asked_for_and_told_whole)
{
	const struct message_session sessions[] = { whole, bare };
	const struct message_session_view view = { .sessions = { .count = 2, .items = sessions }, .after = 4712 };
	static const struct message_session_view last = { .after = 0 };
	static struct exchange exchange = { .request_record = &message_session_query,
					    .reply_record = &message_session_view };
	struct apikey_session_filter filter = { .size = sizeof(filter), .key = "alice/laptop", .user = "deploy" };
	struct apikey_session_list *list;
	struct apikey_admin *admin;
	struct peer peer;

	exchange.reply = &view;
	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_session_list(admin, &filter, 17, &list)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_ADMIN_SESSION_LIST);
	ck_assert_str_eq(exchange.request.session_query.key, "alice/laptop");
	ck_assert_str_eq(exchange.request.session_query.user, "deploy");
	ck_assert_uint_eq(exchange.request.session_query.after, 17);
	ck_assert_uint_eq(list->count, 2);
	ck_assert_uint_eq(list->after, 4712);
	assert_session(&list->sessions[0], &whole);
	assert_session(&list->sessions[1], &bare);
	apikey_session_list_free(list);
	apikey_session_list_free(NULL);
	exchange.reply = &last;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_session_list(admin, NULL, 0, &list)), 0);
	ck_assert_ptr_null(exchange.request.session_query.key);
	ck_assert_uint_eq(list->count, 0);
	ck_assert_uint_eq(list->after, 0);
	apikey_session_list_free(list);
	filter.size = 1;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_session_list(admin, &filter, 0, &list)), -EINVAL);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

START_TEST(an_end_is_asked_for_and_told)
{
	static struct exchange exchange = { .request_record = &message_session_choice,
					    .reply_record = &message_session,
					    .reply = &whole };
	struct apikey_session *session;
	struct apikey_admin *admin;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_session_end(admin, 4711, "why", &session)), 0);
	ck_assert_uint_eq(exchange.seen.header.type, WIRE_ADMIN_SESSION_END);
	ck_assert_uint_eq(exchange.request.session_choice.session, 4711);
	ck_assert_str_eq(exchange.request.session_choice.why, "why");
	apikey_admin_free(admin);
	peer_stop(&peer);
	assert_session(session, &whole);
	apikey_session_free(session);
	apikey_session_free(NULL);
}
END_TEST

static const struct {
	enum apikey_end end;
	int sessions;
	uint16_t type;
	uint64_t asked;
} ends[] = {
	{ APIKEY_END_DEACTIVATE, 1, WIRE_KEY_DEACTIVATE, MESSAGE_SESSIONS_END },
	{ APIKEY_END_REVOKE, -1, WIRE_KEY_REVOKE, MESSAGE_SESSIONS_KEEP },
	{ APIKEY_END_DELETE, 0, WIRE_KEY_DELETE, MESSAGE_SESSIONS_POLICY },
};

START_TEST(a_key_ends_with_its_sessions_or_without)
{
	static const struct message_key message = { .id = "0123456789ab",
						    .kind = "opaque",
						    .name = "laptop",
						    .owner = "alice",
						    .state = "revoked",
						    .sessions_asked = 1,
						    .sessions_ended = 3,
						    .sessions_loose = 2,
						    .sessions_fault = "away" };
	static struct exchange exchange = { .request_record = &message_key_reference,
					    .reply_record = &message_key,
					    .reply = &message };
	struct apikey_end_options options = { .size = sizeof(options), .why = "lost", .sessions = ends[_i].sessions };
	struct apikey_admin *admin;
	struct apikey_key *key;
	struct peer peer;

	peer_start(&peer, WIRE_ADMIN_SOCKET, exchange_serve, &exchange);
	admin = exchange_open(&peer, EXCHANGE_PATIENT);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_end(admin, "alice/laptop", ends[_i].end, &options, &key)),
			 0);
	ck_assert_uint_eq(exchange.seen.header.type, ends[_i].type);
	ck_assert_uint_eq(exchange.request.reference.end_sessions, ends[_i].asked);
	ck_assert_str_eq(exchange.request.reference.why, "lost");
	ck_assert_int_eq(key->sessions_asked, 1);
	ck_assert_uint_eq(key->sessions_ended, 3);
	ck_assert_uint_eq(key->sessions_loose, 2);
	ck_assert_str_eq(key->sessions_fault, "away");
	apikey_key_free(key);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_end(admin, "a", ends[_i].end, NULL, &key)), 0);
	ck_assert_uint_eq(exchange.request.reference.end_sessions, MESSAGE_SESSIONS_POLICY);
	apikey_key_free(key);
	/* What cannot be asked. */
	options.sessions = 2;
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_end(admin, "a", ends[_i].end, &options, &key)), -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_end(admin, "a", (enum apikey_end)0, NULL, &key)), -EINVAL);
	ck_assert_int_eq(EXCHANGE_CALL(exchange, apikey_key_end(admin, "a", (enum apikey_end)4, NULL, &key)), -EINVAL);
	apikey_admin_free(admin);
	peer_stop(&peer);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sessions");
	TCase *tcase = tcase_create("sessions");

	tcase_set_timeout(tcase, 60);
	tcase_add_test(tcase, a_list_is_asked_for_and_told_whole);
	tcase_add_test(tcase, an_end_is_asked_for_and_told);
	tcase_add_loop_test(tcase, a_key_ends_with_its_sessions_or_without, 0, ARRAY_SIZE(ends));
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
