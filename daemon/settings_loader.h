/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Inside the settings: how one value of a file gets into struct settings, or is reported. settings.c has the table and
 * the order of things; settings_loader.c a function for each form of value.
 */
#ifndef APIKEYD_DAEMON_SETTINGS_LOADER_H
#define APIKEYD_DAEMON_SETTINGS_LOADER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/settings.h"
#include "daemon/settings_value.h"

enum settings_form {
	SETTINGS_FORM_NUMBER,   /* uint64_t, in a unit, between limits */
	SETTINGS_FORM_LIFETIME, /* int64_t, a span between limits, or TIME_NEVER */
	SETTINGS_FORM_WORD,     /* bool: the first word is false, the second true */
	SETTINGS_FORM_GROUP,    /* admin_group */
	SETTINGS_FORM_GRANTS,   /* char *: self-service permissions */
	SETTINGS_FORM_GATEWAYS, /* gateway_users */
	SETTINGS_FORM_POLICY,   /* int64_t: what daemon/policies.h says of that name */
	SETTINGS_FORM_TEXT,     /* char *: 1 to SETTINGS_TEXT_MAX visible ASCII characters */
	SETTINGS_FORM_COUNT,
};

struct settings_row {
	const char *section, *name;
	const char *fallback; /* the default, as it would stand in a file */
	enum settings_form form;
	enum settings_unit unit;
	size_t offset; /* in struct settings */
	uint64_t minimum, maximum;
	const char *words[2];
};

struct settings_loader {
	struct settings settings; /* so far */
	const char *file_name;
	settings_reporter reporter;
	void *data;
	bool failed, out_of_memory;
	unsigned int line;        /* 0: a default is being taken */
	const char *section;      /* the known one that the line stands in; NULL outside of those */
	unsigned int *peer_lines; /* where each of the peers stood; malloc'ed */
};

/* Reports "FILE:LINE: …"; unless it is a warning, loading fails. */
void settings_loader_report(struct settings_loader *loader, bool warning, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Puts a value into its place in loader->settings, or reports what it must be. */
void settings_loader_take(struct settings_loader *loader, const struct settings_row *row, const char *value);

/* A line of [peers]: a user and its services. */
void settings_loader_take_peer(struct settings_loader *loader, const char *name, const char *value);

#endif
