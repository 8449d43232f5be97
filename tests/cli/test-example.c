/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cli/example: each command has an example, and each example is a command line that would be taken. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/example.h"
#include "cli/scope.h"
#include "cli/when.h"
#include "tests/suite.h"

#define NOW INT64_C(1790000000)
#define WORDS_MAX 40

/* Splits as a shell does where there are single quotes and nothing else to it, up to a redirection. line is cut up. */
static int split(char *line, char *words[WORDS_MAX])
{
	int count = 0;

	/* Nobody reads what the program is called. */
	words[count++] = NULL;
	while (*line != '\0' && !strchr("<>|", *line) && count < WORDS_MAX) {
		char *to = words[count++] = line;

		for (; *line != '\0' && *line != ' '; line++) {
			if (*line != '\'') {
				*to++ = *line;
				continue;
			}
			for (line++; *line != '\''; line++) {
				ck_assert_int_ne(*line, '\0');
				*to++ = *line;
			}
		}
		line += strspn(line, " ");
		*to = '\0';
	}
	ck_assert_int_lt(count, WORDS_MAX);
	return count;
}

static int example_count(void)
{
	int count = 0;

	while (examples[count].line)
		count++;
	return count;
}

START_TEST(an_example_is_taken)
{
	const struct example *example = &examples[_i];
	SCOPED(arguments_done) struct arguments arguments;
	SCOPED_FREE char *error = NULL, *line = strdup(example->line);
	const enum option_id times[] = { OPTION_EXPIRES, OPTION_NOT_BEFORE };
	char *words[WORDS_MAX];
	int r;

	ck_assert_ptr_nonnull(line);
	r = arguments_parse(split(line, words), words, &arguments, &error);
	ck_assert_msg(r == 0, "'apikeyctl %s' is not taken: %s", example->line, error ? error : "no reason given");
	ck_assert_ptr_nonnull(arguments.command);
	ck_assert_msg(example_is_of(example, arguments.command),
		      "'%s' does not begin with its command, so no help shows it", example->line);
	for (size_t i = 0; i < COUNT_OF(times); i++) {
		const char *value = arguments_value(&arguments, times[i]);
		int64_t time;

		ck_assert_msg(!value || (when_parse(value, NOW, &time) && time > NOW), "%s is no time to come", value);
	}
}
END_TEST

START_TEST(an_example_says_what_it_is_for)
{
	const char *says = examples[_i].says;

	ck_assert_ptr_nonnull(says);
	ck_assert_msg(strlen(says) > 3 && strlen(says) < 76, "'%s' is too short, or does not fit on a line", says);
	ck_assert_msg(!strchr(says, '\n') && says[strlen(says) - 1] != '.', "'%s' is not one line without a full stop",
		      says);
}
END_TEST

START_TEST(every_command_has_an_example)
{
	for (const struct command *command = commands; command->verb; command++) {
		SCOPED_FREE char *name = command_name(command);
		int count = 0;

		for (int i = 0; i < example_count(); i++)
			count += example_is_of(&examples[i], command);
		ck_assert_msg(count > 0, "'%s' has no example; cli/example.c is where it would stand", name);
	}
}
END_TEST

START_TEST(an_example_is_of_one_command)
{
	int count = 0;

	for (const struct command *command = commands; command->verb; command++)
		count += example_is_of(&examples[_i], command);
	ck_assert_int_eq(count, 1);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/example");
	TCase *examples_case = tcase_create("examples");

	tcase_add_loop_test(examples_case, an_example_is_taken, 0, example_count());
	tcase_add_loop_test(examples_case, an_example_says_what_it_is_for, 0, example_count());
	tcase_add_loop_test(examples_case, an_example_is_of_one_command, 0, example_count());
	tcase_add_test(examples_case, every_command_has_an_example);
	suite_add_tcase(suite, examples_case);
	return suite_run(suite);
}
