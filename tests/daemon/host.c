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
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define START_LIMIT 30000 /* milliseconds: under valgrind or the thread sanitizer a start takes its time */

/* The status of a child that found its program built for another machine, as under a user-mode emulator. */
#define FOREIGN 126

/* For the exit handler, which takes no argument. The process that made the host removes it, and no child of it. */
static struct host *opened;
static pid_t opener;

static void say(const char *format, va_list arguments)
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

static void write_configuration(const struct host *host, const char *settings)
{
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = getgrgid(getegid());
	CLEANUP_FREE char *path = NULL;
	FILE *file;

	if (asprintf(&path, "%s/apikeyd.conf", host->folder) < 0 || !(file = fopen(path, "wex")))
		fail("cannot write the configuration: %m");
	/* root needs neither; another user, in a scratch daemon of their own, is told who they are. */
	if (geteuid() != 0 && group)
		fprintf(file, "[admin]\ngroup = %s\n", group->gr_name);
	if (geteuid() != 0 && user)
		fprintf(file, "[peers]\n%s = %s\n", user->pw_name, host->service);
	if (settings)
		fputs(settings, file);
	if (fclose(file) != 0)
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
	write_configuration(ret_host, settings);
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

void host_start(struct host *host)
{
	const char *program = getenv("APIKEYD");
	CLEANUP_FREE char *config = NULL, *state = NULL, *log = NULL, *output = NULL;
	pid_t parent = getpid();

	if (asprintf(&config, "--config=%s/apikeyd.conf", host->folder) < 0 ||
	    asprintf(&state, "--state-dir=%s/state", host->folder) < 0 ||
	    asprintf(&log, "--log-dir=%s/log", host->folder) < 0 || asprintf(&output, "%s/output", host->folder) < 0)
		fail("out of memory");

	host->daemon = fork();
	if (host->daemon < 0)
		fail("cannot fork: %m");
	if (host->daemon == 0) {
		int fd = open(output, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

		/* A test that is killed must not leave a daemon behind. */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (getppid() != parent || fd < 0 || dup2(fd, STDOUT_FILENO) < 0 || dup2(fd, STDERR_FILENO) < 0)
			_exit(EXIT_FAILURE);
		/* The wrapper that libtool makes is a shell script: with exec in it the process stays the same. */
		execl(program ? program : "daemon/apikeyd", "apikeyd", config, "--runtime-dir", host->runtime, state,
		      log, geteuid() == 0 ? "--user=nobody" : NULL, (char *)NULL);
		_exit(errno == ENOEXEC ? FOREIGN : EXIT_FAILURE);
	}
	apikey_admin_free(host_admin(host));
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
