/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tickets of the real daemon: who gets one, who redeems it, and for which key. What is replayed, forged, another
 * service's or of a key that was ended since is refused and recorded, and nobody but root can ask.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

static struct host host;

static void setup(void)
{
	host_open(&host, NULL);
	host_start(&host);
}

#define FAILURES_PER_MINUTE 5

static void set_up_throttled(void)
{
	char settings[64];

	snprintf(settings, sizeof(settings), "[throttle]\nfailures_per_minute = %d\n", FAILURES_PER_MINUTE);
	host_open(&host, settings);
	host_start(&host);
}

static void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

static struct message_verify request_for(const struct wire_key *key)
{
	return (struct message_verify){ .credential = key->secret,
					.user = "alice",
					.service = "test",
					.permission = "test.use",
					.rhost = "192.0.2.7",
					.wants_ticket = 1 };
}

static struct wire_key make_key(const char *name)
{
	return wire_make_key(&host, &(struct message_key_create){ .name = name });
}

static void get_ticket(const struct wire_key *key, char ret_ticket[WIRE_TICKET_SIZE + 1])
{
	struct message_verify request = request_for(key);
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);

	ck_assert_int_eq(said.verdict, VERDICT_GRANTED);
	ck_assert_ptr_nonnull(said.ticket);
	snprintf(ret_ticket, WIRE_TICKET_SIZE + 1, "%s", said.ticket);
}

/* The texts live in the client. */
static enum answer redeem(struct wire_client *client, const char *ticket, const char *service,
			  struct message_redeemed *ret_redeemed)
{
	struct message_redeem request = { .ticket = ticket, .service = service };

	return wire_ask(client, WIRE_REDEEM, &message_redeem, &request, &message_redeemed, ret_redeemed);
}

static enum answer redeem_once(const char *ticket, const char *service)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct message_redeemed redeemed;
	enum answer answer = redeem(client, ticket, service, &redeemed);

	wire_close(client);
	return answer;
}

/* The last record of the audit of this event. */
static void expect_record(const char *text)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	const char *last = NULL;

	for (const char *at = audit; (at = strstr(at, "\"session_open\"")) != NULL; at++)
		last = at;
	ck_assert_ptr_nonnull(last);
	ck_assert_msg(strstr(last, text) != NULL, "no %s in %s", text, last);
}

START_TEST(a_ticket_tells_whose_session_it_is)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct wire_key key = make_key("laptop");
	char ticket[WIRE_TICKET_SIZE + 1];
	struct message_redeemed redeemed;

	get_ticket(&key, ticket);
	ck_assert_int_eq(redeem(client, ticket, "test", &redeemed), ANSWER_OK);
	ck_assert_str_eq(redeemed.key_id, key.id);
	ck_assert_str_eq(redeemed.key_name, "laptop");
	ck_assert_str_eq(redeemed.owner, "alice");
	ck_assert_str_eq(redeemed.user, "alice");
	ck_assert_str_eq(redeemed.tenant, "default");
	ck_assert_str_eq(redeemed.source, "192.0.2.7");
	wire_close(client);
	expect_record("\"granted\"");
	expect_record(key.id);
	expect_record("192.0.2.7");
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_NOT_FOUND);
	expect_record("bad_ticket");
}
END_TEST

START_TEST(who_does_not_ask_gets_none)
{
	struct wire_key key = make_key("key");
	struct message_verify request = request_for(&key);

	request.wants_ticket = 0;
	ck_assert_ptr_null(wire_verify(&host, WIRE_LOGIN_SOCKET, &request).ticket);
	request.wants_ticket = 1;
	request.permission = "test.other";
	ck_assert_ptr_null(wire_verify(&host, WIRE_LOGIN_SOCKET, &request).ticket);
}
END_TEST

/* Neither to get one nor to redeem one, whoever runs the tests: it is the socket that counts. */
START_TEST(verify_sock_knows_no_tickets)
{
	struct wire_key key = make_key("key");
	struct message_verify request = request_for(&key);
	struct wire_client *client;
	struct message_redeemed redeemed;
	char ticket[WIRE_TICKET_SIZE + 1], own[32];
	struct message_verdict said;

	snprintf(own, sizeof(own), "uid-%u", (unsigned int)geteuid());
	request.service = own;
	said = wire_verify(&host, WIRE_VERIFY_SOCKET, &request);
	ck_assert_int_eq(said.verdict, VERDICT_GRANTED);
	ck_assert_ptr_null(said.ticket);
	get_ticket(&key, ticket);
	client = wire_open(&host, WIRE_VERIFY_SOCKET);
	ck_assert_int_eq(redeem(client, ticket, "test", &redeemed), ANSWER_UNKNOWN_REQUEST);
	wire_close(client);
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_OK);
}
END_TEST

START_TEST(a_foreign_or_forged_ticket_is_refused)
{
	struct wire_key key = make_key("key");
	char ticket[WIRE_TICKET_SIZE + 1];

	get_ticket(&key, ticket);
	ck_assert_int_eq(redeem_once("00112233445566778899aabbccddeeff", "test"), ANSWER_NOT_FOUND);
	ck_assert_int_eq(redeem_once("x", "test"), ANSWER_NOT_FOUND);
	ck_assert_int_eq(redeem_once(ticket, "sudo"), ANSWER_NOT_FOUND);
	expect_record("bad_ticket");
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_NOT_FOUND);
}
END_TEST

START_TEST(a_key_that_ended_since_has_no_session)
{
	static const struct {
		uint16_t type;
		const char *reason;
	} ends[] = { { WIRE_KEY_REVOKE, "key_revoked" },
		     { WIRE_KEY_DEACTIVATE, "key_inactive" },
		     { WIRE_KEY_DELETE, "unknown_key" } };

	for (size_t i = 0; i < ARRAY_SIZE(ends); i++) {
		char ticket[WIRE_TICKET_SIZE + 1], name[16];
		struct wire_key key;

		snprintf(name, sizeof(name), "key%zu", i);
		key = make_key(name);
		get_ticket(&key, ticket);
		wire_change(&host, ends[i].type, key.id);
		ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_WRONG_STATE);
		expect_record(ends[i].reason);
		expect_record(key.id);
	}
}
END_TEST

START_TEST(the_secret_that_was_shown_has_to_be_good_still)
{
	struct message_key_rotate rotate = { .now = 1 };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_key key = make_key("key");
	char ticket[WIRE_TICKET_SIZE + 1];
	struct message_key rotated;

	get_ticket(&key, ticket);
	rotate.key = key.id;
	ck_assert_int_eq(wire_ask(client, WIRE_KEY_ROTATE, &message_key_rotate, &rotate, &message_key, &rotated),
			 ANSWER_OK);
	wire_close(client);
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_WRONG_STATE);
	expect_record("secret_retired");
}
END_TEST

/* They are in memory alone: who logged in before it is not registered, and let in all the same. */
START_TEST(a_restart_forgets_them)
{
	struct wire_key key = make_key("key");
	char ticket[WIRE_TICKET_SIZE + 1];

	get_ticket(&key, ticket);
	host_stop(&host);
	host_start(&host);
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_NOT_FOUND);
}
END_TEST

/* What a grant has used up or settled is no reason against the session that it opens. */
START_TEST(the_last_use_of_a_key_opens_its_session_too)
{
	static const struct message_key_create wanted[] = { { .name = "once", .max_uses = 1 },
							    { .name = "first", .exclusive = MESSAGE_UNBOUND },
							    { .name = "bound", .exclusive = "test" } };
	char ticket[WIRE_TICKET_SIZE + 1];

	for (size_t i = 0; i < ARRAY_SIZE(wanted); i++) {
		struct wire_key key = wire_make_key(&host, &wanted[i]);

		get_ticket(&key, ticket);
		ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_OK);
	}
}
END_TEST

/* A lockdown that began in between has ended those that are open: none is to come in behind it. */
START_TEST(a_lockdown_refuses_them_but_of_keys_that_it_spares)
{
	struct wire_key key = make_key("laptop"), spared = make_key("spared");
	struct message_lockdown request = { .action = MESSAGE_LOCKDOWN_ON, .keys = wire_texts(spared.id, NULL) };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	char ticket[WIRE_TICKET_SIZE + 1], other[WIRE_TICKET_SIZE + 1];
	struct message_lockdown_state state;

	get_ticket(&key, ticket);
	get_ticket(&spared, other);
	ck_assert_int_eq(wire_ask(client, WIRE_LOCKDOWN, &message_lockdown, &request, &message_lockdown_state, &state),
			 ANSWER_OK);
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_WRONG_STATE);
	expect_record("\"lockdown\"");
	ck_assert_int_eq(redeem_once(other, "test"), ANSWER_OK);
	wire_close(client);
}
END_TEST

static void expect_refused(const struct message_verify *request, enum reason reason)
{
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, request);

	ck_assert_msg(said.reason == reason, "%s instead of %s", reason_name((enum reason)said.reason),
		      reason_name(reason));
}

/* They fail where many logins come at once, and nobody is to wait, or not to be let in, for it. */
START_TEST(refused_tickets_are_no_failures_of_logins)
{
	struct wire_key keys[4 * FAILURES_PER_MINUTE];
	char tickets[ARRAY_SIZE(keys)][WIRE_TICKET_SIZE + 1];
	struct message_verify request;
	char name[16];

	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		snprintf(name, sizeof(name), "key%zu", i);
		keys[i] = make_key(name);
		request = request_for(&keys[i]);
		request.rhost = NULL;
		snprintf(tickets[i], sizeof(tickets[i]), "%s", wire_verify(&host, WIRE_LOGIN_SOCKET, &request).ticket);
		wire_change(&host, WIRE_KEY_REVOKE, keys[i].id);
	}
	for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
		ck_assert_int_eq(redeem_once(tickets[i], "test"), ANSWER_WRONG_STATE);
		/* It is used up: there is none any more. */
		ck_assert_int_eq(redeem_once(tickets[i], "test"), ANSWER_NOT_FOUND);
	}
	/* Each has its record. */
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"session_open\"", "\"reason\":\"key_revoked\""),
			  ARRAY_SIZE(keys));
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"session_open\"", "\"reason\":\"bad_ticket\""),
			  ARRAY_SIZE(keys));
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"session_open\"", "\"count\""), 0);
	ck_assert_uint_eq(host_number(&host, "throttle.sources"), 0);
	/* An imported secret, which is not looked for where there were too many failures. */
	request.credential = "0123456789abcdef0123456789abcdef";
	expect_refused(&request, REASON_UNKNOWN_KEY);
}
END_TEST

/* Nor is who guesses at logins told of tickets what is not so. */
START_TEST(a_ticket_is_never_throttled)
{
	struct wire_key key = make_key("laptop");
	struct message_verify request = request_for(&key);
	char ticket[WIRE_TICKET_SIZE + 1];

	get_ticket(&key, ticket);
	request.rhost = NULL;
	request.credential = "0123456789abcdef0123456789abcdef";
	for (int i = 0; i < FAILURES_PER_MINUTE; i++)
		expect_refused(&request, REASON_UNKNOWN_KEY);
	expect_refused(&request, REASON_TOO_MANY_FAILURES);
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_OK);
	ck_assert_int_eq(redeem_once(ticket, "test"), ANSWER_NOT_FOUND);
	expect_record("bad_ticket");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-ticket");
	TCase *all = tcase_create("tickets"), *throttled = tcase_create("throttled");

	tcase_set_timeout(all, 120);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, a_ticket_tells_whose_session_it_is);
	tcase_add_test(all, who_does_not_ask_gets_none);
	tcase_add_test(all, verify_sock_knows_no_tickets);
	tcase_add_test(all, a_foreign_or_forged_ticket_is_refused);
	tcase_add_test(all, a_key_that_ended_since_has_no_session);
	tcase_add_test(all, the_secret_that_was_shown_has_to_be_good_still);
	tcase_add_test(all, the_last_use_of_a_key_opens_its_session_too);
	tcase_add_test(all, a_lockdown_refuses_them_but_of_keys_that_it_spares);
	tcase_add_test(all, a_restart_forgets_them);
	suite_add_tcase(suite, all);
	tcase_set_timeout(throttled, 120);
	tcase_add_checked_fixture(throttled, set_up_throttled, teardown);
	tcase_add_test(throttled, refused_tickets_are_no_failures_of_logins);
	tcase_add_test(throttled, a_ticket_is_never_throttled);
	suite_add_tcase(suite, throttled);
	return suite_run(suite);
}
