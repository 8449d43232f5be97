/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/audit_copy.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "daemon/audit_format.h"
#include "daemon/escape.h"

#define FIELDS_MAX 24
#define COPY_GUESS 2048               /* bytes */
#define FACILITY "SYSLOG_FACILITY=10" /* authpriv */

/* NUL-terminated fields behind each other, and where each begins. */
struct copy {
	struct audit_text text;
	size_t starts[FIELDS_MAX];
	size_t count;
};

static void append_string(struct audit_text *text, const char *string)
{
	audit_text_append(text, string, strlen(string));
}

static void append_escaped(struct audit_text *text, const char *value)
{
	size_t size = strlen(value);
	char *start, *end;

	if (!audit_text_reserve(text, ESCAPE_ROOM(size)))
		return;
	start = text->data + text->size;
	end = escape_name(start, value, size);
	text->size += (size_t)(end - start);
}

static void begin_field(struct copy *copy, const char *name)
{
	if (copy->count == FIELDS_MAX) {
		copy->text.failed = true;
		return;
	}
	copy->starts[copy->count++] = copy->text.size;
	append_string(&copy->text, "APIKEYD_");
	for (const char *letter = name; *letter; letter++)
		audit_text_append(&copy->text, &(char){ (char)toupper((unsigned char)*letter) }, 1);
	append_string(&copy->text, "=");
}

static void end_field(struct copy *copy)
{
	audit_text_append(&copy->text, "", 1);
}

static void add_text(struct copy *copy, const char *name, const char *value)
{
	if (!value || value[0] == '\0')
		return;
	begin_field(copy, name);
	append_escaped(&copy->text, value);
	end_field(copy);
}

/* Takes back what it added where the record names no key. */
static void add_field(struct copy *copy, const struct audit_text_field *field, const struct audit_record *record)
{
	size_t size = copy->text.size, count = copy->count;

	add_text(copy, field->name, audit_text_field_value(field, record));
	if (field->names_key && record->unnamed) {
		copy->text.size = size;
		copy->count = count;
	}
}

static void add_number(struct copy *copy, const char *name, uint64_t value)
{
	char digits[sizeof("18446744073709551615")];

	snprintf(digits, sizeof(digits), "%" PRIu64, value);
	add_text(copy, name, digits);
}

static int priority_of(const struct audit_record *record)
{
	if (!record->has_verdict || record->verdict == VERDICT_GRANTED)
		return LOG_INFO;
	return record->verdict == VERDICT_UNAVAILABLE ? LOG_ERR : LOG_NOTICE;
}

/* "verify denied (bad_secret): user alice, service sshd, rhost 192.0.2.7" */
static void add_message(struct copy *copy, const struct audit_record *record, bool recorded)
{
	const char *separator = ": ";
	struct audit_text *text = &copy->text;

	copy->starts[copy->count++] = text->size;
	append_string(text, "MESSAGE=");
	append_escaped(text, record->event);
	if (record->has_verdict) {
		append_string(text, " ");
		append_string(text, verdict_name(record->verdict));
	}
	if (reason_name(record->reason)[0] != '\0') {
		append_string(text, " (");
		append_string(text, reason_name(record->reason));
		append_string(text, ")");
	}
	for (const struct audit_text_field *field = audit_text_fields; field->name; field++) {
		const char *value = audit_text_field_value(field, record);
		size_t before;

		if (!value)
			continue;
		before = text->size;
		append_string(text, separator);
		append_string(text, field->name);
		append_string(text, " ");
		append_escaped(text, value);
		if (field->names_key && record->unnamed)
			text->size = before;
		else
			separator = ", ";
	}
	if (!recorded)
		append_string(text, " [missing in the audit file]");
	end_field(copy);
}

static void add_plain(struct copy *copy, const char *field)
{
	copy->starts[copy->count++] = copy->text.size;
	audit_text_append(&copy->text, field, strlen(field) + 1);
}

void audit_copy(struct journal *journal, const struct audit_record *record, uint64_t seq)
{
	struct copy copy = { .text = AUDIT_TEXT_INIT };
	char priority[sizeof("PRIORITY=-2147483648")];
	const char *fields[FIELDS_MAX];

	/* Room is made once, however long the names in it are. */
	audit_text_reserve(&copy.text, COPY_GUESS);
	add_message(&copy, record, seq > 0);
	snprintf(priority, sizeof(priority), "PRIORITY=%d", priority_of(record));
	add_plain(&copy, priority);
	add_plain(&copy, FACILITY);
	if (seq > 0)
		add_number(&copy, "seq", seq);
	add_text(&copy, "event", record->event);
	if (record->has_verdict)
		add_text(&copy, "verdict", verdict_name(record->verdict));
	add_text(&copy, "reason", reason_name(record->reason));
	for (const struct audit_text_field *field = audit_text_fields; field->name; field++)
		add_field(&copy, field, record);
	if (record->test)
		add_text(&copy, "test", "true");
	if (record->has_peer) {
		add_number(&copy, "peer_uid", record->peer_uid);
		add_number(&copy, "peer_pid", (uint64_t)record->peer_pid);
	}
	add_text(&copy, "actor", record->actor);
	add_text(&copy, "changes", record->changes);
	if (record->count > 1)
		add_number(&copy, "count", record->count);
	if (!copy.text.failed) {
		for (size_t i = 0; i < copy.count; i++)
			fields[i] = copy.text.data + copy.starts[i];
		journal_fields(journal, fields, copy.count);
	}
	audit_text_done(&copy.text);
}
