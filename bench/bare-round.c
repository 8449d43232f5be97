/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What a Unix SEQPACKET socket costs with nobody thinking at the other end: the floor under a login.
 *
 *     bare-round once COUNT      connect, send 150 bytes, receive as many, close; the server accepts in an sd-event
 * loop, as apikeyd does bare-round open COUNT      the same on one connection
 *
 * The server is a child. Prints microseconds a round.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-event.h>
#include <time.h>
#include <unistd.h>

#include "common/socket.h"

#define SIZE 150

static int on_data(sd_event_source *source, int fd, uint32_t events, void *data)
{
	char packet[SIZE];
	ssize_t size = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);

	(void)events;
	(void)data;
	if (size > 0 && send(fd, packet, (size_t)size, MSG_NOSIGNAL) == size)
		return 0;
	if (size < 0 && errno == EAGAIN)
		return 0;
	sd_event_source_disable_unref(source);
	close(fd);
	return 0;
}

/* Answers at once where the request is there already; else when it comes. */
static int on_accept(sd_event_source *source, int listening, uint32_t events, void *data)
{
	int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	int *once = data;
	char packet[SIZE];
	sd_event_source *connection;
	ssize_t size;

	(void)events;
	if (fd < 0)
		return 0;
	size = recv(fd, packet, sizeof(packet), MSG_DONTWAIT);
	if (size > 0)
		(void)send(fd, packet, (size_t)size, MSG_NOSIGNAL);
	if (size > 0 && *once) {
		close(fd);
		return 0;
	}
	return sd_event_add_io(sd_event_source_get_event(source), &connection, fd, EPOLLIN, on_data, NULL);
}

static void serve(int listening, int once)
{
	sd_event *event;

	if (sd_event_new(&event) < 0 || sd_event_add_io(event, NULL, listening, EPOLLIN, on_accept, &once) < 0)
		_exit(1);
	_exit(sd_event_loop(event) < 0);
}

static int round_trip(int fd)
{
	char packet[SIZE] = "request";

	return send(fd, packet, sizeof(packet), MSG_NOSIGNAL) == SIZE && recv(fd, packet, sizeof(packet), 0) == SIZE;
}

static int dial(const struct sockaddr_un *address, socklen_t size)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (const struct sockaddr *)address, size) == 0)
		return fd;
	perror("bare-round");
	exit(EXIT_FAILURE);
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/bare-round.XXXXXX", path[64];
	int once = argc > 1 && strcmp(argv[1], "once") == 0, listening, fd = -1;
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 0;
	struct sockaddr_un address;
	socklen_t size;
	pid_t server;
	double start;

	if (count < 1 || !mkdtemp(folder)) {
		fprintf(stderr, "usage: bare-round once|open COUNT\n");
		return 2;
	}
	snprintf(path, sizeof(path), "%s/socket", folder);
	listening = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (socket_address(path, &address, &size) < 0 || bind(listening, (struct sockaddr *)&address, size) < 0 ||
	    listen(listening, 64) < 0) {
		perror("bare-round");
		return EXIT_FAILURE;
	}
	server = fork();
	if (server == 0)
		serve(listening, once);
	start = seconds();
	for (long i = 0; i < count; i++) {
		if (fd < 0)
			fd = dial(&address, size);
		if (!round_trip(fd))
			return EXIT_FAILURE;
		if (once) {
			close(fd);
			fd = -1;
		}
	}
	printf("%.2f\n", (seconds() - start) / (double)count * 1e6);
	kill(server, SIGKILL);
	waitpid(server, NULL, 0);
	unlink(path);
	rmdir(folder);
	return EXIT_SUCCESS;
}
