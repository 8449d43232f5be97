/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/session/fake-system.h"

static int remove_entry(const char *path, const struct stat *status, int kind, struct FTW *walk)
{
	(void)status;
	(void)kind;
	(void)walk;
	return remove(path);
}

void fake_system_put(const struct fake_system *system, const char *name, const char *text)
{
	char path[512];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", system->root, name);
	file = fopen(path, "we");
	ck_assert_msg(file != NULL, "%s", path);
	fputs(text, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_folder(const struct fake_system *system, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/%s", system->root, name);
	ck_assert_msg(mkdir(path, 0755) == 0, "%s", path);
}

void fake_system_put_process(const struct fake_system *system, pid_t pid, const char *group)
{
	char name[64], text[256];

	snprintf(name, sizeof(name), "proc/%d/cgroup", (int)pid);
	snprintf(text, sizeof(text), "0::%s\n", group);
	fake_system_put(system, name, text);
}

void fake_system_put_record(const struct fake_system *system, pid_t leader)
{
	char text[128];

	snprintf(text, sizeof(text), "SCOPE=session-3.scope\nLEADER=%d\n", (int)leader);
	fake_system_put(system, "sessions/3", text);
}

void fake_system_make(struct fake_system *system, pid_t leader)
{
	static const char *const folders[] = {
		"proc",
		"proc/self",
		"sessions",
		"groups",
		"groups/user.slice",
		"groups/user.slice/user-5.slice",
		"groups/user.slice/user-5.slice/session-3.scope",
	};
	const char *scratch = getenv("TMPDIR");
	struct statfs status;
	char text[256];

	snprintf(system->root, sizeof(system->root), "%.40s/scope-XXXXXX", scratch ? scratch : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(system->root));
	ck_assert_int_eq(statfs(system->root, &status), 0);
	snprintf(system->proc, sizeof(system->proc), "%s/proc", system->root);
	snprintf(system->sessions, sizeof(system->sessions), "%s/sessions", system->root);
	system->places = (struct scope_places){ .proc = system->proc,
						.sessions = system->sessions,
						.filesystem = (unsigned int)status.f_type,
						.owner = geteuid() };
	for (size_t i = 0; i < ARRAY_SIZE(folders); i++)
		make_folder(system, folders[i]);
	fake_system_put(system, "groups/user.slice/user-5.slice/session-3.scope/cgroup.kill", "");
	snprintf(text, sizeof(text), "31 23 0:28 / %s/groups rw - cgroup2 cgroup2 rw\n", system->root);
	fake_system_put(system, "proc/self/mountinfo", text);
	snprintf(text, sizeof(text), "proc/%d", (int)leader);
	make_folder(system, text);
	fake_system_put_process(system, leader, "/user.slice/user-5.slice/session-3.scope");
	fake_system_put_record(system, leader);
}

void fake_system_remove(struct fake_system *system)
{
	nftw(system->root, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

char fake_system_killed(const struct fake_system *system)
{
	char path[256], text[8] = "";
	CLEANUP_CLOSE int fd = -1;

	snprintf(path, sizeof(path), "%s/groups/user.slice/user-5.slice/session-3.scope/cgroup.kill", system->root);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_ge(read(fd, text, sizeof(text) - 1), 0);
	return text[0];
}
