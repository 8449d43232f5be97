/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * apikey-gateway: apikeyd for services and people that speak HTTP. It has no key, no store and no privilege: what a
 * request may do follows from the credential it carries, which apikeyd judges. Exit status: 0 done, 1 it did not work,
 * 2 usage.
 */
#include <errno.h>
#include <getopt.h>
#include <microhttpd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/fault.h"
#include "common/log.h"
#include "common/privileges.h"
#include "common/signals.h"
#include "config.h"
#include "crypto/tls.h"
#include "gateway/calls.h"
#include "gateway/certificate.h"
#include "gateway/gateway.h"
#include "gateway/json.h"
#include "gateway/listeners.h"
#include "gateway/portal.h"
#include "gateway/routes.h"
#include "gateway/server.h"
#include "gateway/strict.h"
#include "gateway/upstream.h"
#include "proto/wire.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define DEFAULT_USER "apikey-gateway"
#define DEFAULT_ADDRESS "127.0.0.1:8075"
#define HEAD_MEMORY ((size_t)16 * 1024)   /* bytes for 8 KiB of headers, and what the library makes of them */
#define BODIES ((size_t)16 * 1024 * 1024) /* bytes of all bodies that are on their way */

struct arguments {
	const char *runtime_folder, *user, *config;
	const char *addresses[LISTENERS_MOST];
	size_t address_count;
	const char *tls_addresses[LISTENERS_MOST];
	size_t tls_address_count;
	const char *proxies[SOURCE_PROXIES_MOST];
	size_t proxy_count;
	const char *readers[SOURCE_PROXIES_MOST]; /* of metrics */
	size_t reader_count;
	bool check_config, done;
};

static const char help[] =
	"Usage: apikey-gateway [OPTION]...\n"
	"Answers HTTP requests about API keys, and asks apikeyd.\n"
	"\n"
	"  --config FILE               the configuration, instead of " GATEWAY_SETTINGS_FILE "\n"
	"  --check-config              check the configuration, and exit\n"
	"  --listen ADDRESS:PORT|PATH  where to listen; may be given again (default " DEFAULT_ADDRESS ")\n"
	"  --tls-listen ADDRESS:PORT|PATH\n"
	"                              the same, for clients that speak TLS; needs certificate and key of [tls]\n"
	"  --proxy NETWORK|local       whose X-Forwarded-For is believed; may be given again\n"
	"  --metrics NETWORK|local|none\n"
	"                              who may read /metrics; may be given again (default: this host)\n"
	"  --runtime-dir DIR           where apikeyd's sockets are (default " WIRE_RUNTIME_DIR ")\n"
	"  --user NAME                 whom to become when started as root (default " DEFAULT_USER ")\n"
	"  --help                      print this, and exit\n"
	"  --version                   print the version, and exit\n"
	"\n"
	"apikey-gateway(8) says more.\n";

static int usage(const char *fault)
{
	fprintf(stderr, "apikey-gateway: %s. Try 'apikey-gateway --help'.\n", fault);
	return -EINVAL;
}

static int parse(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, 'k' },
		{ "listen", required_argument, NULL, 'l' },
		{ "proxy", required_argument, NULL, 'p' },
		{ "metrics", required_argument, NULL, 'm' },
		{ "runtime-dir", required_argument, NULL, 'r' },
		{ "user", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ "tls-listen", required_argument, NULL, 't' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'c':
			arguments->config = optarg;
			break;
		case 'k':
			arguments->check_config = true;
			break;
		case 'l':
			if (arguments->address_count == LISTENERS_MOST)
				return usage("too many addresses to listen on");
			arguments->addresses[arguments->address_count++] = optarg;
			break;
		case 't':
			if (arguments->tls_address_count == LISTENERS_MOST)
				return usage("too many addresses to listen on");
			arguments->tls_addresses[arguments->tls_address_count++] = optarg;
			break;
		case 'p':
			if (arguments->proxy_count == SOURCE_PROXIES_MOST)
				return usage("too many proxies");
			arguments->proxies[arguments->proxy_count++] = optarg;
			break;
		case 'm':
			if (arguments->reader_count == SOURCE_PROXIES_MOST)
				return usage("too many readers of metrics");
			arguments->readers[arguments->reader_count++] = optarg;
			break;
		case 'r':
			arguments->runtime_folder = optarg;
			break;
		case 'u':
			arguments->user = optarg;
			break;
		case 'h':
		case 'v':
			fputs(option == 'h' ? help : "apikey-gateway " PACKAGE_VERSION "\n", stdout);
			arguments->done = true;
			return 0;
		default:
			fputs("Try 'apikey-gateway --help'.\n", stderr);
			return -EINVAL;
		}
	}
	return optind == argc ? 0 : usage("there is an argument that is no option");
}

/* ---- the configuration, and the command line, which goes before it ---- */

static void report(void *data, bool warning, const char *message)
{
	(void)data;
	log_line(warning ? LOG_WARNING : LOG_ERR, "%s", message);
}

typedef int (*item_taker)(void *data, const char *item, char *ret_fault, size_t fault_size);

/* Those of the command line, or where there are none the list's, which it takes apart. */
static int for_each(const char *const *given, size_t count, char *list, item_taker take, void *data, char *ret_fault,
		    size_t fault_size)
{
	char *rest = NULL;
	int r = 0;

	for (size_t i = 0; i < count && r == 0; i++)
		r = take(data, given[i], ret_fault, fault_size);
	if (count > 0)
		return r;
	for (char *item = strtok_r(list, " ", &rest); item && r == 0; item = strtok_r(NULL, " ", &rest))
		r = take(data, item, ret_fault, fault_size);
	return r;
}

static int add_listener(void *data, const char *address, char *ret_fault, size_t fault_size)
{
	return listeners_make(data, address, ret_fault, fault_size);
}

static int add_tls_listener(void *data, const char *address, char *ret_fault, size_t fault_size)
{
	struct listeners *listeners = data;
	int r = listeners_make(listeners, address, ret_fault, fault_size);

	if (r == 0)
		listeners->tls[listeners->count - 1] = true;
	return r;
}

/* TLS without a certificate cannot be spoken, and a certificate that nobody is shown is a mistake, too. */
static int check_tls(const struct listeners *listeners, const struct gateway_settings *settings, char *ret_fault,
		     size_t fault_size)
{
	bool any = false;

	for (size_t i = 0; i < listeners->count; i++)
		any = any || listeners->tls[i];
	if (any && settings->certificate[0] == '\0')
		return fault_tell(
			-EINVAL, ret_fault, fault_size,
			"there is a socket for TLS and no certificate: name certificate and key below [tls] in "
			"gateway.conf");
	if (!any && settings->certificate[0] != '\0')
		log_line(LOG_WARNING, "there is a certificate, and no socket for TLS: systemctl enable "
				      "apikey-gateway-tls.socket, or set listen below [tls]");
	return 0;
}

static int make_listeners(struct listeners *listeners, const struct arguments *arguments,
			  struct gateway_settings *settings, char *ret_fault, size_t fault_size)
{
	int r = listeners_take(listeners, ret_fault, fault_size);

	if (r == 0)
		r = for_each(arguments->addresses, arguments->address_count, settings->listen, add_listener, listeners,
			     ret_fault, fault_size);
	if (r == 0)
		r = for_each(arguments->tls_addresses, arguments->tls_address_count, settings->tls_listen,
			     add_tls_listener, listeners, ret_fault, fault_size);
	if (r == 0 && listeners->count == 0)
		r = listeners_make(listeners, DEFAULT_ADDRESS, ret_fault, fault_size);
	return r == 0 ? check_tls(listeners, settings, ret_fault, fault_size) : r;
}

static int drop_privileges(const char *name, const struct listeners *listeners, char *ret_fault, size_t fault_size)
{
	struct privileges_user user;
	int r = 0;

	if (geteuid() == 0) {
		r = privileges_find_user(name, &user, ret_fault, fault_size);
		if (r == 0)
			r = listeners_give(listeners, user.gid, ret_fault, fault_size);
		if (r == 0)
			r = privileges_drop(name, &user, ret_fault, fault_size);
	}
	privileges_confine();
	return r;
}

static int add_proxy(void *data, const char *proxy, char *ret_fault, size_t fault_size)
{
	if (!source_add_proxy(data, proxy))
		return fault_tell(-EINVAL, ret_fault, fault_size,
				  "'%s' is no proxy, or one too many: write an address, a network such as "
				  "192.0.2.0/24, or 'local' for who connects to a Unix socket",
				  proxy);
	return 0;
}

/* Those of the command line alone, where it names any. */
static int add_reader(void *data, const char *reader, char *ret_fault, size_t fault_size)
{
	if (strcmp(reader, "none") != 0 && !source_add_proxy(data, reader))
		return fault_tell(-EINVAL, ret_fault, fault_size,
				  "'%s' cannot read metrics: write an address, a network such as 192.0.2.0/24, "
				  "'local' for who connects to a Unix socket, or 'none'",
				  reader);
	return 0;
}

/* ---- the certificate ---- */

/* {NULL} where there is none. */
static int load_certificate(const struct gateway_settings *settings, struct tls_identity **ret_identity,
			    char *ret_fault, size_t fault_size)
{
	char text[1024];
	bool refused;
	int r;

	*ret_identity = NULL;
	if (settings->certificate[0] == '\0')
		return 0;
	r = certificate_load(settings->certificate, settings->key, ret_identity, ret_fault, fault_size);
	if (r < 0)
		return r;
	refused = certificate_tell(*ret_identity, settings->certificate, clock_wall_seconds(), text, sizeof(text));
	log_line(refused ? LOG_WARNING : LOG_INFO, "%s", text);
	return 0;
}

/* As the user that serves with it, who may not be able to read it. */
static int check_certificate(const struct arguments *arguments, const struct gateway_settings *settings)
{
	static const struct listeners none = { .count = 0 };
	struct tls_identity *identity = NULL;
	char fault[1024] = "";
	int r;

	if (settings->certificate[0] == '\0')
		return 0;
	if (!getenv("CREDENTIALS_DIRECTORY") &&
	    (certificate_is_credential(settings->certificate) || certificate_is_credential(settings->key))) {
		log_line(LOG_INFO, "the certificate is a credential, at which only the service can look");
		return 0;
	}
	r = drop_privileges(arguments->user, &none, fault, sizeof(fault));
	if (r == 0)
		r = load_certificate(settings, &identity, fault, sizeof(fault));
	if (r < 0)
		log_line(LOG_ERR, "apikey-gateway: %s", fault);
	tls_identity_free(identity);
	return r;
}

/* ---- serving ---- */

struct serving {
	struct server *server;
	const struct gateway_settings *settings;
};

/* Whoever is connected keeps what they were shown; a new one that is not good changes nothing. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *info, void *data)
{
	const struct serving *serving = data;
	struct tls_identity *identity;
	char fault[1024] = "";
	int r = load_certificate(serving->settings, &identity, fault, sizeof(fault));

	(void)source;
	(void)info;
	if (r == 0 && identity) {
		r = server_set_identity(serving->server, identity);
		if (r < 0)
			fault_tell(r, fault, sizeof(fault), "there is no memory for it");
	}
	if (r < 0) {
		log_line(LOG_ERR, "the certificate before stays: %s", fault);
		(void)sd_notifyf(0, "STATUS=Serving; the certificate before stays: %s", fault);
	} else {
		log_line(LOG_INFO, identity ? "the certificate was taken up" : "there is no certificate to take up");
		(void)sd_notify(0, "STATUS=Serving");
	}
	return 0;
}

static int add_signals(sd_event *event, struct serving *serving)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	int r = sd_event_add_signal(event, NULL, SIGHUP, on_reload, serving);

	for (size_t i = 0; i < ARRAY_SIZE(numbers) && r >= 0; i++)
		r = sd_event_add_signal(event, NULL, numbers[i], NULL, NULL); /* ends the loop */
	return r;
}

static int serve(sd_event *event, struct serving *serving, const struct listeners *listeners)
{
	int r = add_signals(event, serving);

	for (size_t i = 0; i < listeners->count && r >= 0; i++) {
		if (listeners->tls[i])
			r = server_listen_tls(serving->server, listeners->fds[i]);
		else
			r = server_listen(serving->server, listeners->fds[i]);
	}
	if (r < 0)
		return r;
	(void)sd_event_set_watchdog(event, 1);
	log_line(LOG_INFO, "apikey-gateway " PACKAGE_VERSION " serves");
	(void)sd_notify(0, "READY=1\nSTATUS=Serving");
	r = sd_event_loop(event);
	(void)sd_notify(0, "STOPPING=1");
	return r;
}

/* Takes the identity over, which may be NULL. */
static int run(const struct listeners *listeners, struct gateway *gateway, const char *folder,
	       struct tls_identity *identity)
{
	CLEANUP(sd_event_unrefp) sd_event *event = NULL;
	const struct server_settings settings = {
		.connections = gateway->settings.connections,
		.quiet_timeout = (unsigned int)gateway->settings.quiet_timeout,
		.request_timeout = (unsigned int)gateway->settings.request_timeout,
		.query_credential = gateway->settings.api_token_query,
		.hsts = gateway->settings.hsts,
		.memory = HEAD_MEMORY,
		.bodies = BODIES,
		.preview = routes_preview,
		.handler = routes_dispatch,
		.teller = portal_tell_problem,
		.data = gateway,
	};
	struct serving serving = { .settings = &gateway->settings };
	int r = sd_event_new(&event);

	if (r >= 0)
		r = upstream_new(event, folder, &gateway->upstream);
	if (r >= 0)
		r = calls_new(event, folder, &gateway->calls);
	if (r >= 0)
		r = server_new(event, &settings, &serving.server);
	if (r < 0)
		tls_identity_free(identity);
	else if (identity)
		r = server_set_identity(serving.server, identity);
	if (r >= 0)
		r = serve(event, &serving, listeners);
	/* Answers whatever waits, before the library is stopped. */
	calls_free(gateway->calls);
	upstream_free(gateway->upstream);
	server_free(serving.server);
	return r;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .runtime_folder = WIRE_RUNTIME_DIR, .user = DEFAULT_USER };
	struct gateway gateway = { .upstream = NULL };
	struct listeners listeners = { .count = 0 };
	struct tls_identity *identity = NULL;
	char fault[1024] = "";
	int r;

	if (parse(argc, argv, &arguments) < 0)
		return STATUS_USAGE;
	if (arguments.done)
		return fflush(stdout) == 0 ? 0 : STATUS_FAILED;
	json_prepare();
	signals_block(true);
	if (!strict_takes_library(MHD_get_version())) {
		log_line(LOG_ERR,
			 "apikey-gateway: libmicrohttpd %s is not taken, since it reads requests in ways that a proxy "
			 "in "
			 "front may not: install 0.9.75, 0.9.76, or 1.0 or later",
			 MHD_get_version());
		return STATUS_FAILED;
	}
	umask(0077);
	r = gateway_settings_load(arguments.config, &gateway.settings, report, NULL);
	if (r == 0 && arguments.check_config)
		r = check_certificate(&arguments, &gateway.settings);
	if (r < 0 || arguments.check_config) {
		gateway_settings_done(&gateway.settings);
		return r < 0 ? STATUS_FAILED : 0;
	}
	r = for_each(arguments.proxies, arguments.proxy_count, gateway.settings.proxies, add_proxy, &gateway.proxies,
		     fault, sizeof(fault));
	if (r == 0)
		r = for_each(arguments.readers, arguments.reader_count, gateway.settings.metrics, add_reader,
			     &gateway.metrics_readers, fault, sizeof(fault));
	if (r == 0)
		r = make_listeners(&listeners, &arguments, &gateway.settings, fault, sizeof(fault));
	if (r == 0)
		r = drop_privileges(arguments.user, &listeners, fault, sizeof(fault));
	if (r == 0)
		r = load_certificate(&gateway.settings, &identity, fault, sizeof(fault));
	if (r == 0) {
		r = run(&listeners, &gateway, arguments.runtime_folder, identity);
		if (r < 0)
			fault_tell(r, fault, sizeof(fault), "it cannot serve: %s", strerror(-r));
	}
	if (r < 0)
		log_line(LOG_ERR, "apikey-gateway: %s", fault);
	listeners_done(&listeners);
	gateway_settings_done(&gateway.settings);
	return r < 0 ? STATUS_FAILED : 0;
}
