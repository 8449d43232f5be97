/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verbs of "apikeyctl lockdown". */
#ifndef APIKEYD_CLI_LOCKDOWN_H
#define APIKEYD_CLI_LOCKDOWN_H

#include "cli/arguments.h"

enum status lockdown_on(const struct arguments *arguments);
enum status lockdown_off(const struct arguments *arguments);
enum status lockdown_status(const struct arguments *arguments);

#endif
