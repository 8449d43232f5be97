/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon on a disk that takes its time: linked with daemon/main.c, these take the place of libc's functions. Each
 * call takes SLOW_SYNC microseconds longer than the disk under it.
 */
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void delay(void)
{
	const char *text = getenv("SLOW_SYNC");
	long microseconds = text ? strtol(text, NULL, 10) : 0;
	struct timespec time = { microseconds / 1000000, microseconds % 1000000 * 1000 };

	nanosleep(&time, NULL);
}

__attribute__((visibility("default"))) int fdatasync(int fildes)
{
	delay();
	return (int)syscall(SYS_fdatasync, fildes);
}

__attribute__((visibility("default"))) int fsync(int fd)
{
	delay();
	return (int)syscall(SYS_fsync, fd);
}
