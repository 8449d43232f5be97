/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Keys that are used as they should not be, in the real daemon: what is misuse is recorded, and suspends the key where
 * the policy says so; and whoever has not the right secret, or is not believed, can bring none about.
 */
#include <signal.h>
#include <string.h>

#include "tests/daemon/bounds-fixture.h"

#define SUSPEND SETTINGS "failures_per_key = 0\n[policy]\nmisuse = suspend\n"
#define NETWORKS "misuse_sources = 3\nmisuse_window = 1h\n"
#define LISTED_UID 60001
#define STRANGER_UID 60002

static void start_with(const char *settings)
{
	setup();
	host_stop(&host);
	host_configure(&host, settings);
	host_start(&host);
}

static void set_up_suspending(void)
{
	start_with(SUSPEND);
}

static void set_up_networks(void)
{
	start_with(SUSPEND NETWORKS);
}

static void set_up_reported_networks(void)
{
	start_with(SETTINGS "[policy]\n" NETWORKS);
}

/* Returns when it got its state. */
static int64_t expect_state(const char *id, const char *state, const char *why)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key key = show(admin, id);

	ck_assert_str_eq(key.state, state);
	ck_assert_pstr_eq(key.state_reason, why);
	wire_close(admin);
	return key.state_since;
}

static enum answer activate(const char *id, const char *why)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_reference request = { .key = id, .why = why };
	struct message_key shown;
	enum answer answer = wire_ask(admin, WIRE_KEY_ACTIVATE, &message_key_reference, &request, &message_key, &shown);

	wire_close(admin);
	return answer;
}

#define AT_SSHD "misuse: used at sshd, and it is for dovecot alone"

START_TEST(it_is_reported)
{
	struct wire_key key = make_bound("bound", "dovecot", 0);

	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	expect_at(key.secret, "dovecot", REASON_NONE);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"verify\"", "\"misuse\":\"" AT_SSHD "\""), 2);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", ""), 0);
	expect_state(key.id, MESSAGE_STATE_ACTIVE, NULL);
}
END_TEST

START_TEST(it_suspends)
{
	struct wire_key key = make_bound("bound", MESSAGE_UNBOUND, 0);
	int64_t rev, since, start = clock_wall_seconds();

	expect_at(key.secret, "dovecot", REASON_NONE);
	rev = run_sql("SELECT number FROM meta WHERE name = 'rev'");
	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	since = expect_state(key.id, MESSAGE_STATE_SUSPENDED, AT_SSHD);
	ck_assert_int_ge(since, start);
	ck_assert_int_le(since, clock_wall_seconds());
	ck_assert_int_eq(run_sql("SELECT number FROM meta WHERE name = 'rev'"), rev + 1);
	expect_at(key.secret, "dovecot", REASON_KEY_SUSPENDED);
	expect_at(key.secret, "sshd", REASON_KEY_SUSPENDED);
	/* The record of the change, and that of the login. */
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", "\"misuse\":\"" AT_SSHD "\""), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", "\"state\":\"suspended\""), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"verify\"", "\"misuse\":\"" AT_SSHD "\""), 1);
	host_expect_output(&host, "is suspended, " AT_SSHD);
	/* Only with a reason. */
	ck_assert_int_eq(activate(key.id, NULL), ANSWER_INVALID);
	ck_assert_int_eq(activate(key.id, "it was the new phone"), ANSWER_OK);
	expect_at(key.secret, "dovecot", REASON_NONE);
	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	expect_at(key.secret, "dovecot", REASON_KEY_SUSPENDED);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", ""), 2);
}
END_TEST

/* It is on disk before the answer. */
START_TEST(it_outlives_a_crash)
{
	struct wire_key key = make_bound("bound", "dovecot", 0);

	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	host_end(&host, SIGKILL);
	host_start(&host);
	expect_at(key.secret, "dovecot", REASON_KEY_SUSPENDED);
	expect_state(key.id, MESSAGE_STATE_SUSPENDED, AT_SSHD);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", AT_SSHD), 1);
}
END_TEST

START_TEST(what_a_service_is_called_is_looked_at)
{
	struct wire_key key = make_bound("bound", "dovecot", 0);

	expect_at(key.secret, "ss\nhd", REASON_WRONG_SERVICE);
	expect_state(key.id, MESSAGE_STATE_SUSPENDED, "misuse: used at another service, and it is for dovecot alone");
	ck_assert_int_eq(activate(key.id, "test"), ANSWER_OK);
	expect_at(key.secret, opaque.secret, REASON_WRONG_SERVICE);
	expect_state(key.id, MESSAGE_STATE_SUSPENDED, "misuse: used at another service, and it is for dovecot alone");
}
END_TEST

/* What is wrong before the service is judged, a guess first of all, is no misuse. */
START_TEST(who_has_not_a_good_secret_suspends_nothing)
{
	struct wire_key key = make_bound("bound", "dovecot", 0), rotated = make_bound("rotated", "dovecot", 0);
	struct message_verify request = request_for(key.secret);
	struct message_key_rotate rotate = { .key = rotated.id, .now = 1 };
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	char wrong[CREDENTIAL_OPAQUE_MAX + 1];
	struct message_key shown;

	credential_write_opaque(false, key.id, "00000000000000000000000000000000", wrong);
	for (int i = 0; i < 100; i++)
		expect_at(wrong, "sshd", REASON_BAD_SECRET);
	request.service = "sshd";
	request.user = "bob";
	expect_request(&request, REASON_WRONG_USER);
	request.user = "alice";
	request.tenant = "nobodys";
	expect_request(&request, REASON_WRONG_TENANT);
	expect_answer(admin, wire_ask(admin, WIRE_KEY_ROTATE, &message_key_rotate, &rotate, &message_key, &shown),
		      ANSWER_OK, NULL);
	expect_at(rotated.secret, "sshd", REASON_SECRET_RETIRED);
	wire_change(&host, WIRE_KEY_DEACTIVATE, key.id);
	expect_at(key.secret, "sshd", REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, key.id);
	host_store_run(&host, "UPDATE key SET expires = 1 WHERE name = 'bound'");
	expect_at(key.secret, "sshd", REASON_EXPIRED);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE state = 3"), 0);
	ck_assert_uint_eq(host_count_records(&host, "\"misuse\"", ""), 0);
	wire_close(admin);
}
END_TEST

/* Neither who asks what would be, nor the account phase, uses a key. */
START_TEST(dry_runs_and_the_account_phase_suspend_nothing)
{
	struct wire_key key = make_bound("bound", "dovecot", 0);
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_explain explain = { .subject = key.secret, .service = "sshd", .user = "alice" };
	struct message_key_update change = { .key = key.id, .changes = MESSAGE_CHANGE_EXCLUSIVE, .exclusive = "imap" };
	struct message_verify request = request_for(key.secret);
	struct message_account account = { .user = "alice", .service = "dovecot", .permission = "test.use" };
	struct message_explanation said;
	struct message_verdict verdict;
	struct message_step step;
	char handle[WIRE_HANDLE_MAX + 1];
	struct message_key shown;
	bool told = false;

	expect_answer(admin, wire_ask(admin, WIRE_EXPLAIN, &message_explain, &explain, &message_explanation, &said),
		      ANSWER_OK, NULL);
	ck_assert_uint_eq(said.reason, REASON_WRONG_SERVICE);
	while (codec_next_record(&said.steps, &message_step, &step))
		told = told ||
		       (strcmp(step.name, "exclusive") == 0 &&
			strcmp(step.detail, "for dovecot alone, and sshd asks: misuse, which suspends the key") == 0);
	ck_assert(told);
	request.service = "dovecot";
	verdict = wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	expect_said(&verdict, REASON_NONE);
	snprintf(handle, sizeof(handle), "%s", verdict.handle);
	account.handle = handle;
	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	verdict = wire_account(&host, WIRE_LOGIN_SOCKET, &account);
	expect_said(&verdict, REASON_WRONG_SERVICE);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE state = 3"), 0);
	wire_close(admin);
}
END_TEST

START_TEST(tokens_suspend_their_key_too)
{
	struct wire_key key = make_bound("bound", "dovecot", 0);

	host_store_run(&host, "UPDATE key SET exclusive = 'dovecot' WHERE kind = 2");
	pair_token(&pair, "one", NULL, token);
	expect_at(token, "sshd", REASON_WRONG_SERVICE);
	expect_state(pair.id, MESSAGE_STATE_SUSPENDED, AT_SSHD);
	/* It is spent all the same; another one is no good any more. */
	expect_at(token, "dovecot", REASON_REPLAYED);
	pair_token(&pair, "two", NULL, token);
	expect_at(token, "dovecot", REASON_KEY_SUSPENDED);
	(void)token_issue(&host, key.secret);
	expect_at(access_token, "sshd", REASON_WRONG_SERVICE);
	expect_state(key.id, MESSAGE_STATE_SUSPENDED, AT_SSHD);
	expect_at(key.secret, "dovecot", REASON_KEY_SUSPENDED);
}
END_TEST

/* Of many that use it at once, at its service and elsewhere: it is suspended once, whoever was elsewhere is refused,
 * and each of them is in the audit. */
START_TEST(it_suspends_once_whoever_races)
{
	struct wire_client *clients[RACERS];
	struct message_verdict said;
	size_t granted = 0, misused = 0, suspended = 0;
	struct wire_key key = make_bound("bound", "dovecot", 0);

	open_racers(clients);
	for (size_t i = 0; i < RACERS; i++) {
		struct message_verify request = request_for(key.secret);

		request.service = i % 2 == 0 ? "dovecot" : "sshd";
		wire_send(clients[i], WIRE_VERIFY, &message_verify, &request);
	}
	for (size_t i = 0; i < RACERS; i++) {
		wire_expect(clients[i], WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
		granted += said.verdict == VERDICT_GRANTED;
		misused += said.reason == REASON_WRONG_SERVICE;
		suspended += said.reason == REASON_KEY_SUSPENDED;
		if (i % 2 == 1)
			ck_assert_uint_eq(said.verdict, VERDICT_DENIED);
	}
	close_racers(clients);
	ck_assert_uint_eq(misused, 1);
	ck_assert_uint_eq(granted + misused + suspended, RACERS);
	expect_state(key.id, MESSAGE_STATE_SUSPENDED, AT_SSHD);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", AT_SSHD), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"verify\"", AT_SSHD), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"verify\"", "\"reason\":\"key_suspended\""), suspended);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"verify\"", "\"verdict\":\"granted\""), granted);
}
END_TEST

static void expect_from(const char *credential, const char *rhost, enum reason reason)
{
	struct message_verify request = request_for(credential);

	request.rhost = rhost;
	expect_request(&request, reason);
}

#define FROM_THREE "misuse: used from 3 networks within 1h, the last time from 203.0.113.7"

START_TEST(use_from_many_networks_is_reported)
{
	for (int i = 0; i < 2; i++) {
		expect_from(opaque.secret, "192.0.2.1", REASON_NONE);
		expect_from(opaque.secret, "198.51.100.1", REASON_NONE);
		expect_from(opaque.secret, "198.51.100.200", REASON_NONE);
	}
	ck_assert_uint_eq(host_count_records(&host, "\"misuse\"", ""), 0);
	expect_from(opaque.secret, "203.0.113.7", REASON_NONE);
	ck_assert_uint_eq(host_count_records(&host, "\"verdict\":\"granted\"", "\"misuse\":\"" FROM_THREE "\""), 1);
	expect_state(opaque.id, MESSAGE_STATE_ACTIVE, NULL);
}
END_TEST

START_TEST(use_from_many_networks_suspends)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_explain explain = { .subject = opaque.secret, .user = "alice", .rhost = "203.0.113.7" };
	struct message_explanation said;
	struct message_step step = { .name = "" };

	/* What says nothing of a network is of none, and this host is none. */
	expect(opaque.secret, REASON_NONE);
	expect_from(opaque.secret, "127.0.0.1", REASON_NONE);
	expect_from(opaque.secret, "::1", REASON_NONE);
	expect_from(opaque.secret, "laptop.example.org", REASON_NONE);
	expect_from(opaque.secret, "192.0.2.1", REASON_NONE);
	expect_from(opaque.secret, "2001:db8::1", REASON_NONE);
	expect_answer(admin, wire_ask(admin, WIRE_EXPLAIN, &message_explain, &explain, &message_explanation, &said),
		      ANSWER_OK, NULL);
	ck_assert_uint_eq(said.reason, REASON_KEY_SUSPENDED);
	while (strcmp(step.name, "networks") != 0)
		ck_assert(codec_next_record(&said.steps, &message_step, &step));
	ck_assert_str_eq(step.detail, "used from 3 within 1h, with this one; 3 are misuse, which suspends the key");
	/* Who asks what would be uses nothing. */
	explain.rhost = "198.51.100.1";
	expect_answer(admin, wire_ask(admin, WIRE_EXPLAIN, &message_explain, &explain, &message_explanation, &said),
		      ANSWER_OK, NULL);
	expect_from(opaque.secret, "2001:db8::2", REASON_NONE);
	expect_state(opaque.id, MESSAGE_STATE_ACTIVE, NULL);
	expect_from(opaque.secret, "203.0.113.7", REASON_KEY_SUSPENDED);
	expect_state(opaque.id, MESSAGE_STATE_SUSPENDED, FROM_THREE);
	expect_from(opaque.secret, "192.0.2.1", REASON_KEY_SUSPENDED);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", FROM_THREE), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"verify\"", FROM_THREE), 1);
	/* Whoever activates it begins anew. */
	ck_assert_int_eq(activate(opaque.id, "a journey"), ANSWER_OK);
	expect_from(opaque.secret, "203.0.113.7", REASON_NONE);
	expect_from(opaque.secret, "192.0.2.1", REASON_NONE);
	expect_from(opaque.secret, "198.51.100.1", REASON_KEY_SUSPENDED);
	wire_close(admin);
}
END_TEST

/* Whoever has stolen a key, and may switch it off and on, cannot hide from where they use it. */
START_TEST(off_and_on_forgets_no_networks)
{
	expect_from(opaque.secret, "192.0.2.1", REASON_NONE);
	expect_from(opaque.secret, "198.51.100.1", REASON_NONE);
	wire_change(&host, WIRE_KEY_DEACTIVATE, opaque.id);
	wire_change(&host, WIRE_KEY_ACTIVATE, opaque.id);
	expect_from(opaque.secret, "203.0.113.7", REASON_KEY_SUSPENDED);
}
END_TEST

/* What was done with a secret that was stolen is not held against the one in its place, once the stolen one is dead. */
START_TEST(networks_of_dead_secrets_do_not_count)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_rotate rotate = { .key = opaque.id };
	struct message_key_retire retire = { .key = opaque.id };
	char fresh[CREDENTIAL_OPAQUE_MAX + 1], last[CREDENTIAL_OPAQUE_MAX + 1];
	struct message_key shown;

	expect_from(opaque.secret, "192.0.2.1", REASON_NONE);
	expect_from(opaque.secret, "198.51.100.1", REASON_NONE);
	/* The one before is still good. */
	expect_answer(admin, wire_ask(admin, WIRE_KEY_ROTATE, &message_key_rotate, &rotate, &message_key, &shown),
		      ANSWER_OK, NULL);
	snprintf(fresh, sizeof(fresh), "%s", shown.secret);
	expect_from(fresh, "192.0.2.9", REASON_NONE);
	expect_answer(admin, wire_ask(admin, WIRE_KEY_RETIRE, &message_key_retire, &retire, &message_key, &shown),
		      ANSWER_OK, NULL);
	expect_from(fresh, "203.0.113.7", REASON_NONE);
	expect_from(fresh, "192.0.2.9", REASON_NONE);
	rotate.now = true;
	expect_answer(admin, wire_ask(admin, WIRE_KEY_ROTATE, &message_key_rotate, &rotate, &message_key, &shown),
		      ANSWER_OK, NULL);
	snprintf(last, sizeof(last), "%s", shown.secret);
	expect_from(last, "198.51.100.1", REASON_NONE);
	expect_from(last, "203.0.113.7", REASON_NONE);
	/* With one that is good beside it, they go on counting. */
	rotate.now = false;
	expect_answer(admin, wire_ask(admin, WIRE_KEY_ROTATE, &message_key_rotate, &rotate, &message_key, &shown),
		      ANSWER_OK, NULL);
	expect_from(last, "192.0.2.1", REASON_KEY_SUSPENDED);
	wire_close(admin);
}
END_TEST

/* What is refused is no use from there. */
START_TEST(refused_uses_are_from_nowhere)
{
	struct message_verify request = request_for(opaque.secret);
	char wrong[CREDENTIAL_OPAQUE_MAX + 1], rhost[32];

	credential_write_opaque(false, opaque.id, "00000000000000000000000000000000", wrong);
	for (int i = 0; i < 10; i++) {
		snprintf(rhost, sizeof(rhost), "10.0.%d.1", i);
		request.rhost = rhost;
		request.credential = wrong;
		expect_request(&request, REASON_BAD_SECRET);
		request.credential = opaque.secret;
		request.user = "bob";
		expect_request(&request, REASON_WRONG_USER);
		request.user = "alice";
		request.permission = "test.other";
		expect_request(&request, REASON_INSUFFICIENT_PERMISSION);
		request.permission = "test.use";
	}
	expect_from(opaque.secret, "192.0.2.1", REASON_NONE);
	expect_from(opaque.secret, "198.51.100.1", REASON_NONE);
	expect_state(opaque.id, MESSAGE_STATE_ACTIVE, NULL);
}
END_TEST

START_TEST(tokens_are_uses_from_networks_too)
{
	static const char *const from[] = { "192.0.2.1", "198.51.100.1", "203.0.113.7" };
	char nonce[16];

	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		snprintf(nonce, sizeof(nonce), "nonce-%zu", i);
		pair_token(&pair, nonce, NULL, token);
		expect_from(token, from[i], i < 2 ? REASON_NONE : REASON_KEY_SUSPENDED);
	}
	expect_state(pair.id, MESSAGE_STATE_SUSPENDED, FROM_THREE);
	for (size_t i = 0; i < ARRAY_SIZE(from); i++) {
		(void)token_issue(&host, opaque.secret);
		expect_from(access_token, from[i], i < 2 ? REASON_NONE : REASON_KEY_SUSPENDED);
	}
	expect_state(opaque.id, MESSAGE_STATE_SUSPENDED, FROM_THREE);
}
END_TEST

/* However they race, no more networks are let in than may be, and the key is suspended once. */
START_TEST(networks_race)
{
	struct wire_client *clients[RACERS];
	struct message_verdict said;
	unsigned int granted = 0;
	char rhost[32];

	open_racers(clients);
	for (size_t i = 0; i < RACERS; i++) {
		struct message_verify request = request_for(opaque.secret);

		snprintf(rhost, sizeof(rhost), "10.0.%zu.1", i);
		request.rhost = rhost;
		wire_send(clients[i], WIRE_VERIFY, &message_verify, &request);
	}
	for (size_t i = 0; i < RACERS; i++) {
		wire_expect(clients[i], WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
		granted += said.verdict == VERDICT_GRANTED;
		if (said.verdict != VERDICT_GRANTED)
			expect_said(&said, REASON_KEY_SUSPENDED);
	}
	close_racers(clients);
	ck_assert_uint_eq(granted, 2);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", ""), 1);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"verify\"", "\"reason\":\"key_suspended\""),
			  RACERS - 2);
}
END_TEST

START_TEST(who_is_not_believed_suspends_nothing)
{
	struct wire_key key;
	char own[32];

	if (geteuid() != 0) {
		puts("skipped: not root, and so no other user");
		return;
	}
	host_stop(&host);
	host_configure(&host, SUSPEND "[peers]\n60001 = nginx\n");
	host_start(&host);
	key = make_bound("bound", "dovecot", 0);
	snprintf(own, sizeof(own), "uid-%u", STRANGER_UID);
	/* Who is not listed, for itself or another; who is, for what it may not speak for. */
	claim_as(STRANGER_UID, key.secret, own, VERDICT_DENIED);
	claim_as(STRANGER_UID, key.secret, "nginx", VERDICT_DENIED);
	claim_as(LISTED_UID, key.secret, "sshd", VERDICT_DENIED);
	expect_state(key.id, MESSAGE_STATE_ACTIVE, NULL);
	ck_assert_uint_eq(host_count_records(&host, "\"misuse\"", ""), 0);
	claim_as(LISTED_UID, key.secret, "nginx", VERDICT_DENIED);
	expect_state(key.id, MESSAGE_STATE_SUSPENDED, "misuse: used at nginx, and it is for dovecot alone");
}
END_TEST

/* A disk that stops keeps from their answer those alone whose key is to be suspended. */
START_TEST(others_do_not_wait_for_it)
{
	struct wire_key key = make_bound("bound", "dovecot", 0);
	struct message_verify request = request_for(key.secret);
	struct wire_client *waiting = wire_open(&host, WIRE_LOGIN_SOCKET);

	request.service = "sshd";
	disk_stops();
	wire_send(waiting, WIRE_VERIFY, &message_verify, &request);
	wire_expect_silence(waiting, 50);
	expect_at(key.secret, "dovecot", REASON_NONE);
	expect(opaque.secret, REASON_NONE);
	disk_goes_on();
	expect_next(waiting, REASON_WRONG_SERVICE);
	wire_close(waiting);
	expect_at(key.secret, "dovecot", REASON_KEY_SUSPENDED);
}
END_TEST

static void send_change(struct wire_client *admin, uint16_t type, const char *id)
{
	struct message_key_reference reference = { .key = id };
	struct message_key_rotate rotate = { .key = id, .now = 1 };

	if (type == WIRE_KEY_ROTATE)
		wire_send(admin, type, &message_key_rotate, &rotate);
	else
		wire_send(admin, type, &message_key_reference, &reference);
	/* The writer has it before what is sent next. */
	(void)host_number(&host, "uptime");
}

static const struct {
	uint16_t types[2];
	enum reason reason;
	const char *state; /* NULL: there is no such key any more */
} changes_meanwhile[] = {
	{ { WIRE_KEY_DELETE }, REASON_UNKNOWN_KEY, NULL },
	{ { WIRE_KEY_ROTATE }, REASON_SECRET_RETIRED, MESSAGE_STATE_ACTIVE },
	{ { WIRE_KEY_REVOKE }, REASON_KEY_REVOKED, MESSAGE_STATE_REVOKED },
	{ { WIRE_KEY_ROTATE, WIRE_KEY_REVOKE }, REASON_SECRET_RETIRED, MESSAGE_STATE_REVOKED },
};

/* What is misuse for whoever reads now is judged by what the key is when its turn comes. */
START_TEST(what_a_key_is_by_then_counts)
{
	struct wire_client *busy = wire_open(&host, WIRE_ADMIN_SOCKET), *waiting = wire_open(&host, WIRE_LOGIN_SOCKET);
	/* Each its own, for on one they would be read one after the other's answer. */
	struct wire_client *admins[] = { wire_open(&host, WIRE_ADMIN_SOCKET), wire_open(&host, WIRE_ADMIN_SOCKET) };
	struct wire_key key = make_bound("bound", "dovecot", 0);
	struct message_verify request = request_for(key.secret);

	request.service = "sshd";
	disk_stops();
	send_change(busy, WIRE_KEY_DEACTIVATE, opaque.id);
	disk_is_waited_for();
	for (size_t i = 0; i < ARRAY_SIZE(admins) && changes_meanwhile[_i].types[i]; i++)
		send_change(admins[i], changes_meanwhile[_i].types[i], key.id);
	wire_send(waiting, WIRE_VERIFY, &message_verify, &request);
	wire_expect_silence(waiting, 50);
	disk_goes_on();
	expect_next(waiting, changes_meanwhile[_i].reason);
	wire_close(waiting);
	expect_at(key.secret, "dovecot", changes_meanwhile[_i].reason);
	if (changes_meanwhile[_i].state)
		expect_state(key.id, changes_meanwhile[_i].state, NULL);
	else
		ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE name = 'bound'"), 0);
	ck_assert_uint_eq(host_count_records(&host, "\"event\":\"key_suspend\"", ""), 0);
	ck_assert_uint_eq(host_count_records(&host, "\"misuse\"", ""), 0);
	for (size_t i = 0; i < ARRAY_SIZE(admins); i++)
		wire_close(admins[i]);
	wire_close(busy);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/misuse");
	TCase *tests = add_case(suite, "reported"), *slow;

	tcase_add_test(tests, it_is_reported);
	tests = add_started(suite, "reported networks", set_up_reported_networks);
	tcase_add_test(tests, use_from_many_networks_is_reported);
	tests = add_started(suite, "networks", set_up_networks);
	tcase_add_test(tests, use_from_many_networks_suspends);
	tcase_add_test(tests, off_and_on_forgets_no_networks);
	tcase_add_test(tests, networks_of_dead_secrets_do_not_count);
	tcase_add_test(tests, refused_uses_are_from_nowhere);
	tcase_add_test(tests, tokens_are_uses_from_networks_too);
	tcase_add_test(tests, networks_race);
	tests = add_started(suite, "suspended", set_up_suspending);
	tcase_add_test(tests, it_suspends);
	tcase_add_test(tests, it_outlives_a_crash);
	tcase_add_test(tests, what_a_service_is_called_is_looked_at);
	tcase_add_test(tests, who_has_not_a_good_secret_suspends_nothing);
	tcase_add_test(tests, dry_runs_and_the_account_phase_suspend_nothing);
	tcase_add_test(tests, tokens_suspend_their_key_too);
	tcase_add_test(tests, it_suspends_once_whoever_races);
	tcase_add_test(tests, who_is_not_believed_suspends_nothing);
	if (disk_can_stop()) {
		slow = add_started(suite, "a disk that stops", set_up_suspending);
		tcase_add_test(slow, others_do_not_wait_for_it);
		tcase_add_loop_test(slow, what_a_key_is_by_then_counts, 0, ARRAY_SIZE(changes_meanwhile));
	}
	return suite_run(suite);
}
