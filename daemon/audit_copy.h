/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The journal's copy of an audit record: the same fields, "APIKEYD_" in front, and one readable line.
 */
#ifndef APIKEYD_DAEMON_AUDIT_COPY_H
#define APIKEYD_DAEMON_AUDIT_COPY_H

#include <stdint.h>

#include "daemon/audit.h"
#include "daemon/journal.h"

/* Queues the copy; never blocks. seq 0: the record is not in the file, and the line says so. */
void audit_copy(struct journal *journal, const struct audit_record *record, uint64_t seq);

#endif
