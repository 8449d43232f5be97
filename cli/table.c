/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/table.h"

#include <errno.h>
#include <libsmartcols.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/text.h"

struct table {
	struct libscols_table *smart;
	const struct table_column *columns;
	size_t count;
	int width; /* of the terminal; 0: no terminal */
	/* columns as bits */
	uint64_t optional, filled;
	bool printed;
	bool failed;
};

/* The columns of the terminal on standard output, 0 when it is none. */
static int terminal_width(void)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return 80;
	return size.ws_col;
}

static bool is_shown(const struct table *table, size_t column)
{
	return table->width == 0 || table->width >= table->columns[column].width_least;
}

struct table *table_new(const struct table_column *columns, size_t count, bool headings)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->columns = columns;
	table->count = count;
	table->width = terminal_width();
	table->smart = scols_new_table();
	if (!table->smart) {
		free(table);
		return NULL;
	}
	scols_table_enable_noheadings(table->smart, !headings);
	scols_table_set_termforce(table->smart, table->width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
	if (table->width > 0)
		scols_table_set_termwidth(table->smart, (size_t)table->width);
	for (size_t i = 0; i < count; i++)
		if (is_shown(table, i) &&
		    !scols_table_new_column(table->smart, columns[i].name, 0, columns[i].wraps ? SCOLS_FL_WRAP : 0))
			table->failed = true;
	return table;
}

void table_set_optional(struct table *table, size_t column)
{
	table->optional |= UINT64_C(1) << column;
}

void table_add(struct table *table, const char *const *cells)
{
	struct libscols_line *line = scols_table_new_line(table->smart, NULL);
	size_t shown = 0;

	if (!line) {
		table->failed = true;
		return;
	}
	for (size_t i = 0; i < table->count; i++) {
		char *cell = is_shown(table, i) ? text_printable(cells[i]) : NULL;

		if (!is_shown(table, i))
			continue;
		if (*cells[i])
			table->filled |= UINT64_C(1) << i;
		if (!cell || scols_line_refer_data(line, shown++, cell) < 0) {
			free(cell);
			table->failed = true;
		}
	}
}

bool table_is_empty(const struct table *table)
{
	return scols_table_get_nlines(table->smart) == 0;
}

/* Once lines were printed, the columns stay as they are. */
static void hide_empty(struct table *table)
{
	for (size_t i = 0, shown = 0; i < table->count; i++) {
		struct libscols_column *column =
			is_shown(table, i) ? scols_table_get_column(table->smart, shown++) : NULL;

		if (column && !table->printed && (table->optional & ~table->filled & UINT64_C(1) << i) != 0)
			scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
	}
	table->printed = true;
}

int table_print(struct table *table)
{
	hide_empty(table);
	if (table->failed || scols_print_table(table->smart) == -ENOMEM)
		return -ENOMEM;
	return 0;
}

int table_flush(struct table *table)
{
	struct libscols_column *column;
	int r = table_print(table);

	if (r < 0)
		return r;
	for (size_t i = 0; (column = scols_table_get_column(table->smart, i)) != NULL; i++)
		if (scols_column_set_whint(column, (double)scols_column_get_width(column)) < 0)
			return -ENOMEM;
	scols_table_remove_lines(table->smart);
	scols_table_enable_noheadings(table->smart, 1);
	return 0;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	scols_unref_table(table->smart);
	free(table);
}
