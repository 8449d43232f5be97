/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit file from one to the next: rotation, files that are moved or removed by others, kills at any moment. seq
 * goes on over all of it, and what was acknowledged is there.
 */
#include "tests/daemon/audit-fixture.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "tests/suite.h"

static struct fixture fixture;

static void begin(void)
{
	fixture_begin(&fixture);
}

static void end(void)
{
	fixture_end(&fixture);
}

static struct audit_health health_now(void)
{
	struct audit_health health;

	audit_health(fixture.audit, &health);
	return health;
}

static uint64_t check_all(unsigned int oldest, size_t *ret_lines)
{
	uint64_t seq = 0;

	*ret_lines = 0;
	for (unsigned int number = oldest + 1; number-- > 0;)
		*ret_lines += fixture_check(&fixture, number, &seq, NULL, NULL);
	return seq;
}

START_TEST(test_rotation_at_the_exact_boundary)
{
	uint64_t line, room;

	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	line = health_now().size;
	fixture_close(&fixture);
	for (int less = 0; less <= 1; less++) {
		ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
		room = 5 * line - (uint64_t)less;
		fixture_open(&fixture, room, 2);
		for (size_t i = 0; i < 5; i++)
			ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
		ck_assert_int_eq(fixture_exists(&fixture, 1), less == 1);
		ck_assert_uint_le(health_now().size, room);
		fixture_close(&fixture);
	}
}
END_TEST

START_TEST(test_rotation_keeps_so_many)
{
	size_t lines;

	fixture_open(&fixture, 500, 100);
	for (size_t i = 0; i < 100; i++) {
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
		if (i % 7 == 0) { /* seq goes on over restarts in between */
			fixture_close(&fixture);
			fixture_open(&fixture, 500, 100);
		}
	}
	ck_assert(fixture_exists(&fixture, 15));
	for (unsigned int oldest = 15;; oldest++) {
		if (!fixture_exists(&fixture, oldest + 1)) {
			ck_assert_uint_eq(check_all(oldest, &lines), health_now().seq);
			break;
		}
	}
	ck_assert_uint_ge(lines, 100);

	/* keeping fewer removes the others */
	fixture_close(&fixture);
	fixture_open(&fixture, 500, 3);
	for (size_t i = 0; i < 10; i++)
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert(fixture_exists(&fixture, 3));
	ck_assert(!fixture_exists(&fixture, 4));
	fixture_close(&fixture);
	fixture_open(&fixture, 500, 0);
	for (size_t i = 0; i < 10; i++)
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert(!fixture_exists(&fixture, 1));
	ck_assert_uint_le(health_now().size, 500);
}
END_TEST

/* What an admin took away leaves a gap; only what is before it moves up. */
START_TEST(test_rotation_fills_a_gap)
{
	char *before, *after;
	size_t size;

	fixture_open(&fixture, 300, 10);
	while (!fixture_exists(&fixture, 4))
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	before = fixture_read(&fixture, 4, &size);
	ck_assert_int_eq(unlink(fixture_path(&fixture, 2)), 0);
	while (!fixture_exists(&fixture, 2))
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	after = fixture_read(&fixture, 4, &size);
	ck_assert_str_eq(before, after);
	ck_assert(!fixture_exists(&fixture, 5));
	free(before);
	free(after);
}
END_TEST

START_TEST(test_keeping_any_number)
{
	size_t lines;

	fixture_open(&fixture, 1, UINT64_MAX);
	for (size_t i = 0; i < 5; i++)
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert(fixture_exists(&fixture, 0));
	ck_assert(fixture_exists(&fixture, 4));
	check_all(4, &lines);
	ck_assert_uint_ge(lines, 5);
}
END_TEST

/* A record larger than a file may be goes in all the same. */
START_TEST(test_record_larger_than_a_file)
{
	char text[2000];
	size_t lines;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	fixture_open(&fixture, 100, 10);
	for (size_t i = 0; i < 3; i++)
		ck_assert_int_eq(fixture_write(&fixture, text), 0);
	check_all(2, &lines);
	ck_assert_uint_ge(lines, 3);
}
END_TEST

/* The file after a crash between the two steps of a rotation: the new one is empty or not there. */
START_TEST(test_seq_is_found_in_the_rotated_file)
{
	fixture_append_text(&fixture, 1, "{\"seq\":41,\"rev\":5,\"event\":\"x\"}\n");
	if (_i == 1)
		fixture_append_text(&fixture, 0, "");
	if (_i == 2)
		fixture_append_text(&fixture, 0, "nothing of ours\n");
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert_uint_eq(health_now().seq, 43); /* with a checkpoint at the start of a file, or what is not ours */
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 5), 5);
	ck_assert_int_eq(audit_append_change(fixture.audit, 5, "{\"event\":\"key_create\"}"), 0);
	ck_assert_uint_eq(health_now().seq, 43);
}
END_TEST

START_TEST(test_reopening_after_a_move)
{
	const struct audit_options options = { .max_size = 0 };
	uint64_t seq = 0;

	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(audit_append_change(fixture.audit, 1, "{\"event\":\"key_create\"}"), 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	audit_reopen(fixture.audit, &options);
	ck_assert_int_eq(fixture_write(&fixture, "bob"), 0); /* the same file: it was not moved */
	{
		char moved[PATH_MAX];

		/* as .3, where no start looks for it */
		snprintf(moved, sizeof(moved), "%s", fixture_path(&fixture, 3));
		ck_assert_int_eq(rename(fixture_path(&fixture, 0), moved), 0);
	}
	audit_reopen(fixture.audit, &options);
	ck_assert_int_eq(audit_append_change(fixture.audit, 1, "{\"event\":\"key_create\"}"), 0); /* is there */
	ck_assert_int_eq(fixture_write(&fixture, "bob"), 0);
	ck_assert_uint_eq(fixture_check(&fixture, 3, &seq, NULL, NULL), 3);
	/* where the chain goes on, a checkpoint and bob */
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), 3);
	fixture_close(&fixture);
	fixture_open(&fixture, 0, 0);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 1), 1);
}
END_TEST

START_TEST(test_removed_file_is_made_again)
{
	struct deadline deadline = deadline_in(5000);
	uint64_t seq = 0;

	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	while (!fixture_exists(&fixture, 0) && deadline_left(deadline) > 0) {
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
		usleep(10000);
	}
	ck_assert(fixture_exists(&fixture, 0));
	seq = health_now().seq;
	ck_assert_int_eq(fixture_write(&fixture, "bob"), 0);
	ck_assert_uint_eq(health_now().seq, seq + 1);
}
END_TEST

/* ---- kills ---- */

static void write_until_killed(int acknowledge)
{
	fixture_open(&fixture, 20000, 1000);
	fixture_write_on(&fixture, acknowledge);
}

/*
 * Reads a file in which a kill inside write(2) may have torn lines; each is followed by its "recovered" record, whose
 * seq may leave out the torn one's. Returns the seq of the last whole line that is not a "recovered" one.
 */
static uint64_t check_with_torn_lines(unsigned int number, uint64_t *seq)
{
	size_t size;
	char *data = fixture_read(&fixture, number, &size);
	uint64_t last = *seq;
	bool torn = false;

	for (char *line = strtok(data, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *json = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
		uint64_t found = (uint64_t)json_integer_value(json_object_get(json, "seq"));
		const char *event = json_string_value(json_object_get(json, "event"));

		if (torn) {
			ck_assert_str_eq(event, "recovered");
			ck_assert(found == *seq + 1 || found == *seq + 2);
		} else if (json) {
			ck_assert_uint_eq(found, *seq + 1);
			last = found;
		}
		torn = json == NULL;
		if (json)
			*seq = found;
		json_decref(json);
	}
	ck_assert(!torn);
	free(data);
	return last;
}

START_TEST(test_kill_loses_nothing_acknowledged)
{
	uint64_t acknowledged = 0;

	for (unsigned int kills = 0; kills < 20; kills++) {
		uint64_t seq = 0, last = 0;
		unsigned int oldest = 0;

		fixture_kill(write_until_killed, 5 + kills * 13, &acknowledged);
		fixture_open(&fixture, 0, 0);
		audit_tend(fixture.audit); /* closes a torn line */
		fixture_close(&fixture);
		/* a kill inside a rotation leaves a gap, which the next one fills */
		for (unsigned int number = 1; number < 200; number++)
			oldest = fixture_exists(&fixture, number) ? number : oldest;
		ck_assert_uint_lt(oldest, 199);
		for (unsigned int number = oldest + 1; number-- > 0;) {
			if (fixture_exists(&fixture, number))
				last = check_with_torn_lines(number, &seq);
		}
		ck_assert_uint_ge(last, acknowledged);
	}
	ck_assert_uint_gt(acknowledged, 1000);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit-rotation");
	TCase *test_case = tcase_create("rotation");

	tcase_add_checked_fixture(test_case, begin, end);
	tcase_set_timeout(test_case, 120);
	tcase_add_test(test_case, test_rotation_at_the_exact_boundary);
	tcase_add_test(test_case, test_rotation_keeps_so_many);
	tcase_add_test(test_case, test_rotation_fills_a_gap);
	tcase_add_test(test_case, test_keeping_any_number);
	tcase_add_test(test_case, test_record_larger_than_a_file);
	tcase_add_loop_test(test_case, test_seq_is_found_in_the_rotated_file, 0, 3);
	tcase_add_test(test_case, test_reopening_after_a_move);
	tcase_add_test(test_case, test_removed_file_is_made_again);
	tcase_add_test(test_case, test_kill_loses_nothing_acknowledged);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
