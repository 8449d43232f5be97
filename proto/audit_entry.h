/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A line of the audit file, read. What stands in a file may have been damaged, or written by somebody else, so that a
 * line is a record only where all of it is right: printable UTF-8, one JSON object, nothing said twice, each member of
 * its kind. Members that are not known here are skipped, since a later version may write them. Pure, without
 * allocation: texts stay where they are, as they are escaped there.
 */
#ifndef APIKEYD_PROTO_AUDIT_ENTRY_H
#define APIKEYD_PROTO_AUDIT_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum audit_member {
	AUDIT_MEMBER_SEQ,
	AUDIT_MEMBER_REV,
	AUDIT_MEMBER_TIME,
	AUDIT_MEMBER_EVENT,
	AUDIT_MEMBER_VERDICT,
	AUDIT_MEMBER_REASON,
	AUDIT_MEMBER_KEY_ID,
	AUDIT_MEMBER_KEY_NAME,
	AUDIT_MEMBER_OWNER,
	AUDIT_MEMBER_USER,
	AUDIT_MEMBER_SERVICE,
	AUDIT_MEMBER_TTY,
	AUDIT_MEMBER_RHOST,
	AUDIT_MEMBER_PERMISSION,
	AUDIT_MEMBER_BOUND_TO,
	AUDIT_MEMBER_MISUSE,
	AUDIT_MEMBER_DETAIL,
	AUDIT_MEMBER_TEST,
	AUDIT_MEMBER_PEER_UID,
	AUDIT_MEMBER_PEER_PID,
	AUDIT_MEMBER_ACTOR,
	AUDIT_MEMBER_CHANGES,
	AUDIT_MEMBER_COUNT, /* how many alike the record stands for */
	AUDIT_MEMBERS,
};

/* A value as it stands in the line, a text with its quotes. NULL: the record has no such member. */
struct audit_value {
	const char *text;
	size_t size;
};

/* Points into the line. */
struct audit_entry {
	uint64_t seq; /* 0: it says none; who may not see all is shown records without it */
	int64_t time; /* microseconds since 1970 UTC */
	struct audit_value members[AUDIT_MEMBERS];
};

/* size bytes without the newline. False, and *ret_entry untouched, for what is no record. */
bool audit_entry_parse(const char *line, size_t size, struct audit_entry *ret_entry);

/* seq and time alone of a line that begins as those that apikeyd writes do; says nothing about the rest of it. Much
 * faster. */
bool audit_entry_head(const char *line, size_t size, uint64_t *ret_seq, int64_t *ret_time);

/* The name of a member in the file. Static. */
const char *audit_member_name(enum audit_member member);

/* A text without quotes and escapes: its size in bytes, without a NUL, at most value->size. ret_text may be NULL, to
 * measure. */
size_t audit_value_text(const struct audit_value *value, char *ret_text);

/* True when the value is this text. False for a member that is not there. */
bool audit_value_is(const struct audit_value *value, const char *text);

/* A number; other where it is not there. */
uint64_t audit_value_number(const struct audit_value *value, uint64_t other);

#endif
