/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * apikeyctl that kills itself with SIGKILL before the call that KILL_POINT counts, of those by which it changes files
 * or speaks to the daemon: each of the moments that a crash can come in between is one of these.
 */
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static void *next(const char *name)
{
	static unsigned int calls;
	const char *point = getenv("KILL_POINT");
	void *function = dlsym(RTLD_NEXT, name);

	if (point && ++calls == strtoul(point, NULL, 10))
		kill(getpid(), SIGKILL);
	if (!function)
		abort();
	return function;
}

#define CALL(type, name, ...) (((type)next(name))(__VA_ARGS__))

int fchmod(int fd, mode_t mode)
{
	return CALL(int (*)(int, mode_t), "fchmod", fd, mode);
}

ssize_t write(int fd, const void *data, size_t size)
{
	return CALL(ssize_t(*)(int, const void *, size_t), "write", fd, data, size);
}

int fsync(int fd)
{
	return CALL(int (*)(int), "fsync", fd);
}

int linkat(int from_folder, const char *from, int to_folder, const char *to, int flags)
{
	return CALL(int (*)(int, const char *, int, const char *, int), "linkat", from_folder, from, to_folder, to,
		    flags);
}

int renameat(int from_folder, const char *from, int to_folder, const char *to)
{
	return CALL(int (*)(int, const char *, int, const char *), "renameat", from_folder, from, to_folder, to);
}

int unlinkat(int folder, const char *name, int flags)
{
	return CALL(int (*)(int, const char *, int), "unlinkat", folder, name, flags);
}

ssize_t send(int fd, const void *data, size_t size, int flags)
{
	return CALL(ssize_t(*)(int, const void *, size_t, int), "send", fd, data, size, flags);
}

ssize_t recv(int fd, void *data, size_t size, int flags)
{
	return CALL(ssize_t(*)(int, void *, size_t, int), "recv", fd, data, size, flags);
}

int close(int fd)
{
	return CALL(int (*)(int), "close", fd);
}
