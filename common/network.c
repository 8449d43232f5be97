/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/network.h"

#include <arpa/inet.h>
#include <string.h>

bool address_parse(const char *text, struct address *ret_address)
{
	static const uint8_t v4_in_v6[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
	struct address address = { .family = 4 };
	char bare[INET6_ADDRSTRLEN];
	size_t size = strcspn(text, "%");

	if (size >= sizeof(bare) || (text[size] == '%' && text[size + 1] == '\0'))
		return false;
	memcpy(bare, text, size);
	bare[size] = '\0';

	if (inet_pton(AF_INET, bare, address.bytes) == 1 && text[size] == '\0') {
		*ret_address = address;
		return true;
	}
	if (inet_pton(AF_INET6, bare, address.bytes) != 1)
		return false;
	if (memcmp(address.bytes, v4_in_v6, sizeof(v4_in_v6)) == 0) {
		memmove(address.bytes, address.bytes + 12, 4);
		memset(address.bytes + 4, 0, 12);
	} else {
		address.family = 6;
	}
	*ret_address = address;
	return true;
}

/* True when bits [from, until) of the address are all zero. */
static bool bits_are_clear(const struct address *address, unsigned int from, unsigned int until)
{
	for (unsigned int bit = from; bit < until; bit++) {
		if (address->bytes[bit / 8] & 0x80 >> bit % 8)
			return false;
	}
	return true;
}

bool network_parse(const char *text, struct network *ret_network)
{
	struct network network;
	char base[NETWORK_TEXT_SIZE];
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	unsigned int width, prefix = 0;

	if (size >= sizeof(base) || memchr(text, '%', size))
		return false;
	memcpy(base, text, size);
	base[size] = '\0';
	if (!address_parse(base, &network.base))
		return false;
	width = network.base.family == 4 ? 32 : 128;
	if (slash) {
		size_t digits = strlen(slash + 1);

		/* A v4-mapped base would leave the reader guessing what its prefix counts. */
		if (digits < 1 || digits > 3 || (network.base.family == 4 && strchr(base, ':')))
			return false;
		for (size_t i = 1; i <= digits; i++) {
			if (slash[i] < '0' || slash[i] > '9')
				return false;
			prefix = prefix * 10 + (unsigned int)(slash[i] - '0');
		}
		if (prefix > width || (digits > 1 && slash[1] == '0'))
			return false;
	} else {
		prefix = width;
	}
	if (!bits_are_clear(&network.base, prefix, width))
		return false;
	network.prefix = (uint8_t)prefix;
	*ret_network = network;
	return true;
}

bool network_contains(const struct network *network, const struct address *address)
{
	unsigned int whole = network->prefix / 8, rest = network->prefix % 8;

	if (network->base.family != address->family || memcmp(network->base.bytes, address->bytes, whole) != 0)
		return false;
	return rest == 0 || (network->base.bytes[whole] ^ address->bytes[whole]) >> (8 - rest) == 0;
}
