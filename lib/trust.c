/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "lib/trust.h"

#include <errno.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/socket.h"

static bool is_trusted(uid_t uid, uid_t also)
{
	return uid == 0 || uid == also;
}

uid_t trust_own_uid(bool explicit_path)
{
	uid_t real, effective, saved;

	if (!explicit_path || getauxval(AT_SECURE) != 0)
		return 0;
	/* A root process that put its uid aside for alice must not take alice for the daemon. */
	if (getresuid(&real, &effective, &saved) < 0 || real != effective || saved != effective)
		return 0;
	return effective;
}

static int check_folder(const char *path, uid_t also, bool may_be_sticky)
{
	struct stat about;

	if (lstat(path, &about) < 0)
		return -errno;
	if (!S_ISDIR(about.st_mode) || !is_trusted(about.st_uid, also))
		return -EPERM;
	if ((about.st_mode & (S_IWGRP | S_IWOTH)) != 0 && !(may_be_sticky && (about.st_mode & S_ISVTX) != 0))
		return -EPERM;
	return 0;
}

int trust_path(const char *path, uid_t also)
{
	char folder[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
	size_t size = strlen(path);
	bool above = false;
	struct stat about;

	if (path[0] != '/')
		return -EPERM;
	if (size >= sizeof(folder))
		return -ENAMETOOLONG;
	if (lstat(path, &about) < 0)
		return -errno;
	if (!S_ISSOCK(about.st_mode) || !is_trusted(about.st_uid, also))
		return -EPERM;
	memcpy(folder, path, size + 1);
	for (char *slash; (slash = strrchr(folder, '/')) != NULL; above = true) {
		int r;

		*slash = '\0';
		r = check_folder(slash == folder ? "/" : folder, also, above);
		if (r < 0)
			return r;
	}
	return 0;
}

int trust_peer(int fd, uid_t also)
{
	struct socket_peer peer;
	int r = socket_peer(fd, &peer);

	if (r < 0)
		return r;
	return is_trusted(peer.uid, also) ? 0 : -EPERM;
}
