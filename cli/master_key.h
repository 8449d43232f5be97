/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The commands of "master-key". They need no daemon. */
#ifndef APIKEYD_CLI_MASTER_KEY_H
#define APIKEYD_CLI_MASTER_KEY_H

#include "cli/command.h"

enum status master_key_export(const struct arguments *arguments);
enum status master_key_import(const struct arguments *arguments);

#endif
