/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/connect.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "config.h"
#include "lib/trust.h"
#include "proto/answer.h"
#include "proto/message.h"
#include "proto/wire.h"

/* ---- where the socket is ---- */

/* The path of a socket: what fits an address. */
struct place {
	char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
};

static int place_join(const char *folder, const char *name, struct place *ret_place)
{
	size_t folder_size = strcmp(folder, "/") == 0 ? 0 : strlen(folder);
	size_t name_size = strlen(name);

	if (folder_size + 1 + name_size >= sizeof(ret_place->path))
		return -ENAMETOOLONG;
	memcpy(ret_place->path, folder, folder_size);
	ret_place->path[folder_size] = '/';
	memcpy(ret_place->path + folder_size + 1, name, name_size + 1);
	return 0;
}

/* Joins after links in the folder's path are resolved, so that what is checked is what is connected to. */
static int place_resolve(const char *folder, const char *name, struct place *ret_place)
{
	char resolved[PATH_MAX];

	if (!realpath(folder, resolved))
		return -errno;
	return place_join(resolved, name, ret_place);
}

static const char *socket_name(enum connect_purpose purpose)
{
	if (purpose == CONNECT_ADMIN)
		return WIRE_ADMIN_SOCKET;
	if (purpose == CONNECT_SESSION)
		return WIRE_SESSION_SOCKET;
	return geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET;
}

/* The place of one socket whose file is named, or of the one called name beside it. */
static int place_of_file(const char *path, const char *name, struct place *ret_place)
{
	const char *slash = strrchr(path, '/');
	char folder[PATH_MAX];
	size_t size;

	if (!slash)
		return place_resolve(".", name ? name : path, ret_place);
	size = slash == path ? 1 : (size_t)(slash - path);
	if (size >= sizeof(folder))
		return -ENAMETOOLONG;
	memcpy(folder, path, size);
	folder[size] = '\0';
	return place_resolve(folder, name ? name : slash + 1, ret_place);
}

static int place_find(const char *path, enum connect_purpose purpose, struct place *ret_place)
{
	struct stat about;

	if (!path)
		return place_join(WIRE_RUNTIME_DIR, socket_name(purpose), ret_place);
	if (lstat(path, &about) < 0)
		return -errno;
	if (S_ISSOCK(about.st_mode))
		return place_of_file(path, purpose == CONNECT_SESSION ? socket_name(purpose) : NULL, ret_place);
	if (S_ISLNK(about.st_mode) && stat(path, &about) < 0)
		return -errno;
	if (S_ISDIR(about.st_mode))
		return place_resolve(path, socket_name(purpose), ret_place);
	return -EPERM;
}

/* ---- connecting ---- */

/* A new socket whose descriptor is above the standard ones, which a caller may have closed. */
static int socket_new(int *ret_fd)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int moved;

	if (fd < 0)
		return -errno;
	if (fd > STDERR_FILENO) {
		*ret_fd = cleanup_take_fd(&fd);
		return 0;
	}
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (moved < 0)
		return -errno;
	*ret_fd = moved;
	return 0;
}

/*
 * Blocks while the server's backlog is full: a connect that does not block would get EAGAIN, which cannot be polled
 * for.
 */
static int connect_within(int fd, const struct sockaddr_un *address, socklen_t size, struct deadline deadline)
{
	int left;

	while ((left = deadline_left(deadline)) > 0) {
		struct timeval limit = { .tv_sec = left / 1000, .tv_usec = left % 1000 * 1000 };

		if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) < 0)
			return -errno;
		if (connect(fd, (const struct sockaddr *)address, size) == 0)
			return 0;
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return -ETIMEDOUT;
}

int connect_open(const char *path, enum connect_purpose purpose, struct deadline deadline, int *ret_fd)
{
	uid_t also = trust_own_uid(path != NULL);
	CLEANUP_CLOSE int fd = -1;
	struct sockaddr_un address;
	struct place place;
	socklen_t size;
	int r;

	r = place_find(path, purpose, &place);
	if (r < 0)
		return r;
	r = trust_path(place.path, also);
	if (r < 0)
		return r;
	r = socket_address(place.path, &address, &size);
	if (r < 0)
		return r;
	r = socket_new(&fd);
	if (r == 0)
		r = connect_within(fd, &address, size, deadline);
	if (r < 0)
		return r == -EPERM ? -EACCES : r; /* here -EPERM is a policy of the kernel's, no finding of ours */
	r = trust_peer(fd, also);
	if (r < 0)
		return r;
	*ret_fd = cleanup_take_fd(&fd);
	return 0;
}

/* ---- packets ---- */

static int wait_for(int fd, short events, struct deadline deadline)
{
	struct pollfd watched = { .fd = fd, .events = events };
	int left, ready;

	while ((left = deadline_left(deadline)) > 0) {
		ready = poll(&watched, 1, left);
		if (ready > 0)
			return 0;
		if (ready < 0 && errno != EINTR)
			return -errno;
	}
	return -ETIMEDOUT;
}

int connect_send(int fd, const void *packet, size_t size, struct deadline deadline)
{
	for (;;) {
		ssize_t sent = send(fd, packet, size, MSG_NOSIGNAL | MSG_DONTWAIT);
		int r;

		if (sent >= 0)
			return (size_t)sent == size ? 0 : -EIO;
		if (errno == EPIPE)
			return -ECONNRESET;
		if (errno == EINTR)
			continue;
		if (errno != EAGAIN)
			return -errno;
		r = wait_for(fd, POLLOUT, deadline);
		if (r < 0)
			return r;
	}
}

int connect_receive(int fd, void *buffer, size_t capacity, struct deadline deadline, size_t *ret_size)
{
	for (;;) {
		ssize_t received;
		int r = wait_for(fd, POLLIN, deadline);

		if (r < 0)
			return r;
		/* MSG_TRUNC: the packet's own size comes back, where it would otherwise be cut in silence. */
		received = recv(fd, buffer, capacity, MSG_DONTWAIT | MSG_TRUNC);
		if (received == 0)
			return -ECONNRESET;
		if (received > 0 && (size_t)received > capacity)
			return -EMSGSIZE;
		if (received > 0) {
			*ret_size = (size_t)received;
			return 0;
		}
		if (errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

/* ---- the announcement of a persistent client ---- */

#define HELLO_ID 1
#define HELLO_PACKET_MAX 1024 /* either way: a name, or an error with its detail */

static int read_welcome(const void *packet, size_t size)
{
	struct codec_header header;
	struct message_welcome welcome;
	struct message_error error;

	if (codec_decode_header(packet, size, &header) < 0 || header.request_id != HELLO_ID)
		return -EPROTO;
	if (header.type == WIRE_ERROR && codec_decode(&message_error, packet, size, &error) == 0)
		return error.answer == ANSWER_BUSY ? -EBUSY : -ECONNREFUSED;
	if (header.type != (WIRE_HELLO | WIRE_REPLY) || codec_decode(&message_welcome, packet, size, &welcome) < 0)
		return -EPROTO;
	return 0;
}

int connect_open_persistent(const char *path, enum connect_purpose purpose, struct deadline deadline, int *ret_fd)
{
	struct message_hello hello = { .agent = "libapikey " PACKAGE_VERSION };
	struct codec_header header = { .type = WIRE_HELLO, .request_id = HELLO_ID };
	unsigned char packet[HELLO_PACKET_MAX];
	CLEANUP_CLOSE int fd = -1;
	size_t size;
	int r;

	r = connect_open(path, purpose, deadline, &fd);
	if (r < 0)
		return r;
	r = codec_encode(&message_hello, &hello, header, packet, sizeof(packet), &size);
	if (r < 0)
		return r;
	r = connect_send(fd, packet, size, deadline);
	if (r < 0)
		return r;
	r = connect_receive(fd, packet, sizeof(packet), deadline, &size);
	if (r < 0)
		return r == -EMSGSIZE ? -EPROTO : r;
	r = read_welcome(packet, size);
	if (r < 0)
		return r;
	*ret_fd = cleanup_take_fd(&fd);
	return 0;
}
