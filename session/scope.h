/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The control group in which everything of a login runs, its children that left its leader too: the scope that logind
 * made for it. It is a session's own only where logind's record names this very leader: a sudo in a login is in the
 * scope of the login, and must not end it. Defends against ending more than was registered: each name is checked to its
 * last character, no symbolic link is followed, and what is not as it should be is no scope.
 */
#ifndef APIKEYD_SESSION_SCOPE_H
#define APIKEYD_SESSION_SCOPE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SCOPE_ID_MAX 32
#define SCOPE_PATH_MAX 4096

/* Where things are; on a system /proc, /run/systemd/sessions, and what the kernel calls a cgroup2. */
struct scope_places {
	const char *proc, *sessions;
	unsigned int filesystem; /* statfs(2) */
	uid_t owner;             /* of logind's records */
};

/* A scope as /proc/PID/cgroup names it. */
struct scope {
	char id[SCOPE_ID_MAX + 1];     /* of logind's session */
	char above[SCOPE_PATH_MAX];    /* "" or what stands before /user.slice, as seen in a container */
	char user_slice[SCOPE_ID_MAX]; /* "user-1000.slice" */
	char name[SCOPE_ID_MAX + sizeof("session-.scope")];
};

/* Reads /proc/PID/cgroup. False unless it says /user.slice/user-N.slice/session-ID.scope in the unified hierarchy. */
bool scope_parse(const char *text, struct scope *ret_scope);

/*
 * Reads /proc/self/mountinfo: the folder under which the unified hierarchy has a path that begins with above. False
 * where there is none. ret_folder holds SCOPE_PATH_MAX bytes.
 */
bool scope_find_mount(const char *text, const char *above, char *ret_folder);

/* Reads logind's record of a session. True when it says that leader leads it and that its scope is of this name. */
bool scope_is_led_by(const char *text, const char *name, pid_t leader);

/*
 * Opens cgroup.kill of the scope that logind made for this very leader; what is written there goes to that control
 * group whatever its name comes to stand for. The descriptor; -ENXIO where there is no scope of its own, another
 * negative errno where it cannot be opened. pidfd is the leader's.
 */
int scope_open_kill(const struct scope_places *places, pid_t leader, int pidfd);

/* Kills all that is in it. 0 or a negative errno: -ENODEV where the group has gone. */
int scope_kill(int fd);

#endif
