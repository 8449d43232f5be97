/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The sockets that are listened on: those that systemd hands over, or those of the command line and the configuration,
 * "127.0.0.1:8075", "[::1]:8075" or "/run/apikey-gateway/gateway.sock". Names are not resolved.
 */
#ifndef APIKEYD_GATEWAY_LISTENERS_H
#define APIKEYD_GATEWAY_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define LISTENERS_MOST 16

/* {0} is empty. */
struct listeners {
	int fds[LISTENERS_MOST];
	char *paths[LISTENERS_MOST]; /* of Unix sockets made here, which are removed at the end */
	bool tls[LISTENERS_MOST];    /* their clients speak TLS */
	size_t count;
};

/* Takes what systemd handed over; those with FileDescriptorName=tls are for clients that speak TLS. 0, also where that
 * is nothing; or a negative errno and ret_fault. */
int listeners_take(struct listeners *listeners, char *ret_fault, size_t fault_size);

/* Whether it is written as something to listen on. */
bool listeners_is_address(const char *text);

/* Makes one more. A Unix socket can be connected to by its owner and group. 0, or a negative errno and ret_fault. */
int listeners_make(struct listeners *listeners, const char *address, char *ret_fault, size_t fault_size);

/* Lets a group connect to the Unix sockets made here. 0, or a negative errno and ret_fault. */
int listeners_give(const struct listeners *listeners, gid_t group, char *ret_fault, size_t fault_size);

/* Closes all, and empties. Accepts an empty one. */
void listeners_done(struct listeners *listeners);

#endif
