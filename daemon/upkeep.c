/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/upkeep.h"

#include <errno.h>
#include <stdio.h>

#include "common/clock.h"
#include "daemon/audit_changes.h"

/* Changes stay in the log for so long after they are in the audit file, for whoever follows it by rev; who has been
 * away for longer needs a copy of the store. */
#define CHANGES_KEPT_SECONDS (30 * INT64_C(86400))

/* Ends the transaction that was begun, as a step of it went. */
static int settle(struct vault *vault, int r)
{
	if (r == 0)
		return store_write_commit(vault->store);
	store_write_abort(vault->store);
	return r;
}

int upkeep_prune_changes(struct vault *vault)
{
	struct store_reader *reader = store_writer(vault->store);
	int64_t before = clock_wall_seconds() - CHANGES_KEPT_SECONDS, time = 0;
	uint64_t noted = 0, rev = 0;
	int r = store_load_number(reader, "audited_rev", &noted);

	if (r == 0)
		r = store_oldest_change(reader, &rev, &time);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (rev > noted || time >= before)
		return 0;
	r = store_write_begin(vault->store);
	return r < 0 ? r : settle(vault, store_prune_changes(vault->store, noted, before));
}

int upkeep_purge_once(struct vault *vault, size_t most, size_t *ret_count)
{
	int r = store_write_begin(vault->store);

	return r < 0 ? r : settle(vault, store_purge_once(vault->store, clock_wall_seconds(), most, ret_count));
}

/* With its record. */
static int retire(struct vault *vault)
{
	struct audit_record record = { .time = clock_wall_microseconds(),
				       .event = "master_key_retire",
				       .actor = "apikeyd" };
	char changes[64];
	int r = keyring_retire(vault->store, store_writer(vault->store), vault->keyring.wrap);

	snprintf(changes, sizeof(changes), "{\"after\":{\"wrap\":%u}}", (unsigned int)vault->keyring.wrap);
	return r < 0 ? r : audit_changes_log(vault->store, &record, changes);
}

int upkeep_retire_wraps(struct vault *vault)
{
	uint32_t oldest = 0, newest = 0;
	int r = store_wraps(store_writer(vault->store), &oldest, &newest);

	if (r < 0 || oldest >= vault->keyring.wrap)
		return r;
	r = store_write_begin(vault->store);
	if (r == 0)
		r = settle(vault, retire(vault));
	return r < 0 ? r : 1;
}
