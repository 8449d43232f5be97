/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which records of the audit somebody asks for. Of each list that says something one text has to fit. Pure.
 */
#ifndef APIKEYD_DAEMON_AUDIT_FILTER_H
#define APIKEYD_DAEMON_AUDIT_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/network.h"
#include "proto/audit_entry.h"
#include "proto/credential.h"
#include "proto/message.h"

enum audit_source {
	AUDIT_SOURCE_TEXT, /* what the record says, letter by letter */
	AUDIT_SOURCE_NETWORK,
	AUDIT_SOURCE_LOCAL, /* the record says none */
	AUDIT_SOURCE_UID,
};

struct audit_filter {
	const struct message_audit_read *wanted; /* outlives the filter */
	/* What was found by the names in wanted->keys; "": nothing, and the name is looked for as it is. */
	char key_ids[WIRE_LIST_MAX][CREDENTIAL_KEY_ID_MAX + 1];
	struct {
		enum audit_source kind;
		struct network network;
		uint64_t uid;
	} sources[WIRE_LIST_MAX];
};

/* Reads what is wanted; the keys are for the caller to find. False and a sentence where it makes no sense. */
bool audit_filter_read(const struct message_audit_read *wanted, struct audit_filter *ret_filter, char *ret_fault,
		       size_t fault_size);

/* False where a line, whatever it is, cannot be asked for. Much faster than to read it. */
bool audit_filter_may_take(const struct audit_filter *filter, const char *line, size_t size);

/* True when the record is asked for. Times are for others to look at. */
bool audit_filter_takes(const struct audit_filter *filter, const struct audit_entry *entry);

/* True when nothing but times is asked for, so that what is no record belongs to it too. */
bool audit_filter_is_open(const struct message_audit_read *wanted);

/* The lists, by the names that people give them; ends with a NULL name. */
struct audit_filter_list {
	const char *name;
	size_t offset;            /* of the struct codec_texts in struct message_audit_read */
	enum audit_member member; /* that it is compared with, where whole is set */
	bool whole;
};
extern const struct audit_filter_list audit_filter_lists[];

const struct codec_texts *audit_filter_texts(const struct audit_filter_list *list,
					     const struct message_audit_read *wanted);

#endif
