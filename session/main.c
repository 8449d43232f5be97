/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * apikey-sessiond: keeps the register of sessions that were opened with keys, and ends one when the daemon says so. It
 * is root because only root may end other users' processes, and has no other privilege than that. Exit status: 0 done,
 * 1 it did not work, 2 usage.
 */
#include <errno.h>
#include <getopt.h>
#include <linux/capability.h>
#include <linux/magic.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/fault.h"
#include "common/log.h"
#include "common/signals.h"
#include "config.h"
#include "proto/wire.h"
#include "session/keep.h"
#include "session/register.h"
#include "session/server.h"
#include "session/sockets.h"

#define STATUS_FAILED 1
#define STATUS_USAGE 2
#define DEFAULT_USER "apikeyd"
#define DESCRIPTORS_KEPT 256 /* for connections */
#define DESCRIPTORS_A_SESSION 2

struct arguments {
	const char *runtime_folder, *user;
	bool done;
};

static const char help[] = "Usage: apikey-sessiond [OPTION]...\n"
			   "Keeps the register of sessions opened with API keys, and ends them for apikeyd.\n"
			   "\n"
			   "  --runtime-dir DIR    where the sockets are (default " WIRE_RUNTIME_DIR ")\n"
			   "  --user NAME          as whom apikeyd runs (default " DEFAULT_USER ")\n"
			   "  --help               print this, and exit\n"
			   "  --version            print the version, and exit\n"
			   "\n"
			   "apikey-sessiond(8) says more.\n";

static int parse(int argc, char **argv, struct arguments *arguments)
{
	static const struct option options[] = {
		{ "runtime-dir", required_argument, NULL, 'r' },
		{ "user", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, 'v' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			arguments->runtime_folder = optarg;
			break;
		case 'u':
			arguments->user = optarg;
			break;
		case 'h':
		case 'v':
			fputs(option == 'h' ? help : "apikey-sessiond " PACKAGE_VERSION "\n", stdout);
			arguments->done = true;
			return 0;
		default:
			fputs("Try 'apikey-sessiond --help'.\n", stderr);
			return -EINVAL;
		}
	}
	if (optind == argc)
		return 0;
	fprintf(stderr, "apikey-sessiond: '%s' is no option. Try 'apikey-sessiond --help'.\n", argv[optind]);
	return -EINVAL;
}

/* ---- privileges ---- */

/* Gives up every capability but the one to signal others' processes; as an ordinary user there is none to give up. */
static int confine(char *ret_fault, size_t fault_size)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3] = { { 0 } };
	struct rlimit limit;
	bool more = false;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	limit = (struct rlimit){ 0, 0 };
	(void)setrlimit(RLIMIT_CORE, &limit);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 || syscall(SYS_capget, &header, has) < 0)
		return fault_tell(-errno, ret_fault, fault_size, "privileges cannot be looked at: %s", strerror(errno));
	for (size_t i = 0; i < ARRAY_SIZE(has); i++) {
		uint32_t kept = i == CAP_TO_INDEX(CAP_KILL) ? CAP_TO_MASK(CAP_KILL) : 0;

		more = more || (has[i].permitted & ~kept) || has[i].inheritable;
		has[i].permitted &= kept;
		has[i].effective = has[i].permitted;
		has[i].inheritable = 0;
	}
	/* Where systemd left no more than that, it forbids the call as well. */
	if (more && syscall(SYS_capset, &header, has) < 0)
		return fault_tell(-errno, ret_fault, fault_size, "privileges cannot be given up: %s", strerror(errno));
	return 0;
}

/* ---- serving ---- */

static int make_sockets(struct sockets *sockets, const struct arguments *arguments, char *ret_fault, size_t fault_size)
{
	uid_t owner = geteuid();
	bool complete = true;

	for (size_t i = 0; i < SERVER_SOCKET_COUNT; i++)
		complete = complete && sockets->fds[i] >= 0;
	if (complete)
		return 0;
	if (owner == 0) {
		const struct passwd *entry = getpwnam(arguments->user);

		if (!entry)
			return fault_tell(-ENOENT, ret_fault, fault_size,
					  "there is no user '%s'; name the one apikeyd runs as with --user",
					  arguments->user);
		owner = entry->pw_uid;
	}
	if (mkdir(arguments->runtime_folder, 0755) < 0 && errno != EEXIST)
		return fault_tell(-errno, ret_fault, fault_size, "the folder %s cannot be made: %s",
				  arguments->runtime_folder, strerror(errno));
	return sockets_make(sockets, arguments->runtime_folder, owner, ret_fault, fault_size);
}

static size_t room(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur <= DESCRIPTORS_KEPT + DESCRIPTORS_A_SESSION)
		return 1;
	return (size_t)(limit.rlim_cur - DESCRIPTORS_KEPT) / DESCRIPTORS_A_SESSION;
}

static int add_signals(sd_event *event)
{
	static const int numbers[] = { SIGTERM, SIGINT };
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(numbers) && r >= 0; i++)
		r = sd_event_add_signal(event, NULL, numbers[i], NULL, NULL); /* ends the loop */
	return r;
}

static int run(struct sockets *sockets, const struct arguments *arguments)
{
	static const struct scope_places places = {
		.proc = "/proc", .sessions = "/run/systemd/sessions", .filesystem = CGROUP2_SUPER_MAGIC, .owner = 0
	};
	CLEANUP(sd_event_unrefp) sd_event *event = NULL;
	CLEANUP_FREE char *login = NULL;
	struct server server = { .listeners = { { .fd = sockets->fds[0] }, { .fd = sockets->fds[1] } } };
	size_t restored;
	int r = sd_event_new(&event);

	if (r < 0)
		return r;
	if (asprintf(&login, "%s/%s", arguments->runtime_folder, WIRE_LOGIN_SOCKET) < 0) {
		login = NULL;
		return -ENOMEM;
	}
	server.event = event;
	server.login_socket = login;
	r = register_new(event, &places, room(), &server.sessions);
	if (r < 0)
		return r;
	restored = keep_restore(server.sessions, sockets->kept, sockets->kept_count);
	r = add_signals(event);
	if (r >= 0)
		r = server_start(&server);
	if (r >= 0) {
		(void)sd_event_set_watchdog(event, 1);
		log_line(LOG_INFO, "apikey-sessiond " PACKAGE_VERSION " serves, with %zu sessions from before",
			 restored);
		(void)sd_notify(0, "READY=1\nSTATUS=Serving");
		r = sd_event_loop(event);
		(void)sd_notify(0, "STOPPING=1");
	}
	server_stop(&server);
	register_free(server.sessions);
	return r;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .runtime_folder = WIRE_RUNTIME_DIR, .user = DEFAULT_USER };
	struct sockets sockets = { .fds = { -1, -1 } };
	char fault[512] = "";
	int r;

	if (parse(argc, argv, &arguments) < 0)
		return STATUS_USAGE;
	if (arguments.done)
		return fflush(stdout) == 0 ? 0 : STATUS_FAILED;
	signals_block(false);
	r = sockets_take(&sockets, fault, sizeof(fault));
	if (r == 0)
		r = make_sockets(&sockets, &arguments, fault, sizeof(fault));
	umask(0077);
	if (r == 0)
		r = confine(fault, sizeof(fault));
	if (r == 0) {
		r = run(&sockets, &arguments);
		if (r < 0)
			fault_tell(r, fault, sizeof(fault), "it cannot serve: %s", strerror(-r));
	}
	if (r < 0)
		log_line(LOG_ERR, "apikey-sessiond: %s", fault);
	sockets_done(&sockets);
	return r < 0 ? STATUS_FAILED : 0;
}
