/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The gateway's configuration file: what apikey-gateway.conf(5) says, read as strictly as the daemon's. */
#ifndef APIKEYD_GATEWAY_SETTINGS_H
#define APIKEYD_GATEWAY_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/settings_table.h"

struct gateway_settings {
	/* [gateway]; lists are separated by one space */
	char *listen;             /* "": what systemd hands over, else 127.0.0.1:8075 */
	char *proxies;            /* networks, or "local" */
	char *metrics;            /* who may read /metrics: as proxies, or "none"; default: this host */
	uint64_t connections;     /* 64–65536, default 4096 */
	uint64_t quiet_timeout;   /* seconds until a connection sends a request: default 30 */
	uint64_t request_timeout; /* seconds for a request, answer included: default 15 */
	bool api_token_query;     /* ?apiToken= is taken: default no */
	/* [tls]; files are paths, or names of credentials that systemd hands over */
	char *tls_listen;  /* "": what systemd hands over for TLS */
	char *certificate; /* with its chain; "": no TLS is spoken */
	char *key;
	uint64_t hsts; /* seconds, at most two years; 0: none: default a year */
};

/* Where the file is looked for; the build names the system's own folder. */
#ifndef GATEWAY_SETTINGS_FILE
#define GATEWAY_SETTINGS_FILE "/etc/apikeyd/gateway.conf"
#endif

/* The file that was given, or, where given is NULL, GATEWAY_SETTINGS_FILE, which may be missing. 0; -EINVAL, reported;
 * -ENOMEM. On failure *ret_settings is untouched; otherwise the caller ends it with gateway_settings_done(). */
int gateway_settings_load(const char *given, struct gateway_settings *ret_settings, settings_reporter reporter,
			  void *data);

/* The same for size bytes of text in memory, reported under file_name. */
int gateway_settings_parse(const char *text, size_t size, const char *file_name, struct gateway_settings *ret_settings,
			   settings_reporter reporter, void *data);

/* Frees what the settings hold, and empties them. */
void gateway_settings_done(struct gateway_settings *settings);

#endif
