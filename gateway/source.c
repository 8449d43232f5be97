/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/source.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "common/cleanup.h"
#include "gateway/exchange.h"

#define FORWARDED "X-Forwarded-For"
#define PROTOCOL "X-Forwarded-Proto"

bool source_add_proxy(struct source_proxies *proxies, const char *text)
{
	if (strcmp(text, "local") == 0) {
		proxies->local = true;
		return true;
	}
	if (proxies->count == ARRAY_SIZE(proxies->networks) || !network_parse(text, &proxies->networks[proxies->count]))
		return false;
	proxies->count++;
	return true;
}

/* NULL for a socket without addresses. */
static const char *peer_of(const struct sockaddr_storage *peer, char room[SOURCE_SIZE])
{
	const void *bytes = NULL;

	if (peer->ss_family == AF_INET)
		bytes = &((const struct sockaddr_in *)peer)->sin_addr;
	else if (peer->ss_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)peer)->sin6_addr;
	return bytes ? inet_ntop(peer->ss_family, bytes, room, SOURCE_SIZE) : NULL;
}

/* peer NULL: of a Unix socket. */
static bool is_among(const struct source_proxies *proxies, const char *peer)
{
	struct address address;

	if (!peer)
		return proxies->local;
	if (!address_parse(peer, &address))
		return false;
	for (size_t i = 0; i < proxies->count; i++) {
		if (network_contains(&proxies->networks[i], &address))
			return true;
	}
	return false;
}

struct last {
	const char *name, *value;
};

/* The last of the header there is: a proxy may have added one of its own behind the client's. */
static enum MHD_Result find_last(void *data, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct last *last = data;

	(void)kind;
	if (strcasecmp(name, last->name) == 0)
		last->value = value ? value : "";
	return MHD_YES;
}

/* NULL: who connected to a Unix socket, as far as anybody knows. */
static const char *find_source(const struct exchange *exchange, const struct source_proxies *proxies,
			       char room[SOURCE_SIZE])
{
	const char *peer = peer_of(&exchange->connection->address, room);
	struct last found = { .name = FORWARDED };
	const char *last, *comma;
	struct address address;
	size_t size;

	if (!is_among(proxies, peer))
		return peer;
	(void)MHD_get_connection_values(exchange->handle, MHD_HEADER_KIND, find_last, &found);
	last = found.value;
	if (!last)
		return peer;
	comma = strrchr(last, ',');
	last = comma ? comma + 1 : last;
	last += strspn(last, " \t");
	size = strcspn(last, " \t");
	if (size >= SOURCE_SIZE)
		return SOURCE_UNKNOWN;
	memcpy(room, last, size);
	room[size] = '\0';
	return address_parse(room, &address) ? room : SOURCE_UNKNOWN;
}

const char *source_of(const struct exchange *exchange, const struct source_proxies *proxies, char room[SOURCE_SIZE])
{
	const char *source = find_source(exchange, proxies, room);

	return source ? source : SOURCE_UNKNOWN;
}

static bool is_forwarded(const struct exchange *exchange)
{
	static const char *const names[] = { FORWARDED, "Forwarded", "X-Real-IP", "Via" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		if (exchange_header(exchange, names[i]))
			return true;
	}
	return false;
}

bool source_is_among(const struct exchange *exchange, const struct source_proxies *proxies,
		     const struct source_proxies *hosts)
{
	char room[SOURCE_SIZE];

	if (!is_among(proxies, peer_of(&exchange->connection->address, room)) && is_forwarded(exchange))
		return false;
	return is_among(hosts, find_source(exchange, proxies, room));
}

bool source_is_secure(const struct exchange *exchange, const struct source_proxies *proxies)
{
	char room[SOURCE_SIZE];
	struct last found = { .name = PROTOCOL };

	if (exchange->connection->secure)
		return true;
	if (!is_among(proxies, peer_of(&exchange->connection->address, room)))
		return false;
	(void)MHD_get_connection_values(exchange->handle, MHD_HEADER_KIND, find_last, &found);
	return found.value && strcasecmp(found.value, "https") == 0;
}
