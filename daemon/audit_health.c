/* SPDX-License-Identifier: Apache-2.0 OR MIT */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>

#include "common/clock.h"
#include "common/encoding.h"
#include "daemon/audit_state.h"

/* What a person can do about it. */
static const char *mend_of(int error)
{
	static const struct {
		int error;
		const char *mend;
	} mends[] = {
		{ ENOSPC, "; make room on that disk" },
		{ EDQUOT, "; make room within the quota" },
		{ EFBIG, "; raise the limit on file sizes (LimitFSIZE=)" },
		{ ENOENT, "; make the folder" },
		{ ENOTDIR, "; make it a folder" },
		{ EACCES, "; give the folder and what is in it to the daemon's user" },
		{ EPERM, "; give the folder and what is in it to the daemon's user" },
		{ EROFS, "; mount it for writing" },
		{ EBUSY, ": another apikeyd writes there; stop it, or use another log folder" },
		{ ELOOP, ": it is a symbolic link; remove it" },
		{ ENOTSUP, ": it is no regular file; remove it" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(mends); i++) {
		if (mends[i].error == error)
			return mends[i].mend;
	}
	return "";
}

static void write_fault(const struct audit *audit, const char *what, int error, char *ret_fault, size_t size)
{
	errno = error; /* %m */
	snprintf(ret_fault, size, "cannot %s %s/%s: %m%s", what, audit->folder, AUDIT_FILE, mend_of(error));
}

static void remember_fault(struct audit *audit, const char *fault)
{
	snprintf(audit->last_fault, sizeof(audit->last_fault), "%s", fault);
	audit->last_failed = clock_wall_seconds();
}

int audit_fail(struct audit *audit, const char *what, int r)
{
	audit->writable = false;
	audit->failures++;
	audit->last_error = r;
	write_fault(audit, what, -r, audit->fault, sizeof(audit->fault));
	remember_fault(audit, audit->fault);
	return r;
}

void audit_rotate_failed(struct audit *audit, int r)
{
	write_fault(audit, "rotate", -r, audit->rotate_fault, sizeof(audit->rotate_fault));
	remember_fault(audit, audit->rotate_fault);
}

static bool is_writable(const struct audit *audit)
{
	return audit->writable && audit->file.fd >= 0;
}

bool audit_is_stopped(struct audit *audit)
{
	AUDIT_LOCKED(audit);
	return !is_writable(audit) && audit->options.spool == 0;
}

static void read_health(struct audit *audit, struct audit_health *health)
{
	AUDIT_LOCKED(audit);
	health->writable = is_writable(audit);
	health->seq = audit->seq;
	health->size = audit->file.size;
	health->max_size = audit->options.max_size;
	health->keep = audit->options.keep;
	health->failures = audit->failures;
	health->last_failed = audit->last_failed;
	health->spool_records = audit->spool.count;
	health->spool_bytes = audit->spool.text.size;
	health->spool_max = audit->options.spool;
	health->dropped = audit->spool.dropped_ever;
	health->keyed = audit->chain.keyed;
	memcpy(health->chain, audit->chain.id, sizeof(health->chain));
	health->key_from = audit->chain.key.epoch * CHAIN_EPOCH;
	encoding_hex(audit->chain.prev, sizeof(audit->chain.prev), health->head);
	snprintf(health->fault, sizeof(health->fault), "%s", health->writable ? audit->rotate_fault : audit->fault);
	memcpy(health->last_fault, audit->last_fault, sizeof(health->last_fault));
}

void audit_health(struct audit *audit, struct audit_health *ret_health)
{
	struct audit_health health = { 0 };
	struct statvfs disk;

	read_health(audit, &health);
	/* What asks the disk is done without the lock, which verifications wait for. */
	health.rotated = audit_file_rotated(audit->folder, health.keep);
	if (statvfs(audit->folder, &disk) == 0) {
		health.disk_known = true;
		health.disk_free = (uint64_t)disk.f_bavail * disk.f_frsize;
	}
	*ret_health = health;
}
