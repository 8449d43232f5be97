/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * apikeyd: from the command line to a serving process without privileges. Exit status: 0 done, 1 it did not work, 2
 * usage or configuration.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "common/privileges.h"
#include "common/secret.h"
#include "common/signals.h"
#include "crypto/master_key.h"
#include "daemon/arguments.h"
#include "daemon/listener.h"
#include "daemon/service.h"
#include "daemon/settings.h"
#include "daemon/vault.h"

#define SYSTEM_CREDENTIALS "/etc/credstore"
#define STATUS_FAILED 1
#define STATUS_USAGE 2

struct startup {
	struct arguments arguments;
	struct settings_shared *settings;
	bool is_root;
	struct privileges_user user;
	struct listener_fds sockets;
	char master_key[PATH_MAX];
	uint8_t master[CRYPTO_KEY_SIZE];
	struct vault_paths paths;
	char fault[VAULT_FAULT_SIZE];
};

static int complain(const struct startup *startup)
{
	fprintf(stderr, "apikeyd: %s\n", startup->fault);
	return STATUS_FAILED;
}

static void print_setting(void *data, bool warning, const char *message)
{
	(void)data;
	fprintf(stderr, "apikeyd: %s%s\n", warning ? "warning: " : "", message);
}

static int load_settings(struct startup *startup)
{
	struct settings_shared *shared = calloc(1, sizeof(*shared));
	int r;

	if (!shared)
		return -ENOMEM;
	atomic_init(&shared->references, 1);
	shared->loaded = clock_wall_seconds();
	r = settings_load_given(startup->arguments.config, &shared->settings, print_setting, NULL);
	if (r < 0) {
		free(shared);
		return r;
	}
	startup->settings = shared;
	return 0;
}

/* Where the master key is: handed over by systemd; beside the store in a scratch run; else the system's credential
 * store. */
static void choose_master_key(struct startup *startup)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");

	if (!folder)
		folder = startup->arguments.state_given ? startup->arguments.state_folder : SYSTEM_CREDENTIALS;
	snprintf(startup->master_key, sizeof(startup->master_key), "%s/%s", folder, MASTER_KEY_FILE);
	startup->paths = (struct vault_paths){ .state_folder = startup->arguments.state_folder,
					       .master_key = startup->master_key };
}

static bool has_database(const struct startup *startup)
{
	char path[PATH_MAX];
	struct stat status;

	snprintf(path, sizeof(path), "%s/%s", startup->arguments.state_folder, STORE_FILE);
	return lstat(path, &status) == 0;
}

/* A store that is gone is a fault to be mended, not a wish for a new one: with a key in it the folder is not empty. */
static bool is_new_folder(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	size_t entries = 0;

	if (!folder)
		return false;
	while ((entry = readdir(folder)))
		entries += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(folder);
	return entries == 0;
}

/*
 * While still root: the system's credential store is root's alone, so the key is read from there, or made there for a
 * new store, before the process becomes someone who cannot.
 */
static int fetch_master_key(struct startup *startup)
{
	int r;

	if (!startup->is_root || startup->arguments.state_given || getenv("CREDENTIALS_DIRECTORY"))
		return 0;
	if (startup->arguments.action == ARGUMENTS_INIT && !has_database(startup)) {
		if (mkdir(SYSTEM_CREDENTIALS, 0700) < 0 && errno != EEXIST) {
			snprintf(startup->fault, sizeof(startup->fault), SYSTEM_CREDENTIALS " cannot be made: %s",
				 strerror(errno));
			return -EIO;
		}
		r = master_key_make(startup->master_key, startup->master, startup->fault, sizeof(startup->fault));
		if (r != -EEXIST) {
			startup->paths.master = startup->master;
			return r;
		}
	}
	r = master_key_read(startup->master_key, startup->master, startup->fault, sizeof(startup->fault));
	if (r == 0)
		startup->paths.master = startup->master;
	/* A daemon without its key stays up and says so. */
	return startup->arguments.action == ARGUMENTS_INIT ? r : 0;
}

static int become_user(struct startup *startup)
{
	const struct privileges_user *user = startup->is_root ? &startup->user : NULL;
	int r;

	r = privileges_prepare_folder(startup->arguments.state_folder, 0700, user, startup->fault,
				      sizeof(startup->fault));
	/* A log folder that is missing is a fault to be served with, not a reason to let nobody in. */
	if (r == 0 && privileges_prepare_folder(startup->arguments.log_folder, 0750, user, startup->fault,
						sizeof(startup->fault)) < 0)
		complain(startup);
	/* The log is for a group to read; what is made from here on, keys and all, is not. */
	umask(0077);
	if (r == 0 && startup->is_root)
		r = privileges_drop(startup->arguments.user, user, startup->fault, sizeof(startup->fault));
	return r;
}

/* Sockets are made as root, and closed to what the service user does later. */
static int open_sockets(struct startup *startup)
{
	const char *folder = startup->arguments.runtime_folder;
	int r;

	if (mkdir(folder, 0755) < 0 && errno != EEXIST) {
		r = -errno;
		snprintf(startup->fault, sizeof(startup->fault), "the folder %s cannot be made: %s", folder,
			 strerror(-r));
		return r;
	}
	return listener_open(folder, &startup->sockets, startup->fault, sizeof(startup->fault));
}

static int serve(struct startup *startup)
{
	struct service_parts parts = { .arguments = &startup->arguments,
				       .settings = startup->settings,
				       .paths = &startup->paths,
				       .sockets = &startup->sockets };

	if (startup->arguments.state_given && is_new_folder(startup->arguments.state_folder) &&
	    vault_create(&startup->paths, startup->fault, sizeof(startup->fault)) < 0)
		complain(startup);
	return service_run(&parts) < 0 ? STATUS_FAILED : 0;
}

static int start(struct startup *startup)
{
	startup->is_root = geteuid() == 0;
	choose_master_key(startup);
	privileges_confine();
	if (startup->is_root &&
	    privileges_find_user(startup->arguments.user, &startup->user, startup->fault, sizeof(startup->fault)) < 0)
		return complain(startup);
	if (startup->arguments.action == ARGUMENTS_SERVE) {
		signals_block(true);
		if (open_sockets(startup) < 0)
			return complain(startup);
	}
	if (fetch_master_key(startup) < 0 || become_user(startup) < 0)
		return complain(startup);
	if (startup->arguments.action == ARGUMENTS_INIT)
		return vault_create(&startup->paths, startup->fault, sizeof(startup->fault)) < 0 ? complain(startup)
												 : 0;
	return serve(startup);
}

int main(int argc, char **argv)
{
	struct startup startup = { .sockets = { .fds = { -1, -1, -1 } } };
	int status;

	if (arguments_parse(argc, argv, &startup.arguments) < 0)
		return STATUS_USAGE;
	if (startup.arguments.action == ARGUMENTS_EXIT)
		return fflush(stdout) == 0 ? 0 : STATUS_FAILED;
	if (load_settings(&startup) < 0)
		return STATUS_USAGE;
	status = startup.arguments.action == ARGUMENTS_CHECK_CONFIG ? 0 : start(&startup);
	listener_close(&startup.sockets);
	settings_unshare(startup.settings);
	secret_wipe(startup.master, sizeof(startup.master));
	return status;
}
