/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* How a test program runs its suite and ends. */
#ifndef APIKEYD_TESTS_SUITE_H
#define APIKEYD_TESTS_SUITE_H

#include <check.h>
#include <stdlib.h>

/* Runs the suite, each test in a process of its own, and frees it. What main() returns. */
static inline int suite_run(Suite *suite)
{
	SRunner *runner = srunner_create(suite);
	int failed;

	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
