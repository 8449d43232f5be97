/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Keys for one service in the real daemon: of many first uses from two services one service wins, only who is believed
 * binds, and what is bound needs no disk.
 */
#include <string.h>

#include "tests/daemon/bounds-fixture.h"
#include "tests/long.h"

#define ROUNDS 8 /* 500 with CHECK_LONG */
#define LISTED_UID 60001
#define STRANGER_UID 60002

static int rounds(void)
{
	return tests_are_long() ? 500 : ROUNDS;
}

/* ---- one service ---- */

START_TEST(the_first_use_binds)
{
	struct wire_key key = make_bound("bound", MESSAGE_UNBOUND, 0);
	CLEANUP_FREE char *audit = NULL;
	int64_t rev = run_sql("SELECT number FROM meta WHERE name = 'rev'");

	expect_bound(key.id, MESSAGE_UNBOUND);
	expect_at(key.secret, "dovecot", REASON_NONE);
	expect_bound(key.id, "dovecot");
	/* It is a change, and who follows changes is told. */
	ck_assert_int_eq(run_sql("SELECT number FROM meta WHERE name = 'rev'"), rev + 1);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_bind\""));
	ck_assert_ptr_nonnull(
		strstr(audit, "{\"before\":{\"exclusive\":\"*\"},\"after\":{\"exclusive\":\"dovecot\"}}"));
	expect_at(key.secret, "dovecot", REASON_NONE);
	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	expect_at(key.secret, "dovecot", REASON_NONE);
	ck_assert_int_eq(run_sql("SELECT number FROM meta WHERE name = 'rev'"), rev + 1);
}
END_TEST

/* Whatever else is wrong, a use that is refused binds nothing. */
START_TEST(a_refused_use_binds_nothing)
{
	struct wire_key key = make_bound("bound", MESSAGE_UNBOUND, 0);
	struct message_verify request = request_for(key.secret);

	request.service = "sshd";
	request.user = "bob";
	expect_request(&request, REASON_WRONG_USER);
	request.user = "alice";
	request.permission = "test.other";
	expect_request(&request, REASON_INSUFFICIENT_PERMISSION);
	request.permission = "test.use";
	request.tenant = "nobodys";
	expect_request(&request, REASON_WRONG_TENANT);
	expect_bound(key.id, MESSAGE_UNBOUND);
	wire_change(&host, WIRE_KEY_DEACTIVATE, key.id);
	expect_at(key.secret, "sshd", REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, key.id);
	expect_at(key.secret, "imap", REASON_NONE);
	expect_bound(key.id, "imap");
}
END_TEST

START_TEST(a_name_that_means_any_service_binds_nothing)
{
	struct wire_key key = make_bound("bound", MESSAGE_UNBOUND, 0);

	expect_at(key.secret, MESSAGE_UNBOUND, REASON_WRONG_SERVICE);
	expect_at(key.secret, "ssh\nd", REASON_WRONG_SERVICE);
	expect_bound(key.id, MESSAGE_UNBOUND);
	expect_at(key.secret, "sshd", REASON_NONE);
}
END_TEST

/* How many records the key has that have both texts, too. */
static size_t count_records(const char *audit, const char *id, const char *first, const char *second)
{
	CLEANUP_FREE char *copy = strdup(audit);
	char key[64];
	size_t count = 0;

	snprintf(key, sizeof(key), "\"key_id\":\"%s\"", id);
	for (char *rest = copy, *line; (line = strsep(&rest, "\n"));)
		count += strstr(line, key) && strstr(line, first) && strstr(line, second);
	return count;
}

/* Each answer has its record, with what was answered, and the binding has one. */
static void expect_race_recorded(const char *id, const char *winner, const char *loser)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	const char *bind = "\"event\":\"key_bind\"", *verify = "\"event\":\"verify\"";
	char bound[128], granted[128], refused[128];

	snprintf(bound, sizeof(bound), "\"after\":{\"exclusive\":\"%s\"}", winner);
	snprintf(granted, sizeof(granted), "\"service\":\"%s\"", winner);
	snprintf(refused, sizeof(refused), "\"service\":\"%s\"", loser);
	ck_assert_uint_eq(count_records(audit, id, bind, ""), 1);
	ck_assert_uint_eq(count_records(audit, id, bind, bound), 1);
	ck_assert_uint_eq(count_records(audit, id, verify, ""), RACERS);
	ck_assert_uint_eq(count_records(audit, id, "\"verdict\":\"granted\"", granted), RACERS / 2);
	ck_assert_uint_eq(count_records(audit, id, "\"reason\":\"wrong_service\"", refused), RACERS / 2);
}

START_TEST(of_two_services_that_race_one_wins)
{
	static const char *const services[] = { "dovecot", "sshd" };
	struct wire_client *clients[RACERS];
	struct message_verdict said;
	char name[32];

	open_racers(clients);
	for (int round = 0; round < rounds(); round++) {
		size_t granted[ARRAY_SIZE(services)] = { 0, 0 }, winner;
		struct wire_key key;

		snprintf(name, sizeof(name), "race-%d", round);
		key = make_bound(name, MESSAGE_UNBOUND, 0);
		for (size_t i = 0; i < RACERS; i++) {
			struct message_verify request = request_for(key.secret);

			request.service = services[i % 2];
			wire_send(clients[i], WIRE_VERIFY, &message_verify, &request);
		}
		for (size_t i = 0; i < RACERS; i++) {
			wire_expect(clients[i], WIRE_VERIFY | WIRE_REPLY, &message_verdict, &said);
			granted[i % 2] += said.verdict == VERDICT_GRANTED;
			if (said.verdict != VERDICT_GRANTED)
				expect_said(&said, REASON_WRONG_SERVICE);
		}
		winner = granted[0] > 0 ? 0 : 1;
		ck_assert_uint_eq(granted[winner], RACERS / 2);
		ck_assert_uint_eq(granted[!winner], 0);
		expect_bound(key.id, services[winner]);
		if (round < ROUNDS) /* while all is in one short file */
			expect_race_recorded(key.id, services[winner], services[!winner]);
	}
	close_racers(clients);
}
END_TEST

START_TEST(what_is_bound_needs_no_disk)
{
	struct wire_key key = make_bound("bound", MESSAGE_UNBOUND, 0), named = make_bound("named", "sshd", 0);
	struct wire_client *waiting;

	expect_at(key.secret, "dovecot", REASON_NONE);
	disk_stops();
	expect_at(key.secret, "dovecot", REASON_NONE);
	expect_at(named.secret, "sshd", REASON_NONE);
	expect_at(named.secret, "dovecot", REASON_WRONG_SERVICE);
	expect(opaque.secret, REASON_NONE);
	disk_goes_on();
	/* The first use waits for it. */
	key = make_bound("another", MESSAGE_UNBOUND, 0);
	waiting = wire_open(&host, WIRE_LOGIN_SOCKET);
	disk_stops();
	send_token(waiting, key.secret);
	wire_expect_silence(waiting, 50);
	disk_goes_on();
	expect_next(waiting, REASON_NONE);
	wire_close(waiting);
}
END_TEST

START_TEST(a_key_that_ends_meanwhile_is_not_bound)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET), *revoker = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct message_key_create create = { .name = "busy", .owner = "alice", .expires = TIME_NEVER };
	struct wire_key bound = make_bound("bound", MESSAGE_UNBOUND, 5);
	struct message_key_reference revoke = { .key = bound.id };
	struct message_key key;

	disk_stops();
	/* The writer has its hands full; the revoke waits behind that, and behind it the login. */
	wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &create);
	(void)host_number(&host, "uptime");
	wire_send(revoker, WIRE_KEY_REVOKE, &message_key_reference, &revoke);
	(void)host_number(&host, "uptime");
	send_token(client, bound.secret);
	wire_expect_silence(client, 50);
	disk_goes_on();
	expect_next(client, REASON_KEY_REVOKED);
	wire_expect(admin, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &key);
	wire_expect(revoker, WIRE_KEY_REVOKE | WIRE_REPLY, &message_key, &key);
	wire_close(admin);
	wire_close(revoker);
	wire_close(client);
	expect_bound(bound.id, MESSAGE_UNBOUND);
	expect_uses(bound.id, 0, 5);
}
END_TEST

START_TEST(only_who_is_believed_binds)
{
	struct wire_key key, named;
	CLEANUP_FREE char *audit = NULL;
	char listed[32], own[32];

	if (geteuid() != 0) {
		puts("skipped: not root, and so no other user");
		return;
	}
	host_stop(&host);
	host_configure(&host, SETTINGS "[peers]\n60001 = nginx\n");
	host_start(&host);
	key = make_bound("bound", MESSAGE_UNBOUND, 0);
	snprintf(own, sizeof(own), "uid-%u", STRANGER_UID);
	snprintf(listed, sizeof(listed), "uid-%u", LISTED_UID);
	named = make_bound("named", own, 0);
	claim_as(STRANGER_UID, key.secret, "nginx", VERDICT_DENIED);
	/* It may speak for itself, but not bind a key to itself: it could be bound to nobody else then. */
	claim_as(STRANGER_UID, key.secret, own, VERDICT_DENIED);
	claim_as(LISTED_UID, key.secret, "dovecot", VERDICT_DENIED);
	expect_bound(key.id, MESSAGE_UNBOUND);
	/* Where an administrator named it, it is as good as any: the kernel says who it is. */
	claim_as(STRANGER_UID, named.secret, own, VERDICT_GRANTED);
	claim_as(LISTED_UID, named.secret, listed, VERDICT_DENIED);
	claim_as(LISTED_UID, key.secret, "nginx", VERDICT_GRANTED);
	expect_bound(key.id, "nginx");
	claim_as(STRANGER_UID, key.secret, own, VERDICT_DENIED);
	expect_at(key.secret, "nginx", REASON_NONE);
	/* What somebody says who is not believed is no misuse. */
	audit = host_read(&host, "log/audit.jsonl");
	for (char *line = audit; line && *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : NULL) {
		char *end = strchr(line, '\n');

		ck_assert_ptr_nonnull(end);
		*end = '\0';
		ck_assert(!strstr(line, "\"bound_to\"") || strstr(line, "\"peer_uid\":60001"));
		*end = '\n';
	}
}
END_TEST

START_TEST(tokens_bind_their_key_too)
{
	struct wire_key key = make_bound("bound", MESSAGE_UNBOUND, 0);
	char second[sizeof(access_token)];

	host_store_run(&host, "UPDATE key SET exclusive = '*' WHERE kind = 2");
	pair_token(&pair, "one", NULL, token);
	expect_at(token, "dovecot", REASON_NONE);
	pair_token(&pair, "two", NULL, token);
	expect_at(token, "sshd", REASON_WRONG_SERVICE);
	/* It is spent all the same. */
	expect_at(token, "dovecot", REASON_REPLAYED);
	expect_bound(pair.id, "dovecot");
	/* To get a token is no use of the key. */
	(void)token_issue(&host, key.secret);
	snprintf(second, sizeof(second), "%s", access_token);
	(void)token_issue(&host, key.secret);
	expect_bound(key.id, MESSAGE_UNBOUND);
	expect_at(access_token, "sshd", REASON_NONE);
	expect_bound(key.id, "sshd");
	expect_at(second, "dovecot", REASON_WRONG_SERVICE);
	expect_at(key.secret, "sshd", REASON_NONE);
}
END_TEST

START_TEST(a_binding_is_changed)
{
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_key key = make_bound("bound", "dovecot", 0);
	struct message_key_update change = { .key = key.id, .changes = MESSAGE_CHANGE_EXCLUSIVE };
	struct message_key shown;

	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	/* To the next that comes. */
	change.exclusive = MESSAGE_UNBOUND;
	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	expect_at(key.secret, "sshd", REASON_NONE);
	expect_at(key.secret, "dovecot", REASON_WRONG_SERVICE);
	change.exclusive = "imap";
	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	expect_at(key.secret, "sshd", REASON_WRONG_SERVICE);
	change.exclusive = "im\tap";
	expect_answer(admin, update(admin, &change, &shown), ANSWER_INVALID, "the service a key is bound to");
	change.exclusive = opaque.secret;
	expect_answer(admin, update(admin, &change, &shown), ANSWER_INVALID, "and no key");
	change.exclusive = NULL;
	expect_answer(admin, update(admin, &change, &shown), ANSWER_OK, NULL);
	ck_assert_ptr_null(shown.exclusive);
	expect_at(key.secret, "sshd", REASON_NONE);
	expect_at(key.secret, "dovecot", REASON_NONE);
	wire_close(admin);
}
END_TEST

/* The administration is no service, and none of its requests is a use that is counted. */
START_TEST(a_bound_key_administers_nothing)
{
	static const struct message_key_create bounds[] = { { .exclusive = MESSAGE_UNBOUND },
							    { .exclusive = "dovecot" },
							    { .max_uses = 100 } };
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key shown;

	for (size_t i = 0; i < ARRAY_SIZE(bounds); i++) {
		struct message_key_create wanted = bounds[i];
		struct wire_key key;
		char name[32];

		snprintf(name, sizeof(name), "bound-%zu", i);
		wanted.name = name;
		wanted.permissions = wire_texts("apikeyd.keys.read", "test.use", NULL);
		key = wire_make_key(&host, &wanted);
		expect_answer(client, refer(client, WIRE_KEY_SHOW, key.secret, key.id, &shown), ANSWER_BAD_CREDENTIAL,
			      NULL);
	}
	wire_close(client);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/exclusive");
	TCase *tests = add_case(suite, "service"), *slow;

	tcase_add_test(tests, the_first_use_binds);
	tcase_add_test(tests, a_refused_use_binds_nothing);
	tcase_add_test(tests, a_name_that_means_any_service_binds_nothing);
	tcase_add_test(tests, of_two_services_that_race_one_wins);
	tcase_add_test(tests, only_who_is_believed_binds);
	tcase_add_test(tests, tokens_bind_their_key_too);
	tcase_add_test(tests, a_binding_is_changed);
	tcase_add_test(tests, a_bound_key_administers_nothing);
	if (disk_can_stop()) {
		slow = add_case(suite, "a disk that stops");
		tcase_add_test(slow, what_is_bound_needs_no_disk);
		tcase_add_test(slow, a_key_that_ends_meanwhile_is_not_bound);
	}
	return suite_run(suite);
}
