/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Log lines: their form, and that nobody writes more into them than a value. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "common/cleanup.h"
#include "pam_module/log.h"
#include "tests/pam_module/scene.h"
#include "tests/pam_module/trap.h"
#include "tests/suite.h"

#define SECRET "0123456789abcdefghijklmnopqrstuv123456"
#define PAIR "a123456b-c12c-123d-1ab4-18bd8c8e88a3"

static const struct {
	const char *text, *escaped;
} escapes[] = {
	{ NULL, "" },
	{ "", "" },
	{ "alice@example.org", "alice@example.org" },
	{ "alice bob", "alice\\x20bob" },
	{ "a\nb\r\tc", "a\\x0ab\\x0d\\x09c" },
	{ "a\\x0a", "a\\x5cx0a" },
	{ "\x1b[2J\x7f", "\\x1b[2J\\x7f" },
	{ "\xc3\xa9\x9b", "\\xc3\\xa9\\x9b" },
	{ "x rhost=198.51.100.1", "x\\x20rhost=198.51.100.1" },
	{ "ak_KeyKeyKeyKey_" SECRET, "ak_..." },
	{ "akt_KeyKeyKeyKey_" SECRET, "akt_..." },
	{ " ak_KeyKeyKeyKey_" SECRET, "\\x20ak_..." },
	{ "alice:ak_KeyKeyKeyKey_" SECRET, "alice:ak_..." },
	{ "ak_KeyKeyKeyKey_0", "ak_..." },
	{ PAIR ":n:1:" SECRET, PAIR ":..." },
	{ "alice Hmac " PAIR ":n:1:" SECRET, "alice\\x20Hmac\\x20" PAIR ":..." },
	{ "alice:eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9." SECRET, "alice:eyJ..." },
	{ PAIR ":n", PAIR ":n" },
	{ "ak_bob", "ak_bob" },
	{ "ak", "ak" },
};

START_TEST(a_value_is_one_word_without_secrets)
{
	char escaped[LOG_FIELD_SIZE];

	log_escape(escapes[_i].text, escaped, sizeof(escaped));
	ck_assert_str_eq(escaped, escapes[_i].escaped);
}
END_TEST

START_TEST(a_value_is_cut_at_any_size)
{
	for (size_t size = 8; size < 64; size++) {
		char text[65], escaped[64 + 1];

		memset(text, '\n', sizeof(text) - 1);
		text[sizeof(text) - 1] = '\0';
		memset(escaped, '#', sizeof(escaped));
		log_escape(text, escaped, size);
		ck_assert_uint_lt(strlen(escaped), size);
		ck_assert_str_eq(escaped + strlen(escaped) - 3, "...");
		ck_assert_int_eq(escaped[size], '#');
		log_escape("ak_KeyKeyKeyKey_" SECRET, escaped, size);
		ck_assert_uint_lt(strlen(escaped), size);
		ck_assert_ptr_null(strstr(escaped, "Key"));
		log_escape("Hmac " PAIR ":n:1:" SECRET, escaped, size);
		ck_assert_uint_lt(strlen(escaped), size);
		ck_assert_str_eq(escaped + strlen(escaped) - 3, "...");
		ck_assert_ptr_null(strstr(escaped, ":n"));
	}
}
END_TEST

START_TEST(a_line_begins_with_priority_program_and_phase)
{
	const struct log log = { .service = "sshd", .phase = "auth" };
	char line[LOG_LINE_SIZE], program[64] = "", rest[LOG_LINE_SIZE] = "";
	int priority = 0, pid = 0;
	size_t size = log_format(&log, LOG_NOTICE, "one\ntwo", line, sizeof(line));

	ck_assert_uint_eq(size, strlen(line));
	ck_assert_int_eq(sscanf(line, "<%d>%63[^[][%d]: %[^\n]", &priority, program, &pid, rest), 4);
	ck_assert_int_eq(priority, LOG_AUTHPRIV | LOG_NOTICE);
	ck_assert_str_eq(program, program_invocation_short_name);
	ck_assert_int_eq(pid, getpid());
	ck_assert_str_eq(rest, "pam_apikey(sshd:auth): one\\x0atwo");
}
END_TEST

START_TEST(a_line_is_cut_at_any_size)
{
	const struct log log = { .service = "sshd", .phase = "auth" };

	for (size_t size = 1; size < 128; size++) {
		char line[129];

		memset(line, '#', sizeof(line));
		ck_assert_uint_lt(log_format(&log, LOG_ERR, "\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n\n", line, size),
				  size);
		ck_assert_int_eq(line[size], '#');
	}
}
END_TEST

START_TEST(what_is_quiet_and_what_is_not)
{
	static const struct {
		bool quiet, debug;
		int priority;
		bool written;
	} rules[] = {
		{ false, false, LOG_NOTICE, true }, { false, false, LOG_DEBUG, false },
		{ false, true, LOG_DEBUG, true },   { true, true, LOG_DEBUG, false },
		{ true, false, LOG_NOTICE, false }, { true, false, LOG_ERR, false },
		{ true, false, LOG_ALERT, true },
	};
	struct scene scene;
	char path[128], line[LOG_LINE_SIZE];

	scene_open(&scene);
	snprintf(path, sizeof(path), "%s/log", scene.folder);
	trap_log_open(path);
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct log log = { .phase = "auth", .quiet = rules[i].quiet, .debug = rules[i].debug };

		log_write(&log, rules[i].priority, "%s", "line");
		ck_assert_int_eq(trap_log_take(line, sizeof(line)) > 0, rules[i].written);
		ck_assert_uint_eq(trap_log_take(line, sizeof(line)), 0);
	}
	scene_close(&scene);
}
END_TEST

START_TEST(the_counted_line_keeps_its_form_and_fits)
{
	const struct log log = { .service = "sshd", .phase = "auth" };
	char longest[600], path[128], line[LOG_LINE_SIZE], expected[LOG_LINE_SIZE];
	struct log_subject subject = { .user = "alice", .rhost = "192.0.2.1", .tty = "ssh" };
	struct scene scene;

	scene_open(&scene);
	snprintf(path, sizeof(path), "%s/log", scene.folder);
	trap_log_open(path);
	log_failure(&log, &subject);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	snprintf(
		expected, sizeof(expected),
		"pam_apikey(sshd:auth): authentication failure; logname= uid=%u euid=%u tty=ssh ruser= rhost=192.0.2.1 "
		"user=alice",
		getuid(), geteuid());
	ck_assert_ptr_nonnull(strstr(line, ": "));
	ck_assert_str_eq(strstr(line, ": ") + 2, expected);
	/* Whoever makes everything as long as can be does not get out of the line, nor the line out of the log. */
	memset(longest, '\n', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	subject = (struct log_subject){ .user = longest, .ruser = longest, .rhost = longest, .tty = longest };
	log_failure(&log, &subject);
	ck_assert_uint_gt(trap_log_take(line, sizeof(line)), 0);
	ck_assert_ptr_nonnull(strstr(line, " user=\\x0a"));
	ck_assert_ptr_null(strchr(line, '\n'));
	scene_close(&scene);
}
END_TEST

START_TEST(a_full_or_absent_log_costs_nothing)
{
	const struct log log = { .service = "sshd", .phase = "auth" };
	int64_t begun = scene_clock();
	struct scene scene;
	char path[128];

	scene_open(&scene);
	snprintf(path, sizeof(path), "%s/log", scene.folder);
	trap_log_open(path);
	trap_log_fill();
	for (int i = 0; i < 300; i++)
		log_write(&log, LOG_NOTICE, "line %d", i);
	ck_assert_int_eq(unlink(path), 0);
	log_write(&log, LOG_NOTICE, "line");
	ck_assert_int_lt(scene_clock() - begun, 2000);
	scene_close(&scene);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("log");
	TCase *tests = tcase_create("log");

	tcase_add_loop_test(tests, a_value_is_one_word_without_secrets, 0, (int)ARRAY_SIZE(escapes));
	tcase_add_test(tests, a_value_is_cut_at_any_size);
	tcase_add_test(tests, a_line_begins_with_priority_program_and_phase);
	tcase_add_test(tests, a_line_is_cut_at_any_size);
	tcase_add_test(tests, what_is_quiet_and_what_is_not);
	tcase_add_test(tests, the_counted_line_keeps_its_form_and_fits);
	tcase_add_test(tests, a_full_or_absent_log_costs_nothing);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
