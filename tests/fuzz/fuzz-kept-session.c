/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What systemd kept of a session: a record, and a name. What is accepted is within its limits. */
#include <inttypes.h>

#include "common/cleanup.h"
#include "session/keep.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *name = fuzz_text(data, size);
	struct message_session session;
	uint64_t number = keep_number(name);
	char again[64];

	if (number > 0) {
		snprintf(again, sizeof(again), "session-%" PRIu64, number);
		MUST(number <= INT64_MAX && strcmp(again, name) == 0);
	}
	if (keep_read(data, size, &session) == 0) {
		MUST(session.session > 0 && session.session <= INT64_MAX);
		MUST(session.leader > 0 && session.leader <= INT32_MAX);
		MUST(*session.key_id && *session.key_name && *session.owner && *session.service);
		MUST(!session.ending && !session.whole);
	}
	return 0;
}
