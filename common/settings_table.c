/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/settings_table.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/settings_syntax.h"

/* The most letters that may be wrong in a name for another one to be offered. */
#define SUGGESTION_DISTANCE_MAX 3

struct parse {
	const struct settings_table *table;
	struct settings_loader *loader;
	bool unknown_section;        /* the section was reported as a whole */
	unsigned int *section_lines; /* where each stood; 0: nowhere yet */
	unsigned int *setting_lines;
};

/* The nearer of two names that a text may have been meant for. Start with NULL. */
static const char *nearer(const char *text, const char *best, const char *candidate)
{
	size_t distance = settings_value_distance(text, candidate);

	/* More than half of it wrong is another word. */
	if (distance > SUGGESTION_DISTANCE_MAX || 2 * distance > strlen(candidate))
		return best;
	return best && settings_value_distance(text, best) <= distance ? best : candidate;
}

static void take_section(void *data, unsigned int line, const char *name)
{
	struct parse *parse = data;
	struct settings_loader *loader = parse->loader;
	const struct settings_table *table = parse->table;
	const char *suggestion = NULL;

	loader->line = line;
	loader->section = NULL;
	parse->unknown_section = false;
	for (size_t i = 0; i < table->section_count; i++) {
		suggestion = nearer(name, suggestion, table->sections[i]);
		if (strcmp(name, table->sections[i]) != 0)
			continue;
		if (parse->section_lines[i] > 0)
			settings_report(loader, false, "[%s] stands in line %u already: put its settings there", name,
					parse->section_lines[i]);
		else
			parse->section_lines[i] = line;
		loader->section = table->sections[i];
		return;
	}
	parse->unknown_section = true;
	settings_report(loader, false, "[%s] is no section%s%s%s", name, suggestion ? "; did you mean [" : "",
			suggestion ? suggestion : "", suggestion ? "]?" : "");
}

static void report_unknown(const struct parse *parse, const char *name)
{
	struct settings_loader *loader = parse->loader;
	const struct settings_table *table = parse->table;
	const char *suggestion = NULL;

	for (size_t i = 0; i < table->row_count; i++) {
		if (strcmp(table->rows[i].name, name) == 0) {
			settings_report(loader, false, "[%s] %s: this setting belongs to [%s]", loader->section, name,
					table->rows[i].section);
			return;
		}
		if (strcmp(table->rows[i].section, loader->section) == 0)
			suggestion = nearer(name, suggestion, table->rows[i].name);
	}
	settings_report(loader, false, "[%s] %s: there is no such setting%s%s%s", loader->section, name,
			suggestion ? "; did you mean " : "", suggestion ? suggestion : "", suggestion ? "?" : "");
}

static void take(struct settings_loader *loader, const struct settings_row *row, const char *value)
{
	row->take(loader, row, value, (char *)loader->settings + row->offset);
}

static void take_setting(void *data, unsigned int line, const char *name, const char *value)
{
	struct parse *parse = data;
	struct settings_loader *loader = parse->loader;
	const struct settings_table *table = parse->table;

	loader->line = line;
	if (parse->unknown_section)
		return;
	if (!loader->section) {
		settings_report(loader, false, "%s stands before the first [section]", name);
		return;
	}
	if (table->free_section && strcmp(loader->section, table->free_section) == 0) {
		table->take_free(loader, name, value);
		return;
	}
	for (size_t i = 0; i < table->row_count; i++) {
		if (strcmp(table->rows[i].section, loader->section) != 0 || strcmp(table->rows[i].name, name) != 0)
			continue;
		if (parse->setting_lines[i] > 0) {
			settings_report(loader, false, "[%s] %s stands in line %u already", loader->section, name,
					parse->setting_lines[i]);
			return;
		}
		parse->setting_lines[i] = line;
		take(loader, &table->rows[i], value);
		return;
	}
	report_unknown(parse, name);
}

static void take_fault(void *data, unsigned int line, const char *message)
{
	struct parse *parse = data;

	parse->loader->line = line;
	settings_report(parse->loader, false, "%s", message);
}

int settings_table_read(const struct settings_table *table, struct settings_loader *loader, const char *text,
			size_t size)
{
	static const struct settings_syntax syntax = { take_section, take_setting, take_fault };
	CLEANUP_FREE unsigned int *lines = calloc(table->section_count + table->row_count, sizeof(*lines));
	struct parse parse = { .table = table, .loader = loader, .section_lines = lines };

	if (!lines)
		return -ENOMEM;
	parse.setting_lines = lines + table->section_count;
	for (size_t i = 0; i < table->row_count; i++)
		take(loader, &table->rows[i], table->rows[i].fallback);
	if (loader->out_of_memory || settings_syntax_read(text, size, &syntax, &parse) < 0 || loader->out_of_memory)
		return -ENOMEM;
	return loader->failed ? -EINVAL : 0;
}
