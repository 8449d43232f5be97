/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/first_use.h"

#include <errno.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/secret.h"
#include "daemon/audit.h"
#include "daemon/key_fields.h"
#include "daemon/key_secrets.h"

#define ACTOR "apikeyd"

static int save(struct store *store, const struct store_key *before, const struct store_key *after)
{
	struct audit_record record = { .time = clock_wall_microseconds(),
				       .event = "key_first_use",
				       .actor = ACTOR,
				       .key_id = after->id,
				       .key_name = after->name,
				       .owner = after->owner,
				       .test = after->test };
	CLEANUP_FREE char *changes = key_changes(before, after, "the new secret was used for the first time");
	CLEANUP_FREE char *object = NULL;
	uint64_t rev;
	int r;

	record.changes = changes;
	object = changes ? audit_format(&record) : NULL;
	if (!object)
		return -ENOMEM;
	r = store_update_key(store, after);
	return r < 0 ? r : store_log_change(store, record.time / 1000000, object, &rev);
}

int first_use_settle(struct store *store, const struct store_use *use)
{
	struct store_key keys[2];
	int r = store_find_key(store_writer(store), use->key_id, &keys[1]);

	/* It was removed since, or its tenant was. */
	if (r == -ENOENT)
		return 0;
	if (r == 0 && keys[1].secret_count > 1 &&
	    key_secrets_used(keys[1].secrets, keys[1].secret_count, use->secret, use->first_time)) {
		r = store_find_key(store_writer(store), use->key_id, &keys[0]);
		if (r == 0)
			r = save(store, &keys[0], &keys[1]);
	}
	secret_wipe(keys[0].secrets, sizeof(keys[0].secrets));
	secret_wipe(keys[1].secrets, sizeof(keys[1].secrets));
	return r;
}
