/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/import_line.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/scope.h"
#include "cli/text.h"
#include "cli/when.h"

#define LIST_SEPARATOR ';' /* between the items of a list in CSV */

static const char *const column_names[IMPORT_COLUMN_COUNT] = {
	[IMPORT_NAME] = "name",
	[IMPORT_OWNER] = "owner",
	[IMPORT_SECRET] = "secret",
	[IMPORT_SHA256] = "sha256",
	[IMPORT_PERMISSIONS] = "permissions",
	[IMPORT_ROLES] = "roles",
	[IMPORT_USERS] = "users",
	[IMPORT_SOURCES] = "sources",
	[IMPORT_LABELS] = "labels",
	[IMPORT_NOT_BEFORE] = "not_before",
	[IMPORT_EXPIRES] = "expires",
	[IMPORT_ACCOUNT] = "account",
	[IMPORT_TENANT] = "tenant",
};

#define COLUMNS                                                                                                        \
	"name, owner, secret or sha256, permissions, roles, users, sources, labels, not_before, expires, account and " \
	"tenant"

static bool __attribute__((format(printf, 2, 3))) fail(char *ret_fault, const char *format, ...)
{
	va_list values;

	va_start(values, format);
	vsnprintf(ret_fault, IMPORT_FAULT_SIZE, format, values);
	va_end(values);
	return false;
}

/* ---- what holds of every line ---- */

static bool is_utf8(const char *line)
{
	uint32_t character;
	size_t size;

	while ((size = text_decode(line, &character)) > 0)
		line += size;
	return *line == '\0';
}

static bool check_line(const char *line, size_t size, char *ret_fault)
{
	if (size == 0)
		return fail(ret_fault, "the line is empty");
	if (memchr(line, '\0', size))
		return fail(ret_fault, "there is a NUL in the line");
	if (!is_utf8(line))
		return fail(ret_fault, "the line is not UTF-8");
	return true;
}

static bool find_column(const char *name, enum import_column *ret_column)
{
	for (size_t i = 0; i < IMPORT_COLUMN_COUNT; i++) {
		if (strcmp(column_names[i], name) == 0) {
			*ret_column = (enum import_column)i;
			return true;
		}
	}
	return false;
}

static bool is_list(enum import_column column)
{
	return column >= IMPORT_PERMISSIONS && column <= IMPORT_LABELS;
}

/* ---- values ---- */

static bool read_hex(const char *text, unsigned char *ret_bytes, size_t size)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";

	if (strlen(text) != 2 * size)
		return false;
	for (size_t i = 0; i < 2 * size; i++) {
		const char *digit = strchr(digits, text[i]);
		unsigned int value = digit ? (unsigned int)(digit - digits) % 16 : 0;

		if (!digit)
			return false;
		ret_bytes[i / 2] = (unsigned char)(i % 2 == 0 ? value << 4 : ret_bytes[i / 2] | value);
	}
	return true;
}

static bool take_time(enum import_column column, const char *text, int64_t now, int64_t *ret_time, char *ret_fault)
{
	if (when_parse(text, now, ret_time) && (column == IMPORT_EXPIRES || *ret_time != APIKEY_NEVER))
		return true;
	return fail(ret_fault,
		    "%s is no time: a span (90d; s m h d w y), a day (2027-01-31), a second in UTC "
		    "(2027-01-31T08:00:00Z)%s",
		    column_names[column], column == IMPORT_EXPIRES ? " or never" : "");
}

/* Takes what stands in a column that is no list. "" says nothing. */
static bool take_value(enum import_column column, const char *text, const struct import_rules *rules,
		       struct import_entry *entry, char *ret_fault)
{
	struct apikey_import_key *key = &entry->key;

	if (*text == '\0')
		return true;
	if (strlen(text) > IMPORT_TEXT_MAX)
		return fail(ret_fault, "%s is longer than %d bytes", column_names[column], IMPORT_TEXT_MAX);
	switch (column) {
	case IMPORT_NAME:
		key->name = text;
		return true;
	case IMPORT_OWNER:
		key->owner = text;
		return true;
	case IMPORT_SECRET:
		key->secret = text;
		return true;
	case IMPORT_SHA256:
		key->sha256 = entry->sha256;
		return read_hex(text, entry->sha256, sizeof(entry->sha256)) ||
		       fail(ret_fault, "sha256 has to be %d hexadecimal digits", 2 * APIKEY_SHA256_SIZE);
	case IMPORT_NOT_BEFORE:
		return take_time(column, text, rules->now, &key->not_before, ret_fault);
	case IMPORT_EXPIRES:
		return take_time(column, text, rules->now, &key->expires, ret_fault);
	case IMPORT_ACCOUNT:
		key->account = text;
		return true;
	case IMPORT_TENANT:
		key->tenant = text;
		return true;
	default:
		return false;
	}
}

/* Adds an item to the list of a column. */
static bool take_item(enum import_column column, const char *text, size_t index, struct import_entry *entry,
		      char *ret_fault)
{
	if (index >= IMPORT_LIST_MAX)
		return fail(ret_fault, "%s has more than %d items", column_names[column], IMPORT_LIST_MAX);
	if (*text == '\0')
		return fail(ret_fault, "an item of %s is empty", column_names[column]);
	if (strlen(text) > IMPORT_TEXT_MAX)
		return fail(ret_fault, "an item of %s is longer than %d bytes", column_names[column], IMPORT_TEXT_MAX);
	entry->lists[column - IMPORT_PERMISSIONS][index] = text;
	entry->lists[column - IMPORT_PERMISSIONS][index + 1] = NULL;
	return true;
}

static void entry_init(const struct import_rules *rules, struct import_entry *entry)
{
	entry->object = NULL;
	for (size_t i = 0; i < IMPORT_LIST_COUNT; i++)
		entry->lists[i][0] = NULL;
	entry->key = (struct apikey_import_key){
		.size = sizeof(entry->key),
		.account = rules->account,
		.tenant = rules->tenant,
		.permissions = entry->lists[0], /* the first of the lists */
		.roles = entry->lists[IMPORT_ROLES - IMPORT_PERMISSIONS],
		.users = entry->lists[IMPORT_USERS - IMPORT_PERMISSIONS],
		.sources = entry->lists[IMPORT_SOURCES - IMPORT_PERMISSIONS],
		.labels = entry->lists[IMPORT_LABELS - IMPORT_PERMISSIONS],
	};
}

void import_entry_done(struct import_entry *entry)
{
	json_decref(entry->object);
	entry->object = NULL;
	explicit_bzero(entry->sha256, sizeof(entry->sha256));
}

/* A secret is not taken for a digest, nor a digest for a secret: what is imported so would open nothing. */
static bool check_kind(enum import_column column, const struct import_rules *rules, char *ret_fault)
{
	if (column == IMPORT_SECRET && rules->digests)
		return fail(ret_fault, "there is a secret, and --digests says that there is sha256 instead");
	if (column == IMPORT_SHA256 && !rules->digests)
		return fail(ret_fault, "there is sha256 instead of a secret; say so with --digests");
	return true;
}

static bool check_whole(const struct import_entry *entry, char *ret_fault)
{
	if (!entry->key.name || !entry->key.owner)
		return fail(ret_fault, "there is no %s", entry->key.name ? "owner" : "name");
	if (!entry->key.secret && !entry->key.sha256)
		return fail(ret_fault, "there is no secret");
	return true;
}

/* ---- CSV ---- */

/* A field in quotes, from behind the first of them: *end is where its text ends. Where it goes on, or NULL. */
static char *split_quoted(char *at, char **ret_end)
{
	char *end = at;

	for (; *at != '\0'; at++) {
		if (*at == '"' && *++at != '"') {
			*ret_end = end;
			return at;
		}
		*end++ = *at;
	}
	return NULL;
}

bool import_csv_split(char *line, size_t size, size_t most, char **ret_fields, size_t *ret_count,
		      const char **ret_problem)
{
	char *at = line;
	size_t count = 0;

	line[size] = '\0';
	for (;;) {
		char *start = at, *end = at;
		bool more;

		if (count == most) {
			*ret_problem = "there are more fields than the header has";
			return false;
		}
		if (*at == '"') {
			start = at + 1;
			at = split_quoted(start, &end);
			*ret_problem = "a field in quotes does not end on its line";
			if (!at)
				return false;
			*ret_problem = "behind a field in quotes there is something else than a comma";
			if (*at != ',' && at != line + size)
				return false;
		} else {
			at += strcspn(at, ",\"");
			end = at;
			*ret_problem =
				"there is a quote in a field that does not begin with one; such a field stands in "
				"quotes, and the quote twice";
			if (*at == '"')
				return false;
		}
		*ret_problem = "there is a NUL in the line";
		if (*at == '\0' && at != line + size)
			return false;
		more = *at == ',';
		*end = '\0';
		ret_fields[count++] = start;
		if (!more)
			break;
		at++;
	}
	*ret_count = count;
	return true;
}

static bool take_header(char **fields, size_t count, const struct import_rules *rules, struct import_header *ret_header,
			char *ret_fault)
{
	bool seen[IMPORT_COLUMN_COUNT] = { false };

	for (size_t i = 0; i < count; i++) {
		enum import_column column = IMPORT_COLUMN_COUNT;

		/* A file without a header would have a secret here. */
		if (!find_column(fields[i], &column))
			return fail(ret_fault, "field %zu of the header names no column; there are " COLUMNS, i + 1);
		if (seen[column])
			return fail(ret_fault, "the header names %s twice", column_names[column]);
		if (!check_kind(column, rules, ret_fault))
			return false;
		seen[column] = true;
		ret_header->columns[i] = column;
	}
	for (enum import_column column = IMPORT_NAME; column <= IMPORT_SHA256; column++) {
		if (!seen[column] && column != (rules->digests ? IMPORT_SECRET : IMPORT_SHA256))
			return fail(ret_fault, "the header has no column %s", column_names[column]);
	}
	ret_header->count = count;
	return true;
}

bool import_header_read(char *line, size_t size, const struct import_rules *rules, struct import_header *ret_header,
			char *ret_fault)
{
	static const char mark[] = "\xef\xbb\xbf"; /* which some programs put before a text */
	char *fields[IMPORT_COLUMN_COUNT];
	const char *problem;
	size_t count;

	if (!check_line(line, size, ret_fault))
		return false;
	if (strncmp(line, mark, strlen(mark)) == 0) {
		line += strlen(mark);
		size -= strlen(mark);
	}
	if (!import_csv_split(line, size, IMPORT_COLUMN_COUNT, fields, &count, &problem))
		return fail(ret_fault, "the header is none; it names columns, with commas between them: " COLUMNS);
	return take_header(fields, count, rules, ret_header, ret_fault);
}

static bool take_list(enum import_column column, char *text, struct import_entry *entry, char *ret_fault)
{
	for (size_t i = 0; *text != '\0'; i++) {
		char *end = strchrnul(text, LIST_SEPARATOR);
		bool more = *end != '\0';

		*end = '\0';
		if (!take_item(column, text, i, entry, ret_fault))
			return false;
		if (more && end[1] == '\0')
			return fail(ret_fault, "an item of %s is empty", column_names[column]);
		text = end + more;
	}
	return true;
}

bool import_csv_read(char *line, size_t size, const struct import_rules *rules, const struct import_header *header,
		     struct import_entry *ret_entry, char *ret_fault)
{
	char *fields[IMPORT_COLUMN_COUNT];
	const char *problem;
	size_t count;

	entry_init(rules, ret_entry);
	if (!check_line(line, size, ret_fault))
		return false;
	if (!import_csv_split(line, size, header->count, fields, &count, &problem))
		return fail(ret_fault, "%s", problem);
	if (count != header->count)
		return fail(ret_fault, "the line has %zu of the %zu fields of the header", count, header->count);
	for (size_t i = 0; i < count; i++) {
		enum import_column column = header->columns[i];

		if (is_list(column) ? !take_list(column, fields[i], ret_entry, ret_fault)
				    : !take_value(column, fields[i], rules, ret_entry, ret_fault))
			return false;
	}
	return check_whole(ret_entry, ret_fault);
}

/* ---- JSON ---- */

static bool take_array(enum import_column column, const json_t *value, struct import_entry *entry, char *ret_fault)
{
	const json_t *item;
	size_t i;

	if (!json_is_array(value))
		return fail(ret_fault, "%s is no array", column_names[column]);
	json_array_foreach(value, i, item)
	{
		if (!json_is_string(item))
			return fail(ret_fault, "an item of %s is no string", column_names[column]);
		if (!take_item(column, json_string_value(item), i, entry, ret_fault))
			return false;
	}
	return true;
}

static bool take_member(const char *name, const json_t *value, const struct import_rules *rules,
			struct import_entry *entry, char *ret_fault)
{
	enum import_column column = IMPORT_COLUMN_COUNT;

	if (!find_column(name, &column))
		return fail(ret_fault, "it has a member that is none of " COLUMNS);
	if (!check_kind(column, rules, ret_fault))
		return false;
	if (json_is_null(value))
		return true;
	if (is_list(column))
		return take_array(column, value, entry, ret_fault);
	if (!json_is_string(value))
		return fail(ret_fault, "%s is no string", column_names[column]);
	return take_value(column, json_string_value(value), rules, entry, ret_fault);
}

static bool take_object(const struct import_rules *rules, struct import_entry *entry, char *ret_fault)
{
	const char *name;
	json_t *value;

	json_object_foreach(entry->object, name, value)
	{
		if (!take_member(name, value, rules, entry, ret_fault))
			return false;
	}
	return check_whole(entry, ret_fault);
}

/* Why a line is none; jansson's own words repeat what stands there. */
static const char *json_problem(enum json_error_code code)
{
	static const struct {
		enum json_error_code code;
		const char *problem;
	} problems[] = {
		{ json_error_premature_end_of_input, "the JSON object does not end on its line" },
		{ json_error_end_of_input_expected, "behind the JSON object there is something else" },
		{ json_error_duplicate_key, "it has a member twice" },
		{ json_error_null_character, "there is a NUL in a text of it" },
		{ json_error_null_byte_in_key, "there is a NUL in the name of a member" },
		{ json_error_numeric_overflow, "a number of it is too large" },
		{ json_error_stack_overflow, "it is nested too deep" },
		{ json_error_out_of_memory, "out of memory" },
	};

	for (size_t i = 0; i < sizeof(problems) / sizeof(*problems); i++) {
		if (problems[i].code == code)
			return problems[i].problem;
	}
	return "it is no JSON";
}

bool import_json_read(const char *line, size_t size, const struct import_rules *rules, struct import_entry *ret_entry,
		      char *ret_fault)
{
	json_error_t error;

	entry_init(rules, ret_entry);
	if (!check_line(line, size, ret_fault))
		return false;
	ret_entry->object = json_loadb(line, size, JSON_REJECT_DUPLICATES, &error);
	if (!ret_entry->object)
		fail(ret_fault, "%s (at byte %d)", json_problem(json_error_code(&error)), error.position);
	else if (!json_is_object(ret_entry->object))
		fail(ret_fault, "it is JSON, but no object");
	else if (take_object(rules, ret_entry, ret_fault))
		return true;
	explicit_bzero(&error, sizeof(error));
	import_entry_done(ret_entry);
	return false;
}
