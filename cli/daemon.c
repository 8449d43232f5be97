/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/daemon.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/secret_input.h"

#define DEFAULT_FOLDER "/run/apikeyd"

/* What to do about each no, where the answer's own sentence does not say it. */
static const char *const next_steps[] = {
	[APIKEY_UNKNOWN_REQUEST] =
		"'apikeyctl status' says which version the daemon is, 'apikeyctl --version' which one "
		"this is; after an upgrade: systemctl restart apikeyd",
	[APIKEY_INVALID] = "Nothing was changed; 'apikeyctl help' with the command says what it takes.",
	[APIKEY_NOT_FOUND] = "'apikeyctl key list' shows the keys you may see.",
	[APIKEY_EXISTS] =
		"A key has its name until it is deleted, one that was revoked too; 'apikeyctl key list' shows "
		"them.",
	[APIKEY_NOT_PERMITTED] = "Nothing was changed. Root and the admin group may do everything, users what "
				 "[self-service] allows them: apikeyd.conf(5). Ask an administrator, or use sudo.",
	[APIKEY_BAD_CREDENTIAL] =
		"Nothing was changed. Is it the whole key, and may it administer? As an administrator, "
		"'apikeyctl verify < FILE' says why it is refused.",
	[APIKEY_WRONG_STATE] = "Nothing was changed; 'apikeyctl key show' says since when the key is as it is.",
	[APIKEY_STORE_FAILED] = "'apikeyctl status' says what is wrong with the store; then try again.",
	[APIKEY_DAEMON_UNAVAILABLE] =
		"Nothing was changed; 'apikeyctl status' says why. It serves by itself once that is "
		"mended.",
	[APIKEY_BUSY] = "Try again in a moment.",
};

/* Says that the daemon is out of reach, why, and where to look. */
static enum status unreachable(const struct arguments *arguments, int error)
{
	const char *path = arguments_value(arguments, OPTION_RUNTIME_DIR);
	const char *folder = path ? path : DEFAULT_FOLDER;
	struct stat status;
	/* --runtime-dir may name a socket as well. */
	bool is_socket = stat(folder, &status) == 0 && S_ISSOCK(status.st_mode);
	const char *socket = is_socket ? "" : "/admin.sock";

	switch (error) {
	case EPERM:
		return output_complain(STATUS_UNREACHABLE,
				       "%s%s is not to be trusted: the socket, or a folder above it, can be changed by "
				       "others than root%s; whoever answers there may not be apikeyd. 'namei -l %s%s' "
				       "shows owners and modes",
				       folder, socket, path ? " and you" : "", folder, socket);
	case ETIMEDOUT:
		return output_complain(
			STATUS_UNREACHABLE, "apikeyd at %s%s did not answer in time; is it stuck, or busy? %s", folder,
			socket,
			path ? "'apikeyctl status' tells whether it answers at all" : "systemctl status apikeyd");
	case EACCES:
		return output_complain(STATUS_UNREACHABLE,
				       "apikeyd cannot be reached at %s%s: you may not go through one of these "
				       "folders; 'namei -l %s%s' shows which. %s",
				       folder, socket, folder, socket,
				       path ? "Its owner can open it: chmod a+x"
					    : "As root: systemd-tmpfiles --create apikeyd.conf");
	default:
		return output_complain(STATUS_UNREACHABLE, "apikeyd cannot be reached at %s%s: %s; %s", folder, socket,
				       strerror(error),
				       path ? "is apikeyd running with this --runtime-dir?"
					    : "is it running? systemctl status apikeyd apikeyd-admin.socket");
	}
}

/* True where the next step for an answer is one that has to do with a key, and the command has not. */
static bool is_beside_it(const struct arguments *arguments, enum apikey_answer answer)
{
	const char *object = arguments->command->object;

	/* What a token is got with needs not administer, and is told by its own sentence. */
	if (object && strcmp(object, "token") == 0 && answer == APIKEY_BAD_CREDENTIAL)
		return true;
	return object && strcmp(object, "key") != 0 &&
	       (answer == APIKEY_NOT_FOUND || answer == APIKEY_EXISTS || answer == APIKEY_WRONG_STATE);
}

/* Says why the daemon refused, and what to do next. */
static enum status refused(const struct arguments *arguments, const char *message, enum apikey_answer answer)
{
	const char *operands = arguments->command->operands;
	const char *key = arguments->operand_count > 0 && strstr(operands, "KEY") ? arguments->operands[0] : NULL;

	if (message[0] == '\0')
		message = apikey_answer_name(answer);
	if (key && !strstr(message, key))
		output_complain(STATUS_REFUSED, "'%s': %s", key, message);
	else
		output_complain(STATUS_REFUSED, "%s", message);
	if ((size_t)answer < COUNT_OF(next_steps) && next_steps[answer] && !strstr(message, "apikeyctl") &&
	    !is_beside_it(arguments, answer))
		output_note("%s", next_steps[answer]);
	return STATUS_REFUSED;
}

enum status daemon_failed(const struct arguments *arguments, const struct apikey_admin *admin, int result)
{
	if (result > 0)
		return refused(arguments, apikey_admin_message(admin), (enum apikey_answer)result);
	if (result == -ENOMEM)
		return output_no_memory();
	if (result == -EINVAL)
		return output_complain(STATUS_USAGE,
				       "a value is longer than apikeyd takes it, or there are too many of a "
				       "kind; nothing was changed");
	unreachable(arguments, -result);
	if (admin)
		output_note("If this was to change a key, 'apikeyctl key show' says whether it was done.");
	return STATUS_UNREACHABLE;
}

enum status daemon_try(const struct arguments *arguments, struct apikey_admin **ret_admin, int *ret_result)
{
	struct apikey_options options = { .size = sizeof(options),
					  .path = arguments_value(arguments, OPTION_RUNTIME_DIR) };
	const char *file = arguments_value(arguments, OPTION_CREDENTIAL_FILE);
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	enum status status = STATUS_DONE;
	int r;

	if (file && arguments->credential->size == 0)
		status = secret_input_read_file(file, arguments->credential);
	if (status != STATUS_DONE) {
		secret_input_done(arguments->credential);
		return status;
	}
	r = apikey_admin_open(&options, &admin);
	if (r == 0 && file)
		r = apikey_admin_set_credential(admin, arguments->credential->text);
	*ret_result = r;
	if (r == 0) {
		*ret_admin = admin;
		admin = NULL;
	}
	return STATUS_DONE;
}

enum status daemon_open(const struct arguments *arguments, struct apikey_admin **ret_admin)
{
	enum status status;
	int r;

	status = daemon_try(arguments, ret_admin, &r);
	return status == STATUS_DONE && r < 0 ? daemon_failed(arguments, NULL, r) : status;
}

enum status daemon_next_page(char **cursor, const char *next)
{
	char *copy = NULL;

	/* A daemon that gives the same page for ever would hold us for ever. */
	if (*cursor && strcmp(*cursor, next) == 0)
		return output_complain(STATUS_REFUSED, "apikeyd gives the same page of the list again and again");
	if (next[0] != '\0') {
		copy = strdup(next);
		if (!copy)
			return output_no_memory();
	}
	free(*cursor);
	*cursor = copy;
	return STATUS_DONE;
}
