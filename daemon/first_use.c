/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/first_use.h"

#include <errno.h>

#include "common/secret.h"
#include "daemon/key_change.h"
#include "daemon/key_secrets.h"

#define ACTOR "apikeyd"

int first_use_settle(struct store *store, const struct store_use *use)
{
	struct audit_record record = { .event = "key_first_use", .actor = ACTOR };
	struct store_key keys[2];
	int r = store_find_key(store_writer(store), use->key_id, &keys[1]);

	/* It was removed since, or its tenant was. */
	if (r == -ENOENT)
		return 0;
	if (r == 0 && keys[1].secret_count > 1 &&
	    key_secrets_used(keys[1].secrets, keys[1].secret_count, use->secret, use->first_time)) {
		r = store_find_key(store_writer(store), use->key_id, &keys[0]);
		if (r == 0)
			r = key_change_save(store, &keys[0], &keys[1], record,
					    "the new secret was used for the first time");
	}
	secret_wipe(keys[0].secrets, sizeof(keys[0].secrets));
	secret_wipe(keys[1].secrets, sizeof(keys[1].secrets));
	return r;
}
