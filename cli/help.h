/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Help texts, made from the command table. */
#ifndef APIKEYD_CLI_HELP_H
#define APIKEYD_CLI_HELP_H

#include "cli/arguments.h"

/* What there is, all of it, or of one object where object is not NULL. On standard output. */
void help_overview(const char *object);

/* How a command is used. On standard output. */
void help_show(const struct command *command);

/* "apikeyctl help [OBJECT] [VERB]". */
enum status help_command(const struct arguments *arguments);

#endif
