/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the client believes: a packet in answer to one question. Whatever the server sends, a grant is a grant to this
 * question, for this user and this service.
 */
#include "common/cleanup.h"
#include "lib/ask.h"
#include "proto/message.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const users[] = { "alice", NULL };

	for (size_t i = 0; i < ARRAY_SIZE(users); i++) {
		const struct ask_echo echo = { .type = WIRE_VERIFY, .id = 7, .user = users[i], .service = "sshd" };
		struct apikey_result result = { .verdict = APIKEY_DENIED };
		struct codec_header header;
		struct message_verdict verdict;

		if (ask_decode(&echo, data, size, &result) < 0) {
			MUST(result.verdict == APIKEY_DENIED && !result.reason);
			continue;
		}
		MUST(result.reason && result.key_id && result.key_name && result.owner && result.tenant);
		MUST(result.permissions && result.handle);
		MUST(codec_decode_header(data, size, &header) == 0 && header.request_id == 7);
		if (header.type == WIRE_ERROR) {
			MUST(result.verdict == APIKEY_UNAVAILABLE);
			continue;
		}
		MUST(header.type == (WIRE_REPLY | WIRE_VERIFY));
		MUST(codec_decode(&message_verdict, data, size, &verdict) == 0);
		MUST((result.verdict == APIKEY_GRANTED) == (verdict.verdict == VERDICT_GRANTED));
		MUST(strcmp(verdict.service, "sshd") == 0);
		MUST(users[i] ? verdict.user && strcmp(verdict.user, users[i]) == 0 : !verdict.user);
		if (result.verdict == APIKEY_GRANTED)
			MUST(result.reason[0] == '\0');
		else
			MUST(result.handle[0] == '\0' && result.key_id[0] == '\0');
	}
	return 0;
}
