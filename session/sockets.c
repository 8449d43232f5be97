/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/sockets.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/listen.h"
#include "common/log.h"
#include "proto/wire.h"

#define BACKLOG 2048 /* more than apikeyd lets users have connections, who cannot keep an administrator out */

static const struct {
	const char *name, *file;
} names[SERVER_SOCKET_COUNT] = {
	[SERVER_SESSION] = { "session", WIRE_SESSION_SOCKET },
	[SERVER_CONTROL] = { "session-control", WIRE_SESSION_CONTROL_SOCKET },
};

/* 1: it is one of the sockets; 0: it is not. */
static int take_socket(struct sockets *sockets, int fd, const char *name, char *ret_fault, size_t fault_size)
{
	for (size_t i = 0; i < SERVER_SOCKET_COUNT; i++) {
		if (strcmp(name, names[i].name) != 0)
			continue;
		if (sockets->fds[i] >= 0 || sd_is_socket_unix(fd, SOCK_SEQPACKET, 1, NULL, 0) <= 0)
			return fault_tell(
				-EINVAL, ret_fault, fault_size,
				"what was handed over as '%s' is no listening SEQPACKET socket, or the second one",
				name);
		(void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
		sockets->fds[i] = fd;
		return 1;
	}
	return 0;
}

int sockets_take(struct sockets *sockets, char *ret_fault, size_t fault_size)
{
	CLEANUP(socket_names_free) char **given = NULL;
	int count = sd_listen_fds_with_names(1, &given);

	if (count < 0)
		return fault_tell(count, ret_fault, fault_size, "what systemd handed over cannot be taken: %s",
				  strerror(-count));
	sockets->kept = calloc((size_t)count + 1, sizeof(*sockets->kept));
	if (!sockets->kept)
		return fault_tell(-ENOMEM, ret_fault, fault_size, "there is no memory");
	for (int i = 0; i < count; i++) {
		int fd = SD_LISTEN_FDS_START + i;
		uint64_t number = keep_number(given[i]);
		int r = take_socket(sockets, fd, given[i], ret_fault, fault_size);

		if (r < 0)
			return r;
		if (r > 0)
			continue;
		if (number > 0) {
			sockets->kept[sockets->kept_count++] = (struct keep_item){ .number = number, .fd = fd };
			continue;
		}
		log_line(LOG_WARNING, "a descriptor of an unknown name was handed over, and is closed");
		close(fd);
	}
	return 0;
}

int sockets_make(struct sockets *sockets, const char *folder, uid_t owner, char *ret_fault, size_t fault_size)
{
	for (size_t i = 0; i < SERVER_SOCKET_COUNT; i++) {
		CLEANUP_FREE char *path = NULL;
		int fd;

		if (sockets->fds[i] >= 0)
			continue;
		if (asprintf(&path, "%s/%s", folder, names[i].file) < 0) {
			path = NULL;
			return fault_tell(-ENOMEM, ret_fault, fault_size, "there is no memory");
		}
		fd = socket_listen(path, 0600, BACKLOG);
		if (fd < 0)
			return fault_tell(fd, ret_fault, fault_size, "%s cannot be made: %s", path,
					  fd == -EADDRINUSE ? "another helper listens there, or it is no socket"
							    : strerror(-fd));
		sockets->fds[i] = fd;
		sockets->paths[i] = path;
		path = NULL;
		if (i == SERVER_CONTROL && owner != geteuid() && lchown(sockets->paths[i], owner, (gid_t)-1) < 0)
			return fault_tell(-errno, ret_fault, fault_size, "%s cannot be given to the daemon's user: %s",
					  sockets->paths[i], strerror(errno));
	}
	return 0;
}

void sockets_done(struct sockets *sockets)
{
	for (size_t i = 0; i < SERVER_SOCKET_COUNT; i++) {
		if (sockets->paths[i])
			(void)unlink(sockets->paths[i]);
		free(sockets->paths[i]);
		if (sockets->fds[i] >= 0)
			close(sockets->fds[i]);
	}
	free(sockets->kept);
}
