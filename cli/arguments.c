/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/arguments.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/scope.h"
#include "cli/text.h"

static int refuse(char **ret_error, const char *form, ...) __attribute__((format(printf, 2, 3)));

static int refuse(char **ret_error, const char *form, ...)
{
	va_list values;
	int size;

	va_start(values, form);
	size = vasprintf(ret_error, form, values);
	va_end(values);
	return size < 0 ? -ENOMEM : -EINVAL;
}

static int refuse_private_keys(int argc, char **argv, char **ret_error)
{
	for (int i = 1; i < argc; i++) {
		int r;

		if (!text_holds_private_key(argv[i]))
			continue;
		r = refuse(
			ret_error,
			"argument %d looks like the private key of a pair, or like a token that was signed with one. A "
			"command line can be read by other users and stays in the shell's history, so take a private "
			"key for leaked: make a new pair, then revoke the old one. Pairs are read from standard input",
			i);
		return r == -EINVAL ? -EPERM : r;
	}
	return 0;
}

static int refuse_secrets(int argc, char **argv, char **ret_error)
{
	for (int i = 1; i < argc; i++) {
		const char *value = argv[i][0] == '-' ? strchr(argv[i], '=') : NULL;
		int r;

		if (!text_holds_secret(value ? value + 1 : argv[i]) && !text_holds_secret(argv[i]))
			continue;
		if (text_holds_access_token(argv[i])) {
			r = refuse(ret_error,
				   "argument %d looks like an access token. A command line can be read by other users "
				   "and stays in the shell's history, so take that token for leaked and end it: "
				   "'apikeyctl token revoke' reads it from standard input",
				   i);
			return r == -EINVAL ? -EPERM : r;
		}
		r = refuse(ret_error,
			   "argument %d looks like a whole key, secret included. A command line can be read by other "
			   "users and "
			   "stays in the shell's history, so take that key for leaked and rotate it: make a new one, "
			   "then revoke "
			   "the old one by its id, the 12 characters after 'ak_'",
			   i);
		return r == -EINVAL ? -EPERM : r;
	}
	return refuse_private_keys(argc, argv, ret_error);
}

int arguments_unknown(const char *object, const char *word, char **ret_error)
{
	char near[NEAREST_SIZE], verbs[512] = "";
	const char *between = "";

	if (nearest_command(object, word, near))
		return refuse(ret_error, "there is no command '%s%s%s'; is it '%s'?", object ? object : "",
			      object ? " " : "", word, near);
	for (const struct command *command = commands; object && command->verb; command++)
		if (command->object && strcmp(command->object, object) == 0) {
			size_t used = strlen(verbs);

			snprintf(verbs + used, sizeof(verbs) - used, "%s%s", between, command->verb);
			between = ", ";
		}
	if (object)
		return refuse(ret_error, "%s has no verb '%s'; it has %s", object, word, verbs);
	return refuse(ret_error, "there is no command '%s'", word);
}

/* A word that is not an option: it names the command, or is an operand of it. */
static int take_word(struct arguments *arguments, const char *word, char **ret_error)
{
	if (arguments->command) {
		arguments->operands[arguments->operand_count++] = word;
		return 0;
	}
	arguments->command = command_find(arguments->object, word);
	if (arguments->command) {
		arguments->object = NULL;
		return 0;
	}
	if (arguments->object)
		return arguments_unknown(arguments->object, word, ret_error);
	for (const struct command *command = commands; command->verb; command++)
		if (command->object && strcmp(command->object, word) == 0) {
			arguments->object = command->object;
			return 0;
		}
	return arguments_unknown(NULL, word, ret_error);
}

/* Whether an option may stand in this command line once more. */
static int check_count(const struct arguments *arguments, const struct option *option, char **ret_error)
{
	if (option->count == OPTION_REPEATED)
		return 0;
	for (size_t i = 0; i < arguments->given_count; i++)
		if (arguments->given[i].option == option)
			return refuse(ret_error, "--%s is given twice", option->name);
	return 0;
}

/* word is "--name" or "--name=value". Moves *index on where the value is the next word. */
static int take_option(struct arguments *arguments, int argc, char **argv, int *index, char **ret_error)
{
	const char *name = argv[*index] + 2;
	const char *value = strchr(name, '=');
	size_t size = value ? (size_t)(value - name) : strlen(name);
	const struct option *option;
	int r;

	option = command_option(arguments->command, name, size);
	if (!option) {
		const char *similar = nearest_option(arguments->command, name, size);

		return refuse(ret_error, "there is no option --%.*s here%s%s%s", (int)size, name,
			      similar ? "; is it --" : "", similar ? similar : "", similar ? "?" : "");
	}
	r = check_count(arguments, option, ret_error);
	if (r < 0)
		return r;
	if (!option->argument && value)
		return refuse(ret_error, "--%s takes no value", option->name);
	if (option_may_be_bare(option) && !value) {
		arguments->given[arguments->given_count++] = (struct given){ option, NULL };
		return 0;
	}
	if (option->argument && !value && *index + 1 >= argc)
		return refuse(ret_error, "--%s needs a value: --%s %s", option->name, option->name, option->argument);
	if (option->argument && !value && strncmp(argv[*index + 1], "--", 2) == 0)
		return refuse(ret_error, "--%s needs a value; one that begins with dashes is written --%s=VALUE",
			      option->name, option->name);
	if (option->argument)
		value = value ? value + 1 : argv[++*index];
	if (option->argument && *value == '\0')
		return refuse(ret_error, "the value of --%s is empty", option->name);
	arguments->given[arguments->given_count++] = (struct given){ option, value };
	return 0;
}

/* What people type from habit; of commands that have such an option. */
static const struct option *letter_option(const struct arguments *arguments, const char *word)
{
	static const struct {
		const char *letter, *name;
	} letters[] = { { "-f", "follow" }, { "-n", "limit" }, { "-r", "reverse" } };

	for (size_t i = 0; i < COUNT_OF(letters) && arguments->command; i++)
		if (strcmp(letters[i].letter, word) == 0)
			return command_option(arguments->command, letters[i].name, strlen(letters[i].name));
	return NULL;
}

static int take_letter(struct arguments *arguments, const struct option *option, int argc, char **argv, int *index,
		       char **ret_error)
{
	const char *value = NULL;
	int r = check_count(arguments, option, ret_error);

	if (r < 0)
		return r;
	if (option->argument && *index + 1 >= argc)
		return refuse(ret_error, "--%s needs a value: --%s %s", option->name, option->name, option->argument);
	if (option->argument)
		value = argv[++*index];
	arguments->given[arguments->given_count++] = (struct given){ option, value };
	return 0;
}

/* Whether the command has what it needs. */
static int check_whole(const struct arguments *arguments, char **ret_error)
{
	const struct command *command = arguments->command;

	if (arguments_has(arguments, OPTION_HELP) || arguments_has(arguments, OPTION_VERSION))
		return 0;
	if (arguments->object)
		return refuse(ret_error, "%s needs a verb", arguments->object);
	if (!command)
		return refuse(ret_error, "say what to do");
	if (arguments->operand_count < command->operands_least)
		return refuse(ret_error, "%s is missing", command->operands);
	if (arguments->operand_count > command->operands_most)
		return refuse(ret_error, "'%s' is one argument too many", arguments->operands[command->operands_most]);
	for (const struct option *option = command->options; option && option->id != OPTION_END; option++)
		if (option->count == OPTION_REQUIRED && !arguments_has(arguments, option->id))
			return refuse(ret_error, "--%s is missing: --%s %s", option->name, option->name,
				      option->argument);
	for (size_t i = 0; i < arguments->operand_count; i++)
		if (arguments->operands[i][0] == '\0')
			return refuse(ret_error, "an argument is empty");
	return 0;
}

int arguments_parse(int argc, char **argv, struct arguments *ret_arguments, char **ret_error)
{
	const struct option *letter;
	bool options_end = false;
	size_t room = argc > 0 ? (size_t)argc : 1;
	int r;

	*ret_arguments = (struct arguments){ 0 };
	r = refuse_secrets(argc, argv, ret_error);
	if (r < 0)
		return r;
	ret_arguments->given = calloc(room, sizeof(*ret_arguments->given));
	ret_arguments->operands = calloc(room, sizeof(*ret_arguments->operands));
	ret_arguments->credential = calloc(1, sizeof(*ret_arguments->credential));
	if (!ret_arguments->given || !ret_arguments->operands || !ret_arguments->credential)
		return -ENOMEM;
	for (int i = 1; i < argc && r == 0; i++) {
		if (!options_end && strcmp(argv[i], "--") == 0)
			options_end = true;
		else if (!options_end && strncmp(argv[i], "--", 2) == 0)
			r = take_option(ret_arguments, argc, argv, &i, ret_error);
		else if (!options_end && strcmp(argv[i], "-h") == 0)
			ret_arguments->given[ret_arguments->given_count++] =
				(struct given){ command_option(NULL, "help", 4), NULL };
		else if (!options_end && (letter = letter_option(ret_arguments, argv[i])) != NULL)
			r = take_letter(ret_arguments, letter, argc, argv, &i, ret_error);
		else if (!options_end && argv[i][0] == '-' && argv[i][1] != '\0')
			r = refuse(ret_error, "there is no option %s here; options have two dashes", argv[i]);
		else
			r = take_word(ret_arguments, argv[i], ret_error);
	}
	return r < 0 ? r : check_whole(ret_arguments, ret_error);
}

void arguments_done(struct arguments *arguments)
{
	free(arguments->given);
	free(arguments->operands);
	if (arguments->credential)
		secret_input_done(arguments->credential);
	free(arguments->credential);
	*arguments = (struct arguments){ 0 };
}

const char *arguments_value(const struct arguments *arguments, enum option_id id)
{
	for (size_t i = 0; i < arguments->given_count; i++)
		if (arguments->given[i].option->id == id)
			return arguments->given[i].value;
	return NULL;
}

bool arguments_has(const struct arguments *arguments, enum option_id id)
{
	for (size_t i = 0; i < arguments->given_count; i++)
		if (arguments->given[i].option->id == id)
			return true;
	return false;
}

int arguments_list(const struct arguments *arguments, enum option_id id, const char ***ret_list)
{
	const char **list = calloc(arguments->given_count + 1, sizeof(*list));
	size_t count = 0;

	if (!list)
		return -ENOMEM;
	for (size_t i = 0; i < arguments->given_count; i++)
		if (arguments->given[i].option->id == id)
			list[count++] = arguments->given[i].value;
	*ret_list = list;
	return 0;
}
