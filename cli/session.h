/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verbs of "apikeyctl session". */
#ifndef APIKEYD_CLI_SESSION_H
#define APIKEYD_CLI_SESSION_H

#include "cli/arguments.h"

enum status session_list(const struct arguments *arguments);
enum status session_end(const struct arguments *arguments);

#endif
