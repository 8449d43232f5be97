/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/session_turn.h"

static void on_turn(struct thread *thread, struct thread_task *task)
{
	struct session_turn *turn = (struct session_turn *)task;

	(void)thread;
	turn->begin(turn);
}

/* The first of the uid; NULL: there is none. */
static struct session_turn *find(const struct daemon *daemon, uid_t uid)
{
	struct session_turn *turn = daemon->session_turns;

	while (turn && turn->uid != uid)
		turn = turn->next;
	return turn;
}

void session_turn_take(struct thread *thread, struct session_turn *turn, uid_t uid,
		       void (*begin)(struct session_turn *turn))
{
	struct session_turn **last = &thread->daemon->session_turns;
	bool waits = find(thread->daemon, uid) != NULL;

	while (*last)
		last = &(*last)->next;
	*last = turn;
	*turn = (struct session_turn){ .task.run = on_turn, .begin = begin, .uid = uid, .taken = true };
	if (!waits)
		begin(turn);
}

void session_turn_leave(struct thread *thread, struct session_turn *turn)
{
	struct session_turn **at = &thread->daemon->session_turns, *next;

	if (!turn->taken)
		return;
	while (*at != turn)
		at = &(*at)->next;
	*at = turn->next;
	turn->taken = false;
	/* From the loop: of many that fail at once none is begun within another. */
	next = find(thread->daemon, turn->uid);
	if (next)
		thread_post(thread, &next->task);
}
