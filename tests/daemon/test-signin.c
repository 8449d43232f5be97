/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The sign-ins in the daemon's memory: found by their text alone, for their gateway, until they end; bounded so that
 * nobody takes the room of others; and never there as their text.
 */
#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/signin.h"
#include "tests/suite.h"

#define GATEWAY 990
#define RACERS 8
#define ROUNDS 200

static struct signins *signins;

static void setup(void)
{
	ck_assert_int_eq(signins_new(&signins), 0);
}

static void teardown(void)
{
	signins_free(signins);
}

static struct signin_now at(int64_t boot)
{
	return (struct signin_now){ .boot = boot, .wall = 1700000000 + boot };
}

static struct signin of_user(uid_t uid, enum signin_use use)
{
	return (struct signin){ .kind = SIGNIN_USER, .use = use, .gateway = GATEWAY, .uid_known = true, .uid = uid };
}

static struct signin of_key(const char *id, enum signin_use use)
{
	struct signin signin = { .kind = SIGNIN_KEY, .use = use, .gateway = GATEWAY };

	snprintf(signin.key_id, sizeof(signin.key_id), "%s", id);
	snprintf(signin.account, sizeof(signin.account), "acme");
	snprintf(signin.tenant, sizeof(signin.tenant), "%s", id);
	snprintf(signin.user, sizeof(signin.user), "deploy");
	return signin;
}

static struct signin of_administrator(gid_t group, int64_t vouched)
{
	struct signin signin = of_user(1000, SIGNIN_PORTAL);

	signin.kind = SIGNIN_ADMINISTRATOR;
	signin.group = group;
	signin.vouched = vouched;
	return signin;
}

static void begin(struct signin signin, int64_t boot, char ret_text[SIGNIN_TEXT_SIZE])
{
	ck_assert_int_eq(signins_begin(signins, &signin, at(boot), 1000, 0, ret_text), 0);
}

static bool is_good(const char *text, int64_t boot)
{
	struct signin signin;

	return signins_find(signins, text, GATEWAY, at(boot), &signin);
}

static bool all(const void *data, const struct signin *signin)
{
	(void)data;
	(void)signin;
	return true;
}

static bool is_of(const void *data, const struct signin *signin)
{
	return signin->uid == *(const uid_t *)data;
}

static size_t count(int64_t boot)
{
	return signins_list(signins, all, NULL, at(boot), NULL, 0);
}

START_TEST(it_is_found_by_its_text_for_its_gateway)
{
	struct signin signin = of_key("abcdefghijkl", SIGNIN_PORTAL), found;
	char text[SIGNIN_TEXT_SIZE], other[SIGNIN_TEXT_SIZE];

	ck_assert_int_eq(signins_begin(signins, &signin, at(10), 100, 0, text), 0);
	ck_assert_uint_eq(strlen(text), SIGNIN_TEXT_SIZE - 1);
	ck_assert(signin_is_credential(text));
	ck_assert(!signin_is_code(text));
	ck_assert_uint_eq(strlen(signin.id), SIGNIN_ID_SIZE);
	ck_assert(signins_find(signins, text, GATEWAY, at(20), &found));
	ck_assert_str_eq(found.id, signin.id);
	ck_assert_str_eq(found.key_id, "abcdefghijkl");
	ck_assert_int_eq(found.created, at(10).wall);
	ck_assert_int_eq(found.used, at(20).wall);
	ck_assert_int_eq(found.expires, at(110).wall);
	ck_assert(signins_hold(signins, signin.id, at(20)));
	ck_assert(!signins_find(signins, text, GATEWAY + 1, at(20), &found));
	ck_assert(!signins_redeem(signins, text, at(20), &found));
	for (size_t i = 0; i < SIGNIN_TEXT_SIZE - 1; i++) {
		memcpy(other, text, sizeof(other));
		other[i] = other[i] == 'x' ? 'y' : 'x';
		ck_assert_msg(!is_good(other, 20), "%s instead of %s", other, text);
	}
	memcpy(other, text, sizeof(other));
	other[SIGNIN_TEXT_SIZE - 2] = '\0';
	ck_assert(!is_good(other, 20));
	ck_assert(!is_good("", 20));
	ck_assert(is_good(text, 20));
}
END_TEST

START_TEST(it_ends)
{
	char text[SIGNIN_TEXT_SIZE], idle[SIGNIN_TEXT_SIZE], link[SIGNIN_TEXT_SIZE];
	struct signin user = of_user(1000, SIGNIN_PORTAL), found;

	begin(user, 0, text);
	ck_assert_int_eq(signins_begin(signins, &user, at(0), 1000, 60, idle), 0);
	begin(of_user(1000, SIGNIN_LINK), 0, link);
	for (int64_t now = 0; now < 600; now += 59)
		ck_assert(is_good(idle, now));
	ck_assert(!is_good(idle, 590 + 60));
	ck_assert(!signins_hold(signins, user.id, at(590 + 60)));
	ck_assert(is_good(text, 999));
	ck_assert(!is_good(text, 1000));
	ck_assert(!signins_redeem(signins, link, at(1000), &found));
	ck_assert_uint_eq(count(1000), 0);
}
END_TEST

static enum signin_standing standing(const struct signin *signin, int64_t boot)
{
	return signins_standing(signins, signin->id, 50, true, at(boot));
}

START_TEST(an_administrator_is_asked_about_once_a_minute)
{
	struct signin signin = of_administrator(50, 100), ended;
	char text[SIGNIN_TEXT_SIZE];

	ck_assert_int_eq(signins_begin(signins, &signin, at(110), 10000, 0, text), 0);
	ck_assert_int_eq(standing(&signin, 110), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 159), SIGNIN_STANDS);
	ck_assert_int_eq(signins_standing(signins, signin.id, 50, false, at(160)), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 160), SIGNIN_TO_ASK);
	/* While that is on its way nobody else asks, and the last word counts for a while. */
	ck_assert_int_eq(standing(&signin, 160), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 699), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 700), SIGNIN_FALLEN);
	/* It was true when it was asked. */
	ck_assert(!signins_settle(signins, signin.id, 50, 0, at(700), &ended));
	ck_assert_int_eq(signins_standing(signins, signin.id, 50, false, at(700)), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 700), SIGNIN_TO_ASK);
	/* A name service that fails says nothing, and is not asked again at once. */
	ck_assert(!signins_settle(signins, signin.id, 50, -EIO, at(701), &ended));
	ck_assert_int_eq(standing(&signin, 702), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 759), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 760), SIGNIN_TO_ASK);
	ck_assert(!signins_settle(signins, signin.id, 50, 0, at(760), &ended));
	ck_assert_int_eq(standing(&signin, 819), SIGNIN_STANDS);
	ck_assert_int_eq(standing(&signin, 820), SIGNIN_TO_ASK);
	ck_assert(signins_settle(signins, signin.id, 50, -EPERM, at(820), &ended));
	ck_assert_str_eq(ended.id, signin.id);
	ck_assert(!is_good(text, 820));
	ck_assert_int_eq(standing(&signin, 820), SIGNIN_FALLEN);
	ck_assert(!signins_settle(signins, signin.id, 50, 0, at(820), &ended));
}
END_TEST

START_TEST(what_was_said_of_another_group_counts_for_nothing)
{
	struct signin signin = of_administrator(40, 100), ended;
	char text[SIGNIN_TEXT_SIZE];

	ck_assert_int_eq(signins_begin(signins, &signin, at(100), 10000, 0, text), 0);
	ck_assert_int_eq(standing(&signin, 101), SIGNIN_TO_ASK);
	ck_assert_int_eq(standing(&signin, 101), SIGNIN_FALLEN);
	ck_assert(!signins_settle(signins, signin.id, 40, 0, at(102), &ended));
	ck_assert(!signins_settle(signins, signin.id, 40, -EPERM, at(102), &ended));
	ck_assert_int_eq(standing(&signin, 102), SIGNIN_FALLEN);
	ck_assert(!signins_settle(signins, signin.id, 50, 0, at(102), &ended));
	ck_assert_int_eq(standing(&signin, 103), SIGNIN_STANDS);
}
END_TEST

/* The wall clock shows when it ends, and moves nothing. */
START_TEST(a_clock_that_is_set_moves_no_end)
{
	struct signin_now later = { .boot = 500, .wall = 5 };
	char text[SIGNIN_TEXT_SIZE];
	struct signin found;

	begin(of_user(1000, SIGNIN_PORTAL), 0, text);
	ck_assert(signins_find(signins, text, GATEWAY, later, &found));
	ck_assert_int_eq(found.expires, 505);
	later.wall = INT64_C(1) << 40;
	ck_assert(signins_find(signins, text, GATEWAY, later, &found));
	later.boot = 1000;
	later.wall = 0;
	ck_assert(!signins_find(signins, text, GATEWAY, later, &found));
}
END_TEST

START_TEST(a_link_is_good_once)
{
	char code[SIGNIN_TEXT_SIZE];
	struct signin found;

	begin(of_user(1000, SIGNIN_LINK), 0, code);
	ck_assert(signin_is_code(code));
	ck_assert(!is_good(code, 1));
	ck_assert(signins_redeem(signins, code, at(1), &found));
	ck_assert_uint_eq(found.uid, 1000);
	ck_assert(!signins_redeem(signins, code, at(1), &found));
}
END_TEST

START_TEST(nobody_takes_the_room_of_others)
{
	char mine[SIGNIN_TEXT_SIZE], first[SIGNIN_TEXT_SIZE], text[SIGNIN_TEXT_SIZE], kept[SIGNIN_TEXT_SIZE];
	char id[16];

	begin(of_user(1000, SIGNIN_PORTAL), 0, mine);
	begin(of_user(1001, SIGNIN_PORTAL), 0, first);
	begin(of_user(1001, SIGNIN_PORTAL), 0, kept);
	/* Of one person, what was used longest ago goes. */
	for (int i = 2; i < SIGNIN_MOST_PORTAL; i++)
		begin(of_user(1001, SIGNIN_PORTAL), 1, text);
	ck_assert(is_good(first, 2));
	ck_assert(is_good(kept, 3));
	begin(of_user(1001, SIGNIN_PORTAL), 4, text);
	ck_assert(is_good(first, 5));
	ck_assert(is_good(kept, 5));
	ck_assert_uint_eq(count(5), 1 + SIGNIN_MOST_PORTAL);
	for (int i = 0; i < 2 * SIGNIN_MOST_REQUESTS; i++)
		begin(of_key("abcdefghijkl", SIGNIN_REQUEST), 6, text);
	for (int i = 0; i < 2 * SIGNIN_MOST_LINKS; i++)
		begin(of_user(1001, SIGNIN_LINK), 6, text);
	ck_assert_uint_eq(count(6), 1 + SIGNIN_MOST_PORTAL + SIGNIN_MOST_REQUESTS + SIGNIN_MOST_LINKS);
	/* Many keys together take the rest, and then from each other. */
	for (int i = 0; i < SIGNIN_MOST; i++) {
		snprintf(id, sizeof(id), "key%09d", i % 100);
		begin(of_key(id, SIGNIN_REQUEST), 7, text);
	}
	ck_assert_uint_eq(count(7), 1 + SIGNIN_MOST_PORTAL + SIGNIN_MOST_LINKS + SIGNIN_MOST_PROGRAMS);
	ck_assert(is_good(mine, 7));
	ck_assert(is_good(text, 7));
	/* Who comes late gets in. */
	begin(of_user(1002, SIGNIN_PORTAL), 8, text);
	ck_assert(is_good(text, 8));
}
END_TEST

static struct signin owned(const char *tenant, const char *owner, const char *id)
{
	struct signin signin = of_key(id, SIGNIN_PORTAL);

	snprintf(signin.tenant, sizeof(signin.tenant), "%s", tenant);
	snprintf(signin.user, sizeof(signin.user), "%s", owner);
	return signin;
}

/* Keys are cheap: their number makes nobody many. */
START_TEST(keys_count_by_their_owner)
{
	char others[SIGNIN_TEXT_SIZE], text[SIGNIN_TEXT_SIZE], id[16];

	begin(owned("one", "bob", "bobs"), 0, others);
	for (int i = 0; i < 2 * SIGNIN_MOST_PORTAL; i++) {
		snprintf(id, sizeof(id), "key%09d", i);
		begin(owned("one", "alice", id), 1, text);
	}
	ck_assert_uint_eq(count(1), 1 + SIGNIN_MOST_PORTAL);
	ck_assert(is_good(others, 1));
	begin(owned("two", "alice", "other"), 1, others);
	ck_assert_uint_eq(count(1), 2 + SIGNIN_MOST_PORTAL);
}
END_TEST

/* However many keys and tenants somebody makes. */
START_TEST(no_key_takes_the_room_of_users_and_other_accounts)
{
	char link[SIGNIN_TEXT_SIZE], user[SIGNIN_TEXT_SIZE], other[SIGNIN_TEXT_SIZE], program[SIGNIN_TEXT_SIZE];
	char text[SIGNIN_TEXT_SIZE], id[16];
	struct signin late = of_key("late", SIGNIN_PORTAL), found;

	begin(of_user(1000, SIGNIN_LINK), 0, link);
	begin(of_user(1001, SIGNIN_PORTAL), 0, user);
	begin(of_key("program", SIGNIN_REQUEST), 0, program);
	snprintf(late.account, sizeof(late.account), "other");
	begin(late, 0, other);
	begin(late, 0, other);
	for (int i = 0; i < SIGNIN_MOST + 10; i++) {
		snprintf(id, sizeof(id), "key%09d", i);
		begin(of_key(id, SIGNIN_PORTAL), 1, text);
	}
	ck_assert_uint_eq(count(1), 3 + SIGNIN_MOST_KEYS);
	ck_assert(is_good(text, 1));
	ck_assert(is_good(user, 1));
	ck_assert(is_good(program, 1));
	ck_assert(is_good(other, 1));
	ck_assert(signins_redeem(signins, link, at(1), &found));
}
END_TEST

START_TEST(they_are_listed_and_ended_by_whose_they_are)
{
	struct signin one = of_user(1000, SIGNIN_PORTAL), other = of_user(1001, SIGNIN_PORTAL), found[2];
	char text[SIGNIN_TEXT_SIZE], newest[SIGNIN_TEXT_SIZE];
	uid_t uid = 1000;

	begin(one, 0, newest);
	ck_assert_int_eq(signins_begin(signins, &one, at(1), 1000, 0, text), 0);
	ck_assert_int_eq(signins_begin(signins, &other, at(2), 1000, 0, text), 0);
	ck_assert(is_good(newest, 3));
	ck_assert_uint_eq(signins_list(signins, is_of, &uid, at(3), found, 2), 2);
	ck_assert_int_eq(found[0].used, at(3).wall);
	ck_assert_str_eq(found[1].id, one.id);
	ck_assert_uint_eq(signins_list(signins, all, NULL, at(3), found, 2), 3);
	ck_assert(!signins_end(signins, other.id, is_of, &uid, at(3), found));
	ck_assert(signins_end(signins, one.id, is_of, &uid, at(3), found));
	ck_assert_str_eq(found[0].id, one.id);
	ck_assert(!signins_end(signins, one.id, NULL, NULL, at(3), NULL));
	signins_end_those(signins, is_of, &uid);
	ck_assert_uint_eq(count(3), 1);
	ck_assert(is_good(text, 3));
}
END_TEST

static char raced[SIGNIN_TEXT_SIZE];
static atomic_int winners;

static void *race(void *data)
{
	struct signin found;

	(void)data;
	if (signins_redeem(signins, raced, at(1), &found))
		atomic_fetch_add(&winners, 1);
	return NULL;
}

START_TEST(one_of_many_gets_a_link)
{
	pthread_t threads[RACERS];

	for (int i = 0; i < ROUNDS; i++) {
		begin(of_user(1000, SIGNIN_LINK), 0, raced);
		atomic_store(&winners, 0);
		for (size_t k = 0; k < RACERS; k++)
			ck_assert_int_eq(pthread_create(&threads[k], NULL, race, NULL), 0);
		for (size_t k = 0; k < RACERS; k++)
			ck_assert_int_eq(pthread_join(threads[k], NULL), 0);
		ck_assert_int_eq(atomic_load(&winners), 1);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("signin");
	TCase *tests = tcase_create("signin");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, it_is_found_by_its_text_for_its_gateway);
	tcase_add_test(tests, it_ends);
	tcase_add_test(tests, an_administrator_is_asked_about_once_a_minute);
	tcase_add_test(tests, what_was_said_of_another_group_counts_for_nothing);
	tcase_add_test(tests, a_clock_that_is_set_moves_no_end);
	tcase_add_test(tests, a_link_is_good_once);
	tcase_add_test(tests, nobody_takes_the_room_of_others);
	tcase_add_test(tests, keys_count_by_their_owner);
	tcase_add_test(tests, no_key_takes_the_room_of_users_and_other_accounts);
	tcase_add_test(tests, they_are_listed_and_ended_by_whose_they_are);
	tcase_add_test(tests, one_of_many_gets_a_link);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
