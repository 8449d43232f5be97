/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A function for each form of value that the settings of several programs have. What does not fit is reported with what
 * would, and leaves the setting alone.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/encoding.h"
#include "common/settings_table.h"

/* Values in messages are cut to this many bytes. */
#define SHOWN_VALUE_MAX 80

void settings_report(struct settings_loader *loader, bool warning, const char *format, ...)
{
	char text[1024], message[1536];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	/* The one control character that the syntax lets into a value. */
	for (char *tab = text; (tab = strchr(tab, '\t')); tab++)
		*tab = ' ';
	snprintf(message, sizeof(message), "%s:%u: %s", loader->file_name, loader->line, text);
	loader->failed = loader->failed || !warning;
	loader->reporter(loader->data, warning, message);
}

/* Reports that a value must be something else: "[daemon] workers = 99: must be a whole number from 1 to 64". */
void settings_report_value(struct settings_loader *loader, const char *name, const char *value, const char *format, ...)
{
	size_t size = strlen(value);
	char must[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(must, sizeof(must), format, arguments);
	va_end(arguments);
	if (size > SHOWN_VALUE_MAX)
		for (size = SHOWN_VALUE_MAX; size > 0 && ((unsigned char)value[size] & 0xc0) == 0x80;)
			size--; /* not in the middle of a character */
	settings_report(loader, false, "[%s] %s = %.*s%s: must %s", loader->section, name, (int)size, value,
			value[size] != '\0' ? "…" : "", must);
}

/* ---- a value of each form into its place ---- */

void settings_take_number(struct settings_loader *loader, const struct settings_row *row, const char *value,
			  void *place)
{
	static const char *const kinds[] = { "whole number", "size", "span of time" };
	char minimum[SETTINGS_NUMBER_SIZE], maximum[SETTINGS_NUMBER_SIZE];
	uint64_t number;

	if (settings_value_number(value, row->unit, &number) && number >= row->minimum && number <= row->maximum) {
		*(uint64_t *)place = number;
		return;
	}
	settings_value_format(row->minimum, row->unit, minimum);
	settings_value_format(row->maximum, row->unit, maximum);
	settings_report_value(loader, row->name, value, "be a %s from %s to %s%s%s", kinds[row->unit], minimum, maximum,
			      row->unit == SETTINGS_UNIT_NONE ? "" : ", such as ",
			      row->unit == SETTINGS_UNIT_NONE ? "" : row->fallback);
}

void settings_take_lifetime(struct settings_loader *loader, const struct settings_row *row, const char *value,
			    void *place)
{
	char minimum[SETTINGS_NUMBER_SIZE], maximum[SETTINGS_NUMBER_SIZE];
	uint64_t number;

	if (strcmp(value, "never") == 0) {
		*(int64_t *)place = TIME_NEVER;
		return;
	}
	if (settings_value_number(value, row->unit, &number) && number >= row->minimum && number <= row->maximum) {
		*(int64_t *)place = (int64_t)number;
		return;
	}
	settings_value_format(row->minimum, row->unit, minimum);
	settings_value_format(row->maximum, row->unit, maximum);
	settings_report_value(loader, row->name, value, "be a span of time from %s to %s, such as 90d, or never",
			      minimum, maximum);
}

void settings_take_word(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(row->words); i++) {
		if (strcmp(value, row->words[i]) != 0)
			continue;
		*(bool *)place = i == 1;
		return;
	}
	settings_report_value(loader, row->name, value, "be %s or %s", row->words[0], row->words[1]);
}

void settings_take_text(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	char *copy;

	if (*value == '\0' || strlen(value) > SETTINGS_TEXT_MAX || !encoding_is_visible(value)) {
		settings_report_value(loader, row->name, value, "be 1 to %d visible ASCII characters, such as %s",
				      SETTINGS_TEXT_MAX, row->fallback);
		return;
	}
	copy = strdup(value);
	if (!copy) {
		loader->out_of_memory = true;
		return;
	}
	free(*(char **)place);
	*(char **)place = copy;
}

/* A list with each item checked, malloc'ed; NULL after it was reported. */
char *settings_take_list(struct settings_loader *loader, const char *name, const char *value,
			 bool (*is_good)(const char *), const char *must)
{
	char *list = malloc(strlen(value) + 1);

	if (!list) {
		loader->out_of_memory = true;
		return NULL;
	}
	switch (settings_value_list(value, is_good, list)) {
	case SETTINGS_LIST_OK:
		return list;
	case SETTINGS_LIST_EMPTY_ITEM:
		settings_report_value(loader, name, value, "have something before and behind each comma");
		break;
	case SETTINGS_LIST_BAD_ITEM:
		settings_report_value(loader, name, list, "%s", must);
		break;
	case SETTINGS_LIST_REPEATED_ITEM:
		settings_report_value(loader, name, list, "be named once");
		break;
	}
	free(list);
	return NULL;
}
