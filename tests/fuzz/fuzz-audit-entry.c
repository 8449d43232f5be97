/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A line of the audit file, whatever it holds: what is taken for a record, another reader of JSON takes for an object
 * with the same members; what is shown of it is one line that can be printed, and a part of it no more than that.
 */
#include <jansson.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/encoding.h"
#include "daemon/audit_filter.h"
#include "daemon/audit_page.h"
#include "proto/audit_entry.h"
#include "tests/fuzz/fuzz.h"

static void check_text(const struct audit_value *value, const json_t *json)
{
	CLEANUP_FREE char *text = malloc(value->size + 1);
	size_t size;

	MUST(text);
	size = audit_value_text(value, text);
	MUST(size <= value->size);
	MUST(size == audit_value_text(value, NULL));
	text[size] = '\0';
	MUST(strcmp(text, json_string_value(json)) == 0);
	MUST(audit_value_is(value, text));
	if (size > 0) {
		text[size - 1] ^= 1;
		MUST(!audit_value_is(value, text));
	}
}

static void check_entry(const char *line, size_t size, const struct audit_entry *entry)
{
	json_t *json = json_loadb(line, size, 0, NULL);
	uint64_t seq;
	int64_t time;

	/* Numbers may be beyond what jansson takes. */
	if (!json)
		return;
	MUST(json_is_object(json));
	for (unsigned int i = 0; i < AUDIT_MEMBERS; i++) {
		const struct audit_value *value = &entry->members[i];
		const json_t *member = json_object_get(json, audit_member_name(i));

		MUST(!value->text || member);
		if (json_is_string(member) && value->text)
			check_text(value, member);
	}
	json_decref(json);
	if (audit_entry_head(line, size, &seq, &time) && seq != 0) {
		MUST(seq == entry->seq);
		MUST(time == entry->time);
	}
}

static void check_page(const char *line, size_t size, const struct audit_entry *entry)
{
	struct audit_page page;
	struct audit_entry part;

	MUST(audit_page_init(&page, 0) == 0);
	MUST(audit_page_add_damage(&page, line, size));
	if (entry) {
		MUST(audit_page_add_line(&page, line, size, entry));
		MUST(audit_page_add_part(&page, entry));
	}
	for (size_t i = 0; i < page.count; i++) {
		MUST(strlen(page.records[i].json) <= WIRE_AUDIT_RECORD_MAX);
		MUST(encoding_is_printable_utf8(page.records[i].json, strlen(page.records[i].json)));
	}
	if (page.count == 3) {
		MUST(audit_entry_parse(page.records[2].json, strlen(page.records[2].json), &part));
		MUST(part.seq == 0 && !part.members[AUDIT_MEMBER_PEER_PID].text);
		MUST(part.time == entry->time);
	}
	audit_page_done(&page);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct message_audit_read wanted = { .verdicts = { 1, { "denied" } },
							  .sources = { 2, { "192.0.2.0/24", "local" } },
							  .keys = { 1, { "alice/laptop" } } };
	CLEANUP_FREE char *line = malloc(size + 1);
	struct audit_filter filter;
	struct audit_entry entry;
	char fault[WIRE_REASON_MAX];

	MUST(line);
	memcpy(line, data, size);
	MUST(audit_filter_read(&wanted, &filter, fault, sizeof(fault)));
	if (!audit_entry_parse(line, size, &entry)) {
		check_page(line, size, NULL);
		return 0;
	}
	check_entry(line, size, &entry);
	check_page(line, size, &entry);
	if (audit_filter_takes(&filter, &entry))
		MUST(audit_filter_may_take(&filter, line, size));
	return 0;
}
