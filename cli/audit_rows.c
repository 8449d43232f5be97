/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/audit_rows.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "cli/table.h"
#include "cli/when.h"

#define MICROSECONDS 1000000
#define COUNT_SIZE 32
#define KEY_SIZE 512

static const struct table_column columns[] = {
	{ "TIME", 0, false },    { "EVENT", 0, true },   { "VERDICT", 0, false }, { "REASON", 90, true },
	{ "KEY", 60, true },     { "USER", 70, true },   { "SERVICE", 80, true }, { "SOURCE", 100, true },
	{ "COUNT", 120, false }, { "ACTOR", 130, true }, { "KEY ID", 160, true }, { "DETAIL", 200, true },
};

struct audit_rows {
	struct table *table; /* NULL: JSON */
	bool filled;
};

struct audit_rows *audit_rows_new(bool json)
{
	struct audit_rows *rows = calloc(1, sizeof(*rows));

	if (!rows || json)
		return rows;
	rows->table = table_new(columns, COUNT_OF(columns), true);
	if (rows->table)
		return rows;
	free(rows);
	return NULL;
}

void audit_rows_free(struct audit_rows *rows)
{
	if (!rows)
		return;
	table_free(rows->table);
	free(rows);
}

/* "2026-11-22 08:15:00", in the time zone of whoever reads it. */
static void write_time(int64_t microseconds, char ret_text[WHEN_TEXT_SIZE])
{
	time_t seconds = (time_t)(microseconds / MICROSECONDS);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) || strftime(ret_text, WHEN_TEXT_SIZE, "%Y-%m-%d %H:%M:%S", &tm) == 0)
		when_rfc3339(microseconds / MICROSECONDS, ret_text);
}

static const char *key_cell(const struct apikey_audit_record *record, char ret_text[KEY_SIZE])
{
	if (*record->key_name == '\0')
		return record->key_id;
	snprintf(ret_text, KEY_SIZE, "%s/%s", record->owner, record->key_name);
	return ret_text;
}

/* Where somebody who is let in, or not, comes from. */
static const char *source_cell(const struct apikey_audit_record *record)
{
	if (*record->rhost != '\0')
		return record->rhost;
	return *record->service != '\0' ? "local" : "";
}

void audit_rows_add(struct audit_rows *rows, const struct apikey_audit_record *record)
{
	char time[WHEN_TEXT_SIZE], count[COUNT_SIZE] = "", key[KEY_SIZE];

	rows->filled = true;
	if (!rows->table) {
		fputs(record->json, stdout);
		putchar('\n');
		return;
	}
	if (record->damaged) {
		table_add(rows->table,
			  (const char *[]){ "", "damaged line", "", "", record->json, "", "", "", "", "", "", "" });
		return;
	}
	write_time(record->time, time);
	if (record->count > 1)
		snprintf(count, sizeof(count), "%" PRIu64, record->count);
	table_add(rows->table,
		  (const char *[]){ time, record->event, record->verdict, record->reason, key_cell(record, key),
				    record->user, record->service, source_cell(record), count, record->actor,
				    record->key_id, *record->misuse ? record->misuse : record->detail });
}

int audit_rows_flush(struct audit_rows *rows)
{
	int r = rows->table && rows->filled ? table_flush(rows->table) : 0;

	rows->filled = false;
	fflush(stdout);
	return r;
}
