/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A thread of the daemon: an event loop, a mailbox through which other threads hand it work, and its own reading end of
 * the store. Which connections it serves is up to its owner.
 */
#ifndef APIKEYD_DAEMON_THREAD_H
#define APIKEYD_DAEMON_THREAD_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <systemd/sd-event.h>

#include "crypto/crypto.h"
#include "daemon/counters.h"
#include "daemon/daemon.h"
#include "daemon/role_grants.h"
#include "daemon/tally.h"
#include "daemon/vault.h"

/* How often a living thread says so; the watchdog is fed only while all do. */
#define THREAD_HEARTBEAT_SECONDS 2

struct thread;
struct batch;
struct connection;

/* A piece of work for a thread, embedded in what it is about. Runs once, in the thread; owns itself from thread_post()
 * on. */
struct thread_task {
	void (*run)(struct thread *thread, struct thread_task *task);
	struct thread_task *next;
};

struct thread {
	const char *name; /* at most 15 bytes: the kernel shows it */
	struct daemon *daemon;
	struct settings_shared *settings; /* this thread's reference */
	sd_event *event;
	bool draining; /* answers what it has accepted, takes on nothing new, then ends */

	/* the store, as this thread sees it; all NULL while it cannot be used */
	struct vault *vault;
	unsigned int vault_generation;
	struct store_reader *reader;
	struct crypto_mac *pepper;    /* digests of secrets */
	struct crypto_mac *handles;   /* signs handles */
	struct crypto_signer *signer; /* of pairs' tokens, under their own keys */

	struct role_grants grants;      /* room for what the key being judged may do */
	struct batch *batch;            /* room for the requests being served, made when first needed */
	struct connection *connections; /* all that it owns */
	size_t pending_count;           /* requests of theirs that wait for the writer */
	struct listener *listener;      /* NULL: it accepts nothing itself */

	int64_t claim_logged; /* when a refused claim was last written to the log, CLOCK_MONOTONIC, nanoseconds */

	/* the mailbox: lock over first and last */
	pthread_mutex_t lock;
	struct thread_task *first, **last;
	int wake; /* eventfd */

	atomic_int_fast64_t heartbeat; /* CLOCK_MONOTONIC, nanoseconds */
	pthread_t id;
	bool running;
	struct thread *next; /* of the daemon's */

	struct counters counters;
	struct tally *tally;
};

/* Prepares; the calling thread may run it itself (thread_run()) or start it. 0 or a negative errno. */
int thread_init(struct thread *thread, const char *name, struct daemon *daemon, struct settings_shared *settings);
/* Ends what thread_init() made, connections included. It is not running any more. */
void thread_done(struct thread *thread);

/* Starts a POSIX thread that runs the loop, all signals blocked. */
int thread_start(struct thread *thread);
/* Runs the loop here until sd_event_exit(). */
int thread_run(struct thread *thread);
/* Waits for a started thread to end. */
void thread_join(struct thread *thread);

/* Any thread: queues a task. */
void thread_post(struct thread *thread, struct thread_task *task);

/* Brings reader and keys up to date with the vault. True when the store can be read. */
bool thread_vault(struct thread *thread);
/* An operation on the store returned -EIO: reports the vault, so that it is opened anew. */
void thread_vault_failed(struct thread *thread);

#endif
