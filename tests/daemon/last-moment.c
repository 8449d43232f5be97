/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/daemon/last-moment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "tests/daemon/host.h"

#define PIECE ((size_t)1 << 20)
#define EXIT_STOP (SIGTRAP | (PTRACE_EVENT_EXIT << 8))

/* A trace takes the options in the address or in the data, as pointers. */
static long trace(int what, pid_t pid, uintptr_t address, uintptr_t data)
{
	return ptrace((enum __ptrace_request)what, pid, address, data);
}

/* ---- running ---- */

static void become(const struct last_moment *run, pid_t parent, const int input[2], const int output[2])
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent || dup2(input[0], STDIN_FILENO) < 0 || dup2(output[1], STDOUT_FILENO) < 0)
		_exit(EXIT_FAILURE);
	if (run->prepare)
		run->prepare(run->data);
	if (trace(PTRACE_TRACEME, 0, 0, 0) < 0)
		_exit(EXIT_FAILURE);
	execv(run->arguments[0], run->arguments);
	_exit(EXIT_FAILURE);
}

/* Waits until the program stops. False when it has ended. */
static bool await_stop(pid_t pid, int *ret_status)
{
	while (waitpid(pid, ret_status, 0) != pid) {
		if (errno != EINTR)
			fail("cannot wait: %m");
	}
	return WIFSTOPPED(*ret_status);
}

/* What the pipe holds now. */
static void take_output(int fd, char output[LAST_MOMENT_OUTPUT])
{
	size_t size = strlen(output);
	ssize_t got;

	while ((got = read(fd, output + size, LAST_MOMENT_OUTPUT - 1 - size)) > 0)
		size += (size_t)got;
	output[size] = '\0';
}

/* Lets it go on from stop to stop, with the signals that it gets, until it has ended. */
static int follow(pid_t pid, int output, void (*visit)(void *data, pid_t pid, const char *output), void *data)
{
	char text[LAST_MOMENT_OUTPUT] = "";
	bool visited = false, begun = false;
	int status;

	while (await_stop(pid, &status)) {
		int signal = WSTOPSIG(status);

		if (!begun && trace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL) < 0)
			fail("cannot trace: %m");
		begun = true;
		if (status >> 8 == EXIT_STOP) {
			take_output(output, text);
			visit(data, pid, text);
			visited = true;
		}
		/* SIGTRAP is how each new program says that it begins. */
		if (trace(PTRACE_CONT, pid, 0, signal == SIGTRAP ? 0 : (uintptr_t)signal) < 0)
			fail("cannot go on: %m");
	}
	explicit_bzero(text, sizeof(text));
	if (!visited)
		fail("a program ended before its last moment: %#x", (unsigned int)status);
	return status;
}

int last_moment_run(const struct last_moment *run, void (*visit)(void *data, pid_t pid, const char *output), void *data)
{
	size_t size = run->input ? strlen(run->input) : 0;
	pid_t parent = getpid(), pid;
	int input[2], output[2];
	int status;

	/* Smaller than any pipe: nobody waits for anybody. */
	if (size > 4096 || pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 ||
	    fcntl(output[0], F_SETFL, O_NONBLOCK) < 0 || write(input[1], run->input, size) != (ssize_t)size)
		fail("cannot make pipes: %m");
	pid = fork();
	if (pid < 0)
		fail("cannot fork: %m");
	if (pid == 0)
		become(run, parent, input, output);
	close(input[0]);
	close(input[1]);
	close(output[1]);
	status = follow(pid, output[0], visit, data);
	close(output[0]);
	return status;
}

bool last_moment_is_possible(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return false;
#else
	pid_t pid = fork();
	int status;

	if (pid < 0)
		fail("cannot fork: %m");
	if (pid == 0)
		_exit(trace(PTRACE_TRACEME, 0, 0, 0) < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	return waitpid(pid, &status, 0) == pid && status == 0;
#endif
}

/* ---- looking ---- */

struct visitor {
	int memory;
	size_t overlap;
	unsigned char *buffer; /* PIECE bytes */
	void (*take)(void *data, const char *place, const void *bytes, size_t size);
	void *data;
};

static void visit_area(struct visitor *visitor, uint64_t start, uint64_t end, const char *place)
{
	while (start < end) {
		size_t wanted = end - start < PIECE ? (size_t)(end - start) : PIECE;
		ssize_t got = pread64(visitor->memory, visitor->buffer, wanted, (off64_t)start);

		/* Nothing is there. */
		if (got <= 0)
			return;
		visitor->take(visitor->data, place, visitor->buffer, (size_t)got);
		if ((size_t)got <= visitor->overlap)
			return;
		start += (uint64_t)got - ((uint64_t)got < end - start ? visitor->overlap : 0);
	}
}

void last_moment_memory(pid_t pid, size_t overlap,
			void (*take)(void *data, const char *place, const void *bytes, size_t size), void *data)
{
	struct visitor visitor = { .overlap = overlap, .take = take, .data = data };
	char path[64], line[512];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	visitor.memory = open(path, O_RDONLY | O_CLOEXEC);
	visitor.buffer = malloc(PIECE);
	snprintf(path, sizeof(path), "/proc/%d/maps", (int)pid);
	maps = fopen(path, "re");
	if (visitor.memory < 0 || !visitor.buffer || !maps)
		fail("cannot read the memory of a client: %m");
	while (fgets(line, sizeof(line), maps)) {
		uint64_t start, end, inode;
		char rights[5], place[256] = "[anonymous]";

		if (sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %*s %*s %" SCNu64 " %255[^\n]", &start, &end, rights,
			   &inode, place) < 4)
			fail("cannot understand %s", line);
		/* What is only read from a file is what the file holds. */
		if (rights[0] == 'r' && (rights[1] == 'w' || inode == 0))
			visit_area(&visitor, start, end, place);
	}
	fclose(maps);
	close(visitor.memory);
	free(visitor.buffer);
}
