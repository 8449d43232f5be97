/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Addresses and networks. What is read is read the same from its canonical text; a base lies in its network. */
#include <arpa/inet.h>

#include "common/cleanup.h"
#include "common/network.h"
#include "tests/fuzz/fuzz.h"

static void check_address(const struct address *address)
{
	char text[INET6_ADDRSTRLEN];
	struct address back;

	MUST(address->family == 4 || address->family == 6);
	MUST(inet_ntop(address->family == 4 ? AF_INET : AF_INET6, address->bytes, text, sizeof(text)));
	MUST(address_parse(text, &back));
	MUST(memcmp(address, &back, sizeof(back)) == 0);
}

static void check_network(const struct network *network)
{
	unsigned int width = network->base.family == 4 ? 32 : 128;
	char base[INET6_ADDRSTRLEN], text[NETWORK_TEXT_SIZE];
	struct address flipped = network->base;
	struct network back;

	MUST(network->prefix <= width);
	check_address(&network->base);
	MUST(network_contains(network, &network->base));
	MUST(inet_ntop(network->base.family == 4 ? AF_INET : AF_INET6, network->base.bytes, base, sizeof(base)));
	snprintf(text, sizeof(text), "%s/%u", base, network->prefix);
	MUST(network_parse(text, &back));
	MUST(memcmp(network, &back, sizeof(back)) == 0);
	if (network->prefix > 0) {
		flipped.bytes[(network->prefix - 1U) / 8] ^= (uint8_t)(0x80 >> (network->prefix - 1U) % 8);
		MUST(!network_contains(network, &flipped));
	}
	if (network->prefix < width) {
		flipped = network->base;
		flipped.bytes[network->prefix / 8] ^= (uint8_t)(0x80 >> network->prefix % 8);
		MUST(network_contains(network, &flipped));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP_FREE char *text = fuzz_text(data, size);
	struct address address;
	struct network network;

	if (address_parse(text, &address)) {
		check_address(&address);
		MUST(strchr(text, '%') || (network_parse(text, &network) && network_contains(&network, &address)));
	}
	if (network_parse(text, &network))
		check_network(&network);
	return 0;
}
