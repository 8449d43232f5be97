/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading the audit: the records come as their JSON, which is read here once more, by the parser the daemon read it
 * with, into what a program can use.
 */
#include <errno.h>
#include <string.h>

#include "lib/admin.h"
#include "lib/apikey.h"
#include "lib/texts.h"
#include "lib/versioned.h"
#include "proto/audit_entry.h"
#include "proto/message.h"

void apikey_audit_page_free(struct apikey_audit_page *page)
{
	block_free(page);
}

void apikey_audit_counts_free(struct apikey_audit_counts *counts)
{
	block_free(counts);
}

/* ---- what comes back ---- */

/* The text of a member, without escapes, in the block; "" where there is none. */
static const char *take_text(struct block *block, const struct audit_entry *entry, enum audit_member member)
{
	const struct audit_value *value = &entry->members[member];
	char *text = value->text ? block_take(block, value->size + 1, 1) : NULL;

	if (text)
		audit_value_text(value, text);
	return text ? text : "";
}

/* What is JSON itself is taken as it stands, unless it was no object and became a text. */
static const char *take_json(struct block *block, const struct audit_entry *entry, enum audit_member member)
{
	const struct audit_value *value = &entry->members[member];
	char *text = value->text ? block_take(block, value->size + 1, 1) : NULL;

	if (text)
		memcpy(text, value->text, value->size);
	return text ? text : "";
}

static struct apikey_audit_record record_of(struct block *block, const struct message_audit_record *message)
{
	struct apikey_audit_record record = { .json = message->json, .damaged = message->damaged == 1, .count = 1 };
	struct audit_entry entry = { .seq = 0 };

	if (!record.damaged && !audit_entry_parse(message->json, strlen(message->json), &entry))
		record.damaged = 1;
	record.event = take_text(block, &entry, AUDIT_MEMBER_EVENT);
	record.verdict = take_text(block, &entry, AUDIT_MEMBER_VERDICT);
	record.reason = take_text(block, &entry, AUDIT_MEMBER_REASON);
	record.key_id = take_text(block, &entry, AUDIT_MEMBER_KEY_ID);
	record.key_name = take_text(block, &entry, AUDIT_MEMBER_KEY_NAME);
	record.owner = take_text(block, &entry, AUDIT_MEMBER_OWNER);
	record.user = take_text(block, &entry, AUDIT_MEMBER_USER);
	record.service = take_text(block, &entry, AUDIT_MEMBER_SERVICE);
	record.tty = take_text(block, &entry, AUDIT_MEMBER_TTY);
	record.rhost = take_text(block, &entry, AUDIT_MEMBER_RHOST);
	record.permission = take_text(block, &entry, AUDIT_MEMBER_PERMISSION);
	record.bound_to = take_text(block, &entry, AUDIT_MEMBER_BOUND_TO);
	record.misuse = take_text(block, &entry, AUDIT_MEMBER_MISUSE);
	record.detail = take_text(block, &entry, AUDIT_MEMBER_DETAIL);
	record.actor = take_text(block, &entry, AUDIT_MEMBER_ACTOR);
	record.changes = take_json(block, &entry, AUDIT_MEMBER_CHANGES);
	record.seq = entry.seq;
	record.time = entry.time;
	record.test = entry.members[AUDIT_MEMBER_TEST].text != NULL;
	record.count = audit_value_number(&entry.members[AUDIT_MEMBER_COUNT], 1);
	record.peer_uid = -1;
	if (entry.members[AUDIT_MEMBER_PEER_UID].text)
		record.peer_uid = (int64_t)(uint32_t)audit_value_number(&entry.members[AUDIT_MEMBER_PEER_UID], 0);
	return record;
}

static int build_page(struct block *block, const void *packet, size_t size)
{
	struct apikey_audit_page *root = block_take(block, 1, sizeof(*root));
	struct message_audit_page page;
	const struct apikey_audit_record **items;
	struct apikey_audit_record *records;
	struct message_audit_record message;
	int r = codec_decode(&message_audit_page, packet, size, &page);

	if (r < 0)
		return r;
	items = block_take(block, page.records.count, sizeof(*items));
	records = block_take(block, page.records.count, sizeof(*records));
	if (root)
		*root = (struct apikey_audit_page){
			.count = page.records.count,
			.records = items,
			.cursor = text_or_empty(page.cursor),
			.start = text_or_empty(page.start),
			.end = page.end == 1,
			.lost = page.lost == 1,
			.oldest = page.oldest,
		};
	for (size_t i = 0; codec_next_record(&page.records, &message_audit_record, &message); i++) {
		struct apikey_audit_record built = record_of(block, &message);

		if (!records)
			continue;
		records[i] = built;
		items[i] = &records[i];
	}
	return 0;
}

static int build_counts(struct block *block, const void *packet, size_t size)
{
	struct apikey_audit_counts *root = block_take(block, 1, sizeof(*root));
	struct message_audit_counts page;
	const struct apikey_audit_count **items;
	struct apikey_audit_count *counts;
	struct message_audit_count message;
	int r = codec_decode(&message_audit_counts, packet, size, &page);

	if (r < 0)
		return r;
	items = block_take(block, page.counts.count, sizeof(*items));
	counts = block_take(block, page.counts.count, sizeof(*counts));
	if (root)
		*root = (struct apikey_audit_counts){
			.count = page.counts.count,
			.counts = items,
			.cursor = text_or_empty(page.cursor),
			.end = page.end == 1,
			.oldest = page.oldest,
		};
	for (size_t i = 0; codec_next_record(&page.counts, &message_audit_count, &message); i++) {
		if (!counts)
			continue;
		counts[i] = (struct apikey_audit_count){ message.time, text_or_empty(message.service), message.granted,
							 message.refused };
		items[i] = &counts[i];
	}
	return 0;
}

/* ---- the calls ---- */

static int read_filter(const struct apikey_audit_filter *given, struct message_audit_read *request)
{
	struct apikey_audit_filter filter;

	if (versioned_read(given, &filter, sizeof(filter)) < 0 || filter.reverse < 0 || filter.reverse > 1 ||
	    texts_read(filter.keys, &request->keys) < 0 || texts_read(filter.owners, &request->owners) < 0 ||
	    texts_read(filter.users, &request->users) < 0 || texts_read(filter.services, &request->services) < 0 ||
	    texts_read(filter.verdicts, &request->verdicts) < 0 || texts_read(filter.reasons, &request->reasons) < 0 ||
	    texts_read(filter.events, &request->events) < 0 || texts_read(filter.sources, &request->sources) < 0 ||
	    texts_read(filter.actors, &request->actors) < 0)
		return -EINVAL;
	request->tenant = filter.tenant;
	request->since = filter.since;
	request->until = filter.until;
	request->reverse = (uint64_t)filter.reverse;
	return 0;
}

int apikey_audit_read(struct apikey_admin *admin, const struct apikey_audit_filter *filter, const char *cursor,
		      unsigned int limit, struct apikey_audit_page **ret_page)
{
	struct message_audit_read request = {
		.credential = admin_credential(admin),
		.cursor = cursor,
		.limit = limit < UINT16_MAX ? limit : UINT16_MAX,
	};
	void *root;
	int r = read_filter(filter, &request);

	if (r < 0)
		return r;
	r = admin_call(admin, WIRE_AUDIT_READ, &message_audit_read, &request, build_page, &root);
	if (r == 0)
		*ret_page = root;
	return r;
}

int apikey_audit_count(struct apikey_admin *admin, const struct apikey_audit_filter *filter, unsigned int bucket,
		       const char *cursor, struct apikey_audit_counts **ret_counts)
{
	struct message_audit_read request = {
		.credential = admin_credential(admin),
		.cursor = cursor,
		.bucket = bucket,
	};
	void *root;
	int r = read_filter(filter, &request);

	if (r < 0)
		return r;
	r = admin_call(admin, WIRE_AUDIT_COUNT, &message_audit_read, &request, build_counts, &root);
	if (r == 0)
		*ret_counts = root;
	return r;
}
