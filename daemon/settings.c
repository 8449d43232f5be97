/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the configuration may say, as one table, and how a file's lines become settings. Strict, since a restriction
 * that is misspelt is a restriction that is not there: nothing unknown, repeated or out of its limits is taken.
 */
#include "daemon/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "daemon/settings_loader.h"
#include "daemon/settings_syntax.h"
#include "daemon/settings_value.h"

/* The most letters that may be wrong in a name for another one to be offered. */
#define SUGGESTION_DISTANCE_MAX 3

/* The section whose names are users instead of rows of the table. */
#define SECTION_PEERS "peers"

static const char *const sections[] = { "daemon", "admin",  "self-service", SECTION_PEERS, "gateway",
					"policy", "tokens", "throttle",     "audit" };

static const struct settings_row table[] = {
#define AT(member) offsetof(struct settings, member)
#define NUMBER(member, minimum, maximum)                                                                               \
	SETTINGS_FORM_NUMBER, SETTINGS_UNIT_NONE, AT(member), minimum, maximum,                                        \
	{                                                                                                              \
		NULL, NULL                                                                                             \
	}
#define IN(unit, member, minimum, maximum)                                                                             \
	SETTINGS_FORM_NUMBER, SETTINGS_UNIT_##unit, AT(member), minimum, maximum,                                      \
	{                                                                                                              \
		NULL, NULL                                                                                             \
	}
#define WORD(member, first, second)                                                                                    \
	SETTINGS_FORM_WORD, SETTINGS_UNIT_NONE, AT(member), 0, 0,                                                      \
	{                                                                                                              \
		first, second                                                                                          \
	}
#define OTHER(form, member)                                                                                            \
	form, SETTINGS_UNIT_NONE, AT(member), 0, 0,                                                                    \
	{                                                                                                              \
		NULL, NULL                                                                                             \
	}
	{ "daemon", "workers", "2", NUMBER(workers, 1, 64) },
	{ "daemon", "connections_per_uid", "64", NUMBER(connections_per_uid, 1, 4096) },
	{ "daemon", "connections_max", "1024", NUMBER(connections_max, 1, 65536) },
	{ "daemon", "idle_timeout", "10s", IN(SPAN, idle_timeout, 1, 3600) },
	{ "daemon", "minimum_uid", "1000", NUMBER(minimum_uid, 1, UINT32_MAX - 1) },
	{ "daemon", "low_disk", "128M", IN(SIZE, low_disk, 0, UINT64_C(1) << 40) },
	{ "admin", "group", "apikeyd", OTHER(SETTINGS_FORM_GROUP, admin_group) },
	{ "self-service", "permissions", "", OTHER(SETTINGS_FORM_GRANTS, self_service_permissions) },
	{ "self-service", "keys", "32", NUMBER(self_service_keys, 1, 10000) },
	{ "self-service",
	  "max_lifetime",
	  "never",
	  SETTINGS_FORM_LIFETIME,
	  SETTINGS_UNIT_SPAN,
	  AT(self_service_lifetime),
	  60,
	  UINT64_C(100) * 365 * 86400,
	  { NULL, NULL } },
	{ "gateway", "users", "", OTHER(SETTINGS_FORM_GATEWAYS, gateway_users) },
	{ "policy", "default_lifetime", "never", OTHER(SETTINGS_FORM_POLICY, policies.default_lifetime) },
	{ "policy", "max_lifetime", "never", OTHER(SETTINGS_FORM_POLICY, policies.max_lifetime) },
	{ "policy", "max_secret_age", "never", OTHER(SETTINGS_FORM_POLICY, policies.max_secret_age) },
	{ "policy", "warn_before", "14d", OTHER(SETTINGS_FORM_POLICY, policies.warn_before) },
	{ "policy", "on_violation", "report", OTHER(SETTINGS_FORM_POLICY, policies.on_violation) },
	{ "policy", "end_sessions", "no", OTHER(SETTINGS_FORM_POLICY, policies.end_sessions) },
	{ "policy", "rotation_overlap", "7d", IN(SPAN, rotation_overlap, 60, SETTINGS_OVERLAP_MAX) },
	{ "tokens", "issuer", "apikeyd", OTHER(SETTINGS_FORM_TEXT, token_issuer) },
	{ "tokens", "audience", "apikeyd", OTHER(SETTINGS_FORM_TEXT, token_audience) },
	{ "throttle", "failures_per_minute", "30", NUMBER(failures_per_minute, 1, 100000) },
	{ "audit", "max_size", "64M", IN(SIZE, audit_max_size, 4096, UINT64_C(1) << 40) },
	{ "audit", "keep", "8", NUMBER(audit_keep, 1, 1000) },
	{ "audit", "on_failure", "refuse", WORD(audit_strict, "serve", "refuse") },
	{ "audit", "durability", "normal", WORD(audit_relaxed, "normal", "relaxed") },
	{ "audit", "journal", "yes", WORD(audit_journal, "no", "yes") },
};

struct parse {
	struct settings_loader loader;
	bool unknown_section;                             /* the section was reported as a whole */
	unsigned int section_lines[ARRAY_SIZE(sections)]; /* where each stood; 0: nowhere yet */
	unsigned int setting_lines[ARRAY_SIZE(table)];
};

static void parse_done(struct parse *parse)
{
	settings_done(&parse->loader.settings);
	free(parse->loader.peer_lines);
}

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
	struct settings_loader *loader = &parse->loader;
	const char *suggestion = NULL;

	loader->line = line;
	loader->section = NULL;
	parse->unknown_section = false;
	for (size_t i = 0; i < ARRAY_SIZE(sections); i++) {
		suggestion = nearer(name, suggestion, sections[i]);
		if (strcmp(name, sections[i]) != 0)
			continue;
		if (parse->section_lines[i] > 0)
			settings_loader_report(loader, false, "[%s] stands in line %u already: put its settings there",
					       name, parse->section_lines[i]);
		else
			parse->section_lines[i] = line;
		loader->section = sections[i];
		return;
	}
	parse->unknown_section = true;
	settings_loader_report(loader, false, "[%s] is no section%s%s%s", name, suggestion ? "; did you mean [" : "",
			       suggestion ? suggestion : "", suggestion ? "]?" : "");
}

static void report_unknown(struct settings_loader *loader, const char *name)
{
	const char *suggestion = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].name, name) == 0) {
			settings_loader_report(loader, false, "[%s] %s: this setting belongs to [%s]", loader->section,
					       name, table[i].section);
			return;
		}
		if (strcmp(table[i].section, loader->section) == 0)
			suggestion = nearer(name, suggestion, table[i].name);
	}
	settings_loader_report(loader, false, "[%s] %s: there is no such setting%s%s%s", loader->section, name,
			       suggestion ? "; did you mean " : "", suggestion ? suggestion : "",
			       suggestion ? "?" : "");
}

static void take_setting(void *data, unsigned int line, const char *name, const char *value)
{
	struct parse *parse = data;
	struct settings_loader *loader = &parse->loader;

	loader->line = line;
	if (parse->unknown_section)
		return;
	if (!loader->section) {
		settings_loader_report(loader, false, "%s stands before the first [section]", name);
		return;
	}
	if (strcmp(loader->section, SECTION_PEERS) == 0) {
		settings_loader_take_peer(loader, name, value);
		return;
	}
	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].section, loader->section) != 0 || strcmp(table[i].name, name) != 0)
			continue;
		if (parse->setting_lines[i] > 0) {
			settings_loader_report(loader, false, "[%s] %s stands in line %u already", loader->section,
					       name, parse->setting_lines[i]);
			return;
		}
		parse->setting_lines[i] = line;
		settings_loader_take(loader, &table[i], value);
		return;
	}
	report_unknown(loader, name);
}

static void take_fault(void *data, unsigned int line, const char *message)
{
	struct parse *parse = data;

	parse->loader.line = line;
	settings_loader_report(&parse->loader, false, "%s", message);
}

int settings_parse(const char *text, size_t size, const char *file_name, struct settings *ret_settings,
		   settings_reporter reporter, void *data)
{
	static const struct settings_syntax syntax = { take_section, take_setting, take_fault };
	CLEANUP(parse_done)
	struct parse parse = {
		.loader = { .file_name = file_name, .reporter = reporter, .data = data },
	};

	policies_default(&parse.loader.settings.policies);
	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		settings_loader_take(&parse.loader, &table[i], table[i].fallback);
	if (parse.loader.out_of_memory || settings_syntax_read(text, size, &syntax, &parse) < 0 ||
	    parse.loader.out_of_memory)
		return -ENOMEM;
	if (parse.loader.failed)
		return -EINVAL;
	*ret_settings = parse.loader.settings;
	parse.loader.settings = (struct settings){ 0 };
	return 0;
}

void settings_done(struct settings *settings)
{
	for (size_t i = 0; i < settings->peer_count; i++) {
		free(settings->peers[i].name);
		free(settings->peers[i].services);
	}
	free(settings->peers);
	free(settings->gateway_users);
	free(settings->self_service_permissions);
	free(settings->token_issuer);
	free(settings->token_audience);
	free(settings->unknown_names);
	*settings = (struct settings){ 0 };
}

bool settings_is_gateway(const struct settings *settings, uid_t uid)
{
	for (size_t i = 0; i < settings->gateway_user_count; i++)
		if (settings->gateway_users[i] == uid)
			return true;
	return false;
}

const char *settings_peer_services(const struct settings *settings, uid_t uid)
{
	for (size_t i = 0; i < settings->peer_count; i++)
		if (settings->peers[i].uid == uid)
			return settings->peers[i].services;
	return "";
}
