/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/pending.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "daemon/limits.h"
#include "daemon/writer.h"

struct pending {
	struct writer_job job;         /* first */
	struct connection *connection; /* NULL: it has gone */
	struct pending *previous, *next;
	struct settings_shared *settings; /* what the caller may do stands in them */
	struct verify_caller caller;
	unsigned int generation; /* of the vault that was read */
	struct item item;
	size_t packet_size;
	int64_t begun; /* CLOCK_MONOTONIC, nanoseconds */
	bool counted;  /* its client has gone, and counts against the uid until this is done */
	unsigned char packet[];
};

static void pending_free(struct pending *pending)
{
	settings_unshare(pending->settings);
	secret_wipe(pending, sizeof(*pending) + pending->packet_size);
	free(pending);
}

static void link_pending(struct connection *connection, struct pending *pending)
{
	pending->connection = connection;
	pending->next = connection->pendings;
	if (pending->next)
		pending->next->previous = pending;
	connection->pendings = pending;
	connection->pending_count++;
}

static void unlink_pending(struct pending *pending)
{
	struct connection *connection = pending->connection;

	if (pending->previous)
		pending->previous->next = pending->next;
	else
		connection->pendings = pending->next;
	if (pending->next)
		pending->next->previous = pending->previous;
	connection->pending_count--;
	pending->connection = NULL;
}

bool pending_forget(struct connection *connection)
{
	/* The newest is first in the list, and done last. */
	struct pending *last = connection->pendings;

	if (last)
		last->counted = true;
	while (connection->pendings)
		unlink_pending(connection->pendings);
	return last != NULL;
}

/* In the writer's thread. */
static int consume(struct writer_job *job, struct vault *vault)
{
	struct pending *pending = (struct pending *)job;

	if (verify_is_outdated(job->origin->daemon->keeper, &pending->item.outcome.once, pending->generation))
		return -EAGAIN;
	/* Begun while it waited: then nothing is used up either. */
	if (lockdown_refuses(vault_lockdown(job->origin->daemon->keeper), pending->item.outcome.key_id)) {
		verify_refuse(&pending->item.outcome, REASON_LOCKDOWN);
		return 0;
	}
	return item_consume(&pending->item, vault, job->origin->daemon, &pending->settings->settings, &pending->caller);
}

static void record(struct thread *thread, struct pending *pending)
{
	struct audit_record record = item_record(&pending->item, &pending->caller);

	if (audit_write(thread->daemon->audit, &record, 1) < 0 && thread->settings->settings.audit_strict)
		item_fail_audit(&pending->item, thread, &pending->caller);
}

static void answer(struct pending *pending)
{
	struct connection *connection = pending->connection;
	unsigned char reply[WIRE_VERIFY_PACKET_MAX];
	size_t size = 0;

	if (!connection)
		return;
	unlink_pending(pending);
	if (item_reply(&pending->item, connection, reply, &size) == 0)
		connection_answer(connection, reply, size);
	else
		connection_close(connection);
	secret_wipe(reply, size);
}

/* Back in the connection's thread: what a batch does with what it has judged. */
static void on_consumed(struct thread *thread, struct thread_task *task)
{
	struct pending *pending = (struct pending *)((char *)task - offsetof(struct pending, job.done));
	struct item *item = &pending->item;
	bool relaxed = thread->settings->settings.audit_relaxed, recorded;

	thread->pending_count--;
	if (pending->job.result == 0)
		item_announce(item, thread);
	if (pending->job.result != 0)
		verify_refuse(&item->outcome, REASON_STORE_FAILED);
	else if (pending->connection)
		item_finish(item, thread, &pending->caller);
	else if (item->outcome.reason == REASON_NONE)
		verify_refuse(&item->outcome, REASON_DEADLINE); /* nobody waited for it */
	recorded = item_throttle(item, thread, &pending->caller);
	if (recorded && !relaxed)
		record(thread, pending);
	answer(pending);
	if (recorded && relaxed)
		record(thread, pending);
	item_count(item, thread, &pending->caller, TALLY_WRITTEN, pending->begun);
	if (pending->counted)
		limits_leave(thread->daemon->limits, pending->caller.uid);
	pending_free(pending);
}

bool pending_start(struct connection *connection, const struct verify_caller *caller, const struct item *item,
		   const void *packet, size_t size)
{
	struct thread *thread = connection->thread;
	struct pending *pending;

	if (thread->pending_count >= PENDING_THREAD_MAX)
		return false;
	pending = calloc(1, sizeof(*pending) + size);
	if (!pending)
		return false;
	pending->packet_size = size;
	memcpy(pending->packet, packet, size);
	/* Its texts are to lie in this copy of the packet. */
	if (!item_decode(&pending->item, connection->socket, pending->packet, size)) {
		pending->settings = NULL;
		pending_free(pending);
		return false;
	}
	pending->item.outcome = item->outcome;
	pending->item.rotates = item->rotates;
	memcpy(pending->item.source, item->source, sizeof(item->source));
	pending->settings = settings_share(thread->settings);
	pending->caller = *caller;
	pending->caller.settings = &pending->settings->settings;
	pending->begun = connection->active;
	pending->generation = thread->vault_generation;
	link_pending(connection, pending);
	thread->pending_count++;
	pending->job.run = consume;
	pending->job.origin = thread;
	pending->job.done.run = on_consumed;
	writer_submit(thread->daemon->writer, &pending->job);
	return true;
}
