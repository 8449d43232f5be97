/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Reading audit files: every line once, in either direction, in pieces, while files are rotated, removed and damaged;
 * and what is no place is not read from.
 */
#include <errno.h>
#include <inttypes.h>
#include <sys/uio.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "daemon/audit_cursor.h"
#include "daemon/audit_read.h"
#include "proto/audit_entry.h"
#include "tests/daemon/audit-fixture.h"
#include "tests/suite.h"

static struct fixture fixture;
static uint64_t bytes_read;

/* Takes the place of libc's, and counts. */
__attribute__((visibility("default"))) ssize_t pread(int fd, void *buf, size_t nbytes, off_t offset)
{
	struct iovec part = { buf, nbytes };
	ssize_t got = preadv(fd, &part, 1, offset);

	bytes_read += got > 0 ? (uint64_t)got : 0;
	return got;
}

static void setup(void)
{
	fixture_begin(&fixture);
}

static void teardown(void)
{
	fixture_end(&fixture);
}

/* What was read: the seqs of records, 0 for what is none. */
struct seen {
	uint64_t *seqs;
	size_t count, room;
	size_t most; /* 0: as many as come */
};

static void seen_done(struct seen *seen)
{
	free(seen->seqs);
	*seen = (struct seen){ .count = 0 };
}

static bool visit(void *data, const struct audit_found *found)
{
	struct seen *seen = data;
	struct audit_entry entry;

	if (seen->most > 0 && seen->count == seen->most)
		return false;
	if (seen->count == seen->room) {
		seen->room = seen->room ? 2 * seen->room : 1024;
		seen->seqs = realloc(seen->seqs, seen->room * sizeof(*seen->seqs));
		ck_assert_ptr_nonnull(seen->seqs);
	}
	seen->seqs[seen->count++] =
		!found->broken && audit_entry_parse(found->line, found->size, &entry) ? entry.seq : 0;
	return true;
}

static struct audit_reach reach(void)
{
	struct audit_reach reach = { .known = false };

	if (fixture.audit)
		audit_reach(fixture.audit, &reach);
	return reach;
}

/* One piece. */
static struct audit_reading_end read_piece(const struct audit_place *from, bool backward, struct seen *seen)
{
	const struct audit_reading reading = { .folder = fixture.folder,
					       .reach = reach(),
					       .from = from,
					       .backward = backward,
					       .until = INT64_MAX,
					       .visit = visit,
					       .data = seen };
	struct audit_reading_end end;
	char text[AUDIT_PLACE_SIZE];
	struct audit_place again;

	ck_assert_int_eq(audit_read(&reading, &end), 0);
	/* As a client keeps it. */
	audit_place_format(&end.place, text);
	ck_assert(audit_place_parse(text, &again));
	ck_assert_mem_eq(&again, &end.place, sizeof(again));
	return end;
}

/* All pieces; where the last one ended. */
static struct audit_place read_all(const struct audit_place *from, bool backward, struct seen *seen)
{
	struct audit_reading_end end;
	struct audit_place place;

	do {
		end = read_piece(from, backward, seen);
		ck_assert(!end.lost);
		place = end.place;
		from = &place;
	} while (!end.end);
	return place;
}

static void expect_range(const struct seen *seen, uint64_t first, uint64_t last, bool backward)
{
	ck_assert_uint_eq(seen->count, last - first + 1);
	for (size_t i = 0; i < seen->count; i++)
		ck_assert_uint_eq(seen->seqs[i], backward ? last - i : first + i);
}

static void write_records(size_t count)
{
	for (size_t i = 0; i < count; i++)
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
}

START_TEST(an_empty_folder_has_nothing_and_goes_on_with_what_comes)
{
	struct seen seen = { .count = 0 };
	struct audit_place place = read_all(NULL, false, &seen);

	ck_assert_uint_eq(seen.count, 0);
	read_all(NULL, true, &seen);
	ck_assert_uint_eq(seen.count, 0);
	fixture_open(&fixture, 0, 8);
	write_records(3);
	read_all(&place, false, &seen);
	expect_range(&seen, 1, 3, false);
	seen_done(&seen);
}
END_TEST

START_TEST(every_record_comes_once_in_either_direction)
{
	struct seen seen = { .count = 0 };
	uint64_t last;

	fixture_open(&fixture, 8192, 900);
	write_records(500);
	ck_assert(fixture_exists(&fixture, 4));
	read_all(NULL, false, &seen);
	last = seen.count;
	ck_assert_uint_gt(last, 500); /* and those that begin each file */
	expect_range(&seen, 1, last, false);
	seen_done(&seen);
	read_all(NULL, true, &seen);
	expect_range(&seen, 1, last, true);
	seen_done(&seen);
}
END_TEST

START_TEST(a_place_is_found_again_after_any_rotation)
{
	const size_t stops[] = { 1, 40, 77, 300 };
	struct audit_place places[ARRAY_SIZE(stops)];
	struct seen seen = { .count = 0 };

	fixture_open(&fixture, 8192, 900);
	write_records(400);
	for (size_t i = 0; i < ARRAY_SIZE(stops); i++) {
		seen.most = stops[i];
		places[i] = read_piece(NULL, false, &seen).place;
		ck_assert_uint_eq(seen.count, stops[i]);
		seen_done(&seen);
	}
	write_records(300);
	for (size_t i = 0; i < ARRAY_SIZE(stops); i++) {
		read_all(&places[i], false, &seen);
		ck_assert_uint_eq(seen.seqs[0], stops[i] + 1);
		expect_range(&seen, stops[i] + 1, stops[i] + seen.count, false);
		seen_done(&seen);
		/* And the other way around. */
		read_all(&places[i], true, &seen);
		expect_range(&seen, 1, stops[i], true);
		seen_done(&seen);
	}
}
END_TEST

START_TEST(following_meets_every_record_once)
{
	struct seen seen = { .count = 0 };
	struct audit_place place;

	fixture_open(&fixture, 4096, 900);
	place = read_all(NULL, false, &seen);
	for (size_t i = 0; i < 200; i++) {
		write_records(1 + i % 9);
		if (i % 50 == 49) {
			fixture_close(&fixture);
			fixture_open(&fixture, 4096, 900);
		}
		place = read_all(&place, false, &seen);
	}
	expect_range(&seen, 1, seen.count, false);
	ck_assert_uint_gt(seen.count, 800);
	seen_done(&seen);
}
END_TEST

START_TEST(what_was_removed_meanwhile_is_told_of)
{
	struct seen seen = { .most = 3 };
	struct audit_reading_end end;
	struct audit_place place;

	fixture_open(&fixture, 4096, 3);
	write_records(3);
	place = read_piece(NULL, false, &seen).place;
	seen_done(&seen);
	write_records(200);
	end = read_piece(&place, false, &seen);
	ck_assert(end.lost);
	ck_assert_uint_gt(seen.seqs[0], 4);
	ck_assert_uint_eq(end.start.seq, 0);
	seen_done(&seen);
	/* A file that was moved away, and the rest read from where it would have gone on. */
	place = read_all(NULL, false, &seen);
	write_records(40); /* more than one file holds: the numbers go on behind the place */
	ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	fixture_close(&fixture);
	fixture_open(&fixture, 4096, 3);
	write_records(2);
	seen_done(&seen);
	end = read_piece(&place, false, &seen);
	ck_assert_uint_ge(seen.count, 2);
	for (size_t i = 1; i < seen.count; i++)
		ck_assert_uint_eq(seen.seqs[i], seen.seqs[i - 1] + 1);
	seen_done(&seen);
}
END_TEST

START_TEST(records_that_are_numbered_anew_are_not_waited_for)
{
	struct seen seen = { .count = 0 };
	struct audit_reading_end end;
	struct audit_place place;

	fixture_open(&fixture, 0, 3);
	write_records(50);
	place = read_all(NULL, false, &seen);
	seen_done(&seen);
	fixture_close(&fixture);
	ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	fixture_open(&fixture, 0, 3);
	write_records(4);
	end = read_piece(&place, false, &seen);
	ck_assert(end.lost);
	expect_range(&seen, 1, 4, false);
	seen_done(&seen);
}
END_TEST

START_TEST(made_up_places_lead_to_the_start_of_a_line)
{
	struct seen seen = { .count = 0 };
	struct audit_place place;

	fixture_open(&fixture, 0, 3);
	write_records(30);
	place = read_all(NULL, false, &seen);
	seen_done(&seen);
	for (uint64_t offset = 0; offset <= place.offset + 2; offset++) {
		for (uint64_t seq = 0; seq < 40; seq += 13) {
			const struct audit_place made_up = { place.file, offset, seq };
			struct audit_reading_end end = read_piece(&made_up, offset % 2, &seen);

			ck_assert(end.end);
			for (size_t i = 0; i < seen.count; i++)
				ck_assert_uint_ne(seen.seqs[i], 0);
			seen_done(&seen);
		}
	}
	ck_assert(!audit_place_parse("", &place));
	ck_assert(!audit_place_parse("1.2", &place));
	ck_assert(!audit_place_parse("1.2.3.4", &place));
	ck_assert(!audit_place_parse("1.2.-3", &place));
	ck_assert(!audit_place_parse("1.99999999999999999999.3", &place));
	ck_assert(!audit_place_parse("1.2.3 ", &place));
}
END_TEST

START_TEST(a_line_that_has_no_end_yet_is_left_for_later)
{
	struct seen seen = { .count = 0 };
	struct audit_place place;

	fixture_append_text(&fixture, 0, "{\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"a\"}\n{\"seq\":2,");
	place = read_all(NULL, false, &seen);
	expect_range(&seen, 1, 1, false);
	fixture_append_text(&fixture, 0, "\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"a\"}\n");
	read_all(&place, false, &seen);
	expect_range(&seen, 1, 2, false);
	seen_done(&seen);
	/* In a file that nobody writes any more it is a damage. */
	fixture_append_text(&fixture, 1, "{\"seq\":0");
	read_all(NULL, false, &seen);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_uint_eq(seen.seqs[0], 0);
	seen_done(&seen);
	read_all(NULL, true, &seen);
	ck_assert_uint_eq(seen.count, 3);
	ck_assert_uint_eq(seen.seqs[2], 0);
	seen_done(&seen);
}
END_TEST

/* A file of this many bytes in one line, between two records. */
static void append_long(size_t size)
{
	char *line = malloc(size);

	ck_assert_ptr_nonnull(line);
	memset(line, 'x', size);
	line[size - 1] = '\n';
	fixture_append_text(&fixture, 0, "{\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"a\"}\n");
	fixture_append(&fixture, 0, line, size);
	fixture_append_text(&fixture, 0, "{\"seq\":2,\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"a\"}\n");
	free(line);
}

START_TEST(a_line_of_any_length_is_one)
{
	static const size_t sizes[] = { AUDIT_READ_PIECE - 60, AUDIT_READ_PIECE,        AUDIT_READ_PIECE + 1,
					AUDIT_READ_LINE_MAX,   AUDIT_READ_LINE_MAX + 1, 3 * AUDIT_READ_LINE_MAX + 7 };
	struct seen seen = { .count = 0 };

	append_long(sizes[_i]);
	for (int backward = 0; backward < 2; backward++) {
		read_all(NULL, backward, &seen);
		ck_assert_uint_eq(seen.count, 3);
		ck_assert_uint_eq(seen.seqs[0], backward ? 2 : 1);
		ck_assert_uint_eq(seen.seqs[1], 0);
		ck_assert_uint_eq(seen.seqs[2], backward ? 1 : 2);
		seen_done(&seen);
	}
}
END_TEST

/* A record a minute, from 1970-01-01 on, in files of 1000. */
static void write_minutes(size_t count)
{
	unsigned int files = (unsigned int)((count - 1) / 1000);

	for (size_t i = 0; i < count; i++) {
		char time[CLOCK_TEXT_SIZE], line[128];

		clock_format_microseconds((int64_t)i * 60000000, time, sizeof(time));
		snprintf(line, sizeof(line), "{\"seq\":%zu,\"time\":\"%s\",\"event\":\"a\"}\n", i + 1, time);
		fixture_append_text(&fixture, files - (unsigned int)(i / 1000), line);
	}
}

START_TEST(times_are_kept_to_and_what_is_far_from_them_is_not_read)
{
	struct seen seen = { .count = 0 };
	struct audit_reading reading = { .folder = fixture.folder, .visit = visit, .data = &seen };
	struct audit_reading_end end;

	write_minutes(10000);
	for (int backward = 0; backward < 2; backward++) {
		reading.backward = backward;
		reading.since = INT64_C(4000) * 60000000;
		reading.until = INT64_C(4010) * 60000000;
		/* Less than a piece: it is done at once, and the rest was passed over. */
		ck_assert_int_eq(audit_read(&reading, &end), 0);
		ck_assert(end.end);
		ck_assert_int_eq(end.oldest, 0);
		expect_range(&seen, 4001, 4011, backward);
		seen_done(&seen);
	}
	/* The clock was set back by less than a day: what is out of order is met all the same. */
	fixture_append_text(&fixture, 0, "{\"seq\":10001,\"time\":\"1970-01-07T12:00:00Z\",\"event\":\"a\"}\n");
	reading.backward = false;
	reading.since = INT64_C(9990) * 60000000;
	reading.until = INT64_MAX;
	ck_assert_int_eq(audit_read(&reading, &end), 0);
	expect_range(&seen, 9991, 10000, false);
	seen_done(&seen);
}
END_TEST

START_TEST(links_folders_and_other_names_are_no_audit_files)
{
	struct seen seen = { .count = 0 };
	char path[PATH_MAX];

	fixture_append_text(&fixture, 0, "{\"seq\":1,\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"a\"}\n");
	snprintf(path, sizeof(path), "%s/audit.jsonl.1", fixture.folder);
	ck_assert_int_eq(symlink("/etc/passwd", path), 0);
	snprintf(path, sizeof(path), "%s/audit.jsonl.2", fixture.folder);
	ck_assert_int_eq(mkdir(path, 0755), 0);
	snprintf(path, sizeof(path), "%s/audit.jsonl.03", fixture.folder);
	ck_assert_int_eq(symlink("audit.jsonl", path), 0);
	snprintf(path, sizeof(path), "%s/audit.jsonl.3", fixture.folder);
	ck_assert_int_eq(mkfifo(path, 0644), 0);
	read_all(NULL, false, &seen);
	expect_range(&seen, 1, 1, false);
	seen_done(&seen);
}
END_TEST

/* Of each file little is read to see that it is not the one. */
START_TEST(a_made_up_place_costs_little)
{
	const struct audit_place place = { .file = 1, .offset = 7, .seq = 1 };
	struct seen seen = { .count = 0, .most = 1 };
	char *filler = malloc(100000);

	ck_assert_ptr_nonnull(filler);
	memset(filler, 'x', 100000);
	for (unsigned int number = 40; number-- > 0;) {
		char line[100];

		snprintf(line, sizeof(line), "{\"seq\":%u,\"time\":\"2026-01-01T00:00:00Z\",\"event\":\"a\",\"x\":\"",
			 50 - number);
		fixture_append_text(&fixture, number, line);
		fixture_append(&fixture, number, filler, 100000);
		fixture_append_text(&fixture, number, "\"}\n");
	}
	bytes_read = 0;
	read_piece(&place, false, &seen);
	ck_assert_uint_eq(seen.count, 1);
	ck_assert_uint_eq(seen.seqs[0], 11);
	/* Besides the one page. */
	ck_assert_uint_gt(bytes_read, 40 * 4096);
	ck_assert_uint_lt(bytes_read, 60 * 4096 + AUDIT_READ_PIECE);
	free(filler);
	seen_done(&seen);
}
END_TEST

START_TEST(a_sealed_cursor_is_good_for_one_user)
{
	static const uint8_t data[CRYPTO_KEY_SIZE] = { 7 }, other[CRYPTO_KEY_SIZE] = { 8 };
	const struct audit_place place = { UINT64_MAX, INT64_MAX, 42 };
	const struct audit_cursor_reader alice = { data, 1000 }, bob = { data, 1001 }, elsewhere = { other, 1000 };
	struct audit_place read = { .file = 0 };
	char text[AUDIT_CURSOR_SIZE];

	ck_assert_int_eq(audit_cursor_write(&alice, &place, text), 0);
	ck_assert_int_eq(audit_cursor_read(&bob, text, &read), -EINVAL);
	ck_assert_int_eq(audit_cursor_read(&elsewhere, text, &read), -EINVAL);
	ck_assert_uint_eq(read.file, 0);
	ck_assert_int_eq(audit_cursor_read(&alice, text, &read), 0);
	ck_assert_mem_eq(&read, &place, sizeof(read));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit read");
	TCase *tests = tcase_create("audit read");

	tcase_set_timeout(tests, 60);
	tcase_add_checked_fixture(tests, setup, teardown);
	tcase_add_test(tests, an_empty_folder_has_nothing_and_goes_on_with_what_comes);
	tcase_add_test(tests, every_record_comes_once_in_either_direction);
	tcase_add_test(tests, a_place_is_found_again_after_any_rotation);
	tcase_add_test(tests, following_meets_every_record_once);
	tcase_add_test(tests, what_was_removed_meanwhile_is_told_of);
	tcase_add_test(tests, records_that_are_numbered_anew_are_not_waited_for);
	tcase_add_test(tests, made_up_places_lead_to_the_start_of_a_line);
	tcase_add_test(tests, a_line_that_has_no_end_yet_is_left_for_later);
	tcase_add_loop_test(tests, a_line_of_any_length_is_one, 0, 6);
	tcase_add_test(tests, times_are_kept_to_and_what_is_far_from_them_is_not_read);
	tcase_add_test(tests, a_made_up_place_costs_little);
	tcase_add_test(tests, a_sealed_cursor_is_good_for_one_user);
	tcase_add_test(tests, links_folders_and_other_names_are_no_audit_files);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
