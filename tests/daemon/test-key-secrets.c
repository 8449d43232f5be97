/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Which secret is the current one, what a rotation, its end and a first use do with the others, and what has no way
 * back. */
#include <check.h>
#include <errno.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/key_secrets.h"
#include "daemon/policy.h"
#include "tests/suite.h"

#define NOW 1000000
#define HOUR 3600

static struct store_key key;

/* A key with secrets that end so long from now; 0: the current one. */
static void make(size_t count, const int64_t *ends)
{
	key = (struct store_key){ .secret_count = count };
	for (size_t i = 0; i < count; i++) {
		key.secrets[i] = (struct store_secret){ .number = (uint32_t)i + 1,
							.form = STORE_FORM_PAIR,
							.created = NOW - HOUR + (int64_t)i,
							.retires = ends[i] == 0 ? 0 : NOW + ends[i] };
		memset(key.secrets[i].sealed, 's', STORE_SEALED_SIZE);
	}
}

#define MAKE(...) make(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t), (int64_t[]){ __VA_ARGS__ })

static bool is_wiped(const struct store_secret *secret)
{
	static const uint8_t nothing[STORE_SEALED_SIZE];

	return memcmp(secret->sealed, nothing, sizeof(nothing)) == 0;
}

static void add(struct key_overlap overlap)
{
	uint32_t number = key_secrets_next_number(&key);

	ck_assert_int_eq(key_secrets_make_room(&key, overlap, NOW), 0);
	key.secrets[key.secret_count++] =
		(struct store_secret){ .number = number, .form = STORE_FORM_PAIR, .created = NOW };
}

START_TEST(the_current_one_has_no_end)
{
	MAKE(0);
	ck_assert_uint_eq(key_secrets_current(&key), 0);
	ck_assert_ptr_null(key_secrets_before(&key));
	MAKE(HOUR, -HOUR, 0);
	ck_assert_uint_eq(key_secrets_current(&key), 2);
	ck_assert_uint_eq(key_secrets_before(&key)->number, 2);
	ck_assert_uint_eq(key_secrets_next_number(&key), 4);
	/* After a rotation was taken back. */
	MAKE(HOUR, 0, -HOUR);
	ck_assert_uint_eq(key_secrets_current(&key), 1);
	ck_assert_uint_eq(key_secrets_before(&key)->number, 1);
	ck_assert_uint_eq(key_secrets_next_number(&key), 4);
	/* What the daemon does not write. */
	MAKE(HOUR, HOUR);
	ck_assert_uint_eq(key_secrets_current(&key), 1);
	key.secret_count = 0;
	ck_assert_uint_eq(key_secrets_current(&key), 0);
	ck_assert_ptr_null(key_secrets_before(&key));
	ck_assert_uint_eq(key_secrets_next_number(&key), 1);
	MAKE(0);
	key.secrets[0].number = UINT32_MAX;
	ck_assert_uint_eq(key_secrets_next_number(&key), 0);
}
END_TEST

START_TEST(an_overlap_has_an_end_whichever_it_is)
{
	MAKE(0);
	add((struct key_overlap){ .seconds = HOUR });
	ck_assert_int_eq(key.secrets[0].retires, NOW + HOUR);
	add((struct key_overlap){ .after_use = HOUR });
	ck_assert_int_eq(key.secrets[1].retires, NOW + (int64_t)KEY_SECRETS_WAIT_MAX);
	ck_assert_uint_eq(key.secrets[1].after_use, HOUR);
	add((struct key_overlap){ 0 });
	ck_assert_int_eq(key.secrets[2].retires, NOW);
	ck_assert_uint_eq(key.secrets[2].form, STORE_FORM_ENDED);
	ck_assert_uint_eq(key_secrets_current(&key), 3);
	MAKE(0);
	ck_assert_int_eq(key_secrets_make_room(&key, (struct key_overlap){ .seconds = UINT64_MAX }, NOW), -ERANGE);
	MAKE(0);
	ck_assert_int_eq(key_secrets_make_room(&key, (struct key_overlap){ .after_use = 1ULL << 32 }, NOW), -ERANGE);
	MAKE(0);
	ck_assert_int_eq(key_secrets_make_room(&key, (struct key_overlap){ .after_use = 1 }, INT64_MAX - 1), -ERANGE);
}
END_TEST

START_TEST(four_are_good_beside_the_current_one)
{
	const struct key_overlap ways[] = { { .seconds = HOUR }, { .after_use = HOUR } };

	for (size_t i = 0; i < ARRAY_SIZE(ways); i++) {
		MAKE(HOUR, HOUR, HOUR, HOUR, 0);
		ck_assert_int_eq(key_secrets_make_room(&key, ways[i], NOW), -ENOSPC);
		/* Those that wait for the first use count too. */
		MAKE(HOUR, HOUR, HOUR, HOUR, 0);
		key.secrets[2].after_use = HOUR;
		ck_assert_int_eq(key_secrets_make_room(&key, ways[i], NOW), -ENOSPC);
		/* One that is over makes room, however it ended; its number is not given again. */
		MAKE(HOUR, HOUR, -1, HOUR, 0);
		add(ways[i]);
		ck_assert_uint_eq(key.secret_count, STORE_SECRETS_MAX);
		ck_assert_uint_eq(key.secrets[4].number, 6);
		MAKE(HOUR, HOUR, HOUR, 0, 0);
		key_secrets_take_back(&key, NOW);
		add(ways[i]);
		ck_assert_uint_eq(key.secrets[4].number, 6);
		ck_assert_int_eq(key_secrets_make_room(&key, ways[i], NOW), -ENOSPC);
	}
	MAKE(HOUR, HOUR, HOUR, HOUR, 0);
	add((struct key_overlap){ 0 });
	ck_assert_uint_eq(key.secret_count, STORE_SECRETS_MAX);
}
END_TEST

START_TEST(what_is_taken_back_stays_refused)
{
	MAKE(HOUR, 0);
	key.secrets[0].after_use = 5;
	key_secrets_take_back(&key, NOW);
	ck_assert_uint_eq(key_secrets_current(&key), 0);
	ck_assert_int_eq(key.secrets[0].retires, 0);
	ck_assert_uint_eq(key.secrets[0].after_use, 0);
	ck_assert(!is_wiped(&key.secrets[0]));
	ck_assert(is_wiped(&key.secrets[1]));
	ck_assert_int_eq(policy_judge_secret(&key.secrets[1], NOW), REASON_SECRET_RETIRED);
	ck_assert_int_eq(policy_judge_secret(&key.secrets[1], INT64_MIN), REASON_SECRET_RETIRED);
	ck_assert_ptr_null(key_secrets_before(&key));
	/* The rotation after that is one of the secret that is current now. */
	add((struct key_overlap){ .seconds = HOUR });
	ck_assert_uint_eq(key.secrets[2].number, 3);
	ck_assert_int_eq(key.secrets[0].retires, NOW + HOUR);
	ck_assert_uint_eq(key_secrets_before(&key)->number, 1);
	/* One that was ended by hand is the one before all the same, and no older one takes its place. */
	add((struct key_overlap){ .seconds = HOUR });
	key_secrets_end(&key.secrets[2], NOW);
	ck_assert_uint_eq(key_secrets_before(&key)->number, 3);
}
END_TEST

START_TEST(what_nobody_has_is_replaced)
{
	MAKE(HOUR, 0);
	for (uint32_t i = 0; i < 20; i++) {
		uint32_t number = key_secrets_next_number(&key);

		ck_assert_uint_eq(number, 3 + i);
		key_secrets_replace(&key, NOW);
		ck_assert_uint_lt(key.secret_count, STORE_SECRETS_MAX);
		key.secrets[key.secret_count++] =
			(struct store_secret){ .number = number, .form = STORE_FORM_TOKEN, .created = NOW };
		ck_assert_uint_eq(key_secrets_before(&key)->number, 1);
		ck_assert_int_eq(key.secrets[0].retires, NOW + HOUR);
		for (size_t j = 1; j + 1 < key.secret_count; j++)
			ck_assert_int_eq(policy_judge_secret(&key.secrets[j], INT64_MIN), REASON_SECRET_RETIRED);
	}
}
END_TEST

/* Of a secret that waits: how long for, the use, and when it ends then, from now. */
static const struct {
	const char *what;
	int64_t retires;
	uint32_t after_use;
	int64_t use;
	int64_t end;
} uses[] = {
	{ "an hour after the use", 100 * HOUR, HOUR, 2 * HOUR, 3 * HOUR },
	{ "never later than it would", 100 * HOUR, HOUR, 99 * HOUR + 1, 100 * HOUR },
	{ "a clock that was far ahead", 100 * HOUR, HOUR, 1000 * HOUR, 100 * HOUR },
	{ "a clock at its end", 100 * HOUR, HOUR, INT64_MAX - NOW, 100 * HOUR },
	{ "a clock that was behind: as if used when it was made", 100 * HOUR, 2 * HOUR, -50 * HOUR, HOUR + 1 },
	{ "the longest there is", 100 * HOUR, UINT32_MAX, 0, 100 * HOUR },
};

START_TEST(the_first_use_gives_the_date)
{
	MAKE(uses[_i].retires, 0);
	key.secrets[0].after_use = uses[_i].after_use;
	ck_assert(key_secrets_used(key.secrets, 2, 2, NOW + uses[_i].use));
	ck_assert_msg(key.secrets[0].retires == NOW + uses[_i].end, "%s", uses[_i].what);
	ck_assert_uint_eq(key.secrets[0].after_use, 0);
	/* A second one changes nothing. */
	ck_assert(!key_secrets_used(key.secrets, 2, 2, NOW));
	ck_assert_int_eq(key.secrets[0].retires, NOW + uses[_i].end);
}
END_TEST

START_TEST(only_those_before_the_used_one_wait_for_it)
{
	MAKE(9 * HOUR, 9 * HOUR, 9 * HOUR, 0);
	for (size_t i = 0; i < 3; i++)
		key.secrets[i].after_use = HOUR;
	ck_assert(!key_secrets_used(key.secrets, 4, 1, NOW));
	ck_assert(!key_secrets_used(key.secrets, 4, 9, NOW));
	ck_assert(key_secrets_used(key.secrets, 4, 2, NOW));
	ck_assert_int_eq(key.secrets[0].retires, NOW + HOUR);
	ck_assert_int_eq(key.secrets[1].retires, NOW + 9 * HOUR);
	ck_assert(key_secrets_used(key.secrets, 4, 4, NOW + 2));
	ck_assert_int_eq(key.secrets[0].retires, NOW + HOUR);
	ck_assert_int_eq(key.secrets[1].retires, NOW + 2 + HOUR);
	ck_assert_int_eq(key.secrets[2].retires, NOW + 2 + HOUR);
	ck_assert_int_eq(key.secrets[3].retires, 0);
	ck_assert(!key_secrets_used(key.secrets, 0, 1, NOW));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("key-secrets");
	TCase *cases = tcase_create("cases");

	tcase_add_test(cases, the_current_one_has_no_end);
	tcase_add_test(cases, an_overlap_has_an_end_whichever_it_is);
	tcase_add_test(cases, four_are_good_beside_the_current_one);
	tcase_add_test(cases, what_is_taken_back_stays_refused);
	tcase_add_test(cases, what_nobody_has_is_replaced);
	tcase_add_loop_test(cases, the_first_use_gives_the_date, 0, ARRAY_SIZE(uses));
	tcase_add_test(cases, only_those_before_the_used_one_wait_for_it);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
