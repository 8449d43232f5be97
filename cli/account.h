/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verbs of "apikeyctl account". */
#ifndef APIKEYD_CLI_ACCOUNT_H
#define APIKEYD_CLI_ACCOUNT_H

#include "cli/arguments.h"

enum status account_create(const struct arguments *arguments);
enum status account_list(const struct arguments *arguments);
enum status account_show(const struct arguments *arguments);
enum status account_delete(const struct arguments *arguments);

#endif
