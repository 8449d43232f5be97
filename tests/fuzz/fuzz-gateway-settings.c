/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The gateway's configuration. Whatever is refused is reported, on a line of printable text that names the file;
 * whatever is accepted keeps its limits, and is what the gateway can listen on and look addresses up in.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "gateway/listeners.h"
#include "gateway/settings.h"
#include "gateway/source.h"
#include "tests/fuzz/fuzz.h"

static void report(void *data, bool warning, const char *message)
{
	size_t *errors = data;

	MUST(strncmp(message, "fuzz.conf:", 10) == 0);
	MUST(encoding_is_printable_utf8(message, strlen(message)));
	*errors += !warning;
}

static bool is_network(const char *item)
{
	struct source_proxies proxies = { .count = 0 };

	return source_add_proxy(&proxies, item);
}

static bool is_reader(const char *item)
{
	return strcmp(item, "none") == 0 || is_network(item);
}

/* Each item of a list is good, and one space is between two. */
static void check_list(const char *list, bool (*is_good)(const char *))
{
	MUST(list);
	while (*list != '\0') {
		size_t size = strcspn(list, " ");
		CLEANUP_FREE char *copy = strndup(list, size);

		MUST(copy && is_good(copy));
		list += size;
		MUST(*list == '\0' || (list[1] != ' ' && list[1] != '\0'));
		list += *list == ' ';
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct gateway_settings settings;
	size_t errors = 0;
	int r = gateway_settings_parse((const char *)data, size, "fuzz.conf", &settings, report, &errors);

	MUST((r < 0) == (errors > 0));
	if (r < 0)
		return 0;
	MUST(settings.connections >= 64 && settings.connections <= 65536);
	MUST(settings.quiet_timeout >= 1 && settings.quiet_timeout <= 3600);
	MUST(settings.request_timeout >= 1 && settings.request_timeout <= 300);
	check_list(settings.listen, listeners_is_address);
	check_list(settings.proxies, is_network);
	check_list(settings.metrics, is_reader);
	check_list(settings.tls_listen, listeners_is_address);
	MUST(settings.hsts <= UINT64_C(730) * 86400);
	MUST((settings.certificate[0] == '\0') == (settings.key[0] == '\0'));
	MUST(settings.tls_listen[0] == '\0' || settings.certificate[0] != '\0');
	gateway_settings_done(&settings);
	return 0;
}
