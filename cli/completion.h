/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The completion script for bash, made from the command table. */
#ifndef APIKEYD_CLI_COMPLETION_H
#define APIKEYD_CLI_COMPLETION_H

#include "cli/arguments.h"

/* "apikeyctl completion bash". */
enum status completion_command(const struct arguments *arguments);

#endif
