/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "tests/pam_module/trap.h"

#include <check.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* The functions below have no parameter for it. */
static struct {
	struct sockaddr_un log_address;
	int log_fd;
	bool log_on_standard;
	atomic_uint sockets; /* the callers of the tests may have threads */
	int socket_error;
	int lookup_error;
} trap = { .log_fd = -1 };

static void *libc_function(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	ck_assert_ptr_nonnull(function);
	return function;
}

EXPORTED ssize_t sendto(int fd, const void *bytes, size_t size, int flags, const struct sockaddr *address,
			socklen_t address_size)
{
	ssize_t (*original)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	const struct sockaddr_un *unix_address = (const struct sockaddr_un *)(const void *)address;

	*(void **)&original = libc_function("sendto");
	if (trap.log_fd >= 0 && address && address->sa_family == AF_UNIX &&
	    strcmp(unix_address->sun_path, "/dev/log") == 0) {
		trap.log_on_standard |= fd <= STDERR_FILENO;
		return original(fd, bytes, size, flags, (const struct sockaddr *)&trap.log_address,
				sizeof(trap.log_address));
	}
	return original(fd, bytes, size, flags, address, address_size);
}

EXPORTED int socket(int domain, int type, int protocol)
{
	int (*original)(int, int, int);

	*(void **)&original = libc_function("socket");
	trap.sockets += domain == AF_UNIX;
	if (domain == AF_UNIX && trap.socket_error != 0) {
		errno = trap.socket_error;
		return -1;
	}
	return original(domain, type, protocol);
}

EXPORTED int getpwnam_r(const char *name, struct passwd *entry, char *buffer, size_t size, struct passwd **ret_entry)
{
	int (*original)(const char *, struct passwd *, char *, size_t, struct passwd **);

	*(void **)&original = libc_function("getpwnam_r");
	if (trap.lookup_error == 0)
		return original(name, entry, buffer, size, ret_entry);
	*ret_entry = NULL;
	return trap.lookup_error;
}

void trap_log_open(const char *path)
{
	trap.log_address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	ck_assert_uint_lt(strlen(path), sizeof(trap.log_address.sun_path));
	strcpy(trap.log_address.sun_path, path);
	trap.log_fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	ck_assert_int_ge(trap.log_fd, 0);
	ck_assert_int_eq(bind(trap.log_fd, (const struct sockaddr *)&trap.log_address, sizeof(trap.log_address)), 0);
}

bool trap_log_on_standard(void)
{
	return trap.log_on_standard;
}

size_t trap_log_take(char *ret_line, size_t size)
{
	ssize_t received = recv(trap.log_fd, ret_line, size - 1, 0);

	ret_line[received > 0 ? received : 0] = '\0';
	return received > 0 ? (size_t)received : 0;
}

void trap_log_fill(void)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	ck_assert_int_ge(fd, 0);
	while (sendto(fd, "full", 4, 0, (const struct sockaddr *)&trap.log_address, sizeof(trap.log_address)) == 4)
		;
	close(fd);
}

unsigned int trap_sockets_made(void)
{
	unsigned int sockets = atomic_exchange(&trap.sockets, 0);

	return sockets;
}

void trap_socket_fail(int error)
{
	trap.socket_error = error;
}

void trap_lookup_fail(int error)
{
	trap.lookup_error = error;
}
