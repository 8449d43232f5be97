/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/settings.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
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

/* In the list a blank stands between two: a path that has one would become two. */
static bool is_address(const char *item)
{
	return !strchr(item, ' ') && listeners_is_address(item);
}

static void take_addresses(struct settings_loader *loader, const struct settings_row *row, const char *value,
			   void *place)
{
	replace(place,
		settings_take_list(
			loader, row->name, value, is_address,
			"be something to listen on, without blanks: 127.0.0.1:8075, [::1]:8075 or /path/to/socket"));
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

/* A path, or a name that systemd can hand a credential over by. */
static bool is_file(const char *value)
{
	static const char others[] = "._-";
	size_t size = strlen(value);

	if (value[0] == '/')
		return size < PATH_MAX && !strchr(value, '\t'); /* names go into the log */
	for (size_t i = 0; i < size; i++) {
		if (!((value[i] >= 'a' && value[i] <= 'z') || (value[i] >= 'A' && value[i] <= 'Z') ||
		      (value[i] >= '0' && value[i] <= '9') || (i > 0 && strchr(others, value[i]))))
			return false;
	}
	return size <= NAME_MAX;
}

static void take_file(struct settings_loader *loader, const struct settings_row *row, const char *value, void *place)
{
	char *copy;

	if (!is_file(value)) {
		settings_report_value(
			loader, row->name, value,
			"be a path that begins with a slash, or the name of a credential of systemd, such as "
			"tls-%s",
			row->name);
		return;
	}
	copy = strdup(value);
	if (!copy)
		loader->out_of_memory = true;
	replace(place, copy);
}

/* What needs another setting beside it. */
static int check_tls(const struct gateway_settings *settings, const char *file_name, settings_reporter reporter,
		     void *data)
{
	const char *fault = NULL;
	char message[512];

	if (settings->certificate[0] != '\0' && settings->key[0] == '\0')
		fault = "certificate stands there without key: name the file with its private key, too";
	else if (settings->key[0] != '\0' && settings->certificate[0] == '\0')
		fault = "key stands there without certificate: name the file with its certificate, too";
	else if (settings->tls_listen[0] != '\0' && settings->certificate[0] == '\0')
		fault = "listen needs certificate and key beside it";
	if (!fault)
		return 0;
	snprintf(message, sizeof(message), "%s: [tls] %s", file_name, fault);
	reporter(data, false, message);
	return -EINVAL;
}

static const char *const sections[] = { "gateway", "tls" };

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
	{ "tls", "listen", "", OTHER(take_addresses, tls_listen) },
	{ "tls", "certificate", "", OTHER(take_file, certificate) },
	{ "tls", "key", "", OTHER(take_file, key) },
	{ "tls", "hsts", "365d", NUMBER(SPAN, hsts, 0, 730 * UINT64_C(86400)) },
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

	if (r == 0)
		r = check_tls(&settings, file_name, reporter, data);
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
	free(settings->tls_listen);
	free(settings->certificate);
	free(settings->key);
	*settings = (struct gateway_settings){ .listen = NULL };
}
