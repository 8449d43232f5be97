/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Runs the daemon as an administrator would from a scratch folder: own sockets, own state, own configuration.
 */
#include "tests/daemon/host.h"

#include "common/cleanup.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <grp.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE 10000    /* milliseconds for what takes about a second at most */
#define START_LIMIT 30000 /* milliseconds: under valgrind or the thread sanitizer a start takes its time */

/* The status of a child that found its program built for another machine, as under a user-mode emulator. */
#define FOREIGN 126

/* For the exit handler, which takes no argument. The process that made the host removes it, and no child of it. */
static struct host *opened;
static pid_t opener;

__attribute__((format(printf, 1, 0))) static void say(const char *format, va_list arguments)
{
	fflush(stdout);
	fputs("test: ", stderr);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
}

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	exit(EXIT_FAILURE);
}

void skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say(format, arguments);
	va_end(arguments);
	exit(77);
}

int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void remove_at_exit(void)
{
	if (opened && getpid() == opener)
		host_remove(opened);
}

static void make_folder(const struct host *host, const char *name)
{
	CLEANUP_FREE char *path = NULL;

	if (asprintf(&path, "%s/%s", host->folder, name) < 0 || mkdir(path, 0755) < 0)
		fail("cannot make the folder %s: %m", name);
}

/* A section stands once in a file, so a line of ours goes into the one that is there. */
static void write_line(FILE *file, const char **settings, const char *section, const char *line)
{
	const char *at = *settings ? strstr(*settings, section) : NULL;

	if (!at) {
		fprintf(file, "%s\n%s\n", section, line);
		return;
	}
	at += strlen(section);
	fprintf(file, "%.*s\n%s", (int)(at - *settings), *settings, line);
	*settings = at;
}

void host_configure(struct host *host, const char *settings)
{
	CLEANUP_FREE char *path = NULL, *new = NULL, *line = NULL;
	FILE *file;

	if (asprintf(&path, "%s/apikeyd.conf", host->folder) < 0 || asprintf(&new, "%s.new", path) < 0 ||
	    asprintf(&line, "%u = %s", (unsigned int)geteuid(), host->service) < 0 || !(file = fopen(new, "wex")))
		fail("cannot write the configuration: %m");
	/* root needs it neither for login.sock nor for administration; another user, in a scratch daemon of their own,
	 * administers it too. */
	if (geteuid() != 0)
		write_line(file, &settings, "[peers]", line);
	if (settings)
		fputs(settings, file);
	if (fclose(file) != 0 || chmod(new, 0644) < 0 || rename(new, path) < 0)
		fail("cannot write the configuration: %m");
}

void host_open(struct host *ret_host, const char *settings)
{
	const char *scratch = getenv("TMPDIR");

	memset(ret_host, 0, sizeof(*ret_host));
	if (snprintf(ret_host->folder, sizeof(ret_host->folder), "%s/apikeyd-test-XXXXXX",
		     scratch ? scratch : "/tmp") >= (int)sizeof(ret_host->folder))
		fail("the path in TMPDIR is too long");
	/* The name of a folder is short: a socket's path has room for 107 bytes. */
	if (!mkdtemp(ret_host->folder))
		fail("cannot make %s: %m", ret_host->folder);
	opened = ret_host;
	opener = getpid();
	if (atexit(remove_at_exit) != 0)
		fail("cannot register the clean-up");
	/* The daemon of a root run is somebody else, who has to walk in. */
	if (chmod(ret_host->folder, 0755) < 0)
		fail("cannot open %s to others: %m", ret_host->folder);
	snprintf(ret_host->runtime, sizeof(ret_host->runtime), "%s/run", ret_host->folder);
	snprintf(ret_host->service, sizeof(ret_host->service), "test");
	make_folder(ret_host, "run");
	make_folder(ret_host, "state");
	make_folder(ret_host, "log");
	ret_host->user = "nobody";
	host_configure(ret_host, settings);
}

struct apikey_options host_options(const struct host *host)
{
	return (struct apikey_options){ .size = sizeof(struct apikey_options),
					.path = host->runtime,
					.timeout = 10000 };
}

struct apikey_admin *host_admin(const struct host *host)
{
	struct apikey_options options = host_options(host);
	int64_t end = milliseconds() + START_LIMIT;
	int ended = 0;
	int r;

	for (;;) {
		struct apikey_status *status = NULL;
		struct apikey_admin *admin = NULL;

		r = apikey_admin_open(&options, &admin);
		if (r == 0) {
			r = apikey_status(admin, &status);
			apikey_status_free(status);
			if (r == 0)
				return admin;
			apikey_admin_free(admin);
		}
		if (host->daemon > 0 && waitpid(host->daemon, &ended, WNOHANG) != 0) {
			if (WIFEXITED(ended) && WEXITSTATUS(ended) == FOREIGN)
				skip("nothing here starts programs of the machine this was built for");
			fail("the daemon ended at its start");
		}
		if (milliseconds() > end)
			fail("the daemon does not answer: %s", r < 0 ? strerror(-r) : apikey_answer_name(r));
		poll(NULL, 0, 2);
	}
}

#define ARGUMENTS_MAX 16

/* What the program is called with. */
static void list_arguments(const struct host *host, const struct host_start *start, char **arguments)
{
	size_t count = 0;

	arguments[count++] = strdup("apikeyd");
	if (!start || !start->bare) {
		if (asprintf(&arguments[count++], "--config=%s/apikeyd.conf", host->folder) < 0 ||
		    asprintf(&arguments[count++], "--runtime-dir=%s", host->runtime) < 0 ||
		    asprintf(&arguments[count++], "--state-dir=%s/state", host->folder) < 0 ||
		    asprintf(&arguments[count++], "--log-dir=%s/log", host->folder) < 0)
			fail("out of memory");
		if (geteuid() == 0 && asprintf(&arguments[count++], "--user=%s", host->user) < 0)
			fail("out of memory");
	}
	for (size_t i = 0; start && start->arguments && start->arguments[i] && count < ARGUMENTS_MAX; i++)
		arguments[count++] = strdup(start->arguments[i]);
}

static _Noreturn void run_daemon(const struct host *host, const struct host_start *start, pid_t parent)
{
	const char *program = getenv("APIKEYD");
	CLEANUP_FREE char *output = NULL;
	char *arguments[ARGUMENTS_MAX + 1] = { NULL };
	int fd;

	/* A test that is killed must not leave a daemon behind. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (asprintf(&output, "%s/output", host->folder) < 0)
		_exit(EXIT_FAILURE);
	fd = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	if (getppid() != parent || fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
		_exit(EXIT_FAILURE);
	list_arguments(host, start, arguments);
	for (size_t i = 0; start && start->environment && start->environment[i]; i++)
		putenv(strdup(start->environment[i]));
	if (start && start->prepare)
		start->prepare(start->data);
	/* The wrapper that libtool makes is a shell script: with exec in it the process stays the same. */
	execv(program ? program : "daemon/apikeyd", arguments);
	_exit(errno == ENOEXEC ? FOREIGN : EXIT_FAILURE);
}

void host_spawn(struct host *host, const struct host_start *start)
{
	pid_t parent = getpid();

	host->daemon = fork();
	if (host->daemon < 0)
		fail("cannot fork: %m");
	if (host->daemon == 0)
		run_daemon(host, start, parent);
}

void host_start(struct host *host)
{
	host_spawn(host, NULL);
	apikey_admin_free(host_admin(host));
}

int host_wait(struct host *host)
{
	int64_t end = milliseconds() + START_LIMIT;
	int status = 0;

	while (waitpid(host->daemon, &status, WNOHANG) == 0) {
		if (milliseconds() > end)
			fail("the daemon does not end");
		poll(NULL, 0, 2);
	}
	host->daemon = 0;
	return status;
}

void host_end(struct host *host, int signal)
{
	if (host->daemon <= 0)
		return;
	kill(host->daemon, signal);
	while (waitpid(host->daemon, NULL, 0) < 0)
		if (errno != EINTR)
			fail("cannot wait for the daemon: %m");
	host->daemon = 0;
}

void host_pause(const struct host *host)
{
	int status;

	/* kill() returns before. */
	if (kill(host->daemon, SIGSTOP) < 0 || waitpid(host->daemon, &status, WUNTRACED) != host->daemon ||
	    !WIFSTOPPED(status))
		fail("the daemon does not stop");
}

void host_resume(const struct host *host)
{
	kill(host->daemon, SIGCONT);
}

void host_set_clock(const struct host *host, long long ahead)
{
	CLEANUP_FREE char *path = NULL, *new = NULL;
	FILE *file;

	if (asprintf(&path, "%s/clock", host->folder) < 0 || asprintf(&new, "%s.new", path) < 0 ||
	    !(file = fopen(new, "we")))
		fail("cannot set the clock: %m");
	fprintf(file, "%lld\n", ahead);
	/* As root the daemon is another user. */
	if (fclose(file) != 0 || chmod(new, 0644) < 0 || rename(new, path) < 0 || setenv("OTHER_CLOCK", path, 1) < 0)
		fail("cannot set the clock: %m");
}

void host_stop(struct host *host)
{
	int status;

	kill(host->daemon, SIGTERM);
	status = host_wait(host);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fail("the daemon ended with %#x", (unsigned int)status);
}

char *host_read(const struct host *host, const char *name)
{
	CLEANUP_FREE char *path = NULL;
	CLEANUP_CLOSE int fd = -1;
	char *text = NULL;
	struct stat status;
	ssize_t size;

	if (asprintf(&path, "%s/%s", host->folder, name) < 0)
		fail("out of memory");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &status) < 0)
		return strdup("");
	text = malloc((size_t)status.st_size + 1);
	if (!text)
		fail("out of memory");
	size = read(fd, text, (size_t)status.st_size);
	text[size < 0 ? 0 : size] = '\0';
	return text;
}

size_t host_count_records(const struct host *host, const char *first, const char *second)
{
	CLEANUP_FREE char *audit = host_read(host, "log/audit.jsonl");
	size_t count = 0;

	for (char *rest = audit, *line; (line = strsep(&rest, "\n"));)
		count += strstr(line, first) && strstr(line, second);
	return count;
}

void host_expect_output(const struct host *host, const char *text)
{
	int64_t end = milliseconds() + PATIENCE;

	for (;;) {
		CLEANUP_FREE char *output = host_read(host, "output");

		if (strstr(output, text))
			return;
		if (milliseconds() > end)
			fail("the daemon did not say \"%s\", but: %s", text, output);
		poll(NULL, 0, 5);
	}
}

static bool find_item(const struct host *host, const char *name, uint64_t *ret_number, char **ret_text)
{
	struct apikey_admin *admin = host_admin(host);
	struct apikey_status *status = NULL;
	bool found = false;

	if (apikey_status(admin, &status) != 0)
		fail("status: %s", apikey_admin_message(admin));
	for (size_t i = 0; i < status->item_count && !found; i++) {
		found = strcmp(status->items[i].name, name) == 0;
		if (!found)
			continue;
		*ret_number = status->items[i].number;
		*ret_text = strdup(status->items[i].text);
	}
	apikey_status_free(status);
	apikey_admin_free(admin);
	return found;
}

uint64_t host_number(const struct host *host, const char *name)
{
	CLEANUP_FREE char *text = NULL;
	uint64_t number = 0;

	return find_item(host, name, &number, &text) ? number : 0;
}

char *host_text(const struct host *host, const char *name)
{
	char *text = NULL;
	uint64_t number;

	return find_item(host, name, &number, &text) ? text : strdup("");
}

void host_expect_text(const struct host *host, const char *name, const char *text)
{
	int64_t end = milliseconds() + PATIENCE;

	for (;;) {
		CLEANUP_FREE char *said = host_text(host, name);

		if (strcmp(said, text) == 0)
			return;
		if (milliseconds() > end)
			fail("%s of status is \"%s\" and not \"%s\"", name, said, text);
		poll(NULL, 0, 5);
	}
}

void as_user(uid_t uid, gid_t gid, gid_t further, void (*function)(void *data), void *data)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("cannot fork: %m");
	if (pid == 0) {
		if (setgroups(1, &further) < 0 || setresgid(gid, gid, gid) < 0 || setresuid(uid, uid, uid) < 0)
			fail("cannot become uid %u: %m", (unsigned int)uid);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		function(data);
		_exit(EXIT_SUCCESS);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			fail("cannot wait: %m");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		fail("what uid %u tried went wrong", (unsigned int)uid);
}

struct limit {
	pid_t pid;
	int resource;
	struct rlimit limit;
};

static void set_limit(void *data)
{
	const struct limit *limit = data;

	if (prlimit(limit->pid, (__rlimit_resource_t)limit->resource, &limit->limit, NULL) < 0)
		fail("cannot limit the daemon: %m");
}

void host_limit(const struct host *host, int resource, uint64_t value)
{
	struct limit limit = { .pid = host->daemon, .resource = resource };
	const struct passwd *user = geteuid() == 0 ? getpwnam(host->user) : NULL;

	/* The daemon's greatest is what it got from here. */
	if (getrlimit((__rlimit_resource_t)resource, &limit.limit) < 0)
		fail("cannot read a limit: %m");
	limit.limit.rlim_cur = value == RLIM_INFINITY ? limit.limit.rlim_max : (rlim_t)value;
	/* root in a container may lack what it takes; whose process it is never does. */
	if (user)
		as_user(user->pw_uid, user->pw_gid, user->pw_gid, set_limit, &limit);
	else
		set_limit(&limit);
}

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *place)
{
	(void)status;
	(void)type;
	(void)place;
	return remove(path);
}

void host_remove(struct host *host)
{
	/* The clean-up may run because something else failed: it does what it can. */
	if (host->daemon > 0) {
		kill(host->daemon, SIGKILL);
		waitpid(host->daemon, NULL, 0);
		host->daemon = 0;
	}
	nftw(host->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
	opened = NULL;
}
