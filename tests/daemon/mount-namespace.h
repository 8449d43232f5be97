/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Mounts of a test's own: a small disk, a /run without journald. Its process leaves the others' mounts alone, and they
 * end with it.
 */
#ifndef APIKEYD_TESTS_DAEMON_MOUNT_NAMESPACE_H
#define APIKEYD_TESTS_DAEMON_MOUNT_NAMESPACE_H

#include <fcntl.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static inline bool namespace_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	bool written = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

	if (fd >= 0)
		close(fd);
	return written;
}

/* As below, as the user that is in there. */
static inline bool namespace_enter_as(uid_t inside_uid, gid_t inside_gid)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	char uids[64], gids[64];
	bool entered;

	snprintf(uids, sizeof(uids), "%u %u 1", inside_uid, uid);
	snprintf(gids, sizeof(gids), "%u %u 1", inside_gid, gid);
	if (uid == 0)
		entered = unshare(CLONE_NEWNS) == 0;
	else
		entered = unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0 &&
			  namespace_write("/proc/self/setgroups", "deny") &&
			  namespace_write("/proc/self/uid_map", uids) && namespace_write("/proc/self/gid_map", gids);
	if (entered && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0)
		return true;
	puts("skipped: this machine allows no mounts of our own");
	return false;
}

/* From a process with one thread, root or not; it is root in there. False where the machine does not allow it; that is
 * said on standard output, and the test is over. */
static inline bool namespace_enter(void)
{
	return namespace_enter_as(0, 0);
}

/* The same, and it stays who it is: what it starts may mount nothing. */
static inline bool namespace_enter_as_oneself(void)
{
	return namespace_enter_as(geteuid(), getegid());
}

/* Takes journald's place below a /run of our own. The socket its datagrams come in on; -1 as above. */
static inline int namespace_be_journald(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "/run/systemd/journal/socket" };
	int fd;

	if (!namespace_enter() || mount("run", "/run", "tmpfs", 0, NULL) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0 || mkdir("/run/systemd", 0755) < 0 || mkdir("/run/systemd/journal", 0755) < 0 ||
	    bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0) {
		perror("cannot take journald's place");
		abort();
	}
	return fd;
}

#endif
