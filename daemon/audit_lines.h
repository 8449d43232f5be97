/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Lines that get their seq, and their place in the chain, late: their texts are made and hashed first, each with room
 * around it, so that under the lock only head and tail are left to write.
 */
#ifndef APIKEYD_DAEMON_AUDIT_LINES_H
#define APIKEYD_DAEMON_AUDIT_LINES_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/audit_chain.h"
#include "daemon/audit_format.h"

/* Begins a line at the end of the text; what is appended until audit_line_end(), a closing brace at last, follows its
 * seq. Returns where. */
size_t audit_line_begin(struct audit_text *text);
void audit_line_end(struct audit_text *text, size_t start, struct crypto_hash *hash);

/* Both below: the text holds count lines and nothing else, and has not failed. seq is the first one's. */

/* The bytes the lines will have. */
size_t audit_lines_size(const struct audit_text *text, size_t count, uint64_t seq, bool keyed);

/* The bytes of as many lines, one at least, as are not more than most; *ret_count: how many. */
size_t audit_lines_first(const struct audit_text *text, size_t most, size_t *ret_count);

/* Numbers the lines from seq on, each the next one in the chain, and leaves nothing between them. 0 and how many bytes
 * of the text they are now; or what audit_chain_link() fails with. */
int audit_lines_number(struct audit_text *text, size_t count, uint64_t seq, struct audit_chain *chain,
		       size_t *ret_size);

#endif
