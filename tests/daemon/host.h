/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A host for tests that need the whole daemon: the real program in a scratch folder of its own, that can be killed and
 * started again. Everything here ends the test with a message when it does not work; nothing is left behind by
 * host_remove(), which also runs when the test ends early.
 */
#ifndef APIKEYD_TESTS_DAEMON_HOST_H
#define APIKEYD_TESTS_DAEMON_HOST_H

#include "lib/apikey.h"

#include <stdint.h>
#include <sys/types.h>

struct host {
	char folder[64];
	char runtime[80]; /* what apikey_options.path takes */
	char service[64]; /* a service this process may speak for */
	pid_t daemon;     /* 0 while there is none */
};

/*
 * Makes the folder and a configuration that lets this process administer and speak for host->service; settings are
 * further lines of the configuration, or NULL. As root the daemon runs as nobody. The program is $APIKEYD, or
 * daemon/apikeyd below the current folder. There is one host in a process.
 */
void host_open(struct host *ret_host, const char *settings);

/* Starts the daemon and waits until it answers. */
void host_start(struct host *host);

/* Sends the signal and waits until the daemon is gone. */
void host_end(struct host *host, int signal);

/* Ends what runs and removes the folder. */
void host_remove(struct host *host);

/* Options for the library: the host's sockets, with a deadline of ten seconds. */
struct apikey_options host_options(const struct host *host);

/* An administrator's connection, polled for until the daemon answers. */
struct apikey_admin *host_admin(const struct host *host);

/* Milliseconds on a monotonic clock. */
int64_t milliseconds(void);

/* Prints "test: " and the message, and ends the test as failed, or as skipped. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
