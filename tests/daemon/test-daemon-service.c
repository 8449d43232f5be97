/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The life of the real daemon: its command line, its sockets, becoming somebody else, reload, what it tells the
 * service manager, and its end.
 */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/clock.h"
#include "config.h"
#include "crypto/master_key.h"
#include "daemon/settings.h"
#include "daemon/store.h"
#include "tests/daemon/host-store.h"
#include "tests/daemon/mount-namespace.h"
#include "tests/daemon/wire-client.h"
#include "tests/suite.h"

#define IN_FLIGHT 64

static struct host host;

static void setup(void)
{
	host_open(&host, NULL);
}

static void setup_running(void)
{
	setup();
	host_start(&host);
}

static void teardown(void)
{
	host_remove(&host);
}

static void teardown_running(void)
{
	host_stop(&host);
	teardown();
}

static bool is_root(void)
{
	if (geteuid() == 0)
		return true;
	puts("skipped: not root");
	return false;
}

/* A path in the host's folder, good until the fourth call after it. */
static const char *path_of(const char *format, ...)
{
	static char paths[4][256];
	static unsigned int next;
	char *path = paths[next++ % 4];
	va_list arguments;
	int size = snprintf(path, sizeof(paths[0]), "%s/", host.folder);

	va_start(arguments, format);
	vsnprintf(path + size, sizeof(paths[0]) - (size_t)size, format, arguments);
	va_end(arguments);
	return path;
}

/* ---- the command line ---- */

/* Runs the program to its end. Its exit status; its words are in the host's output. */
static int run(bool bare, const char *const *arguments)
{
	struct host_start start = { .arguments = arguments, .bare = bare };
	int status;

	unlink(path_of("output"));
	host_spawn(&host, &start);
	status = host_wait(&host);
	ck_assert_msg(WIFEXITED(status), "the program ended with %#x", (unsigned int)status);
	return WEXITSTATUS(status);
}

#define RUN(...) run(false, (const char *const[]){ __VA_ARGS__, NULL })
#define RUN_BARE(...) run(true, (const char *const[]){ __VA_ARGS__, NULL })

static void expect_said(const char *text)
{
	CLEANUP_FREE char *output = host_read(&host, "output");

	ck_assert_msg(strstr(output, text), "\"%s\" is missing in: %s", text, output);
}

START_TEST(help_and_version_are_printed)
{
	ck_assert_int_eq(RUN_BARE("--help"), 0);
	expect_said("Usage: apikeyd");
	expect_said("(default " SETTINGS_FILE ")");
	ck_assert_int_eq(RUN_BARE("--version"), 0);
	expect_said("apikeyd " PACKAGE_VERSION "\n");
}
END_TEST

static void fill_output(void *data)
{
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	(void)data;
	if (fd < 0 || dup2(fd, STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
}

START_TEST(help_that_cannot_be_printed_is_a_failure)
{
	static const char *const arguments[] = { "--help", NULL };
	struct host_start start = { .arguments = arguments, .bare = true, .prepare = fill_output };

	host_spawn(&host, &start);
	ck_assert_int_eq(WEXITSTATUS(host_wait(&host)), 1);
}
END_TEST

START_TEST(usage_errors_are_told_from_failures)
{
	ck_assert_int_eq(RUN_BARE("--no-such-option"), 2);
	expect_said("Try 'apikeyd --help'.");
	ck_assert_int_eq(RUN_BARE("--config"), 2);
	ck_assert_int_eq(RUN_BARE("serve"), 2);
	expect_said("'serve' is no option");
	ck_assert_int_eq(RUN_BARE("--init", "now"), 2);
}
END_TEST

START_TEST(the_configuration_is_checked)
{
	CLEANUP_FREE char *missing = NULL;

	ck_assert_int_eq(RUN("--check-config"), 0);
	host_configure(&host, "[daemon]\nworkrs = 3\n");
	ck_assert_int_eq(RUN("--check-config"), 2);
	expect_said(path_of(geteuid() == 0 ? "apikeyd.conf:2: " : "apikeyd.conf:4: "));
	expect_said("workers");
	/* Such a daemon does not start. */
	ck_assert_int_eq(RUN("--user=nobody"), 2);
	ck_assert_int_gt(asprintf(&missing, "--config=%s", path_of("missing.conf")), 0);
	ck_assert_int_eq(RUN_BARE("--check-config", missing), 2);
	expect_said("missing.conf: does not exist");
	/* A warning is none. */
	host_configure(&host, "[admin]\ngroup = no-such-group-here\n");
	ck_assert_int_eq(RUN("--check-config"), 0);
	expect_said("warning: ");
	ck_assert_int_ne(access(path_of("state/" STORE_FILE), F_OK), 0);
}
END_TEST

/* ---- the key store is made ---- */

static char *read_key(void)
{
	char *key = host_read(&host, "state/" MASTER_KEY_FILE);
	struct stat status;

	ck_assert_int_eq(stat(path_of("state/" MASTER_KEY_FILE), &status), 0);
	ck_assert_int_eq(status.st_size, 32);
	ck_assert_int_eq(status.st_mode & 0777, 0400);
	return key;
}

static bool same_key(const char *a, const char *b)
{
	return memcmp(a, b, 32) == 0;
}

START_TEST(init_makes_key_and_store_once)
{
	CLEANUP_FREE char *key = NULL, *again = NULL, *completed = NULL, *finished = NULL;

	ck_assert_int_eq(RUN("--init"), 0);
	key = read_key();
	ck_assert_int_eq(RUN("--init"), 0);
	again = read_key();
	ck_assert(same_key(key, again));
	/* Cut short between the key and the database. */
	ck_assert_int_eq(unlink(path_of("state/" STORE_FILE)), 0);
	ck_assert_int_eq(RUN("--init"), 0);
	completed = read_key();
	ck_assert(same_key(key, completed));
	ck_assert_int_eq(access(path_of("state/" STORE_FILE), F_OK), 0);
	/* And between the database and what is sealed in it. */
	host_store_run(&host, "DELETE FROM sealed");
	ck_assert_int_eq(RUN("--init"), 0);
	finished = read_key();
	ck_assert(same_key(key, finished));
	host_start(&host);
	(void)wire_make_key(&host, &(struct message_key_create){ .name = "key" });
	host_stop(&host);
}
END_TEST

START_TEST(init_leaves_a_store_without_its_key_alone)
{
	int fd;

	ck_assert_int_eq(RUN("--init"), 0);
	ck_assert_int_eq(rename(path_of("state/" MASTER_KEY_FILE), path_of("kept")), 0);
	ck_assert_int_eq(RUN("--init"), 1);
	expect_said(MASTER_KEY_FILE " is missing");
	ck_assert_int_ne(access(path_of("state/" MASTER_KEY_FILE), F_OK), 0);
	fd = open(path_of("state/" MASTER_KEY_FILE), O_WRONLY | O_CREAT | O_CLOEXEC, 0400);
	ck_assert_int_eq(write(fd, "0123456789abcdef0123456789abcdef", 32), 32);
	if (geteuid() == 0)
		ck_assert_int_eq(fchown(fd, getpwnam("nobody")->pw_uid, (gid_t)-1), 0);
	close(fd);
	ck_assert_int_eq(RUN("--init"), 1);
	expect_said("master key");
	ck_assert_int_eq(rename(path_of("kept"), path_of("state/" MASTER_KEY_FILE)), 0);
	ck_assert_int_eq(RUN("--init"), 0);
}
END_TEST

START_TEST(init_says_what_is_in_its_way)
{
	ck_assert_int_eq(rmdir(path_of("state")), 0);
	ck_assert_int_eq(mknod(path_of("state"), S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(RUN("--init"), 1);
	expect_said("/state");
	unlink(path_of("state"));
	ck_assert_int_eq(chmod(host.folder, 0755), 0);
	ck_assert_int_eq(RUN("--init"), 0);
	unlink(path_of("state/" STORE_FILE));
	ck_assert_int_eq(mkdir(path_of("state/" STORE_FILE), 0700), 0);
	ck_assert_int_eq(RUN("--init"), 1);
	expect_said("not a regular file");
}
END_TEST

/* ---- sockets ---- */

START_TEST(sockets_have_their_modes_and_go_with_the_daemon)
{
	static const struct {
		const char *name;
		mode_t mode;
	} sockets[] = { { WIRE_LOGIN_SOCKET, 0600 }, { WIRE_VERIFY_SOCKET, 0666 }, { WIRE_ADMIN_SOCKET, 0666 } };
	struct stat status;

	ck_assert_int_eq(rmdir(host.runtime), 0);
	host_start(&host);
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		ck_assert_int_eq(lstat(path_of("run/%s", sockets[i].name), &status), 0);
		ck_assert(S_ISSOCK(status.st_mode));
		ck_assert_uint_eq(status.st_mode & 0777, sockets[i].mode);
		/* Not the service user's to replace. */
		ck_assert_uint_eq(status.st_uid, geteuid());
	}
	host_stop(&host);
	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++)
		ck_assert_msg(geteuid() == 0 || access(path_of("run/%s", sockets[i].name), F_OK) < 0, "%s is left",
			      sockets[i].name);
}
END_TEST

START_TEST(a_second_daemon_refuses)
{
	pid_t first;

	host_start(&host);
	first = host.daemon;
	ck_assert_int_eq(RUN("--init"), 0); /* which opens no sockets */
	ck_assert_int_eq(run(false, NULL), 1);
	expect_said("login.sock cannot be made: another daemon listens there, or it is no socket");
	host.daemon = first;
	(void)host_number(&host, "connections.open");
	host_stop(&host);
}
END_TEST

START_TEST(a_stale_socket_is_replaced)
{
	host_start(&host);
	host_end(&host, SIGKILL);
	ck_assert_int_eq(access(path_of("run/" WIRE_LOGIN_SOCKET), F_OK), 0);
	host_start(&host);
	host_stop(&host);
}
END_TEST

START_TEST(what_is_no_socket_is_left_in_its_place)
{
	struct stat status;

	ck_assert_int_eq(mknod(path_of("run/" WIRE_VERIFY_SOCKET), S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(run(false, NULL), 1);
	expect_said("verify.sock cannot be made");
	ck_assert_int_eq(lstat(path_of("run/" WIRE_VERIFY_SOCKET), &status), 0);
	ck_assert(S_ISREG(status.st_mode));
	ck_assert_int_ne(access(path_of("run/" WIRE_LOGIN_SOCKET), F_OK), 0);
	unlink(path_of("run/" WIRE_VERIFY_SOCKET));
	ck_assert_int_eq(rmdir(host.runtime), 0);
	ck_assert_int_eq(mknod(host.runtime, S_IFREG | 0600, 0), 0);
	ck_assert_int_eq(run(false, NULL), 1);
	expect_said("/run/login.sock cannot be made");
	unlink(host.runtime);
	ck_assert_int_eq(RUN("--runtime-dir=/proc/no/such/folder"), 1);
	expect_said("the folder /proc/no/such/folder cannot be made");
}
END_TEST

/* ---- socket activation ---- */

struct handed {
	int fds[3];
	size_t count;
	const char *names;
};

static void hand_over(void *data)
{
	const struct handed *handed = data;
	char pid[32], count[16];
	int fds[3];

	/* First out of the way of their places. */
	for (size_t i = 0; i < handed->count; i++)
		fds[i] = fcntl(handed->fds[i], F_DUPFD, 10);
	for (size_t i = 0; i < handed->count; i++)
		dup2(fds[i], 3 + (int)i);
	for (size_t i = 0; i < handed->count; i++)
		close(fds[i]);
	snprintf(pid, sizeof(pid), "%d", (int)getpid());
	snprintf(count, sizeof(count), "%zu", handed->count);
	setenv("LISTEN_PID", pid, 1);
	setenv("LISTEN_FDS", count, 1);
	setenv("LISTEN_FDNAMES", handed->names, 1);
}

static int listen_at(const char *name, int type)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%.80s/%s", host.runtime, name);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	if (type != SOCK_DGRAM)
		ck_assert_int_eq(listen(fd, 16), 0);
	return fd;
}

START_TEST(sockets_are_taken_from_the_service_manager)
{
	struct handed handed = { .count = 3, .names = "admin:login:verify" };
	struct host_start start = { .prepare = hand_over, .data = &handed };
	struct message_verify request = { .credential = "none", .service = "test", .permission = "test.use" };
	struct message_verdict verdict;
	struct wire_client *early;

	handed.fds[0] = listen_at(WIRE_ADMIN_SOCKET, SOCK_SEQPACKET);
	handed.fds[1] = listen_at(WIRE_LOGIN_SOCKET, SOCK_SEQPACKET);
	handed.fds[2] = listen_at(WIRE_VERIFY_SOCKET, SOCK_SEQPACKET);
	/* Who comes before the daemon is there waits for it. */
	early = wire_open(&host, WIRE_LOGIN_SOCKET);
	wire_send(early, WIRE_VERIFY, &message_verify, &request);
	host_spawn(&host, &start);
	for (size_t i = 0; i < 3; i++)
		close(handed.fds[i]);
	wire_expect(early, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
	/* Asked on login.sock: here the reason is told. */
	ck_assert_int_ne(verdict.reason, REASON_NONE);
	wire_close(early);
	(void)host_number(&host, "connections.open");
	ck_assert_int_eq(wire_verify(&host, WIRE_VERIFY_SOCKET, &request).reason, REASON_NONE);
	host_stop(&host);
	/* They are the service manager's to remove. */
	ck_assert_int_eq(access(path_of("run/" WIRE_LOGIN_SOCKET), F_OK), 0);
}
END_TEST

START_TEST(what_is_handed_over_wrongly_is_refused)
{
	static const struct {
		const char *names, *sentence;
		int types[2];
	} cases[] = {
		{ "login:other", "a socket named 'other' was handed over", { SOCK_SEQPACKET, SOCK_SEQPACKET } },
		{ "verify:verify", "a socket named 'verify' was handed over", { SOCK_SEQPACKET, SOCK_SEQPACKET } },
		{ "verify:login", "login that was handed over is no listening", { SOCK_SEQPACKET, SOCK_STREAM } },
		{ "verify:login", "login that was handed over is no listening", { SOCK_SEQPACKET, SOCK_DGRAM } },
		{ "verify:login", "login that was handed over is no listening", { SOCK_SEQPACKET, 0 } },
	};
	struct handed handed = { .count = 2, .names = cases[_i].names };
	struct host_start start = { .prepare = hand_over, .data = &handed };

	for (size_t i = 0; i < 2; i++)
		handed.fds[i] = cases[_i].types[i] ? listen_at(i == 0 ? "a" : "b", cases[_i].types[i])
						   : open("/dev/null", O_RDWR | O_CLOEXEC);
	host_spawn(&host, &start);
	ck_assert_int_eq(WEXITSTATUS(host_wait(&host)), 1);
	expect_said(cases[_i].sentence);
	for (size_t i = 0; i < 2; i++)
		close(handed.fds[i]);
}
END_TEST

/* ---- becoming somebody else ---- */

START_TEST(root_must_become_somebody)
{
	if (!is_root())
		return;
	host.user = "no-such-user-here";
	ck_assert_int_eq(run(false, NULL), 1);
	expect_said("there is no user 'no-such-user-here' to become");
	host.user = "root";
	ck_assert_int_eq(run(false, NULL), 1);
	expect_said("the daemon does not run as root");
	ck_assert_int_ne(access(path_of("state/" STORE_FILE), F_OK), 0);
}
END_TEST

START_TEST(privileges_are_gone)
{
	const struct passwd *user = getpwnam("nobody");
	CLEANUP_FREE char *text = NULL, *line = NULL;
	char path[64];
	struct stat status;
	FILE *file;
	size_t size = 0;
	unsigned int found = 0;

	if (!is_root())
		return;
	host_start(&host);
	ck_assert_int_gt(asprintf(&text, "%u\t%u\t%u\t%u", user->pw_uid, user->pw_uid, user->pw_uid, user->pw_uid), 0);
	snprintf(path, sizeof(path), "/proc/%d/status", (int)host.daemon);
	file = fopen(path, "re");
	ck_assert_ptr_nonnull(file);
	while (getline(&line, &size, file) > 0) {
		if (strncmp(line, "Uid:", 4) == 0 || strncmp(line, "NoNewPrivs:", 11) == 0 ||
		    strncmp(line, "CapEff:", 7) == 0 || strncmp(line, "CapPrm:", 7) == 0)
			found++;
		if (strncmp(line, "Uid:", 4) == 0)
			ck_assert_msg(strstr(line, text), "%s", line);
		if (strncmp(line, "Gid:", 4) == 0 || strncmp(line, "Groups:", 7) == 0)
			ck_assert_msg(!strstr(line, "\t0\t") && !strstr(line, "\t0 "), "%s", line);
		if (strncmp(line, "NoNewPrivs:", 11) == 0)
			ck_assert_ptr_nonnull(strchr(line, '1'));
		if (strncmp(line, "CapEff:", 7) == 0 || strncmp(line, "CapPrm:", 7) == 0)
			ck_assert_msg(strstr(line, "0000000000000000"), "%s", line);
	}
	fclose(file);
	ck_assert_uint_eq(found, 4);
	/* The folders were handed over, and the runtime folder was not. */
	ck_assert_int_eq(stat(path_of("state"), &status), 0);
	ck_assert_uint_eq(status.st_uid, user->pw_uid);
	ck_assert_int_eq(stat(path_of("log"), &status), 0);
	ck_assert_uint_eq(status.st_uid, user->pw_uid);
	ck_assert_int_eq(stat(path_of("log/audit.jsonl"), &status), 0);
	ck_assert_uint_eq(status.st_uid, user->pw_uid);
	ck_assert_int_eq(stat(host.runtime, &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	host_stop(&host);
}
END_TEST

START_TEST(a_linked_folder_is_not_handed_over)
{
	struct stat status;

	if (!is_root())
		return;
	ck_assert_int_eq(rename(path_of("state"), path_of("elsewhere")), 0);
	ck_assert_int_eq(symlink("elsewhere", path_of("state")), 0);
	ck_assert_int_eq(run(false, NULL), 1);
	expect_said("/state cannot be handed to the service user");
	ck_assert_int_eq(stat(path_of("elsewhere"), &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
}
END_TEST

/* ---- an installed system's defaults ---- */

static void copy_file(const char *from, const char *to)
{
	char bytes[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ssize_t size;

	while (in >= 0 && (size = read(in, bytes, sizeof(bytes))) > 0)
		ck_assert_int_eq(write(out, bytes, (size_t)size), size);
	if (in >= 0)
		close(in);
	close(out);
}

/* Folders of our own in the places where a system has its own. */
static bool enter_system(void)
{
	static const char *const names[] = { "passwd", "group", "nsswitch.conf", "ld.so.cache" };
	CLEANUP_FREE char *folder = strdup(SETTINGS_FILE), *system = NULL;

	*strrchr(folder, '/') = '\0';
	system = strndup(folder, (size_t)(strrchr(folder, '/') - folder));
	if (!namespace_enter())
		return false;
	ck_assert_int_eq(mkdir(path_of("etc"), 0755), 0);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		char from[64];

		snprintf(from, sizeof(from), "/etc/%s", names[i]);
		copy_file(from, path_of("etc/%s", names[i]));
	}
	if (mount(path_of("etc"), "/etc", NULL, MS_BIND, NULL) < 0 ||
	    mount("run", "/run", "tmpfs", 0, "mode=755") < 0 || mount("lib", "/var/lib", "tmpfs", 0, "mode=755") < 0 ||
	    mount("log", "/var/log", "tmpfs", 0, "mode=755") < 0) {
		puts("skipped: this machine allows no mounts of our own");
		return false;
	}
	if (strcmp(system, "/etc") != 0 && mount("etc", system, "tmpfs", 0, "mode=755") < 0) {
		printf("skipped: nothing can be mounted on %s\n", system);
		return false;
	}
	ck_assert_int_eq(mkdir(folder, 0755), 0);
	return true;
}

static void write_default_configuration(const char *text)
{
	int fd = open(SETTINGS_FILE, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	close(fd);
}

START_TEST(without_options_everything_has_its_place)
{
	static const char *const nobody[] = { "--user=nobody", NULL };
	struct host_start start = { .arguments = nobody, .bare = true };
	struct message_verify request = { .credential = "none", .service = "test", .permission = "test.use" };
	struct stat status;
	struct wire_key key;

	if (!is_root() || !enter_system())
		return;
	snprintf(host.runtime, sizeof(host.runtime), WIRE_RUNTIME_DIR);
	/* Nothing was made yet, and a daemon without a key store makes none here. */
	host_spawn(&host, &start);
	host_expect_text(&host, "state", "unavailable");
	ck_assert_int_eq(wire_verify(&host, WIRE_LOGIN_SOCKET, &request).verdict, VERDICT_UNAVAILABLE);
	host_stop(&host);
	ck_assert_int_eq(RUN_BARE("--init", "--user=nobody"), 0);
	ck_assert_int_eq(stat("/etc/credstore/" MASTER_KEY_FILE, &status), 0);
	ck_assert_uint_eq(status.st_uid, 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0400);
	ck_assert_int_eq(stat("/etc/credstore", &status), 0);
	ck_assert_uint_eq(status.st_mode & 0777, 0700);
	ck_assert_int_eq(stat("/var/lib/apikeyd/" STORE_FILE, &status), 0);
	ck_assert_uint_eq(status.st_uid, getpwnam("nobody")->pw_uid);
	ck_assert_int_eq(RUN_BARE("--init", "--user=nobody"), 0);
	host_spawn(&host, &start);
	host_expect_text(&host, "state", "ok");
	key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
	request = (struct message_verify){ .credential = key.secret, .service = "test", .permission = "test.use" };
	ck_assert_int_eq(wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict, VERDICT_DENIED);
	/* A configuration that is made later is found by a reload, and one that is taken away is not missed. */
	write_default_configuration("[peers]\n0 = test\n");
	for (int round = 0; round < 2; round++) {
		enum verdict wanted = round == 0 ? VERDICT_GRANTED : VERDICT_DENIED;
		int64_t end = milliseconds() + 10000;

		kill(host.daemon, SIGHUP);
		while (wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict != wanted)
			ck_assert(milliseconds() < end);
		unlink(SETTINGS_FILE);
	}
	host_stop(&host);
	ck_assert_int_eq(access("/var/log/apikeyd/audit.jsonl", F_OK), 0);
	/* Without its master key a store is left alone. */
	ck_assert_int_eq(unlink("/etc/credstore/" MASTER_KEY_FILE), 0);
	ck_assert_int_eq(RUN_BARE("--init", "--user=nobody"), 1);
	expect_said("is missing");
}
END_TEST

/* ---- reload ---- */

/* Lets this process speak for one service on verify.sock. */
static void configure_service(const char *service, const char *more)
{
	CLEANUP_FREE char *settings = NULL;

	snprintf(host.service, sizeof(host.service), "%s", service);
	ck_assert_int_gt(asprintf(&settings, "%s%s\n%s", geteuid() == 0 ? "[peers]\n0 = " : "",
				  geteuid() == 0 ? service : "", more),
			 0);
	host_configure(&host, settings);
}

static enum verdict ask_persistent(struct wire_client *client, const struct message_verify *request)
{
	struct message_verdict verdict;

	ck_assert_int_eq(wire_ask(client, WIRE_VERIFY, &message_verify, request, &message_verdict, &verdict),
			 ANSWER_OK);
	return (enum verdict)verdict.verdict;
}

START_TEST(a_good_configuration_takes_effect)
{
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
	struct message_verify request = { .credential = key.secret, .service = "portal", .permission = "test.use" };
	struct wire_client *client = wire_open(&host, WIRE_VERIFY_SOCKET);
	int64_t end = milliseconds() + 10000;

	wire_hello(client);
	ck_assert_int_eq(ask_persistent(client, &request), VERDICT_DENIED);
	ck_assert_int_eq(wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict, VERDICT_DENIED);
	configure_service("portal", "[daemon]\nworkers = 3\n");
	kill(host.daemon, SIGHUP);
	host_expect_output(&host, "the configuration was reloaded");
	/* In every thread, soon, and for connections that are open. */
	while (ask_persistent(client, &request) != VERDICT_GRANTED)
		ck_assert(milliseconds() < end);
	while (wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict != VERDICT_GRANTED)
		ck_assert(milliseconds() < end);
	host_expect_output(&host, "workers and connections_max of [daemon] change with the next start");
	wire_close(client);
}
END_TEST

START_TEST(a_configuration_with_an_error_is_not_taken)
{
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
	struct message_verify request = { .credential = key.secret, .service = "portal", .permission = "test.use" };
	int64_t end = milliseconds() + 10000;

	configure_service("portal", "[daemon]\nidle_time = 3\n");
	kill(host.daemon, SIGHUP);
	host_expect_output(&host, "the configuration was not reloaded; the one before stays in force");
	host_expect_output(&host, path_of(geteuid() == 0 ? "apikeyd.conf:4: " : "apikeyd.conf:5: "));
	ck_assert_int_eq(wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict, VERDICT_DENIED);
	ck_assert_int_eq(unlink(path_of("apikeyd.conf")), 0);
	kill(host.daemon, SIGHUP);
	host_expect_output(&host, "apikeyd.conf: does not exist");
	ck_assert_int_eq(wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict, VERDICT_DENIED);
	configure_service("portal", "");
	kill(host.daemon, SIGHUP);
	while (wire_verify(&host, WIRE_VERIFY_SOCKET, &request).verdict != VERDICT_GRANTED)
		ck_assert(milliseconds() < end);
}
END_TEST

START_TEST(a_reload_opens_the_audit_file_anew)
{
	struct message_verify request = { .credential = "none", .service = "test", .permission = "test.use" };
	struct stat status;

	(void)wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	ck_assert_int_eq(rename(path_of("log/audit.jsonl"), path_of("log/taken-away")), 0);
	kill(host.daemon, SIGHUP);
	host_expect_output(&host, "the configuration was reloaded");
	(void)wire_verify(&host, WIRE_LOGIN_SOCKET, &request);
	ck_assert_int_eq(stat(path_of("log/audit.jsonl"), &status), 0);
	ck_assert_int_gt(status.st_size, 0);
}
END_TEST

/* ---- the service manager ---- */

static int notify_socket;

static void open_notify(void)
{
	notify_socket = listen_at("notify", SOCK_DGRAM);
	ck_assert_int_eq(chmod(path_of("run/notify"), 0666), 0);
}

/* The next message must hold the text; those that hold the other one may come before it. */
static void expect_notice(const char *text, const char *other)
{
	char message[2048];

	for (;;) {
		struct pollfd pollfd = { .fd = notify_socket, .events = POLLIN };
		ssize_t size;

		ck_assert_msg(poll(&pollfd, 1, 20000) > 0, "%s does not come", text);
		size = recv(notify_socket, message, sizeof(message) - 1, 0);
		ck_assert_int_gt(size, 0);
		message[size] = '\0';
		if (strstr(message, text))
			return;
		ck_assert_msg(other && strstr(message, other), "%s came instead of %s", message, text);
	}
}

START_TEST(the_service_manager_is_told)
{
	CLEANUP_FREE char *variable = NULL;
	const char *environment[] = { NULL, "WATCHDOG_USEC=500000", NULL };
	struct host_start start = { .environment = environment };

	open_notify();
	ck_assert_int_gt(asprintf(&variable, "NOTIFY_SOCKET=%s/notify", host.runtime), 0);
	environment[0] = variable;
	host_spawn(&host, &start);
	expect_notice("READY=1\nSTATUS=Serving", NULL);
	/* When it says so it is so. */
	close(wire_connect(&host, WIRE_LOGIN_SOCKET));
	expect_notice("WATCHDOG=1", NULL);
	kill(host.daemon, SIGHUP);
	expect_notice("RELOADING=1\nMONOTONIC_USEC=", "WATCHDOG=1");
	expect_notice("READY=1\nSTATUS=Serving", NULL);
	host_configure(&host, "[nowhere]\n");
	kill(host.daemon, SIGHUP);
	expect_notice("RELOADING=1\nMONOTONIC_USEC=", "WATCHDOG=1");
	expect_notice("READY=1\nSTATUS=Serving; the last reload failed", NULL);
	expect_notice("WATCHDOG=1", NULL);
	kill(host.daemon, SIGTERM);
	expect_notice("STOPPING=1", "WATCHDOG=1");
	ck_assert_int_eq(host_wait(&host), 0);
	close(notify_socket);
}
END_TEST

/* ---- the end ---- */

/* Waits until the daemon has taken so many connections in. */
static void expect_accepted(uint64_t before, uint64_t count)
{
	int64_t end = milliseconds() + 10000;

	/* Each question is a connection of its own. */
	while (host_number(&host, "connections.accepted") < before + count)
		ck_assert(milliseconds() < end);
}

START_TEST(what_was_accepted_is_answered_before_the_end)
{
	struct wire_key key = wire_make_key(&host, &(struct message_key_create){ .name = "key" });
	struct message_verify request = { .credential = key.secret, .service = "test", .permission = "test.use" };
	struct message_key_create create = { .name = "late", .owner = "alice", .expires = TIME_NEVER };
	struct wire_client *many = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	struct wire_client *idle = wire_open(&host, WIRE_VERIFY_SOCKET);
	struct wire_client *late;
	struct message_verdict verdict;
	struct message_key made;
	uint64_t accepted = host_number(&host, "connections.accepted");
	int64_t start;

	wire_hello(many);
	wire_hello(admin);
	wire_hello(idle);
	late = wire_open(&host, WIRE_LOGIN_SOCKET);
	expect_accepted(accepted, 6);
	/* Stopped, it has all of it before it at once. */
	host_pause(&host);
	for (int i = 0; i < IN_FLIGHT; i++)
		wire_send(many, WIRE_VERIFY, &message_verify, &request);
	wire_send(admin, WIRE_KEY_CREATE, &message_key_create, &create);
	kill(host.daemon, SIGTERM);
	start = milliseconds();
	host_resume(&host);
	wire_expect(admin, WIRE_KEY_CREATE | WIRE_REPLY, &message_key, &made);
	wire_expect_end(admin);
	for (int i = 0; i < IN_FLIGHT; i++) {
		wire_expect(many, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
		ck_assert_int_eq(verdict.verdict, VERDICT_GRANTED);
	}
	wire_send(late, WIRE_VERIFY, &message_verify, &request);
	wire_expect(late, WIRE_VERIFY | WIRE_REPLY, &message_verdict, &verdict);
	ck_assert_int_eq(verdict.verdict, VERDICT_GRANTED);
	wire_expect_end(late);
	wire_expect_end(many);
	wire_expect_end(idle);
	ck_assert_int_eq(host_wait(&host), 0);
	ck_assert_int_lt(milliseconds() - start, 4000);
	wire_close(many);
	wire_close(admin);
	wire_close(late);
	wire_close(idle);
	host_start(&host);
}
END_TEST

START_TEST(all_that_a_client_has_in_flight_is_answered_before_the_end)
{
	struct message_verify request = { .credential = "none", .service = "test", .permission = "test.use" };
	struct codec_header header = { .type = WIRE_VERIFY };
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	struct wire_client *admin = wire_open(&host, WIRE_ADMIN_SOCKET);
	/* Its answers all fit into the socket: nobody reads them until the other connection has ended. */
	struct message_key_list list = { .limit = 1 };
	unsigned char packet[256];
	size_t size, sent = 0;

	wire_hello(client);
	wire_hello(admin);
	ck_assert_int_eq(codec_encode(&message_verify, &request, header, packet, sizeof(packet), &size), 0);
	host_pause(&host);
	while (send(client->fd, packet, size, MSG_DONTWAIT | MSG_NOSIGNAL) > 0)
		sent++;
	ck_assert_uint_gt(sent, IN_FLIGHT);
	for (int i = 0; i < IN_FLIGHT; i++)
		wire_send(admin, WIRE_KEY_LIST, &message_key_list, &list);
	kill(host.daemon, SIGTERM);
	host_resume(&host);
	for (size_t i = 0; i < sent; i++)
		if (!wire_receive(client))
			fail("%zu of %zu requests were answered", i, sent);
	wire_expect_end(client);
	for (int i = 0; i < IN_FLIGHT; i++)
		if (!wire_receive(admin))
			fail("%d of %d administrative requests were answered", i, IN_FLIGHT);
	wire_expect_end(admin);
	wire_close(client);
	wire_close(admin);
	ck_assert_int_eq(host_wait(&host), 0);
	host_start(&host);
}
END_TEST

START_TEST(who_never_asks_does_not_hold_up_the_end)
{
	struct wire_client *client = wire_open(&host, WIRE_LOGIN_SOCKET);
	uint64_t accepted = host_number(&host, "connections.accepted");
	int64_t start;

	expect_accepted(accepted, 1);
	start = milliseconds();
	kill(host.daemon, SIGINT);
	ck_assert_int_eq(host_wait(&host), 0);
	ck_assert_int_lt(milliseconds() - start, 4000);
	wire_close(client);
	host_start(&host);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("daemon-service");
	TCase *plain = tcase_create("not running"), *running = tcase_create("running");

	tcase_set_timeout(plain, 120);
	tcase_set_timeout(running, 120);
	tcase_add_checked_fixture(plain, setup, teardown);
	tcase_add_test(plain, help_and_version_are_printed);
	tcase_add_test(plain, help_that_cannot_be_printed_is_a_failure);
	tcase_add_test(plain, usage_errors_are_told_from_failures);
	tcase_add_test(plain, the_configuration_is_checked);
	tcase_add_test(plain, init_makes_key_and_store_once);
	tcase_add_test(plain, init_leaves_a_store_without_its_key_alone);
	tcase_add_test(plain, init_says_what_is_in_its_way);
	tcase_add_test(plain, sockets_have_their_modes_and_go_with_the_daemon);
	tcase_add_test(plain, a_second_daemon_refuses);
	tcase_add_test(plain, a_stale_socket_is_replaced);
	tcase_add_test(plain, what_is_no_socket_is_left_in_its_place);
	tcase_add_test(plain, sockets_are_taken_from_the_service_manager);
	tcase_add_loop_test(plain, what_is_handed_over_wrongly_is_refused, 0, 5);
	tcase_add_test(plain, root_must_become_somebody);
	tcase_add_test(plain, privileges_are_gone);
	tcase_add_test(plain, a_linked_folder_is_not_handed_over);
	tcase_add_test(plain, without_options_everything_has_its_place);
	tcase_add_test(plain, the_service_manager_is_told);
	tcase_add_checked_fixture(running, setup_running, teardown_running);
	tcase_add_test(running, a_good_configuration_takes_effect);
	tcase_add_test(running, a_configuration_with_an_error_is_not_taken);
	tcase_add_test(running, a_reload_opens_the_audit_file_anew);
	tcase_add_test(running, what_was_accepted_is_answered_before_the_end);
	tcase_add_test(running, all_that_a_client_has_in_flight_is_answered_before_the_end);
	tcase_add_test(running, who_never_asks_does_not_hold_up_the_end);
	suite_add_tcase(suite, plain);
	suite_add_tcase(suite, running);
	return suite_run(suite);
}
