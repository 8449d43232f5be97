/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "session/scope.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "session/leader.h"

#define USERS "user.slice"
#define FILE_MAX 262144 /* /proc/self/mountinfo of a host with many containers */

/* ---- parsing ---- */

/* A line, without its end, and what follows it. False at the end of the text. */
static bool next_line(const char **text, const char **ret_line, size_t *ret_size)
{
	const char *end;

	if (**text == '\0')
		return false;
	end = strchrnul(*text, '\n');
	*ret_line = *text;
	*ret_size = (size_t)(end - *text);
	*text = *end ? end + 1 : end;
	return true;
}

/* The part of name between prefix and suffix, of 1 to SCOPE_ID_MAX characters that is_wanted takes. 0: there is none.
 */
static size_t take_middle(const char *name, size_t size, const char *prefix, const char *suffix, int (*is_wanted)(int))
{
	size_t before = strlen(prefix), after = strlen(suffix);

	if (size <= before + after || size - before - after > SCOPE_ID_MAX || strncmp(name, prefix, before) != 0 ||
	    strncmp(name + size - after, suffix, after) != 0)
		return 0;
	for (size_t i = before; i < size - after; i++) {
		if (!is_wanted((unsigned char)name[i]))
			return 0;
	}
	return size - before - after;
}

/* Cuts the last part off a path. False where there is none. */
static bool take_last(const char *path, size_t *size, const char **ret_part, size_t *ret_size)
{
	const char *slash = memrchr(path, '/', *size);

	if (!slash)
		return false;
	*ret_part = slash + 1;
	*ret_size = *size - (size_t)(slash + 1 - path);
	*size = (size_t)(slash - path);
	return true;
}

static bool parse_path(const char *path, size_t size, struct scope *ret_scope)
{
	struct scope scope = { .id = "" };
	const char *name, *slice, *users;
	size_t name_size, slice_size, users_size, id;

	if (!take_last(path, &size, &name, &name_size) || !take_last(path, &size, &slice, &slice_size) ||
	    !take_last(path, &size, &users, &users_size))
		return false;
	id = take_middle(name, name_size, "session-", ".scope", isalnum);
	if (id == 0 || name_size >= sizeof(scope.name) || slice_size >= sizeof(scope.user_slice) ||
	    take_middle(slice, slice_size, "user-", ".slice", isdigit) == 0 || users_size != strlen(USERS) ||
	    strncmp(users, USERS, users_size) != 0 || size >= sizeof(scope.above))
		return false;
	memcpy(scope.id, name + strlen("session-"), id);
	memcpy(scope.name, name, name_size);
	memcpy(scope.user_slice, slice, slice_size);
	memcpy(scope.above, path, size);
	*ret_scope = scope;
	return true;
}

bool scope_parse(const char *text, struct scope *ret_scope)
{
	const char *line;
	size_t size;

	while (next_line(&text, &line, &size)) {
		if (size > 3 && strncmp(line, "0::", 3) == 0)
			return parse_path(line + 3, size - 3, ret_scope);
	}
	return false;
}

/* A field of mountinfo, in which \040 stands for a space. False where it does not fit. */
static bool copy_field(const char *field, size_t size, char *ret_text)
{
	char text[SCOPE_PATH_MAX];
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		char c = field[i];

		if (c == '\\') {
			unsigned int value = 0;

			for (size_t digit = 1; digit <= 3; digit++) {
				if (i + digit >= size || field[i + digit] < '0' || field[i + digit] > '7')
					return false;
				value = value * 8 + (unsigned int)(field[i + digit] - '0');
			}
			if (value == 0 || value > UCHAR_MAX)
				return false;
			c = (char)value;
			i += 3;
		}
		if (used + 1 >= sizeof(text))
			return false;
		text[used++] = c;
	}
	text[used] = '\0';
	memcpy(ret_text, text, used + 1);
	return used > 0;
}

/* Splits off the next field of a line; size 0 at its end. */
static const char *next_field(const char **line, size_t *left, size_t *ret_size)
{
	const char *field = *line;
	const char *end = memchr(field, ' ', *left);
	size_t size = end ? (size_t)(end - field) : *left;

	*ret_size = size;
	*line += end ? size + 1 : size;
	*left -= end ? size + 1 : size;
	return field;
}

/* "31 23 0:28 ROOT FOLDER options [optional]... - TYPE source options" */
static bool parse_mount(const char *line, size_t left, char *ret_root, char *ret_folder)
{
	static const char type[] = "cgroup2";
	const char *field;
	size_t size;
	bool taken = true;

	for (int i = 0; i < 5; i++) {
		field = next_field(&line, &left, &size);
		if (i == 3)
			taken = copy_field(field, size, ret_root);
		else if (i == 4)
			taken = taken && copy_field(field, size, ret_folder);
	}
	do
		field = next_field(&line, &left, &size);
	while (size > 0 && !(size == 1 && *field == '-'));
	field = next_field(&line, &left, &size);
	return taken && size == strlen(type) && strncmp(field, type, size) == 0;
}

bool scope_find_mount(const char *text, const char *above, char *ret_folder)
{
	char root[SCOPE_PATH_MAX], folder[SCOPE_PATH_MAX];
	const char *line;
	size_t size;

	while (next_line(&text, &line, &size)) {
		if (!parse_mount(line, size, root, folder))
			continue;
		if (strcmp(root, *above ? above : "/") == 0) {
			memcpy(ret_folder, folder, strlen(folder) + 1);
			return true;
		}
	}
	return false;
}

bool scope_is_led_by(const char *text, const char *name, pid_t leader)
{
	char wanted_leader[sizeof("LEADER=") + 3 * sizeof(pid_t)];
	char wanted_scope[sizeof("SCOPE=") + sizeof(((struct scope *)NULL)->name)];
	const char *line;
	size_t size, leaders = 0, scopes = 0;
	bool is_leader = false, is_scope = false;

	snprintf(wanted_leader, sizeof(wanted_leader), "LEADER=%jd", (intmax_t)leader);
	snprintf(wanted_scope, sizeof(wanted_scope), "SCOPE=%s", name);
	while (next_line(&text, &line, &size)) {
		if (size >= strlen("LEADER=") && strncmp(line, "LEADER=", strlen("LEADER=")) == 0) {
			leaders++;
			is_leader = size == strlen(wanted_leader) && strncmp(line, wanted_leader, size) == 0;
		} else if (size >= strlen("SCOPE=") && strncmp(line, "SCOPE=", strlen("SCOPE=")) == 0) {
			scopes++;
			is_scope = size == strlen(wanted_scope) && strncmp(line, wanted_scope, size) == 0;
		}
	}
	return leaders == 1 && scopes == 1 && is_leader && is_scope;
}

/* ---- reading ---- */

/* The whole of a file as a text. NULL and errno; EFBIG where it is longer than any should be. */
static char *read_text(int fd)
{
	CLEANUP_FREE char *text = malloc(FILE_MAX + 1);
	size_t size = 0;
	ssize_t got;
	char *taken;

	if (!text)
		return NULL;
	do {
		got = read(fd, text + size, FILE_MAX - size);
		if (got < 0)
			return NULL;
		size += (size_t)got;
	} while (got > 0);
	if (size == FILE_MAX || memchr(text, '\0', size)) {
		errno = EFBIG;
		return NULL;
	}
	text[size] = '\0';
	taken = text;
	text = NULL;
	return taken;
}

static char *read_proc(const struct scope_places *places, const char *process, const char *file)
{
	char path[PATH_MAX];
	CLEANUP_CLOSE int fd = -1;

	snprintf(path, sizeof(path), "%s/%s/%s", places->proc, process, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? NULL : read_text(fd);
}

/* logind's own record, which nobody but it can have written. */
static char *read_record(const struct scope_places *places, const char *id)
{
	CLEANUP_CLOSE int folder = open(places->sessions, O_PATH | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct stat status;

	if (folder < 0)
		return NULL;
	fd = openat(folder, id, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return NULL;
	if (!S_ISREG(status.st_mode) || status.st_uid != places->owner || status.st_mode & (S_IWGRP | S_IWOTH)) {
		errno = EPERM;
		return NULL;
	}
	return read_text(fd);
}

/* A folder of the unified hierarchy. */
static int open_group(const struct scope_places *places, int above, const char *name)
{
	CLEANUP_CLOSE int fd = openat(above, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct statfs status;

	if (fd < 0 || fstatfs(fd, &status) < 0)
		return -errno;
	if ((unsigned int)status.f_type != places->filesystem)
		return -EMEDIUMTYPE;
	return cleanup_take_fd(&fd);
}

static int open_kill(const struct scope_places *places, const char *folder, const struct scope *scope)
{
	const char *const parts[] = { folder, USERS, scope->user_slice, scope->name };
	CLEANUP_CLOSE int group = AT_FDCWD;
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int next = open_group(places, group, parts[i]);

		if (next < 0)
			return next;
		cleanup_close_fd(&group);
		group = next;
	}
	fd = openat(group, "cgroup.kill", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

int scope_open_kill(const struct scope_places *places, pid_t leader, int pidfd)
{
	CLEANUP_FREE char *groups = NULL, *mounts = NULL, *record = NULL;
	char process[3 * sizeof(pid_t) + 1], folder[SCOPE_PATH_MAX];
	struct scope scope;

	snprintf(process, sizeof(process), "%jd", (intmax_t)leader);
	groups = read_proc(places, process, "cgroup");
	/* What was read is the leader's, since it has that number still. */
	if (!groups || !leader_is_alive(pidfd) || !scope_parse(groups, &scope))
		return -ENXIO;
	record = read_record(places, scope.id);
	if (!record || !scope_is_led_by(record, scope.name, leader))
		return -ENXIO;
	mounts = read_proc(places, "self", "mountinfo");
	if (!mounts || !scope_find_mount(mounts, scope.above, folder))
		return -EOPNOTSUPP;
	return open_kill(places, folder, &scope);
}

int scope_kill(int fd)
{
	ssize_t written;

	do
		written = write(fd, "1", 1);
	while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : 0;
}
