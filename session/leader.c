/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/leader.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common/cleanup.h"

#ifndef SO_PEERPIDFD /* of Linux 6.5, in no header of older C libraries */
#define SO_PEERPIDFD 77
#endif

#define FDINFO_MAX 4096

static short events_of(int fd, short events)
{
	struct pollfd polled = { .fd = fd, .events = events };
	int r;

	if (fd < 0) /* poll() passes it over */
		return POLLNVAL;
	do
		r = poll(&polled, 1, 0);
	while (r < 0 && errno == EINTR);
	return r < 0 ? POLLERR : polled.revents;
}

bool leader_is_alive(int pidfd)
{
	return events_of(pidfd, POLLIN) == 0;
}

bool leader_is_connected(int fd)
{
	return (events_of(fd, POLLRDHUP) & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) == 0;
}

static int checked(int fd, int pidfd)
{
	int r = 0;

	if (!leader_is_connected(fd))
		r = -ENOTCONN;
	else if (!leader_is_alive(pidfd))
		r = -ESRCH;
	if (r == 0)
		return pidfd;
	close(pidfd);
	return r;
}

int leader_open_by_number(int fd, pid_t pid)
{
	int pidfd;

	if (pid <= 0) /* of a namespace that cannot be seen from here */
		return -ESRCH;
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	return pidfd < 0 ? -errno : checked(fd, pidfd);
}

int leader_open(int fd, pid_t pid)
{
	socklen_t size = sizeof(int);
	pid_t found = 0;
	int pidfd = -1, r;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &size) < 0)
		return errno == ENOPROTOOPT ? leader_open_by_number(fd, pid) : -errno;
	r = leader_of(pidfd, &found);
	if (r == 0 && found != pid)
		r = -ESRCH;
	if (r < 0) {
		close(pidfd);
		return r;
	}
	return checked(fd, pidfd);
}

int leader_of(int pidfd, pid_t *ret_pid)
{
	char path[64], text[FDINFO_MAX];
	CLEANUP_CLOSE int fd = -1;
	const char *line;
	char *end;
	ssize_t size;
	long pid;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	size = read(fd, text, sizeof(text) - 1);
	if (size < 0)
		return -errno;
	text[size] = '\0';
	line = strstr(text, "\nPid:\t");
	if (!line)
		return -EINVAL;
	pid = strtol(line + strlen("\nPid:\t"), &end, 10);
	if (*end != '\n' || pid > INT32_MAX)
		return -EINVAL;
	if (pid <= 0)
		return -ESRCH;
	*ret_pid = (pid_t)pid;
	return 0;
}

int leader_signal(int pidfd, int number)
{
	return syscall(SYS_pidfd_send_signal, pidfd, number, NULL, 0) < 0 ? -errno : 0;
}
