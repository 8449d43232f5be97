/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <errno.h>
#include <string.h>

#include "common/fault.h"
#include "tests/suite.h"

START_TEST(sentence_and_error)
{
	char fault[64];

	ck_assert_int_eq(fault_tell(-EIO, fault, sizeof(fault), "%s has %d bytes", "a", 3), -EIO);
	ck_assert_str_eq(fault, "a has 3 bytes");
}
END_TEST

START_TEST(long_sentence_is_cut)
{
	char fault[8 + 1];

	memset(fault, '#', sizeof(fault));
	ck_assert_int_eq(fault_tell(-EPERM, fault, 8, "%s", "0123456789"), -EPERM);
	ck_assert_str_eq(fault, "0123456");
	ck_assert_int_eq(fault[8], '#');
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("fault");
	TCase *cases = tcase_create("fault");

	tcase_add_test(cases, sentence_and_error);
	tcase_add_test(cases, long_sentence_is_cut);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
