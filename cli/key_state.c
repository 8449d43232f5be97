/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "key activate", "key deactivate", "key revoke" and "key delete". */
#include <stdio.h>
#include <string.h>

#include "cli/confirm.h"
#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/key_bulk.h"
#include "cli/key_view.h"
#include "cli/output.h"
#include "cli/session_end.h"
#include "cli/text.h"

#define ACTIVATE ((enum apikey_end)0)

/* What became of the sessions it had opened; the key is ended in any case. */
static enum status tell_sessions(const struct arguments *arguments, const struct apikey_key *key)
{
	const struct session_end end = { .asked = key->sessions_asked,
					 .ended = key->sessions_ended,
					 .loose = key->sessions_loose,
					 .fault = key->sessions_fault };

	return session_end_tell(&end, "it", "the key is ended", arguments_has(arguments, OPTION_JSON));
}

static int change(const struct arguments *arguments, struct apikey_admin *admin, enum apikey_end end, int sessions,
		  struct apikey_key **ret_key)
{
	const char *key = text_key_reference(arguments->operands[0]);
	struct apikey_end_options options = { .size = sizeof(options),
					      .why = arguments_value(arguments, OPTION_WHY),
					      .sessions = sessions };

	return end == ACTIVATE ? apikey_key_activate(admin, key, options.why, ret_key)
			       : apikey_key_end(admin, key, end, &options, ret_key);
}

/* Changes the state of the key that was named; done is how the sentence about it ends. */
static enum status change_state(const struct arguments *arguments, enum apikey_end end, const char *done)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	int r, sessions = 0;
	enum status status = session_end_read(arguments, &sessions);

	if (status == STATUS_DONE)
		status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = change(arguments, admin, end, sessions, &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!arguments_has(arguments, OPTION_JSON))
		output_note("Key %s (%s/%s) is %s.", key->id, key->owner, key->name, done);
	else if (!key_view_print_json(key))
		return output_no_memory();
	return tell_sessions(arguments, key);
}

enum status key_activate(const struct arguments *arguments)
{
	return change_state(arguments, ACTIVATE, "active");
}

/* One key by its name, or many by what holds of them; but not both. */
static enum status end_keys(const struct arguments *arguments, enum apikey_bulk_action action, enum apikey_end end,
			    const char *done)
{
	bool many = key_bulk_is_meant(arguments);

	if (many && arguments->operand_count > 0)
		return output_complain(STATUS_USAGE, "name one KEY, or say by options which keys: not both");
	if (many)
		return key_bulk_end(arguments, action);
	if (arguments->operand_count == 0)
		return output_complain(STATUS_USAGE,
				       "KEY is missing; or say by --owner, --tenant, --account, --role, --label, "
				       "--issued-before or --used-from which keys");
	if (arguments_has(arguments, OPTION_DRY_RUN))
		return output_complain(STATUS_USAGE, "--dry-run goes with options that say which keys");
	return change_state(arguments, end, done);
}

enum status key_deactivate(const struct arguments *arguments)
{
	return end_keys(arguments, APIKEY_BULK_DEACTIVATE, APIKEY_END_DEACTIVATE,
			"switched off; 'apikeyctl key activate' switches it on again");
}

enum status key_revoke(const struct arguments *arguments)
{
	return end_keys(arguments, APIKEY_BULK_REVOKE, APIKEY_END_REVOKE, "revoked, for good");
}

/* Asks whether the key is to go. STATUS_DONE when it is. */
static enum status ask(const struct arguments *arguments)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	SCOPED_FREE char *owner = NULL, *name = NULL;
	enum status status = daemon_open(arguments, &admin);
	char answer[16];
	int r;

	if (status != STATUS_DONE)
		return status;
	r = apikey_key_show(admin, text_key_reference(arguments->operands[0]), &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	owner = text_printable(key->owner);
	name = text_printable(key->name);
	if (!owner || !name)
		return output_no_memory();
	fprintf(stderr, "Delete key %s (%s/%s) for good? [y/N] ", key->id, owner, name);
	if (!fgets(answer, sizeof(answer), stdin) || (strcmp(answer, "y\n") != 0 && strcmp(answer, "yes\n") != 0))
		return output_complain(STATUS_REFUSED, "the key was not deleted");
	return STATUS_DONE;
}

enum status key_delete(const struct arguments *arguments)
{
	enum status status = STATUS_DONE;

	/* On a connection of its own: the daemon does not wait as long as a person thinks. */
	if (confirm_is_due(arguments))
		status = ask(arguments);
	return status == STATUS_DONE ? change_state(arguments, APIKEY_END_DELETE, "deleted") : status;
}
