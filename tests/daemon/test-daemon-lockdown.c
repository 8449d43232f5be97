/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A lockdown of the real daemon: which credentials it refuses, which it does not, when that is true, who may begin and
 * end one, and what is left of it after a crash.
 */
#include <signal.h>

#include "tests/daemon/admin-fixture.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

#define IMPORTED "0123456789abcdef0123456789abcdef"

static enum answer lock_down(struct wire_client *client, const struct message_lockdown *request,
			     struct message_lockdown_state *ret_state)
{
	return wire_ask(client, WIRE_LOCKDOWN, &message_lockdown, request, &message_lockdown_state, ret_state);
}

static struct message_lockdown_state turn(enum message_lockdown_action action, struct codec_texts keys)
{
	struct message_lockdown request = { .action = action, .keys = keys, .why = "a test" };
	struct message_lockdown_state state;

	expect_answer(admin, lock_down(admin, &request, &state), ANSWER_OK, NULL);
	return state;
}

static void turn_on(struct codec_texts keys)
{
	ck_assert_uint_eq(turn(MESSAGE_LOCKDOWN_ON, keys).on, 1);
}

static void turn_off(void)
{
	ck_assert_uint_eq(turn(MESSAGE_LOCKDOWN_OFF, wire_texts(NULL, NULL)).on, 0);
}

static struct codec_texts nobody(void)
{
	return (struct codec_texts){ .count = 0 };
}

/* A key of alice's with an imported secret; its id. */
static void import(char ret_id[CREDENTIAL_KEY_ID_MAX + 1])
{
	struct message_import_key key = { .name = "imported",
					  .owner = "alice",
					  .secret = IMPORTED,
					  .permissions = wire_texts("test.use", NULL),
					  .expires = TIME_NEVER };
	struct message_key_import request = { .keys = { .count = 1, .items = &key } };
	struct message_key_imported reply;
	struct message_import_result result;

	expect_answer(admin,
		      wire_ask(admin, WIRE_KEY_IMPORT, &message_key_import, &request, &message_key_imported, &reply),
		      ANSWER_OK, NULL);
	ck_assert(codec_next_record(&reply.results, &message_import_result, &result));
	ck_assert_uint_eq(result.outcome, MESSAGE_IMPORT_CREATED);
	snprintf(ret_id, CREDENTIAL_KEY_ID_MAX + 1, "%s", result.id);
}

/* ---- tests ---- */

START_TEST(every_kind_of_credential_is_refused)
{
	struct message_account account = { .user = "alice", .service = "test", .permission = "test.use" };
	struct message_verify request = request_for(opaque.secret);
	struct message_verdict said = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	char handle[WIRE_HANDLE_MAX + 1], id[CREDENTIAL_KEY_ID_MAX + 1], changed[PAIR_TOKEN_SIZE], wrong[64];
	struct message_token issued;

	import(id);
	token_issue(&host, opaque.secret);
	pair_token(&pair, "one", NULL, token);
	expect_said(&said, REASON_NONE);
	snprintf(handle, sizeof(handle), "%s", said.handle);
	account.handle = handle;
	expect(IMPORTED, REASON_NONE);

	turn_on(nobody());
	for (int round = 0; round < 2; round++) {
		expect(opaque.secret, REASON_LOCKDOWN);
		expect(token, REASON_LOCKDOWN);
		expect(access_token, REASON_LOCKDOWN);
		expect(IMPORTED, REASON_LOCKDOWN);
		/* What is wrong is no better, and is told apart from what is right by its shape alone. */
		expect("nobody's, but long enough to be one", REASON_LOCKDOWN);
		snprintf(wrong, sizeof(wrong), "%s", opaque.secret);
		wrong[20] = wrong[20] == 'a' ? 'b' : 'a';
		expect(wrong, REASON_MALFORMED);
		snprintf(changed, sizeof(changed), "%s", token);
		changed[CREDENTIAL_PUBLIC_KEY_SIZE + 1] = 'S';
		expect(changed, REASON_LOCKDOWN);
		said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
		expect_said(&said, REASON_LOCKDOWN);
		ck_assert_int_eq(token_try(&host, opaque.secret, &issued), ANSWER_BAD_CREDENTIAL);
	}
	turn_off();
	/* Nothing of that was used up. */
	expect(opaque.secret, REASON_NONE);
	expect(token, REASON_NONE);
	expect(token, REASON_REPLAYED);
	expect(access_token, REASON_NONE);
	expect(IMPORTED, REASON_NONE);
	expect(changed, REASON_BAD_SIGNATURE);
	said = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
	expect_said(&said, REASON_NONE);
}
END_TEST

START_TEST(keys_that_are_named_are_let_in)
{
	struct wire_key other = wire_make_key(&host, &(struct message_key_create){ .name = "other" });
	struct message_lockdown_state state;
	struct message_key_name named;
	char id[CREDENTIAL_KEY_ID_MAX + 1], text[64];

	import(id);
	pair_token(&pair, "two", NULL, token);
	state = turn(MESSAGE_LOCKDOWN_ON, wire_texts(opaque.id, pair.id, id, "alice/opaque", NULL));
	ck_assert_uint_eq(state.on, 1);
	ck_assert_uint_eq(state.was_on, 0);
	ck_assert_uint_eq(state.keys.count, 3);
	ck_assert(codec_next_record(&state.keys, &message_key_name, &named));
	ck_assert_str_eq(named.id, opaque.id);
	ck_assert_str_eq(named.name, "opaque");
	ck_assert_str_eq(named.owner, "alice");
	expect(opaque.secret, REASON_NONE);
	expect(token, REASON_NONE);
	expect(token, REASON_REPLAYED);
	expect(IMPORTED, REASON_NONE);
	token_issue(&host, opaque.secret);
	expect(access_token, REASON_NONE);
	expect(other.secret, REASON_LOCKDOWN);
	/* They are judged as ever. */
	credential_write_opaque(false, opaque.id, "00000000000000000000000000000000", text);
	expect(text, REASON_BAD_SECRET);
	wire_change(&host, WIRE_KEY_DEACTIVATE, opaque.id);
	expect(opaque.secret, REASON_KEY_INACTIVE);
	/* Those that are named next take their place. */
	turn_on(wire_texts(other.id, NULL));
	expect(other.secret, REASON_NONE);
	expect(IMPORTED, REASON_LOCKDOWN);
	turn_off();
	expect(IMPORTED, REASON_NONE);
}
END_TEST

START_TEST(it_is_true_when_the_command_returns)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	char nonce[32];

	wire_hello(client);
	for (int round = 0; round < 40; round++) {
		enum reason wanted = round % 2 ? REASON_NONE : REASON_LOCKDOWN;

		if (round % 2)
			turn_off();
		else
			turn_on(nobody());
		for (int i = 0; i < 8; i++)
			send_token(client, opaque.secret);
		for (int i = 0; i < 8; i++)
			expect_next(client, wanted);
		snprintf(nonce, sizeof(nonce), "round-%d", round);
		pair_token(&pair, nonce, NULL, token);
		expect(token, wanted);
	}
	wire_close(client);
}
END_TEST

START_TEST(it_survives_a_crash)
{
	struct message_lockdown_state state;

	turn_on(wire_texts(opaque.id, NULL));
	for (int i = 0; i < 2; i++) {
		wire_close(admin);
		host_end(&host, SIGKILL);
		host_start(&host);
		admin = wire_open(&host, WIRE_ADMIN_SOCKET);
		pair_token(&pair, i ? "b" : "a", NULL, token);
		expect(token, i ? REASON_NONE : REASON_LOCKDOWN);
		expect(opaque.secret, REASON_NONE);
		state = turn(MESSAGE_LOCKDOWN_ASK, nobody());
		ck_assert_uint_eq(state.on, !i);
		ck_assert_uint_eq(state.keys.count, !i);
		if (i == 0)
			host_expect_output(&host, "LOCKDOWN since");
		turn_off();
	}
}
END_TEST

START_TEST(no_key_has_a_say_in_it)
{
	struct wire_key mighty = wire_make_key(
		&host, &(struct message_key_create){ .name = "mighty", .permissions = wire_texts("*", NULL) });
	struct message_lockdown request = { .credential = mighty.secret };
	struct message_lockdown_state state;
	struct message_key key;

	for (request.action = MESSAGE_LOCKDOWN_ASK; request.action <= MESSAGE_LOCKDOWN_OFF; request.action++)
		expect_answer(admin, lock_down(admin, &request, &state), ANSWER_NOT_PERMITTED, NULL);
	/* While it is on no key acts, but for those that are named. */
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, mighty.secret, opaque.id, &key), ANSWER_OK, NULL);
	turn_on(wire_texts(opaque.id, NULL));
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, mighty.secret, opaque.id, &key), ANSWER_BAD_CREDENTIAL, NULL);
	expect_answer(admin, refer(admin, WIRE_KEY_REVOKE, mighty.secret, opaque.id, &key), ANSWER_BAD_CREDENTIAL,
		      NULL);
	turn_on(wire_texts(mighty.id, NULL));
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, mighty.secret, opaque.id, &key), ANSWER_OK, NULL);
	request.action = MESSAGE_LOCKDOWN_OFF;
	expect_answer(admin, lock_down(admin, &request, &state), ANSWER_NOT_PERMITTED, NULL);
	expect(opaque.secret, REASON_LOCKDOWN);
}
END_TEST

START_TEST(a_key_that_opens_nothing_is_none_to_name)
{
	static const char *const names[] = { "000000000000", "alice/nobody", "no id" };
	struct message_lockdown request = { .action = MESSAGE_LOCKDOWN_ON };
	struct message_lockdown_state state;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		request.keys = wire_texts(opaque.id, names[i], NULL);
		expect_answer(admin, lock_down(admin, &request, &state), ANSWER_NOT_FOUND, names[i]);
	}
	wire_change(&host, WIRE_KEY_REVOKE, pair.id);
	request.keys = wire_texts(opaque.id, pair.id, NULL);
	expect_answer(admin, lock_down(admin, &request, &state), ANSWER_WRONG_STATE, "revoked");
	request.keys = wire_texts(opaque.id, NULL);
	request.action = MESSAGE_LOCKDOWN_OFF;
	expect_answer(admin, lock_down(admin, &request, &state), ANSWER_INVALID, NULL);
	request.action = MESSAGE_LOCKDOWN_ON;
	request.why = opaque.secret;
	expect_answer(admin, lock_down(admin, &request, &state), ANSWER_INVALID, "no key");
	/* None of that changed anything. */
	ck_assert_uint_eq(turn(MESSAGE_LOCKDOWN_ASK, nobody()).on, 0);
	expect(opaque.secret, REASON_NONE);
}
END_TEST

/* The step of an explanation that has this name. */
static struct message_step find_step(struct message_explanation *explanation, const char *name)
{
	struct message_step step;

	while (codec_next_record(&explanation->steps, &message_step, &step)) {
		if (strcmp(step.name, name) == 0)
			return step;
	}
	ck_abort_msg("the explanation has no step '%s'", name);
}

START_TEST(it_is_explained_and_recorded)
{
	struct message_explain by_key = { .key = opaque.id }, by_secret = { .subject = opaque.secret };
	struct message_explanation explanation = explain(admin, &by_key);
	CLEANUP_FREE char *audit = NULL;
	struct message_step step;

	ck_assert_uint_eq(explanation.verdict, VERDICT_GRANTED);
	ck_assert_uint_eq(find_step(&explanation, "secret").outcome, MESSAGE_OUTCOME_SKIPPED);
	turn_on(wire_texts(pair.id, NULL));
	for (int i = 0; i < 2; i++) {
		explanation = explain(admin, i ? &by_key : &by_secret);
		ck_assert_uint_eq(explanation.verdict, VERDICT_DENIED);
		ck_assert_uint_eq(explanation.reason, REASON_LOCKDOWN);
		step = find_step(&explanation, "lockdown");
		ck_assert_uint_eq(step.outcome, MESSAGE_OUTCOME_FAILED);
		ck_assert_ptr_nonnull(strstr(step.detail, "a test"));
		ck_assert_uint_eq(find_step(&explanation, "secret").outcome, MESSAGE_OUTCOME_SKIPPED);
	}
	by_key.key = pair.id;
	explanation = explain(admin, &by_key);
	ck_assert_uint_eq(explanation.verdict, VERDICT_GRANTED);
	ck_assert_str_eq(find_step(&explanation, "lockdown").detail, "on, and the key is let in all the same");
	expect(opaque.secret, REASON_LOCKDOWN);
	turn_off();
	turn_off(); /* nothing happens, and nothing is recorded */
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"reason\":\"lockdown\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"lockdown\""));
	ck_assert_ptr_nonnull(
		strstr(audit, "\"changes\":{\"before\":{\"on\":false},\"after\":{\"on\":true,\"except\":["));
	ck_assert_ptr_nonnull(strstr(audit, "\"after\":{\"on\":false},\"why\":\"a test\""));
	ck_assert_ptr_null(strstr(audit, "\"before\":{\"on\":false},\"after\":{\"on\":false}"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-lockdown");
	TCase *tests = tcase_create("lockdown");

	tcase_set_timeout(tests, 300);
	tcase_add_checked_fixture(tests, begin, end);
	tcase_add_test(tests, every_kind_of_credential_is_refused);
	tcase_add_test(tests, keys_that_are_named_are_let_in);
	tcase_add_test(tests, it_is_true_when_the_command_returns);
	tcase_add_test(tests, it_survives_a_crash);
	tcase_add_test(tests, no_key_has_a_say_in_it);
	tcase_add_test(tests, a_key_that_opens_nothing_is_none_to_name);
	tcase_add_test(tests, it_is_explained_and_recorded);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
