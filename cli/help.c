/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/help.h"

#include <stdio.h>
#include <string.h>

#include "cli/output.h"
#include "cli/scope.h"

#define WIDTH 79
#define OPTION_INDENT 26

/* Prints a text that begins at column and goes on, on the next lines, at indent; wraps at WIDTH. A tab is a space that
 * does not wrap. Ends the line. */
static void print_wrapped(const char *text, int column, int indent)
{
	while (*text != '\0') {
		int word = (int)strcspn(text, " ");

		if (column > indent && column + 1 + word > WIDTH) {
			printf("\n%*s", indent, "");
			column = indent;
		} else if (column > indent) {
			putchar(' ');
			column++;
		}
		for (column += word; word > 0; word--, text++)
			putchar(*text == '\t' ? ' ' : *text);
		text += strspn(text, " ");
	}
	putchar('\n');
}

/* A name in the left column, its text in the right one. */
static void print_entry(const char *name, int indent, const char *text)
{
	int column = printf("  %s", name);

	if (column + 1 >= indent) {
		putchar('\n');
		column = 0;
	}
	printf("%*s", indent - column, "");
	print_wrapped(text, indent, indent);
}

static void print_options(const char *title, const struct option *options)
{
	printf("\n%s:\n", title);
	for (; options->id != OPTION_END; options++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s%s%s", options->name, options->argument ? " " : "",
			 options->argument ? options->argument : "");
		print_entry(name, OPTION_INDENT, options->help);
	}
}

void help_overview(const char *object)
{
	printf("usage: apikeyctl [--runtime-dir DIR] [--json] %s VERB ...\n", object ? object : "OBJECT");
	if (!object)
		printf("       apikeyctl --help | --version\n\nMakes and looks after the API keys apikeyd lets users "
		       "log in "
		       "with.\n");
	printf("\nCommands:\n");
	for (const struct command *command = commands; command->verb; command++) {
		char name[64];

		if (object && (!command->object || strcmp(command->object, object) != 0))
			continue;
		snprintf(name, sizeof(name), "%s%s%s%s%s", command->object ? command->object : "",
			 command->object ? " " : "", command->verb, command->operands ? " " : "",
			 command->operands ? command->operands : "");
		print_entry(name, OPTION_INDENT, command->summary);
	}
	printf("\nKEY is the id of a key, or OWNER/NAME.\n");
	print_options("Options of all commands", global_options);
	putchar('\n');
	print_wrapped(
		"Exit status: 0 done, 1 refused or not found, 2 usage, 3 the daemon cannot be reached. 'apikeyctl "
		"help key create' says more about that command; apikeyctl(1) about all of them.",
		0, 0);
}

/* "--name NAME", or "[--permission GRANT]..." */
static void add_usage(char *usage, size_t size, const struct option *option)
{
	size_t used = strlen(usage);

	snprintf(usage + used, size - used, " %s--%s%s%s%s%s", option->count == OPTION_REQUIRED ? "" : "[",
		 option->name, option->argument ? "\t" : "", option->argument ? option->argument : "",
		 option->count == OPTION_REQUIRED ? "" : "]", option->count == OPTION_REPEATED ? "..." : "");
}

void help_show(const struct command *command)
{
	SCOPED_FREE char *name = command_name(command);
	char usage[1024] = "";
	int column;

	if (!name)
		return;
	column = printf("usage: apikeyctl %s", name);
	snprintf(usage, sizeof(usage), "%s", command->operands ? command->operands : "");
	for (const struct option *option = command->options; option && option->id != OPTION_END; option++)
		add_usage(usage, sizeof(usage), option);
	print_wrapped(usage + (usage[0] == ' '), column, 17);
	printf("\n%c%s.\n", command->summary[0] - 'a' + 'A', command->summary + 1);
	if (command->description) {
		putchar('\n');
		print_wrapped(command->description, 0, 0);
	}
	if (command->options)
		print_options("Options", command->options);
	snprintf(usage, sizeof(usage), "Every command also takes");
	for (const struct option *option = global_options; option->id != OPTION_END; option++) {
		size_t used = strlen(usage);

		snprintf(usage + used, sizeof(usage) - used, " --%s%s", option->name,
			 option[1].id != OPTION_END ? "," : ";");
	}
	putchar('\n');
	print_wrapped(usage, 0, 0);
	printf("'apikeyctl help' says what they do.\n");
	printf("\nExample:\n  apikeyctl %s\n", command->example);
}

enum status help_command(const struct arguments *arguments)
{
	const char *first = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
	const char *second = arguments->operand_count > 1 ? arguments->operands[1] : NULL;
	const struct command *command = NULL;

	if (!first) {
		help_overview(NULL);
		return STATUS_DONE;
	}
	command = second ? command_find(first, second) : command_find(NULL, first);
	for (const struct command *candidate = commands; !command && candidate->verb; candidate++) {
		if (!second && candidate->object && strcmp(candidate->object, first) == 0) {
			help_overview(candidate->object);
			return STATUS_DONE;
		}
		/* A verb alone will do. */
		if (!second && strcmp(candidate->verb, first) == 0)
			command = candidate;
	}
	if (!command)
		return output_complain(STATUS_USAGE, "there is no command '%s%s%s'; 'apikeyctl help' lists them", first,
				       second ? " " : "", second ? second : "");
	help_show(command);
	return STATUS_DONE;
}
