/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/socket.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"

int socket_address(const char *path, struct sockaddr_un *ret_address, socklen_t *ret_size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t size = strlen(path);

	if (size == 0 || size >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, size);
	*ret_address = address;
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size + 1);
	return 0;
}

int socket_peer(int fd, struct socket_peer *ret_peer)
{
	struct ucred credentials;
	socklen_t size = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) < 0)
		return -errno;
	if (size != sizeof(credentials))
		return -EPROTO;
	if (credentials.uid == (uid_t)-1) /* what the kernel answers where there is no peer */
		return -ENOTCONN;
	*ret_peer = (struct socket_peer){ .uid = credentials.uid, .gid = credentials.gid, .pid = credentials.pid };
	return 0;
}

int socket_connect(const char *path)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct socket_peer peer = { .uid = (uid_t)-1 };
	socklen_t size;
	int r;

	if (fd < 0)
		return -errno;
	r = socket_address(path, &address, &size);
	if (r < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)&address, size) < 0)
		return -errno;
	r = socket_peer(fd, &peer);
	if (r < 0)
		return r;
	return peer.uid == 0 || peer.uid == geteuid() ? cleanup_take_fd(&fd) : -EPERM;
}
