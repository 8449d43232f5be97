/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "apikeyctl doctor": looks for what keeps keys from working, or makes them work where they should not. */
#ifndef APIKEYD_CLI_DOCTOR_H
#define APIKEYD_CLI_DOCTOR_H

#include "cli/arguments.h"

enum status doctor_run(const struct arguments *arguments);

#endif
