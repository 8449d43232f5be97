/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * "master-key export" and "import": the master key as a sealed text, for a safe and for a new host. Files alone, no
 * daemon. Secrets are wiped where they end, and are never printed.
 */
#include "cli/master_key.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/output.h"
#include "cli/secret_input.h"
#include "cli/whole_file.h"
#include "crypto/master_key.h"
#include "crypto/master_key_text.h"

const char *master_key_file(const struct arguments *arguments)
{
	const char *path = arguments_value(arguments, OPTION_FILE);

	return path ? path : MASTER_KEY_DEFAULT;
}

enum status master_key_failed(int error, const char *fault)
{
	return output_complain(STATUS_REFUSED, "%s%s", fault,
			       (error == -EACCES || error == -EPERM) && geteuid() != 0 ? "; run this as root" : "");
}

enum status master_key_export(const struct arguments *arguments)
{
	SCOPED_MASTER struct master master = { { 0 } };
	SCOPED_SECRET_INPUT struct secret_input passphrase = { .size = 0 };
	SCOPED_WHOLE_FILE struct whole_file file = WHOLE_FILE_INIT;
	char text[MASTER_KEY_TEXT_SIZE], fault[1024];
	enum status status;
	int r;

	r = master_key_read(master_key_file(arguments), master.key, fault, sizeof(fault));
	if (r < 0)
		return master_key_failed(r, fault);
	status = whole_file_begin(&file, arguments->operands[0], arguments_has(arguments, OPTION_FORCE));
	if (status == STATUS_DONE)
		status = secret_input_read_passphrase(arguments_value(arguments, OPTION_PASSPHRASE_FILE), true,
						      &passphrase);
	if (status != STATUS_DONE)
		return status;
	if (passphrase.size < MASTER_KEY_PASSPHRASE_MIN)
		return output_complain(
			STATUS_USAGE,
			"the passphrase is too short: it has to have %d characters or more, and several words "
			"are better",
			MASTER_KEY_PASSPHRASE_MIN);
	r = master_key_text_seal(master.key, passphrase.text, passphrase.size, 0, text);
	if (r < 0)
		return output_complain(STATUS_REFUSED,
				       "the master key cannot be sealed: libcrypto failed, or 130 MB of "
				       "memory are not there");
	status = whole_file_write(&file, text, strlen(text));
	if (status == STATUS_DONE)
		status = whole_file_finish(&file);
	if (status == STATUS_DONE)
		output_note("Keep it, and the passphrase, where the backups are not. 'apikeyctl master-key import' "
			    "takes it "
			    "in on another host.");
	return status;
}

static enum status read_text(const char *path, char *text, size_t capacity, size_t *ret_size)
{
	SCOPED_FD int fd = strcmp(path, "-") == 0 ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t size = 0;

	while (fd >= 0 && size < capacity) {
		ssize_t got = read(fd, text + size, capacity - size);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return output_complain(STATUS_REFUSED, "%s cannot be read: %s", path, strerror(errno));
		if (got == 0)
			break;
		size += (size_t)got;
	}
	*ret_size = size;
	return fd >= 0 ? STATUS_DONE : output_complain(STATUS_REFUSED, "%s cannot be read: %s", path, strerror(errno));
}

static enum status read_sealed(const char *path, struct master_key_text *ret_sealed)
{
	char text[MASTER_KEY_TEXT_SIZE];
	size_t size = 0;
	enum status status = read_text(path, text, sizeof(text), &size);
	int r;

	if (status != STATUS_DONE)
		return status;
	r = master_key_text_read(text, size, ret_sealed);
	if (r == -EINVAL)
		return output_complain(STATUS_REFUSED, "%s is no master key that 'apikeyctl master-key export' wrote",
				       path);
	if (r == -ERANGE)
		return output_complain(STATUS_REFUSED,
				       "%s asks for more work than any apikeyctl does; somebody changed it", path);
	if (r < 0)
		return output_complain(
			STATUS_REFUSED,
			"%s is damaged or mistyped: its check does not fit; compare it with the original", path);
	return STATUS_DONE;
}

/* A key that is there already seals a database. 0: none is there; STATUS_DONE with *ret_same: it is this one. */
static enum status look_at_old(const struct arguments *arguments, const struct master *master, bool *ret_same)
{
	SCOPED_MASTER struct master old = { { 0 } };
	const char *path = master_key_file(arguments);
	char fault[1024];
	int r = master_key_read(path, old.key, fault, sizeof(fault));

	*ret_same = r == 0 && memcmp(old.key, master->key, sizeof(old.key)) == 0;
	if (r == -ENOENT || *ret_same || arguments_has(arguments, OPTION_FORCE))
		return STATUS_DONE;
	if (r < 0)
		return master_key_failed(r, fault);
	return output_complain(
		STATUS_REFUSED,
		"%s is another master key, which the keys made on this host need: they stop to work without it. "
		"--force replaces it, and keeps it as %s" MASTER_KEY_KEPT ", with a number behind where that is there",
		path, path);
}

enum status master_key_import(const struct arguments *arguments)
{
	SCOPED_MASTER struct master master = { { 0 } };
	SCOPED_SECRET_INPUT struct secret_input passphrase = { .size = 0 };
	const char *from = arguments->operands[0], *secret = arguments_value(arguments, OPTION_PASSPHRASE_FILE);
	struct master_key_text sealed;
	char fault[1024];
	enum status status;
	bool same;
	int r;

	if (strcmp(from, "-") == 0 && (!secret || strcmp(secret, "-") == 0))
		return output_complain(STATUS_USAGE,
				       "standard input is the sealed key: name a file that holds the passphrase "
				       "with --passphrase-file");
	status = read_sealed(from, &sealed);
	if (status == STATUS_DONE)
		status = secret_input_read_passphrase(secret, false, &passphrase);
	if (status != STATUS_DONE)
		return status;
	r = master_key_text_open(&sealed, passphrase.text, passphrase.size, master.key);
	if (r < 0)
		return output_complain(
			STATUS_REFUSED, "%s",
			r == -EBADMSG ? "the passphrase is wrong; nothing was changed"
				      : "the master key cannot be opened: libcrypto failed, or 130 MB of memory "
					"are not there");
	status = look_at_old(arguments, &master, &same);
	if (status != STATUS_DONE)
		return status;
	if (same) {
		output_note("%s is this master key already; nothing was changed.", master_key_file(arguments));
		return STATUS_DONE;
	}
	r = master_key_replace(master_key_file(arguments), master.key, fault, sizeof(fault));
	if (r < 0)
		return master_key_failed(r, fault);
	output_note("%s is in place. Now restart apikeyd (systemctl restart apikeyd) and restore a backup of the host "
		    "the key "
		    "comes from (apikeyctl restore).",
		    master_key_file(arguments));
	return STATUS_DONE;
}
