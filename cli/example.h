/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The examples that help shows, with a sentence each. Each command has one at least, and the arguments' parser takes
 * every one of them: the tests see to it.
 */
#ifndef APIKEYD_CLI_EXAMPLE_H
#define APIKEYD_CLI_EXAMPLE_H

#include <stdbool.h>

#include "cli/command.h"

struct example {
	const char *says; /* what it is for: a sentence without its full stop */
	const char *line; /* what follows "apikeyctl", as a shell reads it; begins with the command */
};

/* All examples, in the order help shows them, up to one without a line. */
extern const struct example examples[];

/* Whether the example is one of the command. */
bool example_is_of(const struct example *example, const struct command *command);

#endif
