/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Looking things up in the command table. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

const struct command *command_find(const char *object, const char *verb)
{
	for (const struct command *command = commands; command->verb; command++)
		if (strcmp(command->verb, verb) == 0 &&
		    (object ? command->object && strcmp(command->object, object) == 0 : !command->object))
			return command;
	return NULL;
}

static const struct option *option_find(const struct option *options, const char *name, size_t size)
{
	for (; options && options->id != OPTION_END; options++)
		if (strlen(options->name) == size && memcmp(options->name, name, size) == 0)
			return options;
	return NULL;
}

const struct option *command_option(const struct command *command, const char *name, size_t size)
{
	const struct option *option = command ? option_find(command->options, name, size) : NULL;

	return option ? option : option_find(global_options, name, size);
}

bool option_may_be_bare(const struct option *option)
{
	return option->argument && option->argument[0] == '[';
}

char *command_name(const struct command *command)
{
	char *name;

	if (asprintf(&name, "%s%s%s", command->object ? command->object : "", command->object ? " " : "",
		     command->verb) < 0)
		return NULL;
	return name;
}
