/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The configuration. Whatever is refused is reported, on a line of printable text that names the file; whatever is
 * accepted keeps its limits. The names of users in seeds are looked up on this machine, which decides nothing here.
 */
#include "common/cleanup.h"
#include "common/encoding.h"
#include "daemon/settings.h"
#include "proto/permission.h"
#include "tests/fuzz/fuzz.h"

struct reports {
	size_t errors;
};

static void report(void *data, bool warning, const char *message)
{
	struct reports *reports = data;

	MUST(strncmp(message, "fuzz.conf:", 10) == 0);
	MUST(encoding_is_printable_utf8(message, strlen(message)));
	reports->errors += !warning;
}

static void check_limits(const struct settings *settings)
{
	MUST(settings->workers >= 1 && settings->workers <= 64);
	MUST(settings->connections_per_uid >= 1 && settings->connections_per_uid <= 4096);
	MUST(settings->failures_per_minute >= 1 && settings->failures_per_minute <= 100000);
	MUST(settings->policies.default_lifetime > 0);
	MUST(settings->audit_max_size > 0 && settings->audit_keep > 0);
	MUST(settings->token_issuer && *settings->token_issuer && strlen(settings->token_issuer) <= SETTINGS_TEXT_MAX);
	MUST(settings->token_audience && *settings->token_audience);
	MUST(settings->self_service_permissions);
	for (const char *grant = settings->self_service_permissions; *grant != '\0';) {
		size_t size = strcspn(grant, " ");
		CLEANUP_FREE char *copy = strndup(grant, size);

		MUST(copy && permission_is_grant(copy));
		grant += size + (grant[size] == ' ');
	}
	for (size_t i = 0; i < settings->peer_count; i++) {
		MUST(settings->peers[i].name && settings->peers[i].services);
		MUST(!strchr(settings->peers[i].services, '*'));
		MUST(settings_peer_services(settings, settings->peers[i].uid)[0] != '\0');
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct reports reports = { 0 };
	struct settings settings;
	int r = settings_parse((const char *)data, size, "fuzz.conf", &settings, report, &reports);

	MUST((r < 0) == (reports.errors > 0));
	if (r < 0)
		return 0;
	check_limits(&settings);
	settings_done(&settings);
	return 0;
}
