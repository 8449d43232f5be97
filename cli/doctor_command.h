/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Another program, run for what it says: by its full path, with an empty environment, nothing to read, and a bound on
 * time and text.
 */
#ifndef APIKEYD_CLI_DOCTOR_COMMAND_H
#define APIKEYD_CLI_DOCTOR_COMMAND_H

#include "cli/doctor_memory.h"

/*
 * Runs argv[0], which is a full path. Its exit status and *ret_text, what it wrote on both outputs (cut at a few
 * thousand bytes); -ENOENT when it is not there, -ETIMEDOUT when it did not end within some seconds and was killed,
 * or another negative errno.
 */
int doctor_command(struct doctor_memory *memory, const char *const *argv, const char **ret_text);

#endif
