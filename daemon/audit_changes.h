/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * From the change log of the store into the audit file: a change is in the log with what it did, so that nothing that a
 * crash, or a full disk, kept out of the file is lost. In the writer's thread.
 */
#ifndef APIKEYD_DAEMON_AUDIT_CHANGES_H
#define APIKEYD_DAEMON_AUDIT_CHANGES_H

#include "daemon/audit.h"
#include "daemon/vault.h"

/* Puts the record of a change, with what was changed (JSON; NULL: there was no memory for it), into the log, inside the
 * open transaction. 0 or a negative errno. */
int audit_changes_log(struct store *store, const struct audit_record *record, const char *changes);

/* Puts into the file what the log has behind what the file has: after each commit, and at the start what a crash left
 * out. What cannot be written now is tried again the next time. 0 or a negative errno. */
int audit_changes_append(struct audit *audit, struct vault *vault);

/* Notes the file's last rev in the open transaction, so that a rotated or removed file does not have its records twice.
 * 0 or a negative errno. */
int audit_changes_note(struct audit *audit, struct vault *vault);

#endif
