/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "audit key": the first key of the audit's chain, once. Defends against a key that is erased at the daemon and lands
 * nowhere: where it cannot be written is found out before it is asked for.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/audit_verify.h"
#include "cli/daemon.h"
#include "cli/output.h"

SCOPE_DESTRUCTOR(key_text_scope, struct apikey_audit_key, apikey_audit_key_free);

enum status audit_key(const struct arguments *arguments)
{
	SCOPED(key_text_scope) struct apikey_audit_key *key = NULL;
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	enum status status;
	int r;

	if (!output_is_open())
		return output_complain(STATUS_USAGE, "standard output is closed: the key would be lost");
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_audit_take_key(admin, arguments_has(arguments, OPTION_NEW), &key);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	r = output_write_secret(key->text, strlen(key->text));
	if (r < 0)
		return output_complain(
			STATUS_REFUSED,
			"the key cannot be written: %s; it is erased at apikeyd, and 'apikeyctl audit key "
			"--new' begins a new chain",
			strerror(-r));
	output_note("Keep it where nobody who takes over this host can reach it, and nowhere here: it is erased at "
		    "apikeyd. "
		    "'apikeyctl audit verify --key-file FILE' takes it.");
	return STATUS_DONE;
}
