/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Parameters of targets and forms: what is read, and what is a fault. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common/cleanup.h"
#include "gateway/urlencoded.h"
#include "tests/suite.h"

#define TEXT(text) text, sizeof(text) - 1

static const struct {
	const char *text;
	size_t size;
	size_t count;
	const char *name, *value; /* of the last pair; NULL: it is not there */
} good[] = {
	{ TEXT(""), 0, "a", NULL },
	{ TEXT("&&"), 0, "a", NULL },
	{ TEXT("a=b"), 1, "a", "b" },
	{ TEXT("a"), 1, "a", "" },
	{ TEXT("a="), 1, "a", "" },
	{ TEXT("a=b&c=d"), 2, "c", "d" },
	{ TEXT("&a=b&"), 1, "a", "b" },
	{ TEXT("a=b=c"), 1, "a", "b=c" },
	{ TEXT("permission=%28a.read+OR+a.write%29+AND%20b"), 1, "permission", "(a.read OR a.write) AND b" },
	{ TEXT("%61=%62"), 1, "a", "b" },
	{ TEXT("a=%C3%a4"), 1, "a", "\xc3\xa4" },
	{ TEXT("a=%26%3d%2B"), 1, "a", "&=+" },
	{ TEXT("a=one%0D%0Atwo%09"), 1, "a", "one\r\ntwo\t" },
	{ TEXT("A=1&a=2"), 2, "a", "2" },
};

START_TEST(pairs_are_read)
{
	struct urlencoded pairs = { .count = 0 };
	const char *fault = NULL, *value;

	ck_assert_int_eq(urlencoded_read(good[_i].text, good[_i].size, &pairs, &fault), 0);
	ck_assert_uint_eq(pairs.count, good[_i].count);
	value = urlencoded_find(&pairs, good[_i].name);
	if (good[_i].value)
		ck_assert_str_eq(value, good[_i].value);
	else
		ck_assert_ptr_null(value);
	urlencoded_done(&pairs);
	ck_assert_ptr_null(urlencoded_find(&pairs, good[_i].name));
}
END_TEST

static const struct {
	const char *text;
	size_t size;
	const char *part; /* of the sentence */
} bad[] = {
	{ TEXT("a=%"), "value is not followed" },
	{ TEXT("a=%4"), "value is not followed" },
	{ TEXT("a=%4g"), "value is not followed" },
	{ TEXT("a=%%41"), "value is not followed" },
	{ TEXT("%=a"), "name is not followed" },
	{ TEXT("=a"), "name is empty" },
	{ TEXT("a%0A=b"), "name is empty, or has" },
	{ TEXT("a=%00"), "control characters" },
	{ TEXT("a=b\0c"), "control characters" },
	{ TEXT("a\0=b"), "name is empty, or has" },
	{ TEXT("a=%7F"), "control characters" },
	{ TEXT("a=%1b[2J"), "control characters" },
	{ TEXT("a=%FF"), "UTF-8" },
	{ TEXT("a=%C0%80"), "UTF-8" },
	{ TEXT("a=1&a=2"), "twice" },
	{ TEXT("a=1&%61=2"), "twice" },
	{ TEXT("permission=x&permission"), "twice" },
};

START_TEST(what_could_be_read_in_two_ways_is_refused)
{
	struct urlencoded pairs = { .count = 17 };
	const char *fault = NULL;

	ck_assert_int_eq(urlencoded_read(bad[_i].text, bad[_i].size, &pairs, &fault), -EINVAL);
	ck_assert_msg(strstr(fault, bad[_i].part), "'%s' says nothing of '%s'", fault, bad[_i].part);
	ck_assert_uint_eq(pairs.count, 17);
}
END_TEST

START_TEST(there_is_room_for_so_many_and_no_more)
{
	struct urlencoded pairs = { .count = 0 };
	const char *fault = NULL;
	char text[8 * (URLENCODED_MOST + 1)];
	size_t size = 0;

	for (int i = 0; i < URLENCODED_MOST; i++)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "n%d=%d&", i, i);
	ck_assert_int_eq(urlencoded_read(text, size, &pairs, &fault), 0);
	ck_assert_str_eq(urlencoded_find(&pairs, "n63"), "63");
	urlencoded_done(&pairs);
	size += (size_t)snprintf(text + size, sizeof(text) - size, "more");
	ck_assert_int_eq(urlencoded_read(text, size, &pairs, &fault), -EINVAL);
	ck_assert_ptr_nonnull(strstr(fault, "more than 64"));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("urlencoded");
	TCase *test_case = tcase_create("urlencoded");

	tcase_add_loop_test(test_case, pairs_are_read, 0, ARRAY_SIZE(good));
	tcase_add_loop_test(test_case, what_could_be_read_in_two_ways_is_refused, 0, ARRAY_SIZE(bad));
	tcase_add_test(test_case, there_is_room_for_so_many_and_no_more);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
