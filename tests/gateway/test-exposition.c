/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "gateway/exposition.h"

#include <check.h>
#include <stdlib.h>

#include "common/cleanup.h"
#include "tests/suite.h"

static const char *const none[] = { NULL };
static const char *const two[] = { "service=sshd", "reason=a=b", NULL };
static const char *const odd[] = { "service=\"a\\b\nc\"", "empty=", "bare", NULL };

/* All of them, one after the other. */
static void expect(const struct apikey_sample *samples, size_t count, const char *wanted)
{
	CLEANUP_FREE char *text = NULL;
	size_t size = 0;
	struct exposition exposition = { .file = open_memstream(&text, &size) };

	ck_assert_ptr_nonnull(exposition.file);
	for (size_t i = 0; i < count; i++)
		exposition_write(&exposition, &samples[i]);
	ck_assert_int_eq(fclose(exposition.file), 0);
	ck_assert_str_eq(text, wanted);
}

START_TEST(a_metric_is_told_of_once)
{
	static const struct apikey_sample samples[] = {
		{ "a_total", APIKEY_COUNTER, "All \"a\".", "", two, UINT64_MAX, 1 },
		{ "a_total", APIKEY_COUNTER, "All \"a\".", "", none, 0, 1 },
		{ "b", APIKEY_GAUGE, "A\nline and \\.", "", NULL, 7, 1 },
		{ "c", APIKEY_HISTOGRAM, "C.", "_sum", none, 1500000000, 1000000000 },
	};

	expect(samples, ARRAY_SIZE(samples),
	       "# HELP a_total All \"a\".\n# TYPE a_total counter\n"
	       "a_total{service=\"sshd\",reason=\"a=b\"} 18446744073709551615\n"
	       "a_total 0\n"
	       "# HELP b A\\nline and \\\\.\n# TYPE b gauge\n"
	       "b 7\n"
	       "# HELP c C.\n# TYPE c histogram\n"
	       "c_sum 1.500000000\n");
}
END_TEST

START_TEST(no_label_leaves_its_quotes)
{
	static const struct apikey_sample sample = { "a", (enum apikey_metric)9, "", "", odd, 1, 1 };

	expect(&sample, 1,
	       "# HELP a \n# TYPE a untyped\n"
	       "a{service=\"\\\"a\\\\b\\nc\\\"\",empty=\"\",bare=\"\"} 1\n");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("exposition");
	TCase *tcase = tcase_create("exposition");

	tcase_add_test(tcase, a_metric_is_told_of_once);
	tcase_add_test(tcase, no_label_leaves_its_quotes);
	suite_add_tcase(suite, tcase);
	return suite_run(suite);
}
