/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What the audit's tests share: a scratch folder, and a reader that takes the file for what it should be, JSON lines
 * whose seq has no gap.
 */
#ifndef APIKEYD_TESTS_DAEMON_AUDIT_FIXTURE_H
#define APIKEYD_TESTS_DAEMON_AUDIT_FIXTURE_H

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <inttypes.h>
#include <jansson.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "daemon/audit.h"

#define FIXTURE_TIME INT64_C(1795284187000123) /* 2026-11-21T18:03:07.000123Z */

struct fixture {
	char folder[PATH_MAX / 2];
	struct audit *audit;
};

static inline void fixture_begin(struct fixture *fixture)
{
	const char *base = getenv("TMPDIR");

	snprintf(fixture->folder, sizeof(fixture->folder), "%s/audit-XXXXXX", base ? base : "/tmp");
	ck_assert_ptr_nonnull(mkdtemp(fixture->folder));
	fixture->audit = NULL;
}

static inline void fixture_open(struct fixture *fixture, uint64_t max_size, uint64_t keep)
{
	const struct audit_options options = { .max_size = max_size, .keep = keep };

	ck_assert_int_eq(audit_open(fixture->folder, &options, &fixture->audit), 0);
}

static inline void fixture_close(struct fixture *fixture)
{
	audit_close(fixture->audit);
	fixture->audit = NULL;
}

static inline int fixture_remove(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	(void)status;
	(void)type;
	(void)walk;
	return remove(path);
}

static inline void fixture_end(struct fixture *fixture)
{
	fixture_close(fixture);
	nftw(fixture->folder, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}

/* The path of the file; number 0: the one that is written, else a rotated one. Static: good until the next call. */
static inline const char *fixture_path(const struct fixture *fixture, unsigned int number)
{
	static char path[PATH_MAX];

	if (number == 0)
		snprintf(path, sizeof(path), "%s/%s", fixture->folder, AUDIT_FILE);
	else
		snprintf(path, sizeof(path), "%s/%s.%u", fixture->folder, AUDIT_FILE, number);
	return path;
}

static inline bool fixture_exists(const struct fixture *fixture, unsigned int number)
{
	return access(fixture_path(fixture, number), F_OK) == 0;
}

/* The whole file with a NUL behind it, malloc'ed. */
static inline char *fixture_read(const struct fixture *fixture, unsigned int number, size_t *ret_size)
{
	FILE *file = fopen(fixture_path(fixture, number), "re");
	struct stat status;
	char *data;

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(fstat(fileno(file), &status), 0);
	data = malloc((size_t)status.st_size + 1);
	ck_assert_ptr_nonnull(data);
	ck_assert_uint_eq(fread(data, 1, (size_t)status.st_size, file), (size_t)status.st_size);
	fclose(file);
	data[status.st_size] = '\0';
	*ret_size = (size_t)status.st_size;
	return data;
}

/* Takes from a record, at the end of a text, what makes it one of a chain. */
static inline void fixture_unchain(char *data)
{
	char *links = NULL;

	for (char *at = data; (at = strstr(at, ",\"prev\":\"")) != NULL; at++)
		links = at;
	ck_assert_ptr_nonnull(links);
	strcpy(links, "}\n");
}

/* Puts bytes at the end of the file, as somebody else would. */
static inline void fixture_append(const struct fixture *fixture, unsigned int number, const void *data, size_t size)
{
	int fd = open(fixture_path(fixture, number), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, data, size), (ssize_t)size);
	close(fd);
}

static inline void fixture_append_text(const struct fixture *fixture, unsigned int number, const char *text)
{
	fixture_append(fixture, number, text, strlen(text));
}

static inline int fixture_write(struct fixture *fixture, const char *user)
{
	const struct audit_record record = { .time = FIXTURE_TIME, .event = "verify", .user = user };

	return audit_write(fixture->audit, &record, 1);
}

/* Writes for ever, and says after each batch the seq up to which all is in the file. For a child that is killed. */
static inline void fixture_write_on(struct fixture *fixture, int acknowledge)
{
	struct audit_health health;

	for (;;) {
		char user[32];
		struct audit_record records[3];

		audit_health(fixture->audit, &health);
		snprintf(user, sizeof(user), "u%" PRIu64, health.seq);
		for (size_t i = 0; i < 3; i++)
			records[i] = (struct audit_record){ .time = FIXTURE_TIME, .event = "verify", .user = user };
		if (audit_write(fixture->audit, records, 3) < 0)
			_exit(1);
		audit_health(fixture->audit, &health);
		if (write(acknowledge, &health.seq, sizeof(health.seq)) != sizeof(health.seq))
			_exit(1);
	}
}

/* Kills a writer when it has said so often how far it is. What it said last goes into *acknowledged. */
static inline void fixture_kill(void (*write_on)(int acknowledge), unsigned int times, uint64_t *acknowledged)
{
	uint64_t last;
	int ends[2], status;
	pid_t child;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		close(ends[0]);
		write_on(ends[1]);
	}
	ck_assert_int_gt(child, 0);
	close(ends[1]);
	for (; read(ends[0], &last, sizeof(last)) == sizeof(last); *acknowledged = last)
		if (times > 0 && --times == 0)
			kill(child, SIGKILL);
	close(ends[0]);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Called for each line that is JSON. */
typedef void (*fixture_visitor)(void *data, json_t *line);

/*
 * Reads a file whose every line has to be a JSON object with the seq that follows the one before; *seq is the last one
 * before the file and then the last one in it. Returns how many lines there are.
 */
static inline size_t fixture_check(const struct fixture *fixture, unsigned int number, uint64_t *seq,
				   fixture_visitor visitor, void *visitor_data)
{
	size_t size, count = 0;
	char *data = fixture_read(fixture, number, &size), *line = data;

	while (line < data + size) {
		char *end = memchr(line, '\n', (size_t)(data + size - line));
		json_t *json;

		ck_assert_msg(end != NULL, "the last line has no end: %s", line);
		json = json_loadb(line, (size_t)(end - line), JSON_REJECT_DUPLICATES, NULL);
		ck_assert_msg(json_is_object(json), "not an object: %.*s", (int)(end - line), line);
		ck_assert_int_eq(json_integer_value(json_object_get(json, "seq")), (json_int_t)(*seq + 1));
		(*seq)++;
		if (visitor)
			visitor(visitor_data, json);
		json_decref(json);
		count++;
		line = end + 1;
	}
	free(data);
	return count;
}

#endif
