/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Completion scripts for shells, made from the command table. */
#ifndef APIKEYD_CLI_COMPLETION_H
#define APIKEYD_CLI_COMPLETION_H

#include "cli/arguments.h"

/* The shells there is a script for, up to one without a name. */
struct completion_shell {
	const char *name;
	void (*print)(void); /* the script, to standard output */
};
extern const struct completion_shell completion_shells[];

void completion_print_bash(void);
void completion_print_zsh(void);

/* Calls visit for each option of each command and for each global one, at the first place it has its name. */
void completion_each_option(void (*visit)(const struct option *option));

/* For it: prints " | --NAME" of an option whose value is the next word, which therefore names no command. */
void completion_print_valued(const struct option *option);

/* The values of an option whose argument says them, separated by spaces. Returns ret_text. */
#define COMPLETION_VALUES_SIZE 64
const char *completion_values(const struct option *option, char *ret_text, size_t size);

/* "apikeyctl completion SHELL". */
enum status completion_command(const struct arguments *arguments);

#endif
