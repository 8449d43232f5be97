/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit file when things go wrong: torn lines, full disks, folders that are missing, locked or not ours.
 * No record that was acknowledged is lost, none is there twice, no half line stays, and what is mended heals.
 */
#include "tests/daemon/audit-fixture.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/clock.h"
#include "tests/daemon/mount-namespace.h"
#include "tests/suite.h"

static struct fixture fixture;

static void begin(void)
{
	fixture_begin(&fixture);
	signal(SIGXFSZ, SIG_IGN); /* as the daemon has it */
}

static void end(void)
{
	umount2(fixture.folder, MNT_DETACH); /* a mount of our own, where there is one */
	fixture_end(&fixture);
}

static struct audit_health health_now(void)
{
	struct audit_health health;

	audit_health(fixture.audit, &health);
	return health;
}

/* Writes until it works: without being told to reopen, the file is opened once a second at most. */
static int write_until_healed(bool told)
{
	const struct audit_options options = { .max_size = 0 };
	struct deadline deadline = deadline_in(5000);
	int r;

	if (told)
		audit_reopen(fixture.audit, &options);
	while ((r = fixture_write(&fixture, "alice")) < 0 && deadline_left(deadline) > 0)
		usleep(10000);
	return r;
}

/* ---- what the end of the file may look like ---- */

static const struct {
	const char *name, *content;
	const char *first; /* what the audit has to write next, up to the time */
} tails[] = {
	{ "empty", "", "{\"seq\":1,\"time\"" },
	{ "whole", "{\"seq\":41,\"event\":\"x\"}\n", "{\"seq\":42,\"time\"" },
	{ "torn behind the seq", "{\"seq\":41,\"event\":\"x\"}\n{\"seq\":42,\"ev", "\n{\"seq\":43,\"rev\":0,\"time\"" },
	{ "torn in the seq", "{\"seq\":41,\"event\":\"x\"}\n{\"seq\":4", "\n{\"seq\":42,\"rev\":0,\"time\"" },
	{ "only the newline missing", "{\"seq\":41,\"rev\":9,\"event\":\"x\"}", "\n{\"seq\":42,\"rev\":9,\"time\"" },
	{ "torn change", "{\"seq\":41,\"rev\":8}\n{\"seq\":42,\"rev\":9,\"changes\":{}",
	  "\n{\"seq\":43,\"rev\":8,\"time\"" },
	{ "one torn line", "{\"se", "\n{\"seq\":1,\"rev\":0,\"time\"" },
	{ "garbage lines", "{\"seq\":41,\"event\":\"x\"}\nseq 99\n\n{\"seq\":}\n{\"seq\":-7,}\n{\"seq\":1e9,}\n[]\n",
	  "{\"seq\":42,\"rev\":0,\"time\"" },
	{ "a seq beyond all numbers", "{\"seq\":41}\n{\"seq\":99999999999999999999,}\n",
	  "{\"seq\":42,\"rev\":0,\"time\"" },
	{ "a seq that would overflow", "{\"seq\":41}\n{\"seq\":9223372036854775808,}\n",
	  "{\"seq\":42,\"rev\":0,\"time\"" },
	{ "a caller's text that looks like a head", "{\"seq\":41,\"user\":\"{\\\"seq\\\":99,\"}\n",
	  "{\"seq\":42,\"time\"" },
};

START_TEST(test_tail)
{
	size_t before = strlen(tails[_i].content), size;
	char *data;

	fixture_append_text(&fixture, 0, tails[_i].content);
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	data = fixture_read(&fixture, 0, &size);
	ck_assert_uint_gt(size, before);
	ck_assert_int_eq(memcmp(data, tails[_i].content, before), 0);
	ck_assert_msg(strncmp(data + before, tails[_i].first, strlen(tails[_i].first)) == 0, "%s: %s", tails[_i].name,
		      data + before);
	ck_assert_int_eq(data[size - 1], '\n');
	free(data);
}
END_TEST

START_TEST(test_recovered_record_at_start)
{
	size_t size;
	char *data;

	fixture_append_text(&fixture, 0, "{\"seq\":1,");
	fixture_open(&fixture, 0, 0);
	audit_tend(fixture.audit);
	data = fixture_read(&fixture, 0, &size);
	ck_assert_ptr_nonnull(strstr(data, "\n{\"seq\":2,\"rev\":0,"));
	ck_assert_ptr_nonnull(strstr(data, "\"event\":\"recovered\",\"changes\":{\"torn_bytes\":"));
	free(data);
}
END_TEST

/* A power cut may leave NULs, and far more of them than one piece that is read. */
START_TEST(test_tail_of_nuls)
{
	static const char line[] = "{\"seq\":41,\"rev\":7,\"event\":\"x\"}\n", next[] = "\n{\"seq\":42,\"rev\":7,";
	static const char nuls[3 * 65536 + 17];
	size_t size;
	char *data;

	fixture_append_text(&fixture, 0, line);
	fixture_append(&fixture, 0, nuls, sizeof(nuls));
	fixture_open(&fixture, 0, 0);
	audit_tend(fixture.audit);
	data = fixture_read(&fixture, 0, &size);
	ck_assert_int_eq(strncmp(data + strlen(line) + sizeof(nuls), next, strlen(next)), 0);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 7), 7);
	free(data);
}
END_TEST

/* A line start at, before and behind every edge of a piece. */
START_TEST(test_tail_line_across_pieces)
{
	static const char line[] = "{\"seq\":123456,\"rev\":77,\"e\":\"x\"}\n";
	char *filler = malloc(65536 + 256);

	ck_assert_ptr_nonnull(filler);
	memset(filler, 'x', 65536 + 256);
	for (size_t behind = 65536 - 40; behind <= 65536 + 40; behind++) {
		size_t size = behind - strlen(line);

		fixture_append_text(&fixture, 0, "{\"seq\":5}\n");
		fixture_append_text(&fixture, 0, line);
		filler[size - 1] = '\n';
		fixture_append(&fixture, 0, filler, size);
		filler[size - 1] = 'x';
		fixture_open(&fixture, 0, 0);
		ck_assert_uint_eq(health_now().seq, 123456);
		ck_assert_uint_eq(audit_last_rev(fixture.audit, 100), 77);
		fixture_close(&fixture);
		ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	}
	free(filler);
}
END_TEST

/* Bytes that this process has read; 0 where the kernel does not count them. */
static uint64_t bytes_read(void)
{
	FILE *file = fopen("/proc/self/io", "re");
	uint64_t bytes = 0;

	if (!file)
		return 0;
	if (fscanf(file, "rchar: %" SCNu64, &bytes) != 1)
		bytes = 0;
	fclose(file);
	return bytes;
}

START_TEST(test_of_a_large_file_the_end_is_read)
{
	const off_t size = (off_t)1024 * 1024 * 1024;
	static const char line[] = "\n{\"seq\":1000000,\"rev\":3,\"event\":\"x\"}\n";
	uint64_t before;

	fixture_append_text(&fixture, 0, "{\"seq\":1}\n");
	ck_assert_int_eq(truncate(fixture_path(&fixture, 0), size), 0); /* sparse */
	fixture_append_text(&fixture, 0, line);
	before = bytes_read();
	fixture_open(&fixture, 0, 0);
	ck_assert_uint_eq(health_now().seq, 1000000);
	ck_assert_uint_lt(bytes_read() - before, UINT64_C(1024) * 1024);
}
END_TEST

/* ---- full disks ---- */

/* Also limits the file the test library talks through: nothing is asserted until it is lifted. */
static void limit_file_size(rlim_t size)
{
	struct rlimit limit = { .rlim_cur = size, .rlim_max = RLIM_INFINITY };

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size;
	setrlimit(RLIMIT_FSIZE, &limit);
}

static void lift_limit(void)
{
	limit_file_size(RLIM_INFINITY);
}

/* Every place a write can be cut at. */
START_TEST(test_limit_leaves_no_half_line)
{
	struct audit_record records[3];
	uint64_t seq = 0, written = 0;

	for (size_t i = 0; i < 3; i++)
		records[i] = (struct audit_record){ .time = FIXTURE_TIME, .event = "verify", .user = "alice" };
	fixture_open(&fixture, 0, 0);
	for (rlim_t limit = 100; limit < 1500; limit++) {
		struct audit_health health;
		int r;

		limit_file_size(limit);
		r = audit_write(fixture.audit, records, 3);
		lift_limit();
		written += r == 0 ? 3 : 0;
		ck_assert(r == 0 || r == -EFBIG);
		health = health_now();
		ck_assert_uint_eq(health.seq, written);
		ck_assert_uint_le(health.size, limit);
		ck_assert_int_eq(health.writable, r == 0);
		ck_assert_int_eq(strstr(health.fault, AUDIT_FILE) != NULL, r != 0);
	}
	ck_assert_uint_gt(written, 6);
	ck_assert_uint_gt(health_now().failures, 100);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), written + 1);
}
END_TEST

/* From here on the process cannot shorten a file. False where the machine (an emulator) has no filters. */
static bool forbid_truncation(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ftruncate, 1, 0),
#ifdef SYS_ftruncate64
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ftruncate64, 0, 1),
#else
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ftruncate, 0, 1),
#endif
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EIO),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = { .len = sizeof(filter) / sizeof(filter[0]), .filter = filter };

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* The torn line stays, is closed by a "recovered" record, and the change it held is written once, wherever it tore. */
START_TEST(test_torn_line_that_cannot_be_taken_back)
{
	static const char change[] = "{\"event\":\"key_create\",\"changes\":{\"a\":{\"b\":1}}}";
	struct deadline deadline = deadline_in(5000);
	size_t size, first, revs = 0;
	struct audit_health health;
	int r, retried;
	char *data;

	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(audit_append_change(fixture.audit, 1, change), 0);
	first = health_now().size; /* the second line is as long as the first */
	if (!forbid_truncation()) {
		puts("skipped: this machine has no system call filters");
		return;
	}
	limit_file_size(first + (_i == 0 ? 10 : _i == 1 ? first - 3 : first - 1));
	r = audit_append_change(fixture.audit, 2, change);
	audit_health(fixture.audit, &health);
	retried = audit_append_change(fixture.audit, 2, change);
	lift_limit();
	ck_assert_int_eq(r, -EFBIG);
	ck_assert(!health.writable);
	ck_assert_int_lt(retried, 0);

	if (_i > 0) { /* do not wait for it to try again */
		const struct audit_options options = { .max_size = 0 };

		audit_reopen(fixture.audit, &options);
	}
	while ((r = audit_append_change(fixture.audit, 2, change)) < 0 && deadline_left(deadline) > 0)
		usleep(10000);
	ck_assert_int_eq(r, 0);
	ck_assert_int_eq(audit_append_change(fixture.audit, 2, change), 0);
	ck_assert_uint_eq(audit_last_rev(fixture.audit, 2), 2);

	data = fixture_read(&fixture, 0, &size);
	ck_assert_ptr_nonnull(strstr(data, "\"event\":\"recovered\",\"changes\":{\"torn_bytes\":"));
	for (char *line = strtok(data, "\n"); line; line = strtok(NULL, "\n")) {
		json_t *json = json_loads(line, 0, NULL);

		if (strcmp(json_string_value(json_object_get(json, "event")) ?: "", "key_create") == 0 &&
		    json_integer_value(json_object_get(json, "rev")) == 2)
			revs++;
		json_decref(json);
	}
	ck_assert_uint_eq(revs, 1);
	free(data);
}
END_TEST

/* False where the machine does not allow one. */
static bool mount_small_disk(const char *options)
{
	return namespace_enter() && mount("audit", fixture.folder, "tmpfs", 0, options) == 0;
}

START_TEST(test_full_disk)
{
	char ballast[PATH_MAX];
	uint64_t seq = 0, written = 0;
	int r = 0, fd;

	if (!mount_small_disk("size=256k"))
		return;
	snprintf(ballast, sizeof(ballast), "%s/ballast", fixture.folder);
	fd = open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(posix_fallocate(fd, 0, 65536), 0);
	close(fd);

	/* rotation does not help: there is no room for one file */
	fixture_open(&fixture, 1024 * 1024, 3);
	for (; written < 100000 && (r = fixture_write(&fixture, "alice")) == 0; written++)
		;
	ck_assert_int_eq(r, -ENOSPC);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), -ENOSPC);
	ck_assert(!health_now().writable);
	ck_assert_ptr_nonnull(strstr(health_now().fault, "make room"));
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), written);

	ck_assert_int_eq(unlink(ballast), 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0); /* at once */
	ck_assert(health_now().writable);
	seq = 0;
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), written + 1);
}
END_TEST

/* No room for another file: the old one goes on growing. */
START_TEST(test_rotation_that_fails)
{
	uint64_t seq = 0;

	if (!mount_small_disk("size=1m,nr_inodes=2"))
		return;
	fixture_open(&fixture, 1000, 3);
	for (size_t i = 0; i < 100; i++)
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert(health_now().writable);
	ck_assert_ptr_nonnull(strstr(health_now().fault, "rotate"));
	ck_assert(!fixture_exists(&fixture, 1));
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), 100);
}
END_TEST

/* ---- folders and files that are not as they should be ---- */

START_TEST(test_missing_folder)
{
	ck_assert_int_eq(rmdir(fixture.folder), 0);
	fixture_open(&fixture, 0, 0);
	ck_assert(!health_now().writable);
	ck_assert_ptr_nonnull(strstr(health_now().fault, fixture.folder));
	ck_assert_ptr_nonnull(strstr(health_now().fault, "make the folder"));
	ck_assert_uint_eq(health_now().failures, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), -ENOENT);
	ck_assert_uint_eq(health_now().failures, 1);
	ck_assert_int_eq(mkdir(fixture.folder, 0700), 0);
	ck_assert_int_eq(write_until_healed(false), 0);
	ck_assert(health_now().writable);
	ck_assert_str_eq(health_now().fault, "");
	ck_assert_uint_eq(fixture_check(&fixture, 0, &(uint64_t){ 0 }, NULL, NULL), 1);
}
END_TEST

START_TEST(test_read_only_folder)
{
	uid_t before = geteuid();

	if (before == 0) {
		ck_assert_int_eq(chown(fixture.folder, 65534, (gid_t)-1), 0);
		ck_assert_int_eq(seteuid(65534), 0);
	}
	ck_assert_int_eq(chmod(fixture.folder, 0500), 0);
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), -EACCES);
	ck_assert_ptr_nonnull(strstr(health_now().fault, "daemon's user"));
	ck_assert_int_eq(chmod(fixture.folder, 0700), 0);
	ck_assert_int_eq(write_until_healed(true), 0);
	ck_assert_int_eq(seteuid(before), 0);
}
END_TEST

static void put_link(const char *path)
{
	ck_assert_int_eq(symlink("/dev/null", path), 0);
}

static void put_folder(const char *path)
{
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

static void put_fifo(const char *path)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);
}

static const struct {
	void (*put)(const char *path);
	int error;
} no_files[] = {
	{ put_link, -ELOOP },
	{ put_folder, -ENOTSUP },
	{ put_fifo, -ENOTSUP },
};

START_TEST(test_what_is_no_file)
{
	no_files[_i].put(fixture_path(&fixture, 0));
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), no_files[_i].error);
	ck_assert_ptr_nonnull(strstr(health_now().fault, "remove it"));
	ck_assert_int_eq(remove(fixture_path(&fixture, 0)), 0);
	ck_assert_int_eq(write_until_healed(true), 0);
}
END_TEST

START_TEST(test_mode_whatever_the_umask)
{
	struct stat status;

	umask(0777);
	fixture_open(&fixture, 1, 1);
	for (unsigned int i = 0; i < 2; i++) {
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
		ck_assert_int_eq(stat(fixture_path(&fixture, 0), &status), 0);
		ck_assert_uint_eq(status.st_mode & 07777, 0640);
	}
	ck_assert(fixture_exists(&fixture, 1));
}
END_TEST

START_TEST(test_second_daemon_is_kept_out)
{
	const struct audit_options options = { .max_size = 200, .keep = 3 };
	const struct audit_record record = { .event = "verify" };
	struct audit_health health;
	struct audit *second;

	fixture_open(&fixture, options.max_size, options.keep);
	ck_assert_int_eq(audit_open(fixture.folder, &options, &second), 0);
	for (size_t i = 0; i < 20; i++) { /* through rotations */
		ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
		ck_assert_int_eq(audit_write(second, &record, 1), -EBUSY);
		audit_reopen(second, &options);
	}
	audit_health(second, &health);
	ck_assert(!health.writable);
	ck_assert_ptr_nonnull(strstr(health.fault, "another apikeyd"));
	fixture_close(&fixture);
	audit_reopen(second, &options);
	ck_assert_int_eq(audit_write(second, &record, 1), 0);
	audit_close(second);
}
END_TEST

/* ---- what is answered all the same ---- */

#define SPOOL 20000

static size_t lines_with(const char *needle)
{
	size_t size, count = 0;
	char *data = fixture_read(&fixture, 0, &size);

	for (char *line = strtok(data, "\n"); line; line = strtok(NULL, "\n"))
		count += strstr(line, needle) != NULL;
	free(data);
	return count;
}

/* They wait in memory, as many as there is room for, and are written before what comes later. */
START_TEST(test_spool)
{
	const struct audit_options options = { .spool = SPOOL };
	struct audit_health health;
	size_t tried = _i == 0 ? 10 : 1000;
	uint64_t seq = 0;
	char expected[64];

	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	ck_assert_int_eq(fixture_write(&fixture, "first"), 0);
	limit_file_size(health_now().size + 10);
	for (size_t i = 0; i < tried; i++) {
		char user[16];

		snprintf(user, sizeof(user), "waits%zu", i);
		if (fixture_write(&fixture, user) != -EFBIG)
			tried = 0;
	}
	health = health_now();
	lift_limit();
	ck_assert_uint_gt(tried, 0);
	ck_assert(!health.writable);
	ck_assert_uint_le(health.spool_bytes, SPOOL);
	ck_assert_uint_eq(health.spool_records + health.dropped, tried);
	ck_assert_int_eq(health.dropped > 0, _i == 1);
	ck_assert_uint_eq(lines_with("waits"), 0);

	audit_tend(fixture.audit);
	ck_assert_int_eq(fixture_write(&fixture, "later"), 0);
	ck_assert_uint_eq(lines_with("waits"), health.spool_records);
	snprintf(expected, sizeof(expected), "\"records\":%" PRIu64 ",\"dropped\":%" PRIu64 ",", health.spool_records,
		 health.dropped);
	ck_assert_uint_eq(lines_with(expected), 1);
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), health.spool_records + 3);
	ck_assert_uint_eq(health_now().spool_records, 0);
	ck_assert_uint_eq(health_now().dropped, health.dropped);
	ck_assert(health_now().writable);
}
END_TEST

/* There is room for what waited, and none for the record behind it; and more comes before there is. */
START_TEST(test_spool_is_told_of_once)
{
	const struct audit_options options = { .spool = SPOOL };
	const size_t more = (size_t)_i;
	struct audit_health health;
	uint64_t seq = 0, full;
	char expected[64];

	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	ck_assert_int_eq(fixture_write(&fixture, "first"), 0);
	full = health_now().size;
	limit_file_size(full);
	for (size_t i = 0; i < 3; i++)
		(void)fixture_write(&fixture, "waits");
	do {
		limit_file_size(++full);
		audit_tend(fixture.audit);
		health = health_now();
	} while (health.spool_records > 0 && full < SPOOL);
	for (size_t i = 0; i < more; i++)
		(void)fixture_write(&fixture, "more");
	lift_limit();
	ck_assert_uint_eq(health.spool_records, 0);
	ck_assert_uint_eq(health.size, full);
	ck_assert(!health.writable);
	ck_assert_uint_eq(lines_with("waits"), 3);
	ck_assert_uint_eq(lines_with("\"event\":\"spooled\""), 0);
	ck_assert_uint_eq(health_now().spool_records, more);

	audit_tend(fixture.audit);
	ck_assert_int_eq(fixture_write(&fixture, "later"), 0);
	snprintf(expected, sizeof(expected), "\"records\":%zu,\"dropped\":0,", 3 + more);
	ck_assert_uint_eq(lines_with("\"event\":\"spooled\""), 1);
	ck_assert_uint_eq(lines_with(expected), 1);
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), 1 + 3 + more + 1 + 1);
	ck_assert_uint_eq(health_now().spool_records, 0);
	ck_assert(health_now().writable);
}
END_TEST

static volatile sig_atomic_t attempts;

static void count_attempt(int number)
{
	(void)number;
	attempts++;
}

/* However many records come, the disk is asked now and then; and nothing overtakes what waits. */
START_TEST(test_spool_is_tried_now_and_then)
{
	const struct audit_options options = { .spool = SPOOL };
	int64_t before, seconds;
	uint64_t seq = 0;
	int written = 0;

	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	signal(SIGXFSZ, count_attempt); /* for each write beyond the limit */
	attempts = 0;
	before = clock_monotonic();
	limit_file_size(10);
	for (size_t i = 0; i < 2000; i++)
		written += fixture_write(&fixture, "waits") == 0;
	lift_limit();
	written += fixture_write(&fixture, "later") == 0;
	seconds = (clock_monotonic() - before) / 1000000000;
	ck_assert_int_ge(attempts, 1);
	ck_assert_int_le(attempts, 1 + seconds);
	if (seconds == 0)
		ck_assert_int_eq(written, 0);
	audit_tend(fixture.audit); /* is asked for, and at once */
	ck_assert_uint_eq(health_now().spool_records, 0);
	fixture_check(&fixture, 0, &seq, NULL, NULL);
}
END_TEST

#define WRITERS 4
#define WRITES 400

static void *write_many(void *user)
{
	char name[16];

	for (unsigned int i = 0; i < WRITES; i++) {
		snprintf(name, sizeof(name), "%s%u", (const char *)user, i);
		(void)fixture_write(&fixture, name);
	}
	return NULL;
}

/* Each writer's records, in its order, and each of them once. */
static void check_order(void *data, json_t *line)
{
	const char *user = json_string_value(json_object_get(line, "user"));
	unsigned int *next = data;

	if (!user)
		return;
	ck_assert_int_eq(strtol(user + 1, NULL, 10), next[user[0] - 'a']);
	next[user[0] - 'a']++;
}

/* The disk is full now and then while many write. */
START_TEST(test_spool_keeps_the_order)
{
	const struct audit_options options = { .spool = 4 * 1024 * 1024 };
	static char users[WRITERS][2] = { "a", "b", "c", "d" };
	unsigned int next[WRITERS] = { 0 };
	pthread_t writers[WRITERS];
	uint64_t seq = 0;

	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	for (size_t i = 0; i < WRITERS; i++)
		ck_assert_int_eq(pthread_create(&writers[i], NULL, write_many, users[i]), 0);
	for (size_t i = 0; i < 50; i++) {
		limit_file_size(10);
		usleep(200);
		lift_limit();
		audit_tend(fixture.audit);
	}
	for (size_t i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	audit_tend(fixture.audit);
	ck_assert_uint_eq(health_now().spool_records, 0);
	ck_assert_uint_eq(health_now().dropped, 0);
	fixture_check(&fixture, 0, &seq, check_order, next);
	for (size_t i = 0; i < WRITERS; i++)
		ck_assert_uint_eq(next[i], WRITES);
}
END_TEST

/* Nobody writes a record, and the disk has room again. */
START_TEST(test_spool_without_a_record)
{
	const struct audit_options options = { .spool = SPOOL };
	uint64_t seq = 0;
	int r = 0;

	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	limit_file_size(10);
	for (size_t i = 0; i < 20; i++)
		r |= fixture_write(&fixture, "alice");
	lift_limit();
	ck_assert_int_ne(r, 0);
	audit_tend(fixture.audit);
	ck_assert_uint_eq(health_now().spool_records, 0);
	fixture_check(&fixture, 0, &seq, NULL, NULL);
	ck_assert_uint_ge(seq, 21);
}
END_TEST

/* The daemon ends before there is room, or just when there is. */
START_TEST(test_spool_at_the_end)
{
	const struct audit_options options = { .spool = SPOOL };

	ck_assert_int_eq(audit_open(fixture.folder, &options, &fixture.audit), 0);
	limit_file_size(10);
	(void)fixture_write(&fixture, "waits");
	if (_i == 0) {
		fixture_close(&fixture);
		lift_limit();
	} else {
		lift_limit();
		fixture_close(&fixture);
	}
	ck_assert_uint_eq(lines_with("waits"), (size_t)_i);
}
END_TEST

/* The very next record goes to a file that is there. */
START_TEST(test_removed_file)
{
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert_int_eq(unlink(fixture_path(&fixture, 0)), 0);
	ck_assert_int_eq(fixture_write(&fixture, "bob"), 0);
	ck_assert_uint_eq(lines_with("\"user\":\"bob\""), 1);
	ck_assert_uint_eq(lines_with("\"known_seq\":1,\"found_seq\":0"), 1);
	ck_assert_uint_eq(health_now().seq, 4); /* no number is used again: chain_resumed, checkpoint, bob */
}
END_TEST

START_TEST(test_emptied_file)
{
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	ck_assert_int_eq(truncate(fixture_path(&fixture, 0), 0), 0);
	ck_assert_int_eq(fixture_write(&fixture, "bob"), 0);
	ck_assert_uint_eq(lines_with("\"known_seq\":1,\"found_seq\":0"), 1);
	ck_assert_uint_eq(health_now().seq, 4);
}
END_TEST

/* Within a second it is noticed, and nothing is written where nobody looks for it; what was is in the folder moved. */
START_TEST(test_moved_folder)
{
	struct deadline deadline = deadline_in(10000);
	char moved[PATH_MAX], line[PATH_MAX + 32];
	size_t written = 0, found = 0;
	int r;

	snprintf(moved, sizeof(moved), "%s.moved", fixture.folder);
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(rename(fixture.folder, moved), 0);
	while ((r = fixture_write(&fixture, "alice")) == 0 && deadline_left(deadline) > 0) {
		written++;
		usleep(10000);
	}
	ck_assert_int_eq(r, -ENOENT);
	ck_assert_ptr_nonnull(strstr(health_now().fault, "make the folder"));
	ck_assert_int_eq(mkdir(fixture.folder, 0700), 0);
	ck_assert_int_eq(write_until_healed(false), 0);
	ck_assert_uint_gt(health_now().seq, written);
	snprintf(line, sizeof(line), "%s/%s", moved, AUDIT_FILE);
	{
		FILE *file = fopen(line, "re");
		int letter;

		ck_assert_ptr_nonnull(file);
		while ((letter = getc(file)) != EOF)
			found += letter == '\n';
		fclose(file);
	}
	ck_assert_uint_eq(found, written);
	nftw(moved, fixture_remove, 8, FTW_DEPTH | FTW_PHYS);
}
END_TEST

/* As a file system that met an error is mounted. */
START_TEST(test_read_only_mount)
{
	if (!mount_small_disk("size=1m"))
		return;
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), 0);
	fixture_close(&fixture);
	ck_assert_int_eq(mount(NULL, fixture.folder, NULL, MS_REMOUNT | MS_RDONLY, NULL), 0);
	fixture_open(&fixture, 0, 0);
	ck_assert_int_eq(fixture_write(&fixture, "alice"), -EROFS);
	ck_assert_ptr_nonnull(strstr(health_now().fault, "mount it for writing"));
	ck_assert_int_eq(mount(NULL, fixture.folder, NULL, MS_REMOUNT, NULL), 0);
	ck_assert_int_eq(write_until_healed(false), 0);
	ck_assert_uint_eq(fixture_check(&fixture, 0, &(uint64_t){ 0 }, NULL, NULL), 2);
}
END_TEST

/* Records are in the order in which they were written, whatever the clock says. */
START_TEST(test_clock_back_and_forward)
{
	static const int64_t day = INT64_C(86400) * 1000000;
	uint64_t seq = 0;

	fixture_open(&fixture, 0, 0);
	for (int i = 0; i < 9; i++) {
		struct audit_record record = { .time = FIXTURE_TIME + (i % 3 - 1) * day, .event = "verify" };

		ck_assert_int_eq(audit_write(fixture.audit, &record, 1), 0);
		if (i % 4 == 3) {
			fixture_close(&fixture);
			fixture_open(&fixture, 0, 0);
		}
	}
	ck_assert_uint_eq(fixture_check(&fixture, 0, &seq, NULL, NULL), 9);
	ck_assert_uint_eq(lines_with("2026-11-20T"), 3);
	ck_assert_uint_eq(lines_with("2026-11-22T"), 3);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("audit-trouble");
	TCase *test_case = tcase_create("trouble");

	tcase_add_checked_fixture(test_case, begin, end);
	tcase_set_timeout(test_case, 120);
	tcase_add_loop_test(test_case, test_tail, 0, sizeof(tails) / sizeof(tails[0]));
	tcase_add_test(test_case, test_recovered_record_at_start);
	tcase_add_test(test_case, test_tail_of_nuls);
	tcase_add_test(test_case, test_tail_line_across_pieces);
	tcase_add_test(test_case, test_of_a_large_file_the_end_is_read);
	tcase_add_test(test_case, test_limit_leaves_no_half_line);
	tcase_add_loop_test(test_case, test_torn_line_that_cannot_be_taken_back, 0, 3);
	tcase_add_test(test_case, test_full_disk);
	tcase_add_test(test_case, test_rotation_that_fails);
	tcase_add_test(test_case, test_missing_folder);
	tcase_add_test(test_case, test_read_only_folder);
	tcase_add_loop_test(test_case, test_what_is_no_file, 0, sizeof(no_files) / sizeof(no_files[0]));
	tcase_add_test(test_case, test_mode_whatever_the_umask);
	tcase_add_test(test_case, test_second_daemon_is_kept_out);
	tcase_add_loop_test(test_case, test_spool, 0, 2);
	tcase_add_loop_test(test_case, test_spool_is_told_of_once, 0, 3);
	tcase_add_test(test_case, test_spool_is_tried_now_and_then);
	tcase_add_test(test_case, test_spool_keeps_the_order);
	tcase_add_test(test_case, test_spool_without_a_record);
	tcase_add_loop_test(test_case, test_spool_at_the_end, 0, 2);
	tcase_add_test(test_case, test_removed_file);
	tcase_add_test(test_case, test_emptied_file);
	tcase_add_test(test_case, test_moved_folder);
	tcase_add_test(test_case, test_read_only_mount);
	tcase_add_test(test_case, test_clock_back_and_forward);
	suite_add_tcase(suite, test_case);
	return suite_run(suite);
}
