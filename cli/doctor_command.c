/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "cli/doctor_command.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define TEXT_MAX 4096
#define MILLISECONDS_MAX 20000

static int64_t milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int spawn(const char *const *argv, int output, pid_t *ret_pid)
{
	char *environment[] = { NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r == 0)
		r = posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
	if (r == 0)
		r = posix_spawn_file_actions_adddup2(&actions, output, STDERR_FILENO);
	if (r == 0) {
		/* posix_spawn() does not write to the arguments. */
		union {
			const char *const *read_only;
			char *const *as_taken;
		} arguments = { .read_only = argv };

		r = posix_spawn(ret_pid, argv[0], &actions, NULL, arguments.as_taken, environment);
	}
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/* Reads to the end, keeping what there is room for. False when that took too long. */
static bool read_all(int fd, char *text, size_t room, int64_t deadline)
{
	char rest[512] = { 0 };
	size_t size = 0;

	for (;;) {
		struct pollfd watched = { .fd = fd, .events = POLLIN };
		int64_t left = deadline - milliseconds();
		ssize_t got;

		if (left <= 0)
			return false;
		if (poll(&watched, 1, (int)left) <= 0)
			continue;
		got = read(fd, size < room ? text + size : rest, size < room ? room - size : sizeof(rest));
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return true;
		if (size < room)
			size += (size_t)got;
	}
}

int doctor_command(struct doctor_memory *memory, const char *const *argv, const char **ret_text)
{
	char *text = doctor_memory_take(memory, TEXT_MAX + 1);
	bool ended;
	int ends[2] = { -1, -1 }, status, r;
	pid_t pid = -1;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	r = spawn(argv, ends[1], &pid);
	close(ends[1]);
	if (r < 0) {
		close(ends[0]);
		return r;
	}
	ended = read_all(ends[0], text, TEXT_MAX, milliseconds() + MILLISECONDS_MAX);
	close(ends[0]);
	if (!ended)
		kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (!ended)
		return -ETIMEDOUT;
	*ret_text = text;
	return WIFEXITED(status) ? WEXITSTATUS(status) : -ECHILD;
}
