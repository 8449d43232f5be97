/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* apikeyctl: makes and looks after API keys. Takes nothing from the environment but the locale and the time zone. */
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/json.h"
#include "cli/output.h"
#include "cli/scope.h"
#include "config.h"

static enum status usage_error(const struct arguments *arguments, const char *error)
{
	SCOPED_FREE char *name = arguments->command ? command_name(arguments->command) : NULL;

	output_complain(STATUS_USAGE, "%s%s%s", name ? name : "", name ? ": " : "", error ? error : "out of memory");
	output_note("'apikeyctl help%s%s' says how it is used.", name || arguments->object ? " " : "",
		    name                ? name
		    : arguments->object ? arguments->object
					: "");
	return STATUS_USAGE;
}

static enum status run(int argc, char **argv)
{
	SCOPED(arguments_done) struct arguments arguments;
	SCOPED_FREE char *error = NULL;
	int r = arguments_parse(argc, argv, &arguments, &error);

	if (r == -ENOMEM)
		return output_no_memory();
	if (r == -EPERM)
		return output_complain(STATUS_USAGE, "%s", error ? error : "an argument holds a secret");
	if (r < 0)
		return usage_error(&arguments, error);
	if (arguments_has(&arguments, OPTION_VERSION)) {
		puts("apikeyctl " PACKAGE_VERSION);
		return STATUS_DONE;
	}
	if (!arguments_has(&arguments, OPTION_HELP))
		return arguments.command->handler(&arguments);
	if (arguments.command)
		help_show(arguments.command);
	else
		help_overview(arguments.object);
	return STATUS_DONE;
}

int main(int argc, char **argv)
{
	if (output_prepare() < 0)
		return STATUS_REFUSED;
	/* A reader that has gone is an error of writing, to be told, and not our end. */
	signal(SIGPIPE, SIG_IGN);
	setlocale(LC_CTYPE, "");
	json_prepare();
	return (int)output_finish(run(argc, argv));
}
