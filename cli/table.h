/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Tables for people, on standard output, by libsmartcols. On a terminal they fit its width: columns that a narrow one
 * has no room for are left out, and long texts wrap. Cells are made printable here.
 */
#ifndef APIKEYD_CLI_TABLE_H
#define APIKEYD_CLI_TABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli/scope.h"

struct table_column {
	const char *name;
	int width_least; /* left out on a terminal with fewer columns than this; 0: always there */
	bool wraps;      /* may be made narrower */
};

struct table;

/* A table; without a line of names when headings is false. columns stays the caller's, and lives as long as the table.
 * NULL when memory is short. */
struct table *table_new(const struct table_column *columns, size_t count, bool headings);

/* Leaves a column out unless one of the lines that are printed first has something there. */
void table_set_optional(struct table *table, size_t column);

/* Adds a line: a cell for each column, all copied. Memory that is short is reported by table_print(). */
void table_add(struct table *table, const char *const *cells);

/* Prints and drops the lines so far; those that come later follow under the same headings, in columns at least as wide.
 * So a table of any length takes little memory. 0 or -ENOMEM. */
int table_flush(struct table *table);

/* True when the table has no lines. */
bool table_is_empty(const struct table *table);

/* Prints. 0 or -ENOMEM. A failed write shows in ferror(stdout). */
int table_print(struct table *table);

/* Accepts NULL. */
void table_free(struct table *table);

SCOPE_DESTRUCTOR(table_scope, struct table, table_free);
#define SCOPED_TABLE SCOPED(table_scope)

#endif
