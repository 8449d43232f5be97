/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_filter.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/escape.h"
#include "proto/verdict.h"

#define LIST(list, member, whole)                                                                                      \
	{                                                                                                              \
#list, offsetof(struct message_audit_read, list##s), member, whole                                     \
	}

const struct audit_filter_list audit_filter_lists[] = {
	LIST(key, AUDIT_MEMBER_KEY_ID, false),     LIST(owner, AUDIT_MEMBER_OWNER, true),
	LIST(user, AUDIT_MEMBER_USER, true),       LIST(service, AUDIT_MEMBER_SERVICE, true),
	LIST(verdict, AUDIT_MEMBER_VERDICT, true), LIST(reason, AUDIT_MEMBER_REASON, true),
	LIST(event, AUDIT_MEMBER_EVENT, true),     LIST(source, AUDIT_MEMBER_RHOST, false),
	LIST(actor, AUDIT_MEMBER_ACTOR, true),     { NULL, 0, AUDIT_MEMBERS, false },
};

const struct codec_texts *audit_filter_texts(const struct audit_filter_list *list,
					     const struct message_audit_read *wanted)
{
	return (const struct codec_texts *)((const char *)wanted + list->offset);
}

/* ---- reading what is wanted ---- */

static bool is_verdict(const char *name)
{
	for (unsigned int i = 0; i < VERDICT_COUNT; i++)
		if (strcmp(verdict_name((enum verdict)i), name) == 0)
			return true;
	return false;
}

static bool is_reason(const char *name)
{
	for (unsigned int i = REASON_NONE + 1; i < REASON_COUNT; i++)
		if (strcmp(reason_name((enum reason)i), name) == 0)
			return true;
	return false;
}

static bool read_uid(const char *text, uint64_t *ret_uid)
{
	char *end;

	if (strncmp(text, "uid:", 4) != 0 || text[4] < '0' || text[4] > '9')
		return false;
	errno = 0;
	*ret_uid = strtoull(text + 4, &end, 10);
	return errno == 0 && *end == '\0';
}

/* What looks like a network and is none is more often a mistake than the name of a host. */
static bool read_source(const char *text, struct audit_filter *filter, size_t index)
{
	filter->sources[index].kind = AUDIT_SOURCE_TEXT;
	if (strcmp(text, "local") == 0)
		filter->sources[index].kind = AUDIT_SOURCE_LOCAL;
	else if (read_uid(text, &filter->sources[index].uid))
		filter->sources[index].kind = AUDIT_SOURCE_UID;
	else if (network_parse(text, &filter->sources[index].network))
		filter->sources[index].kind = AUDIT_SOURCE_NETWORK;
	else
		return strchr(text, '/') == NULL;
	return true;
}

bool audit_filter_read(const struct message_audit_read *wanted, struct audit_filter *ret_filter, char *ret_fault,
		       size_t fault_size)
{
	ret_filter->wanted = wanted;
	for (size_t i = 0; i < wanted->keys.count; i++)
		ret_filter->key_ids[i][0] = '\0';
	for (size_t i = 0; i < wanted->verdicts.count; i++) {
		if (is_verdict(wanted->verdicts.items[i]))
			continue;
		snprintf(ret_fault, fault_size,
			 "'%.64s' is no verdict; there are granted, denied, forbidden, throttled and unavailable",
			 wanted->verdicts.items[i]);
		return false;
	}
	for (size_t i = 0; i < wanted->reasons.count; i++) {
		if (is_reason(wanted->reasons.items[i]))
			continue;
		snprintf(ret_fault, fault_size, "'%.64s' is no reason of a refusal, such as bad_secret or expired",
			 wanted->reasons.items[i]);
		return false;
	}
	for (size_t i = 0; i < wanted->sources.count; i++) {
		if (read_source(wanted->sources.items[i], ret_filter, i))
			continue;
		snprintf(ret_fault, fault_size,
			 "'%.64s' is no network; it is written 192.0.2.0/24, with no bits behind the prefix",
			 wanted->sources.items[i]);
		return false;
	}
	return true;
}

bool audit_filter_is_open(const struct message_audit_read *wanted)
{
	for (const struct audit_filter_list *list = audit_filter_lists; list->name; list++)
		if (audit_filter_texts(list, wanted)->count > 0)
			return false;
	return true;
}

/* ---- records ---- */

bool audit_filter_may_take(const struct audit_filter *filter, const char *line, size_t size)
{
	const struct message_audit_read *wanted = filter->wanted;

	if (wanted->keys.count == 1 && filter->key_ids[0][0] != '\0' &&
	    !memmem(line, size, filter->key_ids[0], strlen(filter->key_ids[0])))
		return false;
	for (const struct audit_filter_list *list = audit_filter_lists; list->name; list++) {
		const struct codec_texts *texts = audit_filter_texts(list, wanted);
		const char *text = texts->items[0];

		/* What may stand there in another way, escaped, is not looked for in this one; nor is what is only
		 * compared with a part. */
		if (!list->whole || texts->count != 1 || !escape_is_plain(text, strlen(text)))
			continue;
		if (!memmem(line, size, text, strlen(text)))
			return false;
	}
	return true;
}

static bool is_one_of(const struct audit_value *value, const struct codec_texts *texts)
{
	for (size_t i = 0; i < texts->count; i++)
		if (audit_value_is(value, texts->items[i]))
			return true;
	return texts->count == 0;
}

/* OWNER/NAME, as the record names them. */
static bool is_named(const struct audit_entry *entry, const char *name)
{
	const char *slash = strrchr(name, '/');
	char owner[WIRE_CURSOR_MAX + 1];

	if (!slash)
		return audit_value_is(&entry->members[AUDIT_MEMBER_KEY_ID], name);
	snprintf(owner, sizeof(owner), "%.*s", (int)(slash - name), name);
	return audit_value_is(&entry->members[AUDIT_MEMBER_KEY_NAME], slash + 1) &&
	       audit_value_is(&entry->members[AUDIT_MEMBER_OWNER], owner);
}

static bool fits_keys(const struct audit_filter *filter, const struct audit_entry *entry)
{
	const struct codec_texts *keys = &filter->wanted->keys;

	for (size_t i = 0; i < keys->count; i++) {
		const char *id = filter->key_ids[i];

		if (*id != '\0' ? audit_value_is(&entry->members[AUDIT_MEMBER_KEY_ID], id)
				: is_named(entry, keys->items[i]))
			return true;
	}
	return keys->count == 0;
}

/* Longer texts are no addresses. */
static bool read_address(const struct audit_value *value, struct address *ret_address)
{
	char text[WIRE_NETWORK_MAX + 1];

	if (!value->text || value->size > WIRE_NETWORK_MAX)
		return false;
	text[audit_value_text(value, text)] = '\0';
	return address_parse(text, ret_address);
}

static bool fits_sources(const struct audit_filter *filter, const struct audit_entry *entry)
{
	const struct codec_texts *texts = &filter->wanted->sources;
	const struct audit_value *rhost = &entry->members[AUDIT_MEMBER_RHOST];
	const struct audit_value *uid = &entry->members[AUDIT_MEMBER_PEER_UID];
	struct address address;

	for (size_t i = 0; i < texts->count; i++) {
		switch (filter->sources[i].kind) {
		case AUDIT_SOURCE_LOCAL:
			if (!rhost->text && entry->members[AUDIT_MEMBER_SERVICE].text)
				return true;
			break;
		case AUDIT_SOURCE_UID:
			if (uid->text && audit_value_number(uid, 0) == filter->sources[i].uid)
				return true;
			break;
		case AUDIT_SOURCE_NETWORK:
			if (read_address(rhost, &address) && network_contains(&filter->sources[i].network, &address))
				return true;
			break;
		case AUDIT_SOURCE_TEXT:
			if (audit_value_is(rhost, texts->items[i]))
				return true;
			break;
		}
	}
	return texts->count == 0;
}

bool audit_filter_takes(const struct audit_filter *filter, const struct audit_entry *entry)
{
	for (const struct audit_filter_list *list = audit_filter_lists; list->name; list++)
		if (list->whole && !is_one_of(&entry->members[list->member], audit_filter_texts(list, filter->wanted)))
			return false;
	return fits_keys(filter, entry) && fits_sources(filter, entry);
}
