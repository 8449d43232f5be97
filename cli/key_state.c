/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "key activate", "key deactivate", "key revoke" and "key delete". */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/daemon.h"
#include "cli/key.h"
#include "cli/key_view.h"
#include "cli/output.h"
#include "cli/text.h"

typedef int (*state_change)(struct apikey_admin *admin, const char *key, const char *why, struct apikey_key **ret_key);

/* Changes the state of the key that was named; done is how the sentence about it ends. */
static enum status change_state(const struct arguments *arguments, state_change change, const char *done)
{
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	SCOPED_KEY struct apikey_key *key = NULL;
	enum status status = daemon_open(arguments, &admin);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = change(admin, text_key_reference(arguments->operands[0]), arguments_value(arguments, OPTION_WHY), &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	if (!arguments_has(arguments, OPTION_JSON))
		output_note("Key %s (%s/%s) is %s.", key->id, key->owner, key->name, done);
	else if (!key_view_print_json(key))
		return output_no_memory();
	return STATUS_DONE;
}

enum status key_activate(const struct arguments *arguments)
{
	return change_state(arguments, apikey_key_activate, "active");
}

enum status key_deactivate(const struct arguments *arguments)
{
	return change_state(arguments, apikey_key_deactivate,
			    "switched off; 'apikeyctl key activate' switches it on again");
}

enum status key_revoke(const struct arguments *arguments)
{
	return change_state(arguments, apikey_key_revoke, "revoked, for good");
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
	if (isatty(STDIN_FILENO) && !arguments_has(arguments, OPTION_YES))
		status = ask(arguments);
	return status == STATUS_DONE ? change_state(arguments, apikey_key_delete, "deleted") : status;
}
