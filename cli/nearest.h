/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What somebody meant who typed a name that does not exist: a slip of the finger, a beginning, or another tool's word.
 */
#ifndef APIKEYD_CLI_NEAREST_H
#define APIKEYD_CLI_NEAREST_H

#include <stddef.h>

#include "cli/command.h"

#define NEAREST_SIZE 64

/*
 * The command that is nearest to word: a verb of object, or, where object is NULL, a verb without an object ("status"),
 * an object ("key") or a verb with its object ("key create"). Its name goes to ret_name, which is returned; NULL,
 * nothing written, when none is near.
 */
const char *nearest_command(const char *object, const char *word, char ret_name[NEAREST_SIZE]);

/* The option of the command (may be NULL) or of all that is nearest to the size bytes at word; NULL when none is. */
const char *nearest_option(const struct command *command, const char *word, size_t size);

#endif
