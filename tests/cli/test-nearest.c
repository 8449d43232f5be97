/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* cli/nearest: what somebody meant, and that nothing is made up where nobody can know. */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "cli/nearest.h"
#include "cli/scope.h"
#include "tests/suite.h"

static const struct {
	const char *object, *word, *meant; /* NULL: nothing is near */
} words[] = {
	/* slips of the finger */
	{ NULL, "staus", "status" },
	{ NULL, "sttaus", "status" },
	{ NULL, "statuss", "status" },
	{ NULL, "helo", "help" },
	{ "key", "craete", "key create" },
	{ "key", "lst", "key list" },
	{ "key", "shw", "key show" },
	{ "key", "deactivat", "key deactivate" },
	{ "key", "Revoke", "key revoke" },
	/* beginnings, and more than there is */
	{ "key", "rev", "key revoke" },
	{ "key", "activated", "key activate" },
	{ NULL, "keys", "key" },
	{ NULL, "ke", "key" },
	/* a verb without its object */
	{ NULL, "list", "key list" },
	{ NULL, "revok", "key revoke" },
	/* words of other tools */
	{ "key", "ls", "key list" },
	{ "key", "rm", "key delete" },
	{ "key", "add", "key create" },
	{ "key", "disable", "key deactivate" },
	{ NULL, "why", "explain" },
	/* nobody knows */
	{ "key", "frob", NULL },
	{ "key", "x", NULL },
	{ "key", "", NULL },
	{ "key", "status", NULL },
	{ NULL, "", NULL },
	{ NULL, "k", NULL },
	{ NULL, "frobnicate", NULL },
	{ NULL, "createcreatecreatecreatecreatecreatecreatecreatecreate", "key create" },
	{ NULL, "eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee", NULL },
	{ "nothing", "create", NULL },
};

START_TEST(a_command_is_found)
{
	char name[NEAREST_SIZE] = "untouched";
	const char *found = nearest_command(words[_i].object, words[_i].word, name);

	ck_assert_msg(words[_i].meant ? found != NULL : found == NULL, "'%s' is taken for '%s'", words[_i].word,
		      found ? found : "nothing");
	ck_assert_str_eq(name, words[_i].meant ? words[_i].meant : "untouched");
}
END_TEST

static const struct {
	const char *verb, *word, *meant;
} options[] = {
	{ "create", "nam", "name" },
	{ "create", "nmae", "name" },
	{ "create", "perm", "permission" },
	{ "create", "permissions", "permission" },
	{ "create", "jso", "json" },
	{ "delete", "yess", "yes" },
	{ "delete", "permission", NULL },
	{ "create", "frobnicate", NULL },
	{ "create", "", NULL },
	{ NULL, "runtimedir", "runtime-dir" },
};

START_TEST(an_option_is_found)
{
	const struct command *command = options[_i].verb ? command_find("key", options[_i].verb) : NULL;
	/* The name ends where its size says, not where the text does. */
	char text[64];
	const char *found;

	snprintf(text, sizeof(text), "%s=name", options[_i].word);
	found = nearest_option(command, text, strlen(options[_i].word));
	ck_assert_pstr_eq(found, options[_i].meant);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli/nearest");
	TCase *names = tcase_create("names");

	tcase_add_loop_test(names, a_command_is_found, 0, COUNT_OF(words));
	tcase_add_loop_test(names, an_option_is_found, 0, COUNT_OF(options));
	suite_add_tcase(suite, names);
	return suite_run(suite);
}
