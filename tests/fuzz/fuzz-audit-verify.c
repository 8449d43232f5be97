/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The verifier of audit files: whatever they hold, it ends, and says of bytes what it says of them in parts. */
#include "common/cleanup.h"
#include "crypto/audit_key_text.h"
#include "crypto/audit_verify.h"
#include "tests/fuzz/fuzz.h"

static void count(void *data, const struct audit_finding *finding)
{
	MUST(*audit_finding_name(finding->kind) != '\0');
	MUST(finding->text && *finding->text != '\0');
	++*(uint64_t *)data;
}

static void verify(const uint8_t *data, size_t size, size_t part, struct audit_summary *ret_summary)
{
	static const struct chain_key key = { .epoch = 0, .bytes = { 7 } };
	static const uint8_t head[CHAIN_HASH_SIZE];
	struct audit_verifier *verifier;
	uint64_t findings = 0;

	MUST(audit_verifier_new(count, &findings, &verifier) == 0);
	MUST(audit_verifier_add_key(verifier, &key, 1) == 0);
	MUST(audit_verifier_add_head(verifier, 3, head) == 0);
	audit_verifier_begin(verifier, "audit.jsonl");
	for (size_t at = 0; at < size; at += part)
		MUST(audit_verifier_add(verifier, data + at, size - at < part ? size - at : part) == 0);
	MUST(audit_verifier_end(verifier, true) == 0);
	audit_verifier_finish(verifier, ret_summary);
	MUST(ret_summary->findings == findings);
	MUST(audit_verifier_places(verifier) <= ret_summary->records);
	audit_verifier_free(verifier);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct audit_summary whole, parts;
	struct chain_key key;
	size_t taken;
	uint64_t seq;

	verify(data, size, size > 0 ? size : 1, &whole);
	verify(data, size, 7, &parts);
	MUST(whole.records == parts.records && whole.findings == parts.findings && whole.torn == parts.torn);
	MUST(whole.records > 0 || whole.checked == 0);
	if (audit_key_text_read((const char *)data, size, &key, &seq, &taken) == 0)
		MUST(taken <= size && key.epoch == seq / CHAIN_EPOCH);
	return 0;
}
