/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>

#include "common/cleanup.h"

void store_file_remove(const char *path)
{
	static const char *const suffixes[] = { "", "-journal", "-wal", "-shm" };
	char name[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(suffixes); i++) {
		if ((size_t)snprintf(name, sizeof(name), "%s%s", path, suffixes[i]) < sizeof(name))
			(void)unlink(name);
	}
}

int store_file_sync(const char *path, int flags)
{
	CLEANUP_CLOSE int fd = open(path, flags | O_RDONLY | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}
