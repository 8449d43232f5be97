/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The settings of a program as one table, and how the lines of its file become a struct. Strict, since a restriction
 * that is misspelt is a restriction that is not there: nothing unknown, repeated or out of its limits is taken, and all
 * that is wrong is reported, with what would be right.
 */
#ifndef APIKEYD_COMMON_SETTINGS_TABLE_H
#define APIKEYD_COMMON_SETTINGS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/settings_value.h"

/*
 * Called for each problem: "FILE:LINE: what is wrong and how to mend it", one line of printable UTF-8. warning: the
 * file is used all the same.
 */
typedef void (*settings_reporter)(void *data, bool warning, const char *message);

struct settings_loader;
struct settings_row;

/* Puts a value into its place in the struct, or reports what it must be. */
typedef void (*settings_taker)(struct settings_loader *loader, const struct settings_row *row, const char *value,
			       void *place);

struct settings_row {
	const char *section, *name;
	const char *fallback; /* the default, as it would stand in a file */
	settings_taker take;
	enum settings_unit unit;
	size_t offset; /* in the struct */
	uint64_t minimum, maximum;
	const char *words[2];
};

struct settings_table {
	const char *const *sections;
	size_t section_count;
	const struct settings_row *rows;
	size_t row_count;
	/* The section whose names are no rows but, say, users; NULL: there is none. */
	const char *free_section;
	void (*take_free)(struct settings_loader *loader, const char *name, const char *value);
};

struct settings_loader {
	void *settings; /* the struct, so far */
	const char *file_name;
	settings_reporter reporter;
	void *data;
	bool failed, out_of_memory;
	unsigned int line;   /* 0: a default is being taken */
	const char *section; /* the known one that the line stands in; NULL outside of those */
};

/* Takes all defaults, then size bytes of text. 0; -EINVAL, all reported; -ENOMEM. In either case the struct holds what
 * was taken, for the caller to free. */
int settings_table_read(const struct settings_table *table, struct settings_loader *loader, const char *text,
			size_t size);

/* ---- forms of values ---- */

/* uint64_t, in the row's unit, between its limits. */
void settings_take_number(struct settings_loader *loader, const struct settings_row *row, const char *value,
			  void *place);

/* int64_t: a span between the limits, or TIME_NEVER. */
void settings_take_lifetime(struct settings_loader *loader, const struct settings_row *row, const char *value,
			    void *place);

/* The rest of a row, behind its fallback, for a member at an offset of the struct: a number, one of two words, or what
 * another taker makes of it. */
#define SETTINGS_NUMBER(unit, offset, minimum, maximum)                                                                \
	settings_take_number, SETTINGS_UNIT_##unit, offset, minimum, maximum,                                          \
	{                                                                                                              \
		NULL, NULL                                                                                             \
	}
#define SETTINGS_WORD(offset, first, second)                                                                           \
	settings_take_word, SETTINGS_UNIT_NONE, offset, 0, 0,                                                          \
	{                                                                                                              \
		first, second                                                                                          \
	}
#define SETTINGS_OTHER(take, offset)                                                                                   \
	take, SETTINGS_UNIT_NONE, offset, 0, 0,                                                                        \
	{                                                                                                              \
		NULL, NULL                                                                                             \
	}

/* bool: the first of the words is false, the second true. */
void settings_take_word(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place);

#define SETTINGS_TEXT_MAX 128

/* char *: 1 to SETTINGS_TEXT_MAX visible ASCII characters, malloc'ed; what was there is freed. */
void settings_take_text(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place);

/* ---- for forms of a program's own ---- */

/* Reports "FILE:LINE: …"; unless it is a warning, reading fails. */
void settings_report(struct settings_loader *loader, bool warning, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Reports that a value must be something else: "[daemon] workers = 99: must be a whole number from 1 to 64". */
void settings_report_value(struct settings_loader *loader, const char *name, const char *value, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* A list with each item checked, separated by one space, malloc'ed; NULL after it was reported. */
char *settings_take_list(struct settings_loader *loader, const char *name, const char *value,
			 bool (*is_good)(const char *), const char *must);

#endif
