/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The audit files of a folder in their order, while another thread may be rotating them: what is listed twice in the
 * same way was there as a whole.
 */
#ifndef APIKEYD_DAEMON_AUDIT_FOLDER_H
#define APIKEYD_DAEMON_AUDIT_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One file: the present one is number 0. */
struct audit_segment {
	uint64_t number;
	uint64_t file; /* inode */
	uint64_t size; /* bytes */
};

#define AUDIT_SEGMENTS_MAX 1024

struct audit_folder {
	int fd;
	size_t count;
	struct audit_segment *segments; /* the newest first */
};

#define AUDIT_FOLDER_INIT                                                                                              \
	{                                                                                                              \
		.fd = -1                                                                                               \
	}

/* 0, or a negative errno: -EAGAIN where it did not hold still. Links, folders and devices of such a name are left out.
 */
int audit_folder_open(const char *path, struct audit_folder *ret_folder);
/* Accepts one that is not open. */
void audit_folder_close(struct audit_folder *folder);

/* True while the names are still those of the same files. */
bool audit_folder_holds_still(const struct audit_folder *folder);

/* A descriptor of a segment, for reading. -EAGAIN where its name is another file's by now; or a negative errno. */
int audit_folder_open_segment(const struct audit_folder *folder, const struct audit_segment *segment);

#endif
