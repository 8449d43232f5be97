/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How a test program runs its suite and ends. */
#ifndef APIKEYD_TESTS_SUITE_H
#define APIKEYD_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

static inline int suite_run_as(Suite *suite, enum fork_status fork_status)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_set_fork_status(runner, fork_status);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Runs the suite, each test in a process of its own, and frees it. What main() returns. */
static inline int suite_run(Suite *suite)
{
	return suite_run_as(suite, CK_FORK_GETENV);
}

/* The same in this process: for hundreds of tests that leave nothing behind. The end of a process is what the address
 * sanitizer takes longest for, when it looks for leaks. */
static inline int suite_run_here(Suite *suite)
{
	return suite_run_as(suite, CK_NOFORK);
}

#endif
