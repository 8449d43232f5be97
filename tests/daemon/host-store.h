/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The key store of a host, past the daemon: for what no request can bring about. Whatever does not work ends the test.
 */
#ifndef APIKEYD_TESTS_DAEMON_HOST_STORE_H
#define APIKEYD_TESTS_DAEMON_HOST_STORE_H

#include <sqlite3.h>

#include "tests/daemon/host.h"

/* A connection to it, which waits for the daemon's; to be closed by sqlite3_close(). */
sqlite3 *host_store(const struct host *host);

/* The number in the first column of a statement's first row; 0 without one. */
int64_t host_store_number(const struct host *host, const char *sql);

/* Runs statements in it. */
void host_store_run(const struct host *host, const char *sql);

#endif
