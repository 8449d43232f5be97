/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/* A disk that keeps files and fails folders: for the one file of a test program that includes it. */
#ifndef APIKEYD_TESTS_FOLDER_SYNC_H
#define APIKEYD_TESTS_FOLDER_SYNC_H

#include <errno.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static int folder_error; /* what fsync() of a folder comes to, an errno */

/* In the place of the C library's. */
__attribute__((visibility("default"))) int fsync(int fd)
{
	struct stat status;

	if (folder_error == 0 || fstat(fd, &status) < 0 || !S_ISDIR(status.st_mode))
		return (int)syscall(SYS_fsync, fd);
	errno = folder_error;
	return -1;
}

#endif
