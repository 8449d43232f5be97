/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/exposition.h"

#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

/* A line's own: where quoted, quotes too. */
static void write_escaped(FILE *file, const char *text, size_t size, bool quoted)
{
	for (size_t i = 0; i < size; i++) {
		if (text[i] == '\n')
			fputs("\\n", file);
		else if (text[i] == '\\' || (quoted && text[i] == '"'))
			fprintf(file, "\\%c", text[i]);
		else
			fputc(text[i], file);
	}
}

static const char *type_name(enum apikey_metric type)
{
	switch (type) {
	case APIKEY_COUNTER:
		return "counter";
	case APIKEY_GAUGE:
		return "gauge";
	case APIKEY_HISTOGRAM:
		return "histogram";
	}
	return "untyped"; /* a later daemon's */
}

static void write_head(struct exposition *exposition, const struct apikey_sample *sample)
{
	if (strcmp(exposition->name, sample->name) == 0)
		return;
	snprintf(exposition->name, sizeof(exposition->name), "%s", sample->name);
	fprintf(exposition->file, "# HELP %s ", sample->name);
	write_escaped(exposition->file, sample->help, strlen(sample->help), false);
	fprintf(exposition->file, "\n# TYPE %s %s\n", sample->name, type_name(sample->type));
}

static void write_label(FILE *file, const char *label, bool first)
{
	size_t size = strcspn(label, "=");

	fprintf(file, "%s%.*s=\"", first ? "{" : ",", (int)size, label);
	if (label[size] == '=')
		write_escaped(file, label + size + 1, strlen(label + size + 1), true);
	fputc('"', file);
}

void exposition_write(struct exposition *exposition, const struct apikey_sample *sample)
{
	FILE *file = exposition->file;

	write_head(exposition, sample);
	fprintf(file, "%s%s", sample->name, sample->suffix);
	for (size_t i = 0; sample->labels && sample->labels[i]; i++)
		write_label(file, sample->labels[i], i == 0);
	if (sample->labels && sample->labels[0])
		fputc('}', file);
	if (sample->divisor <= 1)
		fprintf(file, " %" PRIu64 "\n", sample->number);
	else
		fprintf(file, " %.9f\n", (double)sample->number / (double)sample->divisor);
}
