/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/session_sweep.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/answer.h"
#include "proto/credential.h"

#define PAGE_MOST 1024 /* sessions in one answer: each takes 64 bytes and more of a packet */

struct barrier;

struct sweep {
	struct session_sweep_request request;
	struct session_sweep_result result;
	struct session_link *link; /* NULL: not connected yet */
	struct barrier *barrier;   /* that it waits for */
	char key[CREDENTIAL_KEY_ID_MAX + 1];
	uint64_t after;
	bool more;
	size_t count, next;
	struct {
		uint64_t number;
		bool ending; /* told to end before */
	} sessions[PAGE_MOST];
};

/* ---- waiting for the other threads ---- */

/*
 * A ticket that was redeemed just before the change is answered when every thread has come back to its loop; the helper
 * takes that answer before it lists what it has.
 */
struct barrier {
	atomic_size_t left;
	struct thread *origin;
	struct sweep *sweep; /* the main thread's */
	struct thread_task done;
	struct passage {
		struct thread_task task;
		struct barrier *barrier;
	} passages[];
};

static void begin(struct sweep *sweep);

static void on_passed(struct thread *thread, struct thread_task *task)
{
	struct barrier *barrier = (struct barrier *)((char *)task - offsetof(struct barrier, done));
	struct sweep *sweep = barrier->sweep;

	(void)thread;
	free(barrier);
	begin(sweep);
}

static void pass(struct thread *thread, struct thread_task *task)
{
	struct barrier *barrier = ((struct passage *)task)->barrier;

	(void)thread;
	if (atomic_fetch_sub(&barrier->left, 1) == 1)
		thread_post(barrier->origin, &barrier->done);
}

static int wait_for_threads(struct thread *origin, struct sweep *sweep)
{
	struct barrier *barrier;
	size_t count = 0;

	for (const struct thread *thread = origin->daemon->threads; thread; thread = thread->next)
		count += thread != origin;
	barrier = calloc(1, sizeof(*barrier) + count * sizeof(barrier->passages[0]));
	if (!barrier)
		return -ENOMEM;
	atomic_init(&barrier->left, count);
	barrier->origin = origin;
	barrier->sweep = sweep;
	barrier->done.run = on_passed;
	for (struct thread *thread = origin->daemon->threads; thread; thread = thread->next) {
		struct passage *passage;

		if (thread == origin)
			continue;
		passage = &barrier->passages[--count];
		passage->task.run = pass;
		passage->barrier = barrier;
		thread_post(thread, &passage->task);
	}
	return 0;
}

/* ---- the walk ---- */

static void finish(struct sweep *sweep, int result)
{
	struct session_sweep_request request = sweep->request;

	if (result != 0)
		session_link_fault(result, sweep->result.fault);
	session_link_close(sweep->link);
	request.done(request.data, &sweep->result);
	free(sweep);
}

static void list(struct sweep *sweep);
static void end_next(struct sweep *sweep);

static void on_ended(void *data, int result, const void *packet, size_t size)
{
	struct sweep *sweep = data;
	struct message_session session;

	if (result == 0 && codec_decode(&message_session, packet, size, &session) < 0)
		result = -EPROTO;
	if (result < 0) {
		finish(sweep, result);
		return;
	}
	/* One that ended by itself meanwhile is no failure. */
	if (result > 0 && result != ANSWER_NOT_FOUND)
		session_link_fault(result, sweep->result.fault);
	if (result == 0) {
		session.ending = sweep->sessions[sweep->next - 1].ending;
		sweep->result.ended++;
		sweep->result.again += session.ending;
		sweep->result.loose += session.whole == 0;
		if (sweep->request.ended)
			sweep->request.ended(sweep->request.data, &session);
	}
	end_next(sweep);
}

static void end_next(struct sweep *sweep)
{
	struct message_session_reference request;
	int r;

	if (sweep->next == sweep->count) {
		if (sweep->more)
			list(sweep);
		else
			finish(sweep, 0);
		return;
	}
	request.session = sweep->sessions[sweep->next++].number;
	r = session_link_ask(sweep->link, WIRE_SESSION_END, &message_session_reference, &request, on_ended, sweep);
	if (r < 0)
		finish(sweep, r);
}

/* Notes what is to be ended of a page. False for one that no helper sends. */
static bool take_page(struct sweep *sweep, struct message_session_page *page)
{
	const struct session_sweep_request *request = &sweep->request;
	struct message_session session;

	sweep->count = sweep->next = 0;
	while (codec_next_record(&page->sessions, &message_session, &session)) {
		if (session.session <= sweep->after || sweep->count == PAGE_MOST)
			return false;
		sweep->after = session.session;
		if ((!*sweep->key || strcmp(session.key_id, sweep->key) == 0) &&
		    (!request->wanted || request->wanted(request->data, &session))) {
			sweep->sessions[sweep->count].number = session.session;
			sweep->sessions[sweep->count++].ending = session.ending == 1;
		}
	}
	sweep->more = page->more == 1;
	return true;
}

static void on_listed(void *data, int result, const void *packet, size_t size)
{
	struct sweep *sweep = data;
	struct message_session_page page;
	uint64_t before = sweep->after;

	if (result == 0 && (codec_decode(&message_session_page, packet, size, &page) < 0 || !take_page(sweep, &page) ||
			    (sweep->more && sweep->after == before)))
		result = -EPROTO;
	if (result != 0)
		finish(sweep, result);
	else
		end_next(sweep);
}

static void list(struct sweep *sweep)
{
	struct message_session_list request = { .after = sweep->after, .key = *sweep->key ? sweep->key : NULL };
	int r = session_link_ask(sweep->link, WIRE_SESSION_LIST, &message_session_list, &request, on_listed, sweep);

	if (r < 0)
		finish(sweep, r);
}

static void begin(struct sweep *sweep)
{
	list(sweep);
}

void session_sweep_start(struct thread *thread, const struct session_sweep_request *request)
{
	struct sweep *sweep = calloc(1, sizeof(*sweep));
	int r;

	if (!sweep) {
		struct session_sweep_result result = { .ended = 0 };

		session_link_fault(-ENOMEM, result.fault);
		request->done(request->data, &result);
		return;
	}
	sweep->request = *request;
	snprintf(sweep->key, sizeof(sweep->key), "%s", request->key ? request->key : "");
	r = session_link_open(thread, &sweep->link);
	if (r == 0)
		r = wait_for_threads(thread, sweep);
	if (r < 0)
		finish(sweep, r);
}
