/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/arguments.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>

#include "config.h"
#include "daemon/settings.h"
#include "proto/wire.h"

#define DEFAULT_STATE_FOLDER "/var/lib/apikeyd"
#define DEFAULT_LOG_FOLDER "/var/log/apikeyd"
#define DEFAULT_USER "apikeyd"

enum option_id {
	OPTION_CONFIG = 256,
	OPTION_RUNTIME_DIR,
	OPTION_STATE_DIR,
	OPTION_LOG_DIR,
	OPTION_USER,
	OPTION_INIT,
	OPTION_CHECK_CONFIG,
	OPTION_HELP,
	OPTION_VERSION,
};

static const struct option options[] = {
	{ "config", required_argument, NULL, OPTION_CONFIG },
	{ "runtime-dir", required_argument, NULL, OPTION_RUNTIME_DIR },
	{ "state-dir", required_argument, NULL, OPTION_STATE_DIR },
	{ "log-dir", required_argument, NULL, OPTION_LOG_DIR },
	{ "user", required_argument, NULL, OPTION_USER },
	{ "init", no_argument, NULL, OPTION_INIT },
	{ "check-config", no_argument, NULL, OPTION_CHECK_CONFIG },
	{ "help", no_argument, NULL, OPTION_HELP },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ NULL, 0, NULL, 0 },
};

static const char help[] = "Usage: apikeyd [OPTION]...\n"
			   "Verifies API keys for pam_apikey and other clients; apikeyctl administers it.\n"
			   "\n"
			   "  --config FILE        configuration (default " SETTINGS_FILE ")\n"
			   "  --runtime-dir DIR    where the sockets are (default " WIRE_RUNTIME_DIR ")\n"
			   "  --state-dir DIR      where the key store is (default " DEFAULT_STATE_FOLDER ")\n"
			   "  --log-dir DIR        where the audit file is (default " DEFAULT_LOG_FOLDER ")\n"
			   "  --user NAME          whom to become when started as root (default " DEFAULT_USER ")\n"
			   "  --init               make master key and key store, and exit\n"
			   "  --check-config       check the configuration, and exit\n"
			   "  --help               print this, and exit\n"
			   "  --version            print the version, and exit\n"
			   "\n"
			   "apikeyd(8) and apikeyd.conf(5) say more.\n";

static int take_option(int option, struct arguments *arguments)
{
	switch (option) {
	case OPTION_CONFIG:
		arguments->config = optarg;
		return 0;
	case OPTION_RUNTIME_DIR:
		arguments->runtime_folder = optarg;
		return 0;
	case OPTION_STATE_DIR:
		arguments->state_folder = optarg;
		arguments->state_given = true;
		return 0;
	case OPTION_LOG_DIR:
		arguments->log_folder = optarg;
		return 0;
	case OPTION_USER:
		arguments->user = optarg;
		return 0;
	case OPTION_INIT:
		arguments->action = ARGUMENTS_INIT;
		return 0;
	case OPTION_CHECK_CONFIG:
		arguments->action = ARGUMENTS_CHECK_CONFIG;
		return 0;
	case OPTION_HELP:
		arguments->action = ARGUMENTS_EXIT;
		fputs(help, stdout);
		return 0;
	case OPTION_VERSION:
		arguments->action = ARGUMENTS_EXIT;
		puts("apikeyd " PACKAGE_VERSION);
		return 0;
	default:
		fputs("Try 'apikeyd --help'.\n", stderr);
		return -EINVAL;
	}
}

int arguments_parse(int argc, char **argv, struct arguments *ret_arguments)
{
	struct arguments arguments = {
		.action = ARGUMENTS_SERVE,
		.runtime_folder = WIRE_RUNTIME_DIR,
		.state_folder = DEFAULT_STATE_FOLDER,
		.log_folder = DEFAULT_LOG_FOLDER,
		.user = DEFAULT_USER,
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		int r = take_option(option, &arguments);

		if (r < 0)
			return r;
		if (arguments.action == ARGUMENTS_EXIT)
			break;
	}
	if (arguments.action != ARGUMENTS_EXIT && optind < argc) {
		fprintf(stderr, "apikeyd: '%s' is no option. Try 'apikeyd --help'.\n", argv[optind]);
		return -EINVAL;
	}
	*ret_arguments = arguments;
	return 0;
}
