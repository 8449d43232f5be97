/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/settings.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/settings_file.h"
#include "gateway/listeners.h"
#include "gateway/source.h"

static bool is_proxy(const char *item)
{
	struct source_proxies proxies = { .count = 0 };

	return source_add_proxy(&proxies, item);
}

static void replace(char **place, char *list)
{
	if (!list)
		return;
	free(*place);
	*place = list;
}

static void take_addresses(struct settings_loader *loader, const struct settings_row *row, const char *value,
			   void *place)
{
	replace(place, settings_take_list(loader, row->name, value, listeners_is_address,
					  "be something to listen on: 127.0.0.1:8075, [::1]:8075 or /path/to/socket"));
}

static void take_proxies(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	replace(place, settings_take_list(loader, row->name, value, is_proxy,
					  "be a proxy: an address, a network such as 192.0.2.0/24, or local"));
}

static bool is_reader(const char *item)
{
	return strcmp(item, "none") == 0 || is_proxy(item);
}

static void take_readers(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	replace(place, settings_take_list(loader, row->name, value, is_reader,
					  "be an address, a network such as 192.0.2.0/24, local, or none"));
}

static const char *const sections[] = { "gateway" };

static const struct settings_row rows[] = {
#define AT(member) offsetof(struct gateway_settings, member)
#define NUMBER(unit, member, minimum, maximum) SETTINGS_NUMBER(unit, AT(member), minimum, maximum)
#define WORD(member, first, second) SETTINGS_WORD(AT(member), first, second)
#define OTHER(take, member) SETTINGS_OTHER(take, AT(member))
	{ "gateway", "listen", "", OTHER(take_addresses, listen) },
	{ "gateway", "proxies", "", OTHER(take_proxies, proxies) },
	{ "gateway", "metrics", "local, 127.0.0.0/8, ::1", OTHER(take_readers, metrics) },
	{ "gateway", "connections", "4096", NUMBER(NONE, connections, 64, 65536) },
	{ "gateway", "quiet_timeout", "30s", NUMBER(SPAN, quiet_timeout, 1, 3600) },
	{ "gateway", "request_timeout", "15s", NUMBER(SPAN, request_timeout, 1, 300) },
	{ "gateway", "api_token_query", "no", WORD(api_token_query, "no", "yes") },
};

int gateway_settings_parse(const char *text, size_t size, const char *file_name, struct gateway_settings *ret_settings,
			   settings_reporter reporter, void *data)
{
	static const struct settings_table table = {
		.sections = sections,
		.section_count = ARRAY_SIZE(sections),
		.rows = rows,
		.row_count = ARRAY_SIZE(rows),
	};
	CLEANUP(gateway_settings_done) struct gateway_settings settings = { .listen = NULL };
	struct settings_loader loader = {
		.settings = &settings, .file_name = file_name, .reporter = reporter, .data = data
	};
	int r = settings_table_read(&table, &loader, text, size);

	if (r < 0)
		return r;
	*ret_settings = settings;
	settings = (struct gateway_settings){ .listen = NULL };
	return 0;
}

int gateway_settings_load(const char *given, struct gateway_settings *ret_settings, settings_reporter reporter,
			  void *data)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	int r = settings_file_read_given(given, GATEWAY_SETTINGS_FILE, &text, &size, reporter, data);

	return r < 0 ? r
		     : gateway_settings_parse(text ? text : "", size, given ? given : GATEWAY_SETTINGS_FILE,
					      ret_settings, reporter, data);
}

void gateway_settings_done(struct gateway_settings *settings)
{
	free(settings->listen);
	free(settings->proxies);
	free(settings->metrics);
	*settings = (struct gateway_settings){ .listen = NULL };
}
