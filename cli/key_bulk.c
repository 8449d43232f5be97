/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Many keys ended at once, a step a request. What would be touched is counted before anybody is asked, each step is
 * true when it is answered, and what was cut short is done again and gives the rest.
 */
#include "cli/key_bulk.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/confirm.h"
#include "cli/daemon.h"
#include "cli/json.h"
#include "cli/key_name.h"
#include "cli/output.h"
#include "cli/session_end.h"
#include "cli/table.h"
#include "cli/when.h"

#define GROUP 64 /* keys that one request names */

SCOPE_DESTRUCTOR(step_scope, struct apikey_bulk_step, apikey_bulk_step_free);
#define SCOPED_STEP SCOPED(step_scope)

static const struct words {
	const char *does, *done, *before;
} words[] = {
	[APIKEY_BULK_REVOKE] = { "revoke", "revoked, for good", "revoked before" },
	[APIKEY_BULK_DEACTIVATE] = { "deactivate", "switched off", "not active before" },
};

bool key_bulk_is_meant(const struct arguments *arguments)
{
	static const enum option_id options[] = { OPTION_OWNER, OPTION_ACCOUNT,       OPTION_TENANT,    OPTION_ROLE,
						  OPTION_LABEL, OPTION_ISSUED_BEFORE, OPTION_USED_FROM, OPTION_SINCE };

	for (size_t i = 0; i < COUNT_OF(options); i++)
		if (arguments_has(arguments, options[i]))
			return true;
	return false;
}

/* ---- the command line ---- */

static enum status read_options(const struct arguments *arguments, struct apikey_bulk_options *ret_options,
				const char ***ret_labels)
{
	const char *issued = arguments_value(arguments, OPTION_ISSUED_BEFORE);
	const char *since = arguments_value(arguments, OPTION_SINCE);
	int64_t now = time(NULL);

	*ret_options = (struct apikey_bulk_options){
		.size = sizeof(*ret_options),
		.owner = arguments_value(arguments, OPTION_OWNER),
		.account = arguments_value(arguments, OPTION_ACCOUNT),
		.tenant = arguments_value(arguments, OPTION_TENANT),
		.role = arguments_value(arguments, OPTION_ROLE),
		.used_from = arguments_value(arguments, OPTION_USED_FROM),
		.why = arguments_value(arguments, OPTION_WHY),
	};
	if (session_end_read(arguments, &ret_options->sessions) != STATUS_DONE)
		return STATUS_USAGE;
	if (arguments_list(arguments, OPTION_LABEL, ret_labels) < 0)
		return output_no_memory();
	ret_options->labels = *ret_labels;
	if (issued && (!when_parse_past(issued, now, &ret_options->issued_before) || ret_options->issued_before == 0))
		return output_complain(STATUS_USAGE,
				       "--issued-before %s is no time that has been; give 2h (ago), 2026-01-31 or "
				       "2026-01-31T08:00:00Z",
				       issued);
	if (since && (!when_parse_past(since, now, &ret_options->used_since) || ret_options->used_since == 0))
		return output_complain(STATUS_USAGE,
				       "--since %s is no time that has been; give 2h (ago), 2026-01-31 or "
				       "2026-01-31T08:00:00Z",
				       since);
	if (since && !ret_options->used_from)
		return output_complain(STATUS_USAGE, "--since goes with --used-from: where the use came from");
	return STATUS_DONE;
}

/* ---- steps ---- */

/* What becomes of the keys of each step. */
struct taker {
	struct table *table; /* or */
	json_t *keys;
};

static bool take_keys(struct taker *taker, const struct apikey_bulk_step *step)
{
	for (size_t i = 0; taker->table && i < step->key_count; i++) {
		const struct apikey_key_name *key = &step->keys[i];

		table_add(taker->table, (const char *[]){ key->id, key->owner, key->name, key->state });
	}
	if (taker->table && step->key_count > 0 && table_flush(taker->table) < 0)
		return false;
	for (size_t i = 0; taker->keys && i < step->key_count; i++) {
		json_t *object = key_name_json(&step->keys[i]);

		if (!object || json_array_append_new(taker->keys, object) < 0)
			return false;
	}
	return true;
}

static bool keep(char **text, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return false;
	free(*text);
	*text = copy;
	return true;
}

/* All steps of what the options ask for, added to the sum. */
static enum status run_steps(const struct arguments *arguments, struct apikey_admin *admin,
			     enum apikey_bulk_action action, const struct apikey_bulk_options *options,
			     struct taker *taker, struct key_bulk_sum *sum)
{
	SCOPED_FREE char *cursor = NULL;

	do {
		SCOPED_STEP struct apikey_bulk_step *step = NULL;
		int r = apikey_key_bulk(admin, action, options, sum->batch, cursor, &step);

		if (r != 0)
			return daemon_failed(arguments, admin, r);
		sum->touched += step->touched;
		sum->already += step->already;
		sum->sessions_asked |= step->sessions_asked == 1;
		sum->sessions_ended += step->sessions_ended;
		sum->sessions_loose += step->sessions_loose;
		if (step->sessions_fault[0] != '\0' && !keep(&sum->sessions_fault, step->sessions_fault))
			return output_no_memory();
		if (!keep(&sum->batch, step->batch) || !keep(&cursor, step->cursor) || !take_keys(taker, step))
			return output_no_memory();
	} while (cursor[0] != '\0');
	return STATUS_DONE;
}

void key_bulk_sum_done(struct key_bulk_sum *sum)
{
	free(sum->batch);
	free(sum->sessions_fault);
}

struct session_end key_bulk_sessions(const struct key_bulk_sum *sum)
{
	return (struct session_end){ .asked = sum->sessions_asked,
				     .ended = sum->sessions_ended,
				     .loose = sum->sessions_loose,
				     .fault = sum->sessions_fault ? sum->sessions_fault : "" };
}

static const char *keys_are(uint64_t count)
{
	return count == 1 ? "key is" : "keys are";
}

/* How many it would be, on a connection of its own: the daemon does not wait as long as a person thinks. */
static enum status ask(const struct arguments *arguments, enum apikey_bulk_action action,
		       const struct apikey_bulk_options *options)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED(key_bulk_sum_done) struct key_bulk_sum sum = { .batch = NULL };
	struct apikey_bulk_options dry = *options;
	struct taker nobody = { .table = NULL };
	enum status status = daemon_open(arguments, &admin);

	dry.dry_run = 1;
	if (status == STATUS_DONE)
		status = run_steps(arguments, admin, action, &dry, &nobody, &sum);
	if (status != STATUS_DONE)
		return status;
	if (sum.touched == 0)
		return STATUS_DONE;
	return confirm_ask("%c%s %" PRIu64 " %s? (--dry-run lists them)", words[action].does[0] - 'a' + 'A',
			   words[action].does + 1, sum.touched, sum.touched == 1 ? "key" : "keys");
}

static enum status tell(const struct arguments *arguments, enum apikey_bulk_action action, bool dry,
			const struct key_bulk_sum *sum, json_t *keys)
{
	const struct session_end sessions = key_bulk_sessions(sum);
	bool json = arguments_has(arguments, OPTION_JSON);
	SCOPED_JSON json_t *object = NULL;

	if (!json) {
		output_note("%" PRIu64 " %s %s; %" PRIu64 " %s %s.", sum->touched,
			    dry ? (sum->touched == 1 ? "key would be" : "keys would be") : keys_are(sum->touched),
			    words[action].done, sum->already, sum->already == 1 ? "was" : "were", words[action].before);
		if (dry)
			output_note("This was a dry run: nothing was changed.");
		else
			output_note("In the audit they are under the batch %s.", sum->batch);
		return session_end_tell(&sessions, "them", "the keys are ended", false);
	}
	object = json_object();
	if (sessions.asked && !json_put(object, "sessions", session_end_json(&sessions)))
		return output_no_memory();
	if (!json_put(object, "action", json_text(words[action].does)) ||
	    !json_put(object, "dry_run", json_boolean(dry)) ||
	    !json_put(object, "batch", dry ? json_null() : json_text(sum->batch)) ||
	    !json_put(object, "touched", json_number(sum->touched)) ||
	    !json_put(object, "already", json_number(sum->already)) || !json_put(object, "keys", json_incref(keys)) ||
	    !json_print(object))
		return output_no_memory();
	return session_end_tell(&sessions, "them", "the keys are ended", true);
}

enum status key_bulk_end(const struct arguments *arguments, enum apikey_bulk_action action)
{
	static const struct table_column columns[] = {
		{ "ID", 0, false }, { "OWNER", 0, true }, { "NAME", 0, true }, { "STATE", 0, false }
	};
	bool json = arguments_has(arguments, OPTION_JSON), dry = arguments_has(arguments, OPTION_DRY_RUN);
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED(key_bulk_sum_done) struct key_bulk_sum sum = { .batch = NULL };
	SCOPED_TABLE struct table *table = NULL;
	SCOPED_JSON json_t *keys = NULL;
	SCOPED_FREE const char **labels = NULL;
	struct apikey_bulk_options options;
	enum status status = read_options(arguments, &options, &labels);

	if (status != STATUS_DONE)
		return status;
	/* What ends many keys is not done because a script forgot to say so. */
	if (!dry && !arguments_has(arguments, OPTION_YES) && !confirm_is_due(arguments))
		return output_complain(
			STATUS_USAGE,
			"there is no terminal to ask on: say --yes to %s them, or --dry-run to see which "
			"they would be",
			words[action].does);
	if (!dry && confirm_is_due(arguments))
		status = ask(arguments, action, &options);
	if (status != STATUS_DONE)
		return status;
	if (json)
		keys = json_array();
	else if (dry)
		table = table_new(columns, COUNT_OF(columns), true);
	if ((json && !keys) || (!json && dry && !table))
		return output_no_memory();
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	options.dry_run = dry;
	status = run_steps(arguments, admin, action, &options, &(struct taker){ .table = table, .keys = keys }, &sum);
	if (status == STATUS_DONE)
		return tell(arguments, action, dry, &sum, keys);
	if (!dry && sum.touched > 0)
		output_note("%" PRIu64 " %s %s so far; the same command again does the rest.", sum.touched,
			    keys_are(sum.touched), words[action].done);
	return status;
}

enum status key_bulk_revoke(const struct arguments *arguments, struct apikey_admin *admin, const char *const *ids,
			    size_t count, struct key_bulk_sum *sum)
{
	struct apikey_bulk_options options = { .size = sizeof(options), .why = arguments_value(arguments, OPTION_WHY) };
	struct taker nobody = { .table = NULL };
	enum status status = session_end_read(arguments, &options.sessions);

	for (size_t done = 0; status == STATUS_DONE && done < count; done += GROUP) {
		const char *group[GROUP + 1] = { NULL };

		for (size_t i = 0; i < GROUP && done + i < count; i++)
			group[i] = ids[done + i];
		options.keys = group;
		status = run_steps(arguments, admin, APIKEY_BULK_REVOKE, &options, &nobody, sum);
	}
	return status;
}
