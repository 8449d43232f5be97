/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/gateway/gateway-process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/daemon/host.h"

#define PATIENCE 30000 /* milliseconds */

/* For the exit handler, which takes no argument. */
static pid_t gateway, starter;
static char socket_path[100];

void gateway_stop(void)
{
	if (gateway <= 0 || getpid() != starter)
		return;
	kill(gateway, SIGTERM);
	(void)waitpid(gateway, NULL, 0);
	gateway = 0;
}

static _Noreturn void run(const char *runtime)
{
	const char *program = getenv("APIKEY_GATEWAY");

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	execl(program ? program : "gateway/apikey-gateway", "apikey-gateway", "--runtime-dir", runtime, "--listen",
	      socket_path, "--user", GATEWAY_USER, "--proxy", "local", (char *)NULL);
	_exit(127);
}

/* -1: nobody listens. */
static int try_to_connect(void)
{
	const struct timeval patience = { .tv_sec = PATIENCE / 1000 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		fail("no socket: %m");
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		close(fd);
		return -1;
	}
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	return fd;
}

int gateway_connect(void)
{
	int fd = try_to_connect();

	if (fd < 0)
		fail("the gateway takes no connection: %m");
	return fd;
}

size_t gateway_ask(int fd, const char *request, size_t size, char ret_answer[GATEWAY_ROOM])
{
	size_t have = 0, whole = 0;

	if (send(fd, request, size, MSG_NOSIGNAL) != (ssize_t)size)
		fail("a request is not taken: %m");
	while (have == 0 || have < whole) {
		ssize_t r = recv(fd, ret_answer + have, GATEWAY_ROOM - 1 - have, 0);
		const char *end, *length;

		if (r <= 0)
			fail("no answer to '%.60s': %s", request, r == 0 ? "it hung up" : strerror(errno));
		have += (size_t)r;
		ret_answer[have] = '\0';
		end = strstr(ret_answer, "\r\n\r\n");
		length = strcasestr(ret_answer, "\r\nContent-Length:");
		whole = end && length ? (size_t)(end + 4 - ret_answer) + strtoul(length + 17, NULL, 10) : GATEWAY_ROOM;
	}
	return have;
}

void gateway_start(const char *runtime, const char *path, int healthy)
{
	static const char question[] = "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n";
	int64_t end = milliseconds() + PATIENCE;
	char answer[GATEWAY_ROOM] = "";

	snprintf(socket_path, sizeof(socket_path), "%s", path);
	starter = getpid();
	gateway = fork();
	if (gateway < 0 || atexit(gateway_stop) != 0)
		fail("cannot start the gateway: %m");
	if (gateway == 0)
		run(runtime);
	while (!strstr(answer, healthy ? " 200 " : "HTTP/1.1 ")) {
		int fd = try_to_connect();

		if (fd >= 0) {
			(void)gateway_ask(fd, question, sizeof(question) - 1, answer);
			close(fd);
		}
		if (milliseconds() > end || waitpid(gateway, NULL, WNOHANG) != 0)
			fail("the gateway does not serve");
		poll(NULL, 0, 10);
	}
}
