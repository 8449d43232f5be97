/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The real daemon and clients that break the rules of the wire, or keep them and are a burden all the same: too many,
 * too silent, too greedy. Whatever one of them does, the others are served.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

#define OTHER_UID 60001 /* nobody's, by Debian's and Fedora's rules */
#define THIRD_UID 60002
#define IN_FLIGHT 64

static struct host host;

static void start_with(const char *settings)
{
	host_open(&host, settings);
	host_start(&host);
}

static void setup(void)
{
	start_with(NULL);
}

static void teardown(void)
{
	host_stop(&host);
	host_remove(&host);
}

/* Any verdict will do. */
static const struct message_verify question = {
	.credential = "no key at all", .service = "test", .permission = "test.use", .user = "alice"
};

static void expect_verdict(struct wire_client *client)
{
	struct message_verdict verdict;

	wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
	ck_assert_int_ne(verdict.verdict, VERDICT_GRANTED);
}

/* ---- packets by hand ---- */

struct packet {
	size_t size;
	unsigned char bytes[WIRE_PACKET_MAX + 64];
};

static void put(struct packet *packet, uint64_t number, size_t size)
{
	for (size_t i = size; i > 0; i--)
		packet->bytes[packet->size++] = (unsigned char)(number >> 8 * (i - 1));
}

static void begin(struct packet *packet, uint16_t type)
{
	packet->size = 0;
	put(packet, WIRE_MAGIC, 4);
	put(packet, WIRE_VERSION, 2);
	put(packet, type, 2);
	put(packet, 7, 8);
	put(packet, 0, 4);
}

static void put_field(struct packet *packet, uint16_t tag, const void *bytes, size_t size)
{
	put(packet, tag, 2);
	put(packet, size, 2);
	memcpy(packet->bytes + packet->size, bytes, size);
	packet->size += size;
}

static void put_text(struct packet *packet, uint16_t tag, const char *text)
{
	put_field(packet, tag, text, strlen(text) + 1);
}

static void end(struct packet *packet)
{
	size_t size = packet->size;

	packet->size = 16;
	put(packet, size - WIRE_HEADER_SIZE, 4);
	packet->size = size;
}

/* What a well-formed request of each socket looks like: credential, service, permission; or the key to show. */
static void put_request(struct packet *packet, bool admin)
{
	begin(packet, admin ? WIRE_KEY_SHOW : WIRE_VERIFY);
	if (admin) {
		put_text(packet, 2, "alice/key");
		return;
	}
	put_text(packet, 1, "no key at all");
	put_text(packet, 3, "test");
	put_text(packet, 4, "test.use");
}

static void make_request(struct packet *packet, bool admin)
{
	put_request(packet, admin);
	end(packet);
}

static void make_byte(struct packet *packet, bool admin)
{
	(void)admin;
	packet->bytes[0] = 'a';
	packet->size = 1;
}

static void make_short_header(struct packet *packet, bool admin)
{
	make_request(packet, admin);
	packet->size = WIRE_HEADER_SIZE - 1;
}

static void make_bad_magic(struct packet *packet, bool admin)
{
	make_request(packet, admin);
	packet->bytes[0] ^= 1;
}

static void make_bad_version(struct packet *packet, bool admin)
{
	make_request(packet, admin);
	packet->bytes[5]++;
}

static void make_length_too_great(struct packet *packet, bool admin)
{
	make_request(packet, admin);
	packet->bytes[19]++;
}

static void make_length_too_small(struct packet *packet, bool admin)
{
	make_request(packet, admin);
	packet->bytes[19]--;
}

static void make_unknown_tag(struct packet *packet, bool admin)
{
	put_request(packet, admin);
	put_text(packet, 99, "new");
	end(packet);
}

static void make_duplicate(struct packet *packet, bool admin)
{
	put_request(packet, admin);
	put_text(packet, admin ? 2 : 4, "again");
	end(packet);
}

static void make_wrong_order(struct packet *packet, bool admin)
{
	put_request(packet, admin);
	put_text(packet, admin ? 1 : 2, "alice");
	end(packet);
}

static void make_missing(struct packet *packet, bool admin)
{
	begin(packet, admin ? WIRE_KEY_SHOW : WIRE_VERIFY);
	if (!admin)
		put_text(packet, 1, "no key at all");
	end(packet);
}

static void make_trailing(struct packet *packet, bool admin)
{
	put_request(packet, admin);
	put(packet, 0, 3);
	end(packet);
}

static void make_field_too_long(struct packet *packet, bool admin)
{
	put_request(packet, admin);
	put(packet, admin ? 3 : 5, 2);
	put(packet, 100, 2);
	put(packet, 0, 8);
	end(packet);
}

static void put_credential(struct packet *packet, bool admin, const char *text, size_t size)
{
	begin(packet, admin ? WIRE_KEY_SHOW : WIRE_VERIFY);
	put_field(packet, 1, text, size);
	if (admin) {
		put_text(packet, 2, "alice/key");
	} else {
		put_text(packet, 3, "test");
		put_text(packet, 4, "test.use");
	}
	end(packet);
}

static void make_unended(struct packet *packet, bool admin)
{
	put_credential(packet, admin, "ak_", 3);
}

static void make_empty_credential(struct packet *packet, bool admin)
{
	put_credential(packet, admin, "", 1);
}

static void make_nothing_credential(struct packet *packet, bool admin)
{
	put_credential(packet, admin, "", 0);
}

static void make_nul_credential(struct packet *packet, bool admin)
{
	put_credential(packet, admin, "ak_\0abc", 8);
}

static void make_long_credential(struct packet *packet, bool admin)
{
	char text[WIRE_CREDENTIAL_MAX + 2];

	memset(text, 'a', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	put_credential(packet, admin, text, sizeof(text));
}

/* Well-formed but for its size: an optional field fills it up. */
static void make_oversized(struct packet *packet, bool admin)
{
	size_t size = (admin ? WIRE_PACKET_MAX : WIRE_VERIFY_PACKET_MAX) + 1;

	put_request(packet, admin);
	memset(packet->bytes + packet->size, 0, size - packet->size);
	put(packet, WIRE_OPTIONAL | 1, 2);
	put(packet, size - packet->size - 2, 2);
	packet->size = size;
	end(packet);
}

static void (*const bad_packets[])(struct packet *packet, bool admin) = {
	make_byte,           make_short_header,     make_bad_magic,
	make_bad_version,    make_length_too_great, make_length_too_small,
	make_unknown_tag,    make_duplicate,        make_wrong_order,
	make_missing,        make_trailing,         make_field_too_long,
	make_unended,        make_empty_credential, make_nothing_credential,
	make_nul_credential, make_long_credential,  make_oversized,
};

static const char *const socket_names[] = { WIRE_LOGIN_SOCKET, WIRE_VERIFY_SOCKET, WIRE_ADMIN_SOCKET };

static void send_packet(struct wire_client *client, const struct packet *packet)
{
	wire_send_bytes(client, packet->bytes, packet->size);
}

/* The bad one is closed and counted; who asked before and who asks after is answered. */
START_TEST(a_bad_packet_closes_its_connection_and_no_other)
{
	static struct packet packet;

	for (size_t i = 0; i < ARRAY_SIZE(socket_names); i++) {
		bool admin = strcmp(socket_names[i], WIRE_ADMIN_SOCKET) == 0;
		struct wire_client *bad = wire_open(&host, socket_names[i]);
		struct wire_client *other = wire_open(&host, WIRE_VERIFY_SOCKET);
		uint64_t before = host_number(&host, "connections.bad_packets");

		wire_send(other, WIRE_VERIFY, &message_verify, &question);
		bad_packets[_i](&packet, admin);
		send_packet(bad, &packet);
		wire_expect_end(bad);
		expect_verdict(other);
		ck_assert_uint_eq(host_number(&host, "connections.bad_packets"), before + 1);
		wire_close(bad);
		wire_close(other);
	}
}
END_TEST

START_TEST(an_empty_packet_ends_a_connection_like_its_end)
{
	for (size_t i = 0; i < ARRAY_SIZE(socket_names); i++) {
		struct wire_client *client = wire_open(&host, socket_names[i]);

		wire_send_bytes(client, "", 0);
		wire_expect_end(client);
		wire_close(client);
		client = wire_open(&host, socket_names[i]);
		wire_hello(client);
		wire_send_bytes(client, "", 0);
		wire_expect_end(client);
		wire_close(client);
	}
	ck_assert_uint_eq(host_number(&host, "connections.bad_packets"), 0);
}
END_TEST

START_TEST(what_the_wire_allows_is_answered)
{
	static struct packet packet;
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);
	char longest[WIRE_CREDENTIAL_MAX + 1];

	/* An optional field of a later version, in a packet that is as long as it may be. */
	put_request(&packet, false);
	put(&packet, WIRE_OPTIONAL | 1, 2);
	put(&packet, WIRE_VERIFY_PACKET_MAX - packet.size - 2, 2);
	memset(packet.bytes + packet.size, 0, WIRE_VERIFY_PACKET_MAX - packet.size);
	packet.size = WIRE_VERIFY_PACKET_MAX;
	end(&packet);
	send_packet(client, &packet);
	expect_verdict(client);
	ck_assert_uint_eq(client->header.request_id, 7);
	wire_close(client);

	client = wire_open(&host, WIRE_VERIFY_SOCKET);
	memset(longest, 'a', WIRE_CREDENTIAL_MAX);
	longest[WIRE_CREDENTIAL_MAX] = '\0';
	put_credential(&packet, false, longest, sizeof(longest));
	send_packet(client, &packet);
	expect_verdict(client);
	wire_close(client);
	ck_assert_uint_eq(host_number(&host, "connections.bad_packets"), 0);
}
END_TEST

START_TEST(types_of_other_sockets_are_unknown_requests)
{
	static const struct {
		const char *socket;
		uint16_t type;
	} cases[] = {
		{ WIRE_VERIFY_SOCKET, 99 },
		{ WIRE_VERIFY_SOCKET, 0 },
		{ WIRE_VERIFY_SOCKET, WIRE_VERIFY | WIRE_REPLY },
		{ WIRE_VERIFY_SOCKET, WIRE_ERROR },
		{ WIRE_VERIFY_SOCKET, WIRE_KEY_CREATE },
		{ WIRE_VERIFY_SOCKET, WIRE_STATUS },
		{ WIRE_LOGIN_SOCKET, WIRE_KEY_SHOW },
		{ WIRE_LOGIN_SOCKET, 26 },
		{ WIRE_ADMIN_SOCKET, WIRE_VERIFY },
		{ WIRE_ADMIN_SOCKET, WIRE_ACCOUNT },
		{ WIRE_ADMIN_SOCKET, 99 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct wire_client *client = wire_open(&host, cases[i].socket);

		/* Whatever stands in it. */
		wire_send(client, cases[i].type, &message_verify, &question);
		wire_expect_error(client, ANSWER_UNKNOWN_REQUEST);
		ck_assert_uint_eq(client->header.request_id, 1);
		if (strcmp(cases[i].socket, WIRE_ADMIN_SOCKET) != 0)
			wire_expect_end(client);
		wire_close(client);
	}
	ck_assert_uint_eq(host_number(&host, "connections.bad_packets"), 0);
}
END_TEST

/* ---- one request, and many ---- */

START_TEST(a_client_without_greeting_gets_one_answer)
{
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);

	wire_send(client, WIRE_VERIFY, &message_verify, &question);
	wire_send(client, WIRE_VERIFY, &message_verify, &question);
	expect_verdict(client);
	ck_assert_uint_eq(client->header.request_id, 1);
	wire_expect_end(client);
	wire_close(client);
}
END_TEST

START_TEST(a_client_that_asks_late_is_answered)
{
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);

	wire_expect_silence(client, 100);
	wire_send(client, WIRE_VERIFY, &message_verify, &question);
	expect_verdict(client);
	wire_expect_end(client);
	wire_close(client);
}
END_TEST

START_TEST(after_a_greeting_many_are_in_flight)
{
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });

	for (size_t i = 0; i < 2; i++) {
		struct wire_client *client = wire_open(&host, i == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET);
		bool answered[2 * IN_FLIGHT + 2] = { false };
		struct message_verify good = question;
		char service[32];

		snprintf(service, sizeof(service), "uid-%u", (unsigned int)geteuid());
		good.credential = key.secret;
		good.service = service;
		wire_hello(client);
		for (int round = 0; round < 2; round++) {
			for (int j = 0; j < IN_FLIGHT; j++)
				wire_send(client, WIRE_VERIFY, &message_verify, j % 2 ? &good : &question);
			for (int j = 0; j < IN_FLIGHT; j++) {
				struct message_verdict verdict;
				uint64_t id;

				wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
				id = client->header.request_id;
				ck_assert_uint_lt(id, ARRAY_SIZE(answered));
				ck_assert(!answered[id]);
				answered[id] = true;
				/* The first id is the greeting's. So many failures are throttled in the end. */
				ck_assert_int_eq(verdict.verdict == VERDICT_GRANTED, id % 2);
			}
		}
		/* A second greeting changes nothing. */
		wire_hello(client);
		wire_send(client, WIRE_VERIFY, &message_verify, &question);
		expect_verdict(client);
		wire_close(client);
	}
}
END_TEST

START_TEST(what_came_before_a_bad_packet_is_answered)
{
	static struct packet packet;
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);

	make_bad_magic(&packet, false);
	wire_hello(client);
	for (int i = 0; i < 5; i++)
		wire_send(client, WIRE_VERIFY, &message_verify, &question);
	send_packet(client, &packet);
	wire_send(client, WIRE_VERIFY, &message_verify, &question);
	for (uint64_t i = 0; i < 5; i++) {
		expect_verdict(client);
		ck_assert_uint_eq(client->header.request_id, 2 + i);
	}
	wire_expect_end(client);
	wire_close(client);
	ck_assert_uint_eq(host_number(&host, "connections.bad_packets"), 1);
}
END_TEST

START_TEST(a_client_that_goes_while_it_is_served_harms_nobody)
{
	for (int i = 0; i < 50; i++) {
		struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);
		struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
		struct message_key_create create = { .name = "key", .owner = "alice", .expires = TIME_NEVER };

		if (i % 2)
			wire_hello(client);
		wire_send(client, WIRE_VERIFY, &message_verify, &question);
		wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &create);
		wire_close(client);
		wire_close(admin);
	}
	ck_assert_uint_eq(host_number(&host, "connections.bad_packets"), 0);
}
END_TEST

START_TEST(an_admin_connection_serves_one_request_after_the_other)
{
	struct wire_client *client = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct message_key_create create = { .owner = "alice", .expires = TIME_NEVER };
	struct message_key key;
	char name[32];

	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "key-%d", i);
		create.name = name;
		wire_send(client, WIRE_KEY_CREATE, &message_key_create, &create);
	}
	for (uint64_t i = 0; i < 20; i++) {
		wire_expect(client, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &key);
		ck_assert_uint_eq(client->header.request_id, i + 1);
		snprintf(name, sizeof(name), "key-%d", (int)i);
		ck_assert_str_eq(key.name, name);
	}
	wire_close(client);
}
END_TEST

/* ---- who takes no answers ---- */

static unsigned long daemon_kib(void)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)host.daemon);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "VmRSS: %lu", &kib) == 1)
			break;
	fclose(file);
	return kib;
}

/* Sends until nothing more goes in, for as long as that is so. How many went. */
static size_t send_until_full(struct wire_client *client, size_t most)
{
	static struct packet packet;
	size_t sent = 0;
	struct pollfd pollfd = { .fd = client->fd, .events = POLLOUT };

	make_request(&packet, false);
	while (sent < most) {
		if (send(client->fd, packet.bytes, packet.size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0) {
			sent++;
			continue;
		}
		ck_assert_int_eq(errno, EAGAIN);
		if (poll(&pollfd, 1, 200) == 0)
			break;
	}
	return sent;
}

START_TEST(a_client_that_reads_nothing_is_held_back_and_served_when_it_reads)
{
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);
	unsigned long before;
	size_t sent;

	/* This many failures at once would be throttled, which answers all the same. */
	wire_hello(client);
	before = daemon_kib();
	sent = send_until_full(client, 100000);
	ck_assert_msg(sent < 100000, "the daemon takes requests without end");
	ck_assert_uint_gt(sent, IN_FLIGHT);
	ck_assert_msg(daemon_kib() < before + 16 * 1024UL, "the daemon grew by %lu KiB", daemon_kib() - before);
	/* Others are served meanwhile. */
	(void)host_number(&host, "connections.open");
	for (size_t i = 0; i < sent; i++) {
		struct message_verdict verdict;

		wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
		ck_assert_int_ne(verdict.verdict, VERDICT_GRANTED);
	}
	wire_close(client);
}
END_TEST

START_TEST(a_client_that_reads_nothing_is_closed_in_the_end)
{
	struct wire_client *client;
	size_t sent;

	start_with("[daemon]\nidle_timeout = 1s\n");
	client = wire_open(&host, WIRE_VERIFY_SOCKET);
	wire_hello(client);
	sent = send_until_full(client, 100000);
	ck_assert_uint_lt(sent, 100000);
	for (int64_t limit = milliseconds() + 10000;;) {
		struct pollfd pollfd = { .fd = client->fd };

		ck_assert_msg(milliseconds() < limit, "a client that takes no answers is kept");
		if (poll(&pollfd, 1, 50) > 0 && pollfd.revents & POLLHUP)
			break;
	}
	wire_close(client);
	(void)host_number(&host, "connections.open");
	teardown();
}
END_TEST

/* ---- who says nothing, and who comes too often ---- */

START_TEST(the_silent_are_closed_and_the_persistent_are_not)
{
	struct wire_client *silent[2], *persistent, *admin;
	struct message_status request = { NULL };
	struct message_state state;

	start_with("[daemon]\nidle_timeout = 1s\n");
	silent[0] = wire_open(&host, WIRE_LOGIN_SOCKET);
	silent[1] = wire_open(&host, WIRE_VERIFY_SOCKET);
	persistent = wire_open(&host, WIRE_VERIFY_SOCKET);
	admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	wire_hello(persistent);
	for (size_t i = 0; i < ARRAY_SIZE(silent); i++) {
		wire_expect_end(silent[i]);
		wire_close(silent[i]);
	}
	wire_send(persistent, WIRE_VERIFY, &message_verify, &question);
	expect_verdict(persistent);
	/* A person may be thinking there. */
	ck_assert_int_eq(wire_ask(admin, WIRE_STATUS, &message_status, &request, &message_state, &state), ANSWER_OK);
	wire_close(persistent);
	wire_close(admin);
	teardown();
}
END_TEST

/* As many as fit, each known to be in; then one more, which is not; then one for one that left. */
static void fill_up(void *data)
{
	size_t most = *(const size_t *)data;
	struct wire_client *clients[8], *more;

	for (size_t i = 0; i < most; i++) {
		clients[i] = wire_open(&host, i % 2 ? WIRE_ADMIN_SOCKET : WIRE_VERIFY_SOCKET);
		wire_hello(clients[i]);
	}
	more = wire_open(&host, WIRE_VERIFY_SOCKET);
	wire_expect_end(more);
	wire_close(more);
	wire_close(clients[0]);
	for (int64_t limit = milliseconds() + 10000;; wire_close(more)) {
		static struct packet packet;

		make_request(&packet, false);
		more = wire_open(&host, WIRE_VERIFY_SOCKET);
		/* To one that is refused meanwhile nothing can be sent. */
		if (send(more->fd, packet.bytes, packet.size, MSG_NOSIGNAL) > 0 && wire_receive(more))
			break;
		if (milliseconds() > limit)
			fail("nobody is let in for one that left");
	}
	wire_close(more);
	for (size_t i = 1; i < most; i++)
		wire_close(clients[i]);
}

static void ask_once(void *data)
{
	(void)data;
	(void)wire_verify(&host, WIRE_VERIFY_SOCKET, &question);
}

START_TEST(connections_of_one_uid_are_limited)
{
	size_t most = 4;

	start_with("[daemon]\nconnections_per_uid = 4\n");
	if (geteuid() == 0) {
		as_user(OTHER_UID, OTHER_UID, OTHER_UID, fill_up, &most);
		as_user(THIRD_UID, THIRD_UID, THIRD_UID, ask_once, NULL);
	} else {
		fill_up(&most);
	}
	ck_assert_uint_ge(host_number(&host, "connections.refused"), 1);
	teardown();
}
END_TEST

START_TEST(connections_of_all_are_limited)
{
	size_t most = 6;

	start_with("[daemon]\nconnections_max = 6\n");
	if (geteuid() == 0)
		as_user(OTHER_UID, OTHER_UID, OTHER_UID, fill_up, &most);
	else
		fill_up(&most);
	ck_assert_uint_ge(host_number(&host, "connections.refused"), 1);
	teardown();
}
END_TEST

/* ---- no descriptors ---- */

/* The lowest number that the daemon does not use yet. */
static unsigned int free_descriptor(void)
{
	char path[64];
	struct stat status;

	for (unsigned int number = 0;; number++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%u", (int)host.daemon, number);
		if (lstat(path, &status) < 0)
			return number;
	}
}

/* Processor time in milliseconds. */
static long daemon_cpu(void)
{
	char path[64], line[1024];
	unsigned long user = 0, kernel = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)host.daemon);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	ck_assert_ptr_nonnull(fgets(line, sizeof(line), file));
	fclose(file);
	ck_assert_int_eq(
		sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &kernel),
		2);
	return (long)((user + kernel) * 1000 / (unsigned long)sysconf(_SC_CLK_TCK));
}

START_TEST(out_of_descriptors_the_daemon_rests_and_comes_back)
{
	int fds[64];
	uint64_t exhausted;
	long cpu;

	/* Everything it opens for its first request is open. */
	(void)wire_verify(&host, WIRE_VERIFY_SOCKET, &question);
	(void)wire_verify(&host, WIRE_LOGIN_SOCKET, &question);
	exhausted = host_number(&host, "connections.descriptors_exhausted");
	host_limit(&host, RLIMIT_NOFILE, free_descriptor() + 16);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++) {
		fds[i] = wire_connect(&host, i % 2 ? WIRE_VERIFY_SOCKET : WIRE_LOGIN_SOCKET);
		ck_assert_int_ge(fds[i], 0);
	}
	cpu = daemon_cpu();
	poll(NULL, 0, 500);
	cpu = daemon_cpu() - cpu;
	ck_assert_msg(cpu < 250, "%ld ms of processor time in 500 ms of rest", cpu);
	ck_assert_int_eq(waitpid(host.daemon, NULL, WNOHANG), 0);
	for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
		close(fds[i]);
	ck_assert_uint_gt(host_number(&host, "connections.descriptors_exhausted"), exhausted);
	(void)wire_verify(&host, WIRE_LOGIN_SOCKET, &question);
	(void)wire_verify(&host, WIRE_VERIFY_SOCKET, &question);
	host_limit(&host, RLIMIT_NOFILE, RLIM_INFINITY);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-wire");
	TCase *plain = tcase_create("usual"), *own = tcase_create("own");

	tcase_set_timeout(plain, 120);
	tcase_set_timeout(own, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_loop_test(plain, a_bad_packet_closes_its_connection_and_no_other, 0, ARRAY_SIZE(bad_packets));
	tcase_add_test(plain, an_empty_packet_ends_a_connection_like_its_end);
	tcase_add_test(plain, what_the_wire_allows_is_answered);
	tcase_add_test(plain, types_of_other_sockets_are_unknown_requests);
	tcase_add_test(plain, a_client_without_greeting_gets_one_answer);
	tcase_add_test(plain, a_client_that_asks_late_is_answered);
	tcase_add_test(plain, after_a_greeting_many_are_in_flight);
	tcase_add_test(plain, what_came_before_a_bad_packet_is_answered);
	tcase_add_test(plain, a_client_that_goes_while_it_is_served_harms_nobody);
	tcase_add_test(plain, an_admin_connection_serves_one_request_after_the_other);
	tcase_add_test(plain, a_client_that_reads_nothing_is_held_back_and_served_when_it_reads);
	tcase_add_test(plain, out_of_descriptors_the_daemon_rests_and_comes_back);
	tcase_add_test(own, a_client_that_reads_nothing_is_closed_in_the_end);
	tcase_add_test(own, the_silent_are_closed_and_the_persistent_are_not);
	tcase_add_test(own, connections_of_one_uid_are_limited);
	tcase_add_test(own, connections_of_all_are_limited);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, own);
	return suite_run(suite);
}
