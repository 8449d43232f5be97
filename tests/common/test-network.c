/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Addresses and networks: what is one, what is none, and which address lies in which network. */
#include <string.h>

#include "common/cleanup.h"
#include "common/network.h"
#include "tests/suite.h"

static const struct {
	const char *text;
	uint8_t family; /* 0: refused */
	uint8_t bytes[16];
} addresses[] = {
	{ "192.0.2.1", 4, { 192, 0, 2, 1 } },
	{ "0.0.0.0", 4, { 0 } },
	{ "255.255.255.255", 4, { 255, 255, 255, 255 } },
	{ "::", 6, { 0 } },
	{ "::1", 6, { [15] = 1 } },
	{ "2001:db8::1", 6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
	{ "2001:DB8::1", 6, { 0x20, 0x01, 0x0d, 0xb8, [15] = 1 } },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255",
	  6,
	  { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } },
	/* v4 in v6 counts as v4 */
	{ "::ffff:192.0.2.1", 4, { 192, 0, 2, 1 } },
	{ "::FFFF:c000:0201", 4, { 192, 0, 2, 1 } },
	{ "0:0:0:0:0:ffff:192.0.2.1", 4, { 192, 0, 2, 1 } },
	/* these look alike and are v6 */
	{ "::192.0.2.1", 6, { [12] = 192, 0, 2, 1 } },
	{ "::fffe:192.0.2.1", 6, { [10] = 0xff, 0xfe, 192, 0, 2, 1 } },
	{ "64:ff9b::192.0.2.1", 6, { 0x00, 0x64, 0xff, 0x9b, [12] = 192, 0, 2, 1 } },
	/* zones are dropped */
	{ "fe80::1%eth0", 6, { 0xfe, 0x80, [15] = 1 } },
	{ "fe80::1%2", 6, { 0xfe, 0x80, [15] = 1 } },
	{ "::ffff:192.0.2.1%eth0", 4, { 192, 0, 2, 1 } },
	{ "fe80::1%", 0, { 0 } },
	{ "192.0.2.1%eth0", 0, { 0 } },
	{ "%eth0", 0, { 0 } },
	/* no addresses: names are never resolved, and no other notation is guessed at */
	{ "", 0, { 0 } },
	{ "localhost", 0, { 0 } },
	{ "example.org", 0, { 0 } },
	{ "UNKNOWN", 0, { 0 } },
	{ "192.0.2", 0, { 0 } },
	{ "192.0.2.256", 0, { 0 } },
	{ "192.0.2.1.1", 0, { 0 } },
	{ "192.0.2.01", 0, { 0 } },
	{ "192.0.2.0x1", 0, { 0 } },
	{ "3221225985", 0, { 0 } },
	{ "192.0.2.1 ", 0, { 0 } },
	{ " 192.0.2.1", 0, { 0 } },
	{ "192.0.2.1\n", 0, { 0 } },
	{ "192.0.2.1:22", 0, { 0 } },
	{ "[::1]", 0, { 0 } },
	{ ":::", 0, { 0 } },
	{ "1::2::3", 0, { 0 } },
	{ "12345::", 0, { 0 } },
	{ "1:2:3:4:5:6:7", 0, { 0 } },
	{ "1:2:3:4:5:6:7:8:9", 0, { 0 } },
	{ "::ffff:192.0.2.1/24", 0, { 0 } },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550", 0, { 0 } },
	{ "00000000000000000000000000000000000000000000000000000000000000000000000000000000000", 0, { 0 } },
};

START_TEST(addresses_are_read)
{
	struct address address, before;

	memset(&address, 0x5a, sizeof(address));
	before = address;
	if (addresses[_i].family == 0) {
		ck_assert_msg(!address_parse(addresses[_i].text, &address), "\"%s\" is read", addresses[_i].text);
		ck_assert_mem_eq(&address, &before, sizeof(address));
		return;
	}
	ck_assert_msg(address_parse(addresses[_i].text, &address), "\"%s\" is refused", addresses[_i].text);
	ck_assert_uint_eq(address.family, addresses[_i].family);
	ck_assert_mem_eq(address.bytes, addresses[_i].bytes, sizeof(address.bytes));
}
END_TEST

#define REFUSED (-1)
static const struct {
	const char *text;
	int family, prefix; /* REFUSED */
} networks[] = {
	{ "192.0.2.0/24", 4, 24 },
	{ "0.0.0.0/0", 4, 0 },
	{ "128.0.0.0/1", 4, 1 },
	{ "192.0.2.1/32", 4, 32 },
	{ "192.0.2.1", 4, 32 },
	{ "192.0.2.254/31", 4, 31 },
	{ "::/0", 6, 0 },
	{ "2001:db8::/32", 6, 32 },
	{ "2001:db8::1/128", 6, 128 },
	{ "2001:db8::1", 6, 128 },
	{ "fe80::/10", 6, 10 },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/128", 6, 128 },
	{ "::ffff:192.0.2.1", 4, 32 },
	/* what its prefix counts would be a guess */
	{ "::ffff:192.0.2.1/32", REFUSED, 0 },
	{ "::ffff:192.0.2.0/120", REFUSED, 0 },
	{ "::ffff:0.0.0.0/96", REFUSED, 0 },
	/* bits behind the prefix */
	{ "192.0.2.1/24", REFUSED, 0 },
	{ "192.0.2.1/31", REFUSED, 0 },
	{ "192.0.2.0/22", REFUSED, 0 },
	{ "0.0.0.1/0", REFUSED, 0 },
	{ "128.0.0.0/0", REFUSED, 0 },
	{ "2001:db8::1/127", REFUSED, 0 },
	{ "2001:db8:1::/32", REFUSED, 0 },
	{ "::1/0", REFUSED, 0 },
	/* prefixes */
	{ "192.0.2.0/33", REFUSED, 0 },
	{ "::/129", REFUSED, 0 },
	{ "::/999", REFUSED, 0 },
	{ "::/1000", REFUSED, 0 },
	{ "::/4294967296", REFUSED, 0 },
	{ "::/", REFUSED, 0 },
	{ "::/00", REFUSED, 0 },
	{ "192.0.2.0/024", REFUSED, 0 },
	{ "192.0.2.0/-1", REFUSED, 0 },
	{ "192.0.2.0/+24", REFUSED, 0 },
	{ "192.0.2.0/ 24", REFUSED, 0 },
	{ "192.0.2.0/24 ", REFUSED, 0 },
	{ "192.0.2.0/24/24", REFUSED, 0 },
	{ "192.0.2.0/2a", REFUSED, 0 },
	{ "192.0.2.0/255.255.255.0", REFUSED, 0 },
	/* no networks */
	{ "", REFUSED, 0 },
	{ "/", REFUSED, 0 },
	{ "/24", REFUSED, 0 },
	{ "local", REFUSED, 0 },
	{ "192.0.2/24", REFUSED, 0 },
	{ "example.org/24", REFUSED, 0 },
	{ "fe80::1%eth0", REFUSED, 0 },
	{ "fe80::%eth0/64", REFUSED, 0 },
	{ "fe80::/64%eth0", REFUSED, 0 },
	{ "00000000000000000000000000000000000000000000000000000000000000000000000000000000000/8", REFUSED, 0 },
};

START_TEST(networks_are_read)
{
	struct network network, before;

	memset(&network, 0x5a, sizeof(network));
	before = network;
	if (networks[_i].family == REFUSED) {
		ck_assert_msg(!network_parse(networks[_i].text, &network), "\"%s\" is read", networks[_i].text);
		ck_assert_mem_eq(&network, &before, sizeof(network));
		return;
	}
	ck_assert_msg(network_parse(networks[_i].text, &network), "\"%s\" is refused", networks[_i].text);
	ck_assert_int_eq(network.base.family, networks[_i].family);
	ck_assert_int_eq(network.prefix, networks[_i].prefix);
}
END_TEST

static const struct {
	const char *network, *address;
	bool inside;
} memberships[] = {
	{ "0.0.0.0/0", "203.0.113.9", true },
	{ "0.0.0.0/0", "2001:db8::1", false },
	{ "::/0", "2001:db8::1", true },
	{ "::/0", "203.0.113.9", false },
	{ "::/0", "::ffff:203.0.113.9", false },
	{ "192.0.2.0/24", "192.0.2.0", true },
	{ "192.0.2.0/24", "192.0.2.255", true },
	{ "192.0.2.0/24", "192.0.1.255", false },
	{ "192.0.2.0/24", "192.0.3.0", false },
	{ "192.0.2.0/24", "::ffff:192.0.2.7", true },
	{ "192.0.2.0/24", "::192.0.2.7", false },
	{ "192.0.2.128/25", "192.0.2.127", false },
	{ "192.0.2.128/25", "192.0.2.128", true },
	{ "192.0.2.4/30", "192.0.2.7", true },
	{ "192.0.2.4/30", "192.0.2.8", false },
	{ "192.0.2.4/30", "192.0.2.3", false },
	{ "128.0.0.0/1", "128.0.0.0", true },
	{ "128.0.0.0/1", "127.255.255.255", false },
	{ "192.0.2.1", "192.0.2.1", true },
	{ "192.0.2.1", "192.0.2.0", false },
	{ "192.0.2.1/32", "192.0.2.3", false },
	{ "2001:db8::/32", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", true },
	{ "2001:db8::/32", "2001:db9::", false },
	{ "2001:db8::/33", "2001:db8:7fff::1", true },
	{ "2001:db8::/33", "2001:db8:8000::1", false },
	{ "2001:db8::1/128", "2001:db8::1", true },
	{ "2001:db8::1/128", "2001:db8::", false },
	{ "2001:db8::2/127", "2001:db8::3", true },
	{ "2001:db8::2/127", "2001:db8::4", false },
	{ "fe80::/10", "fe80::1%eth0", true },
	{ "::ffff:192.0.2.1", "192.0.2.1", true },
	/* the first bytes agree, the families do not */
	{ "32.1.13.184", "2001:db8::", false },
	{ "2001:db8::/32", "32.1.13.184", false },
};

START_TEST(addresses_lie_in_networks)
{
	struct network network;
	struct address address;

	ck_assert(network_parse(memberships[_i].network, &network));
	ck_assert(address_parse(memberships[_i].address, &address));
	ck_assert_msg(network_contains(&network, &address) == memberships[_i].inside, "%s in %s",
		      memberships[_i].address, memberships[_i].network);
}
END_TEST

/* Flipping bit n of the base leaves the network exactly when n is one of the bits that count. */
START_TEST(every_prefix_counts_its_bits)
{
	static const struct address bases[] = { { .family = 4, .bytes = { 0xa5, 0x5a, 0xc3, 0x3c } },
						{ .family = 6,
						  .bytes = { 0xa5, 0x5a, 0xc3, 0x3c, 0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc,
							     0xde, 0xf0, 0x11, 0x22, 0x44, 0x88 } } };
	unsigned int width = _i == 0 ? 32 : 128;

	for (unsigned int prefix = 0; prefix <= width; prefix++) {
		struct network network = { .base = bases[_i], .prefix = (uint8_t)prefix };

		for (unsigned int bit = 0; bit < width; bit++) {
			struct address other = bases[_i];

			other.bytes[bit / 8] ^= (uint8_t)(0x80 >> bit % 8);
			ck_assert_msg(network_contains(&network, &other) == (bit >= prefix), "bit %u of /%u", bit,
				      prefix);
		}
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("network");
	TCase *cases = tcase_create("network");

	tcase_add_loop_test(cases, addresses_are_read, 0, ARRAY_SIZE(addresses));
	tcase_add_loop_test(cases, networks_are_read, 0, ARRAY_SIZE(networks));
	tcase_add_loop_test(cases, addresses_lie_in_networks, 0, ARRAY_SIZE(memberships));
	tcase_add_loop_test(cases, every_prefix_counts_its_bits, 0, 2);
	suite_add_tcase(suite, cases);
	return suite_run_here(suite);
}
