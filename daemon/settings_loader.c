/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A function for each form of value. What does not fit is reported with what would, and leaves the setting alone.
 */
#include "daemon/settings_loader.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "proto/permission.h"

/* Values in messages are cut to this many bytes. */
#define SHOWN_VALUE_MAX 80

void settings_loader_report(struct settings_loader *loader, bool warning, const char *format, ...)
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
static __attribute__((format(printf, 4, 5))) void report_value(struct settings_loader *loader, const char *name,
							       const char *value, const char *format, ...)
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
	settings_loader_report(loader, false, "[%s] %s = %.*s%s: must %s", loader->section, name, (int)size, value,
			       value[size] != '\0' ? "…" : "", must);
}

/* ---- a value of each form into its place ---- */

static void take_number(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
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
	report_value(loader, row->name, value, "be a %s from %s to %s%s%s", kinds[row->unit], minimum, maximum,
		     row->unit == SETTINGS_UNIT_NONE ? "" : ", such as ",
		     row->unit == SETTINGS_UNIT_NONE ? "" : row->fallback);
}

static void take_lifetime(struct settings_loader *loader, const struct settings_row *row, const char *value,
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
	report_value(loader, row->name, value, "be a span of time from %s to %s, such as 90d, or never", minimum,
		     maximum);
}

static void take_policy(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	enum policies_rule rule = policies_of_name(row->name);
	char must[POLICIES_MUST_SIZE];

	if (policies_parse(rule, value, place))
		return;
	policies_must(rule, must);
	report_value(loader, row->name, value, "%s", must);
}

static void take_word(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	for (size_t i = 0; i < ARRAY_SIZE(row->words); i++) {
		if (strcmp(value, row->words[i]) != 0)
			continue;
		*(bool *)place = i == 1;
		return;
	}
	report_value(loader, row->name, value, "be %s or %s", row->words[0], row->words[1]);
}

/* Remembers a name that nobody has. */
static void note_unknown(struct settings_loader *loader, const char *name)
{
	char **names = &loader->settings.unknown_names;
	char *joined;

	if (asprintf(&joined, "%s%s%s", *names ? *names : "", *names ? " " : "", name) < 0) {
		loader->out_of_memory = true;
		return;
	}
	free(*names);
	*names = joined;
}

static void take_group(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	int r;

	loader->settings.admin_group_known = false;
	if (*value == '\0')
		return;
	if (!settings_value_is_user(value)) {
		report_value(loader, row->name, value, "be one group, or nothing");
		return;
	}
	r = settings_value_id(value, SETTINGS_NAME_GROUP, place);
	if (r == 0)
		loader->settings.admin_group_known = true;
	else if (loader->line > 0) { /* the default group may well be missing */
		if (r == -ENOENT)
			note_unknown(loader, value);
		settings_loader_report(
			loader, true, "[%s] %s = %s: %s; until a reload finds it, root alone administers", row->section,
			row->name, value, r == -ENOENT ? "there is no such group" : strerror(-r));
	}
}

/* A list with each item checked, malloc'ed; NULL after it was reported. */
static char *take_list(struct settings_loader *loader, const char *name, const char *value,
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
		report_value(loader, name, value, "have something before and behind each comma");
		break;
	case SETTINGS_LIST_BAD_ITEM:
		report_value(loader, name, list, "%s", must);
		break;
	case SETTINGS_LIST_REPEATED_ITEM:
		report_value(loader, name, list, "be named once");
		break;
	}
	free(list);
	return NULL;
}

/* What users may give their own keys must not make administrators of them. */
static bool is_self_service_grant(const char *item)
{
	return permission_is_grant(item) && strcmp(item, "*") != 0 && strcmp(item, "apikeyd") != 0 &&
	       strncmp(item, "apikeyd.", 8) != 0;
}

static void take_grants(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	char *list =
		take_list(loader, row->name, value, is_self_service_grant,
			  "be permissions such as pam.dovecot or mail.*, separated by commas, and none of apikeyd");

	if (!list)
		return;
	free(*(char **)place);
	*(char **)place = list;
}

static bool is_visible(const char *text)
{
	for (; *text != '\0'; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static void take_text(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	char *copy;

	if (*value == '\0' || strlen(value) > SETTINGS_TEXT_MAX || !is_visible(value)) {
		report_value(loader, row->name, value, "be 1 to %d visible ASCII characters, such as %s",
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

static void add_gateway(struct settings_loader *loader, const struct settings_row *row, const char *user)
{
	struct settings *settings = &loader->settings;
	uid_t *users, uid = 0;
	int r = settings_value_id(user, SETTINGS_NAME_USER, &uid);

	if (r == -ENOENT)
		note_unknown(loader, user);
	if (r == -ENOENT)
		settings_loader_report(loader, true,
				       "[%s] %s: there is no user %s; it is left out until a reload finds it",
				       row->section, row->name, user);
	else if (r < 0) /* a gateway that is not known as one would be believed like any other user */
		report_value(loader, row->name, user, "be a user that can be looked up: %s", strerror(-r));
	else if (uid == 0)
		report_value(loader, row->name, user, "not be root, who could then do nothing without a key");
	else if (settings_is_gateway(settings, uid))
		report_value(loader, row->name, user, "be named once: uid %u stands before it", (unsigned int)uid);
	if (r < 0 || uid == 0 || settings_is_gateway(settings, uid))
		return;
	users = reallocarray(settings->gateway_users, settings->gateway_user_count + 1, sizeof(*users));
	if (!users) {
		loader->out_of_memory = true;
		return;
	}
	users[settings->gateway_user_count++] = uid;
	settings->gateway_users = users;
}

static void take_gateways(struct settings_loader *loader, const struct settings_row *row, const char *value,
			  void *place)
{
	CLEANUP_FREE char *list =
		take_list(loader, row->name, value, settings_value_is_user, "be users, separated by commas");
	char *rest = NULL;

	(void)place;
	for (char *user = list ? strtok_r(list, " ", &rest) : NULL; user; user = strtok_r(NULL, " ", &rest))
		add_gateway(loader, row, user);
}

void settings_loader_take(struct settings_loader *loader, const struct settings_row *row, const char *value)
{
	static void (*const takers[SETTINGS_FORM_COUNT])(struct settings_loader *, const struct settings_row *,
							 const char *, void *) = {
		[SETTINGS_FORM_NUMBER] = take_number, [SETTINGS_FORM_LIFETIME] = take_lifetime,
		[SETTINGS_FORM_WORD] = take_word,     [SETTINGS_FORM_GROUP] = take_group,
		[SETTINGS_FORM_GRANTS] = take_grants, [SETTINGS_FORM_GATEWAYS] = take_gateways,
		[SETTINGS_FORM_TEXT] = take_text,     [SETTINGS_FORM_POLICY] = take_policy,
	};

	takers[row->form](loader, row, value, (char *)&loader->settings + row->offset);
}

/* ---- [peers] ---- */

static void add_peer(struct settings_loader *loader, uid_t uid, const char *name, char *services)
{
	struct settings *settings = &loader->settings;
	struct settings_peer *peers = reallocarray(settings->peers, settings->peer_count + 1, sizeof(*peers));
	unsigned int *lines = reallocarray(loader->peer_lines, settings->peer_count + 1, sizeof(*lines));
	char *copy = strdup(name);

	settings->peers = peers ? peers : settings->peers;
	loader->peer_lines = lines ? lines : loader->peer_lines;
	if (!peers || !lines || !copy) {
		loader->out_of_memory = true;
		free(copy);
		free(services);
		return;
	}
	lines[settings->peer_count] = loader->line;
	peers[settings->peer_count++] = (struct settings_peer){ .uid = uid, .name = copy, .services = services };
}

void settings_loader_take_peer(struct settings_loader *loader, const char *name, const char *value)
{
	CLEANUP_FREE char *services = take_list(loader, name, value, settings_value_is_service,
						"be services such as nginx or postgresql, separated by commas");
	uid_t uid;
	int r;

	if (!services)
		return;
	if (*services == '\0') {
		report_value(loader, name, value, "name at least one service");
		return;
	}
	if (!settings_value_is_user(name)) {
		settings_loader_report(loader, false, "[%s] %s: is no user name or uid", loader->section, name);
		return;
	}
	r = settings_value_id(name, SETTINGS_NAME_USER, &uid);
	if (r < 0) {
		if (r == -ENOENT)
			note_unknown(loader, name);
		settings_loader_report(loader, true, "[%s] %s: %s; the line is left out until a reload finds it",
				       loader->section, name, r == -ENOENT ? "there is no such user" : strerror(-r));
		return;
	}
	for (size_t i = 0; i < loader->settings.peer_count; i++) {
		if (loader->settings.peers[i].uid != uid)
			continue;
		settings_loader_report(loader, false,
				       "[%s] %s: uid %u stands in line %u already: name all its services there",
				       loader->section, name, (unsigned int)uid, loader->peer_lines[i]);
		return;
	}
	add_peer(loader, uid, name, services);
	services = NULL;
}
