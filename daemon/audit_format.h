/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How an audit record is written: its JSON text. Pure; no file, no lock.
 */
#ifndef APIKEYD_DAEMON_AUDIT_FORMAT_H
#define APIKEYD_DAEMON_AUDIT_FORMAT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/audit.h"

/* A text that grows. After failed (out of memory) appending does nothing, so that it is asked once, at the end. */
struct audit_text {
	char *data; /* no NUL */
	size_t size, capacity;
	bool failed;
	/* the second that was written last: most of a batch share it */
	int64_t second;
	char second_text[sizeof("2026-11-21T18:03:07")];
};

#define AUDIT_TEXT_INIT                                                                                                \
	{                                                                                                              \
		.second = INT64_MIN                                                                                    \
	}

void audit_text_done(struct audit_text *text);
/* Makes room for size more bytes behind the end. False, and failed set, when out of memory. */
bool audit_text_reserve(struct audit_text *text, size_t size);
void audit_text_append(struct audit_text *text, const void *data, size_t size);

/* Appends the members of a record and the closing brace: "time":…,"event":…} */
void audit_format_members(struct audit_text *text, const struct audit_record *record);

/* True when size bytes are one JSON object on one line, without control characters. */
bool audit_is_object(const char *object, size_t size);

/* The text fields of a record by their names in the file; ends with a NULL name. */
struct audit_text_field {
	const char *name;
	size_t offset;  /* of the const char * in struct audit_record */
	bool names_key; /* left out again where the record is unnamed */
};
extern const struct audit_text_field audit_text_fields[];
/* The field's text in a record; NULL when it is not said. */
const char *audit_text_field_value(const struct audit_text_field *field, const struct audit_record *record);

#endif
