/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/key_change.h"

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit_changes.h"
#include "daemon/key_fields.h"

int key_change_save(struct store *store, const struct store_key *before, const struct store_key *after,
		    struct audit_record record, const char *why)
{
	CLEANUP_FREE char *changes = key_changes(before, after, why);
	int r = store_update_key(store, after);

	record.time = clock_wall_microseconds();
	record.key_id = after->id;
	record.key_name = after->name;
	record.owner = after->owner;
	record.test = after->test;
	return r < 0 ? r : audit_changes_log(store, &record, changes);
}
