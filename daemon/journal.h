/* SPDX-License-Identifier: Apache-2.0 OR MIT */
/*
 * The daemon's log and the journal copy of the audit, through one thread of their own with a bounded queue: a stopped
 * journald, or a terminal held with ^S, stalls nobody. What does not fit is dropped and counted.
 */
#ifndef APIKEYD_DAEMON_JOURNAL_H
#define APIKEYD_DAEMON_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct journal;

/* Starts the thread. native: audit copies go to journald by sd_journal_sendv(); lines always go to standard error with
 * "<N>" in front when it is the journal's stream ($JOURNAL_STREAM), plain otherwise. 0 or a negative errno. */
int journal_open(bool native, struct journal **ret_journal);
/* Writes out what waits, for 500 ms at most, and ends the thread; one that hangs in its output even then is left to
 * itself. Accepts NULL. */
void journal_close(struct journal *journal);

/* Queues a line; never blocks. priority is of syslog.h (LOG_ERR, LOG_WARNING, LOG_NOTICE, LOG_INFO). journal NULL:
 * straight to standard error. No secrets. */
void journal_print(struct journal *journal, int priority, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Queues a structured entry: at most 32 "NAME=value" fields; copied. Where journald does not run nobody gets it, and
 * that is not counted. */
void journal_fields(struct journal *journal, const char *const *fields, size_t count);

/* Queues a sentence under a MESSAGE_ID (daemon/message_ids.h), for who waits for what it tells; and as a line where
 * standard error is not the journal's. As journal_print() otherwise. */
void journal_event(struct journal *journal, int priority, const char *message_id, const char *format, ...)
	__attribute__((format(printf, 4, 5)));

/* How many were dropped since start. */
uint64_t journal_dropped(const struct journal *journal);

#endif
