/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Making a key in a way that can be repeated, in the real daemon: never two keys, never one secret twice; with
 * sixty-four who ask at once, and with a daemon that is killed.
 */
#include <check.h>
#include <signal.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/tenant-host.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

#define DAY INT64_C(86400)
#define TEXT_128                                                                                                       \
	"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"             \
	"0123456789abcdef0123456789abcdef"

static struct message_key_create wanted(const char *name, const char *text)
{
	return (struct message_key_create){ .owner = "bob",
					    .name = name,
					    .permissions = wire_texts("test.use", NULL),
					    .expires = TIME_NEVER,
					    .idempotency_key = text };
}

/* What the daemon says of a made key; "" for a secret that there is not. */
struct made {
	char id[64], secret[128];
	bool repeated;
};

static struct made made_of(const struct message_key *key)
{
	const char *secret = key->secret ? key->secret : key->private_key;
	struct made made = { .repeated = key->repeated == 1 };

	snprintf(made.id, sizeof(made.id), "%s", key->id);
	snprintf(made.secret, sizeof(made.secret), "%s", secret ? secret : "");
	return made;
}

static struct made ask(const struct message_key_create *request)
{
	struct message_key key;

	expect_answer(admin, create(admin, request, &key), ANSWER_OK, NULL);
	return made_of(&key);
}

static enum verdict try(const char *secret)
{
	struct message_verify request = { .credential = secret, .service = host.service, .permission = "test.use" };

	return (enum verdict)wire_verify(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET, &request)
		.verdict;
}

static int64_t keys_named(const char *name)
{
	char sql[128];

	snprintf(sql, sizeof(sql), "SELECT count(*) FROM key WHERE name = '%s'", name);
	return host_store_number(&host, sql);
}

START_TEST(before_its_first_use_it_has_another_secret)
{
	struct message_key_create request = wanted("key", TEXT_128);
	struct made first = ask(&request), second = ask(&request), third;

	ck_assert(!first.repeated && second.repeated);
	ck_assert_str_eq(second.id, first.id);
	ck_assert_str_ne(second.secret, "");
	ck_assert_str_ne(second.secret, first.secret);
	ck_assert_int_eq(keys_named("key"), 1);
	ck_assert_int_eq(try(first.secret), VERDICT_DENIED);
	/* It stays so, also more often than a key has room for secrets. */
	for (int i = 0; i < 7; i++) {
		third = ask(&request);
		ck_assert_str_eq(third.id, first.id);
		ck_assert_str_ne(third.secret, "");
	}
	ck_assert_int_eq(try(second.secret), VERDICT_DENIED);
	ck_assert_int_eq(try(third.secret), VERDICT_GRANTED);
	/* And after it, none. */
	second = ask(&request);
	ck_assert(second.repeated);
	ck_assert_str_eq(second.id, first.id);
	ck_assert_str_eq(second.secret, "");
	ck_assert_int_eq(try(third.secret), VERDICT_GRANTED);
	/* Each change of the secret is in the log, and none that there was not. */
	ck_assert_int_eq(host_store_number(&host, "SELECT count(*) FROM change_log WHERE record ->> '$.event' ="
						  " 'key_create' AND record ->> '$.key_name' = 'key'"),
			 9);
}
END_TEST

START_TEST(getting_a_token_and_administering_are_uses)
{
	struct message_key_create request = wanted("key", "job-1"), other = wanted("other", "job-2");
	struct made one = ask(&request), two, again;
	struct message_key shown;

	other.permissions = wire_texts("apikeyd.keys.read", NULL);
	two = ask(&other);
	(void)token_issue(&host, one.secret);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, two.secret, two.id, &shown), ANSWER_OK, NULL);
	again = ask(&request);
	ck_assert_str_eq(again.id, one.id);
	ck_assert_str_eq(again.secret, "");
	again = ask(&other);
	ck_assert_str_eq(again.id, two.id);
	ck_assert_str_eq(again.secret, "");
	ck_assert_int_eq(try(one.secret), VERDICT_GRANTED);
}
END_TEST

/* A use that is known counts after another start, too. */
START_TEST(a_daemon_that_was_started_anew_remembers)
{
	struct message_key_create request = wanted("key", "job-1"), other = wanted("other", "job-2");
	struct made used = ask(&request), unused = ask(&other), again;

	ck_assert_int_eq(try(used.secret), VERDICT_GRANTED);
	wire_close(admin);
	host_stop(&host);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	again = ask(&request);
	ck_assert_str_eq(again.id, used.id);
	ck_assert_str_eq(again.secret, "");
	again = ask(&other);
	ck_assert_str_eq(again.id, unused.id);
	ck_assert_int_eq(try(again.secret), VERDICT_GRANTED);
}
END_TEST

START_TEST(it_stands_for_one_request)
{
	struct message_key_create request = wanted("key", "job-1"), other;
	struct made first = ask(&request);
	struct message_key key;

	for (int i = 0; i < 7; i++) {
		other = request;
		switch (i) {
		case 0:
			other.name = "other";
			break;
		case 1:
			other.owner = "alice";
			break;
		case 2:
			other.permissions = wire_texts("test.use", "test.more", NULL);
			break;
		case 3:
			other.kind = MESSAGE_KIND_PAIR;
			break;
		case 4:
			other.tenant = "default";
			break;
		case 5:
			other.expires = clock_wall_seconds() + DAY;
			break;
		case 6:
			other.not_before = 1000;
			break;
		}
		expect_answer(admin, create(admin, &other, &key), ANSWER_EXISTS, first.id);
	}
	ck_assert_int_eq(try(first.secret), VERDICT_GRANTED);
	ck_assert_int_eq(host_store_number(&host, "SELECT count(*) FROM key"), 1);
}
END_TEST

/* "90d" is another moment when it is said again; "91d" is not the same, and neither is "never". */
START_TEST(a_span_is_the_same_when_it_is_said_again)
{
	struct message_key_create request = wanted("key", "job-1");
	struct made first;
	struct message_key key;
	int64_t now = clock_wall_seconds();

	request.expires = now + 90 * DAY;
	first = ask(&request);
	/* As if it had been an hour ago. */
	host_store_run(&host, "UPDATE repeatable SET created = created - 3600");
	ck_assert_str_eq(ask(&request).id, first.id);
	request.expires = now + 90 * DAY + 3600;
	ck_assert_str_eq(ask(&request).id, first.id);
	request.expires = now + 91 * DAY;
	expect_answer(admin, create(admin, &request, &key), ANSWER_EXISTS, "other options");
	request.expires = TIME_NEVER;
	expect_answer(admin, create(admin, &request, &key), ANSWER_EXISTS, "other options");
	request.expires = 0;
	expect_answer(admin, create(admin, &request, &key), ANSWER_EXISTS, "other options");
}
END_TEST

START_TEST(it_is_the_authority_s_own)
{
	struct wire_key boss = make("default", "default", "boss", "*");
	struct message_key_create request = wanted("key", "job-1"), other = wanted("other", "job-1");
	struct made first = ask(&request), second;

	other.credential = boss.secret;
	second = ask(&other);
	ck_assert(!second.repeated);
	ck_assert_str_ne(second.id, first.id);
	ck_assert_str_eq(ask(&request).id, first.id);
	ck_assert_str_eq(ask(&other).id, second.id);
}
END_TEST

/* Who made a key does not get a secret of what it has become since. */
START_TEST(a_key_that_reaches_further_now_gives_none)
{
	struct wire_key boss = make("default", "default", "boss", "*");
	struct message_key_create request = wanted("key", "job-1");
	struct message_key_update wider = { .changes = MESSAGE_CHANGE_USERS, .users = wire_texts("root", NULL) };
	struct made first;
	struct message_key key;

	request.credential = boss.secret;
	first = ask(&request);
	wider.key = first.id;
	expect_answer(admin, update(admin, &wider, &key), ANSWER_OK, NULL);
	expect_answer(admin, create(admin, &request, &key), ANSWER_NOT_PERMITTED, "further users");
	ck_assert_int_eq(try(first.secret), VERDICT_GRANTED);
}
END_TEST

/* What was done with the key since is not undone. */
START_TEST(what_was_changed_since_stays)
{
	static const struct {
		uint16_t type;
		const char *name;
		enum verdict verdict;
	} cases[] = { { WIRE_KEY_REVOKE, "revoked", VERDICT_DENIED }, { WIRE_KEY_ROTATE, "rotated", VERDICT_GRANTED } };
	struct message_key_create request = wanted("deleted", "deleted");
	struct made first = ask(&request), again;
	struct message_key key;

	wire_change(&host, WIRE_KEY_DELETE, first.id);
	expect_answer(admin, create(admin, &request, &key), ANSWER_WRONG_STATE, "is gone");
	ck_assert_int_eq(keys_named("deleted"), 0);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct message_key_rotate rotation = { .key = first.id };

		request = wanted(cases[i].name, cases[i].name);
		first = ask(&request);
		if (cases[i].type == WIRE_KEY_ROTATE)
			expect_answer(admin, rotate(admin, &rotation, &key), ANSWER_OK, NULL);
		else
			wire_change(&host, cases[i].type, first.id);
		again = ask(&request);
		ck_assert_str_eq(again.id, first.id);
		ck_assert_str_eq(again.secret, "");
		ck_assert_int_eq(try(first.secret), cases[i].verdict);
	}
}
END_TEST

START_TEST(after_a_day_it_stands_for_nothing)
{
	struct message_key_create request = wanted("key", "job-1"), other = wanted("other", "job-1");
	struct made first = ask(&request);
	struct message_key key;

	host_store_run(&host, "UPDATE repeatable SET created = created - 86400");
	/* The name is taken. */
	expect_answer(admin, create(admin, &request, &key), ANSWER_EXISTS, "'key' already");
	ck_assert_str_ne(ask(&other).id, first.id);
	ck_assert_int_eq(host_store_number(&host, "SELECT count(*) FROM repeatable"), 1);
	ck_assert_int_eq(try(first.secret), VERDICT_GRANTED);
}
END_TEST

START_TEST(pairs_are_made_so_too)
{
	struct message_key_create request = wanted("key", "job-1"), brought = wanted("own", "job-2");
	struct made first, second;

	request.kind = brought.kind = MESSAGE_KIND_PAIR;
	brought.public_key = "a123456b-c12c-123d-1ab4-18bd8c8e88a3";
	brought.private_key = "AGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=";
	first = ask(&request);
	second = ask(&request);
	ck_assert_str_eq(first.id, second.id);
	ck_assert_str_ne(second.secret, "");
	ck_assert_str_ne(first.secret, second.secret);
	first = ask(&brought);
	second = ask(&brought);
	ck_assert_str_eq(first.id, second.id);
	ck_assert(second.repeated);
	ck_assert_str_eq(second.secret, "");
	/* Another private key is another request. */
	brought.private_key = "BGHYR1aWYgHgyjhJLkVCd7b8XfAVeA4tuFwCQl3X64Y=";
	expect_answer(admin, create(admin, &brought, &(struct message_key){ 0 }), ANSWER_EXISTS, "other options");
}
END_TEST

START_TEST(a_text_that_is_none_makes_no_key)
{
	static const char *const texts[] = { "a b",      " a",
					     "a\tb",     "a\177",
					     "\303\244", "ak_0123456789ab_0123456789abcdef0123456789abcdef0123456" };
	struct message_key key;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct message_key_create request = wanted("key", texts[i]);

		expect_answer(admin, create(admin, &request, &key), ANSWER_INVALID, "idempotency key");
	}
	ck_assert_int_eq(keys_named("key"), 0);
}
END_TEST

/* ---- at once ---- */

#define CLIENTS 64

START_TEST(sixty_four_at_once_make_one_key)
{
	struct message_key_create request = wanted("key", "job-1");
	struct wire_client *clients[CLIENTS];
	static struct made made[CLIENTS];
	struct message_key key;
	unsigned int first = 0, good = 0;

	host_configure(&host, "[daemon]\nconnections_per_uid = 256\n" HOST_UNTHROTTLED);
	wire_close(admin);
	host_stop(&host);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	for (size_t i = 0; i < CLIENTS; i++)
		clients[i] = wire_open(&host, WIRE_ADMIN_SOCKET);
	for (size_t i = 0; i < CLIENTS; i++)
		wire_send(clients[i], WIRE_KEY_CREATE, &message_key_create, &request);
	for (size_t i = 0; i < CLIENTS; i++) {
		wire_expect(clients[i], WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &key);
		made[i] = made_of(&key);
		first += !made[i].repeated;
		ck_assert_str_eq(made[i].id, made[0].id);
		wire_close(clients[i]);
	}
	ck_assert_uint_eq(first, 1);
	ck_assert_int_eq(keys_named("key"), 1);
	for (size_t i = 0; i < CLIENTS; i++) {
		ck_assert_str_ne(made[i].secret, "");
		good += try(made[i].secret) == VERDICT_GRANTED;
	}
	ck_assert_uint_eq(good, 1);
}
END_TEST

/* Killed at another moment each time: who asks again has one key. */
START_TEST(a_daemon_that_is_killed_makes_one_key)
{
	for (unsigned int i = 0; i < 5; i++) {
		char name[16];
		struct message_key_create request = wanted(name, name);
		struct made again;

		snprintf(name, sizeof(name), "key-%u", i);
		wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &request);
		usleep(i * i * 100);
		host_end(&host, SIGKILL);
		wire_close(admin);
		host_start(&host);
		admin = wire_open(&host, WIRE_ADMIN_SOCKET);
		again = ask(&request);
		ck_assert_str_ne(again.secret, "");
		ck_assert_str_eq(ask(&request).id, again.id);
		ck_assert_int_eq(keys_named(name), 1);
		ck_assert_int_eq(try(again.secret), VERDICT_DENIED);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-repeat");
	TCase *alone = tcase_create("alone");
	TCase *together = tcase_create("together");

	tcase_set_timeout(alone, 60);
	tcase_add_checked_fixture(alone, setup, teardown);
	tcase_add_test(alone, before_its_first_use_it_has_another_secret);
	tcase_add_test(alone, getting_a_token_and_administering_are_uses);
	tcase_add_test(alone, a_daemon_that_was_started_anew_remembers);
	tcase_add_test(alone, it_stands_for_one_request);
	tcase_add_test(alone, a_span_is_the_same_when_it_is_said_again);
	tcase_add_test(alone, it_is_the_authority_s_own);
	tcase_add_test(alone, a_key_that_reaches_further_now_gives_none);
	tcase_add_test(alone, what_was_changed_since_stays);
	tcase_add_test(alone, after_a_day_it_stands_for_nothing);
	tcase_add_test(alone, pairs_are_made_so_too);
	tcase_add_test(alone, a_text_that_is_none_makes_no_key);
	suite_add_tcase(suite, alone);

	tcase_set_timeout(together, 120);
	tcase_add_checked_fixture(together, setup, teardown);
	tcase_add_test(together, sixty_four_at_once_make_one_key);
	tcase_add_test(together, a_daemon_that_is_killed_makes_one_key);
	suite_add_tcase(suite, together);
	return suite_run(suite);
}
