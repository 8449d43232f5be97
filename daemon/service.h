/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The running daemon: its threads, its signals, reload and drain.
 */
#ifndef APIKEYD_DAEMON_SERVICE_H
#define APIKEYD_DAEMON_SERVICE_H

#include "daemon/arguments.h"
#include "daemon/daemon.h"
#include "daemon/listener.h"
#include "daemon/vault.h"

/* What is ready when serving begins; all of it belongs to the caller. */
struct service_parts {
	const struct arguments *arguments;
	struct settings_shared *settings;
	const struct vault_paths *paths;
	const struct listener_fds *sockets;
};

/* Serves until SIGTERM or SIGINT, and what has been accepted by then. SIGTERM, SIGINT and SIGHUP are blocked. 0 or a
 * negative errno. */
int service_run(const struct service_parts *parts);

#endif
