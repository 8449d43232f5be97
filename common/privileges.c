/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "common/privileges.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"

int privileges_find_user(const char *name, struct privileges_user *ret_user, char *ret_fault, size_t fault_size)
{
	const struct passwd *entry;

	errno = 0;
	entry = getpwnam(name);
	if (!entry) {
		snprintf(ret_fault, fault_size,
			 "there is no user '%s' to become; make one, or name another with --user", name);
		return -ENOENT;
	}
	if (entry->pw_uid == 0) {
		snprintf(ret_fault, fault_size, "the daemon does not run as root; name another user with --user");
		return -EPERM;
	}
	*ret_user = (struct privileges_user){ .uid = entry->pw_uid, .gid = entry->pw_gid };
	return 0;
}

int privileges_prepare_folder(const char *path, mode_t mode, const struct privileges_user *user, char *ret_fault,
			      size_t fault_size)
{
	CLEANUP_CLOSE int fd = -1;

	if (mkdir(path, mode) < 0 && errno != EEXIST) {
		int error = errno;

		snprintf(ret_fault, fault_size, "the folder %s cannot be made: %s", path, strerror(error));
		return -error;
	}
	if (!user)
		return 0;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 || fchown(fd, user->uid, user->gid) < 0) {
		int error = errno;

		snprintf(ret_fault, fault_size, "the folder %s cannot be handed to the service user: %s", path,
			 strerror(error));
		return -error;
	}
	return 0;
}

int privileges_drop(const char *name, const struct privileges_user *user, char *ret_fault, size_t fault_size)
{
	if (initgroups(name, user->gid) < 0 || setresgid(user->gid, user->gid, user->gid) < 0 ||
	    setresuid(user->uid, user->uid, user->uid) < 0) {
		int error = errno;

		snprintf(ret_fault, fault_size, "the daemon cannot become %s: %s", name, strerror(error));
		return -error;
	}
	if (setuid(0) == 0 || setgid(0) == 0) {
		snprintf(ret_fault, fault_size, "the daemon became %s, but could become root again", name);
		return -EPERM;
	}
	return 0;
}

void privileges_confine(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	/* A core file would hold pepper and credentials. */
	limit = (struct rlimit){ 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &limit);
	(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}
