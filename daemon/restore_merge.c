/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/restore_merge.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/role_grants.h"
#include "daemon/store_limit.h"
#include "daemon/store_policy.h"
#include "daemon/store_repeat.h"
#include "daemon/store_tenant.h"
#include "proto/permission.h"

/* ---- one key ---- */

/* Which of the things that can be narrowed, beside the bits of the wire. */
enum narrowed {
	NARROWED_PERMISSIONS = 1 << 8,
	NARROWED_USERS = 1 << 9,
	NARROWED_SOURCES = 1 << 10,
	NARROWED_BEGIN = 1 << 11,
	NARROWED_END = 1 << 12,
	NARROWED_EXCLUSIVE = 1 << 13,
	NARROWED_USES = 1 << 14,
	NARROWED_PAGES = 1 << 15,
};

static bool list_has(const char *list, char separator, const char *item, size_t size)
{
	const char separators[] = { separator, '\0' };

	while (*list != '\0') {
		size_t length = strcspn(list, separators);

		if (length == size && memcmp(list, item, size) == 0)
			return true;
		list += length + (list[length] != '\0');
	}
	return false;
}

/* True when every item of a list is in another. */
static bool list_within(const char *list, const char *other, char separator)
{
	const char separators[] = { separator, '\0' };

	while (*list != '\0') {
		size_t length = strcspn(list, separators);

		if (!list_has(other, separator, list, length))
			return false;
		list += length + (list[length] != '\0');
	}
	return true;
}

static const struct store_secret *find_secret(const struct store_key *key, const struct store_secret *wanted)
{
	for (size_t i = 0; i < key->secret_count; i++) {
		if (memcmp(key->secrets[i].digest, wanted->digest, sizeof(wanted->digest)) == 0)
			return &key->secrets[i];
	}
	return NULL;
}

/* A secret that still worked then is no more, or ends sooner. */
static bool secret_taken(const struct store_key *then, const struct store_key *now, int64_t time)
{
	for (size_t i = 0; i < then->secret_count; i++) {
		const struct store_secret *old = &then->secrets[i], *found;

		if (old->retires != 0 && old->retires <= time)
			continue;
		found = find_secret(now, old);
		if (!found || (found->form == STORE_FORM_ENDED && old->form != STORE_FORM_ENDED) ||
		    (found->retires != 0 && (old->retires == 0 || found->retires < old->retires)) ||
		    (found->after_use != 0 && (old->after_use == 0 || found->after_use < old->after_use)))
			return true;
	}
	return false;
}

static unsigned int narrowed(const struct store_key *then, const struct store_key *now)
{
	unsigned int what = 0;

	if (!permission_grants_cover_all(now->permissions, then->permissions) ||
	    !list_within(then->roles, now->roles, ' '))
		what |= NARROWED_PERMISSIONS;
	if (!list_within(then->users, now->users, '\n'))
		what |= NARROWED_USERS;
	/* No network at all is every network. */
	if (*now->sources && (!*then->sources || !list_within(then->sources, now->sources, ' ')))
		what |= NARROWED_SOURCES;
	if (now->not_before > then->not_before)
		what |= NARROWED_BEGIN;
	if (now->expires < then->expires)
		what |= NARROWED_END;
	/* Bound, or bound to another service; not one that waits anew to be bound. */
	if (*now->exclusive && strcmp(now->exclusive, then->exclusive) != 0 &&
	    (*then->exclusive == '\0' || strcmp(now->exclusive, STORE_UNBOUND) != 0))
		what |= NARROWED_EXCLUSIVE;
	if (now->max_uses > 0 && (then->max_uses == 0 || now->max_uses < then->max_uses))
		what |= NARROWED_USES;
	if (then->client_side && !now->client_side)
		what |= NARROWED_PAGES;
	return what;
}

unsigned int restore_taken(const struct store_key *then, const struct store_key *now, int64_t time)
{
	static const unsigned int states[STORE_STATE_COUNT] = {
		[STORE_INACTIVE] = MESSAGE_TAKEN_DEACTIVATED,
		[STORE_SUSPENDED] = MESSAGE_TAKEN_SUSPENDED,
		[STORE_REVOKED] = MESSAGE_TAKEN_REVOKED,
	};
	unsigned int taken = 0, narrow;

	if (then->state == STORE_REVOKED || then->expires <= time)
		return 0;
	/* States are in the order of what they leave. */
	if (now->state > then->state)
		taken |= states[now->state];
	if (secret_taken(then, now, time))
		taken |= MESSAGE_TAKEN_SECRET;
	narrow = narrowed(then, now);
	return taken | narrow | (narrow ? MESSAGE_TAKEN_NARROWED : 0);
}

void restore_take(struct store_key *key, const struct store_key *now, unsigned int taken)
{
	if (taken & (MESSAGE_TAKEN_DEACTIVATED | MESSAGE_TAKEN_SUSPENDED | MESSAGE_TAKEN_REVOKED)) {
		key->state = now->state;
		key->state_reason = now->state_reason;
		key->state_since = now->state_since;
	}
	if (taken & MESSAGE_TAKEN_SECRET) {
		memcpy(key->secrets, now->secrets, sizeof(key->secrets));
		key->secret_count = now->secret_count;
	}
	if (taken & NARROWED_PERMISSIONS) {
		key->permissions = now->permissions;
		key->roles = now->roles;
	}
	if (taken & NARROWED_USERS)
		key->users = now->users;
	if (taken & NARROWED_SOURCES)
		key->sources = now->sources;
	if (taken & NARROWED_BEGIN)
		key->not_before = now->not_before;
	if (taken & NARROWED_END)
		key->expires = now->expires;
	if (taken & NARROWED_EXCLUSIVE)
		key->exclusive = now->exclusive;
	if (taken & NARROWED_USES)
		key->max_uses = now->max_uses;
	if (taken & NARROWED_PAGES)
		key->client_side = false;
}

/* ---- the stores ---- */

struct merge {
	struct store *backup; /* NULL: nothing is written */
	struct store_reader *then, *present;
	bool accept_revived;
	bool present_failed;
	int64_t time;
	int error;
	struct restore_report *report;
	struct store_key changed, now;
	struct role_grants then_grants, now_grants;
};

static void list(struct restore_report *report, enum message_fate fate, unsigned int why, const struct store_key *key)
{
	size_t at = report->listed_count;

	if (at == MESSAGE_RESTORED_LISTED) {
		/* What was taken away matters most: it goes in the place of the last of another fate. */
		while (fate == MESSAGE_FATE_REVIVED && at > 0 && report->listed[at - 1].fate == MESSAGE_FATE_REVIVED)
			at--;
		if (fate != MESSAGE_FATE_REVIVED || at == 0)
			return;
		at--;
	} else {
		report->listed_count++;
	}
	report->listed[at] = (struct restore_listed){ .fate = fate, .why = why & UINT8_MAX };
	snprintf(report->listed[at].id, sizeof(report->listed[at].id), "%s", key->id);
	snprintf(report->listed[at].name, sizeof(report->listed[at].name), "%s", key->name);
	snprintf(report->listed[at].owner, sizeof(report->listed[at].owner), "%s", key->owner);
}

/* What a read of the present store said; -ENOENT is an answer. */
static int heard(struct merge *merge, int r)
{
	merge->present_failed = merge->present_failed || (r < 0 && r != -ENOENT);
	return r;
}

/* Whether the tenant or the account of a key was deleted since, though the key itself may not be removed yet. 0: it
 * was, -ENOENT: it was not. */
static int find_ended_scope(struct merge *merge, const struct store_key *then)
{
	struct store_account account;
	struct store_tenant tenant;
	int r = *then->tenant ? heard(merge, store_load_tenant(merge->present, then->tenant, &tenant)) : -ENOENT;

	if (r == 0 && tenant.ending != STORE_LIVES)
		return 0;
	if (r < 0 && r != -ENOENT)
		return r;
	r = heard(merge, store_load_account(merge->present, then->account, &account));
	return r == 0 && account.ending == STORE_LIVES ? -ENOENT : r;
}

static int merge_deleted(struct merge *merge, const struct store_key *then)
{
	int r = heard(merge, store_find_gone(merge->present, then->id));

	if (r == -ENOENT)
		r = find_ended_scope(merge, then);
	if (r == -ENOENT) {
		merge->report->returning++;
		list(merge->report, MESSAGE_FATE_RETURNS, 0, then);
		return 0;
	}
	if (r < 0)
		return r;
	/* A key that was dead when the backup was made comes back as dead as it was. */
	if (then->state != STORE_REVOKED && then->expires > merge->time) {
		merge->report->revived++;
		list(merge->report, MESSAGE_FATE_REVIVED, MESSAGE_TAKEN_DELETED, then);
	} else if (merge->accept_revived) {
		merge->report->returning++;
		list(merge->report, MESSAGE_FATE_RETURNS, 0, then);
	}
	return merge->backup && !merge->accept_revived ? store_delete_key(merge->backup, then->id) : 0;
}

/* What a key may do by its roles was narrowed, though it holds the same ones. The roles themselves are narrowed again
 * by merge_roles(). */
static int roles_taken(struct merge *merge, const struct store_key *then, unsigned int *taken)
{
	const char *before, *after;
	int r;

	if (*then->roles == '\0' || then->state == STORE_REVOKED || then->expires <= merge->time)
		return 0;
	r = role_grants_find(merge->then, then, &merge->then_grants, &before);
	if (r == 0)
		r = heard(merge, role_grants_find(merge->present, &merge->now, &merge->now_grants, &after));
	if (r == 0 && !permission_grants_cover_all(after, before))
		*taken |= MESSAGE_TAKEN_NARROWED;
	return r;
}

static int merge_key(struct merge *merge, const struct store_key *then)
{
	int r = heard(merge, store_find_key(merge->present, then->id, &merge->now));
	unsigned int taken;

	if (r == -ENOENT)
		return merge_deleted(merge, then);
	if (r < 0)
		return r;
	taken = restore_taken(then, &merge->now, merge->time);
	r = roles_taken(merge, then, &taken);
	if (r < 0)
		return r;
	if (taken != 0) {
		merge->report->revived++;
		list(merge->report, MESSAGE_FATE_REVIVED, taken, then);
	}
	/* What is over by the clock is not told of, but taken away too: it would live again when the clock, of a host
	 * that was just put together again, is set back. */
	taken = restore_taken(then, &merge->now, INT64_MIN);
	if (taken == 0)
		return 0;
	if (!merge->backup || merge->accept_revived)
		return 0;
	merge->changed = *then; /* its texts go on pointing into then, which lives as long */
	restore_take(&merge->changed, &merge->now, taken);
	return store_update_key(merge->backup, &merge->changed);
}

static bool visit_then(void *data, const struct store_key *then)
{
	struct merge *merge = data;

	if (then->ending)
		return true;
	merge->report->keys++;
	merge->error = merge->present ? merge_key(merge, then) : 0;
	return merge->error == 0;
}

/* Remembers that there was a key. In the backup it may be one whose tenant or account was being deleted: its removal
 * is finished, for no key is there and gone at once. */
static int keep_gone(struct merge *merge, const char *id)
{
	int r = store_delete_key(merge->backup, id);

	return r == -ENOENT ? store_keep_gone(merge->backup, id) : r;
}

/* Keys of the present store that the backup has not. Those of a tenant or account that is being deleted nobody has any
 * more, and a younger backup must not bring them back. */
static bool visit_present(void *data, const struct store_key *now)
{
	struct merge *merge = data;
	int r = store_find_key(merge->then, now->id, &merge->changed);

	if (r == -ENOENT) {
		if (!now->ending) {
			merge->report->lost++;
			list(merge->report, MESSAGE_FATE_LOST, 0, now);
		}
		r = merge->backup ? keep_gone(merge, now->id) : 0;
	}
	merge->error = r;
	return r == 0;
}

static bool visit_gone(void *data, const char *id)
{
	struct merge *merge = data;
	int r = store_find_key(store_writer(merge->backup), id, &merge->changed);

	/* With revived keys accepted, one that was deleted is a key again. */
	if (r == -ENOENT)
		r = keep_gone(merge, id);
	merge->error = r;
	return r == 0;
}

static bool visit_change(void *data, uint64_t rev, const char *record)
{
	struct merge *merge = data;

	merge->error = store_keep_change(merge->backup, rev, merge->time, record);
	return merge->error == 0;
}

/* A use that was counted stays counted, whatever is accepted: also one of a key that was deleted since. */
static bool visit_counted(void *data, const char *key, uint64_t count)
{
	struct merge *merge = data;

	merge->error = store_keep_counted(merge->backup, key, count);
	return merge->error == 0;
}

static int merge_counted(struct merge *merge)
{
	int r = heard(merge, store_list_counted(merge->present, visit_counted, merge));

	return r == 0 ? merge->error : r;
}

/* ---- roles ---- */

/* A role that was deleted since is deleted again, one that was narrowed becomes as it is now. */
static bool visit_role_then(void *data, const struct store_role *then)
{
	struct merge *merge = data;
	struct store_role now;
	int r = heard(merge, store_find_role(merge->present, then->name, &now));

	if (r == 0 && !permission_grants_cover_all(now.permissions, then->permissions))
		r = store_update_role(merge->backup, &now);
	else if (r == -ENOENT) {
		r = heard(merge, store_find_role_gone(merge->present, then->name));
		/* Where it was never known, it comes back with its keys. */
		r = r == 0 ? store_delete_role(merge->backup, then->name) : r == -ENOENT ? 0 : r;
	}
	merge->error = r;
	return r == 0;
}

/* One that was made since is kept: by itself it grants nobody anything, and keys may hold it now. */
static bool visit_role_present(void *data, const struct store_role *now)
{
	struct merge *merge = data;
	struct store_role then;
	int r = store_find_role(merge->then, now->name, &then);

	if (r == -ENOENT)
		r = store_insert_role(merge->backup, now);
	merge->error = r;
	return r == 0;
}

static bool visit_role_gone(void *data, const char *name)
{
	struct merge *merge = data;
	struct store_role role;
	int r = store_find_role(store_writer(merge->backup), name, &role);

	if (r == -ENOENT)
		r = store_keep_role_gone(merge->backup, name);
	merge->error = r;
	return r == 0;
}

static int merge_roles(struct merge *merge)
{
	int r = 0;

	if (!merge->accept_revived)
		r = store_list_roles(merge->then, "", visit_role_then, merge);
	if (r == 0)
		r = merge->error;
	if (r == 0)
		r = heard(merge, store_list_roles(merge->present, "", visit_role_present, merge));
	if (r == 0)
		r = merge->error;
	if (r == 0)
		r = heard(merge, store_list_roles_gone(merge->present, visit_role_gone, merge));
	return r == 0 ? merge->error : r;
}

/* What came after the backup stays in the change log. */
static int merge_changes(struct merge *merge)
{
	uint64_t rev;
	int r = store_rev(merge->then, &rev);

	if (r == 0)
		r = heard(merge, store_list_changes(merge->present, rev, visit_change, merge));
	return r < 0 ? r : merge->error;
}

/* One policy of the backup's tenant, or of the present one. */
struct policy_move {
	struct merge *merge;
	const char *tenant;
};

static bool drop_policy(void *data, const char *name, int64_t number)
{
	struct policy_move *move = data;

	(void)number;
	move->merge->error = store_drop_policy(move->merge->backup, move->tenant, name);
	return move->merge->error == 0;
}

static bool keep_policy(void *data, const char *name, int64_t number)
{
	struct policy_move *move = data;

	move->merge->error = store_save_policy(move->merge->backup, move->tenant, name, number);
	return move->merge->error == 0;
}

/* What a tenant has of its own stays as it is now, as the configuration does: neither a rule that was made stricter
 * since nor one that was made less strict is undone. */
static int merge_policies(struct merge *merge, const char *tenant)
{
	struct policy_move move = { .merge = merge, .tenant = tenant };
	int r = store_list_policies(merge->then, tenant, drop_policy, &move);

	if (r == 0)
		r = heard(merge, store_list_policies(merge->present, tenant, keep_policy, &move));
	return merge->error < 0 ? merge->error : r;
}

/* A tenant that was deleted since is deleted again, and what its tokens may do becomes no more than it is now. */
static bool visit_tenant(void *data, const struct store_tenant *then)
{
	struct merge *merge = data;
	struct store_tenant now, changed = *then;
	int r = heard(merge, store_load_tenant(merge->present, then->id, &now));

	if (r == 0 && then->ending == STORE_LIVES && now.ending != STORE_LIVES) {
		r = store_end_tenant(merge->backup, then->id, STORE_ENDING);
	} else if (r == 0 && then->ending == STORE_LIVES) {
		if (now.token_lifetime < then->token_lifetime)
			changed.token_lifetime = now.token_lifetime;
		changed.token_reuse = then->token_reuse && now.token_reuse;
		if (changed.token_lifetime != then->token_lifetime || changed.token_reuse != then->token_reuse)
			r = store_update_tenant(merge->backup, &changed);
		if (r == 0)
			r = merge_policies(merge, then->id);
	}
	merge->error = r == -ENOENT ? 0 : r;
	return merge->error == 0;
}

static bool visit_account(void *data, const struct store_account *then)
{
	struct merge *merge = data;
	struct store_account now;
	int r = heard(merge, store_load_account(merge->present, then->id, &now));

	if (r == 0 && then->ending == STORE_LIVES && now.ending != STORE_LIVES)
		r = store_end_account(merge->backup, then->id, STORE_ENDING);
	merge->error = r == -ENOENT ? 0 : r;
	return merge->error == 0;
}

static int merge_scopes(struct merge *merge)
{
	int r = store_list_tenants(merge->then, NULL, "", "", visit_tenant, merge);

	if (r == 0)
		r = merge->error;
	if (r == 0)
		r = store_list_accounts(merge->then, "", visit_account, merge);
	return r == 0 ? merge->error : r;
}

static int merge_all(struct merge *merge)
{
	int r = store_list_keys(merge->then, NULL, NULL, visit_then, merge);

	if (r == 0)
		r = merge->error;
	/* Which secrets were used since the backup is not known: what asks again gets none, and makes no second key. */
	if (r == 0 && merge->backup)
		r = store_drop_repeats(merge->backup);
	if (r < 0 || !merge->present)
		return r;
	r = heard(merge, store_list_keys(merge->present, NULL, NULL, visit_present, merge));
	if (r == 0)
		r = merge->error;
	if (r == 0 && merge->backup)
		r = heard(merge, store_list_gone(merge->present, visit_gone, merge));
	if (r == 0)
		r = merge->error;
	if (r == 0 && merge->backup)
		r = merge_counted(merge);
	if (r == 0 && merge->backup)
		r = merge_roles(merge);
	if (r == 0 && merge->backup && !merge->accept_revived)
		r = merge_scopes(merge);
	return r == 0 && merge->backup ? merge_changes(merge) : r;
}

int restore_merge(struct store *backup, struct store_reader *then, struct store_reader *present, bool accept_revived,
		  int64_t time, struct restore_report *ret_report, bool *ret_present_failed)
{
	CLEANUP_FREE struct merge *merge = calloc(1, sizeof(*merge));
	int r;

	if (!merge)
		return -ENOMEM;
	memset(ret_report, 0, sizeof(*ret_report));
	merge->backup = backup;
	merge->then = then;
	merge->present = present;
	merge->accept_revived = accept_revived;
	merge->time = time;
	merge->report = ret_report;
	r = store_read_begin(then);
	if (r == 0 && present)
		r = heard(merge, store_read_begin(present));
	if (r == 0)
		r = merge_all(merge);
	if (present)
		store_read_end(present);
	store_read_end(then);
	*ret_present_failed = merge->present_failed;
	return r;
}
