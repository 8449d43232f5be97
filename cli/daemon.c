/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/daemon.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/output.h"
#include "cli/secret_input.h"

#define DEFAULT_FOLDER "/run/apikeyd"

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
				       "others than root%s; whoever answers there may not be apikeyd",
				       folder, socket, path ? " and you" : "");
	case ETIMEDOUT:
		return output_complain(
			STATUS_UNREACHABLE, "apikeyd at %s%s did not answer in time; is it stuck, or busy? %s", folder,
			socket,
			path ? "'apikeyctl status' tells whether it answers at all" : "systemctl status apikeyd");
	case EACCES:
		return output_complain(STATUS_UNREACHABLE,
				       "apikeyd cannot be reached at %s%s: you may not go through one of these folders",
				       folder, socket);
	default:
		return output_complain(STATUS_UNREACHABLE, "apikeyd cannot be reached at %s%s: %s; %s", folder, socket,
				       strerror(error),
				       path ? "is apikeyd running with this --runtime-dir?"
					    : "is apikeyd.service running? systemctl status apikeyd");
	}
}

enum status daemon_failed(const struct arguments *arguments, const struct apikey_admin *admin, int result)
{
	if (result > 0) {
		const char *message = apikey_admin_message(admin);

		return output_complain(STATUS_REFUSED, "%s",
				       message[0] != '\0' ? message : apikey_answer_name((enum apikey_answer)result));
	}
	if (result == -ENOMEM)
		return output_no_memory();
	if (result == -EINVAL)
		return output_complain(STATUS_USAGE,
				       "a value is longer than apikeyd takes it, or there are too many of a "
				       "kind; nothing was changed");
	return unreachable(arguments, -result);
}

enum status daemon_open(const struct arguments *arguments, struct apikey_admin **ret_admin)
{
	struct apikey_options options = { .size = sizeof(options),
					  .path = arguments_value(arguments, OPTION_RUNTIME_DIR) };
	const char *file = arguments_value(arguments, OPTION_CREDENTIAL_FILE);
	SCOPED_SECRET_INPUT struct secret_input credential = { .size = 0 };
	SCOPED_ADMIN struct apikey_admin *admin = NULL;
	enum status status;
	int r;

	if (file) {
		status = secret_input_read_file(file, &credential);
		if (status != STATUS_DONE)
			return status;
	}
	r = apikey_admin_open(&options, &admin);
	if (r == 0 && file)
		r = apikey_admin_set_credential(admin, credential.text);
	if (r < 0)
		return daemon_failed(arguments, admin, r);
	*ret_admin = admin;
	admin = NULL;
	return STATUS_DONE;
}
