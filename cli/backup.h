/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The commands "backup" and "restore". */
#ifndef APIKEYD_CLI_BACKUP_H
#define APIKEYD_CLI_BACKUP_H

#include "cli/command.h"

enum status backup_make(const struct arguments *arguments);
enum status backup_restore(const struct arguments *arguments);

#endif
