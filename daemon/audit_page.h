/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * What of the audit is shown to whom: administrators are shown a line as it stands, what is no record too, made
 * printable; others of a record what is about the key and who used it, and nothing that came into the file by other
 * ways. A page holds as many as fit in an answer.
 */
#ifndef APIKEYD_DAEMON_AUDIT_PAGE_H
#define APIKEYD_DAEMON_AUDIT_PAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "proto/audit_entry.h"
#include "proto/message.h"

struct audit_page {
	size_t most; /* records */
	size_t count;
	struct message_audit_record *records;
	char *text;
	size_t size; /* bytes of it that are used */
};

/* 0 or -ENOMEM. most is 0 for as many as fit. The page is at its place, and is ended with audit_page_done(). */
int audit_page_init(struct audit_page *ret_page, size_t most);
void audit_page_done(struct audit_page *page);

/* Each adds one; false where it has no room, and begins the next page. */
bool audit_page_add_line(struct audit_page *page, const char *line, size_t size, const struct audit_entry *entry);
bool audit_page_add_part(struct audit_page *page, const struct audit_entry *entry);
bool audit_page_add_damage(struct audit_page *page, const char *line, size_t size);

#endif
