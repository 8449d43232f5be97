/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "master-key rotate": a new master key in the place of the old one, while the daemon serves. The key store is sealed
 * under both before the file is replaced, so that at any moment, and after a crash at any moment, the key in the file
 * opens it. Secrets are wiped where they end, and are never printed.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/daemon.h"
#include "cli/master_key.h"
#include "cli/output.h"
#include "crypto/master_key.h"

#define SEALED_FILE "/etc/credstore.encrypted/" MASTER_KEY_FILE
#define FAULT_SIZE 1024

_Static_assert(APIKEY_MASTER_KEY_SIZE == CRYPTO_KEY_SIZE, "the library takes the key, and no more");

SCOPE_DESTRUCTOR(successor_scope, struct master_key_successor, master_key_successor_free);

/* A key that is sealed to the machine is systemd's to open and to seal. */
static enum status no_file(const struct arguments *arguments, int error, const char *fault)
{
	if (error == -ENOENT && !arguments_has(arguments, OPTION_FILE) && access(SEALED_FILE, F_OK) == 0)
		return output_complain(STATUS_REFUSED, MASTER_KEY_DEFAULT
				       " is not there, but " SEALED_FILE ", which systemd alone opens: as root, with "
				       "umask 077, 'systemd-creds decrypt --name=" MASTER_KEY_FILE " " SEALED_FILE
				       " /run/" MASTER_KEY_FILE
				       "', then 'apikeyctl master-key rotate --file /run/" MASTER_KEY_FILE
				       "', 'systemd-creds encrypt "
				       "--name=" MASTER_KEY_FILE " /run/" MASTER_KEY_FILE " " SEALED_FILE
				       "', and restart apikeyd; once 'apikeyctl status' says that all is well, and "
				       "/run/" MASTER_KEY_FILE ".before-rotate, which backups made before need, is "
				       "exported, remove /run/" MASTER_KEY_FILE "*");
	return master_key_failed(error, fault);
}

/* The file is replaced once the daemon has said that either key opens the key store, and only then. */
static enum status change(const struct arguments *arguments, struct apikey_admin *admin,
			  struct master_key_successor *successor, const struct master *present)
{
	SCOPED_MASTER struct master fresh = { { 0 } };
	char fault[FAULT_SIZE];
	int r = master_key_successor_make(successor, fresh.key, fault, sizeof(fault));

	if (r < 0)
		return master_key_failed(r, fault);
	r = apikey_master_key_rotate(admin, present->key, fresh.key);
	if (r != 0) {
		enum status status = daemon_failed(arguments, admin, r);

		if (r < 0)
			output_note("The master key is the one it was, and opens the key store.");
		return status;
	}
	r = master_key_successor_place(successor, fault, sizeof(fault));
	return r < 0 ? master_key_failed(r, fault) : STATUS_DONE;
}

enum status master_key_rotate(const struct arguments *arguments)
{
	SCOPED_MASTER struct master present = { { 0 } };
	SCOPED(successor_scope) struct master_key_successor *successor = NULL;
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	const char *path = master_key_file(arguments);
	char fault[FAULT_SIZE];
	enum status status;
	int r = master_key_read(path, present.key, fault, sizeof(fault));

	if (r < 0)
		return no_file(arguments, r, fault);
	/* Read again under the lock: another rotation may have come first. */
	r = master_key_successor_begin(path, &successor, fault, sizeof(fault));
	if (r == 0)
		r = master_key_read(path, present.key, fault, sizeof(fault));
	if (r < 0)
		return master_key_failed(r, fault);
	status = daemon_open(arguments, &admin);
	if (status != STATUS_DONE)
		return status;
	r = apikey_master_key_rotate(admin, present.key, NULL);
	if (r != 0)
		return daemon_failed(arguments, admin, r);
	status = change(arguments, admin, successor, &present);
	if (status == STATUS_DONE)
		output_note(
			"%s is new. Now restart apikeyd (systemctl restart apikeyd): until then the key before "
			"opens the key store as well. Backups made before that restart need the key before, which is "
			"kept as %s" MASTER_KEY_ROTATED ", with a number behind where that was there. Then make a "
			"backup, and an export of the new key.",
			path, path);
	return status;
}
