/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How the files of the key store are, as the file system tells it: also when the store cannot be opened, which may be
 * for want of room.
 */
#ifndef APIKEYD_DAEMON_STORE_HEALTH_H
#define APIKEYD_DAEMON_STORE_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

struct store_health {
	uint64_t size, log_size; /* bytes of the database and of its write-ahead log; 0 where there is none */
	bool disk_known;
	uint64_t disk_free; /* bytes left in its folder, for this user */
	bool writable;      /* file and folder, as far as modes and mounts go */
};

void store_health(const char *folder, struct store_health *ret_health);

#endif
