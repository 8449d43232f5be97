/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* The module's arguments: what is understood, and that nothing else is. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "pam_module/options.h"
#include "proto/wire.h"
#include "tests/suite.h"

#define MAX_ARGUMENTS 4

static const struct {
	const char *arguments[MAX_ARGUMENTS];
	const char *argument; /* the one to be blamed; NULL: none */
	const char *problem;  /* a piece of what is said about it */
	bool unknown;
} cases[] = {
	{ { NULL }, NULL, NULL, false },
	{ { "permission=mail.imap" }, NULL, NULL, false },
	{ { "permission=(a.read OR a.write) AND b.use" }, NULL, NULL, false },
	{ { "permission=" }, "permission=", "needs a value", false },
	{ { "permission" }, "permission", "needs a value", false },
	{ { "permission=mail.*" }, "permission=mail.*", "", false },
	{ { "permission=*" }, "permission=*", "", false },
	{ { "permission=a AND" }, "permission=a AND", "", false },
	{ { "permission=NOT a" }, "permission=NOT a", "", false },
	{ { "permission=((((((((a))))))))" }, NULL, NULL, false },
	{ { "permission=(((((((((a)))))))))" }, "permission=(((((((((a)))))))))", "", false },
	{ { "tenant=blue" }, NULL, NULL, false },
	{ { "tenant=" }, "tenant=", "needs a value", false },
	{ { "tenant" }, "tenant", "needs a value", false },
	{ { "tenant=a\nb" }, "tenant=a\nb", "control characters", false },
	{ { "socket=/run/apikeyd" }, NULL, NULL, false },
	{ { "socket=run/apikeyd" }, "socket=run/apikeyd", "absolute", false },
	{ { "socket=" }, "socket=", "needs a value", false },
	{ { "timeout=1" }, NULL, NULL, false },
	{ { "timeout=60000" }, NULL, NULL, false },
	{ { "timeout=0" }, "timeout=0", "limits", false },
	{ { "timeout=60001" }, "timeout=60001", "limits", false },
	{ { "timeout=4294967297" }, "timeout=4294967297", "limits", false },
	{ { "timeout=99999999999999999999" }, "timeout=99999999999999999999", "limits", false },
	{ { "timeout=3s" }, "timeout=3s", "no number", false },
	{ { "timeout=-1" }, "timeout=-1", "no number", false },
	{ { "timeout=+1" }, "timeout=+1", "no number", false },
	{ { "timeout= 1" }, "timeout= 1", "no number", false },
	{ { "timeout=0x10" }, "timeout=0x10", "no number", false },
	{ { "timeout=" }, "timeout=", "needs a value", false },
	{ { "minimum_uid=0" }, NULL, NULL, false },
	{ { "minimum_uid=4294967294" }, NULL, NULL, false },
	{ { "minimum_uid=4294967295" }, "minimum_uid=4294967295", "limits", false },
	{ { "minimum_uid=root" }, "minimum_uid=root", "no number", false },
	{ { "minimum_uid" }, "minimum_uid", "needs a value", false },
	{ { "prompt=API key: " }, NULL, NULL, false },
	{ { "prompt=" }, "prompt=", "needs a value", false },
	{ { "prompt=a\033b" }, "prompt=a\033b", "control characters", false },
	{ { "use_first_pass", "env", "quiet", "debug" }, NULL, NULL, false },
	{ { "try_first_pass", "keep_authtok", "maxtries" }, NULL, NULL, false },
	{ { "any_format" }, NULL, NULL, false },
	{ { "any_format=yes" }, "any_format=yes", "takes no value", false },
	{ { "use_first_pass", "try_first_pass" }, "try_first_pass", "choose one", false },
	{ { "quiet=yes" }, "quiet=yes", "takes no value", false },
	{ { "quiet=" }, "quiet=", "takes no value", false },
	{ { "quiet", "quiet" }, NULL, NULL, false },
	{ { "timeout=5", "timeout=5" }, NULL, NULL, false },
	{ { "timeout=5", "timeout=6" }, "timeout=6", "given before", false },
	{ { "tenant=a", "env", "tenant=b" }, "tenant=b", "given before", false },
	{ { "permission=a", "permission=a OR b" }, "permission=a OR b", "given before", false },
	{ { "notices", "rotate" }, NULL, NULL, false },
	{ { "rotate=7d" }, "rotate=7d", "no value", false },
	{ { "notice" }, "notice", "unknown", true },
	{ { "nullok" }, "nullok", "unknown", true },
	{ { "" }, "", "unknown", true },
	{ { "=" }, "=", "unknown", true },
	{ { "Permission=a" }, "Permission=a", "unknown", true },
	{ { "permissio=a" }, "permissio=a", "unknown", true },
	{ { "permissions=a" }, "permissions=a", "unknown", true },
	{ { " quiet" }, " quiet", "unknown", true },
	{ { "debug", "fail_open" }, "fail_open", "unknown", true },
};

START_TEST(arguments_are_read_strictly)
{
	struct options untouched = { .timeout = 7 };
	struct options options = untouched;
	struct options_error error = { 0 };
	int count = 0;

	while (count < MAX_ARGUMENTS && cases[_i].arguments[count])
		count++;
	if (!cases[_i].argument) {
		ck_assert(options_parse(count, cases[_i].arguments, &options, &error));
		ck_assert_ptr_null(error.argument);
		return;
	}
	ck_assert(!options_parse(count, cases[_i].arguments, &options, &error));
	ck_assert_str_eq(error.argument, cases[_i].argument);
	ck_assert_ptr_nonnull(strstr(error.problem, cases[_i].problem));
	ck_assert_int_eq(error.unknown, cases[_i].unknown);
	ck_assert_mem_eq(&options, &untouched, sizeof(options));
}
END_TEST

START_TEST(nothing_said_means_the_defaults)
{
	struct options_error error;
	struct options options;

	ck_assert(options_parse(0, NULL, &options, &error));
	ck_assert_ptr_null(options.permission);
	ck_assert_ptr_null(options.tenant);
	ck_assert_ptr_null(options.socket);
	ck_assert_str_eq(options.prompt, "Password: ");
	ck_assert_uint_eq(options.timeout, 0);
	ck_assert_uint_eq(options.minimum_uid, 1000);
	ck_assert(!options.use_first_pass && !options.try_first_pass && !options.keep_authtok && !options.env);
	ck_assert(!options.maxtries && !options.quiet && !options.debug && !options.any_format && !options.session);
}
END_TEST

START_TEST(every_value_reaches_its_place)
{
	const char *const arguments[] = {
		"permission=a.b", "tenant=blue",  "socket=/run/x", "timeout=250",   "prompt=Key: ",
		"use_first_pass", "keep_authtok", "env",           "minimum_uid=7", "maxtries",
		"quiet",          "debug",        "any_format",    "session",
	};
	struct options_error error;
	struct options options;

	ck_assert(options_parse((int)ARRAY_SIZE(arguments), arguments, &options, &error));
	ck_assert_str_eq(options.permission, "a.b");
	ck_assert_str_eq(options.tenant, "blue");
	ck_assert_str_eq(options.socket, "/run/x");
	ck_assert_uint_eq(options.timeout, 250);
	ck_assert_str_eq(options.prompt, "Key: ");
	ck_assert_uint_eq(options.minimum_uid, 7);
	ck_assert(options.use_first_pass && !options.try_first_pass && options.keep_authtok && options.env);
	ck_assert(options.maxtries && options.quiet && options.debug && options.any_format && options.session);
}
END_TEST

START_TEST(values_have_a_greatest_length)
{
	static const struct {
		const char *name;
		size_t longest;
		char first;
	} texts[] = { { "permission=", 1000, 'a' },
		      { "tenant=", WIRE_TENANT_MAX, 'a' },
		      { "socket=", 107, '/' },
		      { "prompt=", 256, 'a' } };

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		char argument[1100];
		const char *const arguments[] = { argument };
		struct options_error error;
		struct options options;
		size_t start = (size_t)(stpcpy(argument, texts[i].name) - argument);

		memset(argument + start, 'a', texts[i].longest + 1);
		/* a permission's segments are short */
		for (size_t dot = 32; i == 0 && dot < texts[i].longest; dot += 32)
			argument[start + dot] = '.';
		argument[start] = texts[i].first;
		argument[start + texts[i].longest + 1] = '\0';
		ck_assert(!options_parse(1, arguments, &options, &error));
		argument[start + texts[i].longest] = '\0';
		ck_assert(options_parse(1, arguments, &options, &error));
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tests = tcase_create("options");

	tcase_add_loop_test(tests, arguments_are_read_strictly, 0, (int)ARRAY_SIZE(cases));
	tcase_add_test(tests, nothing_said_means_the_defaults);
	tcase_add_test(tests, every_value_reaches_its_place);
	tcase_add_test(tests, values_have_a_greatest_length);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
