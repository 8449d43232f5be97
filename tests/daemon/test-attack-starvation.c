/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A user who opens as many connections as they are let, on a host that lets the daemon have few descriptors: root's
 * logins go on.
 */
#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/wire.h"
#include "tests/daemon/host.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define STRANGER 65533
#define DESCRIPTORS 300
#define ATTACKERS 2     /* processes of one user */
#define CONNECTIONS 200 /* of each of them */
#define LOGINS 50
#define WELL_FORMED "ak_000000000000_000000000000000000000000000000003Nuorl"

static struct host host;

static int connect_to(const char *name)
{
	char path[sizeof(host.runtime) + 32];
	struct sockaddr_un address;
	socklen_t size;
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	snprintf(path, sizeof(path), "%s/%s", host.runtime, name);
	if (fd < 0 || socket_address(path, &address, &size) < 0 || connect(fd, (struct sockaddr *)&address, size) < 0)
		return -1;
	return cleanup_take_fd(&fd);
}

/* Greets, so that the connection stays, and waits until it is taken in or refused. */
static void greet(int fd)
{
	struct {
		uint32_t magic;
		uint16_t version, type;
		uint32_t id[2], length;
	} hello = { htonl(WIRE_MAGIC), htons(WIRE_VERSION), htons(WIRE_HELLO), { 0, htonl(1) }, 0 };
	char reply[WIRE_VERIFY_PACKET_MAX];

	if (send(fd, &hello, sizeof(hello), MSG_NOSIGNAL) > 0)
		(void)!recv(fd, reply, sizeof(reply), 0);
}

/* Has all connections that are to be had, and keeps them. */
static pid_t start_attack(void)
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
	if (setgroups(0, NULL) < 0 || setresgid(STRANGER, STRANGER, STRANGER) < 0 ||
	    setresuid(STRANGER, STRANGER, STRANGER) < 0)
		fail("cannot become another user: %m");
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = connect_to(WIRE_VERIFY_SOCKET);

		if (fd < 0)
			fail("cannot connect: %m");
		greet(fd);
	}
	if (write(ready[1], "", 1) != 1)
		_exit(EXIT_FAILURE);
	for (;;)
		pause();
}

int main(void)
{
	const struct rlimit few = { DESCRIPTORS, DESCRIPTORS };
	pid_t attackers[ATTACKERS];

	if (geteuid() != 0)
		skip("only root has a socket of its own");
	host_open(&host, "[daemon]\nconnections_max = 1024\nconnections_per_uid = 1024\n");
	if (setrlimit(RLIMIT_NOFILE, &few) < 0)
		fail("the limit cannot be set: %m");
	host_start(&host);
	for (size_t i = 0; i < ATTACKERS; i++)
		attackers[i] = start_attack();
	for (int i = 0; i < LOGINS; i++) {
		struct apikey_options options = host_options(&host);
		struct apikey_request request = { .size = sizeof(request),
						  .credential = WELL_FORMED,
						  .service = "test",
						  .permission = "test",
						  .user = "alice" };
		struct apikey_result *result = NULL;

		if (apikey_verify(&options, &request, &result) < 0)
			fail("root's login number %d cannot be asked for", i);
		if (result->verdict == APIKEY_UNAVAILABLE)
			fail("root's login number %d is not answered: %s", i, result->reason);
		apikey_result_free(result);
	}
	for (size_t i = 0; i < ATTACKERS; i++) {
		kill(attackers[i], SIGKILL);
		waitpid(attackers[i], NULL, 0);
	}
	host_end(&host, SIGTERM);
	host_remove(&host);
	return EXIT_SUCCESS;
}
