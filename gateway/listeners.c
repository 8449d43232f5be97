/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/listeners.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/socket.h"

#define BACKLOG 1024
#define UNIX_MODE 0660
#define TLS_NAME "tls"

static void free_names(char ***names)
{
	for (char **name = *names; name && *name; name++)
		free(*name);
	free(*names);
}

int listeners_take(struct listeners *listeners, char *ret_fault, size_t fault_size)
{
	CLEANUP(free_names) char **names = NULL;
	int count = sd_listen_fds_with_names(1, &names);

	if (count < 0)
		return fault_tell(count, ret_fault, fault_size, "what systemd handed over cannot be taken: %s",
				  strerror(-count));
	if ((size_t)count > LISTENERS_MOST)
		return fault_tell(-E2BIG, ret_fault, fault_size, "systemd handed over more than %d sockets",
				  LISTENERS_MOST);
	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;

		if (sd_is_socket(fd, AF_UNSPEC, SOCK_STREAM, 1) <= 0)
			return fault_tell(-EINVAL, ret_fault, fault_size,
					  "what systemd handed over is no listening stream socket: look at "
					  "ListenStream= in apikey-gateway.socket");
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		listeners->tls[listeners->count] = strcmp(names[i], TLS_NAME) == 0;
		listeners->fds[listeners->count++] = fd;
	}
	return 0;
}

/* Reads "ADDRESS:PORT" or "[ADDRESS]:PORT". */
static bool parse(const char *text, struct sockaddr_storage *ret_address, socklen_t *ret_size)
{
	struct sockaddr_storage address = { .ss_family = AF_UNSPEC };
	struct sockaddr_in *in = (struct sockaddr_in *)&address;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&address;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN], *end;
	bool brackets = text[0] == '[' && colon && colon > text + 1 && colon[-1] == ']';
	const char *start = brackets ? text + 1 : text;
	unsigned long port;
	size_t size;

	if (!colon || colon[1] < '0' || colon[1] > '9')
		return false;
	port = strtoul(colon + 1, &end, 10);
	size = (size_t)(colon - start) - (brackets ? 1 : 0);
	if (*end != '\0' || port == 0 || port > UINT16_MAX || size >= sizeof(host))
		return false;
	memcpy(host, start, size);
	host[size] = '\0';
	if (!brackets && inet_pton(AF_INET, host, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons((uint16_t)port);
		*ret_size = sizeof(*in);
	} else if (brackets && inet_pton(AF_INET6, host, &in6->sin6_addr) == 1) {
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons((uint16_t)port);
		*ret_size = sizeof(*in6);
	} else {
		return false;
	}
	*ret_address = address;
	return true;
}

static int bind_inet(const struct sockaddr_storage *address, socklen_t size, int *ret_fd)
{
	static const int on = 1;
	CLEANUP_CLOSE int fd = socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    (address->ss_family == AF_INET6 && setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) < 0) ||
	    bind(fd, (const struct sockaddr *)address, size) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = cleanup_take_fd(&fd);
	return 0;
}

/* One that nobody listens on any more is replaced. */
static int bind_unix(const char *path, int *ret_fd)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct stat status;
	socklen_t size;
	mode_t before;
	int r = socket_address(path, &address, &size);

	if (r < 0 || fd < 0)
		return r < 0 ? r : -errno;
	if (lstat(path, &status) == 0) {
		if (!S_ISSOCK(status.st_mode) || connect(fd, (const struct sockaddr *)&address, size) == 0 ||
		    errno != ECONNREFUSED)
			return -EADDRINUSE;
		if (unlink(path) < 0)
			return -errno;
	}
	before = umask(0777 & ~UNIX_MODE);
	r = bind(fd, (const struct sockaddr *)&address, size) < 0 || listen(fd, BACKLOG) < 0 ? -errno : 0;
	umask(before);
	if (r == 0)
		*ret_fd = cleanup_take_fd(&fd);
	return r;
}

bool listeners_is_address(const char *text)
{
	struct sockaddr_storage inet;
	struct sockaddr_un local;
	socklen_t size;

	return text[0] == '/' ? socket_address(text, &local, &size) == 0 : parse(text, &inet, &size);
}

int listeners_make(struct listeners *listeners, const char *address, char *ret_fault, size_t fault_size)
{
	struct sockaddr_storage inet;
	CLEANUP_FREE char *path = NULL;
	socklen_t size;
	int fd = -1, r;

	if (listeners->count == LISTENERS_MOST)
		return fault_tell(-E2BIG, ret_fault, fault_size, "there are more than %d addresses to listen on",
				  LISTENERS_MOST);
	if (address[0] == '/') {
		path = strdup(address);
		r = path ? bind_unix(address, &fd) : -ENOMEM;
	} else if (parse(address, &inet, &size)) {
		r = bind_inet(&inet, size, &fd);
	} else {
		return fault_tell(-EINVAL, ret_fault, fault_size,
				  "'%s' is nothing to listen on: write 127.0.0.1:8075, [::1]:8075 or /path/to/socket",
				  address);
	}
	if (r < 0)
		return fault_tell(r, ret_fault, fault_size, "%s cannot be listened on: %s", address, strerror(-r));
	listeners->paths[listeners->count] = path;
	path = NULL;
	listeners->fds[listeners->count++] = fd;
	return 0;
}

int listeners_give(const struct listeners *listeners, gid_t group, char *ret_fault, size_t fault_size)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->paths[i] && lchown(listeners->paths[i], (uid_t)-1, group) < 0)
			return fault_tell(-errno, ret_fault, fault_size, "%s cannot be given to the user's group: %s",
					  listeners->paths[i], strerror(errno));
	}
	return 0;
}

void listeners_done(struct listeners *listeners)
{
	for (size_t i = 0; i < listeners->count; i++) {
		if (listeners->paths[i])
			(void)unlink(listeners->paths[i]);
		free(listeners->paths[i]);
		close(listeners->fds[i]);
	}
	*listeners = (struct listeners){ .count = 0 };
}
