/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verbs of "apikeyctl role". */
#ifndef APIKEYD_CLI_ROLE_H
#define APIKEYD_CLI_ROLE_H

#include "cli/arguments.h"

enum status role_create(const struct arguments *arguments);
enum status role_list(const struct arguments *arguments);
enum status role_show(const struct arguments *arguments);
enum status role_update(const struct arguments *arguments);
enum status role_delete(const struct arguments *arguments);

#endif
