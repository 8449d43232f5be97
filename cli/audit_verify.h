/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* "audit verify" and "audit key"; cli/audit.h has "audit show". */
#ifndef APIKEYD_CLI_AUDIT_VERIFY_H
#define APIKEYD_CLI_AUDIT_VERIFY_H

#include "cli/arguments.h"
#include "cli/command.h"

enum status audit_verify(const struct arguments *arguments);
enum status audit_key(const struct arguments *arguments);

#endif
