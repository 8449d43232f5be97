/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A host for tests that need the whole daemon: the real program in a scratch folder of its own, that can be killed and
 * started again. Everything here ends the test with a message when it does not work; nothing is left behind by
 * host_remove(), which also runs when the test ends early.
 */
#ifndef APIKEYD_TESTS_DAEMON_HOST_H
#define APIKEYD_TESTS_DAEMON_HOST_H

#include "lib/apikey.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct host {
	char folder[64];
	char runtime[80]; /* what apikey_options.path takes */
	char service[64]; /* a service this process may speak for */
	pid_t daemon;     /* 0 while there is none */
	const char *user; /* whom the daemon of a root run becomes; a test may say another than "nobody" */
};

/* Settings for a test that shows many wrong secrets: nobody is made to wait for them, and none is summed up. */
#define HOST_UNTHROTTLED "[throttle]\nfailures_per_minute = 100000\nfailures_per_key = 0\n"

/*
 * Makes the folder and a configuration that lets this process administer and speak for host->service; settings are
 * further lines of the configuration, or NULL. As root the daemon runs as nobody. The program is $APIKEYD, or
 * daemon/apikeyd below the current folder. There is one host in a process.
 */
void host_open(struct host *ret_host, const char *settings);

/* Writes the configuration anew, in one step; for a daemon that is going to reload. */
void host_configure(struct host *host, const char *settings);

/* How a daemon is started when it is not started as usual. */
struct host_start {
	const char *const *arguments;   /* further ones, or NULL */
	bool bare;                      /* those alone */
	const char *const *environment; /* NAME=VALUE to add, or NULL */
	void (*prepare)(void *data);    /* in the new process before the program, or NULL */
	void *data;
};

/* Starts the daemon; does not wait. start may be NULL. */
void host_spawn(struct host *host, const struct host_start *start);

/* Starts the daemon and waits until it answers. */
void host_start(struct host *host);

/* Stops the daemon for a while, and returns when each of its threads has stopped; host_resume() lets it go on. */
void host_pause(const struct host *host);
void host_resume(const struct host *host);

/* Waits until the daemon has ended by itself. Its status, as waitpid() gives it. */
int host_wait(struct host *host);

/* Sends the signal and waits until the daemon is gone. */
void host_end(struct host *host, int signal);

/*
 * Sets the wall clock of a daemon that is tests/daemon/other-clock ahead by so many seconds; from its first start on,
 * when that comes after the first call.
 */
void host_set_clock(const struct host *host, long long ahead);

/* Asks the daemon to end and waits until it has, which it must do well: what a coverage build counted is written then,
 * and a sanitizer speaks up. */
void host_stop(struct host *host);

/* Ends what runs and removes the folder. */
void host_remove(struct host *host);

/* Options for the library: the host's sockets, with a deadline of ten seconds. */
struct apikey_options host_options(const struct host *host);

/* An administrator's connection, polled for until the daemon answers. */
struct apikey_admin *host_admin(const struct host *host);

/* What the daemon has said on its outputs so far, or another file of the folder: malloc'ed, never NULL. */
char *host_read(const struct host *host, const char *name);

/* How many records of the audit hold both texts. */
size_t host_count_records(const struct host *host, const char *first, const char *second);

/* Waits until the daemon's outputs hold the text. */
void host_expect_output(const struct host *host, const char *text);

/* A number of the daemon's status, 0 where it is not shown; a text, malloc'ed, "" where it is not shown. */
uint64_t host_number(const struct host *host, const char *name);
char *host_text(const struct host *host, const char *name);

/* Waits until the status says so. */
void host_expect_text(const struct host *host, const char *name, const char *text);

/*
 * Runs the function in a process of its own as another user, in a group and one more. The process ends well when the
 * function returns, and the test fails when it does not.
 */
void as_user(uid_t uid, gid_t gid, gid_t further, void (*function)(void *data), void *data);

/* Sets a resource limit (RLIMIT_NOFILE, …) of the running daemon; RLIM_INFINITY: the greatest there may be. */
void host_limit(const struct host *host, int resource, uint64_t value);

/* Milliseconds on a monotonic clock. */
int64_t milliseconds(void);

/* An old macro of check's has the same name. */
#undef fail

/* Prints "test: " and the message, and ends the test as failed, or as skipped. */
void fail(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));
void skip(const char *format, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
