/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What an attacker with a local account can do through a setuid caller of the module: su and sudo take their own name
 * from whoever starts them. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "pam_module/log.h"
#include "tests/suite.h"

static char long_name[4 * LOG_LINE_SIZE];
static char lying_name[] =
	"su\n<85>sshd[1]: pam_apikey(sshd:auth): authentication failure; rhost=192.0.2.1 user=root\n";
static char colourful_name[] = "\x1b[2Jsu";

static char *const names[] = { lying_name, colourful_name, long_name };

START_TEST(the_name_of_the_program_is_no_line_of_its_own)
{
	const struct log log = { .service = "su", .phase = "auth" };
	char line[LOG_LINE_SIZE];
	char *before = program_invocation_short_name;
	size_t size;

	memset(long_name, 'x', sizeof(long_name) - 1);
	program_invocation_short_name = names[_i];
	size = log_format(&log, LOG_NOTICE, "authentication failure; user=alice", line, sizeof(line));
	program_invocation_short_name = before;
	ck_assert_uint_eq(size, strlen(line));
	for (size_t i = 0; i < size; i++)
		ck_assert_int_ge(line[i], 0x20);
	ck_assert_ptr_nonnull(strstr(line, "pam_apikey(su:auth): authentication failure; user=alice"));
	ck_assert_ptr_null(strstr(line, "pam_apikey(sshd:auth): "));
	ck_assert_ptr_null(strstr(line, " rhost="));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("attack");
	TCase *tests = tcase_create("attack");

	tcase_add_loop_test(tests, the_name_of_the_program_is_no_line_of_its_own, 0, (int)ARRAY_SIZE(names));
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
