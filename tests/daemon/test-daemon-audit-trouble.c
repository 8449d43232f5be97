/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What apikeyd-audit(5) says under "when it cannot be written", on the real daemon and real file systems, while people
 * log in: a full disk, one that becomes read-only, a file that is deleted, a clock that is set by a day. With either
 * policy; and the chain is whole whenever it ought to be. What takes its time, or root and a disk, runs with the
 * arguments "disks" and "read-only": a stage of ./check. Exit status 77: this machine has no such disk.
 */
#include <check.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/mount-namespace.h"
#include "tests/daemon/token-client.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

#define USER 64321 /* somebody */
#define REFUSE "[daemon]\nlow_disk = 0\n" HOST_UNTHROTTLED
#define SERVE REFUSE "[audit]\non_failure = serve\n"
#define BATCH 50
#define DAY 86400

static struct host host;
static struct wire_key key;
static char log_folder[96], audit_file[128];
static bool mounted;

/* ---- a daemon ---- */

static void open_host(const char *settings)
{
	host_open(&host, settings);
	snprintf(log_folder, sizeof(log_folder), "%s/log", host.folder);
	snprintf(audit_file, sizeof(audit_file), "%s/audit.jsonl", log_folder);
}

static void start(void)
{
	host_start(&host);
	key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
}

static void end(void)
{
	host_stop(&host);
	if (mounted)
		umount2(log_folder, MNT_DETACH);
	mounted = false;
	host_remove(&host);
}

/* Sends the key so many times, each from another tty, and counts how often it was let in. */
static size_t log_in(const char *tty, size_t first, size_t count)
{
	struct wire_client *client = wire_open(&host, geteuid() == 0 ? WIRE_LOGIN_SOCKET : WIRE_VERIFY_SOCKET);
	size_t granted = 0;

	wire_hello(client);
	for (size_t sent = 0; sent < count; sent += BATCH) {
		size_t batch = count - sent < BATCH ? count - sent : BATCH;

		for (size_t i = 0; i < batch; i++) {
			char text[64];

			snprintf(text, sizeof(text), "%s.%zu.", tty, first + sent + i);
			wire_send(client, WIRE_VERIFY, &message_verify,
				  &(struct message_verify){ .credential = key.secret,
							    .service = host.service,
							    .permission = "test.use",
							    .tty = text });
		}
		for (size_t i = 0; i < batch; i++) {
			struct message_verdict verdict;

			wire_expect(client, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
			granted += verdict.verdict == VERDICT_GRANTED;
			ck_assert(verdict.verdict == VERDICT_GRANTED || verdict.verdict == VERDICT_UNAVAILABLE);
		}
	}
	wire_close(client);
	return granted;
}

static void expect_fault(const char *mend)
{
	int64_t until = milliseconds() + 20000;

	host_expect_text(&host, "audit.state", "failing");
	host_expect_text(&host, "state", "degraded");
	for (;;) {
		CLEANUP_FREE char *fault = host_text(&host, "audit.fault");

		if (strstr(fault, mend))
			break;
		ck_assert_msg(milliseconds() < until, "the fault is \"%s\"", fault);
	}
}

static void expect_well(void)
{
	host_expect_text(&host, "audit.state", "ok");
	host_expect_text(&host, "state", "ok");
	ck_assert_uint_eq(host_number(&host, "audit.spool"), 0);
}

/* ---- its file ---- */

static size_t count_of(const char *needle)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	size_t count = 0;

	for (const char *at = audit; (at = strstr(at, needle)) != NULL; at++)
		count++;
	return count;
}

/* Each of them once and in their order; how many there are. */
static size_t count_logins(const char *tty)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	char needle[64];
	size_t count = 0;
	long last = -1;

	snprintf(needle, sizeof(needle), "\"tty\":\"%s.", tty);
	for (const char *at = audit; (at = strstr(at, needle)) != NULL; count++) {
		long number = strtol(at + strlen(needle), NULL, 10);

		ck_assert_int_gt(number, last);
		last = number;
		at += strlen(needle);
	}
	return count;
}

/* Whether apikeyctl finds nothing wrong, asking the daemon too. */
static bool verifies(void)
{
	const char *program = getenv("APIKEYCTL");
	pid_t child = fork();
	int status;

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		int null = open("/dev/null", O_WRONLY);

		dup2(null, STDOUT_FILENO);
		dup2(null, STDERR_FILENO);
		program = program ? program : "cli/apikeyctl";
		execl(program, program, "--runtime-dir", host.runtime, "audit", "verify", "--folder", log_folder, NULL);
		_exit(127);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) < 2);
	return WEXITSTATUS(status) == 0;
}

/* ---- disks ---- */

static void own_log_folder(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(host.user) : NULL;

	if (user)
		ck_assert_int_eq(chown(log_folder, user->pw_uid, user->pw_gid), 0);
	ck_assert_int_eq(chmod(log_folder, 0700), 0);
}

/* A disk of its own for the audit. */
static void mount_small_disk(void)
{
	ck_assert_int_eq(mount("audit", log_folder, "tmpfs", 0, "size=8m"), 0);
	mounted = true;
	own_log_folder();
}

/* Leaves less room than a few records take. */
static void fill_disk(void)
{
	static const char zeros[4096];
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/ballast", log_folder);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	ck_assert_int_ge(fd, 0);
	while (write(fd, zeros, sizeof(zeros)) > 0)
		;
	close(fd);
}

static void empty_disk(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/ballast", log_folder);
	ck_assert_int_eq(unlink(path), 0);
}

/* ---- full ---- */

/* "With on_failure = refuse no key is verified until there is room." */
START_TEST(a_full_disk_refuses)
{
	size_t granted = 0, now = 1, sent = 0;

	if (!namespace_enter_as_oneself())
		return;
	open_host(REFUSE);
	mount_small_disk();
	start();
	ck_assert_uint_eq(log_in("before", 0, 100), 100);
	fill_disk();
	/* The last page has room for a few, one by one. */
	for (; now > 0 && sent < 10000; sent += 100)
		granted += now = log_in("full", sent, 100);
	ck_assert_uint_eq(now, 0);
	expect_fault("make room on that disk");
	host_expect_output(&host, "make room on that disk");
	ck_assert_uint_eq(count_logins("full"), granted);
	ck_assert(verifies()); /* no half line stays */
	empty_disk();
	ck_assert_uint_eq(log_in("after", 0, 100), 100); /* at once */
	ck_assert_uint_eq(count_logins("after"), 100);
	expect_well();
	ck_assert(verifies());
	end();
}
END_TEST

/* What a caller does that no line of [peers] names, which does so much that it has few records. */
static bool is_let_in_unlisted(void)
{
	char service[32];
	struct message_verify request = { .credential = key.secret, .service = service, .permission = "test.use" };
	struct message_verdict said;

	snprintf(service, sizeof(service), "uid-%u", (unsigned int)geteuid());
	said = wire_verify(&host, WIRE_VERIFY_SOCKET, &request);
	ck_assert(said.verdict == VERDICT_GRANTED || said.verdict == VERDICT_UNAVAILABLE);
	return said.verdict == VERDICT_GRANTED;
}

/* How many times the records say that it was. */
static size_t count_unlisted(void)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	size_t sum = 0;

	for (char *line = strtok(audit, "\n"); line; line = strtok(NULL, "\n")) {
		const char *count = strstr(line, "\"count\":");

		if (strstr(line, "\"service\":\"uid-") && strstr(line, "\"verdict\":\"granted\""))
			sum += count ? strtoul(count + strlen("\"count\":"), NULL, 10) : 1;
	}
	return sum;
}

/* A user's exchange of the key for an access token. */
static bool is_given_token(void)
{
	struct message_token said;
	enum answer answer;

	ck_assert_int_eq(seteuid(USER), 0);
	answer = token_try(&host, key.secret, &said);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert(answer == ANSWER_OK || answer == ANSWER_UNAVAILABLE);
	return answer == ANSWER_OK;
}

/* The same for what is summed up. */
START_TEST(a_full_disk_refuses_what_is_summed_up)
{
	int64_t until;
	size_t granted = 0;

	if (geteuid() != 0) {
		puts("skipped: not root, and every other user here has a [peers] line");
		return;
	}
	if (!namespace_enter_as_oneself())
		return;
	open_host(REFUSE);
	mount_small_disk();
	start();
	for (size_t i = 0; i < 500; i++)
		granted += is_let_in_unlisted();
	ck_assert_uint_eq(granted, 500);
	ck_assert(is_given_token());
	fill_disk();
	until = milliseconds() + 20000;
	/* Twice a second one has a record, which stands for the others. */
	for (; is_let_in_unlisted(); granted++)
		ck_assert(milliseconds() < until);
	for (size_t i = 0; i < 500; i++)
		ck_assert(!is_let_in_unlisted());
	for (size_t i = 0; i < 200; i++)
		ck_assert(!is_given_token());
	expect_fault("make room on that disk");
	empty_disk();
	/* At once, and the sum is not forgotten. */
	do {
		ck_assert(is_let_in_unlisted());
		granted++;
		ck_assert_msg(milliseconds() < until, "%zu instead of %zu", count_unlisted(), granted);
	} while (count_unlisted() != granted);
	expect_well();
	end();
}
END_TEST

/* "With serve they are, and their records wait in memory; they are written before any other, and a spooled record
 * behind them says how many there were, and for how many there was no room." */
START_TEST(a_full_disk_serves)
{
	size_t sent = _i == 0 ? 500 : 20000, dropped;
	char expected[64];

	if (!namespace_enter_as_oneself())
		return;
	open_host(SERVE);
	mount_small_disk();
	start();
	ck_assert_uint_eq(log_in("before", 0, 100), 100);
	fill_disk();
	ck_assert_uint_eq(log_in("full", 0, sent), sent);
	expect_fault("make room on that disk");
	host_expect_output(&host, "make room on that disk");
	ck_assert_uint_gt(host_number(&host, "audit.spool"), 0);
	ck_assert_uint_le(host_number(&host, "audit.spool_size"), host_number(&host, "audit.spool_max"));
	dropped = host_number(&host, "audit.dropped");
	ck_assert_int_eq(dropped > 0, _i == 1);
	ck_assert(verifies());
	empty_disk();
	host_expect_text(&host, "audit.state", "ok");
	ck_assert_uint_eq(log_in("after", 0, 100), 100);
	expect_well();
	/* In the file, or counted. */
	ck_assert_uint_eq(count_logins("full") + dropped, sent);
	ck_assert_uint_eq(count_logins("after"), 100);
	snprintf(expected, sizeof(expected), "\"dropped\":%zu,", dropped);
	ck_assert_uint_eq(count_of("\"event\":\"spooled\""), 1);
	ck_assert_uint_eq(count_of(expected), 1);
	ck_assert(verifies());
	end();
}
END_TEST

/* ---- read-only ---- */

static bool run(const char *command)
{
	int status = system(command);

	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool make_image(const char *image)
{
	char command[512];

	snprintf(command, sizeof(command), "truncate -s 8M %s && mkfs.ext4 -q %s", image, image);
	return run(command);
}

/* A disk that can fail. */
static bool mount_image(const char *image)
{
	char command[512];

	snprintf(command, sizeof(command), "mount -o loop %s %s", image, log_folder);
	mounted = run(command);
	return mounted;
}

/* Tried in a process of its own, whose mounts end with it. */
static bool images_can_be_mounted(void)
{
	int status = 0;
	pid_t child = fork();

	if (child == 0) {
		char image[128];
		bool can = false;

		if (geteuid() == 0 && namespace_enter_as_oneself()) {
			open_host(REFUSE);
			snprintf(image, sizeof(image), "%s/image", host.folder);
			can = make_image(image) && mount_image(image);
			if (mounted)
				(void)umount2(log_folder, MNT_DETACH);
			host_remove(&host);
		}
		_exit(can ? EXIT_SUCCESS : EXIT_FAILURE);
	}
	return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
	       WEXITSTATUS(status) == EXIT_SUCCESS;
}

/* As an administrator does it. The daemon lets go of what was there when it sees that the folder is another one; until
 * then it is the old file system that would be mounted again. */
static void mount_anew(const char *image)
{
	ck_assert_int_eq(umount2(log_folder, MNT_DETACH), 0);
	ck_assert_int_eq(chmod(log_folder, 0), 0); /* nothing is written where the disk belongs */
	expect_fault("give the folder");
	ck_assert(mount_image(image));
}

/* As a file system does it by itself that meets an error: files that are open for writing are no hindrance. "Mounted
 * read-only" is what full is, and is over when it is mounted for writing again. */
START_TEST(a_disk_that_becomes_read_only)
{
	bool serve = _i == 1;
	char image[128], command[512];
	size_t granted;
	int fd;

	ck_assert(namespace_enter_as_oneself());
	open_host(serve ? SERVE : REFUSE);
	snprintf(image, sizeof(image), "%s/image", host.folder);
	ck_assert(make_image(image));
	ck_assert(mount_image(image));
	own_log_folder();
	start();
	ck_assert_uint_eq(log_in("before", 0, 100), 100);
	/* What did not reach the disk before the error is lost as in a power cut. */
	fd = open(log_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(syncfs(fd), 0);
	close(fd);
	snprintf(command, sizeof(command), "mount -o remount,abort %s", log_folder);
	ck_assert(run(command));
	granted = log_in("meanwhile", 0, 100);
	ck_assert_uint_eq(granted, serve ? 100 : 0);
	expect_fault("mount it for writing");
	host_expect_output(&host, "mount it for writing");
	ck_assert_uint_eq(host_number(&host, "audit.spool") > 0, serve);
	ck_assert_uint_eq(count_logins("meanwhile"), 0);
	ck_assert(verifies());
	mount_anew(image);
	host_expect_text(&host, "audit.state", "ok");
	ck_assert_uint_eq(log_in("after", 0, 100), 100);
	expect_well();
	ck_assert_uint_eq(count_logins("before"), 100);
	ck_assert_uint_eq(count_logins("meanwhile"), granted);
	ck_assert_uint_eq(count_logins("after"), 100);
	ck_assert_uint_eq(count_of("\"event\":\"spooled\""), serve);
	ck_assert(verifies());
	end();
}
END_TEST

/* ---- deleted ---- */

/* "The next record is in a new file, and a chain_resumed record there says which numbers are missing. What was in the
 * removed file is gone; audit verify tells that." */
START_TEST(a_deleted_file)
{
	uint64_t last;
	char expected[64];

	open_host(_i == 1 ? SERVE : REFUSE);
	start();
	ck_assert_uint_eq(log_in("before", 0, 100), 100);
	last = host_number(&host, "audit.seq");
	ck_assert(verifies());
	ck_assert_int_eq(unlink(audit_file), 0);
	ck_assert_uint_eq(log_in("after", 0, 100), 100);
	ck_assert_uint_eq(count_logins("before"), 0);
	ck_assert_uint_eq(count_logins("after"), 100);
	snprintf(expected, sizeof(expected), "\"known_seq\":%" PRIu64 ",\"found_seq\":0", last);
	ck_assert_uint_eq(count_of("\"event\":\"chain_resumed\""), 1);
	ck_assert_uint_eq(count_of(expected), 1);
	expect_well();
	ck_assert(!verifies());
	end();
}
END_TEST

/* ---- clocks ---- */

/* The days on which there are logins from such a tty. */
static void expect_day(const char *tty, time_t begun, time_t done, long long ahead)
{
	CLEANUP_FREE char *audit = host_read(&host, "log/audit.jsonl");
	char needle[64];
	size_t count = 0;

	snprintf(needle, sizeof(needle), "\"tty\":\"%s.", tty);
	for (char *line = strtok(audit, "\n"); line; line = strtok(NULL, "\n")) {
		struct tm tm = { 0 };
		const char *time_text = strstr(line, "\"time\":\"");
		time_t at;

		if (!strstr(line, needle))
			continue;
		ck_assert_ptr_nonnull(time_text);
		ck_assert_ptr_nonnull(strptime(time_text + strlen("\"time\":\""), "%Y-%m-%dT%H:%M:%S", &tm));
		at = timegm(&tm);
		ck_assert_int_ge(at, begun + ahead);
		ck_assert_int_le(at, done + ahead);
		count++;
	}
	ck_assert_uint_eq(count, 20);
}

/* "Records are in the order in which they were written, and time says what the clock said. Numbers and chain know no
 * clock." And whoever may log in still may, a daemon that is started then included. */
START_TEST(a_clock_that_is_set_by_a_day)
{
	static const struct {
		const char *tty;
		long long ahead;
		bool restart;
	} steps[] = {
		{ "right", 0, false },     { "back", -DAY, false },          { "back-started", -DAY, true },
		{ "forward", DAY, false }, { "forward-started", DAY, true }, { "right-again", 0, false },
	};
	uint64_t seq = 0;

	open_host(_i == 1 ? SERVE : REFUSE);
	host_set_clock(&host, 0);
	setenv("APIKEYD", "tests/daemon/other-clock", 1);
	start();
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++) {
		time_t begun = time(NULL) - 1;
		uint64_t now;

		host_set_clock(&host, steps[i].ahead);
		if (steps[i].restart) {
			host_end(&host, SIGTERM);
			host_start(&host);
		}
		ck_assert_uint_eq(log_in(steps[i].tty, 0, 20), 20);
		now = host_number(&host, "audit.seq");
		ck_assert_uint_ge(now, seq + 20);
		seq = now;
		expect_day(steps[i].tty, begun, time(NULL) + 1, steps[i].ahead);
		ck_assert(verifies());
	}
	for (size_t i = 0; i < ARRAY_SIZE(steps); i++)
		ck_assert_uint_eq(count_logins(steps[i].tty), 20);
	host_expect_text(&host, "audit.state", "ok");
	ck_assert_uint_eq(count_of("\"event\":\"chain_mismatch\"") + count_of("\"event\":\"chain_resumed\""), 0);
	end();
}
END_TEST

int main(int argc, char **argv)
{
	Suite *suite = suite_create("daemon-audit-trouble");
	TCase *tests = tcase_create("trouble");

	tcase_set_timeout(tests, 120);
	suite_add_tcase(suite, tests);
	if (argc > 1 && strcmp(argv[1], "read-only") == 0) {
		if (!images_can_be_mounted()) {
			puts("the image of a disk cannot be mounted here");
			return 77;
		}
		tcase_add_loop_test(tests, a_disk_that_becomes_read_only, 0, 2);
		return suite_run(suite);
	}
	if (argc > 1 && strcmp(argv[1], "disks") == 0)
		tcase_add_loop_test(tests, a_full_disk_serves, 0, 2);
	tcase_add_test(tests, a_full_disk_refuses);
	tcase_add_test(tests, a_full_disk_refuses_what_is_summed_up);
	tcase_add_loop_test(tests, a_deleted_file, 0, 2);
	/* Unless another program is to be tried than the one whose clock can be set. */
	if (!getenv("APIKEYD"))
		tcase_add_loop_test(tests, a_clock_that_is_set_by_a_day, 0, 2);
	return suite_run(suite);
}
