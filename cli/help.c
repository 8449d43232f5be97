/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/help.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "cli/example.h"
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

		snprintf(name, sizeof(name), "--%s%s%s", options->name,
			 options->argument && !option_may_be_bare(options) ? " " : "",
			 options->argument ? options->argument : "");
		print_entry(name, OPTION_INDENT, options->help);
	}
}

/* What belongs together, by object, or by the verb that needs none. */
static const struct group {
	const char *title;
	const char *words[8];
} groups[] = {
	{ "Keys", { "key" } },
	{ "Whose keys they are", { "account", "tenant" } },
	{ "Tokens", { "token" } },
	{ "Who came in with one", { "session" } },
	{ "The portal", { "portal", "signin" } },
	{ "Roles", { "role" } },
	{ "What a key opens", { "verify", "explain" } },
	{ "What happened", { "audit" } },
	{ "The daemon", { "status", "doctor" } },
	{ "When a key has leaked", { "lockdown" } },
	{ "A way back", { "backup", "restore", "master-key" } },
	{ "Help", { "help", "completion" } },
};

static const struct group *group_of(const struct command *command)
{
	const char *word = command->object ? command->object : command->verb;

	for (size_t i = 0; i < COUNT_OF(groups); i++)
		for (size_t j = 0; j < COUNT_OF(groups[i].words) && groups[i].words[j]; j++)
			if (strcmp(groups[i].words[j], word) == 0)
				return &groups[i];
	return NULL;
}

static void print_command(const struct command *command)
{
	char name[64];

	snprintf(name, sizeof(name), "%s%s%s%s%s", command->object ? command->object : "", command->object ? " " : "",
		 command->verb, command->operands ? " " : "", command->operands ? command->operands : "");
	print_entry(name, OPTION_INDENT, command->summary);
}

/* The commands of a group (NULL: those in none), under its title. */
static void print_group(const struct group *group)
{
	bool any = false;

	for (const struct command *command = commands; command->verb; command++) {
		if (group_of(command) != group)
			continue;
		if (!any)
			printf("\n%s:\n", group ? group->title : "More");
		any = true;
		print_command(command);
	}
}

void help_overview(const char *object)
{
	printf("usage: apikeyctl [--runtime-dir DIR] [--json] %s VERB ...\n", object ? object : "OBJECT");
	if (object) {
		printf("\nCommands:\n");
		for (const struct command *command = commands; command->verb; command++)
			if (command->object && strcmp(command->object, object) == 0)
				print_command(command);
	} else {
		printf("       apikeyctl --help | --version\n\nMakes and looks after the API keys apikeyd lets users "
		       "log in with.\n");
		for (size_t i = 0; i < COUNT_OF(groups); i++)
			print_group(&groups[i]);
		print_group(NULL);
	}
	printf("\nKEY is the id of a key, or OWNER/NAME; TENANT an id, a name, or ACCOUNT/NAME.\n");
	print_options("Options of all commands", global_options);
	putchar('\n');
	print_wrapped(
		"Exit status: 0 done, 1 refused or not found, 2 usage, 3 the daemon cannot be reached. 'apikeyctl "
		"help key create' says more about that command, with examples; apikeyctl(1) about all of them.",
		0, 0);
}

/* "--name NAME", or "[--permission GRANT]..." */
static void add_usage(char *usage, size_t size, const struct option *option)
{
	size_t used = strlen(usage);

	snprintf(usage + used, size - used, " %s--%s%s%s%s%s", option->count == OPTION_REQUIRED ? "" : "[",
		 option->name, option->argument && !option_may_be_bare(option) ? "\t" : "",
		 option->argument ? option->argument : "", option->count == OPTION_REQUIRED ? "" : "]",
		 option->count == OPTION_REPEATED ? "..." : "");
}

/* An example as it can be typed, on as many lines as it takes: one is broken before an option or a redirection. */
static void print_example(const struct example *example)
{
	const char *text = example->line;
	int column = printf("  # %s\n  apikeyctl", example->says) > 0 ? 11 : 0;

	while (*text != '\0') {
		bool quoted = false;
		int size = 0;

		for (; text[size] != '\0'; size++) {
			quoted = quoted != (text[size] == '\'');
			if (!quoted && text[size] == ' ' && strchr("-<>|", text[size + 1]))
				break;
		}
		if (column + 1 + size > WIDTH - 2)
			column = printf(" \\\n     ") > 0 ? 5 : 0;
		column += printf(" %.*s", size, text);
		text += size;
		text += strspn(text, " ");
	}
	putchar('\n');
}

void help_show(const struct command *command)
{
	SCOPED_FREE char *name = command_name(command);
	char usage[1024] = "";
	const char *title = "\nExamples:";
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
	for (const struct example *example = examples; example->line; example++)
		if (example_is_of(example, command)) {
			printf("%s\n", title);
			title = "";
			print_example(example);
		}
}

enum status help_command(const struct arguments *arguments)
{
	const char *first = arguments->operand_count > 0 ? arguments->operands[0] : NULL;
	const char *second = arguments->operand_count > 1 ? arguments->operands[1] : NULL;
	const struct command *command = NULL;
	SCOPED_FREE char *error = NULL;
	const char *object = NULL;

	if (!first) {
		help_overview(NULL);
		return STATUS_DONE;
	}
	command = second ? command_find(first, second) : command_find(NULL, first);
	for (const struct command *candidate = commands; !command && candidate->verb; candidate++) {
		if (candidate->object && strcmp(candidate->object, first) == 0)
			object = candidate->object;
		/* A verb alone will do. */
		if (!second && !object && strcmp(candidate->verb, first) == 0)
			command = candidate;
	}
	if (!second && object) {
		help_overview(object);
		return STATUS_DONE;
	}
	if (!command && second && command_find(NULL, first))
		return output_complain(STATUS_USAGE, "%s has no verb; 'apikeyctl help %s' says how it is used", first,
				       first);
	if (!command) {
		if (arguments_unknown(object, object ? second : first, &error) == -ENOMEM)
			return output_no_memory();
		output_complain(STATUS_USAGE, "%s", error);
		output_note("'apikeyctl help%s%s' lists what there is.", object ? " " : "", object ? object : "");
		return STATUS_USAGE;
	}
	help_show(command);
	return STATUS_DONE;
}
