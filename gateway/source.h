/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where a request comes from: the address of who connected, or, where that is a proxy of the configuration, the last
 * hop of X-Forwarded-For, which that proxy wrote. What stands before it came from the client, and counts for nothing.
 */
#ifndef APIKEYD_GATEWAY_SOURCE_H
#define APIKEYD_GATEWAY_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "common/network.h"

#define SOURCE_SIZE NETWORK_TEXT_SIZE
#define SOURCE_PROXIES_MOST 64
#define SOURCE_UNKNOWN "unknown"

struct exchange;

/* Whose X-Forwarded-For is believed. */
struct source_proxies {
	struct network networks[SOURCE_PROXIES_MOST];
	size_t count;
	bool local; /* who connects to a Unix socket */
};

/* Adds "local", an address or a network. False for anything else, and where there is no room. */
bool source_add_proxy(struct source_proxies *proxies, const char *text);

/*
 * Writes the address into room and returns it; or SOURCE_UNKNOWN, which lies in no network: where a proxy wrote what is
 * no address, and for who connected to a Unix socket and is no proxy that says whence. That may be a proxy which nobody
 * named here, so such a request is not taken for one of this host.
 */
const char *source_of(const struct exchange *exchange, const struct source_proxies *proxies, char room[SOURCE_SIZE]);

/*
 * Whether it comes from one of hosts, which are as proxies are. What was forwarded by who is no proxy of the
 * configuration comes from nobody knows where, and so from none.
 */
bool source_is_among(const struct exchange *exchange, const struct source_proxies *proxies,
		     const struct source_proxies *hosts);

/* Whether the client speaks TLS: with this program, or with a proxy of the configuration, which says so in
 * X-Forwarded-Proto. */
bool source_is_secure(const struct exchange *exchange, const struct source_proxies *proxies);

#endif
