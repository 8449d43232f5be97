/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * A root daemon in a folder that is a user's: between two steps by name the user can put another file under the name.
 * So sockets have their mode from the start, and no mode is set by name.
 */
#include <check.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "daemon/listener.h"
#include "tests/suite.h"

static bool was_called;

/* In the place of libc's. */
int chmod(const char *path, mode_t mode)
{
	(void)path;
	(void)mode;
	was_called = true;
	errno = EPERM;
	return -1;
}

static const struct {
	const char *name;
	mode_t mode;
} sockets[] = { { "login.sock", 0600 }, { "verify.sock", 0666 }, { "admin.sock", 0666 } };

static const mode_t masks[] = { 0, 022, 077, 0777 };

START_TEST(sockets_have_their_mode_from_the_start)
{
	char folder[] = "/tmp/apikeyd-test-XXXXXX", path[64], fault[512] = "";
	struct listener_fds fds;
	mode_t before;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	before = umask(masks[_i]);
	ck_assert_msg(listener_open(folder, &fds, fault, sizeof(fault)) == 0, "%s", fault);
	ck_assert_uint_eq(umask(before), masks[_i]);
	ck_assert(!was_called);
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		struct stat status;

		snprintf(path, sizeof(path), "%s/%s", folder, sockets[i].name);
		ck_assert_int_eq(lstat(path, &status), 0);
		ck_assert_uint_eq(status.st_mode, S_IFSOCK | sockets[i].mode);
	}
	listener_close(&fds);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attack");
	TCase *tests = tcase_create("sockets");

	tcase_add_loop_test(tests, sockets_have_their_mode_from_the_start, 0, (int)ARRAY_SIZE(masks));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
