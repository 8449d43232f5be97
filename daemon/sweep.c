/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/sweep.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit.h"
#include "daemon/key_fields.h"
#include "daemon/store_tenant.h"

#define STEP_ROWS 256  /* keys, or tenants, in one transaction */
#define STEP_ONCE 4096 /* what they have used once goes with them: behind so many of that, no further key */
#define ACTOR "apikeyd"

/* What one step removes: ids, and the records that say so. They are gathered first, since a list must not be changed
 * while it is walked. */
struct step {
	struct store_reader *reader;
	char why[128];
	size_t count;
	uint64_t once;
	int error;
	char ids[STEP_ROWS][CREDENTIAL_KEY_ID_MAX + 1];
	char *records[STEP_ROWS];
};

static void step_free(struct step **step)
{
	for (size_t i = 0; *step && i < (*step)->count; i++)
		free((*step)->records[i]);
	free(*step);
}

/* Takes the changes over. */
static bool add_record(struct step *step, const char *id, struct audit_record *record, char *changes)
{
	record->time = clock_wall_microseconds();
	record->actor = ACTOR;
	record->changes = changes;
	step->records[step->count] = changes ? audit_format(record) : NULL;
	free(changes);
	if (!step->records[step->count]) {
		step->error = -ENOMEM;
		return false;
	}
	snprintf(step->ids[step->count++], sizeof(step->ids[0]), "%s", id);
	return step->count < STEP_ROWS;
}

static bool take_key(void *data, const struct store_key *key)
{
	struct step *step = data;
	struct audit_record record = {
		.event = "key_delete", .key_id = key->id, .key_name = key->name, .owner = key->owner, .test = key->test
	};
	uint64_t once = 0;

	step->error = store_count_once(step->reader, key->id, &once);
	if (step->error < 0)
		return false;
	step->once += once;
	return add_record(step, key->id, &record, key_changes(key, NULL, step->why)) && step->once < STEP_ONCE;
}

static bool take_tenant(void *data, const struct store_tenant *tenant)
{
	struct step *step = data;
	struct audit_record record = { .event = "tenant_delete" };
	json_t *changes;
	char *text;

	if (tenant->ending == STORE_GONE)
		return true;
	changes = json_pack("{s:{s:s, s:s, s:s}, s:s}", "before", "tenant", tenant->id, "account", tenant->account,
			    "name", tenant->name, "why", step->why);
	text = changes ? json_dumps(changes, JSON_COMPACT) : NULL;
	json_decref(changes);
	return add_record(step, tenant->id, &record, text);
}

static int end_tenant(struct store *store, const char *id)
{
	return store_end_tenant(store, id, STORE_GONE);
}

/* Does to each what is to be done, with its record. */
static int do_step(struct vault *vault, const struct step *step, int (*remove)(struct store *store, const char *id))
{
	uint64_t rev;
	int r = 0;

	for (size_t i = 0; r == 0 && i < step->count; i++) {
		r = remove(vault->store, step->ids[i]);
		if (r == 0)
			r = store_log_change(vault->store, clock_wall_seconds(), step->records[i], &rev);
	}
	return r;
}

/* Removes keys of a tenant (NULL: of an account, all its tenants' too). 1, 0 when there are none, or a negative errno.
 */
static int remove_keys(struct vault *vault, struct step *step, const char *account, const char *tenant)
{
	const struct store_filter filter = { .account = account, .tenant = tenant };
	int r = store_list_keys(store_writer(vault->store), &filter, NULL, take_key, step);

	if (r == 0)
		r = step->error;
	if (r == 0)
		r = do_step(vault, step, store_delete_key);
	return r < 0 ? r : step->count > 0;
}

static int sweep_tenant(struct vault *vault, struct step *step, const struct store_tenant *tenant)
{
	int r;

	snprintf(step->why, sizeof(step->why), "the tenant %s was deleted", tenant->id);
	r = remove_keys(vault, step, tenant->account, tenant->id);
	return r == 0 ? store_end_tenant(vault->store, tenant->id, STORE_GONE) : r;
}

static int sweep_account(struct vault *vault, struct step *step, const struct store_account *account)
{
	int r;

	snprintf(step->why, sizeof(step->why), "the account %s was deleted", account->id);
	r = remove_keys(vault, step, account->id, NULL);
	if (r != 0)
		return r;
	r = store_list_tenants(store_writer(vault->store), account->id, "", "", take_tenant, step);
	if (r == 0)
		r = step->error;
	if (r == 0)
		r = do_step(vault, step, end_tenant);
	if (r < 0 || step->count > 0)
		return r < 0 ? r : 1;
	return store_end_account(vault->store, account->id, STORE_GONE);
}

int sweep_step(struct vault *vault)
{
	struct store_reader *reader = store_writer(vault->store);
	CLEANUP(step_free) struct step *step = NULL;
	struct store_account account;
	struct store_tenant tenant;
	bool is_tenant;
	int r = store_next_ending_tenant(reader, &tenant);

	is_tenant = r == 0;
	if (r == -ENOENT)
		r = store_next_ending_account(reader, &account);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	step = calloc(1, sizeof(*step));
	if (!step)
		return -ENOMEM;
	step->reader = reader;
	r = store_write_begin(vault->store);
	if (r < 0)
		return r;
	r = is_tenant ? sweep_tenant(vault, step, &tenant) : sweep_account(vault, step, &account);
	if (r < 0) {
		store_write_abort(vault->store);
		return r;
	}
	r = store_write_commit(vault->store);
	return r < 0 ? r : 1;
}
