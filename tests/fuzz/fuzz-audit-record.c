/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * An audit record of whatever a caller says: one JSON object on one line of UTF-8 without control characters. The input
 * is the record's texts, a line each.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "daemon/audit_format.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *texts = fuzz_text(data, size);
	CLEANUP(audit_text_done) struct audit_text text = AUDIT_TEXT_INIT;
	struct audit_record record = { .event = "verify",
				       .has_verdict = true,
				       .verdict = (enum verdict)(size % (VERDICT_COUNT + 1)),
				       .reason = (enum reason)(size % (REASON_COUNT + 1)),
				       .has_peer = true };
	char *rest = texts;

	/* Some names, not all of them in the record's order. */
	record.user = strsep(&rest, "\n");
	record.service = rest ? strsep(&rest, "\n") : NULL;
	record.rhost = rest ? strsep(&rest, "\n") : NULL;
	record.permission = rest ? strsep(&rest, "\n") : NULL;
	record.changes = rest ? strsep(&rest, "\n") : NULL;
	record.key_name = rest;
	audit_text_append(&text, "{", 1);
	audit_format_members(&text, &record);
	MUST(!text.failed);
	MUST(encoding_is_printable_utf8(text.data, text.size));
	MUST(audit_is_object(text.data, text.size));
	return 0;
}
