/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Rotating and retiring in the real daemon: which secret is good when, what is refused, and what cannot be gained by
 * it.
 */
#include <check.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "proto/credential.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/secret-dates.h"
#include "tests/suite.h"

#define DAY 86400
#define YEAR (365 * DAY)

static struct host host;
static struct wire_client *admin;
static struct wire_key first; /* alice's, and its first secret */

static void setup(void)
{
	host_open(&host, NULL);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	first = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
}

static void teardown(void)
{
	wire_close(admin);
	host_stop(&host);
	host_remove(&host);
}

static struct message_verdict verdict_of(const char *credential)
{
	const char *socket = geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
	struct message_verify request = { .credential = credential, .service = host.service, .permission = "test.use" };

	return wire_verify(&host, socket, &request);
}

static bool opens(const char *credential)
{
	return verdict_of(credential).verdict == VERDICT_GRANTED;
}

/* Why it is refused, as an administrator learns it. */
static enum reason reason_of(const char *credential)
{
	struct message_explain question = { .subject = credential };

	return (enum reason)explain(admin, &question).reason;
}

/* Rotates the key, which must work; returns its new secret. */
static struct wire_key rotated(const struct message_key_rotate *wanted)
{
	struct message_key_rotate request = *wanted;
	struct message_key key;
	struct wire_key made;

	if (!request.key)
		request.key = first.id;
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.id, first.id);
	ck_assert_ptr_nonnull(key.secret);
	snprintf(made.id, sizeof(made.id), "%s", key.id);
	snprintf(made.secret, sizeof(made.secret), "%s", key.secret);
	return made;
}

static void refused(const struct message_key_rotate *wanted, enum answer answer, const char *detail)
{
	struct message_key key;

	expect_answer(admin, rotate(admin, wanted, &key), answer, detail);
}

/* The secrets the key has now. */
static size_t secrets_of(struct message_secret ret_secrets[STORE_SECRETS_MAX])
{
	struct message_key key;
	size_t count = 0;

	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, first.id, &key), ANSWER_OK, NULL);
	ck_assert_ptr_null(key.secret);
	while (count < STORE_SECRETS_MAX && codec_next_record(&key.secrets, &message_secret, &ret_secrets[count]))
		count++;
	return count;
}

START_TEST(both_secrets_are_good_until_the_old_one_is_retired)
{
	struct message_secret secrets[STORE_SECRETS_MAX];
	struct wire_key second = rotated(&(struct message_key_rotate){ .overlap = DAY });
	struct message_key_retire end = { .key = "alice/key", .why = "all have the new one" };
	CLEANUP_FREE char *audit = NULL;
	struct message_key key;

	ck_assert(credential_classify(second.secret, strlen(second.secret)).kind == CREDENTIAL_OPAQUE);
	ck_assert_str_ne(first.secret, second.secret);
	ck_assert(opens(first.secret));
	ck_assert(opens(second.secret));
	ck_assert_uint_eq(secrets_of(secrets), 2);
	ck_assert_uint_eq(secrets[0].number, 1);
	ck_assert_uint_eq(secrets[1].number, 2);
	ck_assert_int_eq(secrets[0].retires, secrets[1].created + DAY);
	ck_assert_int_eq(secrets[1].retires, 0);
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	ck_assert_ptr_null(key.secret);
	ck_assert(!opens(first.secret));
	ck_assert_int_eq(reason_of(first.secret), REASON_SECRET_RETIRED);
	ck_assert(opens(second.secret));
	/* What changed is on record, with numbers and dates, and nothing of the secrets. */
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_rotate\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_retire\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"before\":{\"secrets\":[{\"number\":1,"));
	ck_assert_ptr_nonnull(strstr(audit, "\"why\":\"all have the new one\""));
	ck_assert_ptr_null(strstr(audit, first.secret + 16));
	ck_assert_ptr_null(strstr(audit, second.secret + 16));
}
END_TEST

START_TEST(an_overlap_ends_by_itself)
{
	int64_t end = milliseconds() + 30000;
	struct wire_key second = rotated(&(struct message_key_rotate){ .overlap = 1 });

	while (opens(first.secret))
		ck_assert_msg(milliseconds() < end, "the old secret goes on being good");
	ck_assert_int_eq(reason_of(first.secret), REASON_SECRET_RETIRED);
	ck_assert(opens(second.secret));
}
END_TEST

START_TEST(now_means_at_once_and_for_good)
{
	struct message_secret secrets[STORE_SECRETS_MAX];
	struct wire_key second = rotated(&(struct message_key_rotate){ .now = 1, .expected = 1 });

	ck_assert(!opens(first.secret));
	ck_assert_int_eq(reason_of(first.secret), REASON_SECRET_RETIRED);
	ck_assert(opens(second.secret));
	ck_assert_uint_eq(secrets_of(secrets), 2);
	ck_assert_int_eq(secrets[0].retires, secrets[1].created);
}
END_TEST

START_TEST(a_clock_that_is_set_back_revives_nothing)
{
	struct message_key_retire end = { .key = first.id, .secret = 2 };
	const char *socket = geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
	struct message_account account = { .service = host.service, .permission = "test.use" };
	char handle[WIRE_HANDLE_MAX + 1];
	struct wire_key second, third, fourth;
	struct message_key key;

	snprintf(handle, sizeof(handle), "%s", verdict_of(first.secret).handle);
	second = rotated(&(struct message_key_rotate){ .now = 1 });
	third = rotated(&(struct message_key_rotate){ .overlap = DAY });
	fourth = rotated(&(struct message_key_rotate){ .overlap = DAY });
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	secret_dates_put_off(&host, first.id, YEAR);
	ck_assert(!opens(first.secret));
	ck_assert(!opens(second.secret));
	ck_assert_int_eq(reason_of(first.secret), REASON_SECRET_RETIRED);
	ck_assert_int_eq(reason_of(second.secret), REASON_SECRET_RETIRED);
	/* its date alone has not come */
	ck_assert(opens(third.secret));
	ck_assert(opens(fourth.secret));
	account.handle = handle;
	ck_assert_uint_eq(wire_account(&host, socket, &account).verdict, VERDICT_DENIED);
}
END_TEST

START_TEST(the_overlap_is_as_configured_unless_said)
{
	struct message_secret secrets[STORE_SECRETS_MAX];

	(void)rotated(&(struct message_key_rotate){ .expected = 1 });
	ck_assert_uint_eq(secrets_of(secrets), 2);
	ck_assert_int_eq(secrets[0].retires, secrets[1].created + 7 * DAY);
	host_configure(&host, "[policy]\nrotation_overlap = 1h\n");
	kill(host.daemon, SIGHUP);
	host_expect_output(&host, "the configuration was reloaded");
	(void)rotated(&(struct message_key_rotate){ .expected = 2 });
	ck_assert_uint_eq(secrets_of(secrets), 3);
	ck_assert_int_eq(secrets[1].retires, secrets[2].created + 3600);
	(void)rotated(&(struct message_key_rotate){ .overlap = YEAR });
	ck_assert_uint_eq(secrets_of(secrets), 4);
	ck_assert_int_eq(secrets[2].retires, secrets[3].created + YEAR);
}
END_TEST

START_TEST(what_cannot_be_is_refused_and_changes_nothing)
{
	static const struct {
		uint64_t overlap, now, expected;
		const char *key;
		enum answer answer;
		const char *detail;
	} cases[] = {
		{ YEAR + 1, 0, 0, NULL, ANSWER_INVALID, "365 days at most" },
		{ INT64_MAX, 0, 0, NULL, ANSWER_INVALID, "365 days at most" },
		{ UINT64_MAX, 0, 0, NULL, ANSWER_INVALID, "18446744073709551615" },
		{ UINT64_MAX - DAY, 0, 0, NULL, ANSWER_INVALID, "365 days at most" },
		{ DAY, 1, 0, NULL, ANSWER_INVALID, "either" },
		{ 0, 0, 2, NULL, ANSWER_WRONG_STATE, "it was rotated meanwhile" },
		{ 0, 1, UINT32_MAX, NULL, ANSWER_WRONG_STATE, "it was rotated meanwhile" },
		{ 0, 0, 0, "000000000000", ANSWER_NOT_FOUND, NULL },
		{ 0, 0, 0, "alice/other", ANSWER_NOT_FOUND, NULL },
		{ 0, 0, 0, "ak_000000000000_0", ANSWER_NOT_FOUND, NULL },
	};
	struct message_secret secrets[STORE_SECRETS_MAX];
	struct message_key_retire end = { .key = first.id };
	struct message_key key;

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refused(&(struct message_key_rotate){ .key = cases[i].key ? cases[i].key : first.id,
						      .overlap = cases[i].overlap,
						      .now = cases[i].now,
						      .expected = cases[i].expected },
			cases[i].answer, cases[i].detail);
	end.secret = 1;
	expect_answer(admin, retire(admin, &end, &key), ANSWER_WRONG_STATE, "secret 1 is the current one");
	end.secret = 2;
	expect_answer(admin, retire(admin, &end, &key), ANSWER_NOT_FOUND, "no secret number 2");
	end = (struct message_key_retire){ .key = first.id, .why = "a\nb" };
	expect_answer(admin, retire(admin, &end, &key), ANSWER_INVALID, "control characters");
	end = (struct message_key_retire){ .key = first.id, .why = first.secret };
	expect_answer(admin, retire(admin, &end, &key), ANSWER_INVALID, "no key");
	/* Nothing to end is no error. */
	end = (struct message_key_retire){ .key = first.id };
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(secrets_of(secrets), 1);
	ck_assert_int_eq(secrets[0].retires, 0);
	ck_assert(opens(first.secret));
}
END_TEST

/* A rotation changes the secret and nothing of what was switched off or has ended. */
START_TEST(a_rotation_revives_no_key)
{
	struct message_key_rotate request = { .key = first.id };
	struct wire_key second, third;
	struct message_key key;

	wire_change(&host, WIRE_KEY_DEACTIVATE, first.id);
	second = rotated(&request);
	ck_assert(!opens(second.secret));
	ck_assert_int_eq(reason_of(second.secret), REASON_KEY_INACTIVE);
	wire_change(&host, WIRE_KEY_ACTIVATE, first.id);
	ck_assert(opens(second.secret));
	host_store_run(&host, "UPDATE key SET state = 3");
	third = rotated(&request); /* administrators may, so that it can be activated with a new secret */
	ck_assert_int_eq(reason_of(third.secret), REASON_KEY_SUSPENDED);
	host_store_run(&host, "UPDATE key SET state = 1, expires = 1000000000");
	refused(&request, ANSWER_WRONG_STATE, "the key expired at 2001-09-09T01:46:40Z");
	host_store_run(&host, "UPDATE key SET expires = NULL, not_before = 4000000000");
	(void)rotated(&request);
	wire_change(&host, WIRE_KEY_REVOKE, first.id);
	refused(&request, ANSWER_WRONG_STATE, "revoked, which is final");
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, first.id, &key), ANSWER_OK, NULL);
	ck_assert_str_eq(key.state, MESSAGE_STATE_REVOKED);
	wire_change(&host, WIRE_KEY_DELETE, first.id);
	refused(&request, ANSWER_NOT_FOUND, NULL);
}
END_TEST

START_TEST(four_are_good_beside_the_current_one)
{
	struct message_secret secrets[STORE_SECRETS_MAX];
	struct message_key_rotate request = { .key = first.id };
	struct message_key_retire end = { .key = first.id, .secret = 3 };
	struct wire_key made[8] = { first };
	struct message_key key;

	for (size_t i = 1; i < STORE_SECRETS_MAX; i++)
		made[i] = rotated(&request);
	refused(&request, ANSWER_WRONG_STATE, "there can be no more");
	for (size_t i = 0; i < STORE_SECRETS_MAX; i++)
		ck_assert(opens(made[i].secret));
	/* One that has ended makes room. */
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(secrets_of(secrets), STORE_SECRETS_MAX);
	made[5] = rotated(&request);
	ck_assert_uint_eq(secrets_of(secrets), STORE_SECRETS_MAX);
	for (size_t i = 0; i <= STORE_SECRETS_MAX; i++)
		ck_assert_int_eq(opens(made[i].secret), i != 2);
	ck_assert_int_eq(reason_of(made[2].secret), REASON_BAD_SECRET);
	refused(&request, ANSWER_WRONG_STATE, "there can be no more");
	/* A leaked one can always be replaced. */
	made[6] = rotated(&(struct message_key_rotate){ .now = 1 });
	ck_assert(!opens(made[5].secret));
	for (size_t i = 0; i <= 6; i++)
		ck_assert_int_eq(opens(made[i].secret), i != 2 && i != 5);
	/* Numbers go up and are not used again. */
	ck_assert_uint_eq(secrets_of(secrets), STORE_SECRETS_MAX);
	ck_assert_uint_eq(secrets[STORE_SECRETS_MAX - 1].number, 7);
	ck_assert_uint_eq(secrets[0].number, 1);
}
END_TEST

START_TEST(a_handle_ends_with_its_secret)
{
	const char *socket = geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
	struct message_account request = { .service = host.service, .permission = "test.use" };
	struct message_key_retire end = { .key = first.id };
	struct wire_key second = rotated(&(struct message_key_rotate){ .overlap = DAY });
	char old[WIRE_HANDLE_MAX + 1], new[WIRE_HANDLE_MAX + 1];
	struct message_key key;

	snprintf(old, sizeof(old), "%s", verdict_of(first.secret).handle);
	snprintf(new, sizeof(new), "%s", verdict_of(second.secret).handle);
	request.handle = old;
	ck_assert_uint_eq(wire_account(&host, socket, &request).verdict, VERDICT_GRANTED);
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(wire_account(&host, socket, &request).verdict, VERDICT_DENIED);
	request.handle = new;
	ck_assert_uint_eq(wire_account(&host, socket, &request).verdict, VERDICT_GRANTED);
}
END_TEST

/* The secret's last use, which may still be in memory only. */
START_TEST(each_secret_has_its_uses)
{
	struct message_secret secrets[STORE_SECRETS_MAX];
	struct wire_key second = rotated(&(struct message_key_rotate){ .overlap = DAY });
	int64_t end = milliseconds() + 30000;
	struct message_use use;

	ck_assert(opens(first.secret) && opens(first.secret) && opens(second.secret));
	/* The note is made right behind the answer. */
	do {
		ck_assert_uint_eq(secrets_of(secrets), 2);
		ck_assert_msg(milliseconds() < end, "the uses are not shown");
	} while (secrets[0].use_count < 2 || secrets[1].use_count < 1);
	ck_assert_uint_eq(secrets[0].use_count, 2);
	ck_assert_uint_eq(secrets[1].use_count, 1);
	ck_assert(codec_next_record(&secrets[0].last_use, &message_use, &use));
	ck_assert_str_eq(use.service, host.service);
	ck_assert_str_eq(use.source, "local");
	ck_assert_int_ge(use.time, secrets[0].created);
	/* They outlast the daemon. */
	wire_close(admin);
	host_end(&host, SIGTERM);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	ck_assert_uint_eq(secrets_of(secrets), 2);
	ck_assert_uint_eq(secrets[0].use_count, 2);
	ck_assert_uint_eq(secrets[1].use_count, 1);
}
END_TEST

static const char *detail_of(const char *credential)
{
	static char detail[600];
	struct message_explain question = { .subject = credential };
	struct message_explanation explanation = explain(admin, &question);
	struct message_step step;

	ck_assert(codec_next_record(&explanation.steps, &message_step, &step));
	ck_assert_str_eq(step.name, "secret");
	snprintf(detail, sizeof(detail), "%s", step.detail ? step.detail : "");
	return detail;
}

START_TEST(explain_says_which_secret_and_until_when)
{
	char forged[CREDENTIAL_OPAQUE_MAX + 1];
	struct message_key_retire end = { .key = first.id };
	struct wire_key second = rotated(&(struct message_key_rotate){ .overlap = DAY });
	struct message_key key;

	ck_assert_ptr_nonnull(strstr(detail_of(first.secret), "secret 1, good until 2"));
	ck_assert_ptr_nonnull(strstr(detail_of(first.secret), "the current one is 2"));
	ck_assert_str_eq(detail_of(second.secret), "secret 2, the current one");
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	ck_assert_ptr_nonnull(strstr(detail_of(first.secret), "secret 1, refused since 2"));
	credential_write_opaque(false, first.id, "00000000000000000000000000000000", forged);
	ck_assert_ptr_nonnull(strstr(detail_of(forged), "none of the 2 secrets that key "));
}
END_TEST

/* ---- keys that act ---- */

static struct wire_key make_actor(const char *name, const char *owner, const char *permission)
{
	struct message_key_create request = { .name = name, .owner = owner };

	request.permissions = wire_texts(permission, "test.*", NULL);
	return wire_make_key(&host, &request);
}

START_TEST(a_key_rotates_what_it_could_make)
{
	struct wire_key reader = make_actor("reader", "alice", "apikeyd.keys.read");
	struct wire_key writer = make_actor("writer", "alice", "apikeyd.keys.write");
	struct wire_key others = make_actor("writer", "bob", "apikeyd.keys.write");
	struct message_key_create further = { .name = "more", .permissions = wire_texts("mail.imap", NULL) };
	struct message_key_create shared = { .name = "shared", .users = wire_texts("root", NULL) };
	struct message_key_rotate request = { .credential = reader.secret, .key = first.id };
	struct message_key_retire end = { .credential = reader.secret, .key = first.id };
	struct message_key key;

	(void)wire_make_key(&host, &further);
	(void)wire_make_key(&host, &shared);
	refused(&request, ANSWER_NOT_PERMITTED, NULL);
	expect_answer(admin, retire(admin, &end, &key), ANSWER_NOT_PERMITTED, NULL);
	/* With alice's secret, bob would log in as alice. */
	request.credential = others.secret;
	refused(&request, ANSWER_NOT_PERMITTED, "of its own owner alone");
	request.credential = end.credential = writer.secret;
	(void)rotated(&request);
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	/* What it does not hold, and whom it may not log in, it does not come by. */
	request.key = "alice/more";
	refused(&request, ANSWER_NOT_PERMITTED, "what they do not hold");
	request.key = "alice/shared";
	refused(&request, ANSWER_NOT_PERMITTED, "further users");
	/* It may end more than it may make. */
	end.key = "alice/more";
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	/* One that is suspended is for administrators to give a new secret, since it is for them to activate. */
	host_store_run(&host, "UPDATE key SET state = 3 WHERE name = 'key'");
	request.key = end.key = first.id;
	refused(&request, ANSWER_NOT_PERMITTED, "an administrator can rotate it");
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	/* Another tenant's do not exist. */
	host_store_run(&host, "INSERT INTO tenant (id, name, account) VALUES ('other', 'other', 'default')");
	host_store_run(&host, "UPDATE key SET tenant = 'other' WHERE name = 'key'");
	refused(&request, ANSWER_NOT_FOUND, NULL);
	ck_assert_str_eq(admin->detail, "");
	expect_answer(admin, retire(admin, &end, &key), ANSWER_NOT_FOUND, NULL);
	ck_assert_str_eq(admin->detail, "");
}
END_TEST

START_TEST(a_secret_that_is_retired_does_not_follow_itself)
{
	struct wire_key writer = make_actor("writer", "alice", "apikeyd.keys.write");
	struct message_key_rotate request = { .credential = writer.secret, .key = writer.id, .overlap = DAY };
	struct message_key_retire end = { .key = writer.id };
	struct message_key key;
	char second[64];

	/* It rotates itself, */
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_OK, NULL);
	snprintf(second, sizeof(second), "%s", key.secret);
	/* and what knows the old secret alone does not come by a third one, */
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_NOT_PERMITTED, "is being retired");
	request.now = 1;
	request.overlap = 0;
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_NOT_PERMITTED, "is being retired");
	/* while it goes on doing its work until it is ended. */
	request = (struct message_key_rotate){ .credential = writer.secret, .key = first.id };
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_OK, NULL);
	end.credential = second;
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_BAD_CREDENTIAL, NULL);
	request = (struct message_key_rotate){ .credential = second, .key = writer.id, .now = 1 };
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_OK, NULL);
	expect_answer(admin, rotate(admin, &request, &key), ANSWER_BAD_CREDENTIAL, NULL);
}
END_TEST

START_TEST(a_test_key_stays_one)
{
	struct wire_key second;

	host_store_run(&host, "UPDATE key SET test = 1");
	second = rotated(&(struct message_key_rotate){ .overlap = DAY });
	ck_assert_int_eq(strncmp(second.secret, "akt_", 4), 0);
	ck_assert(opens(second.secret));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-rotate");
	TCase *tests = tcase_create("rotate");

	tcase_set_timeout(tests, 120);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, both_secrets_are_good_until_the_old_one_is_retired);
	tcase_add_test(tests, an_overlap_ends_by_itself);
	tcase_add_test(tests, now_means_at_once_and_for_good);
	tcase_add_test(tests, a_clock_that_is_set_back_revives_nothing);
	tcase_add_test(tests, the_overlap_is_as_configured_unless_said);
	tcase_add_test(tests, what_cannot_be_is_refused_and_changes_nothing);
	tcase_add_test(tests, a_rotation_revives_no_key);
	tcase_add_test(tests, four_are_good_beside_the_current_one);
	tcase_add_test(tests, a_handle_ends_with_its_secret);
	tcase_add_test(tests, each_secret_has_its_uses);
	tcase_add_test(tests, explain_says_which_secret_and_until_when);
	tcase_add_test(tests, a_key_rotates_what_it_could_make);
	tcase_add_test(tests, a_secret_that_is_retired_does_not_follow_itself);
	tcase_add_test(tests, a_test_key_stays_one);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
