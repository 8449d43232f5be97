/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A function for each form of value that is the daemon's own. What does not fit is reported with what would, and leaves
 * the setting alone.
 */
#include "daemon/settings_loader.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "proto/permission.h"

static struct settings *settings_of(const struct settings_loader *loader)
{
	return &((struct settings_draft *)loader->settings)->settings;
}

/* [a-z0-9][a-z0-9_-]{0,63} */
static bool is_service(const char *item)
{
	return permission_is_name(item) && !strchr(item, '.');
}

void settings_take_policy(struct settings_loader *loader, const struct settings_row *row, const char *value,
			  void *place)
{
	enum policies_rule rule = policies_of_name(row->name);
	char must[POLICIES_MUST_SIZE];

	if (policies_parse(rule, value, place))
		return;
	policies_must(rule, must);
	settings_report_value(loader, row->name, value, "%s", must);
}

/* Remembers a name that nobody has. */
static void note_unknown(struct settings_loader *loader, const char *name)
{
	char **names = &settings_of(loader)->unknown_names;
	char *joined;

	if (asprintf(&joined, "%s%s%s", *names ? *names : "", *names ? " " : "", name) < 0) {
		loader->out_of_memory = true;
		return;
	}
	free(*names);
	*names = joined;
}

void settings_take_group(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	int r;

	settings_of(loader)->admin_group_known = false;
	if (*value == '\0')
		return;
	if (!settings_value_is_user(value)) {
		settings_report_value(loader, row->name, value, "be one group, or nothing");
		return;
	}
	r = settings_value_id(value, SETTINGS_NAME_GROUP, place);
	if (r == 0)
		settings_of(loader)->admin_group_known = true;
	else if (loader->line > 0) { /* the default group may well be missing */
		if (r == -ENOENT)
			note_unknown(loader, value);
		settings_report(loader, true, "[%s] %s = %s: %s; until a reload finds it, root alone administers",
				row->section, row->name, value, r == -ENOENT ? "there is no such group" : strerror(-r));
	}
}

/* What users may give their own keys must not make administrators of them. */
static bool is_self_service_grant(const char *item)
{
	return permission_is_grant(item) && strcmp(item, "*") != 0 && strcmp(item, "apikeyd") != 0 &&
	       strncmp(item, "apikeyd.", 8) != 0;
}

void settings_take_grants(struct settings_loader *loader, const struct settings_row *row, const char *value,
			  void *place)
{
	char *list = settings_take_list(
		loader, row->name, value, is_self_service_grant,
		"be permissions such as pam.dovecot or mail.*, separated by commas, and none of apikeyd");

	if (!list)
		return;
	free(*(char **)place);
	*(char **)place = list;
}

static bool is_url(const char *text)
{
	static const char *const schemes[] = { "https://", "http://" };

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t size = strlen(schemes[i]);

		if (strncmp(text, schemes[i], size) == 0)
			return text[size] != '\0' && text[size] != '/' && !strpbrk(text, "?#\"'<>\\@");
	}
	return false;
}

void settings_take_url(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	char *text, *end;

	if (*value && !is_url(value)) {
		settings_report_value(loader, row->name, value,
				      "be the address of a web page, without a query, such as %s", row->fallback);
		return;
	}
	settings_take_text(loader, row, value, place);
	text = *(char **)place;
	end = text ? text + strlen(text) : NULL;
	while (end > text && end[-1] == '/')
		*--end = '\0';
}

/* Of this host's own file alone: a name service that hangs must not keep the daemon from starting for a user whom
 * nobody has named. */
static int find_own_user(const char *name, uid_t *ret_uid)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd entry, *found;
	char text[1024];
	int r = -ENOENT;

	while (file && r < 0 && fgetpwent_r(file, &entry, text, sizeof(text), &found) == 0) {
		if (strcmp(entry.pw_name, name) != 0)
			continue;
		*ret_uid = entry.pw_uid;
		r = 0;
	}
	if (file)
		fclose(file);
	return r;
}

static void add_gateway(struct settings_loader *loader, const struct settings_row *row, const char *user)
{
	struct settings *settings = settings_of(loader);
	uid_t *users, uid = 0;
	bool fallback = loader->line == 0;
	int r = fallback ? find_own_user(user, &uid) : settings_value_id(user, SETTINGS_NAME_USER, &uid);

	if (r < 0 && fallback) /* it may well be missing */
		return;
	if (r == -ENOENT)
		note_unknown(loader, user);
	if (r == -ENOENT)
		settings_report(loader, true, "[%s] %s: there is no user %s; it is left out until a reload finds it",
				row->section, row->name, user);
	else if (r < 0) /* a gateway that is not known as one would be believed like any other user */
		settings_report_value(loader, row->name, user, "be a user that can be looked up: %s", strerror(-r));
	else if (uid == 0)
		settings_report_value(loader, row->name, user, "not be root, who could then do nothing without a key");
	else if (settings_is_gateway(settings, uid))
		settings_report_value(loader, row->name, user, "be named once: uid %u stands before it",
				      (unsigned int)uid);
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

void settings_take_gateways(struct settings_loader *loader, const struct settings_row *row, const char *value,
			    void *place)
{
	CLEANUP_FREE char *list =
		settings_take_list(loader, row->name, value, settings_value_is_user, "be users, separated by commas");
	char *rest = NULL;

	(void)place;
	settings_of(loader)->gateway_user_count = 0; /* the default's */
	for (char *user = list ? strtok_r(list, " ", &rest) : NULL; user; user = strtok_r(NULL, " ", &rest))
		add_gateway(loader, row, user);
}

/* ---- [peers] ---- */

static void add_peer(struct settings_loader *loader, uid_t uid, const char *name, char *services)
{
	struct settings_draft *draft = loader->settings;
	struct settings *settings = settings_of(loader);
	struct settings_peer *peers = reallocarray(settings->peers, settings->peer_count + 1, sizeof(*peers));
	unsigned int *lines = reallocarray(draft->peer_lines, settings->peer_count + 1, sizeof(*lines));
	char *copy = strdup(name);

	settings->peers = peers ? peers : settings->peers;
	draft->peer_lines = lines ? lines : draft->peer_lines;
	if (!peers || !lines || !copy) {
		loader->out_of_memory = true;
		free(copy);
		free(services);
		return;
	}
	lines[settings->peer_count] = loader->line;
	peers[settings->peer_count++] = (struct settings_peer){ .uid = uid, .name = copy, .services = services };
}

void settings_take_peer(struct settings_loader *loader, const char *name, const char *value)
{
	const struct settings_draft *draft = loader->settings;
	CLEANUP_FREE char *services = settings_take_list(
		loader, name, value, is_service, "be services such as nginx or postgresql, separated by commas");
	uid_t uid;
	int r;

	if (!services)
		return;
	if (*services == '\0') {
		settings_report_value(loader, name, value, "name at least one service");
		return;
	}
	if (!settings_value_is_user(name)) {
		settings_report(loader, false, "[%s] %s: is no user name or uid", loader->section, name);
		return;
	}
	r = settings_value_id(name, SETTINGS_NAME_USER, &uid);
	if (r < 0) {
		if (r == -ENOENT)
			note_unknown(loader, name);
		settings_report(loader, true, "[%s] %s: %s; the line is left out until a reload finds it",
				loader->section, name, r == -ENOENT ? "there is no such user" : strerror(-r));
		return;
	}
	for (size_t i = 0; i < settings_of(loader)->peer_count; i++) {
		if (settings_of(loader)->peers[i].uid != uid)
			continue;
		settings_report(loader, false, "[%s] %s: uid %u stands in line %u already: name all its services there",
				loader->section, name, (unsigned int)uid, draft->peer_lines[i]);
		return;
	}
	add_peer(loader, uid, name, services);
	services = NULL;
}
