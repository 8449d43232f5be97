/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Lines that get their seq late: their texts are made first, each behind room for its head, so that under the lock only
 * the heads are left to write.
 */
#ifndef APIKEYD_DAEMON_AUDIT_LINES_H
#define APIKEYD_DAEMON_AUDIT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/audit_format.h"

/* Begins a line at the end of the text; what is appended until audit_line_end() follows its seq. Returns where. */
size_t audit_line_begin(struct audit_text *text);
void audit_line_end(struct audit_text *text, size_t start);

/* Both below: the text holds count lines and nothing else, and has not failed. seq is the first one's. */

/* The bytes the lines will have. */
size_t audit_lines_size(const struct audit_text *text, size_t count, uint64_t seq);

/* Writes the heads and closes the gaps: the text's first bytes, so many as are returned, are the lines. */
size_t audit_lines_number(struct audit_text *text, size_t count, uint64_t seq);

#endif
