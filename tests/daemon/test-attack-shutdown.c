/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A client that asks on and on while the name service hangs and the daemon is told to stop: requests that wait for a
 * name when the time is up are let go, and nothing of them is touched again.
 */
#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/message.h"
#include "proto/wire.h"
#include "tests/daemon/host.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECTIONS 4
#define REQUESTS 4      /* on each of them */
#define STOP_AFTER 1000 /* milliseconds: when the time to stop is up, other requests wait than when it began */

static struct host host;

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

static void ask_for_a_key(int fd)
{
	struct message_key_create message = { .name = "laptop", .owner = "alice" };
	struct codec_header header = { .type = WIRE_KEY_CREATE, .request_id = 1 };
	unsigned char packet[1024];
	size_t size;

	if (codec_encode(&message_key_create, &message, header, packet, sizeof(packet), &size) < 0 ||
	    send(fd, packet, size, MSG_NOSIGNAL) < 0)
		fail("a key cannot be asked for: %m");
}

int main(void)
{
	/* What was freed is overwritten, so that its use is noticed without a sanitizer too. */
	setenv("MALLOC_PERTURB_", "165", 1);
	if (!getenv("APIKEYD"))
		setenv("APIKEYD", "tests/daemon/hung-names", 1);
	host_open(&host, NULL);
	host_start(&host);
	for (int i = 0; i < CONNECTIONS; i++) {
		int fd = connect_to(WIRE_ADMIN_SOCKET);

		for (int j = 0; j < REQUESTS; j++)
			ask_for_a_key(fd);
	}
	poll(NULL, 0, STOP_AFTER);
	host_stop(&host);
	host_remove(&host);
	return EXIT_SUCCESS;
}
