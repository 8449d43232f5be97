/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Two further ways to rotate, in the real daemon: the secret before ends some time after the first use of the new one,
 * and a rotation is taken back. For keys, for pairs, and for the access tokens they got.
 */
#include <check.h>
#include <signal.h>

#include "common/encoding.h"
#include "tests/daemon/admin-fixture.h"
#include "tests/daemon/admin-requests.h"
#include "tests/daemon/secret-dates.h"
#include "tests/daemon/token-client.h"
#include "tests/suite.h"

#define HOUR 3600
#define DAY 86400
#define YEAR (365 * DAY)

/* Ends the daemon, with all it has noted written (SIGTERM) or not (SIGKILL), and starts it again. */
static void restart(int signal)
{
	wire_close(admin);
	host_end(&host, signal);
	host_start(&host);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
}

static void rotate_key(const struct message_key_rotate *wanted, enum answer answer, const char *detail,
		       struct message_key *ret_key)
{
	expect_answer(admin, rotate(admin, wanted, ret_key), answer, detail);
}

static struct wire_key rotated(const struct message_key_rotate *wanted)
{
	struct message_key key;
	struct wire_key made;

	rotate_key(wanted, ANSWER_OK, NULL, &key);
	snprintf(made.id, sizeof(made.id), "%s", key.id);
	snprintf(made.secret, sizeof(made.secret), "%s", key.secret);
	return made;
}

static struct pair rotated_pair(const struct message_key_rotate *wanted)
{
	struct pair made = pair;
	struct message_key key;
	size_t size;

	rotate_key(wanted, ANSWER_OK, NULL, &key);
	ck_assert_ptr_null(key.secret);
	ck_assert(encoding_base64_decode(key.private_key, strlen(key.private_key), made.private_key,
					 sizeof(made.private_key), &size));
	return made;
}

static struct message_secret secret_of(const char *id, uint64_t number)
{
	struct message_secret secret;
	struct message_key key;

	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, NULL, id, &key), ANSWER_OK, NULL);
	while (codec_next_record(&key.secrets, &message_secret, &secret))
		if (secret.number == number)
			return secret;
	fail("the key has no secret %u", (unsigned int)number);
}

static void expect_pair(const struct pair *signer, const char *nonce, enum reason reason)
{
	pair_token(signer, nonce, NULL, token);
	expect(token, reason);
}

static void refuse(const struct message_key_rotate *wanted, enum answer answer, const char *detail)
{
	struct message_key key;

	rotate_key(wanted, answer, detail, &key);
}

/* ---- some time after the first use ---- */

START_TEST(the_old_one_waits_for_the_first_use_of_the_new_one)
{
	struct wire_key second = rotated(&(struct message_key_rotate){ .key = opaque.id, .after_use = HOUR });
	struct message_secret secret = secret_of(opaque.id, 1);
	int64_t created = secret_of(opaque.id, 2).created, end = milliseconds() + 30000;
	CLEANUP_FREE char *audit = NULL;
	struct message_use use;

	ck_assert_uint_eq(secret.after_use, HOUR);
	ck_assert_int_eq(secret.retires, created + YEAR);
	/* Its own use is not what it waits for. */
	expect(opaque.secret, REASON_NONE);
	restart(SIGTERM);
	ck_assert_uint_eq(secret_of(opaque.id, 1).after_use, HOUR);
	expect(second.secret, REASON_NONE);
	/* Shown as soon as it is noted, and written a moment later. */
	do {
		secret = secret_of(opaque.id, 1);
		ck_assert_msg(milliseconds() < end, "the first use has no consequence");
	} while (secret.after_use != 0);
	ck_assert_int_le(secret.retires, clock_wall_seconds() + HOUR);
	restart(SIGTERM);
	ck_assert_int_eq(secret_of(opaque.id, 1).retires, secret.retires);
	secret = secret_of(opaque.id, 2);
	ck_assert(codec_next_record(&secret.first_use, &message_use, &use));
	ck_assert_int_eq(secret_of(opaque.id, 1).retires, use.time + HOUR);
	expect(opaque.secret, REASON_NONE);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"retires_after_first_use\":3600"));
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_first_use\""));
	ck_assert_ptr_nonnull(strstr(audit, "\"actor\":\"apikeyd\""));
	/* A further use changes nothing. */
	expect(second.secret, REASON_NONE);
	restart(SIGTERM);
	ck_assert_int_eq(secret_of(opaque.id, 1).retires, use.time + HOUR);
}
END_TEST

static size_t first_uses(void)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	size_t count = 0;

	for (const char *at = audit; (at = strstr(at, "\"event\":\"key_first_use\"")); at++)
		count++;
	return count;
}

/*
 * A login goes by what is in the store, so the date of the end has to be there before it comes: it does not wait for
 * the next time that uses are written, five seconds after the start. A machine that is slow gets another chance.
 */
START_TEST(the_end_is_written_at_once)
{
	bool in_time = false;

	for (size_t i = 1; i < STORE_SECRETS_MAX && !in_time; i++) {
		int64_t start = milliseconds();
		struct wire_key next;

		restart(SIGTERM);
		next = rotated(&(struct message_key_rotate){ .key = opaque.id, .after_use = HOUR });
		expect(next.secret, REASON_NONE);
		while (first_uses() < i)
			ck_assert_msg(milliseconds() < start + 30000, "the first use has no consequence");
		in_time = milliseconds() < start + 4500;
	}
	ck_assert_msg(in_time, "the end is written with the other uses");
}
END_TEST

START_TEST(the_old_one_ends_when_its_time_has_come)
{
	struct wire_key second = rotated(&(struct message_key_rotate){ .key = opaque.id, .after_use = 1 });
	struct pair next = rotated_pair(&(struct message_key_rotate){ .key = pair.id, .after_use = 1 });
	struct message_verify request = request_for(opaque.secret);
	int64_t end = milliseconds() + 30000;
	char old_token[WIRE_CREDENTIAL_MAX + 1];

	expect(opaque.secret, REASON_NONE);
	expect_pair(&pair, "before", REASON_NONE);
	token_issue(&host, opaque.secret);
	snprintf(old_token, sizeof(old_token), "%s", access_token);
	expect(second.secret, REASON_NONE);
	expect_pair(&next, "first", REASON_NONE);
	restart(SIGTERM);
	while (wire_verify(&host, WIRE_LOGIN_SOCKET, &request).verdict == VERDICT_GRANTED)
		ck_assert_msg(milliseconds() < end, "the old secret goes on being good");
	expect(opaque.secret, REASON_SECRET_RETIRED);
	expect(old_token, REASON_SECRET_RETIRED);
	expect(second.secret, REASON_NONE);
	poll_until("SELECT CAST(strftime('%s', 'now') AS INTEGER) > 1 + max(first_time) FROM use WHERE secret = 2", 1);
	expect_pair(&pair, "after", REASON_SECRET_RETIRED);
	expect_pair(&next, "second", REASON_NONE);
}
END_TEST

/* Whether the first use is noted, and whether the old secret still waits for it: never both. */
START_TEST(a_crash_leaves_the_use_and_the_date_or_neither)
{
	struct wire_key second = rotated(&(struct message_key_rotate){ .key = opaque.id, .after_use = HOUR });
	bool noted, waits;

	expect(second.secret, REASON_NONE);
	restart(SIGKILL);
	noted = secret_of(opaque.id, 2).use_count > 0;
	waits = secret_of(opaque.id, 1).after_use > 0;
	ck_assert(noted != waits);
	expect(opaque.secret, REASON_NONE);
	/* Then the next use is the first. */
	expect(second.secret, REASON_NONE);
	restart(SIGTERM);
	ck_assert_uint_ge(secret_of(opaque.id, 2).use_count, 1);
	ck_assert_uint_eq(secret_of(opaque.id, 1).after_use, 0);
	ck_assert_int_le(secret_of(opaque.id, 1).retires, clock_wall_seconds() + HOUR);
}
END_TEST

/* Until the first secret of the key has its date. */
static void expect_end(const char *id)
{
	int64_t end = milliseconds() + 30000;

	while (secret_of(id, 1).after_use != 0)
		ck_assert_msg(milliseconds() < end, "the first use has no consequence");
	ck_assert_int_le(secret_of(id, 1).retires, clock_wall_seconds() + HOUR);
}

static void expect_last_use(const char *id, uint64_t number, uint64_t count, const char *service)
{
	struct message_secret secret = secret_of(id, number);
	struct message_use use;

	ck_assert_uint_eq(secret.use_count, count);
	ck_assert(codec_next_record(&secret.last_use, &message_use, &use));
	ck_assert_str_eq(use.service, service);
	ck_assert_str_eq(use.source, "local");
}

START_TEST(to_administer_with_the_new_secret_is_a_use_of_it)
{
	struct message_key_create request = { .name = "actor",
					      .permissions = wire_texts("apikeyd.keys.read", "test.use", NULL) };
	struct wire_key actor = wire_make_key(&host, &request), second;
	struct message_key key;

	second = rotated(&(struct message_key_rotate){ .key = actor.id, .after_use = HOUR });
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, actor.secret, actor.id, &key), ANSWER_OK, NULL);
	expect_last_use(actor.id, 1, 1, "admin");
	/* What is refused is no use. */
	expect_answer(admin, refer(admin, WIRE_KEY_REVOKE, second.secret, actor.id, &key), ANSWER_NOT_PERMITTED, NULL);
	ck_assert_uint_eq(secret_of(actor.id, 2).use_count, 0);
	ck_assert_uint_eq(secret_of(actor.id, 1).after_use, HOUR);
	expect_answer(admin, refer(admin, WIRE_KEY_SHOW, second.secret, actor.id, &key), ANSWER_OK, NULL);
	expect_last_use(actor.id, 2, 1, "admin");
	expect_end(actor.id);
}
END_TEST

START_TEST(a_token_of_the_new_secret_is_a_use_of_it)
{
	struct wire_key second = rotated(&(struct message_key_rotate){ .key = opaque.id, .after_use = HOUR });
	struct message_key_retire end = { .key = opaque.id };
	int64_t late = milliseconds() + 30000;
	struct message_key key;

	/* Also where nobody shows the token. */
	token_issue(&host, second.secret);
	expect_last_use(opaque.id, 2, 1, "token");
	expect_end(opaque.id);
	expect(access_token, REASON_NONE);
	while (secret_of(opaque.id, 2).use_count != 2)
		ck_assert_msg(milliseconds() < late, "the login with the token is no use");
	/* One that waits can be ended like any other, for good. */
	second = rotated(&(struct message_key_rotate){ .key = opaque.id, .after_use = HOUR });
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	ck_assert_uint_eq(secret_of(opaque.id, 2).after_use, 0);
	expect(opaque.secret, REASON_SECRET_RETIRED);
	expect(second.secret, REASON_NONE);
}
END_TEST

START_TEST(four_are_good_beside_the_current_one_in_any_way)
{
	struct message_key_rotate ways[] = {
		{ .key = opaque.id, .after_use = HOUR },
		{ .key = opaque.id, .overlap = HOUR },
	};
	struct wire_key last;

	for (size_t i = 0; i < 4; i++)
		last = rotated(&ways[i % 2]);
	for (size_t i = 0; i < 2; i++)
		refuse(&ways[i], ANSWER_WRONG_STATE, "there can be no more");
	/* Nothing was changed by that. */
	expect(last.secret, REASON_NONE);
	ck_assert_int_eq(secret_of(opaque.id, 5).retires, 0);
	/* What is taken back makes room for another. */
	refuse(&(struct message_key_rotate){ .key = opaque.id, .cancel = 1 }, ANSWER_OK, NULL);
	(void)rotated(&ways[0]);
	refuse(&ways[1], ANSWER_WRONG_STATE, "there can be no more");
	ck_assert_uint_eq(secret_of(opaque.id, 6).retires, 0);
}
END_TEST

START_TEST(ways_do_not_go_together)
{
	static const struct {
		uint64_t overlap, after_use, now, cancel;
		const char *detail;
	} cases[] = {
		{ HOUR, HOUR, 0, 0, "either now or with the first use" },
		{ 0, HOUR, 1, 0, "either the secret before ends now" },
		{ 0, HOUR, 0, 1, "has no overlap" },
		{ HOUR, 0, 0, 1, "has no overlap" },
		{ 0, 0, 1, 1, "has no overlap" },
		{ 0, YEAR + 1, 0, 0, "365 days at most" },
		{ 0, UINT64_MAX, 0, 0, "365 days at most" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		refuse(&(struct message_key_rotate){ .key = opaque.id,
						     .overlap = cases[i].overlap,
						     .after_use = cases[i].after_use,
						     .now = cases[i].now,
						     .cancel = cases[i].cancel },
		       ANSWER_INVALID, cases[i].detail);
	ck_assert_int_eq(secret_of(opaque.id, 1).retires, 0);
}
END_TEST

/* ---- taking back ---- */

START_TEST(a_rotation_that_is_taken_back_leaves_the_old_secret)
{
	struct message_key_rotate back = { .key = opaque.id, .cancel = 1, .expected = 2 };
	struct wire_key second = rotated(&(struct message_key_rotate){ .key = opaque.id, .overlap = HOUR }), third;
	char of_first[WIRE_CREDENTIAL_MAX + 1], of_second[WIRE_CREDENTIAL_MAX + 1];
	CLEANUP_FREE char *audit = NULL;
	struct message_key key;

	token_issue(&host, opaque.secret);
	snprintf(of_first, sizeof(of_first), "%s", access_token);
	token_issue(&host, second.secret);
	snprintf(of_second, sizeof(of_second), "%s", access_token);
	rotate_key(&back, ANSWER_OK, NULL, &key);
	ck_assert_ptr_null(key.secret);
	expect(opaque.secret, REASON_NONE);
	expect(of_first, REASON_NONE);
	expect(second.secret, REASON_SECRET_RETIRED);
	expect(of_second, REASON_SECRET_RETIRED);
	ck_assert_int_eq(secret_of(opaque.id, 1).retires, 0);
	/* Whatever the clock says. */
	secret_dates_put_off(&host, opaque.id, YEAR);
	expect(second.secret, REASON_SECRET_RETIRED);
	expect(of_second, REASON_SECRET_RETIRED);
	/* It was taken back once. */
	refuse(&back, ANSWER_WRONG_STATE, "it was rotated meanwhile");
	back.expected = 0;
	refuse(&back, ANSWER_WRONG_STATE, "no rotation to take back");
	/* And goes on from there, under a number of its own. */
	third = rotated(&(struct message_key_rotate){ .key = opaque.id, .overlap = HOUR, .expected = 1 });
	ck_assert_int_eq(secret_of(opaque.id, 3).retires, 0);
	expect(third.secret, REASON_NONE);
	expect(opaque.secret, REASON_NONE);
	expect(second.secret, REASON_SECRET_RETIRED);
	back.expected = 3;
	refuse(&back, ANSWER_OK, NULL);
	expect(third.secret, REASON_SECRET_RETIRED);
	expect(opaque.secret, REASON_NONE);
	audit = host_read(&host, "log/audit.jsonl");
	ck_assert_ptr_nonnull(strstr(audit, "\"event\":\"key_rotate_cancel\""));
}
END_TEST

START_TEST(of_a_pair_the_old_private_key_is_good_again)
{
	struct message_key_rotate back = { .key = pair.id, .cancel = 1 };
	struct pair second = rotated_pair(&(struct message_key_rotate){ .key = pair.id, .after_use = HOUR });
	struct message_key key;

	expect_pair(&second, "a", REASON_NONE);
	expect_pair(&pair, "b", REASON_NONE);
	pair_token(&second, "c", NULL, token);
	token_issue(&host, token);
	rotate_key(&back, ANSWER_OK, NULL, &key);
	ck_assert_ptr_null(key.private_key);
	expect_pair(&pair, "d", REASON_NONE);
	/* Of what has ended no bytes are left that a signature could be compared with. */
	expect_pair(&second, "e", REASON_BAD_SIGNATURE);
	expect(access_token, REASON_SECRET_RETIRED);
	secret_dates_put_off(&host, pair.id, YEAR);
	expect_pair(&second, "f", REASON_BAD_SIGNATURE);
}
END_TEST

START_TEST(what_is_over_does_not_come_back)
{
	struct message_key_rotate back = { .key = opaque.id, .cancel = 1 };
	struct message_key_retire end = { .key = opaque.id, .secret = 2 };
	struct wire_key second, third;
	struct message_key key;

	refuse(&back, ANSWER_WRONG_STATE, "no rotation to take back");
	second = rotated(&(struct message_key_rotate){ .key = opaque.id, .now = 1 });
	refuse(&back, ANSWER_WRONG_STATE, "secret 1, the one before, is refused since 2");
	expect(opaque.secret, REASON_SECRET_RETIRED);
	expect(second.secret, REASON_NONE);
	/* An older one that is still good takes its place no more than that. */
	third = rotated(&(struct message_key_rotate){ .key = opaque.id, .overlap = HOUR });
	(void)rotated(&(struct message_key_rotate){ .key = opaque.id, .overlap = HOUR });
	end.secret = 3;
	expect_answer(admin, retire(admin, &end, &key), ANSWER_OK, NULL);
	refuse(&back, ANSWER_WRONG_STATE, "secret 3, the one before, is refused since 2");
	expect(third.secret, REASON_SECRET_RETIRED);
	expect(second.secret, REASON_NONE);
	wire_change(&host, WIRE_KEY_REVOKE, opaque.id);
	refuse(&back, ANSWER_WRONG_STATE, "revoked, which is final");
}
END_TEST

/* Taking back is making: it gives a secret that was to end a life without one. */
START_TEST(a_secret_that_is_retired_does_not_bring_itself_back)
{
	struct message_key_create wanted = { .name = "writer",
					     .permissions = wire_texts("apikeyd.keys.write", "test.*", NULL) };
	struct wire_key old = wire_make_key(&host, &wanted), new;
	struct message_key_rotate back = { .credential = old.secret, .key = old.id, .cancel = 1 };

	new = rotated(&(struct message_key_rotate){ .key = old.id, .overlap = HOUR });
	refuse(&back, ANSWER_NOT_PERMITTED, "is being retired");
	back.credential = new.secret;
	refuse(&back, ANSWER_OK, NULL);
	expect(new.secret, REASON_SECRET_RETIRED);
	expect(old.secret, REASON_NONE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-rotate-ways");
	TCase *cases = tcase_create("cases");

	tcase_set_timeout(cases, 120);
	tcase_add_checked_fixture(cases, begin, end);
	tcase_add_test(cases, the_old_one_waits_for_the_first_use_of_the_new_one);
	tcase_add_test(cases, the_end_is_written_at_once);
	tcase_add_test(cases, the_old_one_ends_when_its_time_has_come);
	tcase_add_test(cases, a_crash_leaves_the_use_and_the_date_or_neither);
	tcase_add_test(cases, to_administer_with_the_new_secret_is_a_use_of_it);
	tcase_add_test(cases, a_token_of_the_new_secret_is_a_use_of_it);
	tcase_add_test(cases, four_are_good_beside_the_current_one_in_any_way);
	tcase_add_test(cases, ways_do_not_go_together);
	tcase_add_test(cases, a_rotation_that_is_taken_back_leaves_the_old_secret);
	tcase_add_test(cases, of_a_pair_the_old_private_key_is_good_again);
	tcase_add_test(cases, what_is_over_does_not_come_back);
	tcase_add_test(cases, a_secret_that_is_retired_does_not_bring_itself_back);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
