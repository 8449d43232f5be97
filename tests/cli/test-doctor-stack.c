/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Stacks as doctor reads and walks them, against libpam itself: thousands of stacks by chance, with includes, substacks
 * and jumps, of modules that return what their line says.
 */
#include <check.h>
#include <errno.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sys/stat.h>

#include "cli/doctor_control.h"
#include "cli/doctor_stack.h"
#include "cli/scope.h"
#include "tests/suite.h"

#define STACKS 1500
#define LINES_MAX 7

static char tree[] = "/tmp/doctor-stack-XXXXXX";
static char folder[64];
static uint32_t chance_state = 20260101;

static uint32_t chance(uint32_t below)
{
	chance_state = chance_state * 1664525 + 1013904223;
	return (chance_state >> 8) % below;
}

/* What pam_debug.so takes and PAM gives back. */
static const struct {
	const char *name;
	enum pam_code code;
} codes[] = {
	{ "success", CODE_SUCCESS },         { "success", CODE_SUCCESS }, /* as likely as all others of a kind */
	{ "auth_err", CODE_AUTH_ERR },       { "ignore", CODE_IGNORE },
	{ "perm_denied", CODE_PERM_DENIED }, { "authinfo_unavail", CODE_AUTHINFO_UNAVAIL },
	{ "service_err", CODE_SERVICE_ERR }, { "acct_expired", CODE_ACCT_EXPIRED },
};

static const char *const words[] = { "required", "requisite", "sufficient", "optional" };
static const char *const actions[] = { "ignore", "ok", "done", "bad", "die", "reset", "1", "2", "3" };

static int talk(int count, const struct pam_message **messages, struct pam_response **ret_responses, void *data)
{
	(void)messages;
	(void)data;
	*ret_responses = calloc((size_t)count, sizeof(**ret_responses));
	return *ret_responses ? PAM_SUCCESS : PAM_BUF_ERR;
}

static int ask_libpam(const char *service)
{
	const struct pam_conv conversation = { talk, NULL };
	pam_handle_t *pamh = NULL;
	int r = pam_start_confdir(service, "alice", &conversation, folder, &pamh);

	if (r != PAM_SUCCESS)
		return -1;
	r = pam_authenticate(pamh, PAM_SILENT);
	pam_end(pamh, r);
	return r;
}

static void write_control(FILE *file)
{
	if (chance(3) == 0) {
		fputs(words[chance(COUNT_OF(words))], file);
		return;
	}
	fputc('[', file);
	for (uint32_t i = chance(4); i > 0; i--)
		fprintf(file, "%s=%s ", codes[chance(COUNT_OF(codes))].name, actions[chance(COUNT_OF(actions))]);
	if (chance(4) > 0)
		fprintf(file, "default=%s", actions[chance(COUNT_OF(actions))]);
	fputc(']', file);
}

static FILE *stack_open(const char *name)
{
	char path[128];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, "w");
	if (!file)
		exit(99);
	return file;
}

/* The stacks further on in the list are what this one may include. */
static void write_stack(const char *name, const char *const *further, size_t count)
{
	FILE *file = stack_open(name);

	for (uint32_t i = 1 + chance(LINES_MAX); i > 0; i--) {
		const char *other = count > 0 ? further[chance((uint32_t)count)] : NULL;

		switch (other ? chance(8) : 8) {
		case 0:
			fprintf(file, "auth substack %s/%s\n", folder, other);
			break;
		case 1:
			fprintf(file, "auth include %s/%s\n", folder, other);
			break;
		case 2:
			fprintf(file, "@include %s/%s\n", folder, other);
			break;
		default:
			fputs(chance(2) ? "auth\t" : "auth \\\n  ", file);
			write_control(file);
			fprintf(file, " pam_debug.so auth=%s # a comment\n", codes[chance(COUNT_OF(codes))].name);
			break;
		}
	}
	fclose(file);
}

static enum pam_code code_of(const struct stack_rule *rule)
{
	for (size_t i = 0; i < COUNT_OF(codes); i++)
		if (rule->argument_count == 1 && strcmp(rule->arguments[0] + strlen("auth="), codes[i].name) == 0)
			return codes[i].code;
	ck_abort_msg("a line has no answer");
}

static enum pam_code walk(const char *service)
{
	struct control_step steps[1024];
	struct doctor_memory memory = { NULL };
	struct doctor_files files = { .memory = &memory };
	struct stacks stacks;
	enum pam_code code = CODE_SUCCESS;

	ck_assert_int_eq(doctor_files_open(&files, tree), 0);
	stacks_load(&files, &stacks);
	for (size_t i = 0; i < stacks.count; i++) {
		const struct stack *stack = &stacks.stacks[i];

		if (strcmp(stack->service, service) != 0)
			continue;
		ck_assert_uint_eq(stack->fault_count, 0);
		ck_assert_uint_lt(stack->rule_count, COUNT_OF(steps));
		for (size_t j = 0; j < stack->rule_count; j++)
			steps[j] = (struct control_step){
				.control = stack->rules[j].control,
				.depth = stack->rules[j].depth,
				.opens = stack->rules[j].opens,
				.code = stack->rules[j].opens ? CODE_SUCCESS : code_of(&stack->rules[j]),
			};
		code = control_walk(steps, stack->rule_count);
	}
	doctor_files_close(&files);
	doctor_memory_done(&memory);
	return code;
}

static void fail_with_stacks(const char *const *names, size_t count, int expected, enum pam_code got)
{
	for (size_t i = 0; i < count; i++) {
		char path[128], line[256];
		FILE *file;

		snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
		printf("---- %s\n", names[i]);
		file = fopen(path, "r");
		while (file && fgets(line, sizeof(line), file))
			fputs(line, stdout);
		if (file)
			fclose(file);
	}
	fflush(stdout);
	ck_abort_msg("libpam says %d, doctor %d", expected, (int)got);
}

START_TEST(a_walk_ends_where_libpam_ends)
{
	static const char *const names[] = { "first", "second", "third" };
	size_t successes = 0;

	for (int i = 0; i < STACKS; i++) {
		enum pam_code got;
		int expected;

		for (size_t j = 0; j < COUNT_OF(names); j++)
			write_stack(names[j], names + j + 1, COUNT_OF(names) - j - 1);
		expected = ask_libpam("first");
		got = walk("first");
		if (expected != (int)got)
			fail_with_stacks(names, COUNT_OF(names), expected, got);
		successes += expected == PAM_SUCCESS;
	}
	/* It is no contest when everything is refused. */
	ck_assert_uint_gt(successes, STACKS / 20);
}
END_TEST

START_TEST(controls_that_are_none_are_told)
{
	static const struct {
		const char *text;
		bool known, has_default;
	} table[] = {
		{ "required", true, true },
		{ "Sufficient", true, true },
		{ "[success=ok default=die", true, true },
		{ "[ success = 1 ", true, false },
		{ "[", true, false },
		{ "", false, false },
		{ "suficient", false, false },
		{ "[success", false, false },
		{ "[success=", false, false },
		{ "[success=don", false, false },
		{ "[succes=done", false, false },
		{ "[success=0", false, false },
		{ "[success=-1", false, false },
		{ "[success=99999", false, false },
	};

	for (size_t i = 0; i < COUNT_OF(table); i++) {
		struct control control;
		bool known = control_parse(table[i].text, &control);

		ck_assert_msg(known == table[i].known, "'%s'", table[i].text);
		if (known)
			ck_assert_msg(control.has_default == table[i].has_default, "'%s'", table[i].text);
		else
			ck_assert_int_eq(control.actions[CODE_SUCCESS], ACTION_BAD);
	}
}
END_TEST

static void make_tree(void)
{
	char path[96];

	if (!mkdtemp(tree))
		exit(99);
	snprintf(path, sizeof(path), "%s/etc", tree);
	mkdir(path, 0755);
	/* libpam looks for what is included in /etc/pam.d, unless the path is whole: that it leads somewhere in the
	 * tree as well, a link sees to. */
	snprintf(path, sizeof(path), "%s/tmp", tree);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s%s", tree, tree);
	if (symlink("/", path) < 0)
		exit(99);
	snprintf(folder, sizeof(folder), "%s/etc/pam.d", tree);
	mkdir(folder, 0755);
}

static void remove_tree(void)
{
	static const char *const files[] = {
		"etc/pam.d/first", "etc/pam.d/second", "etc/pam.d/third", "etc/pam.d", "etc", "tmp", ""
	};
	char path[96];

	snprintf(path, sizeof(path), "%s%s", tree, tree);
	remove(path);
	for (size_t i = 0; i < COUNT_OF(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", tree, files[i]);
		remove(path);
	}
}

/* Whether there is what the tests stand on; else why not. */
static const char *missing(void)
{
	struct doctor_memory memory = { NULL };
	struct doctor_files files = { .memory = &memory };
	FILE *file = stack_open("first");

	fputs("auth required pam_debug.so auth=success\n", file);
	fclose(file);
	if (doctor_files_open(&files, tree) < 0)
		return "the kernel cannot keep to a tree";
	doctor_files_close(&files);
	return ask_libpam("first") == PAM_SUCCESS ? NULL : "libpam has no pam_debug.so";
}

int main(void)
{
	Suite *suite = suite_create("doctor-stack");
	TCase *cases = tcase_create("all");
	const char *why;
	int status;

	make_tree();
	why = missing();
	if (why) {
		printf("SKIP: %s\n", why);
		remove_tree();
		return 77;
	}
	tcase_set_timeout(cases, 120);
	tcase_add_test(cases, a_walk_ends_where_libpam_ends);
	tcase_add_test(cases, controls_that_are_none_are_told);
	suite_add_tcase(suite, cases);
	status = suite_run(suite);
	remove_tree();
	return status;
}
