/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Records that could not be written and whose answers went out all the same, as the administrator chose: they wait in
 * memory, and are written when that works again, before any other. Defends against a disk that stays full: what waits
 * is bounded, and what finds no room is counted, and the count is recorded; and the disk is not asked again for each
 * record.
 */
#include <errno.h>
#include <string.h>

#include "common/clock.h"
#include "common/secret.h"
#include "daemon/audit_lines.h"
#include "daemon/audit_state.h"

#define PIECE ((size_t)256 * 1024) /* bytes that one write takes */

void audit_spool_add(struct audit *audit, const struct audit_text *lines, size_t count)
{
	struct audit_spool *spool = &audit->spool;

	if (audit->options.spool == 0)
		return;
	if (spool->since == 0) {
		spool->since = clock_wall_microseconds();
		spool->next_try = clock_monotonic() + AUDIT_RETRY;
	}
	if (lines->failed || lines->size > audit->options.spool ||
	    spool->text.size > audit->options.spool - lines->size) {
		spool->dropped += count;
		spool->dropped_ever += count;
		return;
	}
	audit_text_append(&spool->text, lines->data, lines->size);
	if (spool->text.failed) { /* what was in it still is */
		spool->text.failed = false;
		spool->dropped += count;
		spool->dropped_ever += count;
		return;
	}
	spool->count += count;
}

void audit_spool_done(struct audit_spool *spool)
{
	audit_text_done(&spool->text);
}

/* Writes the first of what waits. 0 or a negative errno. */
static int write_piece(struct audit *audit)
{
	struct audit_spool *spool = &audit->spool;
	CLEANUP(audit_text_done) struct audit_text piece = AUDIT_TEXT_INIT;
	size_t count, size = audit_lines_first(&spool->text, PIECE, &count);
	int r;

	audit_text_append(&piece, spool->text.data, size);
	if (piece.failed)
		return audit_fail(audit, "write", -ENOMEM);
	r = audit_put_lines(audit, &piece, count);
	if (r < 0)
		return r;
	memmove(spool->text.data, spool->text.data + size, spool->text.size - size);
	spool->text.size -= size;
	spool->count -= count;
	spool->written += count;
	return 0;
}

int audit_spool_write(struct audit *audit)
{
	struct audit_spool *spool = &audit->spool;
	int r = 0;

	if (spool->since == 0)
		return 0;
	while (r == 0 && spool->count > 0)
		r = write_piece(audit);
	if (r < 0)
		return r;
	audit->notes[AUDIT_NOTE_SPOOLED] = true;
	r = audit_write_notes(audit);
	/* Where that failed it is told later, once, of these and of what waits by then. */
	audit->notes[AUDIT_NOTE_SPOOLED] = false;
	if (r < 0)
		return r;
	audit_text_done(&spool->text);
	spool->since = 0;
	spool->written = spool->dropped = 0;
	return 0;
}
