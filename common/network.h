/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * IP addresses and networks (CIDR), v4 and v6. Names are never resolved: a text that is no address
 * matches no network, so that whoever controls a DNS zone controls no login.
 */
#ifndef APIKEYD_COMMON_NETWORK_H
#define APIKEYD_COMMON_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/* An address: 4 significant bytes for family 4, 16 for family 6. ::ffff:a.b.c.d is kept as family 4. */
struct address {
	uint8_t family; /* 4 or 6 */
	uint8_t bytes[16];
};

/* Reads a numeric address; a zone id ("fe80::1%eth0") is dropped, v4 in v6 counted as v4. False for anything else. */
bool address_parse(const char *text, struct address *ret_address);

/* A network: the first prefix bits of base count. */
struct network {
	struct address base;
	uint8_t prefix; /* bits */
};

#define NETWORK_TEXT_SIZE sizeof("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128")

/*
 * Reads "192.0.2.0/24", "2001:db8::/32" or a bare address (the whole of it). False for anything else, and for bits set
 * behind the prefix ("192.0.2.1/24"), which is more often a mistake than a wish.
 */
bool network_parse(const char *text, struct network *ret_network);

/* True when the address lies in the network; a v4 address lies in no v6 network and the other way round. */
bool network_contains(const struct network *network, const struct address *address);

#endif
