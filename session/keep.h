/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * How sessions outlive the helper: for each, systemd keeps the pidfd and a sealed memfd with the record, under the name
 * "session-NUMBER". What comes back is read as if a stranger had sent it. Where systemd does not run nothing is kept.
 */
#ifndef APIKEYD_SESSION_KEEP_H
#define APIKEYD_SESSION_KEEP_H

#include <stddef.h>
#include <stdint.h>

#include "session/register.h"

/* Hands a session to systemd. 0, also where there is no systemd to keep it, or a negative errno. */
int keep_store(const struct session *session);

/* Tells systemd to forget one. */
void keep_forget(uint64_t number);

/* The number in "session-NUMBER"; 0 for any other name. */
uint64_t keep_number(const char *name);

struct keep_item {
	uint64_t number; /* in its name */
	int fd;
};

/*
 * Enters what systemd kept, and closes its descriptors. What is not whole, or whose leader has gone, is forgotten, and
 * systemd told so. Sorts the items. How many sessions came back.
 */
size_t keep_restore(struct sessions *sessions, struct keep_item *items, size_t count);

/* A record as a memfd holds it. 0 and the message, whose texts point into packet; -EBADMSG. */
int keep_read(const void *packet, size_t size, struct message_session *ret_message);

#endif
