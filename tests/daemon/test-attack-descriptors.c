/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Descriptors that come with a packet. The last close of a socket that lingers takes as long as whoever made it likes,
 * and the daemon must not be the one that waits for it: not when it reads the packet, and not when it closes a
 * connection with the packet unread.
 */
#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/wire.h"
#include "tests/daemon/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define LINGER_SECONDS 60
#define ANSWER_LIMIT 10000 /* milliseconds; far from the above, and enough for a slow machine */
#define CONNECTIONS 4      /* of one user at a time */
#define STRANGER 65533     /* whom a root run attacks as */
#define SOME_TYPE 77       /* a request that nobody knows, so that it is answered at once */

static struct host host;

/* A packet without fields. */
struct header {
	uint32_t magic;
	uint16_t version, type;
	uint32_t id[2], length;
};

static struct header header_of(uint16_t type)
{
	return (struct header){ htonl(WIRE_MAGIC), htons(WIRE_VERSION), htons(type), { 0, htonl(1) }, 0 };
}

/* Connects by the name of a socket. */
static int connect_to(const char *name)
{
	char path[sizeof(host.runtime) + 32];
	struct sockaddr_un address;
	socklen_t size;
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "%s/%s", host.runtime, name);
	if (fd < 0 || socket_address(path, &address, &size) < 0 || connect(fd, (struct sockaddr *)&address, size) < 0)
		fail("cannot connect to %s: %m", path);
	return fd;
}

/* A socket whose close waits until its peer, which never reads, has taken all. */
static int make_lingering(int *ret_peer)
{
	CLEANUP_CLOSE int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger linger = { 1, LINGER_SECONDS };
	socklen_t size = sizeof(address);
	static char data[65536];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (listening < 0 || fd < 0 || bind(listening, (struct sockaddr *)&address, size) < 0 ||
	    listen(listening, 1) < 0 || getsockname(listening, (struct sockaddr *)&address, &size) < 0 ||
	    connect(fd, (struct sockaddr *)&address, size) < 0 || (*ret_peer = accept(listening, NULL, NULL)) < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)) < 0)
		skip("no connection over loopback can be made: %m");
	while (send(fd, data, sizeof(data), MSG_DONTWAIT) > 0)
		;
	return fd;
}

/* Sends size bytes and the descriptor, and keeps no copy of it. The peer is kept until this process ends. */
static void send_lingering(int fd, const void *data, size_t size)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .header = {
			      .cmsg_len = CMSG_LEN(sizeof(int)), .cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS } };
	struct iovec vector = { (void *)(uintptr_t)data, size };
	struct msghdr message = {
		.msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control)
	};
	int peer, lingering = make_lingering(&peer);

	memcpy(CMSG_DATA(&control.header), &lingering, sizeof(lingering));
	if (sendmsg(fd, &message, MSG_NOSIGNAL) < 0)
		fail("cannot send a descriptor: %m");
	/* Closed by us it would linger for us. */
	close(lingering);
}

static void send_request(int fd, uint16_t type)
{
	struct header header = header_of(type);

	if (send(fd, &header, sizeof(header), MSG_NOSIGNAL) != (ssize_t)sizeof(header))
		fail("cannot send a request: %m");
}

/* True when something comes, be it the end, inside the limit. */
static bool is_answered(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, ANSWER_LIMIT) == 1;
}

/* What an attacker sends while the daemon is stopped, so that it holds the last copies when it reads. */

static void in_the_first_packet(const char *name)
{
	struct header header = header_of(SOME_TYPE);

	send_lingering(connect_to(name), &header, sizeof(header));
}

static void behind_a_request(const char *name)
{
	struct header header = header_of(SOME_TYPE);
	int fd = connect_to(name);

	send_request(fd, SOME_TYPE);
	send_lingering(fd, &header, sizeof(header));
}

static void behind_a_greeting(const char *name)
{
	struct header header = header_of(SOME_TYPE);
	int fd = connect_to(name);

	send_request(fd, WIRE_HELLO);
	send_request(fd, SOME_TYPE);
	send_request(fd, SOME_TYPE);
	send_lingering(fd, &header, sizeof(header));
	send_lingering(fd, "", 0);
}

static void in_empty_packets(const char *name)
{
	int fd = connect_to(name);

	if (send(fd, "", 0, MSG_NOSIGNAL) < 0)
		fail("cannot send an empty packet: %m");
	send_lingering(fd, "", 0);
}

static void behind_a_bad_packet(const char *name)
{
	static const char much[WIRE_PACKET_MAX + 1];
	int fd = connect_to(name);

	if (send(fd, much, sizeof(much), MSG_NOSIGNAL) < 0)
		fail("cannot send a large packet: %m");
	send_lingering(fd, "", 0);
}

/* More connections than a user may have: some are closed unread. */
static void in_too_many_connections(const char *name)
{
	for (int i = 0; i < 2 * CONNECTIONS; i++)
		in_the_first_packet(name);
}

static const struct {
	const char *name;
	void (*send)(const char *name);
} attacks[] = {
	{ "in the first packet", in_the_first_packet }, { "behind a request", behind_a_request },
	{ "behind a greeting", behind_a_greeting },     { "in empty packets", in_empty_packets },
	{ "behind a bad packet", behind_a_bad_packet }, { "in too many connections", in_too_many_connections },
};

/* Runs an attack as a stranger, who stays until killed, because the peers of what lingers must not go. */
static pid_t start_attack(void (*attack)(const char *name), const char *name)
{
	int ready[2];
	pid_t child;
	char byte;

	if (pipe2(ready, O_CLOEXEC) < 0 || (child = fork()) < 0)
		fail("cannot fork: %m");
	if (child > 0) {
		close(ready[1]);
		if (read(ready[0], &byte, 1) != 1)
			fail("the attack did not come about");
		close(ready[0]);
		return child;
	}
	if (geteuid() == 0 && setresuid(STRANGER, STRANGER, STRANGER) < 0)
		fail("cannot become another user: %m");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	attack(name);
	if (write(ready[1], "", 1) != 1)
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
}

/* One who greets is served by a worker, and one who does not by the thread that accepts. */
static void ask(const char *name, const char *what, bool greet)
{
	int fd = connect_to(name);
	char reply[WIRE_VERIFY_PACKET_MAX];

	if (greet) {
		send_request(fd, WIRE_HELLO);
		if (!is_answered(fd) || recv(fd, reply, sizeof(reply), 0) < 0)
			fail("a descriptor %s holds %s up", what, name);
	}
	send_request(fd, SOME_TYPE);
	if (!is_answered(fd))
		fail("a descriptor %s holds %s up%s", what, name, greet ? " for those who stay" : "");
	close(fd);
}

int main(void)
{
	static const char *const names[] = { WIRE_VERIFY_SOCKET, WIRE_ADMIN_SOCKET };

	host_open(&host, "[daemon]\nworkers = 1\nconnections_per_uid = 4\n");
	host_start(&host);
	for (size_t i = 0; i < ARRAY_SIZE(attacks); i++) {
		for (size_t j = 0; j < ARRAY_SIZE(names); j++) {
			pid_t attacker;

			host_pause(&host);
			attacker = start_attack(attacks[i].send, names[j]);
			host_resume(&host);
			ask(names[j], attacks[i].name, false);
			ask(names[j], attacks[i].name, true);
			kill(attacker, SIGKILL);
			waitpid(attacker, NULL, 0);
		}
	}
	host_end(&host, SIGTERM);
	host_remove(&host);
	return EXIT_SUCCESS;
}
