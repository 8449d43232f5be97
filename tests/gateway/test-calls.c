/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Blocking calls in threads of their own, with the real daemon: each is done and is over once, wherever the daemon is
 * meanwhile; none acts with the credential of another one; and no more wait than there is room for.
 */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "common/cleanup.h"
#include "gateway/calls.h"
#include "tests/daemon/host.h"
#include "tests/suite.h"

#define PATIENCE 20000 /* milliseconds */

static struct host host;
static sd_event *event;
static struct calls *calls;

struct piece {
	const char *credential; /* to act with; NULL: none */
	int result;             /* of the call; 1000: there was no connection */
	bool worked;
	int over; /* so often */
	pthread_t thread;
};

static void work(struct apikey_admin *admin, void *data)
{
	struct piece *piece = data;
	struct apikey_status *status = NULL;

	piece->worked = true;
	piece->thread = pthread_self();
	piece->result = 1000;
	if (!admin)
		return;
	if (piece->credential)
		ck_assert_int_eq(apikey_admin_set_credential(admin, piece->credential), 0);
	piece->result = apikey_status(admin, &status);
	apikey_status_free(status);
}

static void over(void *data)
{
	struct piece *piece = data;

	ck_assert(piece->worked);
	piece->over++;
}

static void submit(struct piece *piece)
{
	ck_assert_int_eq(calls_submit(calls, work, over, piece), 0);
	ck_assert_int_eq(piece->over, 0);
}

/* Runs the loop until it is over. */
static void wait_for(const struct piece *piece)
{
	int64_t end = milliseconds() + PATIENCE;

	while (piece->over == 0) {
		ck_assert_int_ge(sd_event_run(event, 100000), 0);
		ck_assert_msg(milliseconds() < end, "it is not over");
	}
	ck_assert_int_eq(piece->over, 1);
}

static void setup(void)
{
	host_open(&host, NULL);
	ck_assert_int_ge(sd_event_new(&event), 0);
	ck_assert_int_eq(calls_new(event, host.runtime, &calls), 0);
}

static void teardown(void)
{
	calls_free(calls);
	calls = NULL;
	event = sd_event_unref(event);
	host_remove(&host);
}

START_TEST(work_is_done_in_a_thread_and_over_in_the_loop)
{
	struct piece piece = { .credential = NULL };

	host_start(&host);
	submit(&piece);
	wait_for(&piece);
	ck_assert_int_eq(piece.result, 0);
	ck_assert(!pthread_equal(piece.thread, pthread_self()));
	host_stop(&host);
}
END_TEST

/* More pieces than threads, so that each thread has done both kinds. */
START_TEST(a_credential_is_forgotten_behind_the_work)
{
	struct piece pieces[64] = { { .credential = NULL } };

	host_start(&host);
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		pieces[i].credential = i % 2 == 0 ? "ak_none" : NULL;
		submit(&pieces[i]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(pieces); i++) {
		wait_for(&pieces[i]);
		ck_assert_int_eq(pieces[i].result, i % 2 == 0 ? APIKEY_BAD_CREDENTIAL : 0);
	}
	host_stop(&host);
}
END_TEST

START_TEST(a_daemon_that_comes_back_is_found)
{
	int64_t end;

	for (int i = 0; i < 2; i++) {
		struct piece away = { .credential = NULL }, there = { .result = -1 };

		submit(&away);
		wait_for(&away);
		ck_assert_int_eq(away.result, 1000);
		host_start(&host);
		/* An attempt to connect that failed is not repeated at once. */
		for (end = milliseconds() + PATIENCE; there.result != 0;) {
			there = (struct piece){ .result = -1 };
			submit(&there);
			wait_for(&there);
			ck_assert_msg(milliseconds() < end, "the daemon is not found: %d", there.result);
		}
		/* Connections that stood when it ended are not used again. */
		host_stop(&host);
	}
}
END_TEST

/* Holds a thread until it is let go. */
struct gate {
	atomic_int inside;
	atomic_bool open;
	int over;
};

static void stand(struct apikey_admin *admin, void *data)
{
	const struct timespec moment = { .tv_nsec = 1000000 };
	struct gate *gate = data;

	(void)admin;
	atomic_fetch_add(&gate->inside, 1);
	while (!atomic_load(&gate->open))
		nanosleep(&moment, NULL);
}

static void let_go(void *data)
{
	((struct gate *)data)->over++;
}

START_TEST(no_more_wait_than_there_is_room_for)
{
	struct gate gate = { .over = 0 };
	int64_t end = milliseconds() + PATIENCE;
	int waiting = 0, r;

	/* All threads are held; so many more wait, and no more. */
	for (int i = 0; i < 4; i++)
		ck_assert_int_eq(calls_submit(calls, stand, let_go, &gate), 0);
	while (atomic_load(&gate.inside) < 4)
		ck_assert_msg(milliseconds() < end, "there are not four threads");
	while ((r = calls_submit(calls, stand, let_go, &gate)) == 0)
		waiting++;
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_eq(waiting, CALLS_WAITING_MOST);
	ck_assert_int_eq(gate.over, 0);
	atomic_store(&gate.open, true);
	/* What waits is done at the end, too. */
	calls_free(calls);
	calls = NULL;
	ck_assert_int_eq(gate.over, 4 + waiting);
}
END_TEST

/* What another piece is submitted by when all is being freed is not taken any more. */
static void again(void *data)
{
	int *result = data;

	*result = calls_submit(calls, work, over, NULL);
}

static void nothing(struct apikey_admin *admin, void *data)
{
	(void)data;
	ck_assert_ptr_null(admin);
}

START_TEST(nothing_is_taken_at_the_end)
{
	int result = 0;

	ck_assert_int_eq(calls_submit(calls, nothing, again, &result), 0);
	calls_free(calls);
	calls = NULL;
	ck_assert_int_eq(result, -ECANCELED);
	calls_free(NULL);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("calls");
	TCase *all = tcase_create("all");

	tcase_set_timeout(all, 60);
	tcase_add_checked_fixture(all, setup, teardown);
	tcase_add_test(all, work_is_done_in_a_thread_and_over_in_the_loop);
	tcase_add_test(all, a_credential_is_forgotten_behind_the_work);
	tcase_add_test(all, a_daemon_that_comes_back_is_found);
	tcase_add_test(all, no_more_wait_than_there_is_room_for);
	tcase_add_test(all, nothing_is_taken_at_the_end);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
