/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What all threads of the daemon share. Each part has its own lock or is atomic; none is replaced after start but the
 * settings, of which every thread holds a counted reference, and the transfer, which is the main thread's.
 */
#ifndef APIKEYD_DAEMON_DAEMON_H
#define APIKEYD_DAEMON_DAEMON_H

#include <stdatomic.h>

#include "daemon/history.h"
#include "daemon/settings.h"

/* Settings with their count of references. */
struct settings_shared {
	struct settings settings;
	atomic_uint references;
	int64_t loaded; /* seconds since 1970 UTC */
};

struct arguments;
struct vault_paths;

struct daemon {
	struct vault_keeper *keeper;
	struct audit *audit;
	struct audit_keeper *audit_keeper;
	struct journal *journal;
	struct throttle *throttle;
	struct throttle *chatter; /* the same for what is no failure, of callers that no [peers] line names */
	struct alarms *alarms;
	struct uses *uses;
	struct sources *sources;
	struct services *services;
	struct limits *limits;
	struct tickets *tickets;
	struct signins *signins;
	struct writer *writer;
	struct closer *closer;
	struct names *names;
	struct chores *chores;
	struct transfer *transfer;         /* the main thread's; NULL: none */
	struct workers *workers;           /* for persistent clients */
	struct thread *threads;            /* those with an event loop; the list is whole before the first starts */
	struct history *history;           /* the main thread's */
	struct warnings *warnings;         /* the main thread's */
	int64_t started;                   /* seconds since 1970 UTC */
	int64_t started_at;                /* CLOCK_MONOTONIC, nanoseconds */
	const struct arguments *arguments; /* of the command line */
	const struct vault_paths *paths;

	struct session_link *session_links; /* the main thread's; NULL: none */
	bool session_links_over;            /* the daemon ends */
	struct session_turn *session_turns; /* the main thread's, in the order in which they came; NULL: none */
};

/* Takes a further reference. */
struct settings_shared *settings_share(struct settings_shared *shared);
/* Lets one go; the last frees. Accepts NULL. */
void settings_unshare(struct settings_shared *shared);

#endif
