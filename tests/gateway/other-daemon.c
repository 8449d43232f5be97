/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The gateway with a daemon that is not the one it was made for: older, so that it does not know what it is asked,
 * failing, busy, or lying. It speaks the wire at the real sockets, and answers each request in the way that is being
 * looked at. Whatever it says, nobody is let in, and each is told what it is.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "proto/answer.h"
#include "proto/message.h"
#include "proto/verdict.h"
#include "proto/wire.h"
#include "tests/daemon/host.h"
#include "tests/gateway/gateway-process.h"

#define FORM "Content-Type: application/x-www-form-urlencoded\r\n"
#define CONNECTIONS 32

/* What is no answer of the daemon's, but something it does. */
enum { HANGS_UP = ANSWER_COUNT + 100, SAYS_NOTHING_OF_IT, TALKS_NONSENSE };

static const struct manner {
	const char *name;
	unsigned int answer;
	enum reason reason;
	const char *status, *code, *again; /* again: when to come again; NULL: that is not said */
} manners[] = {
	{ "an older one", ANSWER_UNKNOWN_REQUEST, REASON_NONE, "500", "INTERNAL_ERROR", NULL },
	{ "one that serves others", ANSWER_BUSY, REASON_NONE, "429", "TOO_MANY_REQUESTS", "60" },
	{ "one that was asked too often", ANSWER_BAD_CREDENTIAL, REASON_TOO_MANY_FAILURES, "429", "TOO_MANY_REQUESTS",
	  "60" },
	{ "one that refuses", ANSWER_BAD_CREDENTIAL, REASON_NONE, "401", "ACCESS_TOKEN_INVALID", NULL },
	{ "one that cannot read its store", ANSWER_STORE_FAILED, REASON_NONE, "503", "SERVICE_UNAVAILABLE", "1" },
	{ "one that is not ready", ANSWER_UNAVAILABLE, REASON_NONE, "503", "SERVICE_UNAVAILABLE", "1" },
	{ "a later one", ANSWER_COUNT, REASON_NONE, "503", "SERVICE_UNAVAILABLE", "1" },
	{ "one that fails and calls it well", ANSWER_OK, REASON_NONE, "503", "SERVICE_UNAVAILABLE", "1" },
	{ "one that hangs up", HANGS_UP, REASON_NONE, "503", "SERVICE_UNAVAILABLE", "1" },
	{ "one whose answer is another's", SAYS_NOTHING_OF_IT, REASON_NONE, "503", "SERVICE_UNAVAILABLE", "1" },
	{ "one that talks nonsense", TALKS_NONSENSE, REASON_NONE, "503", "SERVICE_UNAVAILABLE", "1" },
};

static const char *const requests[] = {
	"GET /v1/identity/me HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ak_x\r\n\r\n",
	"GET /v1/api-tokens HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ak_x\r\n\r\n",
	"POST /v1/identity/token HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ak_x\r\n\r\n",
	"POST /v1/introspect HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ak_x\r\n" FORM
	"Content-Length: 7\r\n\r\ntoken=x",
	"POST /v1/revoke HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ak_x\r\n" FORM "Content-Length: 7\r\n\r\ntoken=x",
};

static char folder[64], admin_path[100], gateway_path[100];
static unsigned int *manner; /* shared with the server's process; an index */
static pid_t server;

/* ---- the server ---- */

/* False: it is to be hung up on. */
static bool answer(int fd)
{
	static unsigned char packet[WIRE_PACKET_MAX];
	const struct manner *how = &manners[*(volatile unsigned int *)manner];
	struct message_welcome welcome = { .version = "0.0.1" };
	struct message_error error = { .answer = how->answer, .detail = "as it is", .reason = how->reason };
	ssize_t received = recv(fd, packet, sizeof(packet), 0);
	struct codec_header header;
	size_t size;
	int r;

	if (received <= 0 || how->answer == HANGS_UP || codec_decode_header(packet, (size_t)received, &header) < 0)
		return false;
	if (header.type == WIRE_HELLO) {
		header.type |= WIRE_REPLY;
		r = codec_encode(&message_welcome, &welcome, header, packet, sizeof(packet), &size);
	} else {
		header.type = WIRE_ERROR;
		header.request_id += how->answer == SAYS_NOTHING_OF_IT;
		r = codec_encode(&message_error, &error, header, packet, sizeof(packet), &size);
		if (r == 0 && how->answer == TALKS_NONSENSE)
			memset(packet, 'x', size);
	}
	if (r < 0)
		_exit(2);
	return send(fd, packet, size, MSG_NOSIGNAL) == (ssize_t)size;
}

static _Noreturn void serve(int listener)
{
	struct pollfd fds[CONNECTIONS] = { { .fd = listener, .events = POLLIN } };
	nfds_t count = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (poll(fds, count, -1) < 0)
			_exit(3);
		for (nfds_t i = count - 1; i > 0; i--) {
			if (fds[i].revents == 0 || answer(fds[i].fd))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--count];
		}
		if (fds[0].revents & POLLIN && count < CONNECTIONS) {
			fds[count] = (struct pollfd){ .fd = accept(listener, NULL, NULL), .events = POLLIN };
			count += fds[count].fd >= 0;
		}
	}
}

static void start_server(void)
{
	struct sockaddr_un address;
	socklen_t size;
	int listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (listener < 0 || socket_address(admin_path, &address, &size) < 0 ||
	    bind(listener, (const struct sockaddr *)&address, size) < 0 || chmod(admin_path, 0666) < 0 ||
	    listen(listener, 16) < 0)
		fail("cannot listen: %m");
	manner = mmap(NULL, sizeof(*manner), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (manner == MAP_FAILED)
		fail("out of memory");
	server = fork();
	if (server < 0)
		fail("cannot fork: %m");
	if (server == 0)
		serve(listener);
	close(listener);
}

static void clean_up(void)
{
	if (server <= 0)
		return;
	gateway_stop();
	kill(server, SIGKILL);
	(void)waitpid(server, NULL, 0);
	server = 0;
	(void)unlink(admin_path);
	(void)unlink(gateway_path);
	(void)rmdir(folder);
}

/* ---- what is told ---- */

static void look(const struct manner *how, const char *request)
{
	char said[GATEWAY_ROOM], status[32], code[64], again[64];
	int64_t end = milliseconds() + 20000;
	int fd = gateway_connect();

	snprintf(status, sizeof(status), "HTTP/1.1 %s ", how->status);
	snprintf(code, sizeof(code), "\"errorCode\":\"%s\"", how->code);
	snprintf(again, sizeof(again), "\r\nRetry-After: %s\r\n", how->again ? how->again : "");
	/* Connections that it hung up on are not made anew at once. */
	do {
		(void)gateway_ask(fd, request, strlen(request), said);
	} while (strncmp(said, status, strlen(status)) != 0 && strncmp(said, "HTTP/1.1 503 ", 13) == 0 &&
		 milliseconds() < end);
	close(fd);
	if (strncmp(said, status, strlen(status)) != 0 || !strstr(said, code))
		fail("%s: to '%.30s' it is said '%s', and not %s %s", how->name, request, said, how->status, how->code);
	if (how->again ? !strstr(said, again) : strstr(said, "Retry-After") != NULL)
		fail("%s: when to come again is not as it should be in '%s'", how->name, said);
}

int main(void)
{
	const char *scratch = getenv("TMPDIR");

	if (snprintf(folder, sizeof(folder), "%s/apikeyd-test-XXXXXX", scratch ? scratch : "/tmp") >=
		    (int)sizeof(folder) ||
	    !mkdtemp(folder) || chmod(folder, 0755) < 0)
		fail("cannot make a folder: %m");
	snprintf(admin_path, sizeof(admin_path), "%s/" WIRE_ADMIN_SOCKET, folder);
	snprintf(gateway_path, sizeof(gateway_path), "%s/gateway.sock", folder);
	start_server();
	if (atexit(clean_up) != 0)
		fail("cannot register the clean-up");
	gateway_start(folder, gateway_path, 0);
	for (size_t i = 0; i < ARRAY_SIZE(manners); i++) {
		*(volatile unsigned int *)manner = (unsigned int)i;
		for (size_t j = 0; j < ARRAY_SIZE(requests); j++)
			look(&manners[i], requests[j]);
	}
	return EXIT_SUCCESS;
}
