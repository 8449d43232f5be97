/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Blocking calls in threads of their own, with the real daemon: each is done and is over once, wherever the daemon is
 * meanwhile; none acts with the credential of another one; no more wait than there is room for; none goes on for ever;
 * work of one kind keeps none of another kind out; and a descriptor is closed once.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <systemd/sd-event.h>
#include <unistd.h>

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
	ck_assert_int_eq(calls_submit(calls, CALLS_API, work, over, piece), 0);
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

/* However often it is looked for. */
START_TEST(a_connection_that_has_ended_is_closed_once)
{
	int others[64];

	host_start(&host);
	for (int i = 0; i < 64; i++) {
		struct piece there = { .result = -1 };

		submit(&there);
		wait_for(&there);
		ck_assert_int_eq(there.result, 0);
	}
	host_stop(&host);
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 64; i++) {
			struct piece away = { .credential = NULL };

			submit(&away);
			wait_for(&away);
			ck_assert_int_eq(away.result, 1000);
		}
		/* What had its number belongs to others now. */
		for (size_t i = 0; round == 0 && i < ARRAY_SIZE(others); i++)
			ck_assert_int_ge(others[i] = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(others); i++)
		ck_assert_int_eq(close(others[i]), 0);
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

static const struct {
	int threads, waiting;
} most[CALLS_KINDS] = {
	[CALLS_API] = { CALLS_API_THREADS, CALLS_API_WAITING },
	[CALLS_PORTAL] = { CALLS_PORTAL_THREADS, CALLS_PORTAL_WAITING },
};

/* Holds all threads that a kind may have. */
static void hold(enum calls_kind kind, struct gate *gate)
{
	int64_t end = milliseconds() + PATIENCE;

	for (int i = 0; i < most[kind].threads; i++)
		ck_assert_int_eq(calls_submit(calls, kind, stand, let_go, gate), 0);
	while (atomic_load(&gate->inside) < most[kind].threads)
		ck_assert_msg(milliseconds() < end, "there are not so many threads");
}

/* Fills the room that a kind has to wait. Threads that are free may take so many meanwhile. */
static void fill(enum calls_kind kind, int taken, struct gate *gate)
{
	int waiting = 0, r;

	while ((r = calls_submit(calls, kind, stand, let_go, gate)) == 0)
		waiting++;
	ck_assert_int_eq(r, -EAGAIN);
	ck_assert_int_ge(waiting, most[kind].waiting);
	ck_assert_int_le(waiting, most[kind].waiting + taken);
}

START_TEST(no_more_wait_than_there_is_room_for)
{
	struct gate gates[CALLS_KINDS] = { { .over = 0 } };

	hold(CALLS_PORTAL, &gates[CALLS_PORTAL]);
	fill(CALLS_PORTAL, 0, &gates[CALLS_PORTAL]);
	fill(CALLS_API, CALLS_API_THREADS, &gates[CALLS_API]);
	for (size_t kind = 0; kind < CALLS_KINDS; kind++) {
		ck_assert_int_eq(gates[kind].over, 0);
		atomic_store(&gates[kind].open, true);
	}
	/* What waits is done at the end, too. */
	calls_free(calls);
	calls = NULL;
	ck_assert_int_eq(gates[CALLS_PORTAL].over, CALLS_PORTAL_THREADS + CALLS_PORTAL_WAITING);
	ck_assert_int_ge(gates[CALLS_API].over, CALLS_API_WAITING);
}
END_TEST

/* All that stand at the gate, and so many that wait behind them: until they have gone it has to be there. */
static void let_all_go(enum calls_kind kind, int waiting, struct gate *gate)
{
	atomic_store(&gate->open, true);
	while (gate->over < most[kind].threads + waiting)
		ck_assert_int_ge(sd_event_run(event, 100000), 0);
}

/* However many wait for pages that do not come, the API is served, and the reverse. */
START_TEST(no_kind_keeps_another_one_out)
{
	enum calls_kind slow = (enum calls_kind)_i, other = slow == CALLS_API ? CALLS_PORTAL : CALLS_API;
	struct gate gate = { .over = 0 };

	host_start(&host);
	hold(slow, &gate);
	for (int i = 0; i < 8; i++)
		ck_assert_int_eq(calls_submit(calls, slow, stand, let_go, &gate), 0);
	for (int i = 0; i < 8; i++) {
		struct piece piece = { .result = -1 };

		ck_assert_int_eq(calls_submit(calls, other, work, over, &piece), 0);
		wait_for(&piece);
		ck_assert_int_eq(piece.result, 0);
		ck_assert_int_eq(atomic_load(&gate.inside), most[slow].threads);
	}
	let_all_go(slow, 8, &gate);
	host_stop(&host);
}
END_TEST

static atomic_bool asked; /* by go_on(), and answered */

/* Asks again and again, as long as there is an answer. */
static void go_on(struct apikey_admin *admin, void *data)
{
	struct piece *piece = data;
	int64_t end = milliseconds() + PATIENCE;

	piece->worked = true;
	piece->result = 0;
	while (admin && piece->result == 0 && milliseconds() < end) {
		struct apikey_status *status = NULL;

		piece->result = apikey_status(admin, &status);
		apikey_status_free(status);
		atomic_store(&asked, true);
	}
	/* The others fail at once. */
	for (int i = 0; admin && i < 100; i++) {
		struct apikey_status *status = NULL;

		ck_assert_int_lt(apikey_status(admin, &status), 0);
	}
}

/* Each call has its answer in time, and all of them take too long; and so does what waits for them. */
START_TEST(work_ends_in_time)
{
	struct gate gate = { .over = 0 };
	struct piece waits = { .result = -1 }, endless = { .result = -1 }, after = { .result = -1 };
	int64_t begun, taken;

	host_start(&host);
	hold(CALLS_PORTAL, &gate);
	ck_assert_int_eq(calls_submit(calls, CALLS_PORTAL, work, over, &waits), 0);
	begun = milliseconds();
	ck_assert_int_eq(calls_submit(calls, CALLS_API, go_on, over, &endless), 0);
	wait_for(&endless);
	taken = milliseconds() - begun;
	ck_assert_int_lt(endless.result, 0);
	ck_assert_int_ge(taken, CALLS_SECONDS * 1000);
	ck_assert_int_lt(taken, PATIENCE);
	atomic_store(&gate.open, true);
	wait_for(&waits);
	ck_assert_int_eq(waits.result, 1000);
	/* And who comes then is served. */
	submit(&after);
	wait_for(&after);
	ck_assert_int_eq(after.result, 0);
	let_all_go(CALLS_PORTAL, 0, &gate);
	host_stop(&host);
}
END_TEST

/* What another piece is submitted by when all is being freed is not taken any more. */
static void again(void *data)
{
	int *result = data;

	*result = calls_submit(calls, CALLS_API, work, over, NULL);
}

static void nothing(struct apikey_admin *admin, void *data)
{
	(void)data;
	ck_assert_ptr_null(admin);
}

START_TEST(nothing_is_taken_at_the_end)
{
	int result = 0;

	ck_assert_int_eq(calls_submit(calls, CALLS_API, nothing, again, &result), 0);
	calls_free(calls);
	calls = NULL;
	ck_assert_int_eq(result, -ECANCELED);
	calls_free(NULL);
}
END_TEST

/* Whoever ends it does not wait for work that goes on and on. */
START_TEST(the_end_comes_in_time)
{
	struct piece endless = { .result = -1 };
	int64_t begun, end = milliseconds() + PATIENCE;

	host_start(&host);
	do {
		endless = (struct piece){ .result = -1 };
		submit(&endless);
		wait_for(&endless);
		ck_assert_msg(milliseconds() < end, "the daemon is not found");
	} while (endless.result != 0);
	endless = (struct piece){ .result = -1 };
	ck_assert_int_eq(calls_submit(calls, CALLS_API, go_on, over, &endless), 0);
	while (!atomic_load(&asked))
		ck_assert_int_ge(sd_event_run(event, 1000), 0);
	begun = milliseconds();
	calls_free(calls);
	calls = NULL;
	ck_assert_int_lt(milliseconds() - begun, CALLS_SECONDS * 1000 / 2);
	ck_assert_int_eq(endless.over, 1);
	ck_assert_int_lt(endless.result, 0);
	host_stop(&host);
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
	tcase_add_test(all, a_connection_that_has_ended_is_closed_once);
	tcase_add_test(all, no_more_wait_than_there_is_room_for);
	tcase_add_loop_test(all, no_kind_keeps_another_one_out, 0, CALLS_KINDS);
	tcase_add_test(all, work_ends_in_time);
	tcase_add_test(all, nothing_is_taken_at_the_end);
	tcase_add_test(all, the_end_comes_in_time);
	suite_add_tcase(suite, all);
	return suite_run(suite);
}
