/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* Socket addresses, peers, and the cleanup of descriptors and memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/socket.h"
#include "tests/suite.h"

START_TEST(a_path_becomes_an_address)
{
	struct sockaddr_un address;
	socklen_t size = 0;

	ck_assert_int_eq(socket_address("/run/apikeyd/login.sock", &address, &size), 0);
	ck_assert_int_eq(address.sun_family, AF_UNIX);
	ck_assert_str_eq(address.sun_path, "/run/apikeyd/login.sock");
	ck_assert_uint_eq(size, offsetof(struct sockaddr_un, sun_path) + sizeof("/run/apikeyd/login.sock"));
}
END_TEST

START_TEST(a_path_must_fit)
{
	struct sockaddr_un address = { .sun_family = 77 };
	char path[sizeof(address.sun_path) + 1];
	socklen_t size = 4711;

	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ck_assert_int_eq(socket_address(path, &address, &size), -ENAMETOOLONG);
	ck_assert_int_eq(socket_address("", &address, &size), -ENAMETOOLONG);
	ck_assert_int_eq(address.sun_family, 77);
	ck_assert_uint_eq(size, 4711);

	path[sizeof(path) - 2] = '\0';
	ck_assert_int_eq(socket_address(path, &address, &size), 0);
	ck_assert_str_eq(address.sun_path, path);
	ck_assert_uint_eq(size, sizeof(address));
}
END_TEST

START_TEST(the_peer_is_who_the_kernel_says)
{
	struct socket_peer peer = { 0 };
	int ends[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
	ck_assert_int_eq(socket_peer(ends[0], &peer), 0);
	ck_assert_uint_eq(peer.uid, geteuid());
	ck_assert_uint_eq(peer.gid, getegid());
	ck_assert_int_eq(peer.pid, getpid());
	close(ends[0]);
	close(ends[1]);
}
END_TEST

START_TEST(nobody_at_the_other_end_is_an_error)
{
	struct socket_peer peer = { .uid = 4711 };
	CLEANUP_CLOSE int alone = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	CLEANUP_CLOSE int file = open("/dev/null", O_RDONLY | O_CLOEXEC);

	ck_assert_int_ge(alone, 0);
	ck_assert_int_ge(file, 0);
	ck_assert_int_eq(socket_peer(alone, &peer), -ENOTCONN);
	ck_assert_int_eq(socket_peer(file, &peer), -ENOTSOCK);
	ck_assert_int_eq(socket_peer(-1, &peer), -EBADF);
	ck_assert_uint_eq(peer.uid, 4711);
}
END_TEST

/* A server's socket in a folder of its own, whose queue holds so many. */
static int listen_there(const char *path, int backlog)
{
	CLEANUP_CLOSE int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct sockaddr_un address;
	socklen_t size;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_address(path, &address, &size), 0);
	ck_assert_int_eq(bind(fd, (const struct sockaddr *)&address, size), 0);
	ck_assert_int_eq(listen(fd, backlog), 0);
	return cleanup_take_fd(&fd);
}

START_TEST(a_connection_waits_for_nobody)
{
	char folder[] = "/tmp/test-socket-XXXXXX", path[64];
	CLEANUP_CLOSE int server = -1, first = -1;
	int r;

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/there.sock", folder);
	ck_assert_int_eq(socket_connect(path), -ENOENT);
	ck_assert_int_eq(socket_connect(""), -ENAMETOOLONG);
	server = listen_there(path, 0);
	first = socket_connect(path);
	ck_assert_int_ge(first, 0);
	ck_assert_int_eq(fcntl(first, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	ck_assert_int_eq(fcntl(first, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	/* Nobody accepts, so the queue is full of the first. */
	ck_assert_int_eq(socket_connect(path), -EAGAIN);
	close(cleanup_take_fd(&server));
	r = socket_connect(path);
	unlink(path);
	rmdir(folder);
	ck_assert_int_eq(r, -ECONNREFUSED);
}
END_TEST

/* The kernel says who it was that called listen(). */
START_TEST(a_server_of_somebody_else_is_refused)
{
	char folder[] = "/tmp/test-socket-XXXXXX", path[64];
	CLEANUP_CLOSE int server = -1, own = -1, root = -1;
	int r;

	if (geteuid() != 0)
		return;
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/there.sock", folder);
	ck_assert_int_eq(chmod(folder, 0755), 0);
	server = listen_there(path, 8);
	ck_assert_int_eq(chmod(path, 0666), 0);
	ck_assert_int_eq(seteuid(65534), 0);
	root = socket_connect(path);
	ck_assert_int_eq(listen(server, 8), 0);
	own = socket_connect(path);
	ck_assert_int_eq(seteuid(0), 0);
	r = socket_connect(path);
	unlink(path);
	rmdir(folder);
	ck_assert_int_ge(root, 0);
	ck_assert_int_ge(own, 0);
	ck_assert_int_eq(r, -EPERM);
}
END_TEST

static bool is_open(int fd)
{
	return fcntl(fd, F_GETFD) >= 0;
}

START_TEST(descriptors_close_with_their_scope)
{
	int seen, taken = -1;

	{
		CLEANUP_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
		CLEANUP_CLOSE int none = -1;

		ck_assert_int_ge(fd, 0);
		ck_assert_int_lt(none, 0);
		seen = fd;
	}
	ck_assert(!is_open(seen));
	{
		CLEANUP_CLOSE int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

		taken = cleanup_take_fd(&fd);
		ck_assert_int_eq(fd, -1);
	}
	ck_assert(is_open(taken));
	close(taken);
}
END_TEST

/* Found by the leak check of a sanitized build. */
START_TEST(memory_is_freed_with_its_scope)
{
	CLEANUP_FREE char *text = strdup("freed");
	CLEANUP_FREE char *none = NULL;

	ck_assert_ptr_nonnull(text);
	ck_assert_ptr_null(none);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("socket");
	TCase *cases = tcase_create("socket");

	tcase_add_test(cases, a_path_becomes_an_address);
	tcase_add_test(cases, a_path_must_fit);
	tcase_add_test(cases, the_peer_is_who_the_kernel_says);
	tcase_add_test(cases, nobody_at_the_other_end_is_an_error);
	tcase_add_test(cases, a_connection_waits_for_nobody);
	tcase_add_test(cases, a_server_of_somebody_else_is_refused);
	tcase_add_test(cases, descriptors_close_with_their_scope);
	tcase_add_test(cases, memory_is_freed_with_its_scope);
	suite_add_tcase(suite, cases);
	return suite_run(suite);
}
