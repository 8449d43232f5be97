/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Clients that speak TLS: a bridge stands between each and the HTTP server, which sees a connection like any other,
 * with the same places and deadlines. A client from whom nothing comes costs a bridge and no session; one handshake is
 * gone on with in each turn of the loop, so that the clients of other sockets wait for one and not for a thousand. What
 * passes through is kept only while the other side does not take it, and wiped.
 */
#ifndef APIKEYD_GATEWAY_BRIDGE_H
#define APIKEYD_GATEWAY_BRIDGE_H

#include <stddef.h>
#include <systemd/sd-event.h>

struct bridges;
struct tls_identity;

/* most: how many there may be at a time that the server still serves. seconds: how long a client may take what is left
 * of an answer when the server has ended its connection. 0, or a negative errno. */
int bridges_new(sd_event *event, size_t most, unsigned int seconds, struct bridges **ret_bridges);

/* Ends all. Accepts NULL. */
void bridges_free(struct bridges *bridges);

/* What the next clients are shown; those that are here keep what they have seen. Takes it over. */
void bridges_set_identity(struct bridges *bridges, struct tls_identity *identity);

/*
 * A client, on a socket that does not block. The bridge takes it over, also on failure, and *ret_fd, which is the
 * caller's, is the end that speaks HTTP: to close it, or to shut it down, ends the client's connection, and it is at
 * its end when the client's is. 0, or a negative errno.
 */
int bridges_add(struct bridges *bridges, int fd, int *ret_fd);

#endif
