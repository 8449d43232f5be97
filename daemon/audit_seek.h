/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Finds places in the audit files: those a reading begins at, and those that others have kept. Looks at a bounded
 * number of bytes, however large the files are.
 */
#ifndef APIKEYD_DAEMON_AUDIT_SEEK_H
#define APIKEYD_DAEMON_AUDIT_SEEK_H

#include <stdbool.h>

#include "daemon/audit_folder.h"
#include "daemon/audit_read.h"

/* The start of a line, or the end of a file. */
struct audit_at {
	size_t index;    /* of the segment */
	uint64_t offset; /* bytes */
};

/* Cuts off the newest file what is behind its reach, and behind its last whole line. 0 or a negative errno. */
int audit_seek_limit(struct audit_folder *folder, const struct audit_reach *reach);

/* The time of the first record of all; 0: there is none. */
int64_t audit_seek_oldest(const struct audit_folder *folder);

/* The times of the first and the last record of a segment. False where they cannot be told. */
bool audit_seek_times(const struct audit_folder *folder, size_t index, int64_t *ret_first, int64_t *ret_last);

struct audit_at audit_seek_start(const struct audit_folder *folder);
struct audit_at audit_seek_end(const struct audit_folder *folder);

/* The place of where one stands. */
struct audit_place audit_seek_place(const struct audit_folder *folder, const struct audit_at *at);

/* Finds a place that was kept. *ret_lost: records that followed it are gone. 0 or a negative errno. */
int audit_seek(const struct audit_folder *folder, const struct audit_reach *reach, const struct audit_place *place,
	       struct audit_at *ret_at, bool *ret_lost);

#endif
