/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/writer_state.h"

#include <errno.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit_changes.h"
#include "daemon/first_use.h"
#include "daemon/journal.h"
#include "daemon/signing_key_make.h"
#include "daemon/sweep.h"
#include "daemon/thread.h"
#include "daemon/upkeep.h"
#include "daemon/uses.h"

#define USES_MAX 8192 /* in one transaction: jobs wait for it */

/* What a group has left to forget is forgotten so many at a time. Between two such steps the writer rests for
 * PURGE_REST times as long as the one took: there is no hurry, and those who bring a key need processor and disk too.
 */
#define PURGE_STEP 128
#define PURGE_REST 4

static bool has_fault(struct writer *writer)
{
	bool faulty;

	pthread_mutex_lock(&writer->lock);
	faulty = *writer->health.fault != '\0';
	pthread_mutex_unlock(&writer->lock);
	return faulty;
}

/* The next uses of those taken. */
static int add_uses(struct writer *writer, struct vault *vault, size_t count)
{
	struct store_use use;
	bool first;
	int r = 0;

	for (size_t i = 0; r == 0 && i < count; i++) {
		uses_taken(writer->daemon->uses, writer->uses_written + i, &use);
		r = store_add_use(vault->store, &use, &first);
		if (r == 0 && first)
			r = first_use_settle(vault->store, &use);
	}
	return r;
}

/* With no uses it tries whether writing works again, so that a fault is not told of for longer than it lasts. */
static int write_uses(struct writer *writer, struct vault *vault, size_t count)
{
	int r = store_write_begin(vault->store);

	if (r < 0)
		return r;
	r = count > 0 ? add_uses(writer, vault, count)
		      : store_save_number(vault->store, "tried", (uint64_t)clock_wall_seconds());
	if (r == 0)
		r = writer_note_clock(writer, vault);
	if (r < 0) {
		store_write_abort(vault->store);
		return r;
	}
	return store_write_commit(vault->store);
}

/* What was taken waits with the others until it can be written. */
static void give_back(struct writer *writer)
{
	if (writer->uses_written < writer->uses_taken)
		uses_return(writer->daemon->uses);
	writer->uses_written = writer->uses_taken;
}

/* ---- the master key before ---- */

/*
 * A store that was opened with one master key is opened with none of those before it any more: what they open goes, and
 * from the log as well. Tried again with each flush until it is done.
 */
static int settle_master_key(struct writer *writer, struct vault *vault, unsigned int generation)
{
	int r;

	if (writer->settled == generation)
		return 0;
	r = upkeep_retire_wraps(vault);
	if (r > 0) {
		journal_print(writer->daemon->journal, LOG_NOTICE,
			      "the master key was replaced: the one before opens the key store no more");
		writer->retired = true;
	}
	if (r >= 0)
		r = writer->retired ? store_empty_log(vault->store) : 0;
	if (r == 0) {
		writer->retired = false;
		writer->settled = generation;
	}
	return r == -EAGAIN ? 0 : r;
}

/* One step of forgetting what was used once; writer->purging: there may be more. */
void writer_purge(struct writer *writer)
{
	CLEANUP_VAULT struct vault *vault = vault_acquire(writer->daemon->keeper);
	int64_t expires = 0, began = clock_monotonic(), ended;
	size_t count = 0;
	int r = 0;

	writer->purging = false;
	if (!vault)
		return;
	r = store_once_oldest(store_writer(vault->store), &expires);
	if (r == 0 && expires <= clock_wall_seconds())
		r = upkeep_purge_once(vault, PURGE_STEP, &count);
	if (r == -EIO)
		vault_report(writer->daemon->keeper, vault);
	writer->purging = r == 0 && count >= PURGE_STEP;
	ended = clock_monotonic();
	writer->purge_at = ended + (ended - began) * PURGE_REST;
}

/* A step of what a deletion has left to do; while there is more, it goes on as soon as no job waits. */
static void sweep(struct writer *writer, struct vault *vault)
{
	int r = sweep_step(vault);

	writer->sweeping = r > 0;
	if (r > 0)
		(void)audit_changes_append(writer->daemon->audit, vault);
	else if (r == -EIO)
		vault_report(writer->daemon->keeper, vault);
}

void writer_flush(struct writer *writer)
{
	unsigned int generation = vault_generation(writer->daemon->keeper); /* of that vault, or one before it */
	CLEANUP_VAULT struct vault *vault = vault_acquire(writer->daemon->keeper);
	struct uses *uses = writer->daemon->uses;
	size_t count;
	int r = 0;

	writer->sweeping = false;
	if (!vault) {
		give_back(writer);
		return;
	}
	if (writer->uses_written == writer->uses_taken) {
		writer->uses_taken = uses_take(uses);
		writer->uses_written = 0;
	}
	count = writer->uses_taken - writer->uses_written;
	if (count > USES_MAX)
		count = USES_MAX;
	if (count > 0 || has_fault(writer)) {
		r = write_uses(writer, vault, count);
		writer_set_fault(writer, "the key store cannot be written", r);
		if (r < 0) {
			give_back(writer);
		} else {
			writer->uses_written += count;
			uses_written(uses, writer->uses_written);
		}
		if (r == -EIO)
			vault_report(writer->daemon->keeper, vault);
	}
	store_end_bulk(vault->store);
	if (r != 0)
		return;
	if (settle_master_key(writer, vault, generation) == -EIO || signing_keys_settle(vault) == -EIO)
		vault_report(writer->daemon->keeper, vault);
	(void)audit_changes_append(writer->daemon->audit, vault);
	if (upkeep_prune_changes(vault) == -EIO)
		vault_report(writer->daemon->keeper, vault);
	sweep(writer, vault);
}
