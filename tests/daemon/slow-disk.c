/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon on a disk that takes its time: linked with daemon/main.c, this takes the place of libc's function. Nothing
 * gets to the disk while the file is there that SLOW_DISK names; something stands in it once the key store waits.
 */
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The log of the key store: "….db-wal". */
static int is_store(int fildes)
{
	static const char end[] = "-wal";
	char link[32], path[4096];
	ssize_t size;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fildes);
	size = readlink(link, path, sizeof(path));
	return size >= (ssize_t)sizeof(end) && memcmp(path + size - (sizeof(end) - 1), end, sizeof(end) - 1) == 0;
}

static void tell(const char *hold)
{
	int fd = open(hold, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	(void)!write(fd, "x", 1);
	close(fd);
}

__attribute__((visibility("default"))) int fdatasync(int fildes)
{
	const char *hold = getenv("SLOW_DISK");

	if (hold && is_store(fildes))
		tell(hold);
	while (hold && access(hold, F_OK) == 0)
		poll(NULL, 0, 1);
	return (int)syscall(SYS_fdatasync, fildes);
}
