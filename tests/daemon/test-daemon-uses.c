/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Keys whose uses are limited, in the real daemon: nobody is let in once more than is allowed, however many come at
 * once, and what was counted stays counted.
 */
#include "tests/daemon/bounds-fixture.h"

START_TEST(there_are_as_many_uses_as_were_allowed)
{
	struct wire_key key = make_bound("limited", NULL, 3);
	struct message_verify other = request_for(key.secret);

	expect_uses(key.id, 0, 3);
	expect(key.secret, REASON_NONE);
	expect(key.secret, REASON_NONE);
	expect_uses(key.id, 2, 3);
	/* What is refused is no use. */
	other.user = "bob";
	expect_request(&other, REASON_WRONG_USER);
	other.user = "alice";
	other.permission = "test.other";
	expect_request(&other, REASON_INSUFFICIENT_PERMISSION);
	expect(key.secret, REASON_NONE);
	expect(key.secret, REASON_USE_LIMIT_REACHED);
	expect(key.secret, REASON_USE_LIMIT_REACHED);
	expect_uses(key.id, 3, 3);
}
END_TEST

START_TEST(the_account_phase_uses_nothing)
{
	struct wire_key key = make_bound("limited", MESSAGE_UNBOUND, 1);
	struct message_verify request = request_for(key.secret);
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	struct message_account account = { .user = request.user,
					   .service = request.service,
					   .permission = request.permission };
	char handle[WIRE_HANDLE_MAX + 1];

	expect_said(&said, REASON_NONE);
	snprintf(handle, sizeof(handle), "%s", said.handle);
	account.handle = handle;
	for (int i = 0; i < 3; i++) {
		said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
		expect_said(&said, REASON_NONE);
	}
	expect_uses(key.id, 1, 1);
	expect(key.secret, REASON_USE_LIMIT_REACHED);
}
END_TEST

START_TEST(of_many_that_race_no_more_are_let_in_than_allowed)
{
	struct wire_client *clients[RACERS];
	struct message_verdict said;
	size_t granted = 0;
	struct wire_key key = make_bound("limited", NULL, 100);

	open_racers(clients);
	for (int i = 0; i < 2; i++) {
		for (size_t j = 0; j < RACERS; j++)
			send_token(clients[j], key.secret);
		for (size_t j = 0; j < RACERS; j++) {
			wire_expect(clients[j], WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
			granted += said.verdict == VERDICT_GRANTED;
			if (said.verdict != VERDICT_GRANTED)
				expect_said(&said, REASON_USE_LIMIT_REACHED);
		}
	}
	close_racers(clients);
	ck_assert_uint_eq(granted, 100);
	expect_uses(key.id, 100, 100);
}
END_TEST

START_TEST(tokens_are_uses_of_their_key)
{
	struct wire_key key = make_bound("limited", NULL, 2);

	host_store_run(&host, "UPDATE key SET max_uses = 1 WHERE kind = 2; UPDATE tenant SET token_reuse = 1");
	pair_token(&pair, "one", NULL, token);
	expect(token, REASON_NONE);
	pair_token(&pair, "two", NULL, token);
	expect(token, REASON_USE_LIMIT_REACHED);
	expect_uses(pair.id, 1, 1);
	/* Also those that are good until they end. */
	(void)token_issue(&host, key.secret);
	(void)token_issue(&host, key.secret);
	expect_uses(key.id, 0, 2);
	expect(access_token, REASON_NONE);
	expect(access_token, REASON_NONE);
	expect(access_token, REASON_USE_LIMIT_REACHED);
	expect(key.secret, REASON_USE_LIMIT_REACHED);
}
END_TEST

START_TEST(a_use_whose_answer_nobody_heard_is_counted)
{
	struct wire_key key = make_bound("limited", NULL, 1);
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);

	disk_stops();
	send_token(client, key.secret);
	wire_expect_silence(client, 50);
	wire_close(client);
	expect(opaque.secret, REASON_NONE);
	disk_goes_on();
	poll_until("SELECT count(*) FROM counted_use", 1);
	expect(key.secret, REASON_USE_LIMIT_REACHED);
}
END_TEST

START_TEST(uses_are_added_and_taken_away)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_key key = make_bound("limited", NULL, 2);
	struct message_key_update change = { .key = key.id, .changes = MESSAGE_CHANGE_MAX_USES, .max_uses = 4 };
	struct message_key shown;

	expect(key.secret, REASON_NONE);
	expect(key.secret, REASON_NONE);
	expect(key.secret, REASON_USE_LIMIT_REACHED);
	/* All in all: what was used stays used. */
	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	expect(key.secret, REASON_NONE);
	change.max_uses = 3;
	expect_answer(admin, update(admin, &change, &shown), ANSWER_INVALID, "3 uses were counted already");
	change.max_uses = 0;
	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	for (int i = 0; i < 5; i++)
		expect(key.secret, REASON_NONE);
	/* Without a limit nothing is counted. */
	change.max_uses = 4;
	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	ck_assert_uint_eq(shown.counted_uses, 3);
	expect(key.secret, REASON_NONE);
	expect(key.secret, REASON_USE_LIMIT_REACHED);
	wire_close(admin);
}
END_TEST

/* ---- explain ---- */

static void expect_step(const struct message_explanation *explanation, const char *name, enum message_outcome outcome,
			const char *detail)
{
	struct codec_records steps = explanation->steps;
	struct message_step step;

	while (codec_next_record(&steps, &message_step, &step)) {
		if (strcmp(step.name, name) != 0)
			continue;
		ck_assert_uint_eq(step.outcome, outcome);
		ck_assert_pstr_eq(step.detail, detail);
		return;
	}
	fail("there is no step %s", name);
}

START_TEST(explaining_shows_what_is_found_and_wanted_and_uses_nothing)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_key key = make_bound("bound", MESSAGE_UNBOUND, 1);
	struct message_explain request = { .subject = key.secret, .service = "sshd", .permission = "test.use" };
	struct message_explanation said;

	for (int i = 0; i < 2; i++) {
		said = explain(admin, &request);
		ck_assert_uint_eq(said.verdict, VERDICT_GRANTED);
		expect_step(&said, "exclusive", MESSAGE_OUTCOME_PASSED,
			    "for the first service that uses it, which would be sshd");
		expect_step(&said, "uses", MESSAGE_OUTCOME_PASSED, "0 of 1 uses counted; explaining it counts none");
	}
	expect_at(key.secret, "sshd", REASON_NONE);
	said = explain(admin, &request);
	ck_assert_uint_eq(said.reason, REASON_USE_LIMIT_REACHED);
	expect_step(&said, "exclusive", MESSAGE_OUTCOME_PASSED, "for sshd alone, and sshd asks");
	expect_step(&said, "uses", MESSAGE_OUTCOME_FAILED, "1 of 1 uses counted; explaining it counts none");
	request.service = "dovecot";
	said = explain(admin, &request);
	ck_assert_uint_eq(said.reason, REASON_WRONG_SERVICE);
	expect_step(&said, "service", MESSAGE_OUTCOME_PASSED, "dovecot");
	expect_step(&said, "exclusive", MESSAGE_OUTCOME_FAILED,
		    "for sshd alone, and dovecot asks: misuse, which is reported");
	expect_step(&said, "uses", MESSAGE_OUTCOME_SKIPPED, NULL);
	request.subject = opaque.secret;
	said = explain(admin, &request);
	expect_step(&said, "exclusive", MESSAGE_OUTCOME_PASSED, "for any service");
	expect_step(&said, "uses", MESSAGE_OUTCOME_PASSED, "as often as one likes");
	wire_close(admin);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/uses");
	TCase *tests = add_case(suite, "uses"), *slow;

	tcase_add_test(tests, there_are_as_many_uses_as_were_allowed);
	tcase_add_test(tests, the_account_phase_uses_nothing);
	tcase_add_test(tests, of_many_that_race_no_more_are_let_in_than_allowed);
	tcase_add_test(tests, tokens_are_uses_of_their_key);
	tcase_add_test(tests, uses_are_added_and_taken_away);
	tcase_add_test(tests, explaining_shows_what_is_found_and_wanted_and_uses_nothing);
	if (disk_can_stop()) {
		slow = add_case(suite, "a disk that stops");
		tcase_add_test(slow, a_use_whose_answer_nobody_heard_is_counted);
	}
	return suite_run(suite);
}
