/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Records of the audit as lines: of a table, or their JSON, one a line. Printed as they come, so that a million take no
 * more memory than a page of them. What a record says was chosen by whoever asked, perhaps to drive a terminal.
 */
#ifndef APIKEYD_CLI_AUDIT_ROWS_H
#define APIKEYD_CLI_AUDIT_ROWS_H

#include <stdbool.h>

#include "cli/scope.h"
#include "lib/apikey.h"

struct audit_rows;

/* NULL when memory is short. */
struct audit_rows *audit_rows_new(bool json);
/* Accepts NULL. */
void audit_rows_free(struct audit_rows *rows);

/* Adds a line; it may be printed at once, or by the next audit_rows_flush(). */
void audit_rows_add(struct audit_rows *rows, const struct apikey_audit_record *record);

/* Prints what was added. 0 or -ENOMEM. A failed write shows in ferror(stdout). */
int audit_rows_flush(struct audit_rows *rows);

SCOPE_DESTRUCTOR(audit_rows_scope, struct audit_rows, audit_rows_free);
#define SCOPED_AUDIT_ROWS SCOPED(audit_rows_scope)

#endif
