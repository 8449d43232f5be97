/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* What is said of versions of libmicrohttpd. What is refused of requests is tested with the server. */
#include "gateway/strict.h"

#include <microhttpd.h>

#include "tests/suite.h"

static const struct {
	const char *version;
	bool taken;
} versions[] = {
	{ "0.9.75", true },    { "0.9.76", true },  { "0.9.77", false }, { "0.9.77-1", false }, { "0.9.74", false },
	{ "0.9.75-2", false }, { "0.9.8", false },  { "1.0.0", true },   { "1.0.1", true },     { "1.1", true },
	{ "2.0.0", true },     { "0.10.0", false }, { "", false },       { "unknown", false },
};

START_TEST(a_version_is_taken_or_not)
{
	ck_assert(strict_takes_library(versions[_i].version) == versions[_i].taken);
}
END_TEST

START_TEST(the_one_that_is_here_is_taken)
{
	ck_assert(strict_takes_library(MHD_get_version()));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("strict");
	TCase *test_case = tcase_create("versions");

	tcase_add_loop_test(test_case, a_version_is_taken_or_not, 0, sizeof(versions) / sizeof(versions[0]));
	tcase_add_test(test_case, the_one_that_is_here_is_taken);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
