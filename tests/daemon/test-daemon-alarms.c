/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Bursts of wrong secrets in the real daemon: they raise an alarm and slow down those they come from, and neither the
 * key nor anybody who has its secret.
 */
#include <string.h>

#define DAEMON_SETTINGS "connections_per_uid = 256\n"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/signin-fixture.h"
#include "tests/suite.h"

#define LIMIT 2 /* one a half minute: no machine is so slow */
#define LIMITED SETTINGS "failures_per_key = 2\n"

static void set_up_limited(void)
{
	setup();
	host_stop(&host);
	host_configure(&host, LIMITED);
	host_start(&host);
}

static void set_up_off(void)
{
	setup();
	host_stop(&host);
	host_configure(&host, SETTINGS "failures_per_key = 0\n");
	host_start(&host);
}

static void expect_from(const char *credential, const char *rhost, enum reason reason)
{
	struct message_verify request = request_for(credential);

	request.rhost = rhost;
	expect_request(&request, reason);
}

static const char *wrong_for(const char *id)
{
	static char wrong[CREDENTIAL_OPAQUE_MAX + 1];

	credential_write_opaque(false, id, "00000000000000000000000000000000", wrong);
	return wrong;
}

static void expect_alarm(const char *id)
{
	int64_t end = milliseconds() + 20000;

	while (host_count_records(&host, "\"event\":\"key_alarm\"", id) == 0) {
		ck_assert_msg(milliseconds() < end, "there is no alarm");
		poll(NULL, 0, 20);
	}
}

START_TEST(a_burst_raises_an_alarm)
{
	struct wire_key other = wire_make_key(&host, &(struct message_key_create){ .name = "other" });

	for (int i = 0; i < LIMIT; i++)
		expect_from(wrong_for(opaque.id), "192.0.2.1", REASON_BAD_SECRET);
	ck_assert_uint_eq(host_number(&host, "alarms.keys"), 0);
	expect_from(wrong_for(opaque.id), "192.0.2.1", REASON_TOO_MANY_FAILURES);
	/* Wherever they come from; but others may fail as ever. */
	expect_from(wrong_for(opaque.id), "198.51.100.1", REASON_TOO_MANY_FAILURES);
	expect_from(wrong_for(other.id), "203.0.113.1", REASON_BAD_SECRET);
	/* Who has the secret is let in, from there and elsewhere. */
	expect_from(opaque.secret, "192.0.2.1", REASON_NONE);
	expect_from(opaque.secret, "203.0.113.1", REASON_NONE);
	expect_from(other.secret, "192.0.2.1", REASON_NONE);
	expect_alarm(opaque.id);
	host_expect_output(&host, "wrong secrets for the key ");
	ck_assert_uint_eq(host_number(&host, "alarms.keys"), 1);
	host_expect_text(&host, "alarms.1.key", opaque.id);
	ck_assert_uint_ge(host_number(&host, "alarms.1.failures"), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_alarm\"", "\"reason\":\"bad_secret\""), 1);
	/* Many more of them are in no log. */
	for (int i = 0; i < 200; i++)
		expect_from(wrong_for(opaque.id), "192.0.2.1", REASON_TOO_MANY_FAILURES);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_alarm\"", ""), 1);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE state != 1"), 0);
}
END_TEST

/* Who guesses ids learns nothing, and raises no alarm. */
START_TEST(ids_of_no_key_are_treated_alike)
{
	static const char unknown[] = "000000000000";

	for (int i = 0; i < LIMIT; i++)
		expect_from(wrong_for(unknown), "192.0.2.1", REASON_UNKNOWN_KEY);
	for (int i = 0; i < 3; i++)
		expect_from(wrong_for(unknown), "198.51.100.1", REASON_TOO_MANY_FAILURES);
	for (int i = 0; i < LIMIT; i++)
		expect_from(wrong_for(opaque.id), "192.0.2.2", REASON_BAD_SECRET);
	for (int i = 0; i < 3; i++)
		expect_from(wrong_for(opaque.id), "198.51.100.2", REASON_TOO_MANY_FAILURES);
	expect_alarm(opaque.id);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_alarm\"", ""), 1);
	ck_assert_uint_eq(host_number(&host, "alarms.keys"), 1);
}
END_TEST

START_TEST(forged_tokens_are_guesses_too)
{
	struct pair forged = pair;

	forged.private_key[0] ^= 1;
	for (int i = 0; i < LIMIT + 1; i++) {
		char nonce[16];

		snprintf(nonce, sizeof(nonce), "nonce-%d", i);
		pair_token(&forged, nonce, NULL, token);
		expect_from(token, "192.0.2.1", i < LIMIT ? REASON_BAD_SIGNATURE : REASON_TOO_MANY_FAILURES);
	}
	expect_alarm(pair.id);
	pair_token(&pair, "right", NULL, token);
	expect_from(token, "192.0.2.1", REASON_NONE);
}
END_TEST

/* With the credential of a request, or with what the request is about. */
static enum answer guess(struct wire_client *client, uint16_t type, const char *wrong)
{
	struct message_key_reference listing = { .credential = wrong, .key = opaque.id };
	struct message_token_issue exchange = { .proof = wrong };
	struct message_token_reference question = { .token = wrong };
	struct message_explain explanation = { .subject = wrong };
	struct message_introspection introspected;
	struct message_explanation explained;
	struct message_token issued;
	struct message_key key;

	switch (type) {
	case WIRE_TOKEN_ISSUE:
		return wire_ask(client, type, &message_token_issue, &exchange, &message_token, &issued);
	case WIRE_INTROSPECT:
		return wire_ask(client, type, &message_token_reference, &question, &message_introspection,
				&introspected);
	case WIRE_EXPLAIN:
		return wire_ask(client, type, &message_explain, &explanation, &message_explanation, &explained);
	default:
		return wire_ask(client, type, &message_key_reference, &listing, &message_key, &key);
	}
}

START_TEST(administration_is_no_place_to_guess_at)
{
	static const struct {
		uint16_t type;
		enum answer answer;
	} ways[] = { { WIRE_KEY_SHOW, ANSWER_BAD_CREDENTIAL },
		     { WIRE_TOKEN_ISSUE, ANSWER_BAD_CREDENTIAL },
		     { WIRE_INTROSPECT, ANSWER_OK },
		     { WIRE_EXPLAIN, ANSWER_OK } };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		char name[16];
		struct wire_key key;

		snprintf(name, sizeof(name), "key-%zu", i);
		key = wire_make_key(&host, &(struct message_key_create){ .name = name });
		for (int j = 0; j < LIMIT; j++)
			expect_answer(client, guess(client, ways[i].type, wrong_for(key.id)), ways[i].answer, NULL);
		ck_assert_uint_eq(host_number(&host, "alarms.keys"), i);
		expect_answer(client, guess(client, ways[i].type, wrong_for(key.id)), ways[i].answer, NULL);
		expect_alarm(key.id);
		ck_assert_uint_eq(host_number(&host, "alarms.keys"), i + 1);
	}
	wire_close(client);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE state != 1"), 0);
}
END_TEST

START_TEST(a_sign_in_is_no_place_to_guess_at)
{
	struct message_signin_begin request = { .proof = wrong_for(opaque.id), .source = "192.0.2.1" };
	struct wire_client *client;

	make_gateway(&host, LIMITED);
	client = open_gateway(&host);
	for (int i = 0; i < LIMIT; i++)
		expect_refusal(client, &request, REASON_BAD_SECRET);
	expect_refusal(client, &request, REASON_TOO_MANY_FAILURES);
	request.source = "198.51.100.1";
	expect_refusal(client, &request, REASON_TOO_MANY_FAILURES);
	expect_alarm(opaque.id);
	/* The records say of which key they are, where there is one, */
	ck_assert_uint_eq(host_count_records(&host, "\"reason\":\"bad_secret\"", "\"key_name\":\"opaque\""), LIMIT + 1);
	request.proof = wrong_for("000000000000");
	request.source = "203.0.113.1";
	expect_refusal(client, &request, REASON_UNKNOWN_KEY);
	ck_assert_uint_eq(host_count_records(&host, "\"reason\":\"unknown_key\"", "\"key_id\":\"000000000000\""), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"reason\":\"unknown_key\"", "\"key_name\""), 0);
	/* and whence. */
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_alarm\"", "\"rhost\":\"198.51.100.1\"") +
				  host_count_records(&host, "\"event\":\"key_alarm\"", "\"rhost\":\"192.0.2.1\""),
			  1);
	request.proof = opaque.secret;
	(void)sign_in(client, &request);
	wire_close(client);
}
END_TEST

START_TEST(it_can_be_switched_off)
{
	for (int i = 0; i < 100; i++)
		expect_from(wrong_for(opaque.id), "192.0.2.1", REASON_BAD_SECRET);
	ck_assert_uint_eq(host_number(&host, "alarms.keys"), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/alarms");
	TCase *tests = add_started(suite, "limited", set_up_limited);

	tcase_add_test(tests, a_burst_raises_an_alarm);
	tcase_add_test(tests, ids_of_no_key_are_treated_alike);
	tcase_add_test(tests, forged_tokens_are_guesses_too);
	tcase_add_test(tests, administration_is_no_place_to_guess_at);
	tcase_add_test(tests, a_sign_in_is_no_place_to_guess_at);
	tests = add_started(suite, "off", set_up_off);
	tcase_add_test(tests, it_can_be_switched_off);
	return suite_run(suite);
}
