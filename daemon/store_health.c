/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include "daemon/store_health.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "daemon/store.h"

static uint64_t file_size(const char *folder, const char *suffix, char path[PATH_MAX])
{
	struct stat status;

	if ((size_t)snprintf(path, PATH_MAX, "%s/%s%s", folder, STORE_FILE, suffix) >= PATH_MAX ||
	    stat(path, &status) < 0)
		return 0;
	return (uint64_t)status.st_size;
}

void store_health(const char *folder, struct store_health *ret_health)
{
	struct store_health health = { .disk_known = false };
	struct statvfs disk;
	char path[PATH_MAX];

	health.log_size = file_size(folder, "-wal", path);
	health.size = file_size(folder, "", path);
	/* The log is made and removed beside the file, so that the folder has to be writable too. */
	health.writable = access(path, W_OK) == 0 && access(folder, W_OK) == 0;
	if (statvfs(folder, &disk) == 0) {
		health.disk_known = true;
		health.disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	}
	*ret_health = health;
}
