/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verbs of "apikeyctl tenant". */
#ifndef APIKEYD_CLI_TENANT_H
#define APIKEYD_CLI_TENANT_H

#include "cli/arguments.h"

enum status tenant_create(const struct arguments *arguments);
enum status tenant_list(const struct arguments *arguments);
enum status tenant_show(const struct arguments *arguments);
enum status tenant_update(const struct arguments *arguments);
enum status tenant_delete(const struct arguments *arguments);

#endif
