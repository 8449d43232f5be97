/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The real helper beside the real daemon of a host, killed and started again as systemd would; and processes that log
 * in. Whatever does not work ends the test.
 */
#ifndef APIKEYD_TESTS_SESSION_HELPER_H
#define APIKEYD_TESTS_SESSION_HELPER_H

#include "tests/daemon/wire-client.h"

#define HELPER_KEPT_MAX 16

struct helper_kept {
	char name[64];
	int fd;
};

struct helper {
	const struct host *host;
	pid_t pid;  /* 0 while there is none */
	int notify; /* what systemd would listen on */
	/* what it keeps: taken by helper_take_notes(), handed over by the next start */
	struct helper_kept kept[HELPER_KEPT_MAX];
	size_t kept_count;
	char folder[96]; /* with its control socket when it is root, for the daemon's user */
};

/* Starts it in the host's runtime folder, with all that is kept, and waits until it is ready. The program is
 * $APIKEY_SESSIOND, or session/apikey-sessiond below the current folder. */
void helper_start(struct helper *helper, const struct host *host);
/* Kills it without a word. */
void helper_kill(struct helper *helper);
/* Asks it to end, which it has to do well. */
void helper_stop(struct helper *helper);
/* Reads what it has told systemd up to now: descriptors to keep and to forget. */
void helper_take_notes(struct helper *helper);
/* Lets go of what is kept. */
void helper_forget(struct helper *helper);

/* Before a test: the host's daemon, with a key called laptop, and its helper. After it both are stopped. */
void helper_set_up(struct helper *helper, struct host *host, struct wire_key *ret_key);
void helper_tear_down(struct helper *helper, struct host *host);

/* All sessions, as the daemon's side sees them; texts live until the next call. */
size_t helper_list(const struct host *host, struct message_session *ret_sessions, size_t most);
/* Ends one, as the daemon does; likewise. */
enum answer helper_end(const struct host *host, uint64_t number, struct message_session *ret_session);
/* Waits until so many sessions are registered. */
void helper_expect_count(const struct host *host, size_t count);

/* A process that logs in: it does what it is told and lives until it is told or killed to end. */
struct leader {
	pid_t pid;
	int channel;
};

struct leader leader_start(const struct host *host);
/* It connects, asks for a session by the ticket, and waits for the answer; ANSWER_COUNT where the helper hung up. */
enum answer leader_open_session(const struct leader *leader, const char *ticket, const char *service,
				uint64_t *ret_number);
enum answer leader_close_session(const struct leader *leader, uint64_t number);
/* It asks, and does not wait: what leader_open_session() would have answered comes with leader_answer(). */
void leader_ask_session(const struct leader *leader, const char *ticket, const char *service);
enum answer leader_answer(const struct leader *leader, uint64_t *ret_number);
/* It connects and hands the connection to the caller. */
int leader_connect(const struct leader *leader);
/* Its real uid is somebody's, its effective one root's, as sudo's are. For a test that root runs. */
void leader_be_setuid(const struct leader *leader);
/* SIGTERM does not end it any more. */
void leader_ignore_term(const struct leader *leader);
/* Waits until it has ended, and by which signal; 0: by itself. */
int leader_wait(struct leader *leader);
/* Kills it and waits. */
void leader_end(struct leader *leader);
/* True while it runs. */
bool leader_runs(const struct leader *leader);

#endif
