/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The HTTP server: libmicrohttpd, driven by this program's event loop, one thread. Connections are accepted here, so
 * that any number of sockets can be listened on, and each has a deadline of its own: the library's timeout begins anew
 * with every byte, and a client that sends one now and then would stay for ever. A connection waits for its next
 * request so long and no longer, a request takes so long and no longer, answer included. Where there are too many, the
 * one that has waited longest without a request gives its place to who comes, then the one whose request has been on
 * its way longest: whoever the gateway waits for, never who waits for the gateway. Each listening socket has places,
 * and room for bodies, that the others cannot take: whoever fills one of them leaves the clients of the others alone.
 */
#ifndef APIKEYD_GATEWAY_SERVER_H
#define APIKEYD_GATEWAY_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <systemd/sd-event.h>

#define SERVER_BODY_MAX ((size_t)64 * 1024) /* bytes of a body */

#define SERVER_STATUS_LEAST 100 /* of answers */
#define SERVER_STATUS_MOST 599

struct exchange;
struct MHD_Daemon;
struct tls_identity;

/* Answers the exchange (gateway/exchange.h), or sees to it that it is answered later. */
typedef void (*server_handler)(struct exchange *exchange, void *data);

/* Tells what is wrong with a request in another way than the API does, where it has one for who asked; false: not. */
typedef bool (*server_teller)(struct exchange *exchange, unsigned int status, const char *sentence, void *data);

struct server_settings {
	size_t connections;                          /* most at a time */
	unsigned int quiet_timeout, request_timeout; /* seconds */
	size_t memory;                               /* bytes for the head of one request */
	size_t bodies;                               /* bytes for all bodies at a time */
	bool query_credential;                       /* a key is taken from ?apiToken=, too */
	uint64_t hsts;                               /* seconds for who came by TLS; 0: none is told */
	/* Sees a request before its body comes, and may answer it; NULL: none does. It is not asked about requests that
	 * have no body. */
	server_handler preview;
	server_handler handler;
	server_teller teller; /* NULL: there is none */
	void *data;           /* for all */
};

enum server_phase {
	SERVER_QUIET, /* no line of a request has come */
	SERVER_BUSY,  /* a request is on its way, or its answer */
	SERVER_PHASES,
};

/* How far a request is; whom one waits for. */
enum server_step {
	SERVER_COMING,    /* the client, for the rest of it */
	SERVER_WORKING,   /* the handler */
	SERVER_ANSWERING, /* the client, to take the answer */
};

struct server_connection {
	struct server *server;
	int fd; /* the library's */
	enum server_phase phase;
	enum server_step step;
	bool closed;                               /* by the client: it was seen so */
	bool over;                                 /* its deadline has passed: it is shut down and will be gone */
	bool secure;                               /* the client speaks TLS, with this program */
	int64_t deadline;                          /* CLOCK_MONOTONIC, nanoseconds */
	size_t listener;                           /* where it came from, by its place among them */
	uint64_t arrived;                          /* how often the library had run by then */
	struct server_connection *previous, *next; /* in the list of its phase, the soonest deadline first */
	struct sockaddr_storage address;
};

struct server;

/* 0, or a negative errno. */
int server_new(sd_event *event, const struct server_settings *settings, struct server **ret_server);

/* Ends all connections and frees; what waits for an answer must have been answered. Accepts NULL. */
void server_free(struct server *server);

/*
 * Accepts connections from a listening socket, which is the caller's to close after server_free(). Half of all places
 * are shared out among the listening sockets, and kept for the clients of each; the other half is for who comes first.
 * 0, or a negative errno.
 */
int server_listen(struct server *server, int fd);

/* The same, for clients that speak TLS. -EINVAL: they could be shown no certificate. */
int server_listen_tls(struct server *server, int fd);

/* What clients that speak TLS are shown from now on. Takes it over. 0, or -ENOMEM. */
int server_set_identity(struct server *server, struct tls_identity *identity);

/* How many connections there are. */
size_t server_connections(const struct server *server);

/* How many answers of a status there were; and one more. */
uint64_t server_answers(const struct server *server, unsigned int status);
void server_count_answer(struct server *server, unsigned int status);

/* Has the library look at its connections when the loop comes around: something has changed besides its sockets. */
void server_kick(struct server *server);

/* For gateway/exchange.c. */
const struct server_settings *server_settings(const struct server *server);
bool server_has_bytes(const struct server *server); /* gateway/strict.h */
/* Takes some of the room for bodies; false where there is not so much. What was taken is given back. Half of all is
 * shared out among the listening sockets and kept for the clients of each, as their places are. */
bool server_take_room(const struct server_connection *connection, size_t size);
void server_give_room(const struct server_connection *connection, size_t size);
/* A request of this connection begins, or has ended. */
void server_phase(struct server_connection *connection, enum server_phase phase);
void server_step(struct server_connection *connection, enum server_step step);

#endif
