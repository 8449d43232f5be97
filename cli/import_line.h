/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * One line of a file of keys to be imported, as CSV (RFC 4180, one key a line) or as a JSON object. Strict: what is not
 * understood whole is refused, with a reason that repeats nothing of what may be a secret. Pure: time is a parameter.
 */
#ifndef APIKEYD_CLI_IMPORT_LINE_H
#define APIKEYD_CLI_IMPORT_LINE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/apikey.h"

#define IMPORT_LINE_MAX 16384 /* bytes of a line, without its end */
#define IMPORT_TEXT_MAX 2048  /* of one text */
#define IMPORT_LIST_MAX 64    /* items of one list */
#define IMPORT_FAULT_SIZE 200

enum import_column {
	IMPORT_NAME,
	IMPORT_OWNER,
	IMPORT_SECRET,
	IMPORT_SHA256,
	IMPORT_PERMISSIONS,
	IMPORT_ROLES,
	IMPORT_USERS,
	IMPORT_SOURCES,
	IMPORT_LABELS,
	IMPORT_NOT_BEFORE,
	IMPORT_EXPIRES,
	IMPORT_ACCOUNT,
	IMPORT_TENANT,
	IMPORT_COLUMN_COUNT,
};

/* What the header of a CSV file says: the column of each field. */
struct import_header {
	size_t count;
	enum import_column columns[IMPORT_COLUMN_COUNT];
};

#define IMPORT_LIST_COUNT (IMPORT_LABELS - IMPORT_PERMISSIONS + 1)

/* A key; big. Its texts point into the line it was read from, or into the object. */
struct import_entry {
	struct apikey_import_key key;
	json_t *object; /* of a JSON line, held */
	unsigned char sha256[APIKEY_SHA256_SIZE];
	const char *lists[IMPORT_LIST_COUNT][IMPORT_LIST_MAX + 1];
};

/* What all lines have in common. */
struct import_rules {
	bool digests; /* they bring SHA-256 of secrets instead of secrets */
	int64_t now;
	const char *account, *tenant; /* of a line that does not say it; NULL: nobody does */
};

/* Each returns true, or false with a sentence in ret_fault, of IMPORT_FAULT_SIZE bytes. line has size bytes without its
 * end, and a NUL behind them; it is cut into its parts in place. An entry that was read is ended by
 * import_entry_done().
 */
bool import_header_read(char *line, size_t size, const struct import_rules *rules, struct import_header *ret_header,
			char *ret_fault);
bool import_csv_read(char *line, size_t size, const struct import_rules *rules, const struct import_header *header,
		     struct import_entry *ret_entry, char *ret_fault);
bool import_json_read(const char *line, size_t size, const struct import_rules *rules, struct import_entry *ret_entry,
		      char *ret_fault);

void import_entry_done(struct import_entry *entry);

/*
 * Cuts a line of CSV into its fields, in place, and ends each by a NUL; line has room for one behind size bytes. False
 * and a static sentence when it breaks a rule or has more than most fields. For import_csv_read() and its tests.
 */
bool import_csv_split(char *line, size_t size, size_t most, char **ret_fields, size_t *ret_count,
		      const char **ret_problem);

#endif
