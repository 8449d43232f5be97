/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Brings to the disk what was written, so that what is said about the chain elsewhere, sealed in the state folder or
 * published, is never ahead of the files after a power cut: records would seem to have been removed. The lock is not
 * held meanwhile, which verifications wait for.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/audit_folder.h"
#include "daemon/audit_state.h"

#define RETRIES 10

/* What has to be brought to the disk. */
struct unsynced {
	int fd;      /* the file that is written; -1: there is none, and any may be */
	ino_t file;  /* it is this one, as long as fd is open */
	bool all;    /* all that were rotated away, */
	uint64_t up; /* or so many of them */
};

static void close_fd(struct unsynced *unsynced)
{
	cleanup_close_fd(&unsynced->fd);
}

/* Some file systems cannot be asked; then nobody can do more. */
static int result_of(int r)
{
	if (r == 0 || errno == EINVAL || errno == ENOSYS || errno == EROFS)
		return 0;
	return -errno;
}

/* What an administrator has put among them, or put aside, is none that was written here; and who may not open it cannot
 * bring it to the disk, now or later. */
static bool is_foreign(int r)
{
	return r == -EACCES || r == -EPERM || r == -ELOOP;
}

/* Those that were rotated away since, as far as they are still there. */
static int sync_rotated(const char *path, const struct unsynced *unsynced)
{
	CLEANUP(audit_folder_close) struct audit_folder folder = AUDIT_FOLDER_INIT;
	CLEANUP_CLOSE int fd = -1;
	uint64_t left = unsynced->up;
	bool found = unsynced->all;
	int r = audit_folder_open(path, &folder);

	/* Somebody took the folder away, and what was in it. */
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	for (size_t i = 0; r == 0 && i < folder.count; i++) {
		CLEANUP_CLOSE int segment = -1;

		if (!found) {
			found = folder.segments[i].file == unsynced->file;
			continue;
		}
		if (!unsynced->all && left-- == 0)
			break;
		segment = audit_folder_open_segment(&folder, &folder.segments[i]);
		if (is_foreign(segment))
			continue;
		r = segment < 0 ? segment : result_of(fdatasync(segment));
	}
	if (r < 0)
		return r;
	/* Their names, too. */
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? 0 : -errno;
	return result_of(fsync(fd));
}

static int sync_files(const char *path, const struct unsynced *unsynced)
{
	int r = unsynced->fd < 0 ? 0 : result_of(fdatasync(unsynced->fd));

	if (r < 0 || (!unsynced->all && unsynced->up == 0))
		return r;
	r = -EAGAIN;
	for (int i = 0; i < RETRIES && r == -EAGAIN; i++) /* renamed meanwhile */
		r = sync_rotated(path, unsynced);
	return r;
}

/* What was done counts when it is done: who comes meanwhile does it all once more, and waits for nobody. What a slower
 * one takes down is less than there is, and no more than is true. */
int audit_sync(struct audit *audit)
{
	CLEANUP(close_fd) struct unsynced unsynced = { .fd = -1 };
	struct stat status;
	uint64_t seq, rotations, found;
	int r;

	{
		AUDIT_LOCKED(audit);
		seq = audit->seq;
		rotations = audit->rotations;
		if (audit->found == audit->synced_found && seq == audit->synced_seq)
			return 0;
		if (audit->file.fd >= 0) {
			unsynced.fd = fcntl(audit->file.fd, F_DUPFD_CLOEXEC, 0);
			if (unsynced.fd < 0 || fstat(unsynced.fd, &status) < 0)
				return -errno;
			unsynced.file = status.st_ino;
		} else {
			audit->found++;
		}
		found = audit->found;
		unsynced.all = found != audit->synced_found;
		unsynced.up = rotations - audit->synced_rotations;
	}
	r = sync_files(audit->folder, &unsynced);
	if (r < 0)
		return r;
	AUDIT_LOCKED(audit);
	audit->synced_found = found;
	audit->synced_seq = seq;
	audit->synced_rotations = rotations;
	return 0;
}

bool audit_has_rotated(struct audit *audit)
{
	AUDIT_LOCKED(audit);
	return audit->rotations != audit->synced_rotations;
}
