/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Servers that are not apikeyd: silent, rude, lying. One runs in a process of its own at the socket the module asks at,
 * notes what it was sent and what it sees of its client, and answers by a script.
 */
#ifndef APIKEYD_TESTS_PAM_MODULE_SERVER_H
#define APIKEYD_TESTS_PAM_MODULE_SERVER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/pam_module/scene.h"

/* Opens the listening socket alone: whoever connects waits. */
int server_listen(const struct scene *scene, int backlog);
/* True when someone has connected at the listening socket and was not accepted. */
bool server_was_called(int listener);

enum server_manner {
	SERVER_ANSWERS = 0, /* a decoded request gets the script's verdict */
	SERVER_SILENT,      /* reads, and says nothing */
	SERVER_CLOSES,      /* accepts and closes, unread */
	SERVER_HANGS_UP,    /* reads and closes */
	SERVER_EMPTY,       /* answers a packet of no bytes */
	SERVER_GARBAGE,     /* answers bytes that are no packet */
	SERVER_OVERSIZE,    /* answers more than a packet may have */
	SERVER_CUT,         /* answers the script's packet without its last byte */
	SERVER_TRAILING,    /* answers the script's packet with a byte more */
	SERVER_ERROR,       /* answers with an error message */
	SERVER_DRIPS,       /* answers a byte a packet, one every 20 ms, for as long as it is listened to */
};

struct server_script {
	enum server_manner manner;
	uint64_t verdict;         /* enum verdict */
	uint64_t reason;          /* enum reason */
	const char *user;         /* NULL: the request's, "-": none; likewise below */
	const char *service;      /* NULL: the request's */
	const char *key_id;       /* NULL: the credential's */
	const char *handle;       /* NULL: a handle */
	const char *tenant;       /* NULL: "default" */
	const char *permissions;  /* NULL: "pam.*" */
	uint64_t other_id;        /* added to the request's id */
	uint16_t other_type;      /* added to the reply's type */
	uint64_t account_verdict; /* for the account phase */
	uint64_t account_reason;
	const char *ticket; /* NULL: one, where it is asked for; "-": none */
	uint64_t answer;    /* of SERVER_ERROR; 0: ANSWER_UNAVAILABLE */
};

/* What the server saw; written by its process. */
struct server_record {
	unsigned int connections;
	unsigned int requests;
	unsigned int verifies, accounts, opens, closes;
	bool wants_ticket;
	char ticket[40]; /* that the register was shown */
	uint64_t session;
	char credential[2100], user[300], service[140], permission[1100], tenant[140], rhost[300], tty[300], ruser[300];
	int lowest_socket;      /* lowest descriptor of the client that is a socket to here, by its kind */
	bool standard_open;     /* the client has something on 0, 1 or 2 */
	unsigned int inherited; /* sockets of the client without close-on-exec that were not there before */
};

struct server {
	pid_t pid;
	struct server_record *record; /* shared with the server's process */
};

#define SERVER_TICKET "00112233445566778899aabbccddeeff"
#define SERVER_SESSION 4711

/* Starts a server in a process of its own; it is there when this returns. */
void server_start(struct server *server, const struct scene *scene, const struct server_script *script);
/* The same at session.sock. */
void server_start_register(struct server *server, const struct scene *scene, const struct server_script *script);
void server_stop(struct server *server);

#endif
