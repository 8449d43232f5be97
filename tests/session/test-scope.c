/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Which control group is a session's own: what the kernel and logind say, right and wrong, and that nothing but the
 * scope of this very leader is ever opened.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "session/scope.h"
#include "tests/session/fake-system.h"
#include "tests/suite.h"

/* ---- /proc/PID/cgroup ---- */

static const struct {
	const char *text, *id, *above, *slice, *name; /* id NULL: no scope of a session */
} groups[] = {
	{ "0::/user.slice/user-1000.slice/session-3.scope\n", "3", "", "user-1000.slice", "session-3.scope" },
	{ "0::/user.slice/user-0.slice/session-c12.scope", "c12", "", "user-0.slice", "session-c12.scope" },
	{ "3:cpu:/x\n1:name=systemd:/y\n0::/user.slice/user-5.slice/session-3.scope\n", "3", "", "user-5.slice",
	  "session-3.scope" },
	{ "0::/machine/a b/user.slice/user-5.slice/session-3.scope\n", "3", "/machine/a b", "user-5.slice",
	  "session-3.scope" },
	{ "", NULL, NULL, NULL, NULL },
	{ "0::/\n", NULL, NULL, NULL, NULL },
	{ "0::\n", NULL, NULL, NULL, NULL },
	{ "1:name=systemd:/user.slice/user-1000.slice/session-3.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/system.slice/ssh.service\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-3.scope/below\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-3.scope (deleted)\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-../../x.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-3_4.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-3.scope.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-1000.slice/session-123456789012345678901234567890123.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-.slice/session-3.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-x.slice/session-3.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slice/user-12345678901234567890123.slice/session-3.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/user.slices/user-1000.slice/session-3.scope\n", NULL, NULL, NULL, NULL },
	{ "0::/../user.slice/user-1000.slice/session-3.scope\n0::/user.slice/user-1.slice/session-3.scope\n", "3",
	  "/..", "user-1000.slice", "session-3.scope" },
	{ "0::user.slice/user-1000.slice/session-3.scope\n", NULL, NULL, NULL, NULL },
};

START_TEST(a_scope_is_read_to_its_last_character)
{
	struct scope scope = { .id = "untouched" };
	bool is = scope_parse(groups[_i].text, &scope);

	ck_assert_msg(is == (groups[_i].id != NULL), "%s", groups[_i].text);
	ck_assert_str_eq(scope.id, is ? groups[_i].id : "untouched");
	if (!is)
		return;
	ck_assert_str_eq(scope.above, groups[_i].above);
	ck_assert_str_eq(scope.user_slice, groups[_i].slice);
	ck_assert_str_eq(scope.name, groups[_i].name);
}
END_TEST

/* ---- /proc/self/mountinfo ---- */

static const struct {
	const char *text, *above, *folder; /* folder NULL: none */
} mounts[] = {
	{ "31 23 0:28 / /sys/fs/cgroup rw,relatime shared:9 - cgroup2 cgroup2 rw\n", "", "/sys/fs/cgroup" },
	{ "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "", "/sys/fs/cgroup" },
	{ "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n40 31 0:37 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw\n"
	  "41 31 0:38 / /sys/fs/cgroup/unified rw master:1 shared:2 - cgroup2 cgroup2 rw",
	  "", "/sys/fs/cgroup/unified" },
	{ "31 23 0:28 /user.slice /sys/fs/cgroup/user.slice rw - cgroup2 cgroup2 rw\n"
	  "30 23 0:28 / /sys/fs/cgroup ro - cgroup2 cgroup2 rw\n",
	  "", "/sys/fs/cgroup" },
	{ "31 23 0:28 /machine/a\\040b /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/machine/a b", "/sys/fs/cgroup" },
	{ "31 23 0:28 / /a\\040b\\134 rw - cgroup2 cgroup2 rw\n", "", "/a b\\" },
	{ "31 23 0:28 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "/machine", NULL },
	{ "31 23 0:28 /machine /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n", "", NULL },
	{ "31 23 0:28 / /sys/fs/cgroup rw - cgroup cgroup2 rw\n", "", NULL },
	{ "31 23 0:28 / /sys/fs/cgroup rw - cgroup22 cgroup2 rw\n", "", NULL },
	{ "31 23 0:28 / /sys/fs/cgroup rw cgroup2\n", "", NULL },
	{ "31 23 0:28 / /sys/fs/\\04 rw - cgroup2 cgroup2 rw\n", "", NULL },
	{ "31 23 0:28 / /sys/fs/\\777 rw - cgroup2 cgroup2 rw\n", "", NULL },
	{ "31 23 0:28 / /sys/fs/\\000 rw - cgroup2 cgroup2 rw\n", "", NULL },
	{ "31 23 0:28 /\n", "", NULL },
	{ "\n\n - cgroup2\n", "", NULL },
	{ "", "", NULL },
};

START_TEST(the_unified_hierarchy_is_found)
{
	char folder[SCOPE_PATH_MAX] = "untouched";
	bool found = scope_find_mount(mounts[_i].text, mounts[_i].above, folder);

	ck_assert_msg(found == (mounts[_i].folder != NULL), "%s", mounts[_i].text);
	ck_assert_str_eq(folder, found ? mounts[_i].folder : "untouched");
}
END_TEST

/* ---- logind's record ---- */

static const struct {
	const char *text;
	bool led; /* session-3.scope by 4711 */
} records[] = {
	{ "# This is private data.\nUID=0\nSCOPE=session-3.scope\nLEADER=4711\nAUDIT=3\n", true },
	{ "LEADER=4711\nSCOPE=session-3.scope", true },
	{ "SCOPE=session-3.scope\nLEADER=4712\n", false },
	{ "SCOPE=session-3.scope\nLEADER=47110\n", false },
	{ "SCOPE=session-3.scope\nLEADER=471\n", false },
	{ "SCOPE=session-3.scope\nLEADER= 4711\n", false },
	{ "SCOPE=session-3.scope\nLEADER=\n", false },
	{ "SCOPE=session-3.scope\nXLEADER=4711\n", false },
	{ "SCOPE=session-3.scope\nDISPLAY=LEADER=4711\n", false },
	{ "SCOPE=session-3.scope\nLEADER=4711\nLEADER=4711\n", false },
	{ "SCOPE=session-3.scope\nLEADER=1\nLEADER=4711\n", false },
	{ "SCOPE=session-33.scope\nLEADER=4711\n", false },
	{ "SCOPE=session-4.scope\nSCOPE=session-3.scope\nLEADER=4711\n", false },
	{ "LEADER=4711\n", false },
	{ "", false },
};

START_TEST(a_record_names_this_very_leader)
{
	ck_assert_msg(scope_is_led_by(records[_i].text, "session-3.scope", 4711) == records[_i].led, "%s",
		      records[_i].text);
}
END_TEST

/* ---- all together, in a folder that looks like a system ---- */

static struct fake_system fake;
static int pidfd;

static void setup(void)
{
	fake_system_make(&fake, getpid());
	pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	ck_assert_int_ge(pidfd, 0);
}

static void teardown(void)
{
	close(pidfd);
	fake_system_remove(&fake);
}

static int try(void)
{
	int fd = scope_open_kill(&fake.places, getpid(), pidfd);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

START_TEST(the_scope_of_a_login_is_killed)
{
	int fd = scope_open_kill(&fake.places, getpid(), pidfd);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(fake_system_killed(&fake), '\0');
	ck_assert_int_eq(scope_kill(fd), 0);
	close(fd);
	ck_assert_int_eq(fake_system_killed(&fake), '1');
}
END_TEST

/* sudo in a login is in its scope, and does not lead it. */
START_TEST(a_scope_of_another_leader_is_left_alone)
{
	fake_system_put_record(&fake, getppid());
	ck_assert_int_eq(try(), -ENXIO);
	fake_system_put(&fake, "sessions/3", "");
	ck_assert_int_eq(try(), -ENXIO);
	fake_system_put_record(&fake, getpid());
	ck_assert_int_eq(try(), 0);
}
END_TEST

START_TEST(what_is_no_login_has_no_scope)
{
	fake_system_put_process(&fake, getpid(), "/system.slice/ssh.service");
	ck_assert_int_eq(try(), -ENXIO);
	fake_system_put_process(&fake, getpid(), "/user.slice/user-5.slice/user@5.service/session-3.scope");
	ck_assert_int_eq(try(), -ENXIO);
	fake_system_put_process(&fake, getpid(),
				"/user.slice/user-5.slice/session-4.scope"); /* logind has no such session */
	ck_assert_int_eq(try(), -ENXIO);
}
END_TEST

START_TEST(a_record_that_is_not_loginds_counts_for_nothing)
{
	char path[256], other[256];

	fake.places.owner = geteuid() + 1;
	ck_assert_int_eq(try(), -ENXIO);
	fake.places.owner = geteuid();
	snprintf(path, sizeof(path), "%s/sessions/3", fake.root);
	ck_assert_int_eq(chmod(path, 0664), 0);
	ck_assert_int_eq(try(), -ENXIO);
	ck_assert_int_eq(chmod(path, 0644), 0);
	snprintf(other, sizeof(other), "%s/sessions/other", fake.root);
	ck_assert_int_eq(rename(path, other), 0);
	ck_assert_int_eq(symlink("other", path), 0);
	ck_assert_int_eq(try(), -ENXIO);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	ck_assert_int_eq(try(), -ENXIO);
}
END_TEST

START_TEST(no_link_is_followed_to_another_group)
{
	static const char *const parts[] = { "groups/user.slice/user-5.slice/session-3.scope/cgroup.kill",
					     "groups/user.slice/user-5.slice/session-3.scope",
					     "groups/user.slice/user-5.slice", "groups/user.slice", "groups" };
	char path[256], other[300];

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		snprintf(path, sizeof(path), "%s/%s", fake.root, parts[i]);
		snprintf(other, sizeof(other), "%s-other", path);
		ck_assert_int_eq(rename(path, other), 0);
		ck_assert_int_eq(symlink(other, path), 0);
		ck_assert_msg(try() < 0, "%s is followed", parts[i]);
		ck_assert_int_eq(unlink(path), 0);
		ck_assert_int_eq(rename(other, path), 0);
		ck_assert_int_eq(try(), 0);
	}
}
END_TEST

START_TEST(another_file_system_holds_no_groups)
{
	fake.places.filesystem++;
	ck_assert_int_eq(try(), -EMEDIUMTYPE);
	fake_system_put(&fake, "proc/self/mountinfo", "31 23 0:28 / /sys rw - sysfs sysfs rw\n");
	ck_assert_int_eq(try(), -EOPNOTSUPP);
}
END_TEST

/* Kernels before 5.14. */
START_TEST(without_cgroup_kill_nothing_is_opened)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/groups/user.slice/user-5.slice/session-3.scope/cgroup.kill", fake.root);
	ck_assert_int_eq(unlink(path), 0);
	ck_assert_int_eq(try(), -ENOENT);
}
END_TEST

/* The process that is read has to be the one that is held. */
START_TEST(a_leader_that_has_gone_has_no_scope)
{
	pid_t pid = fork();
	siginfo_t info;
	int gone;

	if (pid == 0)
		_exit(EXIT_SUCCESS);
	gone = (int)syscall(SYS_pidfd_open, pid, 0);
	ck_assert_int_ge(gone, 0);
	ck_assert_int_eq(waitid(P_PID, (id_t)pid, &info, WEXITED), 0);
	ck_assert_int_eq(scope_open_kill(&fake.places, getpid(), gone), -ENXIO);
	close(gone);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("scope");
	TCase *cases = tcase_create("texts");

	tcase_add_loop_test(cases, a_scope_is_read_to_its_last_character, 0, ARRAY_SIZE(groups));
	tcase_add_loop_test(cases, the_unified_hierarchy_is_found, 0, ARRAY_SIZE(mounts));
	tcase_add_loop_test(cases, a_record_names_this_very_leader, 0, ARRAY_SIZE(records));
	suite_add_tcase(suite, cases);
	cases = tcase_create("system");
	tcase_add_checked_fixture(cases, setup, teardown);
	tcase_add_test(cases, the_scope_of_a_login_is_killed);
	tcase_add_test(cases, a_scope_of_another_leader_is_left_alone);
	tcase_add_test(cases, what_is_no_login_has_no_scope);
	tcase_add_test(cases, a_record_that_is_not_loginds_counts_for_nothing);
	tcase_add_test(cases, no_link_is_followed_to_another_group);
	tcase_add_test(cases, another_file_system_holds_no_groups);
	tcase_add_test(cases, without_cgroup_kill_nothing_is_opened);
	tcase_add_test(cases, a_leader_that_has_gone_has_no_scope);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
