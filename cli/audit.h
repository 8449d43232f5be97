/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "audit show"; cli/audit_verify.h has the other verbs of "apikeyctl audit". */
#ifndef APIKEYD_CLI_AUDIT_H
#define APIKEYD_CLI_AUDIT_H

#include "cli/arguments.h"

enum status audit_show(const struct arguments *arguments);

#endif
