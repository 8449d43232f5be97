/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A binding changes what the key is good for, so it stands in the change log, and who follows that hears of it; a use
 * that is counted does not. Defends against two services that are both first, and against one use too many: both are
 * decided by the statement that writes, after the policy said yes.
 */
#include "daemon/key_use.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit_changes.h"
#include "daemon/store_limit.h"

static char *binding_changes(const char *service)
{
	json_t *changes =
		json_pack("{s:{s:s}, s:{s:s}}", "before", "exclusive", STORE_UNBOUND, "after", "exclusive", service);
	char *text = changes ? json_dumps(changes, JSON_COMPACT) : NULL;

	json_decref(changes);
	return text;
}

static int log_binding(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		       const struct store_key *key)
{
	CLEANUP_FREE char *changes = binding_changes(request->service);
	struct audit_record record = {
		.time = clock_wall_microseconds(),
		.event = "key_bind",
		.key_id = key->id,
		.key_name = key->name,
		.owner = key->owner,
		.test = key->test,
		.user = request->user,
		.service = request->service,
		.tty = request->tty,
		.rhost = request->rhost,
		.has_peer = true,
		.peer_uid = caller->uid,
		.peer_pid = caller->pid,
	};

	return audit_changes_log(store, &record, changes);
}

static int bind_key(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		    const struct store_key *key)
{
	int r = store_bind_key(store, key->id, request->service);

	/* It was read in this transaction, and waited to be bound. */
	if (r == -ENOENT)
		return -EIO;
	return r < 0 ? r : log_binding(store, caller, request, key);
}

int key_use_write(struct store *store, const struct verify_caller *caller, const struct message_verify *request,
		  const struct store_key *key, enum reason *ret_reason)
{
	enum reason reason = REASON_NONE;
	int r = 0;

	if (key->max_uses > 0)
		r = store_count_use(store, key->id, key->max_uses);
	if (r == -EDQUOT) {
		reason = REASON_USE_LIMIT_REACHED;
		r = 0;
	} else if (r == 0 && strcmp(key->exclusive, STORE_UNBOUND) == 0) {
		r = bind_key(store, caller, request, key);
	}
	if (r == 0)
		*ret_reason = reason;
	return r;
}
