/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The way back: backup, restore, and the thorough check of the store, for administrators. What takes long is done in a
 * thread of its own while the main thread goes on serving; the store is replaced in the writer's.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "daemon/admin.h"
#include "daemon/audit.h"
#include "daemon/chore.h"
#include "daemon/transfer.h"

/* A request whose answer takes long. */
struct work {
	struct chore chore;
	struct writer_job job;
	struct admin_request *request; /* its connection is NULL when the peer has gone */
	struct transfer *transfer;     /* NULL for the check */
	struct vault *vault;           /* a reference, or NULL */
	uint8_t master[CRYPTO_KEY_SIZE];
	int64_t now;
	uint64_t keys;
	bool dry_run, accept_revived;
	int result;
	char fault[WIRE_REASON_MAX + 1];
	struct restore_outcome outcome;
};

static struct work *work_of(struct thread_task *task)
{
	return (struct work *)((char *)task - offsetof(struct work, chore.done));
}

static void work_free(struct work *work)
{
	vault_release(work->vault);
	secret_wipe(work->master, sizeof(work->master));
	free(work);
}

/* Begins the work. ADMIN_LATER, or the answer when it cannot begin. */
static int work_begin(struct admin_request *request, struct transfer *transfer, bool needs_master,
		      void (*run)(struct chore *chore), void (*done)(struct thread *thread, struct thread_task *task))
{
	struct daemon *daemon = request->thread->daemon;
	struct work *work = calloc(1, sizeof(*work));
	int r = work ? 0 : -ENOMEM;

	if (work) {
		work->chore = (struct chore){ .run = run, .origin = request->thread, .done = { .run = done } };
		work->request = request;
		work->transfer = transfer;
		work->now = clock_wall_seconds();
		work->vault = vault_acquire(daemon->keeper);
		work->dry_run = request->message.restore.flags & MESSAGE_RESTORE_DRY_RUN;
		work->accept_revived = request->message.restore.flags & MESSAGE_RESTORE_ACCEPT_REVIVED;
	}
	if (r == 0 && request->verb->needs_store && !work->vault)
		r = ANSWER_UNAVAILABLE;
	if (r == 0 && needs_master &&
	    vault_master(daemon->keeper, work->master, request->detail, sizeof(request->detail)) < 0)
		r = ANSWER_UNAVAILABLE;
	if (r == 0)
		r = chores_begin(daemon->chores, &work->chore);
	if (r == 0) {
		if (transfer)
			transfer->working = true;
		return ADMIN_LATER;
	}
	if (work)
		work_free(work);
	if (r == -EBUSY)
		return admin_refuse(request, ANSWER_BUSY,
				    "a backup, a restore or a check is under way; try again when it is done");
	return r > 0 ? r : admin_refuse(request, ANSWER_UNAVAILABLE, "the work cannot begin: %s", strerror(-r));
}

static struct transfer *begin_transfer(struct admin_request *request)
{
	struct transfer *transfer = transfer_begin(request->connection);

	if (!transfer)
		admin_refuse(request, ANSWER_BUSY, "another backup or restore is under way; try again when it is done");
	return transfer;
}

/* ---- backup ---- */

static void backup_run(struct chore *chore)
{
	struct work *work = (struct work *)chore;
	struct daemon *daemon = chore->origin->daemon;

	work->result = backup_take(work->vault->store, vault_folder(daemon->keeper), work->master, work->now,
				   &work->transfer->backup, work->fault, sizeof(work->fault));
}

/* A backup that leaves no trace is none that is given out. */
static int record_backup(struct admin_request *request, const struct backup *backup)
{
	struct audit_record record = admin_record(request, "backup");
	char changes[128];

	snprintf(changes, sizeof(changes), "{\"rev\":%" PRIu64 ",\"keys\":%" PRIu64 ",\"size\":%" PRIu64 "}",
		 backup->seal.rev, backup->keys, backup->size);
	record.changes = changes;
	if (audit_write(request->thread->daemon->audit, &record, 1) == 0)
		return 0;
	return admin_refuse(request, ANSWER_STORE_FAILED,
			    "no backup is given out that the audit does not tell of: the audit file cannot be written; "
			    "'apikeyctl status' says why");
}

static int answer_backup(struct admin_request *request, const struct backup *backup)
{
	struct message_backup reply = {
		.size = backup->size,
		.rev = backup->seal.rev,
		.time = backup->seal.time,
		.keys = backup->keys,
	};
	int r = record_backup(request, backup);

	return r == 0 ? admin_reply(request, &message_backup, &reply) : r;
}

static void backup_finished(struct thread *thread, struct thread_task *task)
{
	struct work *work = work_of(task);
	struct admin_request *request = work->request;
	struct transfer *transfer = work->transfer;
	bool there = transfer_worked(thread->daemon, transfer);
	int r = ANSWER_UNAVAILABLE;

	if (work->result < 0)
		r = admin_refuse(request, ANSWER_STORE_FAILED, "no backup was made: %.460s", work->fault);
	else if (there)
		r = answer_backup(request, &transfer->backup);
	if (there && r != 0)
		transfer_end(thread->daemon, transfer);
	work_free(work);
	admin_finish(request, r);
}

int admin_backup_open(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct transfer *transfer = begin_transfer(request);
	int r;

	(void)reader;
	(void)vault;
	if (!transfer)
		return ANSWER_BUSY;
	r = work_begin(request, transfer, true, backup_run, backup_finished);
	if (r != ADMIN_LATER)
		transfer_end(request->thread->daemon, transfer);
	return r;
}

int admin_backup_read(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct transfer *transfer = transfer_of(request->connection);
	struct message_part reply = { .offset = request->message.part.offset };
	CLEANUP_FREE uint8_t *bytes = malloc(WIRE_PART_MAX);
	ssize_t got;

	(void)reader;
	(void)vault;
	if (!transfer || transfer->backup.fd < 0)
		return admin_refuse(request, ANSWER_INVALID, "no backup is open on this connection");
	if (!bytes)
		return -ENOMEM;
	if (reply.offset > transfer->backup.size)
		return admin_refuse(request, ANSWER_INVALID, "the backup has %" PRIu64 " bytes", transfer->backup.size);
	got = pread(transfer->backup.fd, bytes, WIRE_PART_MAX, (off_t)reply.offset);
	if (got < 0)
		return admin_refuse(request, ANSWER_UNAVAILABLE, "the copy cannot be read: %s", strerror(errno));
	reply.bytes = (struct codec_bytes){ .size = (size_t)got, .data = bytes };
	return admin_reply(request, &message_part, &reply);
}

/* ---- restore ---- */

static int answer_part(struct admin_request *request)
{
	struct message_part reply = { .credential = NULL };

	return admin_reply(request, &message_part, &reply);
}

int admin_restore_open(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct transfer *transfer = begin_transfer(request);

	(void)reader;
	(void)vault;
	if (!transfer)
		return ANSWER_BUSY;
	if (restore_new(vault_folder(request->thread->daemon->keeper), &transfer->restore, request->detail,
			sizeof(request->detail)) < 0) {
		transfer_end(request->thread->daemon, transfer);
		return ANSWER_STORE_FAILED;
	}
	return answer_part(request);
}

static int no_restore(struct admin_request *request)
{
	return admin_refuse(request, ANSWER_INVALID, "no restore is open on this connection");
}

int admin_restore_write(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct transfer *transfer = transfer_of(request->connection);
	const struct message_part *part = &request->message.part;
	int r;

	(void)reader;
	(void)vault;
	if (!transfer || !transfer->restore)
		return no_restore(request);
	r = restore_write(transfer->restore, part->offset, part->bytes.data, part->bytes.size);
	if (r == 0)
		return answer_part(request);
	transfer_end(request->thread->daemon, transfer);
	if (r == -EINVAL)
		return admin_refuse(request, ANSWER_INVALID, "the parts of a backup come one after the other");
	return admin_refuse(
		request, ANSWER_STORE_FAILED,
		"the backup cannot be taken in, and nothing was changed: %s; see that there is room for twice "
		"its size where the key store is",
		strerror(-r));
}

static void check_and_compare(struct chore *chore)
{
	struct work *work = (struct work *)chore;

	work->result = restore_check(work->transfer->restore, work->master, work->fault, sizeof(work->fault));
	if (work->result == 0)
		work->result = restore_compare(work->transfer->restore, work->vault, work->accept_revived, work->now,
					       &work->outcome, work->fault, sizeof(work->fault));
}

static int answer_restored(struct work *work, bool done)
{
	const struct restore_outcome *outcome = &work->outcome;
	const struct restore_report *report = &outcome->report;
	CLEANUP_FREE struct message_restored_key *keys = calloc(report->listed_count + 1, sizeof(*keys));
	struct message_restored reply = {
		.time = outcome->seal.time,
		.version = outcome->seal.version,
		.backup_rev = outcome->seal.rev,
		.present_rev = outcome->present_rev,
		.rev = done ? outcome->rev : 0,
		.keys = report->keys,
		.present_unreadable = outcome->present_unreadable,
		.returning = report->returning,
		.revived = report->revived,
		.lost = report->lost,
		.done = done,
		.kept = done && outcome->kept ? STORE_KEPT : NULL,
		.listed = { .count = report->listed_count, .items = keys },
	};

	if (!keys)
		return -ENOMEM;
	for (size_t i = 0; i < report->listed_count; i++)
		keys[i] = (struct message_restored_key){
			.fate = report->listed[i].fate,
			.why = report->listed[i].why,
			.id = report->listed[i].id,
			.name = report->listed[i].name,
			.owner = report->listed[i].owner,
		};
	return admin_reply(work->request, &message_restored, &reply);
}

static int refuse_restore(struct work *work)
{
	enum answer answer = work->result == -EKEYREJECTED || work->result == -EBADMSG || work->result == -EINVAL ||
					     work->result == -ESTALE
				     ? ANSWER_INVALID
				     : ANSWER_STORE_FAILED;

	return admin_refuse(work->request, answer, "nothing was changed: %.480s", work->fault);
}

static char *record_restore(void *data, const struct restore_outcome *outcome)
{
	const struct work *work = data;
	const struct restore_report *report = &outcome->report;
	struct audit_record record = admin_record(work->request, "restore");
	char changes[512], taken[CLOCK_TEXT_SIZE];

	clock_format(outcome->seal.time, taken, sizeof(taken));
	snprintf(changes, sizeof(changes),
		 "{\"before\":{\"rev\":%" PRIu64 "},\"after\":{\"rev\":%" PRIu64 ",\"backup_rev\":%" PRIu64
		 ",\"backup_time\":\"%s\",\"keys\":%" PRIu64 ",\"returning\":%" PRIu64 ",\"revived\":%" PRIu64
		 ",\"lost\":%" PRIu64 ",\"accept_revived\":%s,\"present_unreadable\":%s}}",
		 outcome->present_rev, outcome->rev, outcome->seal.rev, taken, report->keys, report->returning,
		 report->revived, report->lost, work->accept_revived ? "true" : "false",
		 outcome->present_unreadable ? "true" : "false");
	record.changes = changes;
	return audit_format(&record);
}

/* In the writer's thread. */
static int replace_store(struct writer_job *job, struct vault *vault)
{
	struct work *work = (struct work *)((char *)job - offsetof(struct work, job));
	struct daemon *daemon = job->origin->daemon;

	work->result =
		restore_commit(work->transfer->restore, daemon->keeper, vault, daemon->audit, work->accept_revived,
			       work->now, record_restore, work, &work->outcome, work->fault, sizeof(work->fault));
	return 0;
}

static void replaced(struct thread *thread, struct thread_task *task)
{
	struct work *work = (struct work *)((char *)task - offsetof(struct work, job.done));
	struct admin_request *request = work->request;
	int r;

	if (transfer_worked(thread->daemon, work->transfer))
		transfer_end(thread->daemon, work->transfer);
	r = work->result < 0 ? refuse_restore(work) : answer_restored(work, true);
	work_free(work);
	admin_finish(request, r);
}

static void compared(struct thread *thread, struct thread_task *task)
{
	struct work *work = work_of(task);
	struct admin_request *request = work->request;
	bool there = transfer_worked(thread->daemon, work->transfer);
	int r = ANSWER_UNAVAILABLE;

	if (there && work->result == 0 && !work->dry_run) {
		/* The vault the writer has then is the one that counts. */
		vault_release(work->vault);
		work->vault = NULL;
		work->transfer->working = true;
		work->job = (struct writer_job){
			.run = replace_store, .origin = thread, .done = { .run = replaced }, .alone = true
		};
		writer_submit(thread->daemon->writer, &work->job);
		return;
	}
	if (work->result < 0)
		r = refuse_restore(work);
	else if (there)
		r = answer_restored(work, false);
	/* What could not be compared may be accepted with the next request; what was refused for what it is, not. */
	if (there && work->result < 0 && work->result != -ESTALE)
		transfer_end(thread->daemon, work->transfer);
	work_free(work);
	admin_finish(request, r);
}

int admin_restore_finish(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	struct transfer *transfer = transfer_of(request->connection);

	(void)reader;
	(void)vault;
	if (!transfer || !transfer->restore)
		return no_restore(request);
	return work_begin(request, transfer, true, check_and_compare, compared);
}

/* ---- check ---- */

static void check_run(struct chore *chore)
{
	struct work *work = (struct work *)chore;
	struct store_reader *reader = NULL;
	uint64_t counts[STORE_STATE_COUNT] = { 0 };

	work->result = store_reader_open(work->vault->store, &reader);
	if (work->result < 0)
		snprintf(work->fault, sizeof(work->fault), "the key store cannot be read: %s", strerror(-work->result));
	else
		work->result = store_check(reader, work->fault, sizeof(work->fault));
	if (work->result == 0)
		work->result = store_count_keys(reader, counts);
	for (size_t i = 0; i < STORE_STATE_COUNT; i++)
		work->keys += counts[i];
	store_reader_close(reader);
}

static void checked(struct thread *thread, struct thread_task *task)
{
	struct work *work = work_of(task);
	struct admin_request *request = work->request;
	char sentence[128];
	struct message_item reply = { .name = "store.check", .number = work->keys, .text = sentence };
	int r;

	(void)thread;
	snprintf(sentence, sizeof(sentence), "The key store is whole: %" PRIu64 " keys were read.", work->keys);
	r = work->result < 0 ? admin_refuse(request, ANSWER_STORE_FAILED, "%s", work->fault)
			     : admin_reply(request, &message_item, &reply);
	work_free(work);
	admin_finish(request, r);
}

int admin_store_check(struct admin_request *request, struct store_reader *reader, struct vault *vault)
{
	(void)reader;
	(void)vault;
	return work_begin(request, NULL, false, check_run, checked);
}
