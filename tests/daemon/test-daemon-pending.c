/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Requests that wait for the disk: of many that race with one token one wins, and a disk that takes its time holds up
 * nobody else, loses no answer, and lets nobody in whose key ended meanwhile.
 */
#include <pwd.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

/* The users of these tests have keys. */
#define DAEMON_SETTINGS "minimum_uid = 1\n"

#include "tests/daemon/once-fixture.h"
#include "tests/daemon/token-client.h"
#include "tests/long.h"
#include "tests/suite.h"

#define RACERS 64
#define ROUNDS 25 /* 1000 with CHECK_LONG */
#define MANY 150  /* in flight on one connection: more than are taken at a time */

/* ---- many at a time ---- */

START_TEST(of_many_that_race_one_wins)
{
	struct wire_client *clients[RACERS];
	int rounds = tests_are_long() ? 1000 : ROUNDS;
	char nonce[32];

	for (size_t i = 0; i < RACERS; i++) {
		clients[i] = wire_open(&host, WIRE_LOGIN_SOCKET);
		wire_hello(clients[i]);
	}
	for (int round = 0; round < rounds; round++) {
		size_t granted = 0;

		snprintf(nonce, sizeof(nonce), "race-%d", round);
		pair_token(&pair, nonce, NULL, token);
		for (size_t i = 0; i < RACERS; i++)
			send_token(clients[i], token);
		for (size_t i = 0; i < RACERS; i++) {
			struct message_verdict said;

			wire_expect(clients[i], WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
			granted += said.verdict == VERDICT_GRANTED;
			if (said.verdict != VERDICT_GRANTED)
				expect_said(&said, REASON_REPLAYED);
		}
		ck_assert_uint_eq(granted, 1);
	}
	for (size_t i = 0; i < RACERS; i++)
		wire_close(clients[i]);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM one_time"), rounds);
}
END_TEST

START_TEST(many_are_in_flight_on_one_connection)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	bool answered[MANY + 2] = { false };
	char nonce[32];

	wire_hello(client);
	for (int i = 0; i < MANY; i++) {
		snprintf(nonce, sizeof(nonce), "many-%d", i);
		pair_token(&pair, nonce, NULL, token);
		send_token(client, token);
	}
	/* Each has its answer, in whatever order. */
	for (int i = 0; i < MANY; i++) {
		expect_next(client, REASON_NONE);
		ck_assert_uint_lt(client->header.request_id, ARRAY_SIZE(answered));
		ck_assert(!answered[client->header.request_id]);
		answered[client->header.request_id] = true;
	}
	wire_close(client);
}
END_TEST

/* ---- a disk that takes its time ---- */

START_TEST(a_slow_disk_holds_up_no_other)
{
	struct wire_client *waiting = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct wire_client *mixed = wire_open(&host, WIRE_LOGIN_SOCKET);
	char second[PAIR_TOKEN_SIZE];

	pair_token(&pair, "slow", NULL, token);
	pair_token(&pair, "slow-too", NULL, second);
	disk_stops();
	send_token(waiting, token);
	wire_hello(mixed);
	send_token(mixed, second);
	/* On the same connection, and on others. */
	for (int i = 0; i < 3; i++) {
		send_token(mixed, opaque.secret);
		expect_next(mixed, REASON_NONE);
		ck_assert_uint_eq(mixed->header.request_id, mixed->id);
		expect(opaque.secret, REASON_NONE);
	}
	wire_expect_silence(waiting, 50);
	wire_expect_silence(mixed, 0);
	disk_goes_on();
	expect_next(waiting, REASON_NONE);
	wire_expect_end(waiting);
	expect_next(mixed, REASON_NONE);
	wire_close(waiting);
	wire_close(mixed);
}
END_TEST

START_TEST(with_many_in_flight_no_more_is_read)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	char nonce[32];

	wire_hello(client);
	disk_stops();
	for (int i = 0; i < 70; i++) {
		snprintf(nonce, sizeof(nonce), "bound-%d", i);
		pair_token(&pair, nonce, NULL, token);
		send_token(client, token);
	}
	/* It would be answered at once, had it been read. */
	send_token(client, opaque.secret);
	wire_expect_silence(client, 100);
	disk_goes_on();
	for (int i = 0; i < 71; i++)
		expect_next(client, REASON_NONE);
	wire_close(client);
}
END_TEST

START_TEST(a_client_that_goes_leaves_its_token_spent)
{
	struct wire_client *one_shot = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct wire_client *persistent = wire_open(&host, WIRE_LOGIN_SOCKET);
	char second[PAIR_TOKEN_SIZE];

	wire_hello(persistent);
	pair_token(&pair, "gone", NULL, token);
	pair_token(&pair, "gone-too", NULL, second);
	disk_stops();
	send_token(one_shot, token);
	send_token(persistent, second);
	/* Read, for what comes behind it is answered. */
	send_token(persistent, opaque.secret);
	expect_next(persistent, REASON_NONE);
	wire_expect_silence(one_shot, 50);
	wire_close(one_shot);
	wire_close(persistent);
	expect(opaque.secret, REASON_NONE);
	disk_goes_on();
	poll_until("SELECT count(*) FROM one_time", 2);
	expect(token, REASON_REPLAYED);
	expect(second, REASON_REPLAYED);
}
END_TEST

#define CONNECTIONS 64 /* connections_per_uid, unless configured */

static char tokens[CONNECTIONS][PAIR_TOKEN_SIZE];

/* Has tokens wait for the disk and hangs up, again and again. */
static void hang_up(void *data)
{
	struct message_verdict said;
	struct wire_client *client;

	(void)data;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		client = wire_open(&host, WIRE_VERIFY_SOCKET);
		wire_hello(client);
		send_token(client, tokens[i]);
		/* The token was read, for what comes behind it is answered. */
		send_token(client, "ak_000000000000_00000000000000000000000000000000000000");
		wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
		wire_close(client);
	}
}

/* Has changes of an own key wait for it. */
static void hang_up_a_change(void *data)
{
	struct message_key_reference request = { .key = "bin/own" };

	(void)data;
	for (size_t i = 0; i < CONNECTIONS; i++) {
		struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);

		wire_send(client, WIRE_KEY_REVOKE, &message_key_reference, &request);
		wire_close(client);
	}
}

static void be_refused(void *data)
{
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);

	(void)data;
	send_token(client, opaque.secret);
	wire_expect_end(client);
	wire_close(client);
}

static void be_served(void *data)
{
	int64_t end = milliseconds() + 20000;
	bool served = false;

	(void)data;
	while (!served && milliseconds() < end) {
		struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);

		send_token(client, opaque.secret);
		served = wire_receive(client);
		wire_close(client);
	}
	if (!served)
		fail("the uid is not served any more");
}

/* What waits for the disk counts against the uid that brought it, or hanging up would be a way around every limit. */
START_TEST(who_hangs_up_does_not_get_more)
{
	const struct passwd *user = getpwnam("bin");
	char nonce[32];

	if (geteuid() != 0 || !user) {
		puts("skipped: not root, and so no other user");
		return;
	}
	for (size_t i = 0; i < CONNECTIONS; i++) {
		snprintf(nonce, sizeof(nonce), "hang-%zu", i);
		pair_token(&pair, nonce, NULL, tokens[i]);
	}
	disk_stops();
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, hang_up, NULL);
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, be_refused, NULL);
	/* Others are served. */
	expect(opaque.secret, REASON_NONE);
	disk_goes_on();
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, be_served, NULL);
	poll_until("SELECT count(*) FROM one_time", CONNECTIONS);
}
END_TEST

static void poll_number(const char *name, uint64_t wanted)
{
	int64_t end = milliseconds() + 20000;
	uint64_t number;

	while ((number = host_number(&host, name)) != wanted && milliseconds() < end)
		poll(NULL, 0, 5);
	ck_assert_uint_eq(number, wanted);
}

START_TEST(who_hangs_up_on_a_change_does_not_get_more)
{
	const struct passwd *user = getpwnam("bin");

	if (geteuid() != 0 || !user) {
		puts("skipped: not root, and so no other user");
		return;
	}
	(void)wire_make_key(&host, &(struct message_key_create){ .name = "own", .owner = "bin" });
	disk_stops();
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, hang_up_a_change, NULL);
	/* All have been closed, but the one that asks. */
	poll_number("connections.admin", 1);
	ck_assert_uint_eq(host_number(&host, "connections.open"), CONNECTIONS);
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, be_refused, NULL);
	expect(opaque.secret, REASON_NONE);
	disk_goes_on();
	as_user(user->pw_uid, user->pw_gid, user->pw_gid, be_served, NULL);
	/* And nothing is left of it. */
	poll_number("connections.open", 0);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE name = 'own' AND state = 4"), 1);
}
END_TEST

START_TEST(who_sends_no_more_is_still_answered)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);

	wire_hello(client);
	pair_token(&pair, "half", NULL, token);
	disk_stops();
	send_token(client, token);
	ck_assert_int_eq(shutdown(client->fd, SHUT_WR), 0);
	wire_expect_silence(client, 50);
	disk_goes_on();
	expect_next(client, REASON_NONE);
	wire_expect_end(client);
	wire_close(client);
}
END_TEST

START_TEST(a_daemon_that_stops_answers_what_it_has)
{
	struct wire_client *one_shot = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct wire_client *persistent = wire_open(&host, WIRE_LOGIN_SOCKET);
	char second[PAIR_TOKEN_SIZE];
	int status;

	wire_hello(persistent);
	pair_token(&pair, "drain", NULL, token);
	pair_token(&pair, "drain-too", NULL, second);
	disk_stops();
	send_token(one_shot, token);
	send_token(persistent, second);
	send_token(persistent, opaque.secret);
	expect_next(persistent, REASON_NONE);
	wire_expect_silence(one_shot, 50);
	kill(host.daemon, SIGTERM);
	wire_expect_silence(one_shot, 50);
	disk_goes_on();
	expect_next(one_shot, REASON_NONE);
	expect_next(persistent, REASON_NONE);
	wire_expect_end(one_shot);
	wire_expect_end(persistent);
	wire_close(one_shot);
	wire_close(persistent);
	status = host_wait(&host);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	host_start(&host);
	expect(token, REASON_REPLAYED);
}
END_TEST

START_TEST(a_daemon_that_stops_does_not_wait_for_ever)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	int status;

	pair_token(&pair, "late", NULL, token);
	disk_stops();
	send_token(client, token);
	wire_expect_silence(client, 50);
	kill(host.daemon, SIGTERM);
	/* Until the time to stop is up: the thread is at its end before the writer. What that has still gets to the
	 * disk, and nothing of the thread is touched again. */
	wire_expect_silence(client, 3500);
	disk_goes_on();
	status = host_wait(&host);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	if (wire_receive(client))
		ck_assert_uint_eq(client->header.type, WIRE_VERIFY | WIRE_REPLY);
	wire_close(client);
	host_start(&host);
	expect(token, REASON_REPLAYED);
}
END_TEST

START_TEST(a_key_that_is_revoked_meanwhile_lets_nobody_in)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET), *revoker = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct message_key_create create = { .name = "busy", .owner = "alice", .expires = TIME_NEVER };
	struct message_key_reference revoke = { .key = pair.id };
	struct message_key key;

	pair_token(&pair, "revoked", NULL, token);
	disk_stops();
	/* The writer has its hands full; the revoke waits behind that, and behind it the token, whose key is active
	 * for whoever reads now. */
	wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &create);
	(void)host_number(&host, "uptime");
	wire_send(revoker, WIRE_KEY_REVOKE, &message_key_reference, &revoke);
	(void)host_number(&host, "uptime");
	send_token(client, token);
	wire_expect_silence(client, 50);
	disk_goes_on();
	expect_next(client, REASON_KEY_REVOKED);
	wire_expect(admin, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &key);
	wire_expect(revoker, WIRE_KEY_REVOKE | WIRE_REPLY, &message_key, &key);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM one_time"), 1);
	wire_close(admin);
	wire_close(revoker);
	wire_close(client);
}
END_TEST

/* A key that administers, and what waits behind its end: a key it wants to make, and a token it wants to revoke. */
START_TEST(a_key_that_is_ended_meanwhile_changes_nothing)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET), *ender = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_client *maker = wire_open(&host, WIRE_ADMIN_SOCKET), *revoker = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_key acting = wire_make_key(
		&host, &(struct message_key_create){
			       .name = "acting", .permissions = wire_texts("apikeyd.keys.write", "test.use", NULL) });
	struct message_key_create busy = { .name = "busy", .owner = "alice", .expires = TIME_NEVER };
	struct message_key_create create = { .credential = acting.secret, .name = "heir", .expires = TIME_NEVER };
	struct message_key_reference revoke = { .key = acting.id };
	struct message_key_update narrow = { .key = acting.id,
					     .changes = MESSAGE_CHANGE_PERMISSIONS,
					     .permissions = wire_texts("test.use", NULL) };
	struct message_token_reference end = { .credential = acting.secret };
	struct message_key key;

	token_issue(&host, opaque.secret);
	end.token = access_token;
	disk_stops();
	wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &busy);
	(void)host_number(&host, "uptime");
	if (_i == 0)
		wire_send(ender, WIRE_KEY_REVOKE, &message_key_reference, &revoke);
	else
		wire_send(ender, WIRE_KEY_UPDATE, &message_key_update, &narrow);
	(void)host_number(&host, "uptime");
	wire_send(maker, WIRE_KEY_CREATE, &message_key_create, &create);
	wire_send(revoker, WIRE_TOKEN_REVOKE, &message_token_reference, &end);
	wire_expect_silence(maker, 50);
	wire_expect_silence(revoker, 0);
	disk_goes_on();
	wire_expect_error(maker, _i == 0 ? ANSWER_BAD_CREDENTIAL : ANSWER_NOT_PERMITTED);
	wire_expect_error(revoker, _i == 0 ? ANSWER_BAD_CREDENTIAL : ANSWER_NOT_PERMITTED);
	wire_expect(admin, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &key);
	wire_expect(ender, (_i == 0 ? WIRE_KEY_REVOKE : WIRE_KEY_UPDATE) | WIRE_REPLY, &message_key, &key);
	ck_assert_int_eq(run_sql("SELECT count(*) FROM key WHERE name = 'heir'"), 0);
	expect(access_token, REASON_NONE);
	wire_close(admin);
	wire_close(ender);
	wire_close(maker);
	wire_close(revoker);
}
END_TEST

static void add_slow(Suite *suite)
{
	TCase *slow = tcase_create("slow disk");

	tcase_set_timeout(slow, 120);
	tcase_add_checked_fixture(slow, setup, teardown);
	tcase_add_test(slow, a_slow_disk_holds_up_no_other);
	tcase_add_test(slow, with_many_in_flight_no_more_is_read);
	tcase_add_test(slow, a_client_that_goes_leaves_its_token_spent);
	tcase_add_test(slow, who_hangs_up_does_not_get_more);
	tcase_add_test(slow, who_hangs_up_on_a_change_does_not_get_more);
	tcase_add_test(slow, who_sends_no_more_is_still_answered);
	tcase_add_test(slow, a_daemon_that_stops_answers_what_it_has);
	tcase_add_test(slow, a_daemon_that_stops_does_not_wait_for_ever);
	tcase_add_test(slow, a_key_that_is_revoked_meanwhile_lets_nobody_in);
	tcase_add_loop_test(slow, a_key_that_is_ended_meanwhile_changes_nothing, 0, 2);
	suite_add_tcase(suite, slow);
}

int main(void)
{
	Suite *suite = suite_create("daemon-pending");
	TCase *plain = tcase_create("many");

	tcase_set_timeout(plain, 300);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, of_many_that_race_one_wins);
	tcase_add_test(plain, many_are_in_flight_on_one_connection);
	suite_add_tcase(suite, plain);
	/* Unless another program is to be tried than the one whose disk can be stopped. */
	if (!getenv("APIKEYD")) {
		setenv("APIKEYD", "tests/daemon/slow-disk", 1);
		add_slow(suite);
	}
	return suite_run(suite);
}
