/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * Where a reading of the audit stands, as the texts that clients keep. Administrators get places as they are. For
 * others they are sealed, for each user under a key of its own: a place says how many records there are of everybody's,
 * and how large they are; and one that somebody made up is none. The key follows from the store's, so that a reading
 * goes on behind a start of the daemon.
 */
#ifndef APIKEYD_DAEMON_AUDIT_CURSOR_H
#define APIKEYD_DAEMON_AUDIT_CURSOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "crypto/crypto.h"
#include "daemon/audit_read.h"

#define AUDIT_CURSOR_PLAIN (3 * 8) /* bytes of a place */
#define AUDIT_CURSOR_SIZE (2 * (AUDIT_CURSOR_PLAIN + CRYPTO_SEAL_OVERHEAD) + 1)

/* data is the store's data key, and uid the user's who asks; data is NULL for an administrator. */
struct audit_cursor_reader {
	const uint8_t *data;
	uid_t uid;
};

/* 0, -ENOMEM, -EIO. */
int audit_cursor_write(const struct audit_cursor_reader *reader, const struct audit_place *place,
		       char ret_text[AUDIT_CURSOR_SIZE]);
/* 0; -EINVAL: it is none that was given to this user; -ENOMEM, -EIO. */
int audit_cursor_read(const struct audit_cursor_reader *reader, const char *text, struct audit_place *ret_place);

#endif
