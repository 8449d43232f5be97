/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/admin_settings.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/arguments.h"
#include "daemon/vault.h"

/* A text that does not fit an item, or is empty, is left out: half of a list of permissions would be believed. */
static void add_text(struct admin_settings *list, const char *name, const char *text)
{
	if (list->count < ADMIN_SETTINGS_MAX && text && *text && strlen(text) <= WIRE_REASON_MAX)
		list->items[list->count++] = (struct message_item){ .name = name, .text = text };
}

static void add_number(struct admin_settings *list, const char *name, uint64_t number)
{
	if (list->count < ADMIN_SETTINGS_MAX)
		list->items[list->count++] = (struct message_item){ .name = name, .number = number };
}

static void add_peers(struct admin_settings *list, const struct settings *settings)
{
	add_number(list, "settings.peers", settings->peer_count);
	for (size_t i = 0; i < settings->peer_count && i < ADMIN_SETTINGS_PEERS_MAX; i++) {
		int size = snprintf(list->names[i], sizeof(list->names[i]), "peers.%s", settings->peers[i].name);

		if (size > 0 && (size_t)size < sizeof(list->names[i]))
			add_text(list, list->names[i], settings->peers[i].services);
	}
}

void admin_settings_list(const struct daemon *daemon, const struct settings_shared *shared,
			 struct admin_settings *ret_items)
{
	const struct settings *settings = &shared->settings;

	ret_items->count = 0;
	add_number(ret_items, "daemon.uid", geteuid());
	add_text(ret_items, "settings.file", daemon->arguments->config ? daemon->arguments->config : SETTINGS_FILE);
	add_number(ret_items, "settings.loaded", (uint64_t)shared->loaded);
	add_text(ret_items, "settings.state_folder", daemon->arguments->state_folder);
	add_text(ret_items, "settings.log_folder", daemon->arguments->log_folder);
	add_text(ret_items, "settings.master_key", daemon->paths->master_key);
	add_number(ret_items, "settings.connections_per_uid", settings->connections_per_uid);
	add_number(ret_items, "settings.connections_max", settings->connections_max);
	add_number(ret_items, "settings.minimum_uid", settings->minimum_uid);
	add_text(ret_items, "settings.self_service_permissions", settings->self_service_permissions);
	add_text(ret_items, "settings.audit_on_failure", settings->audit_strict ? "refuse" : "serve");
	add_text(ret_items, "settings.audit_durability", settings->audit_relaxed ? "relaxed" : "normal");
	add_number(ret_items, "settings.low_disk", settings->low_disk);
	add_text(ret_items, "settings.unknown_names", settings->unknown_names);
	add_peers(ret_items, settings);
}
