/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The command line, read against the command table. Strict: names are exact, nothing unknown is skipped, what may stand
 * once stands once; and an argument that holds a key is refused before anything looks at it, without being repeated.
 * Global options may stand anywhere.
 */
#ifndef APIKEYD_CLI_ARGUMENTS_H
#define APIKEYD_CLI_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/command.h"
#include "cli/secret_input.h"

struct given {
	const struct option *option;
	const char *value; /* NULL for an option without one */
};

/* All texts belong to argv, but for the credential. */
struct arguments {
	const struct command *command; /* NULL: none was named */
	const char *object;            /* an object that was named without a verb, with --help; else NULL */
	struct given *given;
	size_t given_count;
	const char **operands;
	size_t operand_count;
	/* What --credential-file holds, from the first connection on; before, its size is 0. A pipe can be read once,
	 * and some commands connect more than once. */
	struct secret_input *credential;
};

/*
 * Reads argv[1] to the end. 0; -EINVAL and *ret_error, a sentence the caller frees (ret_arguments->command may be set,
 * for a hint); -EPERM and *ret_error when an argument holds a key; -ENOMEM. The caller ends ret_arguments with
 * arguments_done() in every case. With --help, operands and options that are missing are no error.
 */
int arguments_parse(int argc, char **argv, struct arguments *ret_arguments, char **ret_error);
void arguments_done(struct arguments *arguments);

/* -EINVAL with *ret_error, as above: there is no such verb of object (NULL: no such command); or -ENOMEM. */
int arguments_unknown(const char *object, const char *word, char **ret_error);

/* True when the option was given. */
bool arguments_has(const struct arguments *arguments, enum option_id id);

/* The value of an option, NULL when it was not given. */
const char *arguments_value(const struct arguments *arguments, enum option_id id);

/* All values of an option, NULL at the end: *ret_list, whose texts stay those of argv, is the caller's to free. 0 or
 * -ENOMEM. */
int arguments_list(const struct arguments *arguments, enum option_id id, const char ***ret_list);

#endif
