/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/completion.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/output.h"

const struct completion_shell completion_shells[] = {
	{ "bash", completion_print_bash },
	{ "zsh", completion_print_zsh },
	{ NULL, NULL },
};

void completion_each_option(void (*visit)(const struct option *option))
{
	for (const struct option *option = global_options; option->id != OPTION_END; option++)
		visit(option);
	for (const struct command *command = commands; command->verb; command++)
		for (const struct option *option = command->options; option && option->id != OPTION_END; option++) {
			bool seen = false;

			for (const struct command *before = commands; before < command && !seen; before++)
				for (const struct option *other = before->options;
				     other && other->id != OPTION_END && !seen; other++)
					seen = strcmp(other->name, option->name) == 0;
			if (!seen)
				visit(option);
		}
}

void completion_print_valued(const struct option *option)
{
	if (option->argument && !option_may_be_bare(option))
		printf(" | --%s", option->name);
}

const char *completion_values(const struct option *option, char *ret_text, size_t size)
{
	snprintf(ret_text, size, "%s", option->argument);
	for (char *at = ret_text; (at = strchr(at, '|'));)
		*at = ' ';
	return ret_text;
}

enum status completion_command(const struct arguments *arguments)
{
	const char *name = arguments->operands[0];

	for (const struct completion_shell *shell = completion_shells; shell->name; shell++)
		if (strcmp(shell->name, name) == 0) {
			shell->print();
			return STATUS_DONE;
		}
	return output_complain(STATUS_USAGE, "there is no completion script for '%s', but there are for bash and zsh",
			       name);
}
