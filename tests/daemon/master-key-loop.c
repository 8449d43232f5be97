/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Rotations of the master key under fire. apikeyctl is killed with SIGKILL at each of its steps in turn, then apikeyctl
 * or the daemon, or both, at any moment: whatever is left, a daemon that is started opens the key store with the key in
 * the file, a key that was made before is good, and the next rotation succeeds and clears away what was left.
 *
 *   master-key-loop [KILLS [SEED]]
 *
 * With CHECK_LONG in the environment it kills more often.
 */
#include "tests/daemon/loop.h"

#include <dirent.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/long.h"

#define PROGRAM "tests/cli/kill-point"
#define KEY_FILE "apikeyd.master-key"
#define DEFAULT_KILLS 12
#define LONG_KILLS 400
#define POINTS_MOST 200
#define SLACK 2 /* a kill may come after the end of a rotation: none is missed */

static struct host host;

static const char *const permissions[] = { "test.use", NULL };

/* ---- what has to hold ---- */

static char *make_key(void)
{
	struct apikey_key_options options = {
		.size = sizeof(options),
		.name = "before",
		.owner = "alice",
		.permissions = permissions,
		.expires = APIKEY_NEVER,
	};
	struct apikey_admin *admin = host_admin(&host);
	struct apikey_key *key = NULL;
	char *secret;
	int r = apikey_key_create(admin, &options, &key);

	if (r != 0)
		fail("create: %s", r < 0 ? strerror(-r) : apikey_admin_message(admin));
	secret = strdup(key->secret);
	apikey_key_free(key);
	apikey_admin_free(admin);
	return secret;
}

static void expect_good(const char *secret, const char *when)
{
	enum apikey_verdict verdict = loop_verify(&host, secret);

	if (verdict != APIKEY_GRANTED)
		fail("%s a good key is not let in, but %s", when, apikey_verdict_name(verdict));
}

static void expect_good_after_start(const char *secret, const char *when)
{
	host_end(&host, SIGKILL);
	host_start(&host);
	expect_good(secret, when);
}

/* ---- apikeyctl ---- */

/* Who owns the files is who rotates: nobody else's are trusted. */
static void become_user(void)
{
	const struct passwd *user = geteuid() == 0 ? getpwnam(host.user) : NULL;

	if (user && (setgroups(0, NULL) < 0 || setgid(user->pw_gid) < 0 || setuid(user->pw_uid) < 0))
		_exit(EXIT_FAILURE);
}

/* Starts a rotation; point: the step before which it is killed, or 0. */
static pid_t rotate_spawn(unsigned int point)
{
	pid_t parent = getpid(), child = fork();
	char path[sizeof(host.folder) + 32], number[16];

	if (child < 0)
		fail("cannot fork: %m");
	if (child > 0)
		return child;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(EXIT_FAILURE);
	snprintf(path, sizeof(path), "%s/state/" KEY_FILE, host.folder);
	snprintf(number, sizeof(number), "%u", point);
	if (point > 0)
		setenv("KILL_POINT", number, 1);
	if (!freopen("/dev/null", "w", stderr))
		_exit(EXIT_FAILURE);
	become_user();
	execl(PROGRAM, "apikeyctl", "--runtime-dir", host.runtime, "master-key", "rotate", "--file", path, NULL);
	_exit(EXIT_FAILURE);
}

static int wait_for(pid_t child)
{
	int status = 0;

	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			fail("cannot wait for apikeyctl: %m");
	return status;
}

static bool is_killed(int status)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

/* Removes the keys that are kept, which would become too many. True when a new key was left. */
static bool clean(void)
{
	char path[sizeof(host.folder) + 16];
	bool left = false;
	const struct dirent *entry;
	DIR *folder;

	snprintf(path, sizeof(path), "%s/state", host.folder);
	folder = opendir(path);
	if (!folder)
		fail("cannot open %s: %m", path);
	while ((entry = readdir(folder))) {
		left = left || strcmp(entry->d_name, KEY_FILE ".new") == 0;
		if (strncmp(entry->d_name, KEY_FILE ".before-rotate", strlen(KEY_FILE ".before-rotate")) == 0)
			(void)unlinkat(dirfd(folder), entry->d_name, 0);
	}
	closedir(folder);
	return left;
}

/* What was cut short is done again. */
static void rotate_well(const char *when)
{
	int status = wait_for(rotate_spawn(0));

	if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS)
		fail("%s the master key cannot be rotated: status %#x", when, (unsigned int)status);
	if (clean())
		fail("%s a rotation leaves a new key beside the one in force", when);
}

/* ---- the loops ---- */

/* Every step of apikeyctl. Half of the time the daemon is started anew before the next rotation, half of the time it
 * goes on with what was left. Returns how many steps there are. */
static unsigned int kill_at_each_step(const char *secret, unsigned int *ret_left)
{
	unsigned int point = 0;

	*ret_left = 0;
	for (;;) {
		int status = wait_for(rotate_spawn(++point));
		char when[64];

		if (!is_killed(status))
			break;
		if (point == POINTS_MOST)
			fail("apikeyctl does not come to an end");
		snprintf(when, sizeof(when), "after a kill before step %u", point);
		*ret_left += clean();
		expect_good(secret, when);
		if (point % 2 == 0)
			expect_good_after_start(secret, when);
		rotate_well(when);
		expect_good_after_start(secret, when);
	}
	expect_good_after_start(secret, "after all steps");
	return point - 1;
}

static void rest(int64_t microseconds)
{
	struct timespec span = { .tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000 };

	nanosleep(&span, NULL);
}

/* At any moment: apikeyctl, the daemon, or both. */
static void kill_at_random(const char *secret, unsigned int kills, unsigned int seed)
{
	unsigned int cut_short = 0;
	int64_t start = milliseconds(), span;

	rotate_well("before all kills");
	span = (milliseconds() - start + 1) * 1000 * SLACK;
	for (unsigned int i = 0; i < kills; i++) {
		pid_t child = rotate_spawn(0);
		char when[64];
		int status;

		rest(loop_draw(&seed, (unsigned int)span));
		if (i % 3 != 0)
			host_end(&host, SIGKILL);
		if (i % 3 != 1)
			kill(child, SIGKILL);
		status = wait_for(child);
		cut_short += !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS;
		snprintf(when, sizeof(when), "after kill %u", i + 1);
		(void)clean();
		if (i % 3 == 0)
			expect_good(secret, when);
		expect_good_after_start(secret, when);
		if (loop_draw(&seed, 2) == 0)
			rotate_well(when);
	}
	rotate_well("after all kills");
	expect_good_after_start(secret, "after all kills");
	printf("%u kills at random, of which %u cut a rotation short\n", kills, cut_short);
}

int main(int argc, char **argv)
{
	struct loop loop = loop_open(argc, argv, tests_are_long() ? LONG_KILLS : DEFAULT_KILLS);
	unsigned int steps, left;
	char *secret;

	host_open(&host, HOST_UNTHROTTLED);
	host_start(&host);
	secret = make_key();
	steps = kill_at_each_step(secret, &left);
	printf("killed before each of %u steps; %u times a new key was left\n", steps, left);
	if (steps < 10 || left == 0)
		fail("that are not all the steps of a rotation");
	fflush(stdout);
	kill_at_random(secret, loop.times, loop.seed);
	free(secret);
	host_end(&host, SIGTERM);
	host_remove(&host);
	return EXIT_SUCCESS;
}
