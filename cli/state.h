/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "apikeyctl status": how the daemon is. */
#ifndef APIKEYD_CLI_STATE_H
#define APIKEYD_CLI_STATE_H

#include "cli/arguments.h"

enum status state_show(const struct arguments *arguments);

#endif
