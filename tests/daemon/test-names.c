/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Names that are looked up while others wait: what nobody waits for any more is not looked up, and no more wait than
 * may. The name service is this program's own, and answers when it is told to.
 */
#include "daemon/names.h"

#include <check.h>
#include <errno.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/suite.h"

#define FIRST 1 /* uids */
#define LAST 2
#define GONE 3
#define PATIENCE 20000 /* milliseconds */

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static bool open_now;
static unsigned int asked[GONE + 1]; /* by uid */

static struct settings_shared settings;
static struct daemon host;
static struct thread thread;
static struct names *names;

struct answer {
	bool came;
	int error;
};

/* In the place of libc's: found is not said, after the door was opened. */
int getpwuid_r(uid_t uid, struct passwd *entry, char *buffer, size_t size, struct passwd **ret_found)
{
	(void)entry;
	(void)buffer;
	(void)size;
	pthread_mutex_lock(&lock);
	asked[uid <= GONE ? uid : 0]++;
	pthread_cond_broadcast(&changed);
	while (!open_now)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	*ret_found = NULL;
	return 0;
}

static void on_found(void *data, int error, uid_t uid, const char *name)
{
	struct answer *answer = data;

	(void)uid;
	(void)name;
	ck_assert(!answer->came);
	*answer = (struct answer){ .came = true, .error = error };
}

static unsigned int settled;

static void on_settled(struct thread *asker, const char *tag, gid_t group, int error)
{
	ck_assert_ptr_eq(asker, &thread);
	ck_assert_str_eq(tag, "tag");
	ck_assert_uint_eq(group, 7);
	ck_assert_int_eq(error, -ENOENT);
	settled++;
}

static struct names_query *look_up(uid_t uid, struct answer *answer)
{
	struct names_query *query = NULL;

	*answer = (struct answer){ .came = false };
	ck_assert_int_eq(names_look_up(names, &thread, NULL, uid, on_found, answer, &query), 0);
	ck_assert_ptr_nonnull(query);
	return query;
}

static void look_up_member(uint64_t deadline, names_settled wants, struct answer *answer)
{
	const struct names_member member = {
		.uid = GONE, .group = 7, .deadline = deadline, .tag = "tag", .settled = wants
	};
	struct names_query *query;

	*answer = (struct answer){ .came = false };
	ck_assert_int_eq(names_look_up_member(names, &thread, &member, on_found, answer, &query), 0);
}

static void expect(const struct answer *answer, int error)
{
	int64_t end = clock_monotonic() + INT64_C(1000000) * PATIENCE;

	while (!answer->came && clock_monotonic() < end)
		ck_assert_int_ge(sd_event_run(thread.event, 100000), 0);
	ck_assert(answer->came);
	ck_assert_int_eq(answer->error, error);
}

static void let_go(void)
{
	pthread_mutex_lock(&lock);
	open_now = true;
	pthread_cond_broadcast(&changed);
	pthread_mutex_unlock(&lock);
}

static unsigned int asked_about(uid_t uid)
{
	unsigned int count;

	pthread_mutex_lock(&lock);
	count = asked[uid];
	pthread_mutex_unlock(&lock);
	return count;
}

/* The name service is busy with the first. */
static void begin(struct answer *first)
{
	(void)look_up(FIRST, first);
	pthread_mutex_lock(&lock);
	while (asked[FIRST] == 0)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
}

static void setup(void)
{
	atomic_init(&settings.references, 1);
	ck_assert_int_eq(thread_init(&thread, "test", &host, &settings), 0);
	ck_assert_int_eq(names_start(&names), 0);
}

static void teardown(void)
{
	names_stop(names);
	let_go();
	thread_done(&thread);
}

START_TEST(what_was_cancelled_is_not_looked_up)
{
	struct answer first, last, gone[3];
	struct names_query *queries[3];

	begin(&first);
	for (int i = 0; i < 3; i++)
		queries[i] = look_up(GONE, &gone[i]);
	/* In the middle, at the end, at the beginning; and there is room behind. */
	names_cancel(queries[1]);
	names_cancel(queries[2]);
	(void)look_up(LAST, &last);
	names_cancel(queries[0]);
	let_go();
	expect(&last, -ENOENT);
	expect(&first, -ENOENT);
	ck_assert_uint_eq(asked_about(GONE), 0);
	for (int i = 0; i < 3; i++)
		ck_assert(!gone[i].came);
}
END_TEST

START_TEST(what_is_being_looked_up_may_be_cancelled)
{
	struct answer first, last;
	struct names_query *query = look_up(FIRST, &first);

	pthread_mutex_lock(&lock);
	while (asked[FIRST] == 0)
		pthread_cond_wait(&changed, &lock);
	pthread_mutex_unlock(&lock);
	names_cancel(query);
	(void)look_up(LAST, &last);
	let_go();
	expect(&last, -ENOENT);
	ck_assert(!first.came);
}
END_TEST

START_TEST(what_came_too_late_is_not_looked_up)
{
	struct answer first, late, last;

	begin(&first);
	look_up_member(1, NULL, &late);
	expect(&late, -ETIMEDOUT);
	(void)look_up(LAST, &last);
	let_go();
	expect(&last, -ENOENT);
	ck_assert_uint_eq(asked_about(GONE), 0);
}
END_TEST

START_TEST(what_is_to_be_settled_is_looked_up_all_the_same)
{
	struct answer first, late, last;

	begin(&first);
	look_up_member(1, on_settled, &late);
	expect(&late, -ETIMEDOUT);
	(void)look_up(LAST, &last);
	let_go();
	expect(&last, -ENOENT);
	ck_assert_uint_eq(asked_about(GONE), 1);
	ck_assert_uint_eq(settled, 1);
}
END_TEST

START_TEST(no_more_wait_than_may)
{
	static struct answer answers[NAMES_QUEUE_MAX];
	struct names_query *query = NULL, *one;
	struct answer first, other;

	begin(&first);
	one = look_up(GONE, &answers[0]);
	for (int i = 1; i < NAMES_QUEUE_MAX; i++)
		(void)look_up(GONE, &answers[i]);
	ck_assert_int_eq(names_look_up(names, &thread, NULL, LAST, on_found, &other, &query), -ETIMEDOUT);
	ck_assert_ptr_null(query);
	names_cancel(one);
	(void)look_up(LAST, &other);
	let_go();
	expect(&other, -ENOENT);
	ck_assert_uint_eq(asked_about(GONE), NAMES_QUEUE_MAX - 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon/names");
	TCase *tests = tcase_create("names");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, what_was_cancelled_is_not_looked_up);
	tcase_add_test(tests, what_is_being_looked_up_may_be_cancelled);
	tcase_add_test(tests, what_came_too_late_is_not_looked_up);
	tcase_add_test(tests, what_is_to_be_settled_is_looked_up_all_the_same);
	tcase_add_test(tests, no_more_wait_than_may);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
