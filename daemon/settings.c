/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What the configuration may say, as one table. */
#include "daemon/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/settings_file.h"
#include "daemon/settings_loader.h"

/* The section whose names are users instead of rows of the table. */
#define SECTION_PEERS "peers"

static const char *const sections[] = { "daemon", "admin",  "self-service", SECTION_PEERS, "gateway",
					"policy", "tokens", "portal",       "throttle",    "audit" };

static const struct settings_row rows[] = {
#define AT(member) offsetof(struct settings, member)
#define NUMBER(member, minimum, maximum) SETTINGS_NUMBER(NONE, AT(member), minimum, maximum)
#define IN(unit, member, minimum, maximum) SETTINGS_NUMBER(unit, AT(member), minimum, maximum)
#define WORD(member, first, second) SETTINGS_WORD(AT(member), first, second)
#define OTHER(take, member) SETTINGS_OTHER(take, AT(member))
	{ "daemon", "workers", "2", NUMBER(workers, 1, 64) },
	{ "daemon", "connections_per_uid", "64", NUMBER(connections_per_uid, 1, 4096) },
	{ "daemon", "connections_max", "1024", NUMBER(connections_max, 1, 65536) },
	{ "daemon", "idle_timeout", "10s", IN(SPAN, idle_timeout, 1, 3600) },
	{ "daemon", "minimum_uid", "1000", NUMBER(minimum_uid, 1, UINT32_MAX - 1) },
	{ "daemon", "low_disk", "128M", IN(SIZE, low_disk, 0, UINT64_C(1) << 40) },
	{ "admin", "group", "apikeyd", OTHER(settings_take_group, admin_group) },
	{ "self-service", "permissions", "", OTHER(settings_take_grants, self_service_permissions) },
	{ "self-service", "keys", "32", NUMBER(self_service_keys, 1, 10000) },
	{ "self-service",
	  "max_lifetime",
	  "never",
	  settings_take_lifetime,
	  SETTINGS_UNIT_SPAN,
	  AT(self_service_lifetime),
	  60,
	  UINT64_C(100) * 365 * 86400,
	  { NULL, NULL } },
	{ "gateway", "users", "apikey-gateway", OTHER(settings_take_gateways, gateway_users) },
	{ "policy", "default_lifetime", "never", OTHER(settings_take_policy, policies.default_lifetime) },
	{ "policy", "max_lifetime", "never", OTHER(settings_take_policy, policies.max_lifetime) },
	{ "policy", "max_secret_age", "never", OTHER(settings_take_policy, policies.max_secret_age) },
	{ "policy", "warn_before", "14d", OTHER(settings_take_policy, policies.warn_before) },
	{ "policy", "on_violation", "report", OTHER(settings_take_policy, policies.on_violation) },
	{ "policy", "misuse", "report", OTHER(settings_take_policy, policies.misuse) },
	{ "policy", "misuse_sources", "0", OTHER(settings_take_policy, policies.misuse_sources) },
	{ "policy", "misuse_window", "1h", OTHER(settings_take_policy, policies.misuse_window) },
	{ "policy", "end_sessions", "no", OTHER(settings_take_policy, policies.end_sessions) },
	{ "policy", "rotation_overlap", "7d", IN(SPAN, rotation_overlap, 60, SETTINGS_OVERLAP_MAX) },
	{ "tokens", "issuer", "apikeyd", OTHER(settings_take_text, token_issuer) },
	{ "tokens", "audience", "apikeyd", OTHER(settings_take_text, token_audience) },
	{ "portal", "url", "http://127.0.0.1:8075", OTHER(settings_take_url, portal_url) },
	{ "portal", "idle_timeout", "30m", IN(SPAN, portal_idle, 60, 86400) },
	{ "portal", "lifetime", "8h", IN(SPAN, portal_lifetime, 60, UINT64_C(30) * 86400) },
	{ "throttle", "failures_per_minute", "30", NUMBER(failures_per_minute, 1, 100000) },
	{ "throttle", "failures_per_key", "30", NUMBER(failures_per_key, 0, 100000) },
	{ "audit", "max_size", "64M", IN(SIZE, audit_max_size, 4096, UINT64_C(1) << 40) },
	{ "audit", "keep", "8", NUMBER(audit_keep, 1, 1000) },
	{ "audit", "on_failure", "refuse", WORD(audit_strict, "serve", "refuse") },
	{ "audit", "durability", "normal", WORD(audit_relaxed, "normal", "relaxed") },
	{ "audit", "journal", "yes", WORD(audit_journal, "no", "yes") },
};

static void draft_done(struct settings_draft *draft)
{
	settings_done(&draft->settings);
	free(draft->peer_lines);
}

int settings_parse(const char *text, size_t size, const char *file_name, struct settings *ret_settings,
		   settings_reporter reporter, void *data)
{
	static const struct settings_table table = {
		.sections = sections,
		.section_count = ARRAY_SIZE(sections),
		.rows = rows,
		.row_count = ARRAY_SIZE(rows),
		.free_section = SECTION_PEERS,
		.take_free = settings_take_peer,
	};
	CLEANUP(draft_done) struct settings_draft draft = { .peer_lines = NULL };
	struct settings_loader loader = {
		.settings = &draft, .file_name = file_name, .reporter = reporter, .data = data
	};
	int r;

	policies_default(&draft.settings.policies);
	r = settings_table_read(&table, &loader, text, size);
	if (r < 0)
		return r;
	*ret_settings = draft.settings;
	draft.settings = (struct settings){ 0 };
	return 0;
}

int settings_load(const char *path, struct settings *ret_settings, settings_reporter reporter, void *data)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	int r;

	if (!path)
		return settings_parse("", 0, "defaults", ret_settings, reporter, data);
	r = settings_file_read(path, &text, &size, reporter, data);
	return r < 0 ? r : settings_parse(text, size, path, ret_settings, reporter, data);
}

int settings_load_given(const char *given, struct settings *ret_settings, settings_reporter reporter, void *data)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	int r = settings_file_read_given(given, SETTINGS_FILE, &text, &size, reporter, data);

	return r < 0 ? r
		     : settings_parse(text ? text : "", size, given ? given : SETTINGS_FILE, ret_settings, reporter,
				      data);
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
	free(settings->portal_url);
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
