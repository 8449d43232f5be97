/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The log: lines and structured entries arrive whole and in order, and nobody ever waits for one that does not.
 */
#include "daemon/journal.h"

#include <check.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/daemon/mount-namespace.h"
#include "tests/suite.h"

#define CLOSE_MOST INT64_C(2000) /* milliseconds: 500, and what a busy machine adds */
/* Milliseconds for ten thousand lines and more: one of them each would be too long, whatever else the machine does. */
#define LINES_MOST 8000

/* The pipe that is standard error here; each test is a process of its own. */
static int reading = -1;

static void begin(void)
{
	int ends[2];

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	reading = ends[0];
	ck_assert_int_ge(dup2(ends[1], STDERR_FILENO), 0);
	close(ends[1]);
	unsetenv("JOURNAL_STREAM");
}

/* Closes standard error and reads what was written to it. Static. */
static const char *read_output(void)
{
	static char output[1024 * 1024];
	size_t size = 0;
	ssize_t count;

	close(STDERR_FILENO);
	while ((count = read(reading, output + size, sizeof(output) - 1 - size)) > 0)
		size += (size_t)count;
	output[size] = '\0';
	return output;
}

/* Says $JOURNAL_STREAM is standard error, or one inode off. */
static void set_journal_stream(unsigned int off)
{
	struct stat status;
	char name[64];

	ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
	snprintf(name, sizeof(name), "%ju:%ju", (uintmax_t)status.st_dev, (uintmax_t)status.st_ino + off);
	setenv("JOURNAL_STREAM", name, 1);
}

static void close_in_time(struct journal *journal)
{
	int64_t before = clock_monotonic();

	journal_close(journal);
	ck_assert_int_lt((clock_monotonic() - before) / 1000000, CLOSE_MOST);
}

static const struct {
	const char *stream; /* $JOURNAL_STREAM; NULL: unset; "": ours */
	const char *expected;
} streams[] = {
	{ NULL, "started 1\nit is \\x0abad\\x1b \\xff\n" },
	{ "", "<5>started 1\n<3>it is \\x0abad\\x1b \\xff\n" },
	{ "1:2", "started 1\nit is \\x0abad\\x1b \\xff\n" },
	{ "x", "started 1\nit is \\x0abad\\x1b \\xff\n" },
};

START_TEST(test_lines)
{
	struct journal *journal;

	if (streams[_i].stream && streams[_i].stream[0] == '\0')
		set_journal_stream(0);
	else if (streams[_i].stream)
		setenv("JOURNAL_STREAM", streams[_i].stream, 1);
	ck_assert_int_eq(journal_open(false, &journal), 0);
	journal_print(journal, LOG_NOTICE, "started %d", 1);
	journal_print(journal, LOG_AUTHPRIV | LOG_ERR, "it is %s", "\nbad\x1b \xff");
	journal_close(journal);
	ck_assert_str_eq(read_output(), streams[_i].expected);
}
END_TEST

START_TEST(test_lines_without_a_journal)
{
	journal_print(NULL, LOG_ERR, "no %s", "thread");
	set_journal_stream(0);
	journal_print(NULL, LOG_ERR, "no %s", "thread");
	journal_fields(NULL, NULL, 0);
	journal_close(NULL);
	ck_assert_str_eq(read_output(), "no thread\n<3>no thread\n");
}
END_TEST

/* One line, wherever that ends up; and no key in it. */
START_TEST(test_event_is_a_line_too)
{
	struct journal *journal;

	journal_event(NULL, LOG_WARNING, "00000000000000000000000000000000", "no %s", "thread");
	ck_assert_int_eq(journal_open(true, &journal), 0);
	journal_event(journal, LOG_WARNING, "00000000000000000000000000000000", "by %s",
		      "ak_0123456789AB_0123456789abcdef0123456789abcdefCHECK1");
	journal_close(journal);
	ck_assert_str_eq(read_output(), "no thread\nby ak_…\n");
}
END_TEST

START_TEST(test_long_line_is_cut)
{
	static char text[100000];
	const char *output;
	struct journal *journal;

	memset(text, '\n', sizeof(text) - 1);
	ck_assert_int_eq(journal_open(false, &journal), 0);
	journal_print(journal, LOG_ERR, "%s", text);
	journal_print(journal, LOG_ERR, "next");
	journal_close(journal);
	output = read_output();
	ck_assert_ptr_nonnull(strstr(output, "\\x0a…\nnext\n"));
	ck_assert_uint_lt(strlen(output), 10000);
}
END_TEST

/* A key in a line is a mistake of the caller's; it does not get out. */
START_TEST(test_key_is_cut)
{
	struct journal *journal;

	ck_assert_int_eq(journal_open(false, &journal), 0);
	journal_print(journal, LOG_ERR, "user %s failed", "ak_0123456789AB_0123456789abcdef0123456789abcdefCHECK1");
	journal_close(journal);
	ck_assert_str_eq(read_output(), "user ak_…\n");
}
END_TEST

/* Fills the pipe up to the last byte. */
static void fill_pipe(void)
{
	static const char block[4096];
	int flags = fcntl(STDERR_FILENO, F_GETFL);

	ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, flags | O_NONBLOCK), 0);
	while (write(STDERR_FILENO, block, sizeof(block)) > 0 || write(STDERR_FILENO, block, 1) > 0)
		;
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_SETFL, flags), 0);
}

static unsigned int count_threads(void)
{
	unsigned int count = 0;
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;

	ck_assert_ptr_nonnull(tasks);
	while ((task = readdir(tasks)))
		count += task->d_name[0] != '.';
	closedir(tasks);
	return count;
}

/* How many threads this process has in the end. */
static unsigned int wait_for_threads(unsigned int count)
{
	struct deadline deadline = deadline_in(10000);

	while (count_threads() > count && deadline_left(deadline) > 0)
		usleep(1000);
	return count_threads();
}

START_TEST(test_pipe_nobody_reads)
{
	int64_t before = clock_monotonic();
	struct journal *journal;
	unsigned int threads;

	fill_pipe();
	ck_assert_int_eq(journal_open(false, &journal), 0);
	threads = count_threads() - 1; /* a sanitizer may have one of its own */
	for (unsigned int i = 0; i < 10000; i++)
		journal_print(journal, LOG_ERR, "line %u", i);
	ck_assert_int_lt((clock_monotonic() - before) / 1000000, LINES_MOST);
	ck_assert_uint_ge(journal_dropped(journal), 10000 - 4096 - 1);
	ck_assert_uint_le(journal_dropped(journal), 10000 - 4096);
	close_in_time(journal);
	ck_assert_int_eq(fcntl(STDERR_FILENO, F_GETFL) & O_NONBLOCK, 0);
	/* the thread that was left behind finds its way out */
	close(reading);
	ck_assert_uint_eq(wait_for_threads(threads), threads);
}
END_TEST

/* The bound in bytes comes before the one in entries. */
START_TEST(test_long_lines_nobody_reads)
{
	static char text[2000];
	struct journal *journal;

	memset(text, 'x', sizeof(text) - 1);
	fill_pipe();
	ck_assert_int_eq(journal_open(false, &journal), 0);
	for (unsigned int i = 0; i < 1000; i++)
		journal_print(journal, LOG_ERR, "%s", text);
	ck_assert_uint_ge(journal_dropped(journal), 1000 - 1024 * 1024 / 2000 - 1);
	ck_assert_uint_lt(journal_dropped(journal), 500);
	close_in_time(journal);
}
END_TEST

/* It was not read for a while; then it is, and what had been queued arrives. */
START_TEST(test_reader_that_comes_back)
{
	struct journal *journal;
	const char *output;
	char drain[4096];
	int flags;

	fill_pipe();
	ck_assert_int_eq(journal_open(false, &journal), 0);
	for (unsigned int i = 0; i < 100; i++)
		journal_print(journal, LOG_ERR, "line %u", i);
	flags = fcntl(reading, F_GETFL);
	ck_assert_int_eq(fcntl(reading, F_SETFL, flags | O_NONBLOCK), 0);
	for (size_t i = 0; i < 16; i++)
		ck_assert_int_gt(read(reading, drain, sizeof(drain)), 0);
	ck_assert_int_eq(fcntl(reading, F_SETFL, flags), 0);
	journal_close(journal);
	output = read_output();
	ck_assert_ptr_nonnull(strstr(output, "line 98\nline 99\n"));
}
END_TEST

static uint64_t wait_for_dropped(struct journal *journal, uint64_t count)
{
	struct deadline deadline = deadline_in(10000);

	while (journal_dropped(journal) < count && deadline_left(deadline) > 0)
		usleep(1000);
	return journal_dropped(journal);
}

START_TEST(test_reader_that_is_gone)
{
	struct journal *journal;

	close(reading);
	ck_assert_int_eq(journal_open(false, &journal), 0);
	journal_print(journal, LOG_ERR, "to nobody");
	journal_print(journal, LOG_ERR, "to nobody");
	ck_assert_uint_eq(wait_for_dropped(journal, 2), 2); /* and we live */
	journal_close(journal);
}
END_TEST

/* The number of a closed standard error may become a database's. */
START_TEST(test_standard_error_closed)
{
	struct journal *journal;
	char name[] = "/tmp/journal-XXXXXX";
	struct stat status;
	int fd;

	close(STDERR_FILENO);
	ck_assert_int_eq(journal_open(false, &journal), 0);
	fd = mkstemp(name);
	ck_assert_int_ge(fd, 0);
	unlink(name);
	ck_assert_int_eq(fd == STDERR_FILENO ? fd : dup2(fd, STDERR_FILENO), STDERR_FILENO);
	journal_print(journal, LOG_ERR, "to nobody");
	ck_assert_uint_eq(wait_for_dropped(journal, 1), 1);
	journal_close(journal);
	ck_assert_int_eq(fstat(STDERR_FILENO, &status), 0);
	ck_assert_int_eq(status.st_size, 0);
}
END_TEST

#define THREADS 4
#define LINES 2000

static struct journal *shared;

static void *print_often(void *data)
{
	for (unsigned int i = 0; i < LINES; i++)
		journal_print(shared, LOG_INFO, "thread %s line %u", (const char *)data, i);
	return NULL;
}

static void *read_lines(void *data)
{
	unsigned int next[THREADS] = { 0 }, line;
	uint64_t *lines = data;
	char thread, rest;
	FILE *file = fdopen(reading, "r");
	char text[256];

	for (; fgets(text, sizeof(text), file); ++*lines) {
		/* whole, and each thread's in order */
		if (sscanf(text, "thread %c line %u%c", &thread, &line, &rest) != 3 || rest != '\n' || thread < 'a' ||
		    thread >= 'a' + THREADS || line < next[thread - 'a'])
			return data;
		next[thread - 'a'] = line + 1;
	}
	return NULL;
}

START_TEST(test_threads)
{
	static char names[THREADS][2] = { "a", "b", "c", "d" };
	pthread_t threads[THREADS], reader;
	uint64_t lines = 0, dropped;
	void *failed;

	ck_assert_int_eq(journal_open(false, &shared), 0);
	ck_assert_int_eq(pthread_create(&reader, NULL, read_lines, &lines), 0);
	for (size_t i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, print_often, names[i]), 0);
	for (size_t i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	dropped = journal_dropped(shared);
	journal_close(shared);
	close(STDERR_FILENO);
	pthread_join(reader, &failed);
	ck_assert_ptr_null(failed);
	ck_assert_uint_gt(lines, 0);
	ck_assert_uint_eq(lines + dropped, THREADS * LINES);
}
END_TEST

static const char *const fields[] = { "MESSAGE=two\nlines", "PRIORITY=5", "APIKEYD_SEQ=1" };

/* Without journald nothing is sent, and that is not counted as trouble. */
START_TEST(test_fields_without_journald)
{
	struct journal *journal;

	if (access("/run/systemd/journal/socket", F_OK) == 0) {
		puts("skipped: journald runs here");
		return;
	}
	ck_assert_int_eq(journal_open(_i == 1, &journal), 0);
	for (unsigned int i = 0; i < 100; i++)
		journal_fields(journal, fields, 3);
	journal_fields(journal, fields, 0);
	close_in_time(journal);
	ck_assert_str_eq(read_output(), "");
}
END_TEST

START_TEST(test_fields_arrive)
{
	int journald = namespace_be_journald();
	struct journal *journal;
	char datagram[4096];
	ssize_t size;

	if (journald < 0)
		return;
	ck_assert_int_eq(journal_open(true, &journal), 0);
	journal_fields(journal, fields, 3);
	size = recv(journald, datagram, sizeof(datagram) - 1, 0);
	ck_assert_int_gt(size, 0);
	ck_assert_ptr_nonnull(memmem(datagram, (size_t)size, "MESSAGE\n\x09\0\0\0\0\0\0\0two\nlines\n", 26));
	ck_assert_ptr_nonnull(memmem(datagram, (size_t)size, "APIKEYD_SEQ=1\n", 14));
	ck_assert_ptr_null(memmem(datagram, (size_t)size, "CODE_", 5));
	ck_assert_uint_eq(journal_dropped(journal), 0);
	journal_close(journal);
}
END_TEST

/* journald is stopped: sending blocks. */
START_TEST(test_journald_that_does_not_read)
{
	int64_t before;
	int journald = namespace_be_journald();
	struct journal *journal;

	if (journald < 0)
		return;
	ck_assert_int_eq(journal_open(true, &journal), 0);
	before = clock_monotonic();
	for (unsigned int i = 0; i < 20000; i++)
		journal_fields(journal, fields, 3);
	ck_assert_int_lt((clock_monotonic() - before) / 1000000, LINES_MOST);
	ck_assert_uint_gt(journal_dropped(journal), 10000);
	close_in_time(journal);
}
END_TEST

START_TEST(test_fields_beyond_all_measure)
{
	static char large[1024 * 1024 + 1];
	const char *many[33], *one = large;
	struct journal *journal;

	for (size_t i = 0; i < 33; i++)
		many[i] = "A=b";
	memset(large, 'A', sizeof(large) - 1);
	ck_assert_int_eq(journal_open(true, &journal), 0);
	journal_fields(journal, many, 33);
	ck_assert_uint_eq(journal_dropped(journal), 1);
	journal_fields(journal, &one, 1);
	ck_assert_uint_eq(journal_dropped(journal), 2);
	close_in_time(journal);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("journal");
	TCase *test_case = tcase_create("journal");

	tcase_add_checked_fixture(test_case, begin, NULL);
	tcase_set_timeout(test_case, 60);
	tcase_add_loop_test(test_case, test_lines, 0, sizeof(streams) / sizeof(streams[0]));
	tcase_add_test(test_case, test_lines_without_a_journal);
	tcase_add_test(test_case, test_event_is_a_line_too);
	tcase_add_test(test_case, test_long_line_is_cut);
	tcase_add_test(test_case, test_key_is_cut);
	tcase_add_test(test_case, test_pipe_nobody_reads);
	tcase_add_test(test_case, test_long_lines_nobody_reads);
	tcase_add_test(test_case, test_reader_that_comes_back);
	tcase_add_test(test_case, test_reader_that_is_gone);
	tcase_add_test(test_case, test_standard_error_closed);
	tcase_add_test(test_case, test_threads);
	tcase_add_loop_test(test_case, test_fields_without_journald, 0, 2);
	tcase_add_test(test_case, test_fields_arrive);
	tcase_add_test(test_case, test_journald_that_does_not_read);
	tcase_add_test(test_case, test_fields_beyond_all_measure);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
