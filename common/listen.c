/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/listen.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"

/* True when somebody accepts connections there. */
static bool is_alive(const struct sockaddr_un *address, socklen_t size)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	return fd >= 0 && (connect(fd, (const struct sockaddr *)address, size) == 0 || errno == EAGAIN);
}

int socket_listen(const char *path, mode_t mode, int backlog)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct stat status;
	socklen_t size;
	mode_t before;
	int r;

	if (fd < 0)
		return -errno;
	r = socket_address(path, &address, &size);
	if (r < 0)
		return r;
	if (lstat(path, &status) == 0) {
		if (!S_ISSOCK(status.st_mode) || is_alive(&address, size))
			return -EADDRINUSE;
		if (unlink(path) < 0)
			return -errno;
	}
	/* The name has the descriptor's mode from the start: set by name, it might be set of what somebody put there.
	 */
	if (fchmod(fd, mode) < 0)
		return -errno;
	before = umask(0);
	r = bind(fd, (const struct sockaddr *)&address, size) < 0 ? -errno : 0;
	umask(before);
	if (r < 0)
		return r;
	if (listen(fd, backlog) < 0)
		return -errno;
	return cleanup_take_fd(&fd);
}

void socket_names_free(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
}
